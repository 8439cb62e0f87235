//! Recognising the templates of Helm and its like where they were not filled in: an unquoted `{{`
//! that YAML reads as the beginning of two mappings.

use super::{Position, Problem, stream::Chunk};
use crate::workload::error::Code;

/// Finds an unquoted `{{` between two lines of the chunk, as far as a look at single lines can
/// tell; for explaining why a text is not YAML.
pub(super) fn between(chunk: &Chunk<'_>, first: u32, last: u32) -> Option<Position> {
    let skipped = first.saturating_sub(chunk.first_line) as usize;
    let count = last.saturating_sub(first) as usize + 1;
    (first..).zip(chunk.text.lines().skip(skipped).take(count)).find_map(|(number, line)| {
        let column = in_line(line)?;
        Some(Position::new(number, u32::try_from(column).unwrap_or(u32::MAX)))
    })
}

/// Finds the column, from 1, of the first `{{` that is neither quoted nor in a comment.
fn in_line(line: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = ' ';
    for (index, c) in line.chars().enumerate() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '{') if before == '{' => return Some(index),
            (None, '#') if before.is_whitespace() => return None,
            // A quote inside a word quotes nothing.
            (None, '\'' | '"') if !before.is_alphanumeric() => quote = Some(c),
            (None, _) => {}
        }
        before = c;
    }
    None
}

/// Says that the template that begins there was not filled in.
pub(super) fn problem(chunk: &Chunk<'_>, position: Position) -> Problem {
    let from: String =
        chunk.line(position.line).chars().skip(position.column as usize - 1).collect();
    unfilled(position, &from)
}

/// Says that the template with which the text begins was not filled in.
pub(super) fn unfilled(position: Position, text: &str) -> Problem {
    let end = text.find("}}").map_or(text.len(), |end| end + 2);
    let shown: String = text[..end].chars().take(60).collect();
    Problem::new(
        Code::UnfilledTemplate,
        position,
        format!("unfilled template `{}`", shown.trim_end()),
    )
    .hint("`helm template … | workloadctl deploy NAME -f -` fills in a chart")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unquoted_braces_count() {
        for (line, column) in [
            ("a: {{ .x }}", Some(4)),
            ("{{- if .x }}", Some(1)),
            ("- {{ x }}", Some(3)),
            ("a: [x{{ y }}]", Some(6)),
            ("it's: {{ x }}", Some(7)),
            ("a: '{{ x }}'", None),
            ("a: \"{{ x }}\"", None),
            ("a: 1 # {{ x }}", None),
            ("a: {b: {c: d}}", None),
        ] {
            assert_eq!(in_line(line), column, "{line}");
        }
    }
}
