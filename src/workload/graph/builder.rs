//! Collects the edges; knows where every object is.

use std::collections::{HashMap, HashSet};

use super::{Edge, Milestone, Reason};
use crate::workload::{object::BorrowedObjectId, placement::Placed};

/// One side of a gate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prerequisite {
    pub(super) node: usize,
    pub(super) until: Milestone,
    pub(super) reason: Reason,
}

pub(super) struct Builder<'a> {
    pub(super) objects: &'a [Placed],
    index: HashMap<BorrowedObjectId<'a>, usize>,
    nodes: usize,
    edges: Vec<Edge>,
}

impl<'a> Builder<'a> {
    /// Begins with the objects, and so many that have a second turn.
    pub(super) fn new(objects: &'a [Placed], second: usize) -> Self {
        let index = objects.iter().enumerate().map(|(node, object)| (key(object), node)).collect();
        Self { objects, index, nodes: objects.len() + second, edges: Vec::new() }
    }

    /// Finds an object of the set.
    pub(super) fn find(&self, key: BorrowedObjectId<'_>) -> Option<usize> {
        self.index.get(&key).copied()
    }

    /// Gives the number of nodes, joins included.
    pub(super) fn nodes(&self) -> usize {
        self.nodes
    }

    /// Gives the pairs of objects that are ordered by an edge of their own so far.
    pub(super) fn pairs(&self) -> HashSet<(usize, usize)> {
        self.edges.iter().map(|edge| (edge.from, edge.to)).collect()
    }

    /// Makes a node that nobody has to apply: what comes after it comes after all before it.
    pub(super) fn join(&mut self) -> usize {
        self.nodes += 1;
        self.nodes - 1
    }

    pub(super) fn soft(&mut self, before: Prerequisite, to: usize) {
        self.edge(before, to, false);
    }

    pub(super) fn hard(&mut self, before: Prerequisite, to: usize) {
        self.edge(before, to, true);
    }

    fn edge(&mut self, before: Prerequisite, to: usize, hard: bool) {
        let Prerequisite { node: from, until, reason } = before;
        if from != to {
            self.edges.push(Edge { from, to, until, reason, hard });
        }
    }

    /// Puts all of `before` before all of `after`, over a join where that is fewer edges.
    pub(super) fn gate(&mut self, before: &[Prerequisite], after: &[usize]) {
        // Thousands of pods behind hundreds of policies would be edges by the million.
        let direct = before.len() * after.len() <= before.len() + after.len();
        // An object on both sides cannot pass its own gate.
        let inside: HashSet<usize> = before.iter().map(|before| before.node).collect();
        if direct || after.iter().any(|to| inside.contains(to)) {
            for &to in after {
                before.iter().for_each(|before| self.soft(*before, to));
            }
            return;
        }
        let join = self.join();
        before.iter().for_each(|before| self.soft(*before, join));
        for &to in after {
            let before =
                Prerequisite { node: join, until: Milestone::Applied, reason: Reason::Governs };
            self.soft(before, to);
        }
    }

    /// Gives the edges, each pair of nodes once with the latest milestone.
    pub(super) fn into_edges(self) -> Vec<Edge> {
        let mut edges = self.edges;
        edges.sort_by_key(|edge| {
            (edge.to, edge.from, std::cmp::Reverse(edge.until), std::cmp::Reverse(edge.hard))
        });
        edges.dedup_by(|later, kept| {
            let same = later.to == kept.to && later.from == kept.from;
            if same {
                kept.hard |= later.hard;
            }
            same
        });
        edges
    }
}

/// Gives an object's identity.
pub(super) fn key(object: &Placed) -> BorrowedObjectId<'_> {
    let id = &object.id;
    (&id.group, &id.kind, id.namespace.as_deref().unwrap_or_default(), &id.name)
}
