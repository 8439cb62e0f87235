//! Structured merge: walks objects with their schema to merge, compare and prune them, as
//! sigs.k8s.io/structured-merge-diff does it for server-side apply.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde_json::{Map, Value, json};

use super::fields::{FieldSet, PathElement};
use crate::schema::{
    Schema,
    openapi::{ListType, SchemaType},
};

mod check;
mod compare;

pub(super) use check::validate;
pub(super) use compare::{Comparison, compare};

/// The schema of what is not declared: its form follows from the value.
static DEDUCED: LazyLock<Schema> = LazyLock::new(|| Schema::parse(&json!({})));

/// How a value is taken apart.
enum Atom {
    Scalar,
    /// Replaced as a whole.
    Leaf,
    List,
    Map,
}

fn atom(schema: &Schema, value: Option<&Value>) -> Atom {
    let resolved = schema.resolved();
    let list = || {
        // Either the reference or what it refers to may say how the list is merged.
        if resolved.list == ListType::Atomic && schema.list == ListType::Atomic {
            Atom::Leaf
        } else {
            Atom::List
        }
    };
    let map = || if schema.is_atomic() { Atom::Leaf } else { Atom::Map };
    match resolved.kind {
        SchemaType::Object => map(),
        SchemaType::Array => list(),
        SchemaType::Opaque => Atom::Leaf,
        SchemaType::Any => match value {
            Some(Value::Object(_)) | None => map(),
            // The deduced type: maps are merged, lists replaced.
            Some(Value::Array(_)) => Atom::Leaf,
            Some(_) => Atom::Scalar,
        },
        _ => Atom::Scalar,
    }
}

/// The schema of a field, if only a deduced one.
fn field<'a>(schema: &'a Schema, name: &str) -> &'a Schema {
    schema.field(name).unwrap_or(&DEDUCED)
}

fn item(schema: &Schema) -> &Schema {
    schema.item().unwrap_or(&DEDUCED)
}

/// The step that leads to an item of a list: by its keys or its value.
fn path_element(schema: &Schema, value: &Value) -> Result<PathElement, String> {
    let resolved = schema.resolved();
    let ListType::Map(keys) = &resolved.list else {
        return match value {
            Value::Object(_) => {
                Err("associative list without keys has an element that's a map type".into())
            }
            Value::Array(_) => Err("not supported: associative list with lists as elements".into()),
            Value::Null => {
                Err("associative list without keys has an element that's an explicit null".into())
            }
            scalar => Ok(PathElement::Item(scalar.to_string())),
        };
    };
    let Value::Object(fields) = value else {
        let what = if value.is_null() { "a null element" } else { "non-map elements" };
        return Err(format!("associative list with keys may not have {what}"));
    };
    let mut found = Map::new();
    for key in keys {
        // A Service port without a protocol is the TCP one.
        let default = || item(schema).field(key).and_then(|field| field.default.clone());
        if let Some(value) = fields.get(key).cloned().or_else(default) {
            found.insert(key.clone(), value);
        }
    }
    if found.is_empty() && !keys.is_empty() {
        return Err(format!(
            "associative list with keys has an element that omits all key fields {} (and doesn't \
             have default values for any key fields)",
            json!(keys).to_string().replace("\",\"", "\" \"")
        ));
    }
    Ok(PathElement::Key(Value::Object(found).to_string()))
}

/// All fields that a value sets.
pub(super) fn to_set(value: &Value, schema: &Schema) -> FieldSet {
    let mut set = FieldSet::default();
    collect(value, schema, &mut Vec::new(), &mut set);
    set
}

fn collect(value: &Value, schema: &Schema, path: &mut Vec<PathElement>, set: &mut FieldSet) {
    match (atom(schema, Some(value)), value) {
        (Atom::Scalar | Atom::Leaf, _) => set.insert(path),
        (Atom::Map, Value::Object(fields)) => {
            for (name, value) in fields {
                path.push(PathElement::field(name));
                collect(value, field(schema, name), path, set);
                let empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                if empty || !schema.resolved().properties.contains_key(name.as_str()) {
                    set.insert(path);
                }
                path.pop();
            }
        }
        (Atom::List, Value::Array(items)) => {
            let steps: Vec<_> = items.iter().map(|item| path_element(schema, item).ok()).collect();
            for (value, step) in items.iter().zip(&steps) {
                let Some(step) = step else { continue };
                // Nobody owns a part of what stands twice, only the pair.
                let twice = steps.iter().filter(|other| other.as_ref() == Some(step)).count() > 1;
                path.push(step.clone());
                if !twice {
                    collect(value, item(schema), path, set);
                }
                set.insert(path);
                path.pop();
            }
        }
        (Atom::Map | Atom::List, _) => {}
    }
}

fn is_blank(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        _ => true,
    }
}

/// Merges an applied configuration into an object: what it names wins, lists by their keys.
///
/// # Errors
/// One line per list that cannot be merged.
pub(super) fn merge(
    old: Option<&Value>,
    new: Option<&Value>,
    schema: &Schema,
) -> Result<Option<Value>, String> {
    let form = atom(schema, new.filter(|new| !new.is_null()).or(old));
    if matches!(form, Atom::Scalar | Atom::Leaf) || (is_blank(old) && is_blank(new)) {
        return Ok(new.or(old).cloned());
    }
    match form {
        Atom::Map => merge_maps(old, new, schema),
        _ => merge_lists(old, new, schema),
    }
}

fn merge_maps(
    old: Option<&Value>,
    new: Option<&Value>,
    schema: &Schema,
) -> Result<Option<Value>, String> {
    let empty = Map::new();
    let old = old.and_then(Value::as_object).unwrap_or(&empty);
    let new = new.and_then(Value::as_object).unwrap_or(&empty);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut merged = Map::new();
    for name in names {
        if let Some(value) = merge(old.get(name), new.get(name), field(schema, name))? {
            merged.insert(name.clone(), value);
        }
    }
    Ok((!merged.is_empty()).then_some(Value::Object(merged)))
}

type Indexed<'a> = (Vec<(PathElement, &'a Value)>, BTreeMap<PathElement, Option<&'a Value>>);

/// Lists the items with their steps; items that are there twice have no value by step.
fn index<'a>(list: Option<&'a Value>, schema: &Schema) -> Result<Indexed<'a>, String> {
    let mut order = Vec::new();
    let mut by_step = BTreeMap::new();
    for (place, value) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let step =
            path_element(schema, value).map_err(|text| format!("element {place}: {text}"))?;
        let twice = by_step.contains_key(&step);
        by_step.insert(step.clone(), (!twice).then_some(value));
        order.push((step, value));
    }
    Ok((order, by_step))
}

fn merge_lists(
    old: Option<&Value>,
    new: Option<&Value>,
    schema: &Schema,
) -> Result<Option<Value>, String> {
    let (old_items, old_by_step) = index(old, schema)?;
    let (new_items, new_by_step) = index(new, schema)?;
    let merged_item = |step: &PathElement| {
        let old = old_by_step.get(step).copied().flatten();
        merge(old, new_by_step.get(step).copied().flatten(), item(schema))
    };
    let mut shared =
        new_items.iter().map(|(step, _)| step).filter(|s| old_by_step.contains_key(*s));
    let mut next_shared = shared.next();
    let mut done = BTreeSet::new();
    let mut merged = Vec::new();
    let (mut l, mut r) = (0, 0);
    while l < old_items.len() || r < new_items.len() {
        if let (Some((left, _)), Some((right, _))) = (old_items.get(l), new_items.get(r)) {
            if left == right {
                done.insert(left);
                merged.extend(merged_item(left)?);
                l += 1;
                r += 1;
                next_shared = shared.next();
                continue;
            }
            if new_by_step.contains_key(left) && next_shared.is_some_and(|next| next != left) {
                // As smd's merging walker: the applied order wins, what it does not name stays
                // near its neighbours.
                // Shared, but not the one that is due.
                l += 1;
                continue;
            }
        }
        if let Some((left, value)) = old_items.get(l) {
            if !new_by_step.contains_key(left) {
                merged.extend(merge(Some(value), None, item(schema))?);
                l += 1;
                continue;
            }
            if done.contains(left) {
                l += 1;
            }
        }
        if let Some((right, _)) = new_items.get(r) {
            done.insert(right);
            merged.extend(merged_item(right)?);
            r += 1;
            if next_shared == Some(right) {
                next_shared = shared.next();
            }
        }
    }
    Ok((!merged.is_empty()).then_some(Value::Array(merged)))
}

/// Takes the fields of a set out of a value; what becomes empty by it is null.
pub(super) fn remove(value: &Value, set: &FieldSet, schema: &Schema) -> Value {
    match (atom(schema, Some(value)), value) {
        (Atom::Scalar, _) => value.clone(),
        (Atom::Map, Value::Object(fields)) => {
            let mut left = Map::new();
            for (name, value) in fields {
                let step = PathElement::field(name);
                if set.has(&step) {
                    continue;
                }
                let value = match set.below(&step) {
                    Some(below) => remove(value, below, field(schema, name)),
                    None => value.clone(),
                };
                left.insert(name.clone(), value);
            }
            if left.is_empty() { Value::Null } else { Value::Object(left) }
        }
        (Atom::List, Value::Array(items)) => {
            let mut left = Vec::new();
            for value in items {
                let Ok(step) = path_element(schema, value) else { continue };
                if set.has(&step) {
                    continue;
                }
                left.push(match set.below(&step) {
                    Some(below) => remove(value, below, item(schema)),
                    None => value.clone(),
                });
            }
            if left.is_empty() { Value::Null } else { Value::Array(left) }
        }
        (Atom::Map | Atom::List | Atom::Leaf, _) => Value::Null,
    }
}
