//! The field that puts one object before another: a field of either of the two.

use serde_json::Value;

use super::{Reason, links};
use crate::workload::{
    kinds::{Referent, builtin_kind, references::items},
    object::BorrowedObjectId,
    overrides::{Path, PathStep},
    placement::Placed,
};

const DEPENDS_ON: &[&str] = &["metadata", "annotations", super::depends::ANNOTATION];
const HOOK: &[&str] = &["metadata", "annotations", "helm.sh/hook"];

/// Finds the field for which `then` comes after `first`, and the one of them that has it.
pub(super) fn field_of<'a>(
    reason: Reason,
    first: &'a Placed,
    then: &'a Placed,
) -> Option<(&'a Placed, Path)> {
    let at = |holder: &'a Placed, keys: &[&str]| {
        let there = keys.iter().try_fold(&*holder.body, |value, key| value.get(key)).is_some();
        there.then(|| (holder, keys_path(keys)))
    };
    match reason {
        Reason::Namespace => at(then, &["metadata", "namespace"]),
        Reason::Definition => at(first, &["spec", "names", "kind"]),
        Reason::Named(field) => naming(field, first, then).map(|path| (then, path)),
        Reason::Rights => subject(first, then).map(|path| (first, path)),
        Reason::Governs => at(first, &["metadata", "namespace"]),
        Reason::Backend => service(first, then).map(|path| (then, path)),
        Reason::Admission => judgement(first).map(|path| (first, path)),
        Reason::Judged => judgement(then).map(|path| (then, path)),
        // The webhook's Service stands in the definition, and both others may be something else.
        Reason::Conversion => None,
        Reason::Serves => at(first, &["spec", "group"]),
        Reason::DependsOn => at(then, DEPENDS_ON),
        Reason::Hook => at(first, HOOK),
        Reason::BeforeHook => at(then, HOOK),
    }
}

fn keys_path(keys: &[&str]) -> Path {
    Path(keys.iter().map(|key| PathStep::Key((*key).to_owned())).collect())
}

/// Finds the field by which an object names another; of an argument there is none.
fn naming(field: &str, first: &Placed, then: &Placed) -> Option<Path> {
    let id = &first.id;
    let named: BorrowedObjectId<'_> =
        (&id.group, &id.kind, id.namespace.as_deref().unwrap_or_default(), &id.name);
    let link = links::of(then).into_iter().find(|link| link.to == named && link.field == field)?;
    // The name is borrowed from the body: where it lies there is where it stands.
    path_to(&then.body, &|value| value.as_str().is_some_and(|text| is_same(text, link.to.3)))
}

/// Finds the subject of a binding that is the service account of an object's pods.
fn subject(binding: &Placed, then: &Placed) -> Option<Path> {
    let account = links::service_account(then)?;
    let mut names = links::subjects(binding).map(|(_, name)| name);
    let name = names.find(|name| *name == account)?;
    path_to(&binding.body, &|value| value.as_str().is_some_and(|text| is_same(text, name)))
}

/// Finds where an object names the Service that answers the calls; its workloads stand behind it.
fn service(first: &Placed, then: &Placed) -> Option<Path> {
    let references = builtin_kind(&then.id).names_in_namespaces.iter();
    let mut all = references
        .filter(|reference| reference.to == Referent::Service)
        .flat_map(|reference| reference.all_in(&then.body));
    let is_service = first.id.is("", "Service");
    let named =
        |service: &&Value| service.get("name").and_then(Value::as_str) == Some(&first.id.name);
    let service = all.find(|service| !is_service || named(service))?;
    path_to(&then.body, &|value| std::ptr::eq(value, service))
}

/// Finds where a webhook configuration, a policy or a binding says what it judges.
fn judgement(judge: &Placed) -> Option<Path> {
    let keys: [&[&str]; 4] = [
        &["webhooks"],
        &["spec", "matchConstraints"],
        &["spec", "matchResources"],
        &["spec", "policyName"],
    ];
    let is_there =
        |keys: &&&[&str]| keys.iter().try_fold(&*judge.body, |value, key| value.get(key)).is_some();
    let mut path = keys_path(keys.iter().find(is_there)?);
    if items(&judge.body, "/webhooks").count() == 1 {
        path.0.extend([PathStep::Index(0), PathStep::Key("rules".to_owned())]);
    }
    Some(path)
}

fn is_same(one: &str, other: &str) -> bool {
    std::ptr::eq(one.as_ptr(), other.as_ptr())
}

/// Finds the place of a value in a body.
fn path_to(body: &Value, is_it: &dyn Fn(&Value) -> bool) -> Option<Path> {
    fn walk(value: &Value, is_it: &dyn Fn(&Value) -> bool, steps: &mut Vec<PathStep>) -> bool {
        if is_it(value) {
            return true;
        }
        let enter = |step: PathStep, inner: &Value, steps: &mut Vec<PathStep>| {
            steps.push(step);
            let found = walk(inner, is_it, steps);
            if !found {
                steps.pop();
            }
            found
        };
        match value {
            Value::Object(fields) => {
                fields.iter().any(|(key, inner)| enter(PathStep::Key(key.clone()), inner, steps))
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .any(|(index, inner)| enter(PathStep::Index(index), inner, steps)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    let mut steps = Vec::new();
    walk(body, is_it, &mut steps).then_some(Path(steps))
}
