//! The grammar inside collections: what the next token says that comes next.

use super::{Kind, Open, Parser, Position, Problem};
use crate::workload::yaml::scan::Token;

/// What comes next in an open collection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
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
pub(super) enum Step {
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

const BLOCK_NODE: Step = Step::Node { block: true, indentless: false };
const FLOW_NODE: Step = Step::Node { block: false, indentless: false };

impl Parser<'_> {
    /// Finds out what comes next in a collection, and what will come after that.
    pub(super) fn step(&mut self, open: &Open) -> Result<(Step, State), Problem> {
        let first = open.children.is_empty();
        match open.state {
            State::BlockItem => self.block_item(),
            State::IndentlessItem => self.indentless_item(),
            State::BlockKey => match self.peek()? {
                Kind::Key => Ok((self.block_part()?, State::BlockValue)),
                Kind::BlockEnd => Ok(self.end()),
                _ => self.unexpected("did not find expected key"),
            },
            State::BlockValue => match self.peek()? {
                Kind::Value => Ok((self.block_part()?, State::BlockKey)),
                _ => Ok((Step::Null(self.place()?), State::BlockKey)),
            },
            State::FlowItem => self.flow_item(first),
            State::PairKey => self.pair_key(),
            State::PairValue => Ok((self.flow_value(&Kind::FlowSequenceEnd)?, State::PairEnd)),
            State::PairEnd => Ok((Step::End, State::PairEnd)),
            State::FlowKey => self.flow_key(first, open.start),
            State::FlowValue => Ok((self.flow_value(&Kind::FlowMappingEnd)?, State::FlowKey)),
            State::NoValue => Ok((Step::Null(self.place()?), State::FlowKey)),
        }
    }

    fn block_item(&mut self) -> Result<(Step, State), Problem> {
        match self.peek()? {
            Kind::BlockEntry => {
                let end = self.take().end;
                let step = match self.peek()? {
                    Kind::BlockEntry | Kind::BlockEnd => Step::Null(end),
                    _ => BLOCK_NODE,
                };
                Ok((step, State::BlockItem))
            }
            Kind::BlockEnd => Ok(self.end()),
            _ => self.unexpected("did not find expected '-' indicator"),
        }
    }

    fn indentless_item(&mut self) -> Result<(Step, State), Problem> {
        if *self.peek()? != Kind::BlockEntry {
            return Ok((Step::End, State::IndentlessItem));
        }
        let end = self.take().end;
        let step = match self.peek()? {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => Step::Null(end),
            _ => BLOCK_NODE,
        };
        Ok((step, State::IndentlessItem))
    }

    fn flow_item(&mut self, first: bool) -> Result<(Step, State), Problem> {
        self.separator(first, &Kind::FlowSequenceEnd, "did not find expected ',' or ']'")?;
        Ok(match self.peek()? {
            Kind::FlowSequenceEnd => self.end(),
            Kind::Key => (Step::Pair(self.take().start), State::FlowItem),
            _ => (FLOW_NODE, State::FlowItem),
        })
    }

    fn pair_key(&mut self) -> Result<(Step, State), Problem> {
        let step = match self.peek()? {
            // go-yaml takes the `:` for the end of the key and finds no value.
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => Step::Null(self.take().end),
            _ => FLOW_NODE,
        };
        Ok((step, State::PairValue))
    }

    fn flow_key(&mut self, first: bool, start: Position) -> Result<(Step, State), Problem> {
        self.separator(first, &Kind::FlowMappingEnd, "did not find expected ',' or '}'")?;
        match self.peek()? {
            Kind::FlowMappingEnd => return Ok(self.end()),
            Kind::Key => {}
            _ => {
                self.look_for_template(start)?;
                return Ok((FLOW_NODE, State::NoValue));
            }
        }
        self.take();
        let step = match self.peek()? {
            Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => Step::Null(self.place()?),
            _ => FLOW_NODE,
        };
        Ok((step, State::FlowValue))
    }

    /// Ends a collection at its last token. The state is that of nothing.
    fn end(&mut self) -> (Step, State) {
        self.take();
        (Step::End, State::PairEnd)
    }

    /// Reads what stands behind `?` or `:` in a block mapping.
    fn block_part(&mut self) -> Result<Step, Problem> {
        let end = self.take().end;
        Ok(match self.peek()? {
            Kind::Key | Kind::Value | Kind::BlockEnd => Step::Null(end),
            _ => Step::Node { block: true, indentless: true },
        })
    }

    /// Passes the `,` before all but the first member of a flow collection.
    fn separator(&mut self, first: bool, end: &Kind, message: &str) -> Result<(), Problem> {
        match self.peek()? {
            _ if first => {}
            Kind::FlowEntry => {
                self.take();
            }
            kind if kind == end => {}
            _ => return self.unexpected(message),
        }
        Ok(())
    }

    /// Reads the value behind a key of a flow collection, if there is one.
    fn flow_value(&mut self, end: &Kind) -> Result<Step, Problem> {
        if *self.peek()? == Kind::Value {
            self.take();
            let next = self.peek()?;
            if *next != Kind::FlowEntry && next != end {
                return Ok(FLOW_NODE);
            }
        }
        Ok(Step::Null(self.place()?))
    }

    /// Notes a flow mapping that begins right inside the brace of another.
    fn look_for_template(&mut self, outer: Position) -> Result<(), Problem> {
        let Token { start, kind, .. } = self.scanner.peek()?;
        let inside = Position::new(outer.line, outer.column + 1);
        if *kind == Kind::FlowMappingStart && *start == inside {
            self.template.get_or_insert(outer);
        }
        Ok(())
    }
}
