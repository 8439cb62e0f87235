//! From tokens to the nodes of a document, by the grammar of go-yaml v2.

mod step;

use crate::workload::error::Code;
use std::collections::HashMap;

use step::{GrammarState, NextPart};

use super::{
    DEPTH_LIMIT, Position, Problem,
    scan::{Scanner, Token, TokenKind},
    shown,
    stream::Chunk,
    template,
    tree::{Shape, Tree, YamlScalar, too_deep},
};

/// Reads the first YAML document of a chunk; none where the chunk holds nothing.
///
/// # Errors
/// The first thing that is not YAML, or that stands behind the document.
pub(super) fn parse(chunk: &Chunk<'_>) -> Result<Option<Tree>, Problem> {
    let mut parser = YamlParser {
        scanner: Scanner::new(chunk)?,
        tree: Tree { nodes: Vec::with_capacity(room(chunk.text)), root: 0 },
        anchors: HashMap::new(),
        last: Position::new(chunk.first_line, 1),
        template: None,
    };
    let found = parser.document();
    if let Some(position) = parser.template {
        return Err(template::problem(chunk, position));
    }
    match found {
        Ok(true) => Ok(Some(parser.tree)),
        Ok(false) => Ok(None),
        Err(problem) if problem.code == SYNTAX => Err(explain(chunk, parser.last, problem)),
        Err(problem) => Err(problem),
    }
}

/// Tells for how many nodes there should be room: what most documents need.
fn room(text: &str) -> usize {
    (text.len() / 8).min(1024)
}

/// The code of problems that the grammar has with the text.
const SYNTAX: Code = Code::InvalidYaml;

/// Explains what is not YAML: by an unfilled template where there is one, else by the line.
/// `last` is where the last good token ends.
fn explain(chunk: &Chunk<'_>, last: Position, problem: Problem) -> Problem {
    let place = problem.position;
    if let Some(position) = template::between(chunk, last.line.min(place.line), place.line) {
        return template::problem(chunk, position);
    }
    let hint = match problem.message.as_str() {
        "mapping values are not allowed in this context" => {
            Some("quote a text that has `: ` in it, or check the indentation")
        }
        "did not find expected key" | "did not find expected '-' indicator" => {
            Some("check the indentation of this line and of those above it")
        }
        _ => None,
    };
    let problem = match hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    };
    match chunk.line(place.line).trim() {
        "" => problem,
        line => Problem { message: format!("{}: `{}`", problem.message, shown(line)), ..problem },
    }
}

struct YamlParser<'t> {
    scanner: Scanner<'t>,
    tree: Tree,
    anchors: HashMap<String, usize>,
    /// Where the last token ends.
    last: Position,
    /// Where `{{` begins that is read as two mappings.
    template: Option<Position>,
}

/// A collection that has begun and not ended.
struct Open {
    number: usize,
    start: Position,
    state: GrammarState,
    children: Vec<usize>,
}

/// A node that was read, or a collection of which the beginning was read.
enum NodeStart {
    Leaf,
    Collection(GrammarState),
}

impl YamlParser<'_> {
    fn peek(&mut self) -> Result<&TokenKind, Problem> {
        Ok(&self.scanner.peek()?.kind)
    }

    /// Takes the next token, which was peeked at before.
    fn take(&mut self) -> Token {
        let token = self.scanner.take();
        self.last = token.end;
        token
    }

    /// Tells where the next token begins.
    fn place(&mut self) -> Result<Position, Problem> {
        Ok(self.scanner.peek()?.start)
    }

    fn unexpected<T>(&mut self, message: &str) -> Result<T, Problem> {
        Err(Problem::new(SYNTAX, self.place()?, message))
    }

    /// Reads the document and looks at what is behind it; tells whether there is one.
    fn document(&mut self) -> Result<bool, Problem> {
        if *self.peek()? == TokenKind::StreamEnd {
            return Ok(false);
        }
        let explicit = *self.peek()? == TokenKind::DocumentStart;
        if explicit {
            self.take();
        }
        match self.peek()? {
            TokenKind::DocumentStart | TokenKind::DocumentEnd | TokenKind::StreamEnd
                if explicit =>
            {
                let place = self.place()?;
                self.tree.root = self.null(place);
            }
            _ => self.tree.root = self.whole_node()?,
        }
        if *self.peek()? == TokenKind::DocumentEnd {
            self.take();
        }
        // kubectl never looks at what stands behind the first document.
        let place = match self.scanner.peek() {
            Ok(Token { kind: TokenKind::StreamEnd, .. }) => return Ok(true),
            Ok(Token { start, .. }) => *start,
            Err(problem) => problem.position,
        };
        let message = "what stands behind the end of the document would be dropped";
        Err(Problem::new(Code::DroppedContent, place, message)
            .hint("separate documents by a line `---`"))
    }

    /// Reads a node with all that is in it, without recursion: depth costs no stack.
    fn whole_node(&mut self) -> Result<usize, Problem> {
        let root = self.tree.nodes.len();
        let mut open: Vec<Open> = Vec::new();
        let mut step = NextPart::Node { block: true, indentless: false };
        loop {
            match step {
                NextPart::Node { block, indentless } => {
                    let start = self.place()?;
                    let number = self.tree.nodes.len();
                    let begun = self.begin(block, indentless)?;
                    self.put(&mut open, number, start, begun)?;
                }
                NextPart::Null(place) => {
                    let number = self.null(place);
                    self.put(&mut open, number, place, NodeStart::Leaf)?;
                }
                NextPart::Pair(place) => {
                    let number = self.tree.add(place, Shape::Mapping(Vec::new()));
                    self.put(
                        &mut open,
                        number,
                        place,
                        NodeStart::Collection(GrammarState::PairKey),
                    )?;
                }
                NextPart::End => {
                    let closed = open.pop().expect("only open collections end");
                    self.close(closed);
                }
            }
            let Some(top) = open.last_mut() else { return Ok(root) };
            let (next, state) = self.step(top)?;
            top.state = state;
            step = next;
        }
    }

    /// Puts a node into the innermost open collection, and opens it if it is one itself.
    fn put(
        &self,
        open: &mut Vec<Open>,
        number: usize,
        start: Position,
        begun: NodeStart,
    ) -> Result<(), Problem> {
        if let Some(parent) = open.last_mut() {
            parent.children.push(number);
        }
        if let NodeStart::Collection(state) = begun {
            if open.len() == DEPTH_LIMIT {
                return Err(too_deep(start));
            }
            open.push(Open { number, start, state, children: Vec::new() });
        }
        Ok(())
    }

    fn close(&mut self, closed: Open) {
        let Open { number, children, .. } = closed;
        match &mut self.tree.nodes[number].shape {
            Shape::Mapping(pairs) => {
                *pairs = children.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
            }
            shape => *shape = Shape::Sequence(children),
        }
    }

    /// Reads a scalar or an alias, or the beginning of a collection, as the next node of the tree.
    fn begin(&mut self, block: bool, indentless: bool) -> Result<NodeStart, Problem> {
        let place = self.place()?;
        if let TokenKind::Alias(name) = self.peek()? {
            let name = name.clone();
            self.take();
            return self.alias(place, &name);
        }
        let (anchor, tag) = self.properties()?;
        let bare = anchor.is_none() && tag.is_none();
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, self.tree.nodes.len());
        }
        let (shape, begun) = match self.peek()? {
            TokenKind::Scalar { .. } => (self.scalar(tag), NodeStart::Leaf),
            TokenKind::BlockEntry if indentless => {
                (sequence(), NodeStart::Collection(GrammarState::IndentlessItem))
            }
            TokenKind::BlockSequenceStart if block => {
                (sequence(), NodeStart::Collection(GrammarState::BlockItem))
            }
            TokenKind::BlockMappingStart if block => {
                (mapping(), NodeStart::Collection(GrammarState::BlockKey))
            }
            TokenKind::FlowSequenceStart => {
                (sequence(), NodeStart::Collection(GrammarState::FlowItem))
            }
            TokenKind::FlowMappingStart => {
                (mapping(), NodeStart::Collection(GrammarState::FlowKey))
            }
            _ if bare => return self.unexpected("did not find expected node content"),
            _ => {
                let scalar = YamlScalar { text: String::new(), plain: tag.is_none(), tag };
                (Shape::Scalar(scalar), NodeStart::Leaf)
            }
        };
        if matches!(begun, NodeStart::Collection(state) if state != GrammarState::IndentlessItem) {
            self.take();
        }
        self.tree.add(place, shape);
        Ok(begun)
    }

    fn alias(&mut self, place: Position, name: &str) -> Result<NodeStart, Problem> {
        let Some(&target) = self.anchors.get(name) else {
            let message = format!("unknown anchor: `*{name}`");
            return Err(Problem::new(Code::UnknownAnchor, place, message));
        };
        self.tree.add(place, Shape::Alias(target));
        Ok(NodeStart::Leaf)
    }

    /// Reads an anchor and a tag, in either order.
    fn properties(&mut self) -> Result<(Option<String>, Option<String>), Problem> {
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.peek()? {
                TokenKind::Anchor(name) if anchor.is_none() => anchor = Some(name.clone()),
                TokenKind::Tag(name) if tag.is_none() => tag = Some(name.clone()),
                _ => return Ok((anchor, tag)),
            }
            self.take();
        }
    }

    fn scalar(&mut self, tag: Option<String>) -> Shape {
        let TokenKind::Scalar { text, plain } = self.take().kind else {
            unreachable!("the caller saw a scalar")
        };
        let plain = plain && tag.is_none() || tag.as_deref() == Some("!");
        Shape::Scalar(YamlScalar { text, tag, plain })
    }

    fn null(&mut self, place: Position) -> usize {
        let scalar = YamlScalar { text: String::new(), tag: None, plain: true };
        self.tree.add(place, Shape::Scalar(scalar))
    }
}

fn sequence() -> Shape {
    Shape::Sequence(Vec::new())
}

fn mapping() -> Shape {
    Shape::Mapping(Vec::new())
}
