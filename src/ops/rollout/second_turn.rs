//! The second turn of what Helm runs before and after all others: it is made anew for it.

use super::{Rollout, places::Turn};
use crate::workload::{graph::Graph, plan::Item, release::Action};

/// Gives the items of a plan, and behind them those that have a second turn, as the graph numbers
/// them.
pub(crate) fn with_second_turns<'a>(mut items: Vec<&'a Item>, graph: &Graph) -> Vec<&'a Item> {
    let second: Vec<&Item> = graph.second_turns().iter().map(|first| items[*first]).collect();
    items.extend(second);
    items
}

impl<'a> Rollout<'a> {
    /// Gives what is written in a node's turn: in a second one the object of the first is made anew.
    pub(super) fn turn(&self, node: usize) -> Turn<'a> {
        let item = self.nodes[node].item;
        let Some(first) = self.scope.graph.first_turn(node) else { return Turn::First(item) };
        let uid = self.nodes[first].uid().map(str::to_owned);
        Turn::Second(Box::new(Item { action: Action::Recreate, uid, ..item.clone() }))
    }

    /// Gives the nodes whose object was made anew for its second turn.
    pub(crate) fn overtaken(&self) -> Vec<usize> {
        let nodes = self.nodes.iter().enumerate().filter(|(_, node)| node.written.is_some());
        nodes.filter_map(|(index, _)| self.scope.graph.first_turn(index)).collect()
    }

    /// Counts the objects.
    pub(crate) fn objects(&self) -> usize {
        self.nodes.len() - self.scope.graph.second_turns().len()
    }

    /// Counts the objects that were applied.
    pub(crate) fn applied(&self) -> usize {
        self.nodes[..self.objects()].iter().filter(|node| node.applied).count()
    }
}
