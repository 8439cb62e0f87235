//! Structured merge: walks objects with their schema to merge, compare and prune them, as
//! sigs.k8s.io/structured-merge-diff does it for server-side apply.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde_json::{Map, Value, json};

use super::fields::{FieldSet, Step};
use crate::schema::{
    Schema,
    merge::go_value,
    openapi::{Kind, ListType},
};

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
        if resolved.list == ListType::Atomic && schema.list == ListType::Atomic {
            Atom::Leaf
        } else {
            Atom::List
        }
    };
    let map = || if schema.is_atomic() { Atom::Leaf } else { Atom::Map };
    match resolved.kind {
        Kind::Object => map(),
        Kind::Array => list(),
        Kind::Opaque => Atom::Leaf,
        Kind::Any => match value {
            Some(Value::Object(_)) | None => map(),
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
fn step_of(schema: &Schema, value: &Value) -> Result<Step, String> {
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
            scalar => Ok(Step::Item(scalar.to_string())),
        };
    };
    let Value::Object(fields) = value else {
        let what = if value.is_null() { "a null element" } else { "non-map elements" };
        return Err(format!("associative list with keys may not have {what}"));
    };
    let mut found = Map::new();
    for key in keys {
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
    Ok(Step::Key(Value::Object(found).to_string()))
}

/// Checks that a value fits its schema; gives one line per fault.
pub(super) fn validate(value: &Value, schema: &Schema, duplicates: bool) -> Vec<String> {
    let mut faults = Vec::new();
    check(value, schema, "", duplicates, &mut faults);
    faults
}

fn check(value: &Value, schema: &Schema, path: &str, duplicates: bool, faults: &mut Vec<String>) {
    let resolved = schema.resolved();
    let mut fault = |text: String| {
        faults.push(if path.is_empty() { text } else { format!("{path}: {text}") });
    };
    match (resolved.kind, value) {
        (_, Value::Null) | (Kind::Any | Kind::Opaque, _) => {}
        (Kind::Object, Value::Object(fields)) => {
            for (name, value) in fields {
                let below = format!("{path}.{name}");
                match resolved.field(name) {
                    Some(schema) => check(value, schema, &below, duplicates, faults),
                    None if resolved.is_open() => {}
                    None => {
                        faults.push(format!("{below}: field not declared in schema"));
                        return;
                    }
                }
            }
        }
        (Kind::Object, other) => fault(format!("expected map, got &{{{}}}", go_value(other))),
        (Kind::Array, Value::Array(items)) => {
            let mut seen = BTreeSet::new();
            for (index, value) in items.iter().enumerate() {
                let mut below = format!("{path}[{index}]");
                if resolved.list != ListType::Atomic {
                    match step_of(schema, value) {
                        Err(text) => {
                            faults.push(format!("{path}: element {index}: {text}"));
                            return;
                        }
                        Ok(step) => {
                            below = format!("{path}{}", step.shown());
                            if !seen.insert(step.clone()) && !duplicates {
                                faults.push(format!(
                                    "{path}: duplicate entries for key {}",
                                    step.shown()
                                ));
                            }
                        }
                    }
                }
                check(value, item(schema), &below, duplicates, faults);
            }
        }
        (Kind::Array, other) => fault(format!("expected list, got &{{{}}}", go_value(other))),
        (Kind::String, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Integer | Kind::Number, Value::Number(_)) => {}
        (Kind::String, other) => fault(format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            go_syntax(other)
        )),
        (Kind::Boolean, other) => fault(format!("expected boolean, got &{{{}}}", go_value(other))),
        (Kind::Integer | Kind::Number, other) => {
            fault(format!("expected numeric (int or float), got {}", go_type(other)));
        }
        (_, other @ (Value::Object(_) | Value::Array(_))) => {
            fault(format!("expected any scalar, got &{{{}}}", go_value(other)));
        }
        _ => {}
    }
}

/// Go's `%#v` of a decoded value.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key:?}:{}", go_syntax(value)));
            format!("map[string]interface {{}}{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Go's `%T` of a decoded value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// All fields that a value sets.
pub(super) fn to_set(value: &Value, schema: &Schema) -> FieldSet {
    let mut set = FieldSet::default();
    collect(value, schema, &mut Vec::new(), &mut set);
    set
}

fn collect(value: &Value, schema: &Schema, path: &mut Vec<Step>, set: &mut FieldSet) {
    match (atom(schema, Some(value)), value) {
        (Atom::Scalar | Atom::Leaf, _) => set.insert(path),
        (Atom::Map, Value::Object(fields)) => {
            for (name, value) in fields {
                path.push(Step::field(name));
                collect(value, field(schema, name), path, set);
                let empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                if empty || !schema.resolved().properties.contains_key(name.as_str()) {
                    set.insert(path);
                }
                path.pop();
            }
        }
        (Atom::List, Value::Array(items)) => {
            let steps: Vec<_> = items.iter().map(|item| step_of(schema, item).ok()).collect();
            for (value, step) in items.iter().zip(&steps) {
                let Some(step) = step else { continue };
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

type Indexed<'a> = (Vec<(Step, &'a Value)>, BTreeMap<Step, Option<&'a Value>>);

/// Lists the items with their steps; items that are there twice have no value by step.
fn index<'a>(list: Option<&'a Value>, schema: &Schema) -> Result<Indexed<'a>, String> {
    let mut order = Vec::new();
    let mut by_step = BTreeMap::new();
    for (place, value) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let step = step_of(schema, value).map_err(|text| format!("element {place}: {text}"))?;
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
    let merged_item = |step: &Step| {
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

/// What a change did, by field.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) removed: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) added: FieldSet,
}

/// Compares two states of an object.
pub(super) fn compare(old: &Value, new: &Value, schema: &Schema) -> Comparison {
    let mut result = Comparison::default();
    walk(Some(old), Some(new), schema, &mut Vec::new(), &mut result);
    result
}

fn walk(
    old: Option<&Value>,
    new: Option<&Value>,
    schema: &Schema,
    path: &mut Vec<Step>,
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
    path: &mut Vec<Step>,
    result: &mut Comparison,
) {
    let empty = Map::new();
    let old = old.and_then(Value::as_object).unwrap_or(&empty);
    let new = new.and_then(Value::as_object).unwrap_or(&empty);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let (old, new) = (old.get(name), new.get(name));
        if old.is_some() && old == new {
            continue;
        }
        path.push(Step::field(name));
        walk(old, new, field(schema, name), path, result);
        path.pop();
    }
}

fn walk_lists(
    old: Option<&Value>,
    new: Option<&Value>,
    schema: &Schema,
    path: &mut Vec<Step>,
    result: &mut Comparison,
) {
    let group = |list: Option<&'_ Value>| {
        let mut groups: BTreeMap<Step, Vec<Value>> = BTreeMap::new();
        for value in list.and_then(Value::as_array).into_iter().flatten() {
            if let Ok(step) = step_of(schema, value) {
                groups.entry(step).or_default().push(value.clone());
            }
        }
        groups
    };
    let (old, new) = (group(old), group(new));
    let steps: BTreeSet<&Step> = old.keys().chain(new.keys()).collect();
    for step in steps {
        let left = old.get(step).map(Vec::as_slice).unwrap_or_default();
        let right = new.get(step).map(Vec::as_slice).unwrap_or_default();
        path.push(step.clone());
        match (left, right) {
            ([_] | [], [_] | []) => {
                walk(left.first(), right.first(), item(schema), path, result);
            }
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

/// Takes the fields of a set out of a value; what becomes empty by it is null.
pub(super) fn remove(value: &Value, set: &FieldSet, schema: &Schema) -> Value {
    match (atom(schema, Some(value)), value) {
        (Atom::Scalar, _) => value.clone(),
        (Atom::Map, Value::Object(fields)) => {
            let mut left = Map::new();
            for (name, value) in fields {
                let step = Step::field(name);
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
                let Ok(step) = step_of(schema, value) else { continue };
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
