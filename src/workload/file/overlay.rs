//! Threeport's `KustomizeOverlay`: the part of a kustomization that overrides can say, which is
//! patches and images. All else is refused by name, never dropped.

use serde_json::{Value, json};

use crate::workload::{
    error::{Code, Error, Result},
    overrides::{self, OverrideEdit, Overrides},
    yaml,
};

/// Keys of a kustomization that say nothing.
const IDENTITY: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Reads an overlay as overrides.
///
/// # Errors
/// Everything in it that is no YAML, or that overrides cannot say.
pub(super) fn overrides(text: &str) -> Result<Overrides, Vec<Error>> {
    let body = only_document(text).map_err(|why| vec![refused(&why)])?;
    let Some(fields) = body.as_object() else { return Err(vec![refused("it is no mapping")]) };
    let (mut edits, mut errors) = (Vec::new(), Vec::new());
    for (key, value) in fields.iter().filter(|(key, _)| !IDENTITY.contains(&key.as_str())) {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        for read in match key.as_str() {
            "patches" => items.iter().map(patch).collect(),
            "patchesStrategicMerge" => items.iter().map(bare_patch).collect(),
            "images" => items.iter().map(image).collect(),
            _ => vec![Err(format!("`{key}` is none of patches, patchesStrategicMerge, images"))],
        } {
            match read {
                Ok(edit) => edits.push(edit),
                Err(why) => errors.push(refused(&why)),
            }
        }
    }
    if errors.is_empty() {
        Ok(overrides::merge(&Overrides::default(), &edits))
    } else {
        Err(errors)
    }
}

fn refused(why: &str) -> Error {
    Error::usage(Code::UnsupportedMember, format!("KustomizeOverlay: {why}")).hint(
        "say it as `patches`, `images`, `replicas` or `sets` of a workload file, or build the \
         kustomization: `workloadctl deploy NAME -f FOLDER`",
    )
}

fn only_document(text: &str) -> Result<Value, String> {
    let yaml::Reading { mut documents, problems } = yaml::read(text);
    if let Some(problem) = problems.first() {
        return Err(format!("line {}: {}", problem.position.line, problem.message));
    }
    match documents.len() {
        0 => Ok(json!({})),
        1 => Ok(documents.remove(0).value),
        _ => Err("it has several documents".to_owned()),
    }
}

/// Reads an item of `patches`: a partial object as text, for the object that it or the target names.
fn patch(item: &Value) -> Result<OverrideEdit, String> {
    for key in item.as_object().into_iter().flat_map(|item| item.keys()) {
        if !["patch", "target"].contains(&key.as_str()) {
            return Err(format!("`patches` with `{key}` is not supported"));
        }
    }
    let text = item["patch"].as_str().ok_or("an item of `patches` has no `patch`")?;
    let mut patch = only_document(text)?;
    let target = item.get("target").and_then(Value::as_object);
    for (key, value) in target.into_iter().flatten() {
        match key.as_str() {
            "kind" => patch["kind"] = value.clone(),
            "name" => patch["metadata"]["name"] = value.clone(),
            _ => return Err(format!("a target with `{key}` is not supported")),
        }
    }
    named(patch)
}

fn bare_patch(item: &Value) -> Result<OverrideEdit, String> {
    let text = item.as_str().ok_or("an item of `patchesStrategicMerge` is no text")?;
    named(only_document(text)?)
}

fn named(patch: Value) -> Result<OverrideEdit, String> {
    if !patch.is_object() {
        return Err("a JSON patch (a list of operations) is not supported".to_owned());
    }
    overrides::patch_key(&patch).map_err(|error| error.to_string())?;
    Ok(OverrideEdit::Patches(vec![patch]))
}

fn image(item: &Value) -> Result<OverrideEdit, String> {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    let name = text("name").ok_or("an item of `images` has no `name`")?;
    let repository = text("newName").unwrap_or(name);
    let tag = text("newTag").map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = text("digest").map(|digest| format!("@{digest}")).unwrap_or_default();
    if tag.is_empty() && digest.is_empty() {
        return Err(format!("the image `{name}` needs a `newTag` or a `digest`"));
    }
    Ok(OverrideEdit::Image {
        name: name.to_owned(),
        image: Some(format!("{repository}{tag}{digest}")),
    })
}
