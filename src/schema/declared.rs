//! What a schema declares of values beyond their type: the only values of an enum, fields that have
//! to be there, items of a keyed list that have to differ.

use serde_json::{Value, json};

use super::{
    Schema,
    openapi::{ListType, SchemaType},
    place::{Place, Step},
    rules::FieldError,
};

mod enforced;
mod form;
mod whole;

/// Finds what contradicts the declarations of a built-in kind, as far as the API server enforces
/// them.
pub(crate) fn check(value: &Value, schema: &Schema) -> Vec<FieldError> {
    let mut causes = Vec::new();
    walk(value, schema, &Place::root(""), &mut causes);
    causes
}

fn walk(value: &Value, schema: &Schema, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    let resolved = schema.resolved();
    match (resolved.kind, value) {
        (SchemaType::Object, Value::Object(fields)) => {
            let owner = schema.go_name();
            for name in enforced::required(owner) {
                // Types of several groups may have one name.
                let declared = resolved.properties.contains_key(*name);
                if declared && fields.get(*name).is_none_or(is_blank) {
                    let missing = Place { above: Some(place), step: Step::Field(name), owner };
                    causes.push(FieldError::required(&missing, ""));
                }
            }
            for (name, field) in fields {
                // What a client says of the status is not looked at.
                if matches!(place.step, Step::Root) && name == "status" {
                    continue;
                }
                if let Some(schema) = resolved.field(name) {
                    let below = Place { above: Some(place), step: Step::Field(name), owner };
                    if let Some(form) = enforced::form(owner, name) {
                        form::check(field, form, &below, causes);
                    }
                    if !enforced::is_open(owner, name) {
                        let named = enforced::values(owner, name);
                        one_of(field, schema, named, &below, causes);
                    }
                    walk(field, schema, &below, causes);
                }
            }
            whole::check(owner, value, place, causes);
        }
        (SchemaType::Array, Value::Array(items)) => {
            let Some(item_schema) = resolved.item() else { return };
            duplicates(items, resolved, place, causes);
            for (index, item) in items.iter().enumerate() {
                let below = Place { above: Some(place), step: Step::Item(index), ..*place };
                one_of(item, item_schema, &[], &below, causes);
                walk(item, item_schema, &below, causes);
            }
        }
        (SchemaType::IntOrString, Value::Number(number)) => {
            // Go reads it into 32 bits.
            let fits = |number: f64| number.fract() == 0.0 && number.abs() <= 2_147_483_648.0;
            if !number.as_f64().is_some_and(fits) {
                let detail = "must be a whole number of 32 bits";
                causes.push(FieldError::invalid(place, value, detail));
            }
        }
        _ => {}
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn one_of(
    value: &Value,
    schema: &Schema,
    named: &[&str],
    place: &Place<'_>,
    causes: &mut Vec<FieldError>,
) {
    let declared = &schema.resolved().allowed;
    // An empty text is a field that is not given.
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { return };
    if !named.is_empty() && !named.contains(&text) {
        causes.push(FieldError::not_supported(place, value, named));
    } else if !declared.is_empty() && !declared.contains(value) {
        let declared: Vec<&str> = declared.iter().filter_map(Value::as_str).collect();
        let declared: Vec<&str> = declared.into_iter().filter(|text| !text.is_empty()).collect();
        causes.push(FieldError::not_supported(place, value, &declared));
    }
}

/// Finds items of a keyed list or a set that are there twice: an apply takes each once.
fn duplicates(items: &[Value], list: &Schema, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    if list.list == ListType::Atomic {
        return;
    }
    let mut seen: Vec<Value> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if item.is_null() {
            let at = Place { above: Some(place), step: Step::Item(index), ..*place };
            causes.push(FieldError::invalid(&at, item, "an item may not be null"));
        }
        let Some(key) = list_key(item, list) else { continue };
        if seen.contains(&key) {
            let at = Place { above: Some(place), step: Step::Item(index), ..*place };
            causes.push(FieldError::duplicate(&at, &key));
        } else {
            seen.push(key);
        }
    }
}

/// Gives what tells an item of a list apart from the others, with the defaults of its keys.
fn list_key(item: &Value, list: &Schema) -> Option<Value> {
    match &list.list {
        ListType::Atomic => None,
        ListType::Set => item.is_string().then(|| item.clone()),
        ListType::Map(keys) => {
            let fields = item.as_object()?;
            let mut found = json!({});
            for key in keys {
                let default = || list.item()?.field(key)?.default.clone();
                if let Some(value) = fields.get(key).cloned().or_else(default) {
                    found[key] = value;
                }
            }
            (found != json!({})).then_some(found)
        }
    }
}
