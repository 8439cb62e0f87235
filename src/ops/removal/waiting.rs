//! Waiting until objects are gone: watches tell when one may be, a read by its name proves it.
//!
//! An object leaves a watch also when it loses the label that the watch selects, so that its
//! absence there proves nothing (docs/design.md, Absence). What no watch shows is read by name
//! again and again, after pauses that grow.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet};

use super::{Removed, Remover};
use crate::{
    cluster::watch::{Collection, CollectionEvent},
    ops::{
        deletion,
        events::{Event, HEARTBEAT},
        stop::{Signal, until},
        survey::{Survey, selector},
    },
    workload::{
        error::{Error, Result},
        object::{ObjectId, join_api_version},
        ownership::uid,
        record::Entry,
    },
};

/// The first pause between two reads of what no watch shows.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What ends a wait before its objects are gone.
pub(super) enum WaitEnd<'e> {
    Failed(Box<Error>),
    /// What still goes, and what holds it up.
    OutOfTime(Vec<(&'e Entry, String)>),
    Stopped(Signal),
}

/// A wait for the end of objects.
pub(super) struct Wait<'w, 'e> {
    remover: &'w Remover<'w>,
    removed: &'w mut Vec<(ObjectId, Removed)>,
    /// What still goes.
    going: HashMap<&'e ObjectId, &'e Entry>,
    /// How it was seen last.
    seen: HashMap<ObjectId, Value>,
    /// What may be gone.
    suspects: HashSet<&'e ObjectId>,
    /// What no watch shows.
    unwatched: HashSet<&'e ObjectId>,
    /// The watches; they end with the wait.
    _watches: JoinSet<()>,
    events: mpsc::UnboundedReceiver<CollectionEvent>,
    /// When what no watch shows is read next, and the pause after that.
    next: (Instant, Duration),
}

impl<'w, 'e> Wait<'w, 'e> {
    /// Begins to watch. What turns out to be gone is added to `removed`.
    pub(super) fn of(
        remover: &'w Remover<'w>,
        going: Vec<&'e Entry>,
        removed: &'w mut Vec<(ObjectId, Removed)>,
    ) -> Self {
        let going: HashMap<_, _> = going.into_iter().map(|entry| (&entry.id, entry)).collect();
        let (sender, events) = mpsc::unbounded_channel();
        let mut watches = JoinSet::new();
        let collections: HashMap<_, _> =
            going.values().filter_map(|entry| collection_of(remover, entry)).collect();
        for collection in collections.into_values() {
            watches.spawn(collection.observe(remover.target.api.clone(), sender.clone()));
        }
        // Before the first list nothing is watched.
        let unwatched = going.keys().copied().collect();
        let next = (Instant::now() + FIRST_PAUSE, FIRST_PAUSE * 2);
        let (seen, suspects) = (HashMap::new(), HashSet::new());
        let _watches = watches;
        Self { remover, removed, going, seen, suspects, unwatched, _watches, events, next }
    }

    /// Waits until all is gone. Where something ends the wait, what still goes is added to `removed`
    /// too.
    pub(super) async fn until_gone(mut self, deadline: Option<Instant>) -> Result<(), WaitEnd<'e>> {
        let end = self.watch(deadline).await;
        if end.is_err() {
            let held = self.held().into_iter();
            self.removed.extend(held.map(|(entry, why)| (entry.id.clone(), Removed::Waits(why))));
        }
        end
    }

    async fn watch(&mut self, deadline: Option<Instant>) -> Result<(), WaitEnd<'e>> {
        let (started, mut beat) = (Instant::now(), Instant::now() + HEARTBEAT);
        while !self.going.is_empty() {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                // The last word: a watch may be late.
                self.suspects.extend(self.going.keys());
                self.look().await?;
                return match self.going.is_empty() {
                    true => Ok(()),
                    false => Err(WaitEnd::OutOfTime(self.held())),
                };
            }
            if Instant::now() >= beat {
                beat += HEARTBEAT;
                self.remover.report(Event::StillOpen {
                    phase: "deleting",
                    elapsed: started.elapsed(),
                    open: self
                        .held()
                        .into_iter()
                        .map(|(entry, held)| (entry.id.clone(), held))
                        .collect(),
                });
            }
            let polls = !self.unwatched.is_empty();
            tokio::select! {
                // A signal comes before the next look, even where the pause is over already.
                biased;
                signal = self.remover.session.stop.wait() => return Err(WaitEnd::Stopped(signal)),
                Some(event) = self.events.recv() => self.take(event),
                () = until(Some(self.next.0)), if polls => {
                    self.suspects.extend(&self.unwatched);
                    let pause = self.next.1;
                    self.next = (Instant::now() + pause, (pause * 2).min(LONGEST_PAUSE));
                }
                () = until(Some(beat)) => {}
                () = until(deadline) => {}
            }
            // A burst is looked at as one.
            while let Ok(event) = self.events.try_recv() {
                self.take(event);
            }
            self.look().await?;
        }
        Ok(())
    }

    fn take(&mut self, event: CollectionEvent) {
        match event {
            CollectionEvent::Present(object) => self.keep(object),
            CollectionEvent::Gone(object) => self.suspect(&ObjectId::of(&object)),
            CollectionEvent::Listed(collection, objects) => {
                let here: HashSet<&ObjectId> = objects.iter().map(|(id, _)| id).collect();
                for id in self.inside(&collection) {
                    if !here.contains(id) {
                        self.suspects.insert(id);
                    }
                }
                objects.into_iter().for_each(|(_, object)| self.keep(object.into_value()));
            }
            CollectionEvent::Unobservable(collection, _) => {
                self.unwatched.extend(self.inside(&collection));
            }
        }
    }

    /// Finds what still goes of a collection.
    fn inside(&self, collection: &Collection) -> Vec<&'e ObjectId> {
        let of = |entry: &&&Entry| {
            collection_of(self.remover, entry).is_some_and(|(_, it)| it == *collection)
        };
        self.going.values().filter(of).map(|entry| &entry.id).collect()
    }

    fn keep(&mut self, object: Value) {
        let id = ObjectId::of(&object);
        let Some(entry) = self.going.get(&id) else { return };
        if uid(&object) == entry.uid.as_deref() {
            self.unwatched.remove(&entry.id);
            self.seen.insert(id, object);
        } else {
            // It is gone, and somebody made a new one.
            self.suspects.insert(&entry.id);
        }
    }

    fn suspect(&mut self, id: &ObjectId) {
        if let Some(entry) = self.going.get(id) {
            self.suspects.insert(&entry.id);
        }
    }

    /// Reads what may be gone.
    async fn look(&mut self) -> Result<(), WaitEnd<'e>> {
        if self.suspects.is_empty() {
            return Ok(());
        }
        let Remover { target, instance, .. } = self.remover;
        let suspects: Vec<&Entry> =
            self.suspects.drain().filter_map(|id| self.going.get(id).copied()).collect();
        // Without a uid, so that each is read by its name.
        let unknown: Vec<Entry> =
            suspects.iter().map(|entry| Entry { uid: None, ..(*entry).clone() }).collect();
        let live = Survey::of(target, instance, &unknown).look().await;
        let live = live.map_err(|error| WaitEnd::Failed(Box::new(error)))?;
        for entry in suspects {
            match live.get(&entry.id) {
                Some(object) if uid(&object) == entry.uid.as_deref() => {
                    self.unwatched.insert(&entry.id);
                    self.seen.insert(entry.id.clone(), (*object).clone());
                }
                // Another uid: it is gone, and somebody made a new one.
                Some(_) | None => {
                    self.going.remove(&entry.id);
                    self.unwatched.remove(&entry.id);
                    self.remover.record_outcome(self.removed, entry, Removed::Gone);
                }
            }
        }
        Ok(())
    }

    /// Says what holds up what still goes.
    fn held(&self) -> Vec<(&'e Entry, String)> {
        let held = |entry: &Entry| {
            let why = self.seen.get(&entry.id).map(deletion::held_by).unwrap_or_default();
            if why.is_empty() { "is being deleted".to_owned() } else { why }
        };
        let mut held: Vec<_> = self.going.values().map(|entry| (*entry, held(entry))).collect();
        held.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
        held
    }
}

/// Gives the collection that shows an object of the instance, and its path; `None` where its kind
/// is not served any more, and outside of namespaces: there the label names no instance, and few
/// objects are waited for.
fn collection_of(remover: &Remover<'_>, entry: &Entry) -> Option<(String, Collection)> {
    let (target, kind) = (remover.target, entry.id.group_kind());
    let version = target.version(&entry.id, &entry.version);
    let namespace = entry.id.namespace.as_deref()?;
    let path = target.kinds.collection_path(&kind, version, Some(namespace))?;
    let collection = Collection {
        path: path.clone(),
        query: selector(remover.instance, &kind, true),
        api_version: join_api_version(&kind.group, version),
        kind: kind.kind,
    };
    Some((path, collection))
}
