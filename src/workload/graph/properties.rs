//! Properties of any graph: no cycle is left, nothing goes before its turn, everything goes once.

use proptest::prelude::*;

use super::{cycles, *};

const NODES: usize = 12;

/// Edges of any direction; hard ones lead upwards, so that they alone have no cycle.
fn edges() -> impl Strategy<Value = Vec<Edge>> {
    let milestone = prop_oneof![
        Just(Milestone::Applied),
        Just(Milestone::Established),
        Just(Milestone::Available),
        Just(Milestone::Ready)
    ];
    let edge = (0..NODES, 0..NODES, milestone, any::<bool>());
    proptest::collection::vec(edge, 0..40).prop_map(|edges| {
        let mut seen = BTreeSet::new();
        let edges = edges.into_iter().filter(|(from, to, ..)| from != to);
        edges
            .filter(|(from, to, ..)| seen.insert((*from, *to)))
            .map(|(from, to, until, hard)| {
                let hard = hard && from < to;
                Edge { from, to, until, reason: Reason::DependsOn, hard }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn cycles_are_opened_and_hard_edges_kept(edges in edges()) {
        let mut kept = edges.clone();
        cycles::drop_soft(NODES, &mut kept);
        for edge in edges.iter().filter(|edge| edge.hard) {
            prop_assert!(kept.contains(edge));
        }
        let mut again = kept.clone();
        cycles::drop_soft(NODES, &mut again);
        prop_assert_eq!(&again, &kept);
        // The last four nodes are joins.
        let graph = Graph::of(NODES - 4, Vec::new(), NODES, kept);
        let mut schedule = Schedule::start(&graph);
        loop {
            let released = schedule.released();
            if released.is_empty() {
                break;
            }
            released.into_iter().for_each(|node| schedule.reached(node, Milestone::Ready));
        }
        prop_assert_eq!(schedule.waiting().count(), 0);
    }

    #[test]
    fn nothing_goes_before_its_turn(
        edges in edges(),
        steps in proptest::collection::vec((0..NODES, 0..5_usize), 0..60),
    ) {
        let mut kept = edges;
        cycles::drop_soft(NODES, &mut kept);
        let graph = Graph::of(NODES, Vec::new(), NODES, kept.clone());
        let mut schedule = Schedule::start(&graph);
        let mut reached = [None; NODES];
        let mut failed = [false; NODES];
        let mut gone = BTreeSet::new();
        for (node, step) in steps {
            for released in schedule.released() {
                prop_assert!(gone.insert(released), "{released} went twice");
                for edge in kept.iter().filter(|edge| edge.to == released) {
                    prop_assert!(Some(edge.until) <= reached[edge.from]);
                }
            }
            if !gone.contains(&node) || failed[node] {
                continue;
            }
            let milestones = [Milestone::Applied, Milestone::Established, Milestone::Available, Milestone::Ready];
            if let Some(milestone) = milestones.get(step) {
                reached[node] = reached[node].max(Some(*milestone));
                schedule.reached(node, *milestone);
            } else {
                failed[node] = true;
                for skipped in schedule.failed(node) {
                    prop_assert!(gone.insert(skipped), "{skipped} was skipped too late");
                }
            }
        }
        for node in schedule.waiting() {
            let holds = |edge: &&Edge| edge.to == node && Some(edge.until) > reached[edge.from];
            prop_assert!(kept.iter().any(|edge| holds(&edge)));
        }
    }
}
