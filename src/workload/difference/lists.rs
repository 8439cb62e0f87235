//! Comparing lists: items with keys by these, whatever their order; scalars as one value; others by
//! where they stand.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Comparison;
use crate::{
    schema::{Schema, openapi::ListType},
    workload::overrides::PathStep,
};

impl Comparison {
    pub(super) fn lists(&mut self, old: &[Value], new: &[Value], schema: Option<&Schema>) {
        let item = schema.and_then(Schema::item);
        let keys = keys_of(schema, old, new);
        if let Some(keys) = keys
            && let (Some(old_keys), Some(new_keys)) =
                (identities(old, &keys, item), identities(new, &keys, item))
        {
            self.keyed(&Keyed { keys: &keys, old, new, old_keys, new_keys }, item);
        } else if old.iter().chain(new).all(|item| item.is_object() || item.is_array()) {
            self.positional(old, new, item);
        } else {
            // Arguments, finalizers: one line for each that moved would say less.
            let list = |items: &[Value]| Value::Array(items.to_vec());
            self.found(Some(&list(old)), Some(&list(new)));
        }
    }

    fn keyed(&mut self, lists: &Keyed<'_>, schema: Option<&Schema>) {
        let Keyed { old, new, old_keys, new_keys, .. } = lists;
        let place = |keys: &[String]| -> HashMap<String, usize> {
            keys.iter().cloned().enumerate().map(|(index, key)| (key, index)).collect()
        };
        let (old_place, new_place) = (place(old_keys), place(new_keys));
        for (index, (item, key)) in old.iter().zip(old_keys).enumerate() {
            let counterpart = new_place.get(key).map(|place| (*place, &new[*place]));
            let index = counterpart.map_or(index, |(place, _)| place);
            self.at(lists.step(item, index), Some(item), counterpart.map(|it| it.1), schema);
        }
        let added = new.iter().zip(new_keys).enumerate();
        for (index, (item, _)) in added.filter(|(_, (_, key))| !old_place.contains_key(*key)) {
            self.at(lists.step(item, index), None, Some(item), schema);
        }
        // Containers start in their order: a change of it alone is one, too.
        let common = old_keys.iter().filter(|key| new_place.contains_key(*key));
        if !common.eq(new_keys.iter().filter(|key| old_place.contains_key(*key))) {
            let list = |items: &[Value]| Value::Array(items.to_vec());
            self.found(Some(&list(old)), Some(&list(new)));
        }
    }

    /// Compares items that nothing tells apart: what is the same on both sides holds the others in
    /// their places.
    fn positional(&mut self, old: &[Value], new: &[Value], schema: Option<&Schema>) {
        let texts = |items: &[Value]| items.iter().map(Value::to_string).collect::<Vec<_>>();
        for operation in capture_diff_slices(Algorithm::Myers, &texts(old), &texts(new)) {
            if let DiffOp::Equal { .. } = operation {
                continue;
            }
            let (before, after) = (operation.old_range(), operation.new_range());
            for offset in 0..before.len().max(after.len()) {
                let at = |range: &Range<usize>| {
                    Some(range.start + offset).filter(|index| *index < range.end)
                };
                let (before, after) = (at(&before), at(&after));
                let index = after.or(before).unwrap_or_default();
                let (before, after) = (before.map(|at| &old[at]), after.map(|at| &new[at]));
                self.at(PathStep::Index(index), before, after, schema);
            }
        }
    }
}

/// Two lists whose items have keys.
struct Keyed<'a> {
    keys: &'a [String],
    old: &'a [Value],
    new: &'a [Value],
    old_keys: Vec<String>,
    new_keys: Vec<String>,
}

impl Keyed<'_> {
    /// Gives the step to an item: by the first field that tells it from all others, else by its
    /// place.
    fn step(&self, item: &Value, index: usize) -> PathStep {
        let named = "name".to_owned();
        for field in self.keys.iter().chain([&named]) {
            let Some(text) = item.get(field).and_then(scalar) else { continue };
            let has_it = |other: &&Value| other.get(field).and_then(scalar).as_ref() == Some(&text);
            if [self.old, self.new].iter().all(|list| list.iter().filter(has_it).count() <= 1) {
                return PathStep::Select { field: field.clone(), text };
            }
        }
        PathStep::Index(index)
    }
}

/// Gives the fields by which the items of two lists are told apart.
fn keys_of(schema: Option<&Schema>, old: &[Value], new: &[Value]) -> Option<Vec<String>> {
    let merge_key = schema.and_then(|schema| schema.patch.key.clone());
    match schema.map(|schema| &schema.list) {
        Some(ListType::Map(keys)) => Some(keys.clone()),
        Some(ListType::Set) => None,
        // An atomic list, such as an Ingress's rules, may have names all the same.
        Some(ListType::Atomic) | None if merge_key.is_some() => merge_key.map(|key| vec![key]),
        Some(ListType::Atomic) | None => {
            let is_named = |item: &Value| item.get("name").is_some_and(Value::is_string);
            old.iter().chain(new).all(is_named).then(|| vec!["name".to_owned()])
        }
    }
}

/// Gives what identifies each item; none where two are the same, or one is no object.
fn identities(items: &[Value], keys: &[String], schema: Option<&Schema>) -> Option<Vec<String>> {
    let mut all: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        let fields = item.as_object()?;
        // A port without a protocol is TCP.
        let default = |key: &String| schema?.field(key)?.default.as_ref();
        let value = |key| fields.get(key).or_else(|| default(key));
        let values: Vec<_> = keys.iter().map(value).collect();
        if values.iter().all(Option::is_none) {
            return None;
        }
        let values = values.into_iter().map(|value| value.cloned().unwrap_or_default());
        all.push(Value::from_iter(values).to_string());
    }
    let mut seen = HashSet::new();
    let is_unique = all.iter().all(|identity| seen.insert(identity));
    is_unique.then_some(all)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
