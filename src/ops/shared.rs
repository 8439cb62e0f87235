//! Cluster-scoped objects that several instances apply: who the others are, what becomes of
//! conflicts with them, and how one leaves.
//!
//! Leaving never changes content: our entry is taken out of the object's managedFields, under
//! its resourceVersion, so that two who leave at once cannot both believe in the other.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    conflict::{self, Resolution, Yielded},
    options::Conflicts,
    target::Target,
};
use crate::{
    cluster::{
        api::{Api, IN_FLIGHT},
        failure::{ApiStatus, Failure},
        record::{self, head_id},
        request::Request,
    },
    workload::{
        error::{Code, Result},
        object::ObjectId,
        ownership::{apply_entry_index, other_instances, resource_version},
        plan::Desired,
        record::{Entry, nothing_known},
        sharing::{NamedInstance, Others, Sharing, Standing, instance_of},
    },
};

/// Reads the records of other instances, by their managers' names.
///
/// # Errors
/// A read that failed; one that is forbidden or cannot be understood tells that the instance
/// lives, and no more.
pub(crate) async fn read(target: &Target, managers: BTreeSet<String>) -> Result<Others> {
    stream::iter(managers)
        .map(|manager| async move {
            let standing = standing(target, &manager).await?;
            Ok((manager, standing))
        })
        .buffer_unordered(IN_FLIGHT)
        .collect::<Vec<Result<_>>>()
        .await
        .into_iter()
        .collect()
}

async fn standing(target: &Target, manager: &str) -> Result<Standing> {
    // Who cannot be understood counts as alive: taking an object from a living instance is worse
    // than leaving one too many (docs/design.md, Absence).
    let unknown = Standing::Lives { definition: None, revision: None, kept: Vec::new() };
    let Some((namespace, instance)) = instance_of(manager) else { return Ok(unknown) };
    match record::read(&target.api, namespace, &instance, &nothing_known).await {
        Ok(None) => Ok(Standing::Gone),
        Ok(Some(found)) => Ok(match found.record.newest {
            Some(newest) => Standing::Lives {
                definition: Some(newest.release.definition),
                revision: Some(newest.release.revision),
                kept: kept(&found.record.inventory),
            },
            None => unknown,
        }),
        Err(error) if is_unreadable(error.code) => Ok(unknown),
        Err(error) => Err(error),
    }
}

fn kept(inventory: &[Entry]) -> Vec<ObjectId> {
    let kept = inventory.iter().filter(|entry| entry.keep && !entry.wanted);
    kept.map(|entry| entry.id.clone()).collect()
}

fn is_unreadable(code: Code) -> bool {
    [Code::Forbidden, Code::NewerRecord, Code::CopiedRecord, Code::DamagedRecord].contains(&code)
}

/// Names the other instances that apply an object and whose record exists. Who cannot be asked
/// counts as alive: leaving never changes content.
///
/// # Errors
/// A read that failed.
pub(crate) async fn living(target: &Target, live: &Value, manager: &str) -> Result<Vec<String>> {
    let mut living = Vec::new();
    for other in other_instances(live, manager) {
        let is_alive = match instance_of(other) {
            None => true,
            Some((namespace, instance)) => {
                // Metadata alone: that there is a record suffices, and it may have 900 KB.
                let head = head_id(namespace, &instance);
                let path = target.path(&head, "v1").expect("Secrets are built in");
                match target.api.find(Request::get_metadata(path)).await {
                    Ok(found) => found.is_some(),
                    Err(failure) if failure.is_forbidden() => true,
                    Err(failure) => {
                        let doing = "cannot look for another owner's record";
                        return Err(failure.explain("get", doing, &head, None));
                    }
                }
            }
        };
        if is_alive {
            living.push(NamedInstance(other, &Others::new()).to_string());
        }
    }
    Ok(living)
}

/// Decides what to do about a failed apply of an object that may be shared; `None` where it
/// failed for another reason than conflicts.
pub(crate) fn resolve(
    failure: &Failure,
    desired: &Desired,
    sharing: &Sharing,
    mode: Conflicts,
) -> Option<Resolution> {
    let (takes, leaves, rest) = match (failure, mode) {
        // `--conflicts force`, `yield` and `fail` say it for every manager, instances included.
        (Failure::Status(status), Conflicts::ByManager) if !sharing.is_empty() => {
            sort(status, sharing)
        }
        _ => return conflict::resolve(failure, desired, mode),
    };
    if !takes && leaves.is_empty() {
        return conflict::resolve(failure, desired, mode);
    }
    // One answer may name instances and other managers: only what is left of it is judged by class.
    match conflict::resolve(&rest, desired, mode) {
        None => Some(Resolution::Again { force: takes, yielded: leaves }),
        Some(Resolution::Again { force, mut yielded }) => {
            yielded.extend(leaves);
            Some(Resolution::Again { force: force || takes, yielded })
        }
        refused @ Some(Resolution::Refuse(_)) => refused,
    }
}

/// Names the managers that an answer's conflicts are with.
pub(crate) fn holders(failure: &Failure) -> impl Iterator<Item = String> {
    let conflicts = failure.causes().iter().filter(|cause| cause.reason == "FieldManagerConflict");
    conflicts.map(|cause| conflict::quoted(&cause.message))
}

/// Sorts the conflicts of an answer: whether fields are taken, which are left, and the same
/// answer with all others.
fn sort(status: &ApiStatus, sharing: &Sharing) -> (bool, Vec<Yielded>, Failure) {
    let (mut takes, mut leaves, mut rest) = (false, Vec::new(), status.clone());
    if let Some(details) = &mut rest.details {
        details.causes.retain(|cause| {
            let manager = conflict::quoted(&cause.message);
            if cause.reason != "FieldManagerConflict" {
                true
            } else if sharing.takes.contains(&manager) {
                takes = true;
                false
            } else if sharing.leaves.contains(&manager) {
                let field = cause.field.trim_start_matches('.').to_owned();
                leaves.push(Yielded { field, manager, autoscaler: None, dropped: false });
                false
            } else {
                true
            }
        });
    }
    (takes, leaves, Failure::Status(Box::new(rest)))
}

/// Takes the Apply entry of `manager` out of an object's managedFields, so that its content stays
/// as it is; `false` where the object changed meanwhile.
pub(crate) async fn drop_apply_entry(
    api: &Api,
    manager: &str,
    id: &ObjectId,
    live: &Value,
    path: &str,
) -> Result<bool> {
    let Some(index) = apply_entry_index(live, manager) else { return Ok(true) };
    let pointer = format!("/metadata/managedFields/{index}");
    let patch = json!([
        // An index into a list is only right for the version that was looked at: two who leave at
        // once would else take each other's entry out. An empty apply would not do: it takes fields
        // along that the others need (docs/design.md, Who owns a field).
        {"op": "test", "path": "/metadata/resourceVersion", "value": resource_version(live)},
        {"op": "test", "path": format!("{pointer}/manager"), "value": manager},
        {"op": "remove", "path": pointer},
        // The server compares it once more with what it stores.
        {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version(live)},
    ]);
    match api.send(Request::json_patch(path, &patch).metadata()).await {
        Ok(_) => Ok(true),
        // A failed test of a JSON patch is 422.
        Err(failure) if matches!(failure.code(), 409 | 422) => Ok(false),
        // It went meanwhile, and our entry with it.
        Err(failure) if failure.is_not_found() => Ok(true),
        Err(failure) => Err(failure.explain("patch", "cannot leave", id, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::failure::{StatusCause, StatusDetails};

    fn conflicts(causes: &[(&str, &str)]) -> Failure {
        let causes = causes.iter().map(|(field, manager)| StatusCause {
            reason: "FieldManagerConflict".into(),
            field: (*field).into(),
            message: format!("conflict with {manager:?}"),
        });
        let details = StatusDetails { causes: causes.collect(), ..StatusDetails::default() };
        Failure::Status(Box::new(ApiStatus {
            kind: "Status".into(),
            code: 409,
            details: Some(details),
            ..ApiStatus::default()
        }))
    }

    #[test]
    fn fields_of_other_instances_are_taken_left_or_refused() {
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "x"}});
        let desired = Desired::new(role, None);
        let (a, b) = ("workloadctl:a/a", "workloadctl:b/b");
        let takes = Sharing { takes: vec![a.into()], leaves: vec![] };
        let leaves = Sharing { takes: vec![], leaves: vec![a.into()] };
        let none = Sharing::default();
        for (sharing, causes, expected) in [
            (&takes, &[(".rules", a)][..], "force"),
            (&leaves, &[(".rules", a)], "leave 1"),
            (&none, &[(".rules", a)], "refuse 1"),
            (&takes, &[(".rules", b)], "refuse 1"),
            (&takes, &[(".rules", a), (".metadata.labels.x", b)], "refuse 1"),
            (&leaves, &[(".rules", a), (".metadata.labels.x", "kubectl-edit")], "force leave 1"),
            (&takes, &[(".rules", a), (".metadata.labels.x", "kubectl-edit")], "force"),
        ] {
            let failure = conflicts(causes);
            let told = match resolve(&failure, &desired, sharing, Conflicts::ByManager).unwrap() {
                Resolution::Refuse(error) => format!("refuse {}", error.causes.len()),
                Resolution::Again { force, yielded } => {
                    let leave = match yielded.len() {
                        0 => String::new(),
                        count => format!("leave {count}"),
                    };
                    format!("{} {leave}", if force { "force" } else { "" }).trim().to_owned()
                }
            };
            assert_eq!(told, expected, "{sharing:?} {causes:?}");
            let forbidden = resolve(&failure, &desired, sharing, Conflicts::Fail).unwrap();
            assert!(matches!(forbidden, Resolution::Refuse(_)), "--conflicts fail takes nothing");
        }
    }
}
