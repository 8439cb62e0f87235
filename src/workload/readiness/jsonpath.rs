//! The part of kubectl's JSONPath that names a place in an object: fields, quoted fields, indices,
//! `[*]` and filters (`[?(@.type=="Ready")]`). Braces and the leading dot may be left out.

use serde_json::Value;

/// A parsed path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonPath(Vec<JsonPathStep>);

#[derive(Debug, Clone, PartialEq)]
enum JsonPathStep {
    Field(String),
    Index(i64),
    All,
    Filter { path: Vec<JsonPathStep>, test: Option<(bool, String)> },
}

impl JsonPath {
    /// Parses a path.
    ///
    /// # Errors
    /// What is wrong, as a clause: `"..": recursive descent is not supported`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let inner = text.trim();
        // kubectl's "relaxed" JSONPath: what is between the braces may come without them.
        let inner = match inner.strip_prefix('{') {
            Some(rest) => rest.strip_suffix('}').ok_or("the closing `}` is missing")?,
            None => inner,
        };
        let inner = inner.strip_prefix('$').unwrap_or(inner);
        let mut parser = PathParser { rest: inner };
        let steps = parser.steps()?;
        match (steps.is_empty(), parser.rest) {
            (true, _) => Err("the path is empty".to_owned()),
            (false, "") => Ok(Self(steps)),
            (false, rest) => Err(format!("cannot read {rest:?}")),
        }
    }

    /// Finds the values at the path.
    pub(crate) fn find<'a>(&self, body: &'a Value) -> Vec<&'a Value> {
        walk(&self.0, body)
    }
}

fn walk<'a>(steps: &[JsonPathStep], body: &'a Value) -> Vec<&'a Value> {
    steps.iter().fold(vec![body], |found, step| {
        found.into_iter().flat_map(|value| step.take(value)).collect()
    })
}

impl JsonPathStep {
    fn take<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match self {
            Self::Field(name) => value.get(name).into_iter().collect(),
            Self::Index(index) => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let index = if *index < 0 { length + index } else { *index };
                usize::try_from(index).ok().and_then(|index| items.get(index)).into_iter().collect()
            }
            Self::All => match value {
                Value::Array(items) => items.iter().collect(),
                Value::Object(fields) => fields.values().collect(),
                _ => Vec::new(),
            },
            Self::Filter { path, test } => value
                .as_array()
                .into_iter()
                .flatten()
                .filter(|item| {
                    let found = walk(path, item);
                    match test {
                        None => !found.is_empty(),
                        Some((equal, text)) => {
                            found.iter().any(|value| (said(value) == *text) == *equal)
                        }
                    }
                })
                .collect(),
        }
    }
}

/// Writes a value as kubectl prints it: texts bare, the rest as JSON.
pub(crate) fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

struct PathParser<'a> {
    rest: &'a str,
}

impl PathParser<'_> {
    fn steps(&mut self) -> Result<Vec<JsonPathStep>, String> {
        let mut steps = Vec::new();
        loop {
            if self.rest.starts_with("..") {
                return Err("recursive descent (`..`) is not supported".to_owned());
            }
            if self.rest.starts_with('[') {
                steps.push(self.bracket()?);
            } else if self.rest.starts_with('.') || (steps.is_empty() && !self.rest.is_empty()) {
                self.rest = self.rest.strip_prefix('.').unwrap_or(self.rest);
                if self.rest.starts_with('[') {
                    continue;
                }
                match self.field()? {
                    Some(step) => steps.push(step),
                    None => return Ok(steps),
                }
            } else {
                return Ok(steps);
            }
        }
    }

    fn field(&mut self) -> Result<Option<JsonPathStep>, String> {
        let mut name = String::new();
        let mut characters = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
                '.' | '[' | ']' | '=' | '!' | '<' | '>' | '~' | ' ' | ')' | '{' | '}' => {
                    end = at;
                    break;
                }
                _ => name.push(character),
            }
        }
        self.rest = &self.rest[end..];
        Ok(match name.as_str() {
            "" if self.rest.is_empty() => None,
            "" => return Err(format!("a field's name is missing before {:?}", self.rest)),
            "*" => Some(JsonPathStep::All),
            _ => Some(JsonPathStep::Field(name)),
        })
    }

    fn bracket(&mut self) -> Result<JsonPathStep, String> {
        let end = closing(self.rest).ok_or("the closing `]` is missing")?;
        let inner = self.rest[1..end].trim();
        self.rest = &self.rest[end + 1..];
        if inner == "*" {
            return Ok(JsonPathStep::All);
        }
        if let Some(filter) = inner.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
            return parse_filter(filter.trim());
        }
        if let Some(name) = unquote(inner) {
            return Ok(JsonPathStep::Field(name.to_owned()));
        }
        inner.parse().map(JsonPathStep::Index).map_err(|_| format!("cannot read \"[{inner}]\""))
    }
}

fn parse_filter(filter: &str) -> Result<JsonPathStep, String> {
    let rest = filter.strip_prefix('@').ok_or_else(|| format!("cannot read \"?({filter})\""))?;
    let mut parser = PathParser { rest };
    let path = parser.steps()?;
    let rest = parser.rest.trim();
    let test = match (rest.strip_prefix("=="), rest.strip_prefix("!="), rest) {
        (Some(value), ..) => Some((true, value)),
        (_, Some(value), _) => Some((false, value)),
        (.., "") => None,
        _ => return Err(format!("cannot read {rest:?}; only == and != are supported")),
    };
    let test = test.map(|(equal, value)| {
        let value = value.trim();
        (equal, unquote(value).unwrap_or(value).to_owned())
    });
    Ok(JsonPathStep::Filter { path, test })
}

/// Finds the bracket that closes the first one, outside quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            (None, _) => {}
        }
    }
    None
}

/// Takes off a pair of quotes.
pub(crate) fn unquote(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_what_kubectl_finds() {
        let body = json!({
            "metadata": {"annotations": {"a.b/c": "x"}},
            "status": {
                "phase": "Running",
                "ready": true,
                "conditions": [
                    {"type": "Ready", "status": "True"},
                    {"type": "Synced", "status": "False"},
                ],
            },
        });
        let cases = [
            ("{.status.phase}", vec!["Running"]),
            (".status.phase", vec!["Running"]),
            ("status.phase", vec!["Running"]),
            ("{$.status.phase}", vec!["Running"]),
            ("{.status['phase']}", vec!["Running"]),
            ("{['status'][\"phase\"]}", vec!["Running"]),
            (r"{.metadata.annotations.a\.b/c}", vec!["x"]),
            ("{.metadata.annotations['a.b/c']}", vec!["x"]),
            ("{.status.ready}", vec!["true"]),
            ("{.status.conditions[0].type}", vec!["Ready"]),
            ("{.status.conditions[-1].type}", vec!["Synced"]),
            ("{.status.conditions[*].type}", vec!["Ready", "Synced"]),
            (r#"{.status.conditions[?(@.type=="Ready")].status}"#, vec!["True"]),
            (r#"{.status.conditions[?(@.type == 'Synced')].status}"#, vec!["False"]),
            (r#"{.status.conditions[?(@.type!="Ready")].type}"#, vec!["Synced"]),
            ("{.status.conditions[?(@.type)].type}", vec!["Ready", "Synced"]),
            ("{.status.conditions[5].type}", vec![]),
            ("{.status.conditions[-9].type}", vec![]),
            ("{.status.phase.deeper}", vec![]),
            ("{.nothing[*].here}", vec![]),
        ];
        for (path, found) in cases {
            let parsed = JsonPath::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let values: Vec<String> = parsed.find(&body).into_iter().map(said).collect();
            assert_eq!(values, found, "{path}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for path in [
            "",
            "{",
            "{}",
            "{.}",
            "{.a",
            "{..a}",
            "{.a[}",
            "{.a[x]}",
            "{.a[1:2]}",
            "{.a[?(b)]}",
            "{.a[?(@.b<3)]}",
            "{.a }x",
            "{.a..b}",
            "{.a.}b",
            "{.a[?(@.b)",
        ] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
