//! A place in the text of a document that moves forward, character by character.

use crate::workload::error::Code;
use crate::workload::yaml::{Position, Problem, stream::Chunk};

/// Where the scanner stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) position: Position,
    /// The number of characters before it.
    pub(super) index: usize,
    /// The number of characters before it on its line.
    pub(super) column: i32,
}

/// Reads a chunk. Behind its end stand zeros, which no YAML text holds.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    bytes: &'t [u8],
    offset: usize,
    index: usize,
    line: u32,
    column: i32,
}

impl<'t> Cursor<'t> {
    /// Begins a chunk, behind its byte order mark if there is one.
    ///
    /// # Errors
    /// A character that YAML forbids everywhere.
    pub(super) fn new(chunk: &Chunk<'t>) -> Result<Self, Problem> {
        let text = chunk.text.strip_prefix('\u{feff}').unwrap_or(chunk.text);
        let cursor = Self {
            text,
            bytes: text.as_bytes(),
            offset: 0,
            index: 0,
            line: chunk.first_line,
            column: 0,
        };
        cursor.check()?;
        Ok(cursor)
    }

    fn check(&self) -> Result<(), Problem> {
        // Nearly all texts are free of what has to be looked at.
        let suspicious = |&byte: &u8| byte < 0x20 || matches!(byte, 0x7F | 0xC2 | 0xEF);
        let forbidden = |c: &char| {
            c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')
                || matches!(c, '\u{fffe}' | '\u{ffff}')
        };
        let usual = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r') || !suspicious(byte);
        if self.bytes.iter().all(usual) {
            return Ok(());
        }
        let Some(at) = self.text.find(|c| forbidden(&c)) else { return Ok(()) };
        let before = &self.text[..at];
        let line = self.line + u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX / 2);
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        let c = self.text[at..].chars().next().expect("it was found there");
        Err(Problem::new(
            Code::InvalidYaml,
            Position::new(line, u32::try_from(column).unwrap_or(u32::MAX)),
            format!("the character {c:?} may not stand in YAML"),
        ))
    }

    pub(super) fn mark(&self) -> Mark {
        let column = u32::try_from(self.column + 1).unwrap_or(u32::MAX);
        Mark { position: Position::new(self.line, column), index: self.index, column: self.column }
    }

    /// The number of characters before the cursor on its line.
    pub(super) fn column(&self) -> i32 {
        self.column
    }

    /// The byte at a distance from the cursor; zero behind the end.
    pub(super) fn at(&self, distance: usize) -> u8 {
        self.bytes.get(self.offset + distance).copied().unwrap_or(0)
    }

    pub(super) fn byte(&self) -> u8 {
        self.at(0)
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The text from an offset to the cursor.
    pub(super) fn since(&self, offset: usize) -> &'t str {
        &self.text[offset..self.offset]
    }

    pub(super) fn is_end(&self) -> bool {
        self.offset >= self.bytes.len()
    }

    /// Tells whether a space or tab stands at a distance.
    pub(super) fn is_blank(&self, distance: usize) -> bool {
        matches!(self.at(distance), b' ' | b'\t')
    }

    /// Tells whether a line ends at a distance: CR, LF, NEL, LS or PS.
    pub(super) fn is_break(&self, distance: usize) -> bool {
        match self.at(distance) {
            b'\n' | b'\r' => true,
            0xC2 => self.at(distance + 1) == 0x85,
            0xE2 => self.at(distance + 1) == 0x80 && matches!(self.at(distance + 2), 0xA8 | 0xA9),
            _ => false,
        }
    }

    /// Tells whether a line or the text ends at a distance.
    pub(super) fn is_break_or_end(&self, distance: usize) -> bool {
        self.at(distance) == 0 || self.is_break(distance)
    }

    /// Tells whether white space or the end of the text stands at a distance.
    pub(super) fn is_blank_or_end(&self, distance: usize) -> bool {
        self.is_blank(distance) || self.is_break_or_end(distance)
    }

    /// Tells whether the line is `---` or `...`, or begins with one of them and white space.
    pub(super) fn is_document_indicator(&self) -> bool {
        let dashes = [self.at(0), self.at(1), self.at(2)];
        self.column == 0 && matches!(&dashes, b"---" | b"...") && self.is_blank_or_end(3)
    }

    /// Passes one character that does not end a line.
    pub(super) fn skip(&mut self) {
        self.offset += match self.byte() {
            0xF0.. => 4,
            0xE0.. => 3,
            0xC0.. => 2,
            _ => usize::from(!self.is_end()),
        };
        self.index += 1;
        self.column += 1;
    }

    /// Passes characters of one byte that mean nothing in any scalar: of most texts nearly all.
    pub(super) fn skip_usual(&mut self) {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let usual = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'_' | b'=' | b'+')
        };
        let count = rest.iter().position(|byte| !usual(byte)).unwrap_or(rest.len());
        self.pass(count);
    }

    /// Passes spaces.
    pub(super) fn skip_spaces(&mut self) {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let count = rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len());
        self.pass(count);
    }

    /// Passes so many characters of one byte.
    fn pass(&mut self, count: usize) {
        self.offset += count;
        self.index += count;
        self.column += i32::try_from(count).expect("a text is no larger than its limit");
    }

    /// Passes the end of a line and gives what a scalar has for it.
    pub(super) fn skip_break(&mut self) -> &'static str {
        let (length, text) = match (self.byte(), self.at(1)) {
            (b'\r', b'\n') => (2, "\n"),
            (b'\r' | b'\n', _) => (1, "\n"),
            // NEL counts as a line feed; LS and PS stay what they are (YAML 1.1).
            (0xC2, 0x85) => (2, "\n"),
            (0xE2, 0x80) if self.at(2) == 0xA8 => (3, "\u{2028}"),
            (0xE2, 0x80) if self.at(2) == 0xA9 => (3, "\u{2029}"),
            _ => return "",
        };
        self.offset += length;
        self.index += 1;
        self.line += 1;
        self.column = 0;
        text
    }

    /// Passes what stands before the end of the line.
    pub(super) fn skip_line(&mut self) {
        while !self.is_break_or_end(0) {
            self.skip();
            self.skip_usual();
        }
    }

    /// Passes spaces and tabs.
    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }
}

impl Mark {
    /// Makes a problem of this place.
    pub(super) fn problem(self, message: &str) -> Problem {
        Problem::new(Code::InvalidYaml, self.position, message)
    }
}
