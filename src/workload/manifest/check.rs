//! What every object must have, and the form in which it is sent.

use serde_json::Value;

use super::{
    field::At,
    foreign::foreign,
    list::RawObject,
    secret,
    text::{self, Misread},
};
use crate::workload::{
    error::{Code, Error},
    object::{Object, ObjectId, Origin},
    record::{HEAD_TYPE, PART_TYPE},
    yaml::{PROBLEM_LIMIT, Problem, YamlNode},
};

/// Checks an object and brings it into the form in which it is sent.
pub(super) fn object(
    found: RawObject<'_>,
    warnings: &mut Vec<String>,
) -> Result<Object, Vec<Error>> {
    let RawObject { file, node, mut body } = found;
    if let Some(foreign) = foreign(&body) {
        return Err(vec![foreign.problem(node, &file).into_error(&file)]);
    }
    let id = ObjectId::of(&body);
    let mut problems = identity(&body, node);
    problems.extend(record(&body, &id, node));
    let misread = text::misread(&body, &id);
    problems.extend(misread.iter().take(PROBLEM_LIMIT).map(|misread| misread.problem(node)));
    if !problems.is_empty() {
        let named = !id.kind.is_empty() && !id.name.is_empty();
        let errors = problems.into_iter().map(|problem| {
            let error = problem.into_error(&file);
            if named { error.object(&id) } else { error }
        });
        return Err(errors.collect());
    }
    let origin = Origin::line(file, node.position().line);
    if id.is("", "Secret") {
        secret::encode_string_data(&mut body);
    }
    forget_live_identity(&mut body, &id, &origin, warnings);
    Ok(Object { body: body.into(), origin })
}

/// Tells of a Secret that poses as a record: deployed, it would be the inventory of an instance
/// that has made none of it; one that was saved from a cluster tells of another moment.
fn record(body: &Value, id: &ObjectId, node: YamlNode<'_>) -> Option<Problem> {
    let kind = At::root(body).field("type")?;
    let is_record = [HEAD_TYPE, PART_TYPE].iter().any(|known| kind.value == *known);
    (is_record && id.is("", "Secret")).then(|| {
        let message =
            "a Secret of this type is the record of an instance, which only workloadctl writes";
        Problem::new(Code::RecordManifest, kind.node(node).position(), message)
            .hint("leave it out of the manifests: each instance gets its own")
    })
}

/// Tells what is missing or wrong of apiVersion, kind, metadata.name and metadata.namespace.
fn identity(body: &Value, node: YamlNode<'_>) -> Vec<Problem> {
    let root = At::root(body);
    let metadata = root.field("metadata");
    let in_metadata = |key| metadata.as_ref().and_then(|metadata| metadata.field(key));
    let mut missing = Vec::new();
    let mut problems = Vec::new();
    let mut require = |name: &'static str, at: Option<At<'_>>| match at
        .filter(|at| !at.value.is_null() && at.value != "")
    {
        Some(at) => problems.extend(
            text::require("it", at).iter().map(|misread: &Misread<'_>| misread.problem(node)),
        ),
        None => missing.push(name),
    };
    require("apiVersion", root.field("apiVersion"));
    require("kind", root.field("kind"));
    require("metadata.name", in_metadata("name"));
    if let Some(namespace) = in_metadata("namespace").filter(|at| !at.value.is_null()) {
        problems.extend(text::require("it", namespace).iter().map(|misread| misread.problem(node)));
    }
    // An apply needs a name (the server answers 405 without one, docs/design.md).
    if missing.contains(&"metadata.name")
        && let Some(prefix) = in_metadata("generateName").filter(|at| !at.value.is_null())
    {
        missing.retain(|field| *field != "metadata.name");
        let message = "`metadata.generateName` would make another object on every deploy";
        let problem = Problem::new(Code::GenerateName, prefix.node(node).position(), message);
        problems.push(problem.hint("give the object a `metadata.name`"));
    }
    if !missing.is_empty() {
        let message = format!("an object without {}", missing.join(", "));
        let problem = Problem::new(Code::MissingField, node.position(), message);
        let other = missing.len() == 3;
        let hint = "a manifest has all three; leave other files out";
        // A file without any of them is none of Kubernetes': values of a chart, a workflow of a CI.
        problems.insert(0, if other { problem.hint(hint) } else { problem });
    }
    problems
}

/// Drops what identifies one live object, as in a manifest that was saved from a cluster: it can
/// fit no other cluster, and not for long this one.
fn forget_live_identity(
    body: &mut Value,
    id: &ObjectId,
    origin: &Origin,
    warnings: &mut Vec<String>,
) {
    let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let removed: Vec<_> = [
        "uid",
        "resourceVersion",
        "managedFields",
        // Of an object that was saved while it was being deleted.
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ]
    .into_iter()
    .filter(|field| metadata.remove(*field).is_some_and(|value| !value.is_null()))
    .collect();
    if !removed.is_empty() {
        warnings.push(format!(
            "{id} ({origin}) was saved from a cluster: its metadata.{} is left out",
            removed.join(", metadata.")
        ));
    }
}
