//! Plain scalars, and the folding of lines that they share with quoted ones.

use super::{Problem, Scanner, TokenKind, cursor::Cursor};

/// White space between the words of a scalar that may go over several lines.
#[derive(Debug, Default)]
pub(super) struct Gap {
    /// Spaces and tabs, where no line ended.
    blanks: String,
    /// The end of the first line.
    line_end: Option<&'static str>,
    /// The ends of the empty lines behind it.
    empty_lines: String,
}

impl Gap {
    /// Begins a gap at a line end that was escaped, and so is no part of the text.
    pub(super) fn at_escaped_line_end() -> Self {
        Self { line_end: Some(""), ..Self::default() }
    }

    /// Reads white space. `check` is asked before each tab or space behind a line end.
    pub(super) fn read(
        &mut self,
        cursor: &mut Cursor<'_>,
        check: impl Fn(&Cursor<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        loop {
            if cursor.is_blank(0) {
                if self.line_end.is_some() {
                    check(cursor)?;
                } else {
                    self.blanks.push(char::from(cursor.byte()));
                }
                cursor.skip();
            } else if cursor.is_break(0) {
                let line_end = cursor.skip_break();
                match self.line_end {
                    None => self.line_end = Some(line_end),
                    Some(_) => self.empty_lines.push_str(line_end),
                }
            } else {
                return Ok(());
            }
        }
    }

    /// Tells whether a line ended in the gap.
    pub(super) fn has_line_end(&self) -> bool {
        self.line_end.is_some()
    }

    /// Writes what the gap means: its blanks, a space for a single line end, the empty lines.
    pub(super) fn fold_into(&mut self, text: &mut String) {
        let Self { blanks, line_end, empty_lines } = std::mem::take(self);
        match line_end {
            None => text.push_str(&blanks),
            Some("\n") if empty_lines.is_empty() => text.push(' '),
            Some("\n") => text.push_str(&empty_lines),
            Some(line_end) => {
                text.push_str(line_end);
                text.push_str(&empty_lines);
            }
        }
    }
}

impl Scanner<'_> {
    pub(super) fn scan_plain(&mut self) -> Result<TokenKind, Problem> {
        let in_flow = self.flow_level > 0;
        let indent = self.indent + 1;
        let cursor = &mut self.cursor;
        let mut text = String::new();
        let mut gap = Gap::default();
        loop {
            if cursor.is_document_indicator() || cursor.byte() == b'#' {
                break;
            }
            let word = cursor.offset();
            cursor.skip_usual();
            while !cursor.is_blank_or_end(0) && !ends_plain(cursor, in_flow) {
                cursor.skip();
                cursor.skip_usual();
            }
            let word = cursor.since(word);
            if !word.is_empty() {
                gap.fold_into(&mut text);
                text.push_str(word);
            }
            if !cursor.is_blank(0) && !cursor.is_break(0) {
                break;
            }
            gap.read(cursor, |cursor| {
                if cursor.byte() == b'\t' && cursor.column() < indent {
                    return Err(cursor
                        .mark()
                        .problem("found a tab character that violates indentation"));
                }
                Ok(())
            })?;
            if !in_flow && cursor.column() < indent {
                break;
            }
        }
        // Behind a line end a key may begin again.
        self.key_allowed |= gap.has_line_end();
        Ok(TokenKind::Scalar { text, plain: true })
    }
}

fn ends_plain(cursor: &Cursor<'_>, in_flow: bool) -> bool {
    match cursor.byte() {
        b':' => cursor.is_blank_or_end(1),
        // go-yaml v2, unlike YAML 1.2, ends a plain scalar in a flow at `?` too.
        b',' | b'?' | b'[' | b']' | b'{' | b'}' => in_flow,
        _ => false,
    }
}
