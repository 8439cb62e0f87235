//! Conflicts on fields: what is taken over, what is left to its holder, and what is refused.
//!
//! The server names each field and its manager; the class of the manager decides (DESIGN.md,
//! Apply). A person's or a packager's field is taken. Replicas held through the scale
//! subresource or by an autoscaler, and a `caBundle`, are left to their holder. Any other
//! field is refused with its owner, unless `--conflicts` says otherwise.

use serde_json::Value;

use super::options::Conflicts;
use crate::{
    cluster::failure::Failure,
    workload::{
        error::Error,
        ownership::{MANAGER_PREFIX, ManagerClass, class_of},
        plan::Desired,
    },
};

/// What is to be done about the conflicts of one apply.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    /// Send it again without these fields, forced for the others where `force` says so.
    Again {
        /// Whether the other fields are taken.
        force: bool,
        /// Fields that are left to their holders, as paths of the server.
        yielded: Vec<Yielded>,
    },
    /// Send nothing.
    Refuse(Box<Error>),
}

/// A field that is left to its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yielded {
    /// The path as the server writes it (`.spec.replicas`).
    pub field: String,
    /// The manager that holds it.
    pub manager: String,
}

/// One conflict as the server named it.
struct Conflict<'a> {
    field: &'a str,
    manager: String,
    through_scale: bool,
}

/// Decides what to do about a failed apply; `None` where it failed for another reason.
#[must_use]
pub fn resolve(failure: &Failure, desired: &Desired, mode: Conflicts) -> Option<Resolution> {
    let conflicts: Vec<Conflict<'_>> = failure
        .causes()
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| Conflict {
            field: &cause.field,
            manager: quoted(&cause.message),
            through_scale: cause.message.contains("with subresource \"scale\""),
        })
        .collect();
    if !failure.is_conflict() || conflicts.is_empty() {
        return None;
    }
    let (mut force, mut yielded, mut refused) = (false, Vec::new(), Vec::new());
    for conflict in &conflicts {
        match fate(conflict, mode) {
            Fate::Take => force = true,
            Fate::Yield => yielded.push(Yielded {
                field: conflict.field.to_owned(),
                manager: conflict.manager.clone(),
            }),
            Fate::Refuse => refused.push(conflict),
        }
    }
    Some(if refused.is_empty() {
        Resolution::Again { force, yielded }
    } else {
        Resolution::Refuse(Box::new(refusal(desired, &refused)))
    })
}

enum Fate {
    Take,
    Yield,
    Refuse,
}

fn fate(conflict: &Conflict<'_>, mode: Conflicts) -> Fate {
    match mode {
        Conflicts::Force => Fate::Take,
        Conflicts::Yield => Fate::Yield,
        Conflicts::Fail => Fate::Refuse,
        Conflicts::ByManager => {
            let autoscaled = conflict.field == ".spec.replicas"
                && (conflict.through_scale || is_autoscaler(&conflict.manager));
            if autoscaled || conflict.field.ends_with(".caBundle") {
                return Fate::Yield;
            }
            match class_of(&conflict.manager) {
                ManagerClass::Person => Fate::Take,
                ManagerClass::Instance | ManagerClass::GitOps(_) | ManagerClass::Other => {
                    Fate::Refuse
                }
            }
        }
    }
}

fn is_autoscaler(manager: &str) -> bool {
    ["keda", "autoscaler", "vpa", "hpa"].iter().any(|known| manager.contains(known))
}

fn refusal(desired: &Desired, refused: &[&Conflict<'_>]) -> Error {
    let place = desired.origin.as_ref().map(|origin| format!(" ({origin})")).unwrap_or_default();
    let error = Error::refused(
        "field-conflict",
        format!("{}{place} has fields that other managers hold", desired.id),
    )
    .causes(refused.iter().map(|conflict| {
        let field = conflict.field.trim_start_matches('.');
        let manager = &conflict.manager;
        match class_of(manager) {
            ManagerClass::GitOps(tool) => {
                format!("{field} is held by {manager:?}, which is {tool}")
            }
            ManagerClass::Instance => format!(
                "{field} is held by the workloadctl instance {}",
                manager.trim_start_matches(MANAGER_PREFIX)
            ),
            ManagerClass::Person | ManagerClass::Other => format!("{field} is held by {manager:?}"),
        }
    }))
    .hint("`--conflicts force` takes them, `--conflicts yield` leaves them to their holders")
    .object(&desired.id);
    match &desired.origin {
        Some(origin) => error.at(origin),
        None => error,
    }
}

/// Reads the first quoted name of a message, with the escapes of Go's `%q` undone.
#[must_use]
pub fn quoted(message: &str) -> String {
    let mut name = String::new();
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

/// Takes a field out of a body. The path is the server's: `.spec.containers[name="c"].image`.
/// Tells whether it was there.
pub fn take_out(body: &mut Value, field: &str) -> bool {
    let steps = steps(field);
    let Some((last, before)) = steps.split_last() else { return false };
    let mut place = body;
    for step in before {
        match step.enter(place) {
            Some(next) => place = next,
            None => return false,
        }
    }
    match (last, place) {
        (Step::Field(name), Value::Object(map)) => map.remove(name).is_some(),
        (Step::Item(keys), Value::Array(items)) => {
            let before = items.len();
            items.retain(|item| !has_keys(item, keys));
            items.len() < before
        }
        _ => false,
    }
}

#[derive(Debug, PartialEq)]
enum Step {
    Field(String),
    Item(Vec<(String, Value)>),
}

impl Step {
    fn enter<'a>(&self, place: &'a mut Value) -> Option<&'a mut Value> {
        match self {
            Self::Field(name) => place.get_mut(name),
            Self::Item(keys) => place.as_array_mut()?.iter_mut().find(|item| has_keys(item, keys)),
        }
    }
}

fn has_keys(item: &Value, keys: &[(String, Value)]) -> bool {
    keys.iter().all(|(key, value)| item.get(key) == Some(value))
}

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some(end) = closing(inner) else { break };
            let keys = inner[..end].split(',').filter_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                Some((key.to_owned(), serde_json::from_str(value).ok()?))
            });
            steps.push(Step::Item(keys.collect()));
            rest = &inner[end + 1..];
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            steps.push(Step::Field(name[..end].to_owned()));
            rest = &name[end..];
        }
    }
    steps
}

/// Finds the bracket that closes a list key, outside quotes.
fn closing(text: &str) -> Option<usize> {
    let mut in_quotes = false;
    text.char_indices().find_map(|(index, character)| {
        in_quotes ^= character == '"';
        (character == ']' && !in_quotes).then_some(index)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::failure::{Cause, Details, Status};

    fn conflict(field: &str, message: &str) -> Failure {
        let cause = Cause {
            reason: "FieldManagerConflict".into(),
            field: field.into(),
            message: message.into(),
        };
        Failure::Status(Box::new(Status {
            code: 409,
            details: Some(Details { causes: vec![cause], ..Details::default() }),
            ..Status::default()
        }))
    }

    #[test]
    fn the_class_of_the_manager_decides() {
        let desired = Desired::new(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}),
            None,
        );
        let fate = |field: &str, message: &str, mode| match resolve(
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
        assert_eq!(fate(".spec.x", "conflict with \"kubectl-set\" using apps/v1", by), "true 0");
        assert_eq!(
            fate(
                ".spec.replicas",
                "conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1",
                by
            ),
            "false 1"
        );
        assert_eq!(
            fate(".spec.x", "conflict with \"argocd-controller\"", by),
            "spec.x is held by \"argocd-controller\", which is Argo CD"
        );
        assert_eq!(
            fate(".rules", "conflict with \"workloadctl:web/web\"", by),
            "rules is held by the workloadctl instance web/web"
        );
        assert_eq!(fate(".spec.x", "conflict with \"operator\"", Conflicts::Force), "true 0");
        assert_eq!(fate(".spec.x", "conflict with \"operator\"", Conflicts::Yield), "false 1");
        assert!(resolve(&conflict("", ""), &desired, by).is_some());
    }

    #[test]
    fn fields_are_taken_out_by_the_servers_paths() {
        let mut body = json!({"spec": {"replicas": 3, "containers": [{"name": "a.]b", "image": "x"}],
            "ports": [{"port": 80, "protocol": "TCP", "name": "n"}]}});
        assert!(take_out(&mut body, ".spec.replicas"));
        assert!(take_out(&mut body, r#".spec.containers[name="a.]b"].image"#));
        assert!(take_out(&mut body, r#".spec.ports[port=80,protocol="TCP"].name"#));
        assert!(!take_out(&mut body, ".spec.missing.field"));
        assert_eq!(
            body,
            json!({"spec": {"containers": [{"name": "a.]b"}], "ports": [{"port": 80, "protocol": "TCP"}]}})
        );
    }
}
