//! What a workload file may hold, as one table: the strict reading and the JSON Schema both come
//! from it, so that an editor and the program cannot disagree.

use serde_json::Value;

use crate::workload::{
    error::Code,
    manifest::describe,
    name::nearest,
    yaml::{Problem, YamlNode},
};

/// What a value of a workload file has to be.
pub(super) enum Shape {
    /// This text and no other.
    Only(&'static str),
    Text,
    /// A number of replicas: Kubernetes counts them in 31 bits.
    Replicas,
    /// Any value.
    Any,
    /// A mapping of which only the keys given here are looked at.
    Open(&'static [Field]),
    /// A list, with or without items.
    List(&'static Shape),
    /// A list with an item at least.
    Items(&'static Shape),
    /// A mapping whose keys are free.
    Map(&'static Shape),
    /// A mapping that has these keys and no others.
    Fields(&'static [Field]),
    /// Something that only Threeport's control plane can do.
    ControlPlane,
}

/// A key of a mapping.
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// What it is, for whoever writes the file.
    pub(super) about: &'static str,
}

impl Field {
    /// Makes a key that has to be there.
    pub(super) const fn required(key: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { key, shape, required: true, about }
    }

    /// Makes a key that may be left out; `null` is the same as leaving it out.
    pub(super) const fn optional(key: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { key, shape, required: false, about }
    }
}

/// Tells everything that is wrong with a document.
pub(super) fn check(shape: &Shape, value: &Value, node: YamlNode<'_>) -> Vec<Problem> {
    let mut check = Check::default();
    check.value(shape, value, node, "");
    check.problems
}

#[derive(Default)]
struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn value(&mut self, shape: &Shape, value: &Value, node: YamlNode<'_>, path: &str) {
        match (shape, value) {
            (Shape::Any, _) | (Shape::Text, Value::String(_)) => {}
            (Shape::Only(wanted), Value::String(text)) if text == wanted => {}
            (Shape::Only(wanted), _) => {
                let given = node.text().map_or_else(|| describe(value), |text| format!("`{text}`"));
                self.say(node, format!("{path} is {given}, only `{wanted}` is known"));
            }
            (Shape::Replicas, Value::Number(count))
                if count.as_u64().is_some_and(|count| count <= i32::MAX as u64) => {}
            (Shape::Items(_), Value::Array(items)) if items.is_empty() => {
                self.say(node, format!("{path} has no items"));
            }
            (Shape::List(shape) | Shape::Items(shape), Value::Array(items)) => {
                for (index, (item, node)) in items.iter().zip(node.items()).enumerate() {
                    self.value(shape, item, node, &format!("{path}[{index}]"));
                }
            }
            (Shape::Map(shape), Value::Object(entries)) => {
                for (key, value) in entries {
                    let inner = node.field(key).unwrap_or(node);
                    self.value(shape, value, inner, &format!("{path}[{key}]"));
                }
            }
            (Shape::Open(fields), Value::Object(_)) => self.fields(fields, value, node, path),
            (Shape::Fields(fields), Value::Object(entries)) => {
                let known = || fields.iter().map(|field| field.key);
                for key in entries.keys().filter(|key| known().all(|known| known != **key)) {
                    self.unknown(key, known(), node, path);
                }
                self.fields(fields, value, node, path);
            }
            (Shape::ControlPlane, _) => {
                let message = format!("{path} needs Threeport's control plane");
                let problem = Problem::new(Code::UnsupportedMember, node.position(), message);
                self.problems.push(problem.hint(
                    "take these members out; docs/from-threeport.md says what does their work here",
                ));
            }
            (Shape::Text, Value::Number(_) | Value::Bool(_)) => {
                let text = node.text().unwrap_or_default();
                let message =
                    format!("{path} takes {}, this is {}", shape.wanted(), describe(value));
                self.add(node, message, Some(format!("put it in quotes: \"{text}\"")));
            }
            _ => self
                .say(node, format!("{path} takes {}, this is {}", shape.wanted(), describe(value))),
        }
    }

    fn fields(&mut self, fields: &[Field], value: &Value, node: YamlNode<'_>, path: &str) {
        for Field { key, shape, required, about: _ } in fields {
            let path = join(path, key);
            match value.get(key) {
                None | Some(Value::Null) if *required => {
                    self.say(node, format!("{path} is missing"));
                }
                None | Some(Value::Null) => {}
                Some(value) => {
                    // A member that is not supported is told by its own line.
                    let inner = match shape {
                        Shape::ControlPlane => node.key(key),
                        _ => node.field(key),
                    };
                    self.value(shape, value, inner.unwrap_or(node), &path);
                }
            }
        }
    }

    fn unknown(
        &mut self,
        key: &str,
        known: impl Iterator<Item = &'static str>,
        node: YamlNode<'_>,
        path: &str,
    ) {
        let known: Vec<&str> = known.collect();
        let hint = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        let place = node.key(key).unwrap_or(node);
        self.add(place, format!("unknown key {}", join(path, key)), Some(hint));
    }

    fn say(&mut self, node: YamlNode<'_>, message: String) {
        self.add(node, message, None);
    }

    fn add(&mut self, node: YamlNode<'_>, message: String, hint: Option<String>) {
        let problem = Problem::new(Code::WorkloadFile, node.position(), message);
        self.problems.push(Problem { hint, ..problem });
    }
}

impl Shape {
    fn wanted(&self) -> &'static str {
        match self {
            Self::Only(_) | Self::Text => "a text",
            Self::Replicas => "a number of replicas",
            Self::Any | Self::ControlPlane => "a value",
            Self::List(_) | Self::Items(_) => "a list",
            Self::Open(_) | Self::Map(_) | Self::Fields(_) => "a mapping",
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
