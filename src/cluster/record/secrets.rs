//! The Secrets of a record: a head that is written under its resourceVersion, and parts beside it
//! that are written before the head that names them and removed after the one that does not.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::{collection, found::Found, head_id};
use crate::{
    cluster::{
        api::Api,
        failure::Failure,
        request::{Request, encode_query},
    },
    workload::{
        error::Result,
        name::InstanceName,
        object::{GroupKind, ObjectId},
        ownership::resource_version,
        record::{Encoded, Holder, RECORD_LABEL, Record, head_name, head_secret, is_part_name},
    },
};

pub(super) fn head_path(record: &Record) -> String {
    format!("{}/{}", collection(&record.namespace), head_name(&record.instance))
}

/// The head as it was written.
pub(super) struct WrittenHead {
    pub(super) resource_version: String,
    /// The parts that it names.
    pub(super) parts: BTreeSet<String>,
}

/// Writes parts and head; `None` where the head is not the one of `base` any more.
pub(super) async fn write_head(
    api: &Api,
    record: &Record,
    base: Option<&str>,
    holder: Option<&Holder>,
) -> Result<Option<WrittenHead>> {
    let encoded = Encoded::of(record)?;
    let explain = |verb: &str, failure: &Failure| {
        let id = head_id(&record.namespace, &record.instance);
        failure.explain(verb, "cannot write the record", &id, None)
    };
    // Beside the head, since renewing the holder in 900 KB takes as long as writing them anew
    // (0.1 s, docs/design.md).
    for (_, part) in &encoded.parts {
        match api
            .send(Request::json(Method::POST, collection(&record.namespace), part).metadata())
            .await
        {
            // A part is named by the digest of its content: one that is there is the same.
            Err(failure) if !failure.is_conflict() => return Err(explain("create", &failure)),
            _ => {}
        }
    }
    let secret = head_secret(record, &encoded, holder);
    // A patch: an account of one namespace may have create and patch, and no update.
    let request = match base {
        Some(base) => Request::merge_patch(head_path(record), &head_patch(&secret, base)),
        None => Request::json(Method::POST, collection(&record.namespace), &secret),
    };
    match api.send(request.metadata()).await {
        Ok(answer) => Ok(Some(WrittenHead {
            resource_version: resource_version(&answer.body).unwrap_or_default().to_owned(),
            parts: encoded.part_names(),
        })),
        Err(failure) if failure.is_conflict() || (base.is_some() && failure.is_not_found()) => {
            own_lost_answer(api, record, &encoded, holder).await
        }
        Err(failure) => Err(explain(if base.is_some() { "patch" } else { "create" }, &failure)),
    }
}

/// Makes the merge patch that turns the head of a version into another one.
fn head_patch(secret: &Value, base: &str) -> Value {
    // A merge patch leaves what it does not name: the other form of the record has to go.
    let mut data = json!({"record": null, "parts": null});
    for (key, value) in secret["data"].as_object().into_iter().flatten() {
        data[key] = value.clone();
    }
    let labels = &secret["metadata"]["labels"];
    json!({"metadata": {"resourceVersion": base, "labels": labels}, "data": data})
}

/// After a 409: the head that is there may be the one that we just wrote.
async fn own_lost_answer(
    api: &Api,
    record: &Record,
    encoded: &Encoded,
    holder: Option<&Holder>,
) -> Result<Option<WrittenHead>> {
    let Ok(Some(secret)) = api.find(Request::get(head_path(record))).await else {
        return Ok(None);
    };
    let wanted = head_secret(record, encoded, holder);
    Ok((secret["data"] == wanted["data"]).then(|| WrittenHead {
        resource_version: resource_version(&secret).unwrap_or_default().to_owned(),
        parts: encoded.part_names(),
    }))
}

/// Lists the parts of an instance's record, named by its head or not. None where that is forbidden:
/// nothing tells their names then.
///
/// # Errors
/// A list that failed otherwise: what was not seen would stay when the head has gone.
pub(super) async fn list_parts(
    api: &Api,
    namespace: &str,
    instance: &InstanceName,
) -> Result<BTreeSet<String>> {
    let query = format!("&labelSelector={}", encode_query(&format!("{RECORD_LABEL}={instance}")));
    let list = match api.list_metadata(&collection(namespace), &query).await {
        Ok(list) => list,
        Err(failure) if failure.is_forbidden() => return Ok(BTreeSet::new()),
        Err(failure) => {
            let doing = format!("cannot look for parts of the record of `{instance}`");
            let kind = GroupKind::new("", "Secret");
            return Err(failure.explain_list(doing, &kind, Some(namespace)));
        }
    };
    let names = list.items.iter().filter_map(|secret| secret["metadata"]["name"].as_str());
    Ok(names.filter(|name| is_part_name(instance, name)).map(str::to_owned).collect())
}

/// Deletes parts; gives the first failure, after all were tried.
///
/// # Errors
/// A part whose deletion was refused or not answered.
pub(super) async fn delete_parts(
    api: &Api,
    namespace: &str,
    parts: BTreeSet<String>,
) -> Result<()> {
    let deletions = parts.iter().map(|name| async move {
        let path = format!("{}/{name}", collection(namespace));
        let options =
            json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
        match api.send(Request::json(Method::DELETE, path, &options)).await {
            Err(failure) if !failure.is_not_found() => {
                let id = ObjectId::new("", "Secret", Some(namespace), name);
                Err(failure.explain("delete", "cannot delete a part of the record,", &id, None))
            }
            _ => Ok(()),
        }
    });
    futures::future::join_all(deletions).await.into_iter().collect()
}

/// Writes no-op data without becoming the holder: only if nobody wrote meanwhile, and without a
/// word if somebody did.
///
/// # Errors
/// None: what could not be written is found out anew the next time.
pub(crate) async fn note(api: &Api, found: &Found, record: &Record) {
    if let Ok(Some(written)) =
        write_head(api, record, Some(&found.resource_version), found.holder.as_ref()).await
    {
        let gone = found.parts.difference(&written.parts).cloned().collect();
        let _ = delete_parts(api, &record.namespace, gone).await;
    }
}
