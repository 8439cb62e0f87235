//! What goes with the instance's own namespace: plain objects, which nothing finishes and nobody
//! waits for, are deleted while the server prepares the end of their namespace.
//!
//! The namespace controller lets five seconds pass before it begins with a namespace (Kubernetes'
//! `namespaceDeletionGracePeriod`). So the deletion of the namespace is sent as soon as all that has
//! to be waited for is gone, and what is left goes meanwhile.

use std::{collections::HashSet, pin::pin};

use super::{
    answer::could_not_be_deleted, execute::Deletion, last::Last, namespaces::TerminatingNamespace,
};
use crate::{
    ops::{
        events::Event, namespace_users::is_made_by, removal::Removed, survey::Live, view::Operation,
    },
    workload::{
        error::Result,
        instance::NamespaceMode,
        kinds::{DeletionWave, Trait, builtin_kind},
        object::ObjectId,
        ownership::{finalizers, manager},
        record::{Entry, Record},
        release::Action,
    },
};

impl Deletion<'_> {
    /// Parts what goes with the record's own namespace from what is deleted, and waited for, before
    /// it.
    pub(super) fn with_home(
        &self,
        record: &Record,
        live: &Live,
        going: Vec<Entry>,
        kept: &[Entry],
    ) -> (Vec<Entry>, Vec<Entry>) {
        let home = record.namespace.as_str();
        let manager = manager(home, self.name.as_str());
        let goes = !self.options.limits.no_wait
            && record.mode != NamespaceMode::Given
            && kept.iter().all(|entry| entry.id.namespace.as_deref() != Some(home))
            && live
                .get(&ObjectId::new("", "Namespace", None, home))
                .is_some_and(|live| is_made_by(&live, self.name, &manager));
        if !goes {
            return (Vec::new(), going);
        }
        let is_inside = |entry: &Entry| entry.id.namespace.as_deref() == Some(home);
        let is_held =
            |entry: &Entry| live.get(&entry.id).is_some_and(|live| !finalizers(&live).is_empty());
        going
            .into_iter()
            .partition(|entry| is_inside(entry) && is_plain(&entry.id) && !is_held(entry))
    }

    /// Deletes what goes with a namespace whose deletion is sent, until that is gone; what comes too
    /// late, or fails, the server deletes.
    ///
    /// # Errors
    /// Those of waiting for the namespace.
    pub(super) async fn empty_home(
        &self,
        last: &Last<'_>,
        going: &TerminatingNamespace,
        operation: &mut Operation,
    ) -> Result<()> {
        let manager = manager(&last.record.namespace, self.name.as_str());
        let remover = self.remover(last.api, last.record, &manager);
        let mut removed = Vec::new();
        let end = {
            let mut emptying = pin!(remover.remove(last.with_home, self.deadline, &mut removed));
            let mut ending = pin!(self.wait_for_end(going));
            let mut is_emptied = false;
            loop {
                tokio::select! {
                    end = &mut ending => break end,
                    // What failed the namespace takes along, or names.
                    _ = &mut emptying, if !is_emptied => is_emptied = true,
                }
            }
        };
        if end.is_ok() {
            removed = self.all_gone(last.with_home, removed);
        }
        operation.take_removed(removed, &last.with_home.iter().collect::<Vec<_>>());
        self.ended(going, end, operation)
    }

    /// Tells of what went with its namespace before it was seen to go: whichever is first, each object
    /// is told once.
    fn all_gone(
        &self,
        with_home: &[Entry],
        seen: Vec<(ObjectId, Removed)>,
    ) -> Vec<(ObjectId, Removed)> {
        let is_told = |removed: &Removed| matches!(removed, Removed::Gone);
        let told: HashSet<ObjectId> =
            seen.into_iter().filter(|(_, removed)| is_told(removed)).map(|(id, _)| id).collect();
        for entry in with_home.iter().filter(|entry| !told.contains(&entry.id)) {
            let (object, action) = (entry.id.clone(), Action::Delete);
            self.session.report(self.name, Event::Done { object, action });
        }
        with_home.iter().map(|entry| (entry.id.clone(), Removed::Gone)).collect()
    }

    /// Deletes what was to go with a namespace that stays, and waits for it.
    ///
    /// # Errors
    /// What could not be deleted; time that is up, a signal.
    pub(super) async fn remove_left(
        &self,
        last: &Last<'_>,
        operation: &mut Operation,
    ) -> Result<()> {
        let manager = manager(&last.record.namespace, self.name.as_str());
        let remover = self.remover(last.api, last.record, &manager);
        let mut removed = Vec::new();
        let end = remover.remove(last.with_home, self.deadline, &mut removed).await;
        let known: Vec<&Entry> = last.with_home.iter().collect();
        let (_, failures) = operation.take_removed(removed, &known);
        end.and_then(|()| could_not_be_deleted(&failures))
    }
}

/// Tells whether nothing has to be waited for when an object goes: it is configuration, owns
/// nothing, and no data goes with it.
fn is_plain(id: &ObjectId) -> bool {
    let kind = builtin_kind(id);
    kind.deletion == DeletionWave::Configuration
        && kind.is(Trait::NoDependents)
        && !kind.is(Trait::Precious)
}
