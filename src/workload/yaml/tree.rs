//! The nodes of one document with their places, before anything is judged or resolved.
//!
//! Nodes lie in one list and refer to each other by number, so aliases cost nothing and no depth
//! of nesting can exhaust the stack.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    DEPTH_LIMIT, Position, Problem,
    event::{Event, Events, What},
    stream::Chunk,
    template,
};

/// The nodes of one document.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Entry>,
    pub(super) root: usize,
}

/// One node.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) position: Position,
    pub(super) shape: Shape,
}

/// What a node is. Numbers point into [`Tree::nodes`].
#[derive(Debug)]
pub(super) enum Shape {
    Scalar(Scalar),
    /// A scalar of a JSON text, which needs no resolution.
    Json(Value),
    Sequence(Vec<usize>),
    Mapping(Vec<[usize; 2]>),
    Alias(usize),
}

/// A scalar as it was written.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) tag: Option<String>,
    /// Whether the text may be resolved: it is plain, or its tag is `!`.
    pub(super) plain: bool,
}

impl Scalar {
    /// Tells whether this is the key `<<` that merges mappings.
    pub(super) fn is_merge(&self) -> bool {
        self.text == "<<" && (self.plain || self.tag.as_deref() == Some("tag:yaml.org,2002:merge"))
    }
}

impl Tree {
    /// Reads the first YAML document of a chunk; none where the chunk holds nothing.
    ///
    /// # Errors
    /// The first thing that is not YAML, or that stands behind the document.
    pub(super) fn parse(chunk: &Chunk<'_>) -> Result<Option<Self>, Problem> {
        Builder::new(chunk).document()
    }

    /// Gives the outermost node.
    pub(super) fn root(&self) -> Node<'_> {
        Node { tree: self, number: self.root }
    }

    /// Adds a node and gives its number.
    pub(super) fn add(&mut self, position: Position, shape: Shape) -> usize {
        self.nodes.push(Entry { position, shape });
        self.nodes.len() - 1
    }
}

/// A node of a document: where it stands and what is inside it. Aliases are followed.
#[derive(Debug, Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    number: usize,
}

/// An entry of a mapping: its key, the place of the key, its value.
#[derive(Debug, Clone, Copy)]
pub struct Field<'t> {
    /// The key as written, without quotes.
    pub key: &'t str,
    /// Where the key stands.
    pub position: Position,
    /// The value.
    pub value: Node<'t>,
}

impl<'t> Node<'t> {
    /// Gives the place where the node begins.
    #[must_use]
    pub fn position(self) -> Position {
        self.tree.nodes[self.number].position
    }

    /// Gives a scalar as written, without quotes.
    #[must_use]
    pub fn text(self) -> Option<&'t str> {
        match self.shape() {
            Shape::Scalar(scalar) => Some(&scalar.text),
            Shape::Json(value) => value.as_str(),
            Shape::Sequence(_) | Shape::Mapping(_) | Shape::Alias(_) => None,
        }
    }

    /// Gives the items of a sequence; none for other nodes.
    #[must_use]
    pub fn items(self) -> Vec<Self> {
        match self.shape() {
            Shape::Sequence(items) => items.iter().map(|&number| self.at(number)).collect(),
            _ => Vec::new(),
        }
    }

    /// Gives the entries of a mapping, and behind them what its `<<` bring; none for other nodes.
    #[must_use]
    pub fn fields(self) -> Vec<Field<'t>> {
        let mut fields = Vec::new();
        self.collect_fields(&mut fields, 0);
        fields
    }

    /// Finds an entry of a mapping.
    #[must_use]
    pub fn field(self, key: &str) -> Option<Field<'t>> {
        self.fields().into_iter().find(|field| field.key == key)
    }

    fn collect_fields(self, fields: &mut Vec<Field<'t>>, depth: usize) {
        let Shape::Mapping(pairs) = self.shape() else { return };
        let mut merged = Vec::new();
        for &[key, value] in pairs {
            let (name, value) = (self.at(key), self.at(value));
            match name.shape() {
                Shape::Scalar(scalar) if scalar.is_merge() => merged.push(value),
                _ => fields.extend(name.text().map(|key| Field {
                    key,
                    position: name.position(),
                    value,
                })),
            }
        }
        if depth < DEPTH_LIMIT {
            for value in merged {
                value.collect_fields(fields, depth + 1);
                value.items().into_iter().for_each(|item| item.collect_fields(fields, depth + 1));
            }
        }
    }

    fn at(self, number: usize) -> Self {
        Self { tree: self.tree, number }
    }

    fn shape(self) -> &'t Shape {
        match &self.tree.nodes[self.number].shape {
            // A target is never an alias itself.
            Shape::Alias(target) => &self.tree.nodes[*target].shape,
            shape => shape,
        }
    }
}

/// A collection that has begun and not ended.
struct Open {
    number: usize,
    children: Vec<usize>,
}

struct Builder<'c> {
    chunk: &'c Chunk<'c>,
    tree: Tree,
    anchors: HashMap<String, usize>,
    open: Vec<Open>,
    /// Where the last event begins.
    last: Position,
    /// Where the flow mapping begins that the last event opened.
    brace: Option<Position>,
    /// Where `{{` begins that is read as two mappings.
    template: Option<Position>,
}

impl<'c> Builder<'c> {
    fn new(chunk: &'c Chunk<'c>) -> Self {
        Self {
            chunk,
            tree: Tree { nodes: Vec::new(), root: 0 },
            anchors: HashMap::new(),
            open: Vec::new(),
            last: Position::new(chunk.first_line, 1),
            brace: None,
            template: None,
        }
    }

    fn document(mut self) -> Result<Option<Tree>, Problem> {
        let mut events = Events::new(self.chunk);
        loop {
            let event = events.next().map_err(|problem| self.syntax(problem))?;
            self.last = event.position;
            match event.what {
                What::StreamEnd => return Ok(None),
                What::DocumentEnd => break,
                _ => self.take(event)?,
            }
        }
        if let Some(position) = self.template {
            return Err(template::problem(self.chunk, position));
        }
        // kubectl never looks at what stands behind the first document.
        match events.next() {
            Ok(Event { what: What::StreamEnd, .. }) => Ok(Some(self.tree)),
            Ok(Event { position, .. }) | Err(Problem { position, .. }) => Err(Problem::new(
                "dropped-content",
                position,
                "what stands behind the end of the document would be dropped",
            )
            .hint("separate documents by a line `---`")),
        }
    }

    fn take(&mut self, event: Event) -> Result<(), Problem> {
        let Event { position, what } = event;
        let brace = self.brace.take();
        match what {
            What::Scalar { anchor, scalar } => {
                self.node(position, anchor, Shape::Scalar(scalar));
            }
            What::Alias(anchor) => {
                let Some(&target) = self.anchors.get(&anchor) else {
                    let message = format!("unknown anchor: `*{anchor}`");
                    return Err(Problem::new("invalid-yaml", position, message));
                };
                self.node(position, None, Shape::Alias(target));
            }
            What::SequenceStart { anchor } => {
                let number = self.node(position, anchor, Shape::Sequence(Vec::new()));
                self.push(number, position)?;
            }
            What::MappingStart { anchor, flow } => {
                if brace == Some(Position::new(position.line, position.column.saturating_sub(1))) {
                    self.template = self.template.or(brace);
                }
                self.brace = flow.then_some(position);
                let number = self.node(position, anchor, Shape::Mapping(Vec::new()));
                self.push(number, position)?;
            }
            What::End => self.close(),
            What::DocumentStart | What::DocumentEnd | What::StreamEnd => {}
        }
        Ok(())
    }

    fn node(&mut self, position: Position, anchor: Option<String>, shape: Shape) -> usize {
        let number = self.tree.add(position, shape);
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, number);
        }
        if let Some(parent) = self.open.last_mut() {
            parent.children.push(number);
        }
        number
    }

    fn push(&mut self, number: usize, position: Position) -> Result<(), Problem> {
        self.open.push(Open { number, children: Vec::new() });
        if self.open.len() > DEPTH_LIMIT {
            return Err(too_deep(position));
        }
        Ok(())
    }

    fn close(&mut self) {
        let Open { number, children } = self.open.pop().expect("every end has a start");
        match &mut self.tree.nodes[number].shape {
            Shape::Sequence(items) => *items = children,
            Shape::Mapping(pairs) => {
                *pairs = children.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
            }
            Shape::Scalar(_) | Shape::Json(_) | Shape::Alias(_) => {}
        }
    }

    /// Explains what is not YAML: by an unfilled template where there is one, else by the line.
    fn syntax(&self, problem: Problem) -> Problem {
        let place = problem.position;
        let found = template::between(self.chunk, self.last.line, place.line);
        if let Some(position) = self.template.or(found) {
            return template::problem(self.chunk, position);
        }
        let line = self.chunk.line(place.line).trim();
        let shown: String = line.chars().take(60).collect();
        match shown.as_str() {
            "" => problem,
            _ => Problem { message: format!("{}: `{shown}`", problem.message), ..problem },
        }
    }
}

/// Says that nodes are nested too deeply.
pub(super) fn too_deep(position: Position) -> Problem {
    Problem::new("too-deep", position, format!("nested deeper than {DEPTH_LIMIT} levels"))
}
