//! Masking: bodies of requests and answers as they may be shown. Values of Secrets are `***`.

use serde_json::Value;

use super::overrides::Overrides;

/// What stands in the place of a secret value.
pub(super) const MASK: &str = "***";
/// The annotation in which kubectl keeps a whole copy of the object.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Shows a body in one line. `path` is the URL path of the request, which tells what a patch
/// without a kind is about. What is not JSON is only counted.
pub(crate) fn shown(path: &str, body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return format!("({} bytes that are not JSON)", body.len());
    };
    // A JSON patch and its answer's error name no kind.
    let secrets = path.split(['?', '/']).any(|part| part == "secrets");
    mask(&mut value, secrets);
    value.to_string()
}

/// Gives an object as it may be shown: the values of a Secret are hidden.
pub(crate) fn object(body: &Value) -> Value {
    let mut shown = body.clone();
    mask(&mut shown, false);
    shown
}

/// Gives overrides as they may be shown: what they set in a Secret is hidden.
pub(crate) fn overrides(overrides: &Overrides) -> Overrides {
    let mut shown = overrides.clone();
    for (place, value) in &mut shown.sets {
        if is_secret(place) {
            hide(value);
        }
    }
    shown.patches.iter_mut().for_each(|patch| mask(patch, false));
    shown
}

/// Tells whether an OBJECT, or a path in one, is about a Secret: `Secret/x`, `NS/secrets/x:…`.
pub(crate) fn is_secret(object: &str) -> bool {
    let object = object.split(':').next().unwrap_or_default();
    let mut parts = object.split('/').rev().skip(1);
    parts.next().is_some_and(|kind| {
        // `secrets.core`, `secrets.v1.core`.
        let kind = kind.split('.').next().unwrap_or_default();
        kind.eq_ignore_ascii_case("secret") || kind.eq_ignore_ascii_case("secrets")
    })
}

/// Masks a value; `secret` where the place says that it is a Secret, or a part of one.
fn mask(value: &mut Value, secret: bool) {
    match value {
        Value::Object(fields) => {
            let kind = fields.get("kind").and_then(Value::as_str);
            let secret = match kind {
                Some("Secret") => true,
                // A failure about a Secret, or a list, which has none of its own.
                Some(_) => false,
                None => secret,
            };
            let inside = secret || kind == Some("SecretList");
            for (key, field) in fields {
                match key.as_str() {
                    "data" | "stringData" if secret => hide(field),
                    LAST_APPLIED => hide(field),
                    _ => mask(field, inside && key == "items"),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                // An operation of a JSON patch.
                let operation = secret && item.get("op").is_some();
                match item.get_mut("value").filter(|_| operation) {
                    Some(value) => hide(value),
                    None => mask(item, secret),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Hides what is in a value; the keys stay.
fn hide(value: &mut Value) {
    match value {
        Value::Null => {}
        Value::Object(fields) => fields.values_mut().for_each(hide),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => *value = MASK.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn overrides_of_secrets_are_masked() {
        let mut given = Overrides::default();
        for place in ["Secret/a:data.x", "secrets/a:data.y", "ns/Secret/a:data.z", "Pod/Secret:a"] {
            given.sets.insert(place.into(), json!("v"));
        }
        given.patches.push(json!({"kind": "Secret", "data": {"a": "b"}}));
        let shown = overrides(&given);
        let values: Vec<&Value> = shown.sets.values().collect();
        assert_eq!(values, [&json!("v"), &json!("***"), &json!("***"), &json!("***")]);
        assert_eq!(shown.patches[0]["data"]["a"], "***");
        assert!(is_secret("Secret.core/x") && !is_secret("Secret") && !is_secret("a/b"));
    }

    #[test]
    fn secret_values_are_masked_wherever_they_stand() {
        let secrets = "/api/v1/namespaces/web/secrets/x?fieldManager=y";
        for (path, body, shown_as) in [
            ("/api", "", ""),
            ("/api", "<html>", "(6 bytes that are not JSON)"),
            (
                "/api",
                r#"{"kind":"ConfigMap","data":{"a":"b"}}"#,
                r#"{"data":{"a":"b"},"kind":"ConfigMap"}"#,
            ),
            (
                "/api",
                r#"{"kind":"Secret","data":{"a":"b","n":null},"stringData":{"c":"d"},"type":"t"}"#,
                r#"{"data":{"a":"***","n":null},"kind":"Secret","stringData":{"c":"***"},"type":"t"}"#,
            ),
            (
                "/api",
                r#"{"kind":"List","items":[{"kind":"Secret","data":{"a":"b"}},{"kind":"Pod","data":1}]}"#,
                r#"{"items":[{"data":{"a":"***"},"kind":"Secret"},{"data":1,"kind":"Pod"}],"kind":"List"}"#,
            ),
            (
                secrets,
                r#"{"kind":"SecretList","items":[{"data":{"a":"b"}}]}"#,
                r#"{"items":[{"data":{"a":"***"}}],"kind":"SecretList"}"#,
            ),
            (secrets, r#"{"data":{"a":"b"}}"#, r#"{"data":{"a":"***"}}"#),
            (
                secrets,
                r#"[{"op":"test","path":"/data/a","value":"b"},{"op":"remove","path":"/data/c"}]"#,
                r#"[{"op":"test","path":"/data/a","value":"***"},{"op":"remove","path":"/data/c"}]"#,
            ),
            (
                secrets,
                r#"{"kind":"Status","message":"no","details":{"name":"x"}}"#,
                r#"{"details":{"name":"x"},"kind":"Status","message":"no"}"#,
            ),
            (
                "/api",
                r#"{"kind":"Secret","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","a":"b"}}}"#,
                r#"{"kind":"Secret","metadata":{"annotations":{"a":"b","kubectl.kubernetes.io/last-applied-configuration":"***"}}}"#,
            ),
        ] {
            assert_eq!(shown(path, body.as_bytes()), shown_as, "{path} {body}");
        }
    }
}
