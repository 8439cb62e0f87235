//! Threeport's `KustomizeOverlay`: the part of a kustomization that overrides can say, which is
//! patches and images. All else is refused by name, never dropped.

use serde_json::{Value, json};

use crate::workload::{
    error::{Code, Error, Result},
    overrides::{self, OverrideEdit, Overrides, patch_key, read_json_patch},
    yaml,
};

/// Keys of a kustomization that say nothing.
const IDENTITY: [&str; 3] = ["apiVersion", "kind", "metadata"];
/// What makes the name of a target a pattern of names.
const PATTERN: [char; 11] = ['*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '\\'];

/// Reads an overlay as overrides.
///
/// # Errors
/// Everything in it that is no YAML, or that overrides cannot say.
pub(super) fn overrides(text: &str) -> Result<Overrides, Vec<Error>> {
    let body = only_document(text).map_err(|why| vec![refused(&why)])?;
    let Some(fields) = body.as_object() else { return Err(vec![refused("it is no mapping")]) };
    let (mut edits, mut patches, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in fields.iter().filter(|(key, _)| !IDENTITY.contains(&key.as_str())) {
        let read: fn(&Value) -> Result<Vec<OverrideEdit>, String> = match key.as_str() {
            "patches" => patch,
            "patchesStrategicMerge" => bare_patches,
            "images" => image,
            _ => {
                let why = format!("`{key}` is none of patches, patchesStrategicMerge, images");
                errors.push(refused(&why));
                continue;
            }
        };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            Value::Null => &[],
            _ => {
                errors.push(refused(&format!("`{key}` is no list")));
                continue;
            }
        };
        for item in items {
            match read(item) {
                Ok(read) => edits.extend(read),
                Err(why) => errors.push(refused(&why)),
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    // Together: an edit with patches takes the place of those that an earlier one has for the object.
    edits.retain_mut(|edit| match edit {
        OverrideEdit::Patches(more) => {
            patches.append(more);
            false
        }
        _ => true,
    });
    edits.push(OverrideEdit::Patches(patches));
    Ok(overrides::merge(&Overrides::default(), &edits))
}

fn refused(why: &str) -> Error {
    Error::usage(Code::UnsupportedMember, format!("KustomizeOverlay: {why}")).hint(
        "say it as `patches`, `images`, `replicas` or `sets` of a workload file, or build the \
         kustomization: `workloadctl deploy NAME -f FOLDER`",
    )
}

fn only_document(text: &str) -> Result<Value, String> {
    let mut documents = documents(text)?;
    match documents.len() {
        0 => Ok(json!({})),
        1 => Ok(documents.remove(0)),
        _ => Err("it has several documents".to_owned()),
    }
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    let yaml::Reading { documents, problems } = yaml::read(text);
    match problems.first() {
        Some(problem) => Err(format!("line {}: {}", problem.position.line, problem.message)),
        None => Ok(documents.into_iter().map(|document| document.value).collect()),
    }
}

/// Refuses what an item of a list has beside the keys that are known.
fn only_keys(item: &Value, what: &str, known: &[&str]) -> Result<(), String> {
    let fields = item.as_object().ok_or_else(|| format!("an item of {what} is no mapping"))?;
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{what} with `{key}` is not supported")),
        None => Ok(()),
    }
}

/// Gives a text of an item; none where it is absent or empty.
fn text<'i>(item: &'i Value, key: &str) -> Result<Option<&'i str>, String> {
    match item.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(other) => Err(format!("`{key}` takes a text, this is {other}: put it in quotes")),
    }
}

/// Reads an item of `patches`: a text with partial objects or operations, for the object that they
/// or the target name.
fn patch(item: &Value) -> Result<Vec<OverrideEdit>, String> {
    only_keys(item, "`patches`", &["patch", "target"])?;
    let patch = text(item, "patch")?.ok_or("an item of `patches` has no `patch`")?;
    let target = match item.get("target") {
        None | Some(Value::Null) => None,
        Some(target) => Some(Target::read(target)?),
    };
    let mut edits = Vec::new();
    for patch in documents(patch)? {
        edits.extend(match (patch, &target) {
            (Value::Array(operations), Some(target)) => {
                let object = named(&target.name(json!({}))?)?;
                read_json_patch(&object, &operations)?
            }
            (Value::Array(_), None) => return Err("a JSON patch has no target".to_owned()),
            (patch, Some(target)) => partial(target.name(patch)?)?,
            (patch, None) => partial(patch)?,
        });
    }
    Ok(edits)
}

fn bare_patches(item: &Value) -> Result<Vec<OverrideEdit>, String> {
    let text = item.as_str().ok_or("an item of `patchesStrategicMerge` is no text")?;
    let edits: Result<Vec<_>, _> = documents(text)?.into_iter().map(partial).collect();
    Ok(edits?.into_iter().flatten().collect())
}

fn partial(patch: Value) -> Result<Vec<OverrideEdit>, String> {
    if let Value::String(path) = &patch {
        return Err(format!("the file {path} cannot be read: an overlay is one text"));
    }
    named(&patch)?;
    Ok(vec![OverrideEdit::Patches(vec![patch])])
}

fn named(patch: &Value) -> Result<String, String> {
    patch_key(patch).map_err(|error| match &*error.causes {
        [] => error.message,
        causes => format!("{}: {}", error.message, causes.join("; ")),
    })
}

/// The object that a patch is for.
struct Target<'i> {
    group: Option<&'i str>,
    version: Option<&'i str>,
    kind: &'i str,
    name: &'i str,
    namespace: Option<&'i str>,
}

impl<'i> Target<'i> {
    fn read(target: &'i Value) -> Result<Self, String> {
        only_keys(target, "a target", &["group", "version", "kind", "name", "namespace"])?;
        let (Some(kind), Some(name)) = (text(target, "kind")?, text(target, "name")?) else {
            return Err(
                "a target without `kind` and `name`, for several objects, is not supported"
                    .to_owned(),
            );
        };
        if name.contains(PATTERN) {
            return Err(format!("the target `{name}`, a pattern of names, is not supported"));
        }
        let (group, version) = (text(target, "group")?, text(target, "version")?);
        Ok(Self { group, version, kind, name, namespace: text(target, "namespace")? })
    }

    /// Makes a patch name this object.
    fn name(&self, patch: Value) -> Result<Value, String> {
        let Value::Object(mut patch) = patch else {
            return Err("a patch is neither a mapping nor a list of operations".to_owned());
        };
        patch.insert("kind".to_owned(), self.kind.into());
        if let Some(group) = self.group {
            let version = self.version.unwrap_or("v1");
            patch.insert("apiVersion".to_owned(), format!("{group}/{version}").into());
        }
        let metadata = patch.entry("metadata").or_insert_with(|| json!({}));
        let metadata = metadata.as_object_mut().ok_or("the `metadata` of a patch is no mapping")?;
        metadata.insert("name".to_owned(), self.name.into());
        if let Some(namespace) = self.namespace {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
        Ok(patch.into())
    }
}

/// Reads an item of `images`.
fn image(item: &Value) -> Result<Vec<OverrideEdit>, String> {
    only_keys(item, "`images`", &["name", "newName", "newTag", "digest"])?;
    let name = text(item, "name")?.ok_or("an item of `images` has no `name`")?;
    let repository = text(item, "newName")?.unwrap_or(name);
    let tag = text(item, "newTag")?.map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = text(item, "digest")?.map(|digest| format!("@{digest}")).unwrap_or_default();
    if tag.is_empty() && digest.is_empty() {
        return Err(format!("the image `{name}` needs a `newTag` or a `digest`"));
    }
    let image = Some(format!("{repository}{tag}{digest}"));
    Ok(vec![OverrideEdit::Image { name: name.to_owned(), image, said: None }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let errors = overrides(text).expect_err(text);
        let told = |error: Error| error.message.replace("KustomizeOverlay: ", "");
        errors.into_iter().map(told).collect()
    }

    #[test]
    fn what_overrides_can_say_is_read() {
        let text = "kind: Kustomization
images: [{name: web, newName: shop/web, newTag: '2'}, {name: db, digest: 'sha256:1'}]
patches:
- target: {group: apps, version: v1, kind: Deployment, name: web}
  patch: |-
    - {op: replace, path: /spec/replicas, value: 3}
    - {op: remove, path: /spec/paused}
- target: {kind: Deployment, name: web, namespace: shop}
  patch: 'spec: {minReadySeconds: 1}'
- patch: |-
    kind: Deployment
    metadata: {name: web}
    spec: {revisionHistoryLimit: 1}
patchesStrategicMerge:
- |-
  {kind: Service, metadata: {name: a}, spec: {type: ClusterIP}}
  ---
  {kind: Service, metadata: {name: a}, spec: {ports: null}}
";
        let Overrides { images, replicas, patches, sets, restarted_at, restarts: _, said: _ } =
            overrides(text).unwrap();
        assert_eq!(json!(images), json!({"web": "shop/web:2", "db": "db@sha256:1"}));
        let places = ["Deployment.apps/web:spec.replicas", "Deployment.apps/web:spec.paused"];
        assert_eq!(json!(sets), json!({places[0]: 3, places[1]: null}));
        // Two patches of one object are two.
        assert_eq!(
            json!(patches),
            json!([
                {"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"minReadySeconds": 1}},
                {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"revisionHistoryLimit": 1}},
                {"kind": "Service", "metadata": {"name": "a"}, "spec": {"type": "ClusterIP"}},
                {"kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": null}},
            ])
        );
        assert!(replicas.is_empty() && restarted_at.is_none());
        assert_eq!(overrides("# nothing\n").unwrap(), Overrides::default());
    }

    #[test]
    fn all_else_is_refused_by_name() {
        for (text, wanted) in [
            ("namePrefix: a-", "`namePrefix` is none of patches, patchesStrategicMerge, images"),
            ("patches: {patch: a}", "`patches` is no list"),
            ("patches: [a]", "an item of `patches` is no mapping"),
            ("patches: [{path: a.yaml}]", "`patches` with `path` is not supported"),
            ("patches: [{target: {kind: Job, name: a}}]", "an item of `patches` has no `patch`"),
            ("patches: [{patch: '[{op: add}]'}]", "a JSON patch has no target"),
            (
                "patches: [{patch: 'kind: Job'}]",
                "a patch does not name its object: it needs `kind` and `metadata.name`",
            ),
            (
                "patches: [{patch: 'spec: {}', target: {kind: Job}}]",
                "a target without `kind` and `name`, for several objects, is not supported",
            ),
            (
                "patches: [{patch: 'spec: {}', target: {kind: Job, name: a.*}}]",
                "the target `a.*`, a pattern of names, is not supported",
            ),
            (
                "patches: [{patch: 'spec: {}', target: {labelSelector: a=b}}]",
                "a target with `labelSelector` is not supported",
            ),
            (
                "patches: [{patch: 'a', target: {kind: Job, name: a}}]",
                "a patch is neither a mapping nor a list of operations",
            ),
            (
                "patches: [{patch: 'metadata: []', target: {kind: Job, name: a}}]",
                "the `metadata` of a patch is no mapping",
            ),
            (
                "patches: [{patch: '[{op: move, path: /a, from: /b}]', target: {kind: Job, name: a}}]",
                "the operation `move /a` of a JSON patch is none of add, replace, remove",
            ),
            (
                "patchesStrategicMerge: [patch.yaml]",
                "the file patch.yaml cannot be read: an overlay is one text",
            ),
            (
                "images: [{name: web, newTag: 9}]",
                "`newTag` takes a text, this is 9: put it in quotes",
            ),
            (
                "images: [{name: web, newTag: '9', tagSuffix: -x}]",
                "`images` with `tagSuffix` is not supported",
            ),
            ("images: [{name: web}]", "the image `web` needs a `newTag` or a `digest`"),
            ("- a", "it is no mapping"),
            ("a: [", "line 2: did not find expected node content"),
            ("a: b\n---\na: c", "it has several documents"),
        ] {
            assert_eq!(told(text), [wanted], "{text}");
        }
        assert_eq!(told("a: b\nimages: [{name: web}]\nc: d").len(), 3);
    }
}
