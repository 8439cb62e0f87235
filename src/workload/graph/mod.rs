//! The dependency graph: what must be applied before what, and how far.
//!
//! Nodes are the objects of a placement, by their index; behind them those that have a second turn (a
//! hook that runs before and after all others) once more. The graph has no cycle: where rules of
//! ours contradict each other or what the user says, ours give way. Building it is linear in
//! objects and edges: what every object of one group needs of every object of another goes over
//! a join, a node beyond the objects that nobody has to apply.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use super::{
    error::Result,
    hooks::{Occasion, Turns},
    kinds::Kinds,
    placement::Placed,
};

mod admission;
mod backends;
mod builder;
mod cycles;
mod deletion;
mod depends;
mod explanation;
mod field;
mod hooks;
mod links;
mod missing;
mod rules;
mod schedule;

pub(crate) use deletion::deletion_waves;
pub(crate) use explanation::{Explanation, Wait};
pub(crate) use missing::{Reference, missing_references};
pub(crate) use schedule::Schedule;

use builder::Builder;

/// How far an object has come. A later one includes the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Milestone {
    /// The server has accepted it.
    Applied,
    /// A Namespace takes objects.
    Active,
    /// A CustomResourceDefinition is served in all its versions.
    Established,
    /// A workload has pods that answer: a webhook's or an APIService's backend.
    Available,
    /// It is ready; a Job is complete.
    Ready,
}

impl fmt::Display for Milestone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Applied => "applied",
            Self::Active => "active",
            Self::Established => "established",
            Self::Available => "available",
            Self::Ready => "ready",
        })
    }
}

/// Why one object comes after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Namespace,
    Definition,
    Named(&'static str),
    Rights,
    Governs,
    Backend,
    Admission,
    Judged,
    Conversion,
    Serves,
    DependsOn,
    Hook,
    BeforeHook,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace => "it is the namespace",
            Self::Definition => "it defines the kind",
            Self::Named(field) => return write!(f, "{field} names it"),
            Self::Rights => "it gives rights to the service account of the pods",
            Self::Governs => "it governs the pods of the namespace",
            Self::Backend => "it answers the calls",
            Self::Admission => "its webhook judges the kind",
            Self::Judged => "it would be judged",
            Self::Conversion => "it converts between versions of the kind",
            Self::Serves => "it serves the kind",
            Self::DependsOn => "config.kubernetes.io/depends-on names it",
            Self::Hook => "it is a hook whose turn is before",
            Self::BeforeHook => "a hook comes after all that is none",
        })
    }
}

/// `to` comes after `from` has reached `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edge {
    from: usize,
    to: usize,
    until: Milestone,
    reason: Reason,
    /// Never given up: the server or the user demands it.
    hard: bool,
}

/// One reason for an object's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Why {
    /// The object that comes first.
    pub from: usize,
    /// How far it must have come.
    pub until: Milestone,
    /// Why, as words that follow the object's name.
    pub reason: String,
}

/// What must be applied before what.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    objects: usize,
    /// The objects that have a second turn, each a node behind the objects.
    second: Vec<usize>,
    edges: Vec<Edge>,
    /// Per node the edges that leave it.
    outgoing: Vec<Vec<usize>>,
    /// Per node the edges that lead to it.
    incoming: Vec<Vec<usize>>,
}

impl Graph {
    /// Builds the graph of the objects of a placement. The occasion says which of Helm's hooks run.
    ///
    /// # Errors
    /// Code 2: a `config.kubernetes.io/depends-on` that is malformed, names an object that is not
    /// in the set, or closes a cycle.
    pub(crate) fn build(objects: &[Placed], kinds: &Kinds, occasion: Occasion) -> Result<Self> {
        let turns = Turns::of(objects, occasion);
        let second = turns.second();
        let mut builder = Builder::new(objects, second.len());
        rules::add(&mut builder, kinds);
        backends::add(&mut builder, kinds);
        depends::add(&mut builder, kinds)?;
        hooks::add(&mut builder, &turns, &second);
        // Last: where somebody asks for the other order, that holds.
        admission::add(&mut builder, kinds);
        let nodes = builder.nodes();
        let mut edges = builder.into_edges();
        // Only what the server or the user demands can contradict itself; rules of ours give way.
        cycles::refuse_hard(nodes, &edges, objects)?;
        cycles::drop_soft(nodes, &mut edges);
        Ok(Self::of(objects.len(), second, nodes, edges))
    }

    fn of(objects: usize, second: Vec<usize>, nodes: usize, edges: Vec<Edge>) -> Self {
        let mut outgoing = vec![Vec::new(); nodes];
        let mut incoming = vec![Vec::new(); nodes];
        for (index, edge) in edges.iter().enumerate() {
            outgoing[edge.from].push(index);
            incoming[edge.to].push(index);
        }
        Self { objects, second, edges, outgoing, incoming }
    }

    /// Gives the objects that have a second turn: their nodes are those behind the objects.
    pub(crate) fn second_turns(&self) -> &[usize] {
        &self.second
    }

    /// Gives the object that a node is the second turn of.
    pub(crate) fn first_turn(&self, node: usize) -> Option<usize> {
        self.second.get(node.checked_sub(self.objects)?).copied()
    }

    /// Tells a node that somebody has to apply from a join.
    fn is_applied(&self, node: usize) -> bool {
        node < self.objects + self.second.len()
    }

    /// Gives up waiting for backends of webhooks and APIServices, and for all that comes before
    /// hooks (`--no-wait`): that they are applied suffices.
    pub(crate) fn forgo_backends(&mut self) {
        for edge in &mut self.edges {
            if edge.until == Milestone::Available || edge.reason == Reason::BeforeHook {
                edge.until = Milestone::Applied;
            }
        }
    }

    /// Gives the milestones of an object, beyond applied, that others wait for: what has to be
    /// watched while applying.
    pub(crate) fn awaited(&self, node: usize) -> BTreeSet<Milestone> {
        let untils = self.outgoing[node].iter().map(|edge| self.edges[*edge].until);
        untils.filter(|until| *until > Milestone::Applied).collect()
    }

    /// Tells whether the order puts one object before another, directly or through others.
    pub(crate) fn is_before(&self, first: usize, then: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![first];
        while let Some(node) = open.pop() {
            let next = self.outgoing[node].iter().map(|edge| self.edges[*edge].to);
            open.extend(next.filter(|node| seen.insert(*node)));
        }
        seen.contains(&then)
    }

    /// Tells why an object has its place: what comes before it, in source order, through joins.
    pub(crate) fn why(&self, node: usize) -> Vec<Why> {
        let why = |edge: Edge| Why {
            from: self.first_turn(edge.from).unwrap_or(edge.from),
            until: edge.until,
            reason: edge.reason.to_string(),
        };
        let mut found: Vec<Why> = self.waits_of(node).into_iter().map(why).collect();
        found.sort_by_key(|why| (why.from, std::cmp::Reverse(why.until)));
        found.dedup_by_key(|why| why.from);
        found
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
