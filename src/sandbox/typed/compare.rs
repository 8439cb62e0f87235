//! What a change did to an object, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Atom, atom, field, is_blank, item, path_element};
use crate::{
    sandbox::fields::{FieldSet, PathElement},
    schema::Schema,
};

/// What a change did, by field.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Comparison {
    pub(in crate::sandbox) removed: FieldSet,
    pub(in crate::sandbox) modified: FieldSet,
    pub(in crate::sandbox) added: FieldSet,
}

/// Compares two states of an object.
pub(in crate::sandbox) fn compare(old: &Value, new: &Value, schema: &Schema) -> Comparison {
    let mut result = Comparison::default();
    walk(Some(old), Some(new), schema, &mut Vec::new(), &mut result);
    result
}

fn walk(
    old: Option<&Value>,
    new: Option<&Value>,
    schema: &Schema,
    path: &mut Vec<PathElement>,
    result: &mut Comparison,
) {
    let form = atom(schema, new.filter(|new| !new.is_null()).or(old));
    let leaf = matches!(form, Atom::Scalar | Atom::Leaf) || (is_blank(old) && is_blank(new));
    if !leaf {
        match form {
            Atom::Map => walk_maps(old, new, schema, path, result),
            _ => walk_lists(old, new, schema, path, result),
        }
    }
    match (old, new) {
        // What comes or goes is told at every level, as smd's `Compare` does: a map with its
        // fields.
        (None, _) => result.added.insert(path),
        (_, None) => result.removed.insert(path),
        (Some(old), Some(new)) if leaf && old != new => result.modified.insert(path),
        _ => {}
    }
}

fn walk_maps(
    old: Option<&Value>,
    new: Option<&Value>,
    schema: &Schema,
    path: &mut Vec<PathElement>,
    result: &mut Comparison,
) {
    let empty = Map::new();
    let old = old.and_then(Value::as_object).unwrap_or(&empty);
    let new = new.and_then(Value::as_object).unwrap_or(&empty);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let (old, new) = (old.get(name), new.get(name));
        // Most of an object is the same in both: nothing is below.
        if old.is_some() && old == new {
            continue;
        }
        path.push(PathElement::field(name));
        walk(old, new, field(schema, name), path, result);
        path.pop();
    }
}

fn walk_lists(
    old: Option<&Value>,
    new: Option<&Value>,
    schema: &Schema,
    path: &mut Vec<PathElement>,
    result: &mut Comparison,
) {
    let group = |list: Option<&'_ Value>| {
        let mut groups: BTreeMap<PathElement, Vec<Value>> = BTreeMap::new();
        for value in list.and_then(Value::as_array).into_iter().flatten() {
            // An item without its keys cannot be told apart; it was refused, or is older than its
            // schema.
            if let Ok(step) = path_element(schema, value) {
                groups.entry(step).or_default().push(value.clone());
            }
        }
        groups
    };
    let (old, new) = (group(old), group(new));
    let steps: BTreeSet<&PathElement> = old.keys().chain(new.keys()).collect();
    for step in steps {
        let left = old.get(step).map(Vec::as_slice).unwrap_or_default();
        let right = new.get(step).map(Vec::as_slice).unwrap_or_default();
        path.push(step.clone());
        match (left, right) {
            ([_] | [], [_] | []) => {
                walk(left.first(), right.first(), item(schema), path, result);
            }
            // What stands twice has no fields of its own, only its path.
            ([_, _, ..], [_, _, ..]) => {
                if left != right {
                    result.modified.insert(path);
                }
            }
            ([_, _, ..], _) => {
                if let Some(value) = right.first() {
                    walk(None, Some(value), item(schema), path, result);
                }
                result.removed.insert(path);
            }
            (_, [_, _, ..]) => {
                if let Some(value) = left.first() {
                    walk(Some(value), None, item(schema), path, result);
                }
                result.added.insert(path);
            }
        }
        path.pop();
    }
}
