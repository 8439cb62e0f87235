//! Checks the form of an object against its schema: fields that do not exist and values of the
//! wrong type, in the words of the API server's decoder.

use serde_json::Value;

use super::{
    openapi::{Schema, SchemaType},
    place::{Place, Step},
};

mod scalar;

pub(crate) use scalar::BASE64;
use scalar::scalar_fault;

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
    /// The value has the wrong type or form.
    Type {
        /// The decoder's own message.
        message: String,
        /// What the field takes, as a noun: `a whole number`.
        expected: &'static str,
    },
}

impl Finding {
    /// The server's words for it: `unknown field "spec.foo"`.
    pub(crate) fn message(&self) -> String {
        match &self.fault {
            Mismatch::Unknown => format!("unknown field \"{}\"", self.path),
            Mismatch::Type { message, .. } => message.clone(),
        }
    }
}

/// Checks a value against a schema; `owner` is the name of the type that the schema describes.
pub(crate) fn check_against(value: &Value, schema: &Schema, owner: &str) -> Vec<Finding> {
    let mut walk = Walk { findings: Vec::new() };
    walk.value(value, schema, &Place::root(owner));
    walk.findings
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
                    let below = |step| Place { above: Some(place), step, owner };
                    let declared = resolved.properties.get(name.as_str());
                    match (declared, resolved.additional.as_deref()) {
                        (Some(schema), _) => self.value(field, schema, &below(Step::Field(name))),
                        (None, Some(schema)) => {
                            self.value(field, schema, &below(Step::Entry(name)));
                        }
                        (None, None) if resolved.is_open() => {}
                        (None, None) => self.find(&below(Step::Field(name)), Mismatch::Unknown),
                    }
                }
            }
            (SchemaType::Array, Value::Array(items)) => {
                if let Some(schema) = resolved.item() {
                    for (index, item) in items.iter().enumerate() {
                        let step = Step::Item(index);
                        self.value(item, schema, &Place { above: Some(place), step, ..*place });
                    }
                }
            }
            (_, value) => {
                if let Some(message) = scalar_fault(value, schema, place) {
                    let expected = expected(resolved);
                    self.find(place, Mismatch::Type { message, expected });
                }
            }
        }
    }

    fn find(&mut self, place: &Place<'_>, fault: Mismatch) {
        self.findings.push(Finding { path: place.path(), fault });
    }
}

/// Says what a schema takes.
fn expected(schema: &Schema) -> &'static str {
    match schema.kind {
        SchemaType::Any | SchemaType::Opaque => "any value",
        SchemaType::Object => "a mapping",
        SchemaType::Array => "a list",
        SchemaType::String if schema.format.as_deref() == Some("byte") => "base64",
        SchemaType::String => "text",
        SchemaType::Integer => "a whole number",
        SchemaType::Number => "a number",
        SchemaType::Boolean => "true or false",
        SchemaType::Quantity => "a quantity, such as 500m or 1Gi",
        SchemaType::IntOrString => "a whole number or text",
        SchemaType::Time | SchemaType::MicroTime => "a time, such as 2026-01-31T12:00:00Z",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{Gvk, openapi, quantity::MALFORMED};

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
