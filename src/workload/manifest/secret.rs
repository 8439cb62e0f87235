//! A Secret's `stringData`, turned into `data` before it is sent: under server-side apply the
//! server would neither remove a key that left `stringData` nor notice edits of `data`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

/// Turns `stringData` of a Secret into `data`; where both have a key, `stringData` wins. Bodies
/// whose fields are not mappings of texts are left for others to judge.
pub(in crate::workload) fn encode_string_data(body: &mut Value) {
    let Some(fields) = body.as_object_mut() else { return };
    let strings = match fields.get("stringData") {
        Some(Value::Null) => Map::new(),
        Some(Value::Object(strings)) => strings.clone(),
        _ => return,
    };
    let mut data = match fields.get("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data.clone(),
        Some(_) => return,
    };
    for (key, value) in &strings {
        // The server reads null as the empty text.
        let text = match value {
            Value::Null => "",
            Value::String(text) => text,
            _ => return,
        };
        data.insert(key.clone(), STANDARD.encode(text).into());
    }
    fields.remove("stringData");
    if !strings.is_empty() {
        fields.insert("data".to_owned(), data.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn string_data_wins_per_key() {
        for (mut body, expected) in [
            (
                json!({"stringData": {"a": "hi", "n": null}}),
                json!({"data": {"a": "aGk=", "n": ""}}),
            ),
            (
                json!({"data": {"a": "eA==", "b": "eQ=="}, "stringData": {"a": "hi"}}),
                json!({"data": {"a": "aGk=", "b": "eQ=="}}),
            ),
            (json!({"data": null, "stringData": {"a": "é"}}), json!({"data": {"a": "w6k="}})),
            (json!({"data": null, "stringData": null}), json!({"data": null})),
            (json!({"stringData": {}}), json!({})),
            (json!({"data": {"a": "eA=="}}), json!({"data": {"a": "eA=="}})),
            (json!({"stringData": {"a": 1}}), json!({"stringData": {"a": 1}})),
        ] {
            encode_string_data(&mut body);
            assert_eq!(body, expected);
        }
    }
}
