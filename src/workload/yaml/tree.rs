//! The nodes of one document with their places, before anything is judged or resolved.
//!
//! Nodes lie in one list and refer to each other by number, so aliases cost nothing and no depth
//! of nesting can exhaust the stack.

use crate::workload::error::Code;
use std::collections::HashSet;

use serde_json::Value;

use super::{DEPTH_LIMIT, Position, Problem};

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
pub(crate) struct Node<'t> {
    tree: &'t Tree,
    number: usize,
}

/// An entry of a mapping: its key, the place of the key, its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'t> {
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
    pub(crate) fn position(self) -> Position {
        self.tree.nodes[self.number].position
    }

    /// Gives a scalar as written, without quotes.
    #[must_use]
    pub(crate) fn text(self) -> Option<&'t str> {
        match self.shape() {
            Shape::Scalar(scalar) => Some(&scalar.text),
            Shape::Json(value) => value.as_str(),
            Shape::Sequence(_) | Shape::Mapping(_) | Shape::Alias(_) => None,
        }
    }

    /// Gives the items of a sequence; none for other nodes.
    #[must_use]
    pub(crate) fn items(self) -> Vec<Self> {
        match self.shape() {
            Shape::Sequence(items) => items.iter().map(|&number| self.at(number)).collect(),
            _ => Vec::new(),
        }
    }

    /// Gives the entries of a mapping, and behind them what its `<<` bring; none for other nodes.
    #[must_use]
    pub(crate) fn fields(self) -> Vec<Field<'t>> {
        let mut fields = Vec::new();
        self.collect_fields(&mut fields, &mut HashSet::new());
        fields
    }

    /// Finds an entry of a mapping, its own before those that it merges.
    #[must_use]
    pub(crate) fn field(self, key: &str) -> Option<Field<'t>> {
        self.own_field(key).or_else(|| self.fields().into_iter().find(|field| field.key == key))
    }

    fn own_field(self, wanted: &str) -> Option<Field<'t>> {
        let Shape::Mapping(pairs) = self.shape() else { return None };
        pairs.iter().find_map(|&[key, value]| {
            let name = self.at(key);
            let key = name.text().filter(|text| *text == wanted)?;
            Some(Field { key, position: name.position(), value: self.at(value) })
        })
    }

    /// `seen` are the mappings that are in `fields` already: merging them again adds nothing.
    fn collect_fields(self, fields: &mut Vec<Field<'t>>, seen: &mut HashSet<usize>) {
        let node = self.followed();
        let Shape::Mapping(pairs) = self.shape() else { return };
        if !seen.insert(node) {
            return;
        }
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
        for value in merged {
            value.collect_fields(fields, seen);
            value.items().into_iter().for_each(|item| item.collect_fields(fields, seen));
        }
    }

    fn at(self, number: usize) -> Self {
        Self { tree: self.tree, number }
    }

    fn shape(self) -> &'t Shape {
        &self.tree.nodes[self.followed()].shape
    }

    /// Gives the number of the node itself, or of what it is an alias of.
    fn followed(self) -> usize {
        match self.tree.nodes[self.number].shape {
            // A target is never an alias itself.
            Shape::Alias(target) => target,
            _ => self.number,
        }
    }
}

/// Says that nodes are nested too deeply.
pub(super) fn too_deep(position: Position) -> Problem {
    Problem::new(Code::TooDeep, position, format!("nested deeper than {DEPTH_LIMIT} levels"))
}
