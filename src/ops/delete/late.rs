//! What a deletion has to look at twice: objects that a write may make whose sender was killed, or
//! never had an answer. Whoever buffers requests on the way delivers them all the same.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::execute::{Deletion, sort};
use crate::{
    ops::{
        events::Event,
        namespace_users::is_made_by,
        removal::{Removed, Remover},
        survey::{Live, Survey},
    },
    workload::{
        error::{Code, Error, Result},
        instance::NamespaceMode,
        object::ObjectId,
        record::{Entry, Quiet, Record},
    },
};

/// How often it is said what is waited for.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// What is said of an object that may still come.
const MAY_COME: &str = "may still be made by a write that nobody has answered";

impl Deletion<'_> {
    /// Notes in a record until when its objects may still be made, now that is known what is live.
    pub(super) fn mark_unsettled(&self, record: &mut Record, live: &Live, quiet: Option<Quiet>) {
        let now = self.now();
        let until = |entry: &Entry| {
            let until = record.unsettled(entry, live.has(&entry.id), quiet);
            until.filter(|until| *until > now)
        };
        let marks: Vec<_> = record.inventory.iter().map(until).collect();
        for (entry, unsettled) in record.inventory.iter_mut().zip(marks) {
            entry.unsettled = unsettled;
        }
    }

    /// Waits until nothing comes any more, and removes what is live then of what was to be looked
    /// at twice; gives what it found. What goes with its namespace is not waited for.
    ///
    /// # Errors
    /// Time that is up, a signal; a request that failed.
    pub(super) async fn remove_late(
        &self,
        remover: &Remover<'_>,
        record: &Record,
        live: &Live,
        removed: &mut Vec<(ObjectId, Removed)>,
    ) -> Result<Vec<Entry>> {
        let awaited = self.awaited(record, live, remover.manager);
        // In a namespace that goes the record cannot be made again.
        let own = record
            .unsettled
            .filter(|until| record.mode == NamespaceMode::Given && *until > self.now());
        let until = awaited.iter().filter_map(|entry| entry.unsettled).max().max(own);
        // Without waiting the record stays, and the next command looks.
        let Some(until) = until.filter(|_| !self.options.limits.no_wait) else {
            return Ok(Vec::new());
        };
        self.wait_until(until, &awaited).await?;
        let found = Survey::of(self.target, self.name, &awaited).look().await?;
        let late = sort(record, &found, remover.manager).going;
        // One of that name is deleted already: in the answer the two are one.
        let again: HashSet<&ObjectId> = late.iter().map(|late| &late.id).collect();
        removed.retain(|(id, _)| !again.contains(id));
        remover.remove(&late, self.deadline, removed).await?;
        Ok(late)
    }

    /// Lists what may still be made, and would outlive the deletion.
    fn awaited(&self, record: &Record, live: &Live, manager: &str) -> Vec<Entry> {
        let namespaces = record.inventory.iter().filter(|entry| entry.id.is("", "Namespace"));
        let going: HashSet<&str> = namespaces
            .filter(|_| record.mode != NamespaceMode::Given)
            .filter(|entry| {
                live.get(&entry.id).is_some_and(|live| is_made_by(&live, self.name, manager))
            })
            .map(|entry| &*entry.id.name)
            .collect();
        let outlives = |entry: &&Entry| {
            entry.id.namespace.as_deref().is_none_or(|namespace| !going.contains(namespace))
        };
        let unsettled = record.inventory.iter().filter(|entry| entry.unsettled.is_some());
        unsettled.filter(outlives).cloned().collect()
    }

    async fn wait_until(&self, until: Timestamp, awaited: &[Entry]) -> Result<()> {
        let name = self.name;
        let left = |now: Timestamp| Duration::try_from(until.duration_since(now));
        let what = match awaited {
            [one] => format!("{} {MAY_COME}", one.id),
            [first, others @ ..] => format!("{} and {} more {MAY_COME}", first.id, others.len()),
            [] => format!("the record {MAY_COME}"),
        };
        let seconds = left(self.now()).unwrap_or_default().as_secs_f64().ceil();
        self.session.note(name, format!("{what}: looking again in {seconds} s"));
        let (started, mut beat) = (Instant::now(), Instant::now());
        loop {
            let Some(pause) = left(self.now()).ok().filter(|pause| !pause.is_zero()) else {
                return Ok(());
            };
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Error::failed(Code::Timeout, format!("out of time: {what}")).hint(
                    format!("`workloadctl delete {name}` goes on, `--timeout` gives more time"),
                ));
            }
            if beat.elapsed() >= HEARTBEAT {
                beat = Instant::now();
                let open = awaited.iter().map(|entry| (entry.id.clone(), MAY_COME.to_owned()));
                self.session.report(
                    name,
                    Event::StillOpen {
                        phase: "deleting",
                        elapsed: started.elapsed(),
                        open: open.collect(),
                    },
                );
            }
            tokio::select! {
                () = tokio::time::sleep(pause.min(Duration::from_secs(1))) => {}
                signal = self.session.stop.wait() => {
                    return Err(signal
                        .error(format!("stopped: {what}"))
                        .hint(format!("`workloadctl delete {name}` goes on")));
                }
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.target.api.connection().server_now()
    }
}
