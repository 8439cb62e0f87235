//! The head of a record: its Secret, what it holds, and who holds the instance.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Holder, Record,
    secrets::{Encoded, HEAD_TYPE, RECORD_LABEL, head_name},
};
use crate::workload::error::{Code, Error, Result};

/// What a head's Secret holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum HeadContent {
    /// The content itself.
    Whole(Vec<u8>),
    /// The names of the parts, in order.
    Parts(Vec<String>),
}

/// Reads a head's Secret: its content (or where it lies) and its holder.
///
/// # Errors
/// Code 1 where the Secret is not a record or is damaged.
pub(crate) fn read_head(secret: &Value) -> Result<(HeadContent, Option<Holder>)> {
    let damaged = |why: &str| {
        let name = secret.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let namespace =
            secret.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        Error::failed(
            Code::DamagedRecord,
            format!("Secret/{name} in namespace {namespace} is not a record: {why}"),
        )
        .hint(format!("look at it: `kubectl -n {namespace} get secret {name} -o yaml`"))
    };
    if secret.get("type").and_then(Value::as_str) != Some(HEAD_TYPE) {
        return Err(damaged(&format!("its type is not {HEAD_TYPE}")));
    }
    let bytes = |key: &str| {
        secret
            .get("data")
            .and_then(|data| data.get(key))
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(|text| STANDARD.decode(text).map_err(|_| damaged(&format!("{key} is not base64"))))
            .transpose()
    };
    let holder = match bytes("holder")? {
        Some(json) => Some(serde_json::from_slice(&json).map_err(|_| unreadable_holder(secret))?),
        None => None,
    };
    let content = match (bytes("record")?, bytes("parts")?) {
        (Some(content), _) => HeadContent::Whole(content),
        (None, Some(names)) => HeadContent::Parts(
            serde_json::from_slice(&names).map_err(|_| damaged("parts is not readable"))?,
        ),
        (None, None) => return Err(damaged("it has neither record nor parts")),
    };
    Ok((content, holder))
}

fn unreadable_holder(secret: &Value) -> Error {
    let of = |field| secret["metadata"][field].as_str().unwrap_or_default();
    let (name, namespace) = (of("name"), of("namespace"));
    Error::failed(
        Code::DamagedRecord,
        format!("Secret/{name} in namespace {namespace} does not tell who works on the instance: its holder is not readable"),
    )
    .hint(format!(
        "where nobody does, take it out: `kubectl -n {namespace} patch secret {name} --type merge -p '{{\"data\":{{\"holder\":null}}}}'`"
    ))
}

/// Encodes a holder for the head's `data`; none clears it.
pub(crate) fn encode_holder(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| {
        STANDARD.encode(serde_json::to_vec(holder).expect("a holder has string keys only"))
    })
}

pub(crate) fn head_secret(record: &Record, encoded: &Encoded, holder: Option<&Holder>) -> Value {
    let mut data: BTreeMap<&str, String> =
        encoded.head.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    data.insert("holder", encode_holder(holder));
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": HEAD_TYPE,
        "metadata": {
            "name": head_name(&record.instance),
            "namespace": record.namespace,
            "labels": {RECORD_LABEL: record.instance.as_str()},
        },
        "data": data,
    })
}
