//! What a deletion answers: what became of each object, and what could not be deleted.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::{
    ops::{
        removal::Removed,
        several,
        view::{ObjectView, Operation},
    },
    workload::{
        error::{Error, Result},
        object::ObjectId,
        ownership::uid,
        readiness::State,
        record::Entry,
        release::Action,
    },
};

const UNPROVEN: &str = "only the record says that it is ours: it has no entry of this instance in its \
                        managedFields";

/// Makes one failure of those of single objects.
pub(super) fn could_not_be_deleted(failures: &[Error]) -> Result<()> {
    match failures {
        [] => Ok(()),
        failures => {
            Err(several::merge(&failures.iter().collect::<Vec<_>>(), "could not be deleted"))
        }
    }
}

impl Operation {
    /// Says of an object of the inventory that it stays, and why.
    pub(super) fn stays(&mut self, entry: &Entry, why: &str) {
        self.remarks.push(format!("{} stays: {why}", entry.id));
        self.tell(&entry.id, Some(entry), &Removed::Left(why.to_owned()));
    }

    /// Shows what became of an object, and counts it where that is done.
    pub(super) fn tell(&mut self, id: &ObjectId, entry: Option<&Entry>, removed: &Removed) {
        let view = view(id, entry, removed);
        view.action.filter(|_| view.state.is_none()).into_iter().for_each(|it| self.counts.add(it));
        self.objects.push(view);
    }

    /// Says of an object of the inventory that it is not ours to delete.
    pub(super) fn is_foreign(&mut self, entry: &Entry, live: Option<&Value>) {
        if live.and_then(uid) == entry.uid.as_deref() {
            self.stays(entry, UNPROVEN);
            return;
        }
        let removed = Removed::Left("it is not ours any more: somebody made it anew".to_owned());
        self.tell(&entry.id, Some(entry), &removed);
    }

    /// Takes in what became of objects; gives those that are done with, and the failures.
    pub(super) fn take_removed(
        &mut self,
        removed: Vec<(ObjectId, Removed)>,
        known: &[&Entry],
    ) -> (HashSet<ObjectId>, Vec<Error>) {
        let entries: HashMap<&ObjectId, &Entry> =
            known.iter().map(|entry| (&entry.id, *entry)).collect();
        let (mut gone, mut failures) = (HashSet::new(), Vec::new());
        for (id, removed) in removed {
            self.tell(&id, entries.get(&id).copied(), &removed);
            match removed {
                Removed::Gone => {
                    gone.insert(id);
                }
                Removed::Waits(_) => {}
                Removed::Left(why) | Removed::Stays(why) => {
                    self.remarks.push(format!("{id} stays: {why}"));
                    gone.insert(id);
                }
                Removed::Failed(error) => failures.push(*error),
            }
        }
        (gone, failures)
    }
}

/// Shows what became of an object.
fn view(id: &ObjectId, entry: Option<&Entry>, removed: &Removed) -> ObjectView {
    let (action, message) = match removed {
        Removed::Gone => (Action::Delete, String::new()),
        Removed::Waits(why) => (Action::Delete, why.clone()),
        Removed::Left(why) | Removed::Stays(why) => (Action::Unchanged, why.clone()),
        Removed::Failed(error) => (Action::Blocked, error.to_string()),
    };
    let waits = matches!(removed, Removed::Waits(_));
    let version = entry.map(|entry| &*entry.version).unwrap_or_default();
    ObjectView {
        uid: entry.and_then(|entry| entry.uid.clone()),
        action: Some(action),
        state: waits.then_some(State::Waiting),
        reason: if waits { "Terminating".to_owned() } else { String::new() },
        message,
        ..ObjectView::new(id.clone(), version)
    }
}
