//! Placement: which namespace every object goes to, and the references that follow it.
//!
//! It changes what a definition says only where two instances of it could not live side by side
//! otherwise, and says every such change (docs/design.md, Namespaces).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    body::Body,
    derived,
    error::Result,
    instance::NamespaceMode,
    kinds::Kinds,
    name::InstanceName,
    object::{Object, ObjectId, Origin, split_api_version},
};

mod collisions;
mod hosts;
mod labels;
mod mode;
mod references;

pub(crate) use labels::{mark_made, mark_shared, parse_namespace_label};

use collisions::Collisions;
use references::Moves;

/// The namespace that an object without one goes to under kubectl, and that references mean
/// which name none.
const DEFAULT: &str = "default";

/// What decides where the objects of an instance go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Destination<'a> {
    pub instance: &'a InstanceName,
    /// The value of `--namespace`, or of the workload file.
    pub namespace: Option<&'a str>,
    /// Mode and namespace that were fixed at the first deploy.
    pub stored: Option<(NamespaceMode, &'a str)>,
    /// Labels for a namespace that the instance makes.
    pub namespace_labels: &'a BTreeMap<String, String>,
}

/// An object as it is to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Placed {
    /// The identity on the cluster.
    pub id: ObjectId,
    /// The identity that the source gives it, where that is another one: what the source's own
    /// references mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<ObjectId>,
    /// The body: namespace and labels set, references rewritten.
    pub body: Body,
    /// Where it stands in the sources; none for a namespace that the instance makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Placed {
    /// Gives the API version without the group.
    pub(crate) fn version(&self) -> &str {
        let text = self.body.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        split_api_version(text).1
    }

    /// Gives the identity that the source gives it.
    pub(crate) fn declared(&self) -> &ObjectId {
        self.declared.as_ref().unwrap_or(&self.id)
    }

    /// Gives the value of an annotation.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.body.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    /// Names the object with the place of its source, for messages.
    pub(crate) fn named(&self) -> String {
        named(&self.id, self.origin.as_ref())
    }
}

/// Where the objects of an instance go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Placement {
    /// How they are placed.
    pub mode: NamespaceMode,
    /// The namespace of the record, and of objects that name none.
    pub namespace: String,
    /// The objects in source order; in managed mode their Namespace comes first.
    pub objects: Vec<Placed>,
    /// What was changed, to be said once.
    pub notes: Vec<String>,
    /// What may not work where the objects go.
    pub warnings: Vec<String>,
}

/// Places the objects of an instance. Overrides must have been applied before, the kinds of the
/// set's CRDs taken in.
///
/// # Errors
/// Code 2: `--namespace` beside Namespace documents, an invalid namespace, several namespaces
/// that nothing brings, two objects that become one. Code 5: another namespace or mode than the
/// stored one, a managed namespace called `default` or `kube-*`.
pub(crate) fn place(
    objects: Vec<Object>,
    kinds: &Kinds,
    to: &Destination<'_>,
) -> Result<Placement> {
    let mut sources = Sources::default();
    for object in &objects {
        sources.add(object.id(), object.origin.clone(), kinds);
    }
    let mut placed = Vec::with_capacity(objects.len() + 1);
    let bodies = objects.into_iter().map(|object| object.body);
    let placement = place_each(sources, bodies, to, &mut |object| placed.push(object))?;
    Ok(Placement { objects: placed, ..placement })
}

/// Places as [`place`] does, and gives each object away, in place of keeping it: the answer has none.
/// `bodies` are those of `sources`. What was given away counts only where there is no error.
///
/// # Errors
/// Those of [`place`].
pub(crate) fn place_each(
    sources: Sources,
    bodies: impl Iterator<Item = Body>,
    to: &Destination<'_>,
    take: &mut dyn FnMut(Placed),
) -> Result<Placement> {
    let Sources { sources, unknown } = sources;
    let mut warnings: Vec<String> = unknown
        .into_iter()
        .map(|kind| format!("whether {kind} lives in namespaces is not known here; it is taken to"))
        .collect();
    let (mode, namespace) = mode::decide(&sources, to)?;
    let moves = Moves::new(&sources, mode, &namespace);
    let mut notes = Notes::default();
    let mut collisions = Collisions::among(&sources, &moves);
    if mode == NamespaceMode::Managed {
        // No Namespace is among the sources.
        take(made_namespace(&namespace, to.instance, to.namespace_labels));
    }
    for (source, body) in sources.iter().zip(bodies) {
        let hosts = hosts::warnings(source, &body, &moves);
        let placed = place_one(source, body, &moves, to.instance, &mut notes, &mut warnings);
        if collisions.admit(&source.id, &placed) {
            take(placed);
        }
        warnings.extend(hosts);
    }
    collisions.refuse()?;
    let notes = notes.told(&namespace);
    Ok(Placement { mode, notes, namespace, objects: Vec::new(), warnings })
}

/// Makes the Namespace object of a namespace that the instance makes.
pub(crate) fn made_namespace(
    name: &str,
    instance: &InstanceName,
    labels: &BTreeMap<String, String>,
) -> Placed {
    let mut body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    for (key, value) in labels {
        labels::set(&mut body, key, value);
    }
    mark_made(&mut body, instance);
    Placed { id: ObjectId::of(&body), declared: None, body: body.into(), origin: None }
}

/// What placement needs to know of an object as read, beside its body.
struct SourceObject {
    id: ObjectId,
    origin: Origin,
    namespaced: bool,
}

impl SourceObject {
    fn named(&self) -> String {
        named(&self.id, Some(&self.origin))
    }
}

/// What is said once: what changed, and in which objects.
#[derive(Default)]
struct Notes {
    /// Replaced namespace → objects.
    replaced: BTreeMap<String, Vec<String>>,
    followed: Vec<String>,
    renamed: Vec<String>,
    /// ClusterRoles whose rules are left.
    aggregated: Vec<String>,
}

impl Notes {
    fn told(self, namespace: &str) -> Vec<String> {
        let Self { replaced, followed, renamed, aggregated } = self;
        let mut notes: Vec<String> = replaced
            .into_iter()
            .map(|(old, objects)| {
                format!("namespace {old} is replaced by {namespace} in {}", listed(&objects))
            })
            .collect();
        if !followed.is_empty() {
            notes.push(format!("references follow to {namespace} in {}", listed(&followed)));
        }
        notes.extend(renamed);
        if !aggregated.is_empty() {
            let roles = listed(&aggregated);
            notes.push(format!("rules are left to the controller that aggregates them in {roles}"));
        }
        notes
    }
}

fn listed(objects: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = objects.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match objects.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn named(id: &ObjectId, origin: Option<&Origin>) -> String {
    match origin {
        Some(origin) => format!("{id} ({origin})"),
        None => id.to_string(),
    }
}

/// The objects that are to be placed, without their bodies.
#[derive(Default)]
pub(crate) struct Sources {
    sources: Vec<SourceObject>,
    /// Kinds of which nobody here knows where they live.
    unknown: Vec<String>,
}

impl Sources {
    /// Adds the next object.
    pub(crate) fn add(&mut self, id: ObjectId, origin: Origin, kinds: &Kinds) {
        let info = kinds.of(&id);
        if info.is_none() {
            let kind = id.group_kind().to_string();
            if !self.unknown.contains(&kind) {
                self.unknown.push(kind);
            }
        }
        let namespaced = info.is_none_or(|info| info.namespaced);
        self.sources.push(SourceObject { id, origin, namespaced });
    }
}

fn place_one(
    source: &SourceObject,
    mut body: Body,
    moves: &Moves<'_>,
    instance: &InstanceName,
    notes: &mut Notes,
    warnings: &mut Vec<String>,
) -> Placed {
    // Under apply a null takes away what controllers note there, with each deploy anew.
    if metadata(&mut body).get("annotations").is_some_and(Value::is_null) {
        metadata(&mut body).remove("annotations");
    }
    // Before the digest is taken: what is sent and what is recorded are one body.
    derived::complete(&source.id, &mut body);
    if derived::leave_aggregated(&source.id, &mut body) {
        notes.aggregated.push(source.id.to_string());
    }
    let followed = references::rewrite(&source.id, &mut body, moves);
    warnings.extend(followed.strays.iter().map(|stray| format!("{} {stray}", source.named())));
    if !followed.namespaces.is_empty() {
        notes.followed.push(source.id.to_string());
    }
    if source.namespaced {
        let namespace = moves.destination(source.id.namespace.as_deref());
        if let Some(old) = source.id.namespace.as_ref().filter(|old| *old != namespace) {
            notes.replaced.entry(old.clone()).or_default().push(source.id.to_string());
        }
        metadata(&mut body).insert("namespace".to_owned(), namespace.into());
        mark_made(&mut body, instance);
    } else {
        metadata(&mut body).remove("namespace");
        if let Some(namespace) = followed.namespaces.first().filter(|_| moves.renames(&source.id)) {
            rename(&source.id, &mut body, namespace, notes);
        }
        if source.id.is("", "Namespace") {
            mark_made(&mut body, instance);
        } else {
            mark_shared(&mut body);
        }
    }
    let id = ObjectId::of(&body);
    let declared = (id != source.id).then(|| source.id.clone());
    Placed { id, declared, body, origin: Some(source.origin.clone()) }
}

/// Names a cluster-scoped object after the namespace that its references went to.
fn rename(id: &ObjectId, body: &mut Value, namespace: &str, notes: &mut Notes) {
    let name = format!("{}-{namespace}", id.name);
    notes.renamed.push(format!("{id} is named {name}, after the namespace of its subjects"));
    metadata(body).insert("name".to_owned(), name.into());
}

/// Gives the body's metadata; whatever stands there that is no mapping is replaced.
fn metadata(body: &mut Value) -> &mut Map<String, Value> {
    if !body.get("metadata").is_some_and(Value::is_object) {
        body["metadata"] = Value::Object(Map::new());
    }
    body["metadata"].as_object_mut().expect("it was just made a mapping")
}

#[cfg(test)]
mod tests;
