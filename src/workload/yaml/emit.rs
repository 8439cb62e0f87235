//! Writing YAML that kubectl, and every other reader, reads back unchanged.
//!
//! Block style, sequences at the indentation of their key, as `kubectl get -o yaml` writes.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    scalar::{self, ScalarValue},
    timestamp,
};

/// The longest key that can stand before its `:`; a longer one is marked by `?`.
const KEY_LIMIT: usize = 1000;
/// The fields that open an object, in the order in which people expect them.
const FIRST: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Writes a value as one YAML document, ending with a line feed.
pub(crate) fn emit(value: &Value) -> String {
    let mut out = String::new();
    emit_into(&mut out, value);
    out
}

/// Adds a value to a text as [`emit`] writes it.
pub(crate) fn emit_into(out: &mut String, value: &Value) {
    let mut emitter = Emitter { out };
    match value {
        Value::Object(map) if !map.is_empty() => emitter.mapping(map, 0, ""),
        Value::Array(items) if !items.is_empty() => emitter.sequence(items, 0, ""),
        _ => emitter.scalar(value, None),
    }
}

struct Emitter<'o> {
    out: &'o mut String,
}

impl Emitter<'_> {
    /// Writes entries, each on its own line, at an indentation; the first one goes on from `lead`,
    /// which is already written.
    fn mapping(&mut self, map: &Map<String, Value>, indent: usize, lead: &str) {
        // Only at the top: a `kind` inside a spec stays where it is.
        let first = FIRST.iter().filter_map(|key| map.get_key_value(*key));
        let first = first.filter(|_| indent == 0);
        let rest = map.iter().filter(|(key, _)| indent > 0 || !FIRST.contains(&key.as_str()));
        let mut lead = Some(lead);
        for (key, value) in first.chain(rest) {
            if lead.take().is_none_or(str::is_empty) {
                self.indent(indent);
            }
            let text = scalar_text(key);
            if text.len() > KEY_LIMIT {
                self.out.push_str("? ");
                self.out.push_str(&text);
                self.out.push('\n');
                self.indent(indent);
            } else {
                self.out.push_str(&text);
            }
            self.out.push(':');
            match value {
                Value::Object(map) if !map.is_empty() => {
                    self.out.push('\n');
                    self.mapping(map, indent + 2, "");
                }
                Value::Array(items) if !items.is_empty() => {
                    self.out.push('\n');
                    self.sequence(items, indent, "");
                }
                _ => {
                    self.out.push(' ');
                    self.scalar(value, Some(indent + 2));
                }
            }
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize, lead: &str) {
        let mut lead = Some(lead);
        for item in items {
            if lead.take().is_none_or(str::is_empty) {
                self.indent(indent);
            }
            self.out.push_str("- ");
            match item {
                Value::Object(map) if !map.is_empty() => self.mapping(map, indent + 2, "- "),
                Value::Array(items) if !items.is_empty() => self.sequence(items, indent + 2, "- "),
                _ => self.scalar(item, Some(indent + 2)),
            }
        }
    }

    /// Writes a scalar or an empty collection to the end of its line; texts of several lines as
    /// a block at the indentation, if one is given.
    fn scalar(&mut self, value: &Value, indent: Option<usize>) {
        match value {
            Value::String(text) => match indent {
                Some(indent) if fits_block(text) => return self.block(text, indent),
                _ => self.out.push_str(&scalar_text(text)),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.out.push_str(&value.to_string());
            }
            Value::Array(_) => self.out.push_str("[]"),
            Value::Object(_) => self.out.push_str("{}"),
        }
        self.out.push('\n');
    }

    fn block(&mut self, text: &str, indent: usize) {
        let content = text.trim_end_matches('\n');
        self.out.push_str(match text.len() - content.len() {
            0 => "|-\n",
            1 => "|\n",
            _ => "|+\n",
        });
        let lines = text.strip_suffix('\n').unwrap_or(text);
        for line in lines.split('\n') {
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn indent(&mut self, indent: usize) {
        const BLANKS: &str = "                                ";
        let mut rest = indent;
        while rest > 0 {
            let count = rest.min(BLANKS.len());
            self.out.push_str(&BLANKS[..count]);
            rest -= count;
        }
    }
}

/// Tells whether a text of several lines survives as a literal block.
fn fits_block(text: &str) -> bool {
    text.contains('\n')
        && text.trim_end_matches('\n').contains('\n')
        // Leading white space would be taken for indentation.
        && !text.starts_with(|c: char| c.is_whitespace())
        && text.chars().all(|c| matches!(c, '\n' | '\t') || is_printable(c))
}

/// Writes a text on one line, quoted where a reader might take it for something else.
fn scalar_text(text: &str) -> Cow<'_, str> {
    // Nearly every key and most values: nothing but a word of its own could make it ambiguous.
    if is_word(text) && matches!(scalar::resolve_plain(text), ScalarValue::Text) {
        return text.into();
    }
    if !text.chars().all(is_printable) {
        double_quoted(text).into()
    // Double quotes where the text alone would mean something else, single ones where it would
    // break the syntax.
    } else if is_ambiguous(text) {
        format!("\"{text}\"").into()
    } else if needs_quotes(text) {
        format!("'{}'", text.replace('\'', "''")).into()
    } else {
        text.into()
    }
}

/// Tells whether a text begins with a letter and has nothing that YAML's syntax knows: a `:` is some
/// only before a blank or the end.
fn is_word(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b':');
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(':')
        && text.bytes().all(is_plain)
}

/// Tells whether any reader of YAML 1.1 or 1.2 would take the plain text for something other than
/// a string. Such texts have no quotes and no backslashes.
fn is_ambiguous(text: &str) -> bool {
    let digits_first =
        text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    // YAML 1.1 reads `12:30` to the base of 60; go-yaml does not, other readers do.
    let base_60 = || {
        text.contains(':')
            && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '_' | '+' | '-'))
    };
    let other_number = || {
        text.trim_start_matches(['+', '-']).parse::<f64>().is_ok()
            || text.starts_with("0o")
            || text.starts_with("0x")
            || text.starts_with("0b")
    };
    !matches!(scalar::resolve_plain(text), ScalarValue::Text)
        // The merge key, and the default key of YAML 1.1.
        || matches!(text, "<<" | "=")
        || digits_first
            && !text.contains(['"', '\\'])
            && (timestamp::is_timestamp(text) || base_60() || other_number())
}

/// Tells whether the plain text would break the syntax around it.
fn needs_quotes(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return true };
    let second = chars.next();
    let indicator = match first {
        // These begin something only before a blank.
        '-' | '?' | ':' => second.is_none_or(|c| c == ' '),
        _ => "#,[]{}&*!|>'\"%@`".contains(first),
    };
    indicator
        || text.starts_with("---")
        || text.starts_with("...")
        || text.starts_with(char::is_whitespace)
        || text.ends_with(char::is_whitespace)
        || text.ends_with(':')
        || text.contains(": ")
        || text.contains(" #")
}

/// Tells whether a character can stand for itself on one line of YAML, and on a terminal, where
/// the marks of bidirectional text would reorder what is around them.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{061c}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fffe}'..='\u{ffff}'
        )
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
