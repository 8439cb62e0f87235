//! The record as it is read: a head, and the parts that it names.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::{collection, head_id};
use crate::{
    cluster::{api::Api, failure::Failure, request::Request},
    workload::{
        error::{Code, Error, Result},
        name::InstanceName,
        ownership::resource_version,
        record::{
            HeadContent, Holder, KnownContents, Quiet, Record, head_name, is_part_name, part_name,
            read_head, read_part,
        },
    },
};

/// A record as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) record: Record,
    /// Who holds the instance, if somebody does.
    pub(crate) holder: Option<Holder>,
    /// From when on no write of a holder that is dead arrives any more: whoever buffers requests on
    /// the way is believed to hold none for longer than a request may take.
    pub(crate) quiet: Quiet,
    pub(super) resource_version: String,
    pub(super) parts: BTreeSet<String>,
}

impl Found {
    /// Gives the holder that stands in the way of a process: alive by the server's clock, and
    /// none of its own dead predecessors.
    pub(crate) fn held_by(&self, server_now: Timestamp, dead: &[String]) -> Option<&Holder> {
        self.holder
            .as_ref()
            .filter(|holder| holder.expires > server_now && !dead.contains(&holder.id))
    }
}

/// The most parts that a head may name: 230 MB of content.
const MOST_PARTS: usize = 256;

/// Reads the record of an instance; `None` only where the server says that it is not there.
/// `known` are contents that count before those of the record.
///
/// # Errors
/// A failed or forbidden GET, a damaged, newer or copied record.
pub(crate) async fn read(
    api: &Api,
    namespace: &str,
    instance: &InstanceName,
    known: &KnownContents<'_>,
) -> Result<Option<Found>> {
    let explain = |failure: &Failure| {
        failure.explain("get", "cannot read the record", &head_id(namespace, instance), None)
    };
    let path = format!("{}/{}", collection(namespace), head_name(instance));
    // A part that is gone means that a newer head was written meanwhile: read again.
    for _ in 0..3 {
        let Some(secret) =
            api.find(Request::get(&*path)).await.map_err(|failure| explain(&failure))?
        else {
            return Ok(None);
        };
        let (content, mut holder) = read_head(&secret)?;
        let written = last_write(&secret).unwrap_or_else(|| api.connection().server_now());
        if let Some(holder) = &mut holder {
            holder.clamp(written);
        }
        let (bytes, parts) = match content {
            HeadContent::Whole(bytes) => (Some(bytes), BTreeSet::new()),
            HeadContent::Parts(names) => {
                check_parts(&names, namespace, instance)?;
                let reads = names.iter().map(|name| {
                    api.find(Request::get(format!("{}/{name}", collection(namespace))))
                });
                let mut whole = Some(Vec::new());
                let read = futures::future::try_join_all(reads).await.map_err(|f| explain(&f))?;
                for (name, part) in names.iter().zip(read) {
                    whole = match (whole, part) {
                        (Some(mut whole), Some(part)) => {
                            let bytes = read_part(&part)?;
                            if part_name(instance, &bytes) != *name {
                                return Err(damaged_parts(
                                    "do not hold what was written",
                                    namespace,
                                    instance,
                                ));
                            }
                            whole.extend(bytes);
                            Some(whole)
                        }
                        _ => None,
                    };
                }
                (whole, names.into_iter().collect())
            }
        };
        let Some(bytes) = bytes else { continue };
        let quiet = quiet_from(api, holder.as_ref(), written);
        let mut record = Record::decode(&bytes, namespace, instance, known)?;
        record.unsettled = record.unsettled.max(quiet.copies);
        return Ok(Some(Found {
            record,
            quiet,
            holder,
            resource_version: resource_version(&secret).unwrap_or_default().to_owned(),
            parts,
        }));
    }
    Err(damaged_parts("are missing", namespace, instance))
}

/// What a head names as parts is read, and deleted when the next head does not name it.
fn check_parts(names: &[String], namespace: &str, instance: &InstanceName) -> Result<()> {
    if names.len() > MOST_PARTS || !names.iter().all(|name| is_part_name(instance, name)) {
        return Err(damaged_parts("are none of its own", namespace, instance));
    }
    Ok(())
}

fn damaged_parts(how: &str, namespace: &str, instance: &InstanceName) -> Error {
    Error::failed(
        Code::DamagedRecord,
        format!("parts of the record of `{instance}` in namespace {namespace} {how}"),
    )
    .hint(format!(
        "delete the head (`kubectl -n {namespace} delete secret {}`) and deploy again: it is rebuilt from the live objects",
        head_name(instance)
    ))
}

/// Gives the end of the time in which a dead holder's writes may arrive. It sent none once its
/// successor let go, nor in the last seconds before it expired (see [`Fence`]).
///
/// [`Fence`]: crate::cluster::fence::Fence
fn quiet_from(api: &Api, holder: Option<&Holder>, written: Timestamp) -> Quiet {
    let first = match holder {
        Some(holder) => api.arrived(api.connection().server_now()).min(holder.expires),
        None => api.arrived(written),
    };
    let unanswered = holder.and_then(|holder| holder.unanswered);
    Quiet { first, copies: unanswered.map(|lost| api.arrived(lost)) }
}

/// When the head was written last, as the server took it down: what the holder itself says of its
/// time anybody may have written.
fn last_write(head: &Value) -> Option<Timestamp> {
    let entries = head.pointer("/metadata/managedFields")?.as_array()?;
    entries.iter().filter_map(|entry| entry["time"].as_str()?.parse().ok()).max()
}
