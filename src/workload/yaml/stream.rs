//! Cutting a text into documents, as kubectl's reader cuts it before any YAML parser sees it.

use crate::workload::error::Code;
use std::borrow::Cow;

use super::{Position, Problem};

/// The text of one document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunk<'t> {
    /// The text, ending with a line feed.
    pub(super) text: &'t str,
    /// The number of its first line in the whole text, counted from 1.
    pub(super) first_line: u32,
}

impl<'t> Chunk<'t> {
    /// Gives a line by its number in the whole text; empty where there is none.
    pub(super) fn line(&self, number: u32) -> &'t str {
        let index = number.saturating_sub(self.first_line) as usize;
        self.text.lines().nth(index).unwrap_or_default()
    }
}

/// Removes the byte order mark at the beginning.
pub(super) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Tells whether kubectl takes the text for a stream of JSON values.
pub(super) fn is_json(text: &str) -> bool {
    // k8s.io/apimachinery's GuessJSONStream.
    text.trim_start().starts_with('{')
}

/// Gives what kubectl reads as YAML where a text that began as a stream of JSON values goes on as
/// something else, given how many values were read and where the last one ends: what stands behind
/// it. None where it is an error.
pub(super) fn behind_json(text: &str, count: usize, end: usize) -> Option<&str> {
    // k8s.io/apimachinery's YAMLOrJSONDecoder: two values without `---` between them settle it.
    if count > 1 {
        return None;
    }
    let mut rest = &text[end..];
    loop {
        // It looks at four bytes at a time, and gives up where there are fewer.
        let first = rest.chars().next().filter(|_| rest.len() >= 4)?;
        if !first.is_whitespace() {
            return Some(rest);
        }
        rest = &rest[first.len_utf8()..];
        if first == '\n' {
            return Some(rest);
        }
    }
}

/// Turns every CR LF into LF and ends the last line.
pub(super) fn with_line_feeds(text: &str) -> Cow<'_, str> {
    let mut text =
        if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { Cow::Borrowed(text) };
    if !text.ends_with('\n') {
        text.to_mut().push('\n');
    }
    text
}

/// Cuts a text of LF lines at the lines that begin with `---`. Behind the dashes only white space
/// or a comment may stand; anything else is a problem and its line is skipped. `line` is the number
/// of the text's first line.
pub(super) fn chunks(text: &str, line: u32) -> impl Iterator<Item = Result<Chunk<'_>, Problem>> {
    let mut cutter = Cutter { text, start: 0, end: 0, first_line: line, line };
    std::iter::from_fn(move || cutter.next())
}

struct Cutter<'t> {
    text: &'t str,
    /// Where the document that is being read begins, as an offset.
    start: usize,
    /// How far the lines have been read, as an offset.
    end: usize,
    first_line: u32,
    /// The number of the line at `end`.
    line: u32,
}

impl<'t> Cutter<'t> {
    fn next(&mut self) -> Option<Result<Chunk<'t>, Problem>> {
        while self.end < self.text.len() {
            let rest = &self.text[self.end..];
            let line = &rest[..=rest.find('\n').expect("every line ends with a line feed")];
            let behind = line.strip_prefix("---").map(str::trim);
            if let Some(behind) = behind.filter(|text| !text.is_empty() && !text.starts_with('#')) {
                let problem = bad_separator(self.line, line, behind);
                self.skip(line);
                return Some(Err(problem));
            }
            // A separator before any line belongs to the document that it opens.
            if behind.is_some() && self.start < self.end {
                let chunk = self.cut();
                self.skip(line);
                return Some(Ok(chunk));
            }
            self.end += line.len();
            self.line += 1;
        }
        (self.start < self.end).then(|| {
            let chunk = self.cut();
            self.start = self.end;
            Ok(chunk)
        })
    }

    fn cut(&self) -> Chunk<'t> {
        Chunk { text: &self.text[self.start..self.end], first_line: self.first_line }
    }

    fn skip(&mut self, line: &str) {
        self.end += line.len();
        self.line += 1;
        self.start = self.end;
        self.first_line = self.line;
    }
}

fn bad_separator(line: u32, text: &str, behind: &str) -> Problem {
    let column = 1 + text.find(behind).expect("it is part of the line");
    let column = u32::try_from(text[..column - 1].chars().count() + 1).unwrap_or(u32::MAX);
    let shown: String = behind.chars().take(40).collect();
    Problem::new(
        Code::InvalidSeparator,
        Position::new(line, column),
        format!("`{shown}` stands behind a document separator `---`"),
    )
    .hint("a line that begins with `---` starts a new document: put its content on the next line, or indent the line if it is part of a text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<Result<(u32, String), u32>> {
        chunks(&with_line_feeds(text), 1)
            .map(|chunk| match chunk {
                Ok(chunk) => Ok((chunk.first_line, chunk.text.to_owned())),
                Err(problem) => Err(problem.position.line),
            })
            .collect()
    }

    #[test]
    fn documents_begin_at_separators() {
        let ok = |line: u32, text: &str| Ok((line, text.to_owned()));
        for (text, expected) in [
            ("a", vec![ok(1, "a\n")]),
            ("a\r\nb\r\n", vec![ok(1, "a\nb\n")]),
            ("---\na\n", vec![ok(1, "---\na\n")]),
            ("a\n---\nb\n", vec![ok(1, "a\n"), ok(3, "b\n")]),
            ("a\n--- # c\nb", vec![ok(1, "a\n"), ok(3, "b\n")]),
            ("a\n---#c\nb", vec![ok(1, "a\n"), ok(3, "b\n")]),
            ("a\n---\n---\nb", vec![ok(1, "a\n"), ok(3, "---\nb\n")]),
            ("a\n---\n", vec![ok(1, "a\n")]),
            ("a\n ---\nb\n", vec![ok(1, "a\n ---\nb\n")]),
            ("a\n---- x\nb\n", vec![Err(2), ok(3, "b\n")]),
            ("---x\nb\n", vec![Err(1), ok(2, "b\n")]),
            ("", vec![ok(1, "\n")]),
        ] {
            assert_eq!(cut(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_first_brace_decides() {
        assert!(is_json(" \n\t{}"));
        assert!(!is_json("# c\n{}"));
        assert!(!is_json("[{}]"));
        assert_eq!(without_bom("\u{feff}a"), "a");
    }
}
