//! Cycles: those that the user states are errors, those that rules of ours close are opened.

use super::Edge;
use crate::workload::{
    error::{Code, Error, Result},
    placement::Placed,
};

/// Refuses a cycle among the edges that are never given up.
pub(super) fn refuse_hard(nodes: usize, edges: &[Edge], objects: &[Placed]) -> Result<()> {
    let hard: Vec<Edge> = edges.iter().copied().filter(|edge| edge.hard).collect();
    let order = topological_ranks(nodes, &hard);
    let Some(start) = order.iter().position(Option::is_none) else { return Ok(()) };
    let cycle = find_cycle(start, &hard, &order);
    let met: Vec<&Placed> = cycle.iter().filter_map(|node| objects.get(*node)).collect();
    let chain: Vec<String> =
        // A join is nothing that the user could name.
        met.iter().chain(met.first()).map(|object| object.id.to_string()).collect();
    let first = met.iter().find_map(|object| {
        object.annotation("config.kubernetes.io/depends-on")?;
        object.origin.as_ref()
    });
    let error = Error::usage(Code::DependencyCycle, "objects depend on each other in a circle")
        .cause(chain.join(" waits for "));
    Err(match first {
        Some(origin) => error.at(origin),
        None => error,
    })
}

/// Walks backwards from a node without a rank, over nodes without one, until one comes twice.
fn find_cycle(start: usize, edges: &[Edge], ranks: &[Option<u32>]) -> Vec<usize> {
    let mut before = vec![None; ranks.len()];
    for edge in edges.iter().filter(|edge| ranks[edge.from].is_none()) {
        before[edge.to].get_or_insert(edge.from);
    }
    let mut path = vec![start];
    let mut position = vec![None; ranks.len()];
    position[start] = Some(0);
    loop {
        let last = path[path.len() - 1];
        let next: usize =
            before[last].expect("a node without a rank waits for another without one");
        if let Some(first) = position[next] {
            return path.split_off(first);
        }
        position[next] = Some(path.len());
        path.push(next);
    }
}

/// Ranks nodes so that every edge leads upwards; nodes in or behind a cycle get none.
fn topological_ranks(nodes: usize, edges: &[Edge]) -> Vec<Option<u32>> {
    let mut open = vec![0_usize; nodes];
    let mut outgoing = vec![Vec::new(); nodes];
    for edge in edges {
        open[edge.to] += 1;
        outgoing[edge.from].push(edge.to);
    }
    let mut ranks = vec![None; nodes];
    let mut layer: Vec<usize> = (0..nodes).filter(|node| open[*node] == 0).collect();
    let mut rank = 0;
    while !layer.is_empty() {
        let mut next = Vec::new();
        for node in layer {
            ranks[node] = Some(rank);
            for &to in &outgoing[node] {
                open[to] -= 1;
                if open[to] == 0 {
                    next.push(to);
                }
            }
        }
        next.sort_unstable();
        layer = next;
        rank += 1;
    }
    ranks
}

/// Drops soft edges until there is no cycle: inside each component of nodes that reach each other,
/// those that lead against the order of the hard edges (then of the source).
pub(super) fn drop_soft(nodes: usize, edges: &mut Vec<Edge>) {
    if topological_ranks(nodes, edges).iter().all(Option::is_some) {
        return;
    }
    let hard: Vec<Edge> = edges.iter().copied().filter(|edge| edge.hard).collect();
    let ranks = topological_ranks(nodes, &hard);
    let components = components(nodes, edges);
    // Hard edges always lead upwards in this order, so that none of them is ever against it.
    let place = |node: usize| (ranks[node], node);
    edges.retain(|edge| {
        edge.hard
            || components[edge.from] != components[edge.to]
            || place(edge.from) < place(edge.to)
    });
}

/// Numbers the strongly connected components (Tarjan's algorithm, without recursion).
fn components(nodes: usize, edges: &[Edge]) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let mut outgoing = vec![Vec::new(); nodes];
    for edge in edges {
        outgoing[edge.from].push(edge.to);
    }
    let (mut seen, mut low) = (vec![NONE; nodes], vec![0; nodes]);
    let (mut component, mut on_stack) = (vec![NONE; nodes], vec![false; nodes]);
    let (mut stack, mut count, mut components) = (Vec::new(), 0, 0);
    for root in 0..nodes {
        if seen[root] != NONE {
            continue;
        }
        let mut walk = vec![(root, 0)];
        while let Some((node, child)) = walk.pop() {
            if child == 0 {
                (seen[node], low[node]) = (count, count);
                count += 1;
                stack.push(node);
                on_stack[node] = true;
            } else {
                low[node] = low[node].min(low[outgoing[node][child - 1]]);
            }
            let mut next = child;
            let descend = loop {
                let Some(&to) = outgoing[node].get(next) else { break None };
                next += 1;
                if seen[to] == NONE {
                    break Some(to);
                }
                if on_stack[to] {
                    low[node] = low[node].min(seen[to]);
                }
            };
            if let Some(to) = descend {
                walk.push((node, next));
                walk.push((to, 0));
                continue;
            }
            if low[node] == seen[node] {
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component[member] = components;
                    if member == node {
                        break;
                    }
                }
                components += 1;
            }
        }
    }
    component
}
