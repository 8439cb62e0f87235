//! One bare value out of an answer's JSON, for scripts: `instance show web --field namespace`.

use serde::Serialize;
use serde_json::Value;

use super::sanitize;
use crate::workload::{
    error::{Code, Error, Result},
    name::nearest,
};

/// Gives a field of a structure, with dots between the names (`overrides.images.web`): a text
/// bare, anything else as JSON, with a line end after it.
///
/// # Errors
/// Code 2 where there is no such field or it is absent, naming those that are there.
pub(crate) fn bare(structure: &impl Serialize, path: &str) -> Result<String> {
    let whole = serde_json::to_value(structure).expect("views have string keys");
    let mut value = &whole;
    let mut rest = path;
    while !rest.is_empty() {
        let (next, after) = step(value, rest).ok_or_else(|| absent(value, path, rest))?;
        (value, rest) = (next, after);
    }
    Ok(match value {
        Value::String(text) => format!("{}\n", sanitize::sanitize(text)),
        value => sanitize::json(format!("{value}\n")),
    })
}

/// Takes one step down; a name may have dots itself, and the longest that fits counts.
fn step<'v, 'p>(value: &'v Value, path: &'p str) -> Option<(&'v Value, &'p str)> {
    let ends = path.rmatch_indices('.').map(|(index, _)| index);
    std::iter::once(path.len()).chain(ends).find_map(|end| {
        let name = &path[..end];
        // Keys of overrides are whatever names containers and objects have:
        // `overrides.sets.Deployment/web:spec.x`.
        let next = match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            value => value.get(name)?,
        };
        Some((next, path.get(end + 1..).unwrap_or_default()))
    })
}

fn absent(value: &Value, path: &str, rest: &str) -> Error {
    let names: Vec<&str> = value.as_object().into_iter().flatten().map(|(key, _)| &**key).collect();
    let error = Error::usage(Code::NoSuchField, format!("there is no field {path:?}"));
    let name = rest.split('.').next().unwrap_or_default();
    match (nearest(name, names.iter().copied()), names.is_empty()) {
        (Some(near), _) => error.hint(format!("did you mean `{near}`?")),
        (None, false) => error.hint(format!("there are {}", names.join(", "))),
        (None, true) => error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_bare() {
        let value = json!({
            "name": "web", "revision": 3, "default": false,
            "overrides": {"images": {"nginx.io/web": "web:v2"}, "patches": [{"kind": "Job"}]},
        });
        for (path, expected) in [
            ("name", "web\n"),
            ("revision", "3\n"),
            ("default", "false\n"),
            ("overrides.images", "{\"nginx.io/web\":\"web:v2\"}\n"),
            ("overrides.images.nginx.io/web", "web:v2\n"),
            ("overrides.patches.0.kind", "Job\n"),
        ] {
            assert_eq!(bare(&value, path).unwrap(), expected, "{path}");
        }
        for (path, hint) in [
            ("nam", Some("did you mean `name`?")),
            ("zzzzzzzz", Some("there are default, name, overrides, revision")),
            ("name.x", None),
            ("overrides.patches.7", None),
        ] {
            let error = bare(&value, path).unwrap_err();
            assert_eq!((error.kind.exit_code(), error.hint.as_deref()), (2, hint), "{path}");
        }
    }
}
