//! The database's tests: what they share.

mod definitions;
mod history;
mod instances;
mod open;
mod prune;
mod releases;
mod rows;
mod standing;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use jiff::Timestamp;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use serde_json::{Value, json};

use super::Store;
use crate::workload::{
    definition::{Content, Revision, SourceFile},
    instance::Instance,
    name::{DefinitionName, InstanceName},
    object::{Object, Origin},
    overrides::Overrides,
    release::{Deployer, Outcome, Release},
};

/// Minute `n` of a day.
fn minute(n: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + 60 * n).unwrap()
}

fn definition(name: &str) -> DefinitionName {
    name.parse().unwrap()
}

fn name(name: &str) -> InstanceName {
    name.parse().unwrap()
}

fn content(body: Value) -> Content {
    Content {
        objects: vec![Object { body: body.into(), origin: Origin::line("web.yaml", 3) }],
        files: vec![SourceFile { name: "web.yaml".into(), text: "# a comment\n…".into() }],
    }
}

/// Content that differs by `n`.
fn version(n: u64) -> Content {
    content(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"n": n}}),
    )
}

fn instance(instance: &str, of: &str) -> Instance {
    Instance {
        name: name(instance),
        definition: definition(of),
        runtime: "kind-dev".into(),
        namespace: None,
        namespace_mode: None,
        cluster_uid: None,
        overrides: Overrides::default(),
        created_at: minute(0),
        observed: None,
    }
}

fn revision(of: &str, number: u64, content: &Content, at: Timestamp) -> Revision {
    Revision {
        definition: definition(of),
        number,
        digest: content.digest(),
        created_at: at,
        object_count: content.objects.len(),
        source: "record".into(),
    }
}

fn release(id: &str, number: u64, outcome: Outcome) -> Release {
    let at = minute(i64::try_from(number).unwrap());
    Release {
        deployer: Deployer { user: "ci".into(), host: "runner".into(), ..Deployer::default() },
        started_at: at,
        ended_at: (outcome != Outcome::InFlight).then_some(at),
        digest: version(1).digest(),
        revision_created_at: minute(0),
        ..Release::sample(id, number, outcome)
    }
}

impl Store {
    /// Counts the queries that some work makes.
    pub(crate) fn count_queries<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (usize, T) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let mask = TraceEventCodes::SQLITE_TRACE_STMT;
        let counted = Some(move |_: TraceEvent<'_>| _ = count.fetch_add(1, Relaxed));
        self.connection.trace_v2(mask, counted).unwrap();
        let answer = work(self);
        self.connection.trace_v2(mask, None::<fn(TraceEvent<'_>)>).unwrap();
        (asked.load(Relaxed), answer)
    }

    /// Applies without an instance and gives the number and whether it is fresh.
    fn apply(&mut self, of: &str, content: &Content, at: i64) -> (u64, bool) {
        let applied =
            self.apply_definition(&definition(of), content, "k8s", None, minute(at)).unwrap();
        (applied.revision.number, applied.fresh)
    }

    /// Applies for an instance and gives the number and whether it is fresh.
    fn apply_for(&mut self, of: &str, content: &Content, to: &str, at: i64) -> (u64, bool) {
        let applied = self
            .apply_definition(&definition(of), content, "k8s", Some(&name(to)), minute(at))
            .unwrap();
        (applied.revision.number, applied.fresh)
    }

    /// Gives the number of the revision that a deploy would bring.
    fn newest(&self, of: &str, to: Option<&str>) -> Option<u64> {
        let newest = self.newest_revision(&definition(of), to.map(name).as_ref()).unwrap();
        newest.map(|revision| revision.number)
    }
}
