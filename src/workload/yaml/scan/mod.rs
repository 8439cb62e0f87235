//! From characters to tokens, by the rules of go-yaml v2 (a port of libyaml), which kubectl uses.
//!
//! Only what a document without directives can hold: kubectl cuts its input at `---` lines, so
//! that a `%` directive can never precede the document it is for.

mod block;
mod cursor;
mod key;
mod name;
mod plain;
mod quoted;

use std::collections::VecDeque;

use cursor::{Cursor, Mark};
use key::SimpleKey;

use super::{Position, Problem, stream::Chunk};

const NO_TOKEN: &str = "found character that cannot start any token";

/// The smallest thing that has a meaning of its own.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) start: Position,
    pub(super) end: Position,
    pub(super) kind: TokenKind,
}

/// What a token is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    /// The end of a block sequence or mapping.
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    /// `-` before an item.
    BlockEntry,
    /// `,` between items.
    FlowEntry,
    /// `?`, or the beginning of a key that turned out to be one.
    Key,
    /// `:`.
    Value,
    Alias(String),
    Anchor(String),
    /// A tag, written out in full.
    Tag(String),
    Scalar {
        text: String,
        plain: bool,
    },
}

/// Reads the tokens of a chunk.
#[derive(Debug)]
pub(super) struct Scanner<'t> {
    cursor: Cursor<'t>,
    tokens: VecDeque<Token>,
    /// Whether the first of them is known to be the next one.
    is_settled: bool,
    /// How many tokens have been taken.
    taken: usize,
    /// How many flow collections are open.
    flow_level: usize,
    /// The column of the innermost block collection; -1 outside all.
    indent: i32,
    indents: Vec<i32>,
    /// Whether a key may begin at the cursor.
    key_allowed: bool,
    /// The candidate of each flow level.
    keys: Vec<SimpleKey>,
}

impl<'t> Scanner<'t> {
    /// Begins a chunk.
    ///
    /// # Errors
    /// A character that YAML forbids everywhere.
    pub(super) fn new(chunk: &Chunk<'t>) -> Result<Self, Problem> {
        let cursor = Cursor::new(chunk)?;
        let none = SimpleKey::none(cursor.mark());
        Ok(Self {
            cursor,
            tokens: VecDeque::new(),
            is_settled: false,
            taken: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![none],
        })
    }

    /// Shows the next token.
    ///
    /// # Errors
    /// What is not YAML.
    pub(super) fn peek(&mut self) -> Result<&Token, Problem> {
        while !self.is_settled {
            self.is_settled = !self.tokens.is_empty() && !self.may_begin_key()?;
            if !self.is_settled {
                self.fetch()?;
            }
        }
        Ok(&self.tokens[0])
    }

    /// Takes the token that [`Scanner::peek`] showed.
    pub(super) fn take(&mut self) -> Token {
        self.taken += 1;
        self.is_settled = false;
        self.tokens.pop_front().expect("a token was shown before it is taken")
    }

    fn push(&mut self, start: Mark, kind: TokenKind) {
        let end = self.cursor.mark().position;
        self.tokens.push_back(Token { start: start.position, end, kind });
    }

    fn insert(&mut self, number: usize, mark: Mark, kind: TokenKind) {
        let token = Token { start: mark.position, end: mark.position, kind };
        self.tokens.insert(number - self.taken, token);
    }

    /// Opens a block collection whose entries begin at a column, before the token of that number.
    fn open_block(&mut self, number: usize, mark: Mark, kind: TokenKind) {
        if self.flow_level == 0 && self.indent < mark.column {
            self.indents.push(self.indent);
            self.indent = mark.column;
            self.insert(number, mark, kind);
        }
    }

    /// Ends the block collections whose entries begin right of a column.
    fn close_blocks(&mut self, column: i32) {
        while self.flow_level == 0 && self.indent > column {
            self.push(self.cursor.mark(), TokenKind::BlockEnd);
            self.indent = self.indents.pop().expect("every level was pushed over another");
        }
    }

    fn next_number(&self) -> usize {
        self.taken + self.tokens.len()
    }

    fn fetch(&mut self) -> Result<(), Problem> {
        self.skip_to_token();
        self.close_blocks(self.cursor.column());
        let in_flow = self.flow_level > 0;
        let blank_follows = self.cursor.is_blank_or_end(1);
        match self.cursor.byte() {
            0 => self.fetch_stream_end(),
            b'%' if self.cursor.column() == 0 => {
                Err(self.cursor.mark().problem("kubectl reads no `%` directives"))
            }
            b'-' if self.cursor.is_document_indicator() => {
                self.fetch_document_indicator(TokenKind::DocumentStart)
            }
            b'.' if self.cursor.is_document_indicator() => {
                self.fetch_document_indicator(TokenKind::DocumentEnd)
            }
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if blank_follows => self.fetch_block_entry(),
            b'?' if in_flow || blank_follows => self.fetch_key(),
            b':' if in_flow || blank_follows => self.fetch_value(),
            b'*' => self.fetch_word(Self::scan_alias),
            b'&' => self.fetch_word(Self::scan_anchor),
            b'!' => self.fetch_word(Self::scan_tag),
            b'|' if !in_flow => self.fetch_block_scalar(true),
            b'>' if !in_flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_word(|scanner| scanner.scan_quoted(true)),
            b'"' => self.fetch_word(|scanner| scanner.scan_quoted(false)),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self.cursor.mark().problem(NO_TOKEN)),
            b'\t' => {
                Err(self.cursor.mark().problem(NO_TOKEN).hint("indent by spaces, not by tabs"))
            }
            _ => self.fetch_word(Self::scan_plain),
        }
    }

    /// Passes white space and comments.
    fn skip_to_token(&mut self) {
        loop {
            // A tab may stand wherever it cannot be taken for indentation.
            let tabs = self.flow_level > 0 || !self.key_allowed;
            self.cursor.skip_spaces();
            while self.cursor.byte() == b' ' || tabs && self.cursor.byte() == b'\t' {
                self.cursor.skip();
            }
            if self.cursor.byte() == b'#' {
                self.cursor.skip_line();
            }
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.skip_break();
            self.key_allowed |= self.flow_level == 0;
        }
    }

    fn fetch_stream_end(&mut self) -> Result<(), Problem> {
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        self.push(self.cursor.mark(), TokenKind::StreamEnd);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        let start = self.cursor.mark();
        (0..3).for_each(|_| self.cursor.skip());
        self.push(start, kind);
        Ok(())
    }

    fn fetch_indicator(&mut self, kind: TokenKind) {
        let start = self.cursor.mark();
        self.cursor.skip();
        self.push(start, kind);
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.save_key()?;
        let mark = self.cursor.mark();
        self.keys.push(SimpleKey::none(mark));
        self.flow_level += 1;
        self.key_allowed = true;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.forget_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.keys.pop();
        }
        self.key_allowed = false;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Problem> {
        self.forget_key()?;
        self.key_allowed = true;
        self.fetch_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Problem> {
        let mark = self.cursor.mark();
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(mark.problem("block sequence entries are not allowed in this context"));
            }
            self.open_block(self.next_number(), mark, TokenKind::BlockSequenceStart);
        }
        self.forget_key()?;
        self.key_allowed = true;
        self.fetch_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Problem> {
        let mark = self.cursor.mark();
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(mark.problem("mapping keys are not allowed in this context"));
            }
            self.open_block(self.next_number(), mark, TokenKind::BlockMappingStart);
        }
        self.forget_key()?;
        self.key_allowed = self.flow_level == 0;
        self.fetch_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Problem> {
        if self.is_key_still_possible(self.keys.len() - 1)? {
            let key = *self.last_key();
            self.insert(key.token, key.mark, TokenKind::Key);
            self.open_block(key.token, key.mark, TokenKind::BlockMappingStart);
            self.last_key().possible = false;
            self.key_allowed = false;
        } else {
            let mark = self.cursor.mark();
            if self.flow_level == 0 {
                if !self.key_allowed {
                    return Err(mark.problem("mapping values are not allowed in this context"));
                }
                self.open_block(self.next_number(), mark, TokenKind::BlockMappingStart);
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.fetch_indicator(TokenKind::Value);
        Ok(())
    }

    /// Reads a token that may begin a key, and behind which no other key can begin.
    fn fetch_word(
        &mut self,
        scan: impl FnOnce(&mut Self) -> Result<TokenKind, Problem>,
    ) -> Result<(), Problem> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.cursor.mark();
        let kind = scan(self)?;
        self.push(start, kind);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Result<(), Problem> {
        self.forget_key()?;
        self.key_allowed = true;
        let start = self.cursor.mark();
        let text = self.scan_block_scalar(literal)?;
        self.push(start, TokenKind::Scalar { text, plain: false });
        Ok(())
    }
}
