//! Differences of objects for people: YAML with its changed lines (`unified`), or a line for each
//! field (`fields`).

mod place;
mod unified;

use std::fmt::Write as _;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{
    format::words,
    human,
    sanitize::one_line,
    stream::{Stream, Tone},
};
use crate::workload::difference::{Change, Difference};

words!(
    /// How differences are shown (`--diff`).
    DiffStyle {
        /// The objects as YAML, with `-` and `+` before the lines that differ.
        Unified = "unified",
        /// A line for each field.
        Fields = "fields",
        /// Not at all.
        None = "none",
    }
);

/// The longest value that is shown in a line of its field, in characters.
const VALUE_LIMIT: usize = 120;

/// Shows what differs in one object; nothing where nothing does. `title` names it:
/// `Deployment/web`.
pub(crate) fn show(
    title: &str,
    difference: &Difference,
    style: DiffStyle,
    stream: Stream,
) -> String {
    if difference.is_empty() {
        return String::new();
    }
    match style {
        DiffStyle::Unified => unified::show(title, difference, stream),
        DiffStyle::Fields => fields(title, difference, stream),
        DiffStyle::None => String::new(),
    }
}

fn fields(title: &str, difference: &Difference, stream: Stream) -> String {
    let mut out = format!("{}\n", stream.paint(Tone::Strong, &one_line(title)));
    for change in &difference.changes {
        let (mark, tone) = match (&change.old, &change.new) {
            (None, _) => ('+', Tone::Good),
            (_, None) => ('-', Tone::Bad),
            (Some(_), Some(_)) => ('~', Tone::Warn),
        };
        let line = format!("{mark} {}: {}", change.path, values(change));
        writeln!(out, "  {}", stream.paint(tone, &one_line(&line)))
            .expect("writing to a string cannot fail");
    }
    out
}

/// Shows what a field was and is, on one line.
pub(crate) fn values(change: &Change) -> String {
    match (&change.old, &change.new) {
        (Some(Value::String(old)), Some(Value::String(new)))
            if old.contains('\n') || new.contains('\n') =>
        {
            lines(old, new)
        }
        (Some(old), Some(new)) => format!("{} -> {}", value(old), value(new)),
        (Some(only), None) | (None, Some(only)) => value(only),
        (None, None) => String::new(),
    }
}

/// Counts the lines that differ in a text of several lines.
fn lines(old: &str, new: &str) -> String {
    let differing = TextDiff::from_lines(old, new);
    let count = |tag| differing.iter_all_changes().filter(|change| change.tag() == tag).count();
    let (added, removed) = (count(ChangeTag::Insert), count(ChangeTag::Delete));
    format!("{} added, {removed} removed", human::count(added, "line"))
}

/// Shows a value on one line: a text as it is where nothing else is meant by it.
fn value(value: &Value) -> String {
    let text = match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(VALUE_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Tells whether a text could not be taken for another value, nor for the arrow between two.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(['\n', '"'])
        && !text.contains("->")
        && text.trim() == text
        && serde_json::from_str::<Value>(text).is_err()
}

#[cfg(test)]
mod tests;
