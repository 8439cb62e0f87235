//! A place in an object: `spec.rules[0].host`, `containers[name=web].image`,
//! `metadata.annotations[example.com/x]`, `data["a.b"]`.

use std::fmt;

use serde_json::{Map, Value};

use crate::workload::manifest::describe_kind;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workload) enum PathStep {
    /// A field, or a key of a map.
    Key(String),
    /// An item of a list, counted from 0.
    Index(usize),
    /// The item of a list whose field has that text.
    Select { field: String, text: String },
}

/// The steps from an object to a place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workload) struct Path(pub(in crate::workload) Vec<PathStep>);

impl Path {
    /// Parses a path; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            rest = if let Some(inner) = rest.strip_prefix('[') {
                let (step, rest) = bracket(inner)?;
                steps.push(step);
                rest
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end == 0 {
                    return Err("a key is empty".to_owned());
                }
                steps.push(PathStep::Key(rest[..end].to_owned()));
                &rest[end..]
            };
            if let Some(behind) = rest.strip_prefix('.') {
                if behind.is_empty() || behind.starts_with(['.', '[']) {
                    return Err("a key is empty".to_owned());
                }
                rest = behind;
            } else if !rest.is_empty() && !rest.starts_with('[') {
                return Err("after `]` comes `.` or `[`".to_owned());
            }
        }
        if steps.is_empty() { Err("it is empty".to_owned()) } else { Ok(Self(steps)) }
    }

    /// Puts a value at the place; null removes what is there. Maps on the way are made where they
    /// are missing, items of lists are not. The error says where the path leads nowhere.
    pub(super) fn set(&self, body: &mut Value, value: &Value) -> Result<(), String> {
        let (last, before) = self.0.split_last().expect("a path has a step");
        let mut current = body;
        for (index, step) in before.iter().enumerate() {
            let missing = matches!(step, PathStep::Key(_)) && descend(current, step).is_none();
            // What is not there need not be removed.
            if missing && value.is_null() && is_map_or_null(current) {
                return Ok(());
            }
            current = enter(current, step).map_err(|problem| self.at(index, &problem))?;
        }
        let problem = |problem: String| self.at(before.len(), &problem);
        if value.is_null() {
            remove(current, last).map_err(problem)
        } else {
            *enter(current, last).map_err(problem)? = value.clone();
            Ok(())
        }
    }

    fn at(&self, step: usize, problem: &str) -> String {
        match step {
            0 => problem.to_owned(),
            _ => format!("{} {problem}", Self(self.0[..step].to_vec())),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Key(key)
                    if !key.is_empty() && !key.contains(['.', '[', '=', ':', '/']) =>
                {
                    if index > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                PathStep::Key(key) => write!(f, "[{key:?}]")?,
                PathStep::Index(index) => write!(f, "[{index}]")?,
                PathStep::Select { field, text } => write!(f, "[{field}={text}]")?,
            }
        }
        Ok(())
    }
}

/// Parses what follows `[`; gives the step and what follows `]`.
fn bracket(inner: &str) -> Result<(PathStep, &str), String> {
    const OPEN: &str = "a `[` has no `]`";
    if let Some(quote) = inner.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let rest = &inner[1..];
        let end = rest.find(quote).ok_or_else(|| format!("a {quote} is not closed"))?;
        let behind = rest[end + 1..].strip_prefix(']').ok_or(OPEN)?;
        return Ok((PathStep::Key(rest[..end].to_owned()), behind));
    }
    let end = inner.find(']').ok_or(OPEN)?;
    let (text, behind) = (&inner[..end], &inner[end + 1..]);
    let step = match (text.parse::<usize>(), text.split_once('=')) {
        _ if text.is_empty() => return Err("a `[]` is empty".to_owned()),
        (Ok(index), _) => PathStep::Index(index),
        (Err(_), Some((field, text))) if !field.is_empty() => {
            PathStep::Select { field: field.to_owned(), text: unquoted(text).to_owned() }
        }
        (Err(_), _) => PathStep::Key(text.to_owned()),
    };
    Ok((step, behind))
}

fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

fn is_map_or_null(value: &Value) -> bool {
    value.is_object() || value.is_null()
}

/// Goes one step, where there is something.
fn descend<'v>(value: &'v Value, step: &PathStep) -> Option<&'v Value> {
    match step {
        PathStep::Key(key) => value.get(key),
        PathStep::Index(index) => value.get(index),
        PathStep::Select { field, text } => {
            value.as_array()?.iter().find(|item| is_selected(item, field, text))
        }
    }
    .filter(|value| !value.is_null())
}

fn is_selected(item: &Value, field: &str, text: &str) -> bool {
    match item.get(field) {
        Some(Value::String(value)) => value == text,
        Some(Value::Number(number)) => number.to_string() == text,
        Some(Value::Bool(truth)) => text == if *truth { "true" } else { "false" },
        _ => false,
    }
}

/// Goes one step, making what is missing in maps.
fn enter<'v>(value: &'v mut Value, step: &PathStep) -> Result<&'v mut Value, String> {
    if value.is_null() && matches!(step, PathStep::Key(_)) {
        *value = Value::Object(Map::new());
    }
    match (value, step) {
        (Value::Object(map), PathStep::Key(key)) => {
            Ok(map.entry(key.clone()).or_insert(Value::Null))
        }
        // `data[0]`: the keys of a map may be numbers.
        (Value::Object(map), PathStep::Index(index)) => {
            Ok(map.entry(index.to_string()).or_insert(Value::Null))
        }
        (Value::Array(items), PathStep::Index(index)) => {
            let count = items.len();
            items.get_mut(*index).ok_or_else(|| match count {
                1 => "has 1 item, counted from 0".to_owned(),
                _ => format!("has {count} items, counted from 0"),
            })
        }
        (Value::Array(items), PathStep::Select { field, text }) => {
            let found = items.iter().position(|item| is_selected(item, field, text));
            let names: Vec<String> =
                items.iter().filter_map(|item| item.get(field)).map(shown).collect();
            match found {
                Some(index) => Ok(&mut items[index]),
                None => Err(format!("has no item with {field}={text}, only {}", listed(&names))),
            }
        }
        (Value::Array(_), PathStep::Key(key)) => {
            Err(format!("is a list: {key} must be a number, or FIELD=VALUE"))
        }
        (Value::Null, PathStep::Index(_) | PathStep::Select { .. }) => {
            Err("is not there".to_owned())
        }
        (Value::Object(_), PathStep::Select { .. }) => Err("is no list".to_owned()),
        // The value may be a Secret's.
        (other, _) => Err(format!("is {}, which has no fields", describe_kind(other))),
    }
}

fn remove(value: &mut Value, step: &PathStep) -> Result<(), String> {
    match (&mut *value, step) {
        (Value::Null, _) => Ok(()),
        (Value::Object(map), PathStep::Key(key)) => {
            map.remove(key);
            Ok(())
        }
        (Value::Object(map), PathStep::Index(index)) => {
            map.remove(&index.to_string());
            Ok(())
        }
        (Value::Array(items), PathStep::Index(index)) if *index < items.len() => {
            items.remove(*index);
            Ok(())
        }
        (Value::Array(items), PathStep::Select { field, text })
            if items.iter().any(|item| is_selected(item, field, text)) =>
        {
            items.retain(|item| !is_selected(item, field, text));
            Ok(())
        }
        _ => enter(value, step).map(|_| ()),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body() -> Value {
        json!({
            "spec": {"rules": [{"host": "a"}, {"host": "b"}], "none": null, "text": "x"},
            "metadata": {"annotations": {"example.com/x": "1"}},
            "data": {"a.b": "1", "0": "zero"},
            "containers": [{"name": "web", "port": 80}, {"name": "log"}],
        })
    }

    #[test]
    fn values_are_put_where_the_path_leads() {
        for (path, value, pointer) in [
            ("spec.rules[0].host", json!("c"), "/spec/rules/0/host"),
            ("spec.rules[1]", json!({"host": "c"}), "/spec/rules/1"),
            ("spec.none.deep.key", json!(1), "/spec/none/deep/key"),
            ("new.deep.key", json!([1]), "/new/deep/key"),
            ("containers[name=log].image", json!("i"), "/containers/1/image"),
            ("containers[port=80].image", json!("i"), "/containers/0/image"),
            ("containers[name=\"log\"].image", json!("i"), "/containers/1/image"),
            (
                "metadata.annotations[example.com/x]",
                json!("2"),
                "/metadata/annotations/example.com~1x",
            ),
            ("metadata.annotations['a]b=c']", json!("2"), "/metadata/annotations/a]b=c"),
            ("data[\"a.b\"]", json!("2"), "/data/a.b"),
            ("data[a.b]", json!("2"), "/data/a.b"),
            ("data[0]", json!("2"), "/data/0"),
            ("[spec].text", json!("2"), "/spec/text"),
        ] {
            let mut body = body();
            Path::parse(path).unwrap().set(&mut body, &value).unwrap();
            assert_eq!(body.pointer(pointer), Some(&value), "{path}");
        }
    }

    #[test]
    fn null_removes() {
        for (path, gone) in [
            ("spec.text", "/spec/text"),
            ("spec.rules[1]", "/spec/rules/1"),
            ("containers[name=log]", "/containers/1"),
            ("data[0]", "/data/0"),
            ("not.there.at.all", "/not"),
        ] {
            let mut body = body();
            Path::parse(path).unwrap().set(&mut body, &Value::Null).unwrap();
            assert_eq!(body.pointer(gone), None, "{path}");
        }
    }

    #[test]
    fn paths_that_lead_nowhere_say_where() {
        for (path, problem) in [
            ("spec.rules[2].host", "spec.rules has 2 items, counted from 0"),
            ("spec.rules.host", "spec.rules is a list: host must be a number, or FIELD=VALUE"),
            ("spec.list[0]", "spec.list is not there"),
            ("spec.text.x", "spec.text is a text, which has no fields"),
            ("spec[name=a]", "spec is no list"),
            ("containers[name=db].image", "containers has no item with name=db, only web, log"),
        ] {
            assert_eq!(
                Path::parse(path).unwrap().set(&mut body(), &json!(1)),
                Err(problem.to_owned())
            );
        }
        let missing = Path::parse("containers[name=db]").unwrap().set(&mut body(), &Value::Null);
        assert!(missing.is_err());
    }

    #[test]
    fn malformed_paths_are_refused() {
        for path in ["", ".", "a.", ".a", "a..b", "a[", "a[]", "a[\"b", "a[\"b\"", "a[0]b", "a.[0]"]
        {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn paths_are_shown_as_they_can_be_typed() {
        for path in ["spec.rules[0].host", "a[name=b].c", "a[\"b.c/d\"]", "[\"a.b\"].c"] {
            assert_eq!(Path::parse(path).unwrap().to_string(), path);
        }
    }
}
