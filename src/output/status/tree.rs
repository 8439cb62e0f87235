//! The tree of one instance: its objects with state and reason, and below a workload its replica
//! sets and pods, with their nodes, restarts and ages. A column that says nothing is left out.

use jiff::Timestamp;

use crate::{
    ops::view::{ObjectView, Operation},
    output::{
        format::Format,
        human,
        objects::with_yielded,
        printer::Printer,
        stream::Tone,
        table::{Cell, Rows, or_dash},
    },
    workload::{
        details::{ObjectDetails, PodDetails, ReplicaSetDetails},
        readiness::State,
    },
};

const HEADER: [&str; 8] =
    ["OBJECT", "NAMESPACE", "READY", "STATE", "RESTARTS", "NODE", "AGE", "REASON"];
/// What is left out where it says nothing of any object.
const OPTIONAL: [&str; 7] = ["NAMESPACE", "READY", "RESTARTS", "NODE", "AGE", "IMAGES", "SOURCE"];

/// Shows the objects of an instance, a row each; nothing where there are none.
pub(super) fn rows(live: &Operation, printer: &Printer, now: Timestamp) -> String {
    let Operation { instance, objects, .. } = live;
    if objects.is_empty() {
        return String::new();
    }
    let home = instance.namespace.as_deref();
    // The heading names the namespace of the instance.
    let elsewhere = objects
        .iter()
        .any(|object| object.id.namespace.is_some() && object.id.namespace.as_deref() != home);
    let wide = printer.format() == Format::Wide;
    let mut header = HEADER.to_vec();
    if wide {
        header.splice(7..7, ["IMAGES", "SOURCE"]);
    }
    let mut tree = Tree { rows: Rows::new(&header), now, elsewhere, wide };
    for (index, object) in objects.iter().enumerate() {
        tree.add(object, index + 1 == objects.len());
    }
    tree.rows.drop_empty(&OPTIONAL);
    tree.rows.show(printer)
}

/// The rows of a tree under construction.
struct Tree {
    rows: Rows,
    now: Timestamp,
    /// Whether objects lie in other namespaces than the instance.
    elsewhere: bool,
    wide: bool,
}

/// The cells of one row.
struct Line {
    object: String,
    namespace: Cell,
    ready: Cell,
    state: Cell,
    restarts: Cell,
    node: Cell,
    age: Cell,
    images: Cell,
    source: Cell,
    reason: Cell,
}

impl Line {
    fn of(object: String) -> Self {
        let none = || or_dash(None::<u64>);
        Self {
            object,
            namespace: none(),
            ready: none(),
            state: none(),
            restarts: none(),
            node: none(),
            age: none(),
            images: none(),
            source: none(),
            reason: none(),
        }
    }
}

impl Tree {
    fn push(&mut self, line: Line) {
        let Line { object, namespace, ready, state, restarts, node, .. } = line;
        let mut row = vec![object.into(), namespace, ready, state, restarts, node, line.age];
        if self.wide {
            row.extend([line.images, line.source]);
        }
        row.push(line.reason);
        self.rows.push(row);
    }

    fn age(&self, since: Option<Timestamp>) -> Cell {
        or_dash(since.map(|since| human::age(since, self.now)))
    }

    fn add(&mut self, object: &ObjectView, last: bool) {
        let ObjectDetails { created_at, ready, desired, replica_sets, pods, .. } = &*object.details;
        let itself = pods.first().filter(|_| object.id.is("", "Pod"));
        let namespace = object.id.namespace.as_deref().filter(|_| self.elsewhere);
        self.push(Line {
            namespace: or_dash(namespace),
            ready: share(*ready, *desired),
            state: state(object.state),
            restarts: or_dash(object.restarts),
            node: or_dash(itself.and_then(|pod| pod.node.as_deref())),
            age: self.age(*created_at),
            images: or_dash(Some(object.images.join(", "))),
            source: or_dash(object.source.as_ref()),
            reason: reason(object),
            ..Line::of(format!("{} {}", branch(last), object.id.short()))
        });
        if itself.is_some() {
            return;
        }
        let stem = if last { "   " } else { "│  " };
        let alone: Vec<&PodDetails> = pods.iter().filter(|pod| pod.replica_set.is_none()).collect();
        for (index, set) in replica_sets.iter().enumerate() {
            let last = index + 1 == replica_sets.len() && alone.is_empty();
            self.add_set(set, stem, last);
            let stem = format!("{stem}{}", if last { "   " } else { "│  " });
            let pods = pods.iter().filter(|pod| pod.replica_set.as_ref() == Some(&set.name));
            self.add_pods(&pods.collect::<Vec<_>>(), &stem);
        }
        self.add_pods(&alone, stem);
    }

    fn add_set(&mut self, set: &ReplicaSetDetails, stem: &str, last: bool) {
        self.push(Line {
            ready: share(Some(set.ready), Some(set.desired)),
            age: self.age(set.created_at),
            ..Line::of(format!("{stem}{} ReplicaSet/{}", branch(last), set.name))
        });
    }

    fn add_pods(&mut self, pods: &[&PodDetails], stem: &str) {
        for (index, pod) in pods.iter().enumerate() {
            let last = index + 1 == pods.len();
            self.push(Line {
                state: state(Some(pod.state)),
                restarts: pod.restarts.to_string().into(),
                node: or_dash(pod.node.as_deref()),
                age: self.age(pod.created_at),
                reason: or_dash(Some(said(&pod.reason, &pod.message))),
                ..Line::of(format!("{stem}{} Pod/{}", branch(last), pod.name))
            });
        }
    }
}

fn branch(last: bool) -> &'static str {
    if last { "└─" } else { "├─" }
}

fn share(ready: Option<u64>, desired: Option<u64>) -> Cell {
    or_dash(ready.zip(desired).map(|(ready, desired)| format!("{ready}/{desired}")))
}

fn state(state: Option<State>) -> Cell {
    let Some(state) = state else { return "-".into() };
    let tone = match state {
        State::Ready => Tone::Good,
        State::Waiting => Tone::Warn,
        State::Failed | State::Missing => Tone::Bad,
    };
    Cell::toned(state.word(), tone)
}

/// A sentence where there is one; its stable word before it, where it does not say it itself.
fn said(word: &str, sentence: &str) -> String {
    match (word.is_empty(), sentence.is_empty()) {
        (true, true) => String::new(),
        (false, true) => word.to_owned(),
        (true, false) => sentence.to_owned(),
        (false, false) if sentence.contains(word) => sentence.to_owned(),
        (false, false) => format!("{word}: {sentence}"),
    }
}

/// Why an object is as it is; after it what is left to others, and the facts of its kind.
fn reason(object: &ObjectView) -> Cell {
    let why = with_yielded(&said(&object.reason, &object.message), object);
    let parts = [why, facts(&object.details, object.state == Some(State::Ready))]
        .into_iter()
        .filter(|part| !part.is_empty());
    or_dash(Some(parts.collect::<Vec<_>>().join("; ")))
}

/// What a Service, Ingress, PersistentVolumeClaim or Job has to tell.
fn facts(details: &ObjectDetails, done: bool) -> String {
    let ObjectDetails { endpoints, addresses, hosts, size, phase, attempts, .. } = details;
    let endpoints = endpoints
        .map(|count| human::count(usize::try_from(count).unwrap_or(usize::MAX), "ready endpoint"));
    let attempts = attempts.map(|attempts| match details.attempt_limit {
        Some(limit) if !done => format!("attempt {attempts} of {limit}"),
        _ => human::count(usize::try_from(attempts).unwrap_or(usize::MAX), "attempt"),
    });
    let parts = [endpoints, Some(addresses.join(", ")), Some(hosts.join(", "))];
    let claim = [size.clone(), phase.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let parts = parts.into_iter().chain([Some(claim), attempts]).flatten();
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
