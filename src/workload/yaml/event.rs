//! The events of a YAML document: what begins, stands and ends, in the order of the text.

use std::io::{BufRead, Read, Result as IoResult};

use libyaml_safer::{Error, ErrorKind, EventData, MappingStyle, Mark, Parser};

use super::{Position, Problem, stream::Chunk, tree::Scalar};

/// Something that begins, stands or ends.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) position: Position,
    pub(super) what: What,
}

/// What it is.
#[derive(Debug)]
pub(super) enum What {
    DocumentStart,
    Scalar {
        anchor: Option<String>,
        scalar: Scalar,
    },
    Alias(String),
    SequenceStart {
        anchor: Option<String>,
    },
    MappingStart {
        anchor: Option<String>,
        flow: bool,
    },
    /// The end of a sequence or mapping.
    End,
    DocumentEnd,
    StreamEnd,
}

/// Reads the events of a chunk.
pub(super) struct Events<'c> {
    chunk: &'c Chunk<'c>,
    parser: Parser<Slices<'c>>,
}

impl<'c> Events<'c> {
    /// Begins with a chunk.
    pub(super) fn new(chunk: &'c Chunk<'c>) -> Self {
        let mut parser = Parser::new();
        parser.set_input(Slices(chunk.text.as_bytes()));
        Self { chunk, parser }
    }

    /// Reads the next event.
    ///
    /// # Errors
    /// What is not YAML.
    pub(super) fn next(&mut self) -> Result<Event, Problem> {
        loop {
            let event = self.parser.parse().map_err(|error| self.problem(&error))?;
            let position = self.position(event.start_mark);
            let what = match event.data {
                EventData::StreamStart { .. } => continue,
                EventData::StreamEnd => What::StreamEnd,
                EventData::DocumentStart { .. } => What::DocumentStart,
                EventData::DocumentEnd { .. } => What::DocumentEnd,
                EventData::Alias { anchor } => What::Alias(anchor),
                EventData::Scalar { anchor, tag, value, plain_implicit, .. } => {
                    let tag = tag.filter(|tag| !tag.is_empty());
                    What::Scalar {
                        anchor,
                        scalar: Scalar { text: value, tag, plain: plain_implicit },
                    }
                }
                EventData::SequenceStart { anchor, .. } => What::SequenceStart { anchor },
                EventData::MappingStart { anchor, style, .. } => {
                    What::MappingStart { anchor, flow: style == MappingStyle::Flow }
                }
                EventData::SequenceEnd | EventData::MappingEnd => What::End,
            };
            return Ok(Event { position, what });
        }
    }

    fn position(&self, mark: Mark) -> Position {
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX / 2);
        Position::new(self.chunk.first_line + count(mark.line), count(mark.column) + 1)
    }

    fn problem(&self, error: &Error) -> Problem {
        if error.kind() == ErrorKind::Reader {
            return self.unreadable();
        }
        let position = self.position(error.problem_mark().unwrap_or_default());
        Problem::new("invalid-yaml", position, error.problem())
    }

    /// Finds the character that no YAML text may have.
    fn unreadable(&self) -> Problem {
        for (line, text) in (self.chunk.first_line..).zip(self.chunk.text.lines()) {
            for (column, c) in (1..).zip(text.chars()) {
                if !(c == '\t'
                    || c == '\u{85}'
                    || !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'))
                {
                    let message = format!("the character {c:?} is not allowed in YAML");
                    return Problem::new("invalid-yaml", Position::new(line, column), message);
                }
            }
        }
        Problem::new("invalid-yaml", Position::new(self.chunk.first_line, 1), "unreadable text")
    }
}

/// Hands the text to the parser in small pieces, since it keeps four bytes for every character.
struct Slices<'c>(&'c [u8]);

const PIECE: usize = 4096;

impl Read for Slices<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        self.0.read(buffer)
    }
}

impl BufRead for Slices<'_> {
    fn fill_buf(&mut self) -> IoResult<&[u8]> {
        Ok(&self.0[..self.0.len().min(PIECE)])
    }

    fn consume(&mut self, count: usize) {
        self.0 = &self.0[count..];
    }
}
