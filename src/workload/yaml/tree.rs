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
    pub(super) nodes: Vec<TreeNode>,
    pub(super) root: usize,
}

/// One node.
#[derive(Debug)]
pub(super) struct TreeNode {
    pub(super) position: Position,
    pub(super) shape: Shape,
}

/// What a node is. Numbers point into [`Tree::nodes`].
#[derive(Debug)]
pub(super) enum Shape {
    Scalar(YamlScalar),
    /// A scalar of a JSON text, which needs no resolution.
    Json(Value),
    Sequence(Vec<usize>),
    Mapping(Vec<[usize; 2]>),
    Alias(usize),
}

/// A scalar as it was written.
#[derive(Debug)]
pub(super) struct YamlScalar {
    pub(super) text: String,
    pub(super) tag: Option<String>,
    /// Whether the text may be resolved: it is plain, or its tag is `!`.
    pub(super) plain: bool,
}

impl YamlScalar {
    /// Tells whether this is the key `<<` that merges mappings.
    pub(super) fn is_merge(&self) -> bool {
        self.text == "<<" && (self.plain || self.tag.as_deref() == Some("tag:yaml.org,2002:merge"))
    }
}

impl Tree {
    /// Gives the outermost node.
    pub(super) fn root(&self) -> YamlNode<'_> {
        self.node(self.root)
    }

    /// Finds the sequence `items` of the outermost mapping, whose items can be read one by one: no
    /// alias leads from one to another.
    pub(super) fn list(&self) -> Option<usize> {
        let Shape::Mapping(pairs) = &self.nodes[self.root].shape else { return None };
        let is_items = |key: usize| match &self.nodes[key].shape {
            Shape::Scalar(scalar) => scalar.text == "items",
            Shape::Json(value) => value == "items",
            Shape::Sequence(_) | Shape::Mapping(_) | Shape::Alias(_) => false,
        };
        let &[_, items] = pairs.iter().find(|[key, _]| is_items(*key))?;
        let is_sequence = matches!(self.nodes[items].shape, Shape::Sequence(_));
        let has_alias = || self.nodes.iter().any(|node| matches!(node.shape, Shape::Alias(_)));
        (is_sequence && !has_alias()).then_some(items)
    }

    /// Gives a node by its number.
    pub(super) fn node(&self, number: usize) -> YamlNode<'_> {
        YamlNode { tree: self, number }
    }

    /// Adds a node and gives its number.
    pub(super) fn add(&mut self, position: Position, shape: Shape) -> usize {
        self.nodes.push(TreeNode { position, shape });
        self.nodes.len() - 1
    }
}

/// A node of a document: where it stands and what is inside it. Aliases are followed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct YamlNode<'t> {
    tree: &'t Tree,
    number: usize,
}

impl<'t> YamlNode<'t> {
    /// Gives the place where the node begins.
    pub(crate) fn position(self) -> Position {
        self.tree.nodes[self.number].position
    }

    /// Gives a scalar as written, without quotes.
    pub(crate) fn text(self) -> Option<&'t str> {
        match self.shape() {
            Shape::Scalar(scalar) => Some(&scalar.text),
            Shape::Json(value) => value.as_str(),
            Shape::Sequence(_) | Shape::Mapping(_) | Shape::Alias(_) => None,
        }
    }

    /// Gives the items of a sequence; none for other nodes.
    pub(crate) fn items(self) -> Vec<Self> {
        match self.shape() {
            Shape::Sequence(items) => items.iter().map(|&number| self.at(number)).collect(),
            _ => Vec::new(),
        }
    }

    /// Finds the value of a key of a mapping, its own before those that its `<<` bring.
    #[must_use]
    pub(crate) fn field(self, key: &str) -> Option<Self> {
        self.pair(key).map(|(_, value)| value)
    }

    /// Finds a key of a mapping and its value, its own before those that its `<<` bring.
    pub(crate) fn pair(self, key: &str) -> Option<(Self, Self)> {
        self.pair_unseen(key, &mut HashSet::new())
    }

    /// Gives the first key of a mapping.
    pub(crate) fn first_key(self) -> Option<Self> {
        let Shape::Mapping(pairs) = self.shape() else { return None };
        pairs.first().map(|&[key, _]| self.at(key))
    }

    /// Gives the values of a mapping.
    pub(crate) fn values(self) -> Vec<Self> {
        let Shape::Mapping(pairs) = self.shape() else { return Vec::new() };
        pairs.iter().map(|&[_, value]| self.at(value)).collect()
    }

    /// Tells whether it is a mapping or a sequence.
    pub(crate) fn is_collection(self) -> bool {
        matches!(self.shape(), Shape::Mapping(_) | Shape::Sequence(_))
    }

    /// Finds a key of a mapping itself, where the mapping has it of its own.
    #[must_use]
    pub(crate) fn key(self, wanted: &str) -> Option<Self> {
        let Shape::Mapping(pairs) = self.shape() else { return None };
        pairs.iter().map(|&[key, _]| self.at(key)).find(|key| key.text() == Some(wanted))
    }

    /// `seen` are the mappings that were looked at already: merging them again adds nothing.
    fn pair_unseen(self, wanted: &str, seen: &mut HashSet<usize>) -> Option<(Self, Self)> {
        let Shape::Mapping(pairs) = self.shape() else { return None };
        if !seen.insert(self.followed()) {
            return None;
        }
        let pairs = || pairs.iter().map(|&[key, value]| (self.at(key), self.at(value)));
        let own = pairs().find(|(key, _)| key.text() == Some(wanted));
        own.or_else(|| {
            pairs().filter(|(key, _)| key.is_merge()).find_map(|(_, merged)| {
                let listed = merged.items().into_iter();
                std::iter::once(merged).chain(listed).find_map(|it| it.pair_unseen(wanted, seen))
            })
        })
    }

    fn is_merge(self) -> bool {
        matches!(self.shape(), Shape::Scalar(scalar) if scalar.is_merge())
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
