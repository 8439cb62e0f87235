//! Conflicts on fields: what is taken over, what is left to its holder, and what is refused.
//!
//! The server names each field and its manager; the class of the manager decides (docs/design.md,
//! Fields of others). A person's or a packager's field is taken. What an autoscaler or an injector holds is
//! left to it ([`is_left`]). Any other field is refused with its owner, unless `--conflicts` says
//! otherwise.

use super::{options::Conflicts, several::named};
pub(crate) use crate::workload::ownership::Yielded;
use crate::{
    cluster::failure::Failure,
    workload::{
        error::{Code, Error},
        ownership::{MANAGER_PREFIX, ManagerClass, class_of, is_left},
        plan::Desired,
    },
};

/// The stable word of a refusal for fields that others hold.
pub(crate) const FIELD_CONFLICT: Code = Code::FieldConflict;
/// What helps then.
pub(crate) const FIELD_CONFLICT_HINT: &str =
    "`--conflicts force` takes them, `--conflicts yield` leaves them to their holders";

/// What is to be done about the conflicts of one apply.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolution {
    /// Send it again without these fields, forced for the others where `force` says so.
    Again {
        /// Whether the other fields are taken.
        force: bool,
        /// Fields that are left to their holders.
        yielded: Vec<Yielded>,
    },
    /// Send nothing.
    Refuse(Box<Error>),
}

/// One conflict as the server named it.
struct Conflict<'a> {
    field: &'a str,
    manager: String,
    applies: bool,
    scales: bool,
}

/// Decides what to do about a failed apply; `None` where it failed for another reason.
pub(crate) fn resolve(failure: &Failure, desired: &Desired, mode: Conflicts) -> Option<Resolution> {
    let conflicts: Vec<Conflict<'_>> = failure
        .causes()
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| Conflict {
            // The server's paths begin with a dot (`.spec.replicas`), those of the inventory do
            // not.
            field: cause.field.trim_start_matches('.'),
            manager: quoted(&cause.message),
            // An update names the version that it was made in.
            applies: !cause.message.contains(" using "),
            scales: cause.message.contains("with subresource \"scale\""),
        })
        .collect();
    // 409 is also what a precondition answers, and what an admission webhook may: only causes of
    // this reason are conflicts on fields (docs/design.md, Who owns a field).
    if !failure.is_conflict() || conflicts.is_empty() {
        return None;
    }
    let (mut force, mut yielded, mut refused) = (false, Vec::new(), Vec::new());
    for conflict in &conflicts {
        match decide(conflict, mode) {
            ConflictDecision::Take => force = true,
            ConflictDecision::Yield => yielded.push(Yielded {
                field: conflict.field.to_owned(),
                manager: conflict.manager.clone(),
                autoscaler: None,
                dropped: false,
            }),
            ConflictDecision::Refuse => refused.push(conflict),
        }
    }
    Some(if refused.is_empty() {
        Resolution::Again { force, yielded }
    } else {
        Resolution::Refuse(Box::new(refusal(desired, &refused)))
    })
}

enum ConflictDecision {
    Take,
    Yield,
    Refuse,
}

fn decide(conflict: &Conflict<'_>, mode: Conflicts) -> ConflictDecision {
    match mode {
        Conflicts::Force => ConflictDecision::Take,
        Conflicts::Yield => ConflictDecision::Yield,
        Conflicts::Fail => ConflictDecision::Refuse,
        Conflicts::ByManager => {
            let Conflict { field, manager, applies, scales } = conflict;
            // Before the class: kube-controller-manager is nobody's tool, yet the replicas that it
            // holds through the scale subresource are an autoscaler's (docs/design.md, Fields of
            // others).
            if is_left(field, manager, *applies, *scales) {
                return ConflictDecision::Yield;
            }
            match class_of(manager) {
                ManagerClass::Person | ManagerClass::Yielded | ManagerClass::Aggregator => {
                    ConflictDecision::Take
                }
                // A controller would write its value again at once, and Argo CD or Flux at their
                // next round: what is taken from them starts a fight that nobody sees.
                ManagerClass::Instance | ManagerClass::GitOps(_) | ManagerClass::Other => {
                    ConflictDecision::Refuse
                }
            }
        }
    }
}

fn refusal(desired: &Desired, refused: &[&Conflict<'_>]) -> Error {
    let message = format!("{} has fields that other managers hold", named(desired));
    let error = Error::refused(FIELD_CONFLICT, message)
        .causes(refused.iter().map(|conflict| {
            let Conflict { field, manager, .. } = conflict;
            match class_of(manager) {
                ManagerClass::GitOps(tool) => {
                    format!("{field} is held by {manager:?}, which is {tool}")
                }
                ManagerClass::Instance => format!(
                    "{field} is held by the workloadctl instance {}",
                    manager.trim_start_matches(MANAGER_PREFIX)
                ),
                ManagerClass::Person
                | ManagerClass::Yielded
                | ManagerClass::Aggregator
                | ManagerClass::Other => {
                    format!("{field} is held by {manager:?}")
                }
            }
        }))
        .hint(FIELD_CONFLICT_HINT)
        .object(&desired.id);
    match &desired.origin {
        Some(origin) => error.at(origin),
        None => error,
    }
}

/// Reads the first quoted name of a message, with the escapes of Go's `%q` undone.
pub(crate) fn quoted(message: &str) -> String {
    let mut name = String::new();
    // A manager's name may have quotes itself, which the server escapes (docs/design.md, Who owns a
    // field).
    let mut characters = message.chars().skip_while(|c| *c != '"').skip(1);
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => name.extend(characters.next()),
            other => name.push(other),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::failure::{ApiStatus, StatusCause, StatusDetails};

    fn conflict(field: &str, message: &str) -> Failure {
        let cause = StatusCause {
            reason: "FieldManagerConflict".into(),
            field: field.into(),
            message: message.into(),
        };
        Failure::Status(Box::new(ApiStatus {
            kind: "Status".into(),
            code: 409,
            details: Some(StatusDetails { causes: vec![cause], ..StatusDetails::default() }),
            ..ApiStatus::default()
        }))
    }

    #[test]
    fn the_class_of_the_manager_decides() {
        let desired = Desired::new(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}),
            None,
        );
        let decide = |field: &str, message: &str, mode| match resolve(
            &conflict(field, message),
            &desired,
            mode,
        )
        .unwrap()
        {
            Resolution::Again { force, yielded } => format!("{force} {}", yielded.len()),
            Resolution::Refuse(error) => error.causes.join("; "),
        };
        let by = Conflicts::ByManager;
        assert_eq!(decide(".spec.x", "conflict with \"kubectl-set\" using apps/v1", by), "true 0");
        assert_eq!(
            decide(
                ".spec.replicas",
                "conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1",
                by
            ),
            "false 1"
        );
        assert_eq!(
            decide(".spec.x", "conflict with \"argocd-controller\"", by),
            "spec.x is held by \"argocd-controller\", which is Argo CD"
        );
        assert_eq!(
            decide(".rules", "conflict with \"workloadctl:web/web\"", by),
            "rules is held by the workloadctl instance web/web"
        );
        assert_eq!(decide(".spec.x", "conflict with \"operator\"", Conflicts::Force), "true 0");
        assert_eq!(decide(".spec.x", "conflict with \"operator\"", Conflicts::Yield), "false 1");
        assert!(resolve(&conflict("", ""), &desired, by).is_some());
    }
}
