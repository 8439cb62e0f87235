//! Checks the form of an object against its schema: fields that do not exist and values of the
//! wrong type, in the words of the API server's decoder.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    openapi::{Schema, SchemaType},
    quantity::{MALFORMED, Quantity},
};

/// One fault in the form of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where: `spec.template.spec.containers[0].image`.
    pub path: String,
    /// What.
    pub fault: Mismatch,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// There is no such field.
    Unknown,
    /// The value has the wrong type; the text is the decoder's own message.
    Type(String),
}

impl Finding {
    /// The server's words for it: `unknown field "spec.foo"`.
    pub(crate) fn message(&self) -> String {
        match &self.fault {
            Mismatch::Unknown => format!("unknown field \"{}\"", self.path),
            Mismatch::Type(message) => message.clone(),
        }
    }
}

/// Checks a value against a schema; `owner` is the name of the type that the schema describes.
pub(crate) fn check_against(value: &Value, schema: &Schema, owner: &str) -> Vec<Finding> {
    let mut walk = Walk { findings: Vec::new() };
    walk.value(value, schema, &Place { path: String::new(), plain: String::new(), owner });
    walk.findings
}

struct Place<'a> {
    /// With list indices.
    path: String,
    /// Without them, as Go names it.
    plain: String,
    /// The innermost struct.
    owner: &'a str,
}

impl Place<'_> {
    fn child<'a>(&'a self, name: &str, owner: &'a str) -> Place<'a> {
        let join = |path: &str| {
            if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
        };
        Place { path: join(&self.path), plain: join(&self.plain), owner }
    }

    fn item(&self, index: usize) -> Place<'_> {
        Place {
            path: format!("{}[{index}]", self.path),
            plain: self.plain.clone(),
            owner: self.owner,
        }
    }
}

struct Walk {
    findings: Vec<Finding>,
}

impl Walk {
    fn value(&mut self, value: &Value, schema: &Schema, place: &Place<'_>) {
        let resolved = schema.resolved();
        match (resolved.kind, value) {
            // Go takes null for the zero value of any type.
            (_, Value::Null) | (SchemaType::Any | SchemaType::Opaque, _) => {}
            (SchemaType::Object, Value::Object(fields)) => {
                let struct_name = schema.go_name();
                let owner = if struct_name.is_empty() || resolved.properties.is_empty() {
                    place.owner
                } else {
                    struct_name
                };
                for (name, field) in fields {
                    let child = place.child(name, owner);
                    match resolved.field(name) {
                        Some(schema) if resolved.properties.contains_key(name.as_str()) => {
                            self.value(field, schema, &child);
                        }
                        // Go names a map by its field, without the key.
                        Some(schema) => {
                            let entry =
                                Place { path: child.path, plain: place.plain.clone(), owner };
                            self.value(field, schema, &entry);
                        }
                        None if resolved.is_open() => {}
                        None => self.find(&child, Mismatch::Unknown),
                    }
                }
            }
            (SchemaType::Array, Value::Array(items)) => {
                if let Some(schema) = resolved.item() {
                    for (index, item) in items.iter().enumerate() {
                        self.value(item, schema, &place.item(index));
                    }
                }
            }
            (_, value) => {
                if let Some(message) = scalar_fault(value, schema, place) {
                    self.find(place, Mismatch::Type(message));
                }
            }
        }
    }

    fn find(&mut self, place: &Place<'_>, fault: Mismatch) {
        self.findings.push(Finding { path: place.path.clone(), fault });
    }
}

fn scalar_fault(value: &Value, schema: &Schema, place: &Place<'_>) -> Option<String> {
    let resolved = schema.resolved();
    match (resolved.kind, value) {
        (SchemaType::String, Value::String(text)) => {
            let bytes = resolved.format.as_deref() == Some("byte");
            // Go ignores line breaks in base64.
            let plain: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            let broken = bytes.then(|| STANDARD.decode(&plain).err()).flatten()?;
            let offset = match broken {
                base64::DecodeError::InvalidByte(offset, _)
                | base64::DecodeError::InvalidLastSymbol(offset, _) => offset,
                base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
                    plain.len() / 4 * 4
                }
            };
            Some(format!("illegal base64 data at input byte {offset}"))
        }
        (SchemaType::Time, Value::String(text)) => text.parse::<jiff::Timestamp>().err().map(|_| {
            format!(
                "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" \
                 as \"2006\""
            )
        }),
        (SchemaType::MicroTime, Value::String(text)) => micro_time_fault(text),
        (SchemaType::Quantity, Value::String(text)) => {
            Quantity::parse(text.trim()).is_none().then(|| MALFORMED.to_owned())
        }
        (SchemaType::Boolean, Value::Bool(_))
        | (SchemaType::Quantity | SchemaType::Number | SchemaType::IntOrString, Value::Number(_))
        | (SchemaType::IntOrString, Value::String(_)) => None,
        (SchemaType::Integer, Value::Number(number)) if is_whole(number) => None,
        _ => Some(cannot_unmarshal(value, schema, place)),
    }
}

/// Reads a time as Go's `time.Parse` does by the layout of `RFC3339Micro`; gives its words for what
/// does not fit.
fn micro_time_fault(text: &str) -> Option<String> {
    const LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";
    let elements =
        ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05", ".000000", "Z07:00"];
    let mut rest = text;
    for element in elements {
        let fits = |part: &str| {
            part.len() == element.len()
                && part.bytes().zip(element.bytes()).all(|(found, wanted)| {
                    if wanted.is_ascii_digit() { found.is_ascii_digit() } else { found == wanted }
                })
        };
        let is_zone = |part: &str| part == "Z" || part.starts_with(['+', '-']);
        let length = if element == "Z07:00" { rest.len() } else { element.len() };
        match rest.split_at_checked(length) {
            Some((part, _)) if element == "Z07:00" && !is_zone(part) => {}
            Some((part, after)) if element == "Z07:00" || fits(part) => {
                rest = after;
                continue;
            }
            _ => {}
        }
        return Some(format!(
            "parsing time \"{text}\" as \"{LAYOUT}\": cannot parse \"{rest}\" as \"{element}\""
        ));
    }
    let is_none = text.parse::<jiff::Timestamp>().is_err();
    is_none.then(|| format!("parsing time \"{text}\": out of range"))
}

fn is_whole(number: &serde_json::Number) -> bool {
    number.is_i64()
        || number.is_u64()
        || number.as_f64().is_some_and(|value| value.fract() == 0.0 && value.abs() < 1e18)
}

fn cannot_unmarshal(value: &Value, schema: &Schema, place: &Place<'_>) -> String {
    let found = match value {
        Value::Number(number) if schema.resolved().kind == SchemaType::Integer => {
            return format!(
                "json: cannot unmarshal number {number} into Go struct field {}.{} of type {}",
                place.owner,
                place.plain,
                go_type(schema)
            );
        }
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if place.plain.is_empty() {
        return format!("json: cannot unmarshal {found} into Go value of type {}", go_type(schema));
    }
    format!(
        "json: cannot unmarshal {found} into Go struct field {}.{} of type {}",
        place.owner,
        place.plain,
        go_type(schema)
    )
}

fn go_type(schema: &Schema) -> String {
    let resolved = schema.resolved();
    match resolved.kind {
        SchemaType::String
        | SchemaType::Time
        | SchemaType::MicroTime
        | SchemaType::Quantity
        | SchemaType::IntOrString => "string".to_owned(),
        SchemaType::Integer => resolved.format.as_deref().unwrap_or("int64").to_owned(),
        SchemaType::Number => "float64".to_owned(),
        SchemaType::Boolean => "bool".to_owned(),
        SchemaType::Array => {
            format!("[]{}", resolved.item().map_or("interface {}".to_owned(), go_type))
        }
        SchemaType::Object if resolved.properties.is_empty() => format!(
            "map[string]{}",
            resolved.additional.as_deref().map_or("interface {}".to_owned(), go_type)
        ),
        SchemaType::Object | SchemaType::Any | SchemaType::Opaque => {
            let mut parts = schema.reference.as_deref().unwrap_or_default().rsplit('.');
            match (parts.next(), parts.next()) {
                (Some(name), Some(version)) => format!("{version}.{name}"),
                _ => "map[string]interface {}".to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{Gvk, openapi};

    fn check(object: &Value, gvk: &Gvk) -> Vec<Finding> {
        check_against(object, openapi().of(gvk).unwrap(), &gvk.kind)
    }

    #[test]
    fn faults_are_named_in_the_servers_words() {
        let deployment = Gvk::new("apps", "v1", "Deployment");
        let config_map = Gvk::new("", "v1", "ConfigMap");
        let pod = |container: Value| json!({"spec": {"template": {"spec": {"containers": [{"name": "a"}, container]}}}});
        let unmarshal = "json: cannot unmarshal";
        let cases: [(&Gvk, Value, String); 9] = [
            (&config_map, json!({"dta": {}}), "unknown field \"dta\"".into()),
            (&config_map, json!({"metadata": {"foo": 1}}), "unknown field \"metadata.foo\"".into()),
            (
                &config_map,
                json!({"data": {"a": 1}}),
                format!("{unmarshal} number into Go struct field ConfigMap.data of type string"),
            ),
            (
                &deployment,
                json!({"spec": {"replicas": "3"}}),
                format!(
                    "{unmarshal} string into Go struct field DeploymentSpec.spec.replicas of type int32"
                ),
            ),
            (
                &deployment,
                json!({"spec": {"replicas": 1.5}}),
                format!(
                    "{unmarshal} number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"
                ),
            ),
            (
                &deployment,
                pod(json!({"imge": "x"})),
                "unknown field \"spec.template.spec.containers[1].imge\"".into(),
            ),
            (
                &deployment,
                pod(json!({"image": 1})),
                format!(
                    "{unmarshal} number into Go struct field \
                     Container.spec.template.spec.containers.image of type string"
                ),
            ),
            (&deployment, pod(json!({"resources": {"limits": {"cpu": "1x"}}})), MALFORMED.into()),
            (
                &Gvk::new("", "v1", "Secret"),
                json!({"data": {"a": "YQ!="}}),
                "illegal base64 data at input byte 2".into(),
            ),
        ];
        for (gvk, object, expected) in cases {
            let messages: Vec<_> = check(&object, gvk).iter().map(Finding::message).collect();
            assert_eq!(messages, [expected], "{object}");
        }
    }

    #[test]
    fn what_fits_is_not_found() {
        let cases = [
            json!({"spec": {"replicas": 1.0, "template": {"spec": {"containers": null}}}}),
            json!({"spec": {"strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}}}),
            json!({"metadata": {"labels": {"a": "b"}, "creationTimestamp": null}}),
            json!({"spec": {"template": {"spec": {"containers": [
                {"name": "a", "resources": {"limits": {"cpu": 1, "memory": "1Gi"}}}
            ]}}}}),
        ];
        for object in cases {
            assert_eq!(check(&object, &Gvk::new("apps", "v1", "Deployment")), [], "{object}");
        }
    }
}
