//! A fault in an object, in words: what is wrong, what would be right, and which part of the text
//! shows it.

use serde_json::Value;

use super::place::{Found, PathStep};
use crate::{
    schema::{
        Schema,
        openapi::SchemaType,
        rules::FieldError,
        validate::{Finding, Mismatch},
    },
    workload::name::nearest,
};

/// A fault in one object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// The place in the object.
    pub at: Found,
    pub message: String,
    pub expected: Option<String>,
    pub suggestion: Option<String>,
    /// Which part of the text shows it.
    pub shown_by: ShownBy,
    /// Whether a newer API server may see it otherwise.
    pub outdates: bool,
    /// Whether it says that something is there twice.
    pub twice: bool,
}

impl Fault {
    /// Tells whether it follows from what is wrong with the form: what lies in a value of the wrong
    /// type or was derived from it, and the field that a misspelt one was meant to be (`imge` is no
    /// field, and so `image` is missing).
    pub(super) fn follows_from(&self, form: &[Self]) -> bool {
        form.iter().any(|fault| match (fault.shown_by == ShownBy::Key, &fault.suggestion) {
            (false, _) => {
                let derived = self.at.rest.is_some() && fault.at.is_in(&self.at.steps);
                let is_key = self.twice && fault.at.is_within(&self.at);
                self.at.is_within(&fault.at) || derived || is_key
            }
            (true, Some(meant)) => fault.at.beside(meant).as_ref() == Some(&self.at),
            (true, None) => false,
        })
    }

    /// Tells whether a rule has said the same already, with more words or of another part of it.
    pub(super) fn repeats(&self, known: &Self) -> bool {
        known.at == self.at
            || self.twice && known.twice && known.at.is_within(&self.at)
            || self.expected.is_some()
                && self.expected == known.expected
                && self.at.is_within(&known.at)
    }
}

/// Which part of the text shows a fault.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ShownBy {
    /// The key of the field.
    Key,
    /// Its value.
    Value,
    /// In a mapping the key or the value that equals the text, as in labels.
    Entry(String),
}

/// The longest value that a message shows, in characters.
const SHOWN: usize = 40;
/// How many fields are listed where none is near.
const LISTED: usize = 8;
/// How many values are listed at most.
const EXPECTED: usize = 50;
/// Where the API server's path is not that of the manifest.
const ALIASES: [(&str, &str); 3] = [
    ("spec.template.labels", "spec.template.metadata.labels"),
    ("spec.jobTemplate.spec.template.labels", "spec.jobTemplate.spec.template.metadata.labels"),
    ("spec.LoadBalancerSourceRanges", "spec.loadBalancerSourceRanges"),
];

/// Puts a fault of the form into words.
pub(super) fn of_finding(finding: &Finding, body: &Value, schema: &Schema, secret: bool) -> Fault {
    let at = Found::at(body, &finding.path);
    let path = at.to_string();
    match &finding.fault {
        Mismatch::Unknown => unknown(at, schema),
        Mismatch::Type { expected, message } => {
            let value = at.value(body).unwrap_or(&Value::Null);
            let shown = shown(value, secret);
            let form = ["base64", "a quantity", "a time"].iter().any(|it| expected.starts_with(it));
            let message = match value {
                Value::String(_) if *expected == "base64" => format!("`{path}`: {message}"),
                Value::String(_) if form => format!("`{path}` cannot be {shown}"),
                _ => format!("`{path}` takes {expected}, not {shown}"),
            };
            Fault {
                message,
                suggestion: converted(value, expected).filter(|_| !secret),
                expected: Some((*expected).to_owned()),
                shown_by: ShownBy::Value,
                outdates: false,
                twice: false,
                at,
            }
        }
    }
}

/// Puts a field that does not exist into words; the nearest one, or the level where it exists, is
/// probably meant.
pub(super) fn unknown(mut at: Found, schema: &Schema) -> Fault {
    if at == Found::default() {
        // No field of the object itself is the one without a name.
        at.steps.push(PathStep::Key(String::new()));
    }
    // What was not found is called as it was told.
    let (name, above) = match (at.steps.split_last(), &at.rest) {
        (Some((PathStep::Key(name), above)), None) => (&**name, above),
        (_, rest) => (rest.as_deref().unwrap_or_default(), &*at.steps),
    };
    let levels = levels(schema, above);
    let fields: Vec<&str> = levels
        .last()
        .map(|level| level.properties.keys().map(AsRef::as_ref).collect())
        .unwrap_or_default();
    let near = same_but_for_case(name, &fields).or_else(|| nearest(name, fields.iter().copied()));
    let suggestion = near.map(str::to_owned).or_else(|| {
        // A field that slipped in too deep is one of a level above.
        let mut above_it = (0..levels.len().saturating_sub(1)).rev();
        let depth = above_it.find(|&depth| levels[depth].properties.contains_key(name))?;
        let meant = Found { steps: at.steps[..depth].to_vec(), rest: Some(name.to_owned()) };
        Some(meant.to_string())
    });
    let expected = (suggestion.is_none() && !fields.is_empty() && fields.len() <= LISTED)
        .then(|| format!("one of {}", fields.join(", ")));
    Fault {
        message: format!("there is no field `{at}`"),
        expected,
        suggestion,
        shown_by: ShownBy::Key,
        outdates: true,
        twice: false,
        at,
    }
}

/// Gives the schemas on the way to a place, the outermost first.
fn levels<'s>(schema: &'s Schema, steps: &[PathStep]) -> Vec<&'s Schema> {
    let mut levels = vec![schema.resolved()];
    for step in steps {
        let current = levels.last().expect("the outermost is there");
        let next = match (step, current.kind) {
            (PathStep::Index(_), SchemaType::Array) => current.item(),
            (PathStep::Key(name), _) => current.field(name),
            (PathStep::Index(_), _) => None,
        };
        match next {
            Some(next) => levels.push(next.resolved()),
            None => return Vec::new(),
        }
    }
    levels
}

fn same_but_for_case<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// Puts a fault of the meaning into words.
pub(super) fn of_cause(cause: &FieldError, body: &Value, secret: bool) -> Fault {
    let FieldError { reason, message, field, detail, value, supported } = cause;
    let field = ALIASES.iter().find(|(path, _)| path == field).map_or(&**field, |(_, path)| path);
    let at = Found::at(body, if field == "<nil>" { "" } else { field });
    let path = at.to_string();
    let shown = shown(value, secret);
    let detail = plain(detail, &path);
    let text = value.as_str().unwrap_or_default();
    let near = nearest(text, supported.iter().map(String::as_str)).map(str::to_owned);
    let near = supported.iter().find(|known| known.eq_ignore_ascii_case(text)).cloned().or(near);
    let expected = match supported.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many if many.len() > EXPECTED => None,
        several => Some(format!("one of {}", several.join(", "))),
    };
    let colon = |text: String| if detail.is_empty() { text } else { format!("{text}: {detail}") };
    let message = match *reason {
        "FieldValueRequired" if at.rest.is_some() => colon(format!("`{path}` is missing")),
        "FieldValueRequired" if detail.is_empty() => format!("`{path}` is empty"),
        "FieldValueRequired" => format!("`{path}`: {detail}"),
        "FieldValueNotSupported" => format!("`{path}` cannot be {shown}"),
        "FieldValueDuplicate" => match value {
            Value::Object(keys) => {
                let keys = keys.iter().map(|(key, value)| match value {
                    Value::String(text) => format!("{key}: {text}"),
                    other => format!("{key}: {other}"),
                });
                let keys: Vec<String> = keys.collect();
                format!("`{path}` has `{}` like an item before it", keys.join(", "))
            }
            _ => format!("`{path}` is there twice: {shown}"),
        },
        "FieldValueForbidden" => colon(format!("`{path}` is forbidden")),
        _ if detail.is_empty() => format!("`{path}`: {message}"),
        _ if path.is_empty() => detail.clone(),
        // A structure is no help.
        _ if text.is_empty() && !value.is_number() && !value.is_boolean() => {
            format!("`{path}`: {detail}")
        }
        _ => format!("`{path}` cannot be {shown}: {detail}"),
    };
    Fault {
        message,
        expected,
        suggestion: near,
        shown_by: match (value, at.steps.last()) {
            (Value::String(text), Some(PathStep::Key(key))) if text == key => ShownBy::Key,
            (Value::String(text), _) => ShownBy::Entry(text.clone()),
            _ => ShownBy::Value,
        },
        // A newer server may know more of them.
        outdates: !supported.is_empty() && *reason != "FieldValueNotFound",
        twice: *reason == "FieldValueDuplicate",
        at,
    }
}

/// Says it without the path again, and without the regular expression that nobody reads.
fn plain(detail: &str, path: &str) -> String {
    let detail =
        detail.strip_prefix(path).map_or(detail, |rest| rest.trim_start_matches(" in body "));
    match detail.split_once(", regex used for validation is ") {
        Some((before, after)) if before.contains('(') => {
            format!("{before}){}", after.rsplit_once(')').map_or("", |(_, rest)| rest))
        }
        _ => detail.to_owned(),
    }
}

/// Shows a value in a message, with what it is.
fn shown(value: &Value, secret: bool) -> String {
    match value {
        Value::Bool(_) if secret => "a boolean".to_owned(),
        Value::Number(_) if secret => "a number".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(_) if secret => "that text".to_owned(),
        Value::String(text) if text.chars().count() > SHOWN => {
            format!("the text \"{}…\"", text.chars().take(SHOWN).collect::<String>())
        }
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// Gives the value that a field takes, written as it takes it.
fn converted(value: &Value, expected: &str) -> Option<String> {
    match (value, expected) {
        (Value::Number(_) | Value::Bool(_), "text") => Some(format!("\"{value}\"")),
        (Value::String(text), "a whole number") => {
            text.trim().parse::<i64>().ok().map(|number| number.to_string())
        }
        (Value::String(text), "true or false") => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" => Some("true".to_owned()),
            "false" | "no" | "off" => Some("false".to_owned()),
            _ => None,
        },
        _ => None,
    }
}
