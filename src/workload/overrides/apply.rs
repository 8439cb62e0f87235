//! Applying overrides to the objects of a definition: images, replicas, patches, sets, restart.

use serde_json::{Map, Value};

use super::{
    Overrides, Sayings,
    edit::{outside_brackets, patch_key, removal},
    images,
    path::{Path, PathStep},
};
use crate::{
    schema::{self, Gvk},
    workload::{
        error::{Code, Error, Result},
        instance::NamespaceMode,
        kinds::{Kinds, Trait, builtin_kind, find, pod_template},
        manifest::{describe_kind, encode_string_data},
        mask,
        object::{Object, ObjectId},
    },
};

/// The annotation of pod templates that `--restart` changes.
pub(crate) const RESTARTED_AT: &str = "workloadctl/restartedAt";

/// What helps where YAML read a number or a truth value for a text.
const PUT_IN_QUOTES: &str = "put the value in quotes that YAML sees too: `'OBJECT:PATH=\"VALUE\"'` as a \
                             flag, `\"VALUE\"` in a workload file";

/// Applies overrides to the objects as read, before placement. Returns what was set, a line each.
///
/// # Errors
/// Code 2: a target that matches nothing or several objects, naming the flag that removes it
/// where it was stored; an object without replicas; a path that leads nowhere; a change of
/// identity; a text field that would get something else.
pub(crate) fn apply(
    overrides: &Overrides,
    objects: &mut [Object],
    kinds: &Kinds,
) -> Result<Vec<String>> {
    let Overrides { images, replicas, patches, sets, restarted_at, restarts, said } = overrides;
    let ids = ids(objects, kinds);
    let mut set = images::apply(images, objects, &ids, said)?;
    for (object, count) in replicas {
        let flag = format!("--replicas {object}");
        let placed = |error| said.place(error, "--replicas", object, &flag);
        let index = target(object, &ids, kinds, &flag).map_err(placed)?;
        set_replicas(&mut objects[index], &ids[index], *count, kinds, &flag).map_err(placed)?;
        set.push(format!("{}: replicas is {count}", ids[index]));
    }
    for patch in patches {
        let placed = |error| said.place(error, "--patch", &patch.to_string(), "the patch");
        let index = patch_target(patch, &ids, kinds).map_err(placed)?;
        apply_patch(patch, &mut objects[index], &ids[index], kinds).map_err(placed)?;
        set.push(format!("{}: patched", ids[index]));
    }
    for (place, value) in sets {
        let placed = |error| said.place(error, "--set", place, &format!("--set {place}"));
        let (index, path) = set_target(place, &ids, kinds).map_err(placed)?;
        apply_set(place, &path, value, &mut objects[index], said).map_err(placed)?;
        let shown = match value {
            _ if ids[index].is("", "Secret") => "set".to_owned(),
            Value::Null => "removed".to_owned(),
            value => value.to_string(),
        };
        set.push(format!("{}: {path} is {shown}", ids[index]));
    }
    for (object, id) in objects.iter_mut().zip(&ids) {
        let own = restart_keys(id).into_iter().filter_map(|key| restarts.get(&key));
        // RFC 3339 times of one offset are in the order of their texts.
        if let Some(time) = own.chain(restarted_at).max() {
            restart(object, id, time);
        }
    }
    Ok(set)
}

/// Tells whether `--image KEY=…` would set anything in these objects.
pub(crate) fn has_image(key: &str, objects: &[Object]) -> bool {
    images::has_target(key, objects, &objects.iter().map(Object::id).collect::<Vec<_>>())
}

/// Gives the identities of the objects; a namespaced one that names no namespace is in the first
/// that the set brings.
pub(super) fn ids(objects: &[Object], kinds: &Kinds) -> Vec<ObjectId> {
    let mut ids: Vec<ObjectId> = objects.iter().map(Object::id).collect();
    // Where placement will put them, so that NAMESPACE/KIND/NAME finds them.
    let brought = ids.iter().find(|id| id.is("", "Namespace")).map(|id| id.name.clone());
    if let Some(namespace) = brought {
        for id in &mut ids {
            let namespaced = kinds.of(id).is_none_or(|info| info.namespaced);
            if namespaced && id.namespace.is_none() {
                id.namespace = Some(namespace.clone());
            }
        }
    }
    ids
}

/// Finds the object that a flag means; the hint says how to be rid of the flag.
pub(super) fn target(object: &str, ids: &[ObjectId], kinds: &Kinds, flag: &str) -> Result<usize> {
    let found = find(object, ids, kinds).map_err(|error| {
        let near = error.hint.clone().unwrap_or_default();
        let error = error.while_doing(format!("{flag}: it matches no single object")).cause(near);
        error.hint(format!("`{}` removes it where it was stored", removal(flag)))
    })?;
    Ok(ids.iter().position(|id| id == found).expect("it was found among them"))
}

fn set_replicas(
    object: &mut Object,
    id: &ObjectId,
    count: u32,
    kinds: &Kinds,
    flag: &str,
) -> Result<()> {
    // A custom resource may have them: the server, or its controller, has the word.
    if !builtin_kind(id).is(Trait::Scaled) && !kinds.is_custom(&id.group, &id.kind) {
        return Err(Error::usage(
            Code::NoReplicas,
            format!("{flag}: a {} has no replicas", id.kind),
        )
        .object(id)
        .at(&object.origin));
    }
    let path = Path(vec![PathStep::Key("spec".to_owned()), PathStep::Key("replicas".to_owned())]);
    path.set(&mut object.body, &count.into()).map_err(|problem| {
        Error::usage(Code::NoReplicas, format!("{flag}: {problem}")).object(id).at(&object.origin)
    })
}

/// Finds the object that a patch is for.
pub(super) fn patch_target(patch: &Value, ids: &[ObjectId], kinds: &Kinds) -> Result<usize> {
    let object = patch_key(patch)?;
    let found = find(&object, ids, kinds).map_err(|error| {
        error.while_doing(format!("the patch of {object} matches no single object")).or_hint(|| {
            let flag = removal(&format!("--patch {object}"));
            format!("`{flag}` removes it where it was stored")
        })
    })?;
    Ok(ids.iter().position(|id| id == found).expect("it was found among them"))
}

/// Merges a patch: strategically into built-in kinds, as JSON merge patch into others.
fn apply_patch(patch: &Value, object: &mut Object, id: &ObjectId, kinds: &Kinds) -> Result<()> {
    let mut patch = patch.clone();
    if let Some(patch) = patch.as_object_mut() {
        // It named the object with them; the object keeps its own.
        patch.remove("apiVersion");
        patch.remove("kind");
    }
    change(object, &format!("the patch of {id}"), |body| {
        // As kubectl patch chooses: the lists of custom resources have no merge keys that are known
        // here.
        if kinds.of(id).is_some_and(|info| info.builtin) {
            schema::merge::strategic(body, &patch, &Gvk::of(body))
        } else {
            schema::merge::json(body, &patch);
            Ok(())
        }
    })
}

/// Splits `OBJECT:PATH` at the first `:` before which an object is named: names of RBAC objects
/// may hold one too.
pub(super) fn set_target(place: &str, ids: &[ObjectId], kinds: &Kinds) -> Result<(usize, Path)> {
    let mut first = None;
    for position in outside_brackets(place, ':') {
        match target(&place[..position], ids, kinds, &format!("--set {place}")) {
            Ok(index) => {
                let path = Path::parse(&place[position + 1..]).map_err(|problem| {
                    let path = &place[position + 1..];
                    let message = format!("--set {place}: the path {path:?} is wrong: {problem}");
                    Error::usage(Code::InvalidOverride, message)
                })?;
                return Ok((index, path));
            }
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| {
        Error::usage(
            Code::InvalidOverride,
            format!("--set {place}: there is no `:` before the path"),
        )
    }))
}

fn apply_set(
    place: &str,
    path: &Path,
    value: &Value,
    object: &mut Object,
    said: &Sayings,
) -> Result<()> {
    if is_text_wanted(path, value, &object.body) {
        let kind = describe_kind(value);
        let message = format!("--set {place}: {path} takes a text, not {kind}");
        // Of what is stored it is not known how it was typed: `1.10` has become 1.1.
        let quoted = said.in_quotes(place).filter(|_| !mask::is_secret(place));
        return Err(Error::usage(Code::InvalidOverride, message)
            .hint(quoted.unwrap_or_else(|| PUT_IN_QUOTES.to_owned()))
            .object(object.id())
            .at(&object.origin));
    }
    change(object, &format!("--set {place}"), |body| path.set(body, value))
}

/// Tells whether the value is a number or truth value, and the field takes a text.
fn is_text_wanted(path: &Path, value: &Value, body: &Value) -> bool {
    if !matches!(value, Value::Number(_) | Value::Bool(_)) {
        return false;
    }
    let steps: Vec<String> = path
        .0
        .iter()
        .map(|step| match step {
            PathStep::Key(key) => key.clone(),
            PathStep::Index(index) => index.to_string(),
            PathStep::Select { .. } => "0".to_owned(),
        })
        .collect();
    let field = schema::openapi().at(&Gvk::of(body), steps.iter().map(String::as_str));
    field.is_some_and(|field| field.resolved().kind == schema::openapi::SchemaType::String)
}

/// Changes an object's body by `edit`, which says what is wrong; the identity must stay.
fn change(
    object: &mut Object,
    what: &str,
    edit: impl FnOnce(&mut Value) -> Result<(), String>,
) -> Result<()> {
    let before = object.id();
    let wrong = |message: String| {
        Error::usage(Code::InvalidOverride, message).object(&before).at(&object.origin)
    };
    let mut body = object.body.clone();
    edit(&mut body).map_err(|problem| wrong(format!("{what}: {problem}")))?;
    if ObjectId::of(&body) != before {
        return Err(wrong(format!("{what}: group, kind, namespace and name may not change")));
    }
    // A patch or value may have brought stringData again.
    if before.is("", "Secret") {
        encode_string_data(&mut body);
    }
    object.body = body;
    Ok(())
}

/// Gives the key in [`Overrides::restarts`] of an object as it is placed. In namespaces that the
/// definition brings there may be several of one name; elsewhere what it names is replaced.
pub(crate) fn restart_key(id: &ObjectId, mode: NamespaceMode) -> String {
    match (mode, &id.namespace) {
        (NamespaceMode::Own, Some(namespace)) => format!("{namespace}/{}/{}", id.kind, id.name),
        _ => format!("{}/{}", id.kind, id.name),
    }
}

/// Gives the keys that an object may have in [`Overrides::restarts`].
fn restart_keys(id: &ObjectId) -> [String; 2] {
    [NamespaceMode::Own, NamespaceMode::Managed].map(|mode| restart_key(id, mode))
}

/// Changes the pod template so that its pods are made anew; a Job runs again.
fn restart(object: &mut Object, id: &ObjectId, time: &str) {
    if !builtin_kind(id).is(Trait::Restarted) {
        return;
    }
    let mut current = pod_template::template_mut(id, &mut object.body);
    for key in ["metadata", "annotations"] {
        current = current.and_then(|value| {
            let value = value.as_object_mut()?.entry(key).or_insert(Value::Null);
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            Some(value)
        });
    }
    if let Some(annotations) = current.and_then(Value::as_object_mut) {
        annotations.insert(RESTARTED_AT.to_owned(), time.into());
    }
}
