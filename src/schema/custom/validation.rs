//! What a definition's schema says of values: types, required fields, limits, patterns, formats,
//! enums, and alternatives. The causes have the API server's words and paths.

use serde_json::{Map, Value};

use crate::schema::{
    Schema,
    openapi::{ListType, SchemaType},
    rules::FieldError,
};

mod limits;

use limits::{duplicates, format_of, limits};

/// What the server calls the field of a fault that has none.
const NO_FIELD: &str = "<nil>";

/// The faults of a value, and how much of it was looked at: of alternatives that all fail, the
/// server names the faults of the one that looked at most.
#[derive(Default)]
struct ValidationResult {
    causes: Vec<FieldError>,
    checks: usize,
}

impl ValidationResult {
    fn of(value: &Value, schema: &Schema, path: &str) -> Self {
        let mut found = Self::default();
        check(value, None, schema, path, &mut found);
        found
    }

    fn take(&mut self, other: Self) {
        self.causes.extend(other.causes);
        self.checks += other.checks;
    }
}

/// Checks a whole object against its schema. What a change leaves as it was is let be: the
/// definition may have become stricter since.
pub(crate) fn validate(object: &Value, old: Option<&Value>, schema: &Schema) -> Vec<FieldError> {
    let mut found = ValidationResult::default();
    for (name, field) in &schema.properties {
        // They have rules of their own, the same for all kinds.
        if matches!(name.as_ref(), "metadata" | "apiVersion" | "kind") {
            continue;
        }
        if let Some(value) = object.get(name.as_ref()) {
            let old = old.and_then(|old| old.get(name.as_ref()));
            check(value, old, field, name, &mut found);
        }
    }
    for name in schema.required.iter().filter(|name| object.get(name.as_ref()).is_none()) {
        found.causes.push(FieldError::required(name, ""));
    }
    alternatives(object, &schema.rules, "", &mut found);
    found.causes
}

fn check(
    value: &Value,
    old: Option<&Value>,
    schema: &Schema,
    path: &str,
    found: &mut ValidationResult,
) {
    // CRDValidationRatcheting.
    if old == Some(value) {
        return;
    }
    let resolved = schema.resolved();
    // A number counts twice with the server.
    found.checks +=
        1 + usize::from(resolved.kind != SchemaType::Any) + usize::from(value.is_number());
    if value.is_null() {
        if !schema.nullable && resolved.kind != SchemaType::Any {
            found.causes.push(mistyped(path, "null", type_name(resolved.kind)));
        }
        return;
    }
    let (is, wanted) = (type_of(value), type_name(resolved.kind));
    let fits = wanted.is_empty()
        || wanted.split(',').any(|wanted| wanted == is)
        || (wanted == "number" && is == "integer");
    if !fits {
        found.causes.push(mistyped(path, is, wanted));
    }
    alternatives(value, &resolved.rules, path, found);
    found.causes.extend(format_of(value, resolved, path));
    if !resolved.allowed.is_empty() && !resolved.allowed.contains(value) {
        let allowed: Vec<_> = resolved.allowed.iter().map(text).collect();
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        found.causes.push(FieldError::not_supported(path, value, &allowed));
    }
    limits(value, &resolved.rules, path, &mut found.causes);
    inside(value, old, resolved, path, found);
}

/// Checks what a value holds.
fn inside(
    value: &Value,
    old: Option<&Value>,
    schema: &Schema,
    path: &str,
    found: &mut ValidationResult,
) {
    match value {
        Value::Object(fields) => {
            for name in schema.required.iter().map(AsRef::as_ref) {
                if fields.contains_key(name) {
                    continue;
                }
                found.causes.push(FieldError::required(join(path, name), ""));
            }
            for (name, value) in fields {
                if let Some(schema) = schema.field(name) {
                    let old = old.and_then(|old| old.get(name));
                    check(value, old, schema, &join(path, name), found);
                }
            }
        }
        Value::Array(items) => {
            duplicates(items, schema, path, &mut found.causes);
            let list = &schema.list;
            if let Some(schema) = schema.item() {
                for (index, item) in items.iter().enumerate() {
                    let old = old.and_then(|old| same_item(item, old, list));
                    check(item, old, schema, &format!("{path}[{index}]"), found);
                }
            }
        }
        _ => {}
    }
}

/// Finds the item of an old list that is told apart from the others as this one is.
fn same_item<'a>(item: &Value, old: &'a Value, list: &ListType) -> Option<&'a Value> {
    let ListType::Map(keys) = list else { return None };
    let is_same = |other: &&Value| keys.iter().all(|key| other.get(key) == item.get(key));
    old.as_array()?.iter().find(is_same)
}

/// Checks `anyOf`, `oneOf`, `allOf` and `not`.
fn alternatives(
    value: &Value,
    rules: &Map<String, Value>,
    path: &str,
    found: &mut ValidationResult,
) {
    let of = |rule: &str| -> Vec<ValidationResult> {
        let schemas = rules.get(rule).and_then(Value::as_array).into_iter().flatten();
        schemas.map(|schema| ValidationResult::of(value, &Schema::parse(schema), path)).collect()
    };
    let any = of("anyOf");
    if !any.is_empty() {
        if let Some(valid) = any.iter().position(|one| one.causes.is_empty()) {
            found.checks += any[valid].checks;
        } else {
            found.causes.push(composite(path, "must validate at least one schema (anyOf)"));
            best(any, found);
        }
    }
    let one = of("oneOf");
    match one.iter().filter(|one| one.causes.is_empty()).count() {
        // go-openapi's `schema_props.go` has the words and what is told with them.
        _ if one.is_empty() => {}
        0 => {
            let words = "must validate one and only one schema (oneOf). Found none valid";
            found.causes.push(composite(path, words));
            best(one, found);
        }
        1 => {
            found.checks += one.iter().find(|one| one.causes.is_empty()).map_or(0, |one| one.checks)
        }
        count => {
            let words = format!(
                "must validate one and only one schema (oneOf). Found {count} valid alternatives"
            );
            found.causes.push(composite(path, &words));
        }
    }
    let all = of("allOf");
    let failed = all.iter().filter(|one| !one.causes.is_empty()).count();
    if failed > 0 {
        let none = if failed == all.len() { ". None validated" } else { "" };
        let words = format!("must validate all the schemas (allOf){none}");
        found.causes.push(composite(path, &words));
    }
    all.into_iter().for_each(|one| found.take(one));
    if let Some(not) = rules.get("not")
        && ValidationResult::of(value, &Schema::parse(not), path).causes.is_empty()
    {
        found.causes.push(composite(path, "must not validate the schema (not)"));
    }
}

/// Takes the faults of the alternative that looked at most, the first of several.
fn best(alternatives: Vec<ValidationResult>, found: &mut ValidationResult) {
    let mut alternatives = alternatives.into_iter();
    let Some(first) = alternatives.next() else { return };
    let best =
        alternatives.fold(first, |best, next| if next.checks > best.checks { next } else { best });
    found.take(best);
}

/// A fault of a value as a whole, to which the server gives no field.
fn composite(path: &str, words: &str) -> FieldError {
    FieldError {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: \"\": \"{path}\" {words}"),
        field: NO_FIELD.to_owned(),
        detail: format!("{path} {words}"),
        ..FieldError::default()
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_f64().is_some_and(|n| n.fract() == 0.0) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn type_name(kind: SchemaType) -> &'static str {
    match kind {
        SchemaType::Object => "object",
        SchemaType::Array => "array",
        SchemaType::String | SchemaType::Time | SchemaType::MicroTime => "string",
        SchemaType::Integer => "integer",
        SchemaType::Number => "number",
        SchemaType::Boolean => "boolean",
        SchemaType::IntOrString | SchemaType::Quantity => "integer,string",
        SchemaType::Any | SchemaType::Opaque => "",
    }
}

fn mistyped(path: &str, found: &str, wanted: &str) -> FieldError {
    FieldError {
        reason: "FieldValueTypeInvalid",
        message: format!(
            "Invalid value: \"{found}\": {path} in body must be of type {wanted}: \"{found}\""
        ),
        field: path.to_owned(),
        detail: format!("must be of type {wanted}, not {found}"),
        ..FieldError::default()
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
