//! The executor's view of the graph: which objects may go now, and what holds the others.
//!
//! A pure state machine. Every object is handed out once, when everything before it has come far
//! enough, or is skipped, when something before it failed.

use std::collections::BTreeSet;

use super::{Graph, Milestone};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodeState {
    Waiting,
    Released,
    Failed,
    /// Something before it failed.
    Skipped,
}

/// The progress through a graph.
#[derive(Debug, Clone)]
pub(crate) struct Schedule<'g> {
    graph: &'g Graph,
    states: Vec<NodeState>,
    /// Per node how many edges to it are not satisfied.
    open: Vec<usize>,
    satisfied: Vec<bool>,
    /// Released and not handed out, in source order.
    queue: BTreeSet<usize>,
}

impl<'g> Schedule<'g> {
    /// Starts at the beginning.
    pub(crate) fn start(graph: &'g Graph) -> Self {
        let nodes = graph.incoming.len();
        let mut schedule = Self {
            graph,
            states: vec![NodeState::Waiting; nodes],
            open: graph.incoming.iter().map(Vec::len).collect(),
            satisfied: vec![false; graph.edges.len()],
            queue: BTreeSet::new(),
        };
        for node in 0..nodes {
            if schedule.open[node] == 0 && schedule.states[node] == NodeState::Waiting {
                schedule.release(node);
            }
        }
        schedule
    }

    /// Hands out the objects that may go now, in source order; each once.
    pub(crate) fn released(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.queue).into_iter().collect()
    }

    /// Takes note that an object has come that far; what waited for it may go now. Earlier
    /// milestones are included.
    pub(crate) fn reached(&mut self, node: usize, milestone: Milestone) {
        for &index in &self.graph.outgoing[node] {
            let edge = self.graph.edges[index];
            if edge.until <= milestone && !self.satisfied[index] {
                self.satisfy(index);
            }
        }
    }

    /// Takes note that an object will not come further. Returns the objects that are skipped
    /// because of it, in source order.
    pub(crate) fn failed(&mut self, node: usize) -> Vec<usize> {
        self.queue.remove(&node);
        self.states[node] = NodeState::Failed;
        let mut skipped = Vec::new();
        let mut open = vec![node];
        while let Some(current) = open.pop() {
            for &index in &self.graph.outgoing[current] {
                let to = self.graph.edges[index].to;
                // What has passed that milestone already serves those behind it, though it failed
                // later.
                if self.satisfied[index] || self.states[to] != NodeState::Waiting {
                    continue;
                }
                self.states[to] = NodeState::Skipped;
                open.push(to);
                if self.graph.is_applied(to) {
                    skipped.push(to);
                }
            }
        }
        skipped.sort_unstable();
        skipped
    }

    /// Goes through the objects that are neither handed out nor queued nor skipped.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> impl Iterator<Item = usize> {
        (0..self.graph.objects).filter(|node| self.states[*node] == NodeState::Waiting)
    }

    fn satisfy(&mut self, index: usize) {
        self.satisfied[index] = true;
        let to = self.graph.edges[index].to;
        self.open[to] -= 1;
        if self.open[to] == 0 && self.states[to] == NodeState::Waiting {
            self.release(to);
        }
    }

    /// Queues an object; a join passes on at once.
    fn release(&mut self, node: usize) {
        self.states[node] = NodeState::Released;
        if self.graph.is_applied(node) {
            self.queue.insert(node);
            return;
        }
        for &index in &self.graph.outgoing[node] {
            self.satisfy(index);
        }
    }
}
