//! The grammar inside collections: what the next token says that comes next.

use super::{Open, Position, Problem, TokenKind, YamlParser};
use crate::workload::yaml::scan::Token;

/// What comes next in an open collection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GrammarState {
    BlockItem,
    /// An item of a list at the indentation of its key.
    IndentlessItem,
    BlockKey,
    BlockValue,
    FlowItem,
    FlowKey,
    FlowValue,
    /// The value of a key that stands alone in braces.
    NoValue,
    /// The key of an item `key: value` of a flow sequence, a mapping without braces.
    PairKey,
    PairValue,
    PairEnd,
}

/// What the tokens say that comes next.
pub(super) enum NextPart {
    /// A node. `block` allows block collections, `indentless` a list at the indentation of its
    /// key.
    Node { block: bool, indentless: bool },
    /// Nothing where a node could stand: null.
    Null(Position),
    /// A mapping of one pair without braces.
    Pair(Position),
    /// The end of the collection.
    End,
}

const BLOCK_NODE: NextPart = NextPart::Node { block: true, indentless: false };
const FLOW_NODE: NextPart = NextPart::Node { block: false, indentless: false };

impl YamlParser<'_> {
    /// Finds out what comes next in a collection, and what will come after that.
    pub(super) fn step(&mut self, open: &Open) -> Result<(NextPart, GrammarState), Problem> {
        let first = open.children.is_empty();
        match open.state {
            GrammarState::BlockItem => self.block_item(),
            GrammarState::IndentlessItem => self.indentless_item(),
            GrammarState::BlockKey => match self.peek()? {
                TokenKind::Key => Ok((self.block_part()?, GrammarState::BlockValue)),
                TokenKind::BlockEnd => Ok(self.end()),
                _ => self.unexpected("did not find expected key"),
            },
            GrammarState::BlockValue => match self.peek()? {
                TokenKind::Value => Ok((self.block_part()?, GrammarState::BlockKey)),
                _ => Ok((NextPart::Null(self.place()?), GrammarState::BlockKey)),
            },
            GrammarState::FlowItem => self.flow_item(first),
            GrammarState::PairKey => self.pair_key(),
            GrammarState::PairValue => {
                Ok((self.flow_value(&TokenKind::FlowSequenceEnd)?, GrammarState::PairEnd))
            }
            GrammarState::PairEnd => Ok((NextPart::End, GrammarState::PairEnd)),
            GrammarState::FlowKey => self.flow_key(first, open.start),
            GrammarState::FlowValue => {
                Ok((self.flow_value(&TokenKind::FlowMappingEnd)?, GrammarState::FlowKey))
            }
            GrammarState::NoValue => Ok((NextPart::Null(self.place()?), GrammarState::FlowKey)),
        }
    }

    fn block_item(&mut self) -> Result<(NextPart, GrammarState), Problem> {
        match self.peek()? {
            TokenKind::BlockEntry => {
                let end = self.take().end;
                let step = match self.peek()? {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => NextPart::Null(end),
                    _ => BLOCK_NODE,
                };
                Ok((step, GrammarState::BlockItem))
            }
            TokenKind::BlockEnd => Ok(self.end()),
            _ => self.unexpected("did not find expected '-' indicator"),
        }
    }

    fn indentless_item(&mut self) -> Result<(NextPart, GrammarState), Problem> {
        if *self.peek()? != TokenKind::BlockEntry {
            return Ok((NextPart::End, GrammarState::IndentlessItem));
        }
        let end = self.take().end;
        let step = match self.peek()? {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                NextPart::Null(end)
            }
            _ => BLOCK_NODE,
        };
        Ok((step, GrammarState::IndentlessItem))
    }

    fn flow_item(&mut self, first: bool) -> Result<(NextPart, GrammarState), Problem> {
        self.separator(first, &TokenKind::FlowSequenceEnd, "did not find expected ',' or ']'")?;
        Ok(match self.peek()? {
            TokenKind::FlowSequenceEnd => self.end(),
            TokenKind::Key => (NextPart::Pair(self.take().start), GrammarState::FlowItem),
            _ => (FLOW_NODE, GrammarState::FlowItem),
        })
    }

    fn pair_key(&mut self) -> Result<(NextPart, GrammarState), Problem> {
        let step = match self.peek()? {
            // go-yaml takes the `:` for the end of the key and finds no value.
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                NextPart::Null(self.take().end)
            }
            _ => FLOW_NODE,
        };
        Ok((step, GrammarState::PairValue))
    }

    fn flow_key(
        &mut self,
        first: bool,
        start: Position,
    ) -> Result<(NextPart, GrammarState), Problem> {
        self.separator(first, &TokenKind::FlowMappingEnd, "did not find expected ',' or '}'")?;
        match self.peek()? {
            TokenKind::FlowMappingEnd => return Ok(self.end()),
            TokenKind::Key => {}
            _ => {
                self.look_for_template(start)?;
                return Ok((FLOW_NODE, GrammarState::NoValue));
            }
        }
        self.take();
        let step = match self.peek()? {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                NextPart::Null(self.place()?)
            }
            _ => FLOW_NODE,
        };
        Ok((step, GrammarState::FlowValue))
    }

    /// Ends a collection at its last token. The state is that of nothing.
    fn end(&mut self) -> (NextPart, GrammarState) {
        self.take();
        (NextPart::End, GrammarState::PairEnd)
    }

    /// Reads what stands behind `?` or `:` in a block mapping.
    fn block_part(&mut self) -> Result<NextPart, Problem> {
        let end = self.take().end;
        Ok(match self.peek()? {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => NextPart::Null(end),
            _ => NextPart::Node { block: true, indentless: true },
        })
    }

    /// Passes the `,` before all but the first member of a flow collection.
    fn separator(&mut self, first: bool, end: &TokenKind, message: &str) -> Result<(), Problem> {
        match self.peek()? {
            _ if first => {}
            TokenKind::FlowEntry => {
                self.take();
            }
            kind if kind == end => {}
            _ => return self.unexpected(message),
        }
        Ok(())
    }

    /// Reads the value behind a key of a flow collection, if there is one.
    fn flow_value(&mut self, end: &TokenKind) -> Result<NextPart, Problem> {
        if *self.peek()? == TokenKind::Value {
            self.take();
            let next = self.peek()?;
            if *next != TokenKind::FlowEntry && next != end {
                return Ok(FLOW_NODE);
            }
        }
        Ok(NextPart::Null(self.place()?))
    }

    /// Notes a flow mapping that begins right inside the brace of another.
    fn look_for_template(&mut self, outer: Position) -> Result<(), Problem> {
        let Token { start, kind, .. } = self.scanner.peek()?;
        let inside = Position::new(outer.line, outer.column + 1);
        if *kind == TokenKind::FlowMappingStart && *start == inside {
            self.template.get_or_insert(outer);
        }
        Ok(())
    }
}
