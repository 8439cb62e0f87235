//! The account of a deletion while it goes on: what became of each object, and what is still open
//! when something ends it.

use std::{collections::HashSet, mem};

use crate::{
    ops::{
        namespace_users::is_made_by,
        removal::Removed,
        survey::Live,
        view::{NOT_REACHED, ObjectView, Operation},
    },
    workload::{
        error::{Error, ErrorKind},
        name::InstanceName,
        object::ObjectId,
        record::{Entry, Record},
        release::Action,
    },
};

/// What is said of an object where another process holds the instance by now.
const TAKEN_OVER: &str = "another process goes on with it";

/// What is told of a deletion.
pub(super) struct Account<'o> {
    pub operation: &'o mut Operation,
    /// What became of objects, and is not told yet.
    pub removed: Vec<(ObjectId, Removed)>,
    /// What has to go, as far as is known.
    due: Vec<Entry>,
}

impl<'o> Account<'o> {
    /// Begins with all that a record names: what of it is there, nobody has seen yet.
    pub(super) fn of(operation: &'o mut Operation, record: &Record) -> Self {
        Self { operation, removed: Vec::new(), due: record.inventory.to_vec() }
    }

    /// Takes in what is there; namespaces that others made do not go.
    pub(super) fn saw(&mut self, live: &Live, instance: &InstanceName, manager: &str) {
        self.due.retain(|entry| {
            live.get(&entry.id).is_some_and(|live| {
                !entry.id.is("", "Namespace") || is_made_by(&live, instance, manager)
            })
        });
    }

    /// Counts the namespaces that are to go, as far as is known; `staying` keeps its own.
    pub(super) fn namespaces(&self, staying: &[Entry]) -> usize {
        let is_going = |entry: &&Entry| {
            let stays = |kept: &Entry| {
                kept.id == entry.id || kept.id.namespace.as_ref() == Some(&entry.id.name)
            };
            entry.id.is("", "Namespace") && !staying.iter().any(stays)
        };
        self.due.iter().filter(is_going).count()
    }

    /// Tells of what is still to be deleted after a failure: each object is told.
    pub(super) fn close(self, failure: &Error) {
        let Self { operation, mut removed, due } = self;
        let known: Vec<&Entry> = due.iter().collect();
        operation.take_removed(mem::take(&mut removed), &known);
        let why = if failure.kind == ErrorKind::Locked { TAKEN_OVER } else { NOT_REACHED };
        let told: HashSet<ObjectId> =
            operation.objects.iter().map(|told| told.id.clone()).collect();
        let untold = due.into_iter().filter(|entry| !told.contains(&entry.id));
        operation.objects.extend(untold.map(|entry| ObjectView {
            uid: entry.uid,
            action: Some(Action::Delete),
            reason: "pending".to_owned(),
            message: why.to_owned(),
            ..ObjectView::new(entry.id, &entry.version)
        }));
    }
}
