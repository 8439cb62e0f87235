//! What a process finds in place of the head that it wrote last.

use serde_json::Value;

use crate::workload::{
    error::{Code, Error},
    record::Record,
};

/// The head as it is found after a write that was refused.
pub(super) enum Head {
    /// This process holds it.
    Ours(Value),
    /// Another holds it, or nobody.
    Others,
    /// It is not there any more.
    Absent,
}

/// The failure of somebody whose record was deleted, alone or with its namespace.
pub(super) fn deleted(record: &Record) -> Error {
    let Record { instance, namespace, .. } = record;
    Error::failed(
        Code::RecordDeleted,
        format!("the record of `{instance}` in namespace {namespace} was deleted meanwhile"),
    )
    .hint(format!(
        "`workloadctl status {instance}` shows what is left; repeating the command goes on from there"
    ))
}
