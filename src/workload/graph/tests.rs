//! The graph of a text: what comes before what, and why.

mod backends;
mod deletion;
mod dependencies;
mod extremes;
mod references;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::workload::{
    error::Code,
    instance::NamespaceMode,
    kinds::tests::objects,
    object::{Object, ObjectId},
    overrides::{self, Overrides},
    placement::{Destination, place},
};

fn kinds_of(text: &str) -> Kinds {
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&objects(text));
    kinds
}

/// Places the objects of a text into the namespace `web`.
fn placed(text: &str) -> Vec<Placed> {
    place_into_web(&objects(text), &kinds_of(text)).unwrap()
}

fn place_into_web(objects: &[Object], kinds: &Kinds) -> Result<Vec<Placed>> {
    let instance = "web".parse().unwrap();
    let namespace_labels = BTreeMap::new();
    let to = Destination {
        instance: &instance,
        namespace: None,
        stored: Some((NamespaceMode::Managed, "web")),
        namespace_labels: &namespace_labels,
    };
    Ok(place(objects.to_vec(), kinds, &to)?.objects)
}

pub(super) fn build(text: &str) -> (Vec<Placed>, Result<Graph>) {
    let objects = placed(text);
    let graph = Graph::build(&objects, &kinds_of(text), Occasion::Install);
    (objects, graph)
}

/// Gives what comes before an object, but for its namespace: `Kind/name milestone: reason`.
pub(super) fn before(text: &str, object: &str) -> Vec<String> {
    let (objects, graph) = build(text);
    let node = objects.iter().position(|placed| placed.id.to_string() == object).unwrap();
    let why = graph.unwrap().why(node).into_iter();
    why.filter(|why| objects[why.from].id.kind != "Namespace")
        .map(|why| format!("{} {}: {}", objects[why.from].id, why.until, why.reason))
        .collect()
}

/// Runs the whole schedule, every object going all the way; gives the rounds.
pub(super) fn rounds(text: &str) -> Vec<Vec<String>> {
    let (objects, graph) = build(text);
    let graph = graph.unwrap();
    let mut schedule = Schedule::start(&graph);
    let mut rounds = Vec::new();
    loop {
        let round = schedule.released();
        if round.is_empty() {
            assert_eq!(schedule.waiting().count(), 0);
            return rounds;
        }
        rounds.push(round.iter().map(|node| objects[*node].id.to_string()).collect());
        round.into_iter().for_each(|node| schedule.reached(node, Milestone::Ready));
    }
}
