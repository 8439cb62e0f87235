//! Fields of an object: the paths in which the server names them, and `FieldsV1`, the tree of
//! those that a manager holds.
//!
//! A node of the tree is a member where it is empty or has the key `.`; what else is in it lies
//! below it. Whether a body sets a field is read off the body, so that no schema is needed.

mod missing;

use std::fmt;

use serde_json::{Map, Value, json};

pub(crate) use missing::missing;

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OwnedPathElement {
    /// A field of an object: `.name`.
    Field(String),
    /// The item of a list that has these keys: `[name="c"]`.
    Item(Map<String, Value>),
    /// An item of a set: `[="x"]`.
    OwnedField(Value),
    /// An item by its place: `[0]`.
    Index(usize),
}

impl OwnedPathElement {
    /// Reads a key of `FieldsV1`.
    fn of_key(key: &str) -> Option<Self> {
        let (kind, rest) = key.split_at_checked(2)?;
        match kind {
            "f:" => Some(Self::Field(rest.to_owned())),
            "k:" => serde_json::from_str(rest).ok().map(Self::Item),
            "v:" => serde_json::from_str(rest).ok().map(Self::OwnedField),
            "i:" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    fn index(&self, items: &[Value]) -> Option<usize> {
        match self {
            Self::Field(_) => None,
            Self::Item(keys) => items.iter().position(|item| has_keys(item, keys)),
            Self::OwnedField(value) => items.iter().position(|item| item == value),
            Self::Index(index) => (*index < items.len()).then_some(*index),
        }
    }

    fn enter<'a>(&self, place: &'a Value) -> Option<&'a Value> {
        match self {
            Self::Field(name) => place.get(name),
            step => {
                let items = place.as_array()?;
                items.get(step.index(items)?)
            }
        }
    }
}

/// A key that a body leaves out has its default on the server.
fn has_keys(item: &Value, keys: &Map<String, Value>) -> bool {
    item.is_object()
        && keys.iter().all(|(key, value)| match item.get(key) {
            Some(found) => found == value,
            // Of the keys of built-in lists (x-kubernetes-list-map-keys) only a port's protocol
            // has a default.
            None => key == "protocol" && value == "TCP",
        })
}

impl fmt::Display for OwnedPathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Item(keys) => {
                let keys: Vec<String> =
                    keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                write!(f, "[{}]", keys.join(","))
            }
            Self::OwnedField(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// Shows a path as the server does, without the dot at its beginning.
pub(crate) fn shown(path: &[OwnedPathElement]) -> String {
    let text: String = path.iter().map(ToString::to_string).collect();
    text.trim_start_matches('.').to_owned()
}

/// Gives what a path leads to in an object.
pub(crate) fn value_at<'a>(object: &'a Value, path: &[OwnedPathElement]) -> Option<&'a Value> {
    path.iter().try_fold(object, |place, step| step.enter(place))
}

/// Tells whether a body sets a field, or something below it.
pub(crate) fn is_in(body: &Value, path: &[OwnedPathElement]) -> bool {
    value_at(body, path).is_some()
}

/// Finds the path that the server's text names in a body: the names of labels and keys have dots
/// in them, and only the body tells where they end.
pub(crate) fn find(body: &Value, text: &str) -> Option<Vec<OwnedPathElement>> {
    let mut path = Vec::new();
    let (mut place, mut rest) = (body, text.trim_start_matches('.'));
    while !rest.is_empty() {
        let step = if let Some(inner) = rest.strip_prefix('[') {
            let end = closing(inner)?;
            rest = &inner[end + 1..];
            item(&inner[..end])?
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            // The longest that fits: `app.kubernetes.io/name` must not be read as `app`.
            let known = place.as_object()?.keys().filter(|key| {
                let after = name.strip_prefix(key.as_str());
                after.is_some_and(|after| after.is_empty() || after.starts_with(['.', '[']))
            });
            let key = known.max_by_key(|key| key.len())?;
            rest = &name[key.len()..];
            OwnedPathElement::Field(key.clone())
        };
        place = step.enter(place)?;
        path.push(step);
    }
    (!path.is_empty()).then_some(path)
}

fn item(text: &str) -> Option<OwnedPathElement> {
    if let Some(value) = text.strip_prefix('=') {
        return serde_json::from_str(value).ok().map(OwnedPathElement::OwnedField);
    }
    if let Ok(index) = text.parse() {
        return Some(OwnedPathElement::Index(index));
    }
    let (mut keys, mut rest) = (Map::new(), text);
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=')?;
        let mut in_quotes = false;
        let end = value.find(|character| {
            in_quotes ^= character == '"';
            character == ',' && !in_quotes
        });
        let (value, after) = value.split_at(end.unwrap_or(value.len()));
        keys.insert(key.to_owned(), serde_json::from_str(value).ok()?);
        rest = after.trim_start_matches(',');
    }
    Some(OwnedPathElement::Item(keys))
}

/// Finds the bracket that closes a list key, outside quotes.
fn closing(text: &str) -> Option<usize> {
    let mut in_quotes = false;
    text.char_indices().find_map(|(index, character)| {
        in_quotes ^= character == '"';
        (character == ']' && !in_quotes).then_some(index)
    })
}

/// Takes a field that the server's text names out of a body, and the maps that are empty then.
/// Tells whether it was there.
pub(crate) fn take_out(body: &mut Value, text: &str) -> bool {
    match find(body, text) {
        Some(path) => {
            remove(body, &path);
            true
        }
        None => false,
    }
}

/// Removes what a path leads to; tells whether the place is empty then.
fn remove(place: &mut Value, path: &[OwnedPathElement]) -> bool {
    let Some((step, rest)) = path.split_first() else { return true };
    match place {
        Value::Object(fields) => {
            let OwnedPathElement::Field(name) = step else { return false };
            if fields.get_mut(name).is_some_and(|child| remove(child, rest)) {
                fields.remove(name);
            }
            fields.is_empty()
        }
        Value::Array(items) => {
            let Some(index) = step.index(items) else { return false };
            if remove(&mut items[index], rest) {
                items.remove(index);
            }
            items.is_empty()
        }
        _ => false,
    }
}

/// A member of a set of fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OwnedField {
    pub path: Vec<OwnedPathElement>,
    /// Whether it stands for a map or an item as such, beside what lies in it.
    pub is_whole: bool,
}

/// Lists the members of a set.
pub(crate) fn members(fields: &Value) -> Vec<OwnedField> {
    let mut members = Vec::new();
    split(fields, &mut |path, is_whole| {
        members.push(OwnedField { path: path.to_vec(), is_whole });
        false
    });
    members
}

/// Tells whether a set has a field, or something below it.
pub(crate) fn has(fields: &Value, path: &[OwnedPathElement]) -> bool {
    let Some((step, rest)) = path.split_first() else { return true };
    fields.as_object().is_some_and(|children| {
        children.iter().any(|(key, child)| {
            OwnedPathElement::of_key(key).as_ref() == Some(step) && has(child, rest)
        })
    })
}

/// Splits a set into the members that `goes` tells, and the rest. `goes` is asked with the path,
/// and whether the member is a map or an item as such, beside what lies in it.
pub(crate) fn split(
    fields: &Value,
    goes: &mut impl FnMut(&[OwnedPathElement], bool) -> bool,
) -> (Option<Value>, Option<Value>) {
    split_below(fields, &mut Vec::new(), goes)
}

fn split_below(
    node: &Value,
    path: &mut Vec<OwnedPathElement>,
    goes: &mut impl FnMut(&[OwnedPathElement], bool) -> bool,
) -> (Option<Value>, Option<Value>) {
    let Some(children) = node.as_object().filter(|children| !children.is_empty()) else {
        return if goes(path, false) {
            (Some(node.clone()), None)
        } else {
            (None, Some(node.clone()))
        };
    };
    let (mut gone, mut rest) = (Map::new(), Map::new());
    for (key, child) in children {
        let (left, right) = if key == "." {
            if goes(path, true) { (Some(json!({})), None) } else { (None, Some(json!({}))) }
        } else if let Some(step) = OwnedPathElement::of_key(key) {
            path.push(step);
            let split = split_below(child, path, goes);
            path.pop();
            split
        } else {
            (None, Some(child.clone()))
        };
        gone.extend(left.map(|left| (key.clone(), left)));
        rest.extend(right.map(|right| (key.clone(), right)));
    }
    (tidy(gone), tidy(rest))
}

/// A member without anything below it is an empty node.
fn tidy(mut children: Map<String, Value>) -> Option<Value> {
    match (children.len(), children.contains_key(".")) {
        (0, _) => None,
        (1, true) => {
            children.clear();
            Some(Value::Object(children))
        }
        _ => Some(Value::Object(children)),
    }
}

/// Adds the members of one set to another; neither of them is empty.
pub(crate) fn add(fields: &mut Value, more: &Value) {
    let (Some(fields), Some(more)) = (fields.as_object_mut(), more.as_object()) else { return };
    if fields.is_empty() != more.is_empty() {
        fields.insert(".".to_owned(), json!({}));
    }
    for (key, child) in more {
        match fields.get_mut(key) {
            Some(own) => add(own, child),
            None => _ = fields.insert(key.clone(), child.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
