//! `config.kubernetes.io/depends-on`: the order that the user states.
//!
//! A list of `GROUP/namespaces/NAMESPACE/KIND/NAME` or `GROUP/KIND/NAME`, the group empty for the
//! core group. Targets mean objects as the source calls them, before placement.

use std::collections::HashMap;

use super::{
    Milestone, Reason,
    builder::{Builder, Prerequisite},
};
use crate::workload::{
    error::{Code, Error, Result},
    kinds::Kinds,
    name::nearest,
    object::BorrowedObjectId,
    placement::Placed,
};

pub(super) const ANNOTATION: &str = "config.kubernetes.io/depends-on";

/// Adds the edges that annotations state.
pub(super) fn add(builder: &mut Builder<'_>, kinds: &Kinds) -> Result<()> {
    let objects = builder.objects;
    let mut declared: Option<HashMap<BorrowedObjectId<'_>, usize>> = None;
    for (node, object) in objects.iter().enumerate() {
        let Some(list) = object.annotation(ANNOTATION) else { continue };
        let declared = declared.get_or_insert_with(|| declared_index(objects));
        for text in list.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let target = parse(text).ok_or_else(|| malformed(object, text))?;
            let before = resolve(builder, declared, object, target, kinds)
                .ok_or_else(|| unknown(objects, object, text, target))?;
            builder.hard(
                Prerequisite { node: before, until: Milestone::Ready, reason: Reason::DependsOn },
                node,
            );
        }
    }
    Ok(())
}

/// A parsed target: group, namespace, kind, name.
type DependencyTarget<'a> = (&'a str, Option<&'a str>, &'a str, &'a str);

fn parse(text: &str) -> Option<DependencyTarget<'_>> {
    let parts: Vec<&str> = text.split('/').collect();
    let target = match *parts {
        [group, "namespaces", namespace, kind, name] => (group, Some(namespace), kind, name),
        [group, kind, name] => (group, None, kind, name),
        _ => return None,
    };
    let (_, namespace, kind, name) = target;
    (!kind.is_empty() && !name.is_empty() && namespace != Some("")).then_some(target)
}

/// Finds objects by what the source calls them; without a namespace it means `default`.
fn declared_index(objects: &[Placed]) -> HashMap<BorrowedObjectId<'_>, usize> {
    let mut index = HashMap::new();
    for (node, object) in objects.iter().enumerate() {
        let id = object.declared();
        let namespaces = match (id.namespace.as_deref(), &object.id.namespace) {
            (Some(namespace), _) => namespace,
            // As kubectl would have placed it.
            (None, Some(_)) => "default",
            (None, None) => "",
        };
        index.entry((&*id.group, &*id.kind, namespaces, &*id.name)).or_insert(node);
    }
    index
}

/// Finds the target: as the source calls it, else as it is placed. A namespaced target without a
/// namespace is in the object's own.
fn resolve(
    builder: &Builder<'_>,
    declared: &HashMap<BorrowedObjectId<'_>, usize>,
    object: &Placed,
    (group, namespace, kind, name): DependencyTarget<'_>,
    kinds: &Kinds,
) -> Option<usize> {
    let namespaced = kinds.lookup(group, kind).is_some_and(|info| info.namespaced);
    let (as_declared, as_placed) = match namespace {
        Some(namespace) => (namespace, namespace),
        None if namespaced && object.id.namespace.is_some() => (
            object.declared().namespace.as_deref().unwrap_or("default"),
            object.id.namespace.as_deref().unwrap_or_default(),
        ),
        None => ("", ""),
    };
    let found = declared.get(&(group, kind, as_declared, name)).copied();
    found.or_else(|| builder.find((group, kind, as_placed, name)))
}

fn at(error: Error, object: &Placed) -> Error {
    let error = error.object(&object.id);
    match &object.origin {
        Some(origin) => error.at(origin),
        None => error,
    }
}

fn malformed(object: &Placed, text: &str) -> Error {
    let message = format!("{ANNOTATION} of {} has {text:?}", object.named());
    let error = Error::usage(Code::InvalidDependsOn, message)
        .cause("the form is GROUP/namespaces/NAMESPACE/KIND/NAME or GROUP/KIND/NAME")
        .hint("for the core group begin with `/`: `/namespaces/web/ConfigMap/app`");
    at(error, object)
}

fn unknown(objects: &[Placed], object: &Placed, text: &str, target: DependencyTarget<'_>) -> Error {
    let message = format!("{ANNOTATION} of {} names {text}", object.named());
    let error =
        Error::usage(Code::UnknownDependsOn, message).cause("there is no such object in the set");
    let (.., kind, name) = target;
    let known: Vec<String> = objects.iter().map(|other| other.id.short()).collect();
    let wanted = format!("{kind}/{name}");
    let same = known.iter().position(|other| *other == wanted);
    let near = nearest(&wanted, known.iter().map(String::as_str));
    let position = same.or_else(|| near.and_then(|near| known.iter().position(|one| one == near)));
    let error = match position {
        Some(position) => error.hint(format!("write `{}`", form(&objects[position]))),
        None => error,
    };
    at(error, object)
}

/// Gives the form in which the annotation names an object.
fn form(object: &Placed) -> String {
    let id = object.declared();
    match (&id.namespace, &object.id.namespace) {
        (Some(namespace), _) => {
            format!("{}/namespaces/{namespace}/{}/{}", id.group, id.kind, id.name)
        }
        (None, Some(_)) => format!("{}/namespaces/default/{}/{}", id.group, id.kind, id.name),
        (None, None) => format!("{}/{}/{}", id.group, id.kind, id.name),
    }
}
