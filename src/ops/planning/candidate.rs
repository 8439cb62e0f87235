//! One object that is planned for, before anything is decided with the server.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Planning, scaling::Scaling};
use crate::{
    ops::survey::Live,
    workload::{
        body::Body,
        object::ObjectId,
        ownership::{Yielded, is_held_still},
        plan::{Choices, Decision, Desired, Item, decide, decide_hook},
        readiness::is_complete,
        record::Entry,
        release::Action,
        sent_content::{ContentKnown, SentContent},
        sharing::Others,
    },
};

/// One object that is planned for: what is wanted, known and live of it, and what follows.
pub(super) struct Candidate<'a> {
    pub desired: &'a Desired,
    pub entry: Option<&'a Entry>,
    /// What is live, at rest.
    at_rest: Option<Body>,
    /// Until when a write of a dead release may still arrive.
    pub unsettled: Option<Timestamp>,
    pub decision: Decision,
}

impl Candidate<'_> {
    /// Gives what is live, to look into.
    pub(super) fn live(&self) -> Option<Body> {
        self.at_rest.as_ref().map(Body::look)
    }

    /// Tells whether what is live is a Job that has completed.
    pub(super) fn has_completed(&self) -> bool {
        let may_have = |body: &&Body| body.mentions("Complete");
        self.at_rest.as_ref().filter(may_have).is_some_and(|body| is_complete(&body.look()))
    }

    /// Gives it with another decision.
    pub(super) fn decided(&self, decision: Decision) -> Self {
        Self { decision, at_rest: self.at_rest.clone(), ..*self }
    }

    /// Gives the inventory's entry for what is going to be written.
    pub(super) fn entry_to_come(&self, manager: &str) -> Entry {
        let Self { desired, entry, at_rest: _, unsettled, decision: _ } = self;
        let (live, body) = (self.live(), desired.body.look());
        let sent = entry.and_then(|entry| entry.content.as_ref());
        let mut to_come = Entry {
            content: SentContent::to_send((&desired.id, &body), sent, live.as_deref(), manager),
            keep: desired.keep,
            unsettled: *unsettled,
            hook: desired.hook.is_some(),
            completed: self.has_completed(),
            ..Entry::new(desired.id.clone(), &desired.version)
        };
        if let Some(entry) = entry {
            to_come.uid.clone_from(&entry.uid);
            to_come.orphans.clone_from(&entry.orphans);
        }
        to_come
    }

    /// Tells whether what was sent before tells if the content changes.
    pub(super) fn content_known(&self, to_come: &Entry) -> ContentKnown {
        let before = self.entry.and_then(|entry| entry.content.as_ref());
        let doubts = |content: &SentContent| content.is_in_doubt(before);
        match to_come.content.as_ref().is_some_and(doubts) && self.at_rest.is_some() {
            true => ContentKnown::Asked,
            false => ContentKnown::BySent,
        }
    }

    /// Takes down that the live object has the content already that is going to be written.
    pub(super) fn note_content(&self, item: &Item, to_come: &mut Entry, manager: &str) {
        let before = self.entry.and_then(|entry| entry.content.as_ref());
        let stays = item.content == ContentKnown::Stays;
        let content = to_come.content.as_mut().filter(|_| stays);
        if let Some((content, live)) = content.zip(self.live()) {
            content.stays(before, &live, manager);
        }
    }

    /// Gives the inventory's entry where nothing is going to be written.
    pub(super) fn entry_as_it_is(&self, completed: bool) -> Option<Entry> {
        let stays = |left: &Yielded| {
            !left.dropped || self.live().is_none_or(|live| is_held_still(&live, left))
        };
        self.entry.map(|entry| Entry {
            wanted: true,
            keep: self.desired.keep,
            hook: self.desired.hook.is_some(),
            completed: completed || entry.completed,
            yielded: entry.yielded.iter().filter(|left| stays(left)).cloned().collect(),
            ..entry.clone()
        })
    }
}

/// Gives what an inventory's entry says to be left until the write is done: what was left before,
/// so that an autoscaler that is gone is known to have been there, and what will be.
pub(super) fn yielded_until_written(before: Option<&Entry>, item: &Item) -> Vec<Yielded> {
    let before = before.filter(|_| item.action != Action::Unchanged);
    let mut all = before.map(|entry| entry.yielded.clone()).unwrap_or_default();
    // Whether what was dropped before still stays was seen just now.
    all.retain(|left| !left.dropped);
    let is_new = |left: &&Yielded| all.iter().all(|known| known.field != left.field);
    let new: Vec<Yielded> = item.terms.yielded.iter().filter(is_new).cloned().collect();
    all.extend(new);
    all
}

impl Planning<'_> {
    pub(super) fn candidate<'c>(
        &'c self,
        desired: &'c Desired,
        entries: &HashMap<&ObjectId, &'c Entry>,
        live: &'c Live,
        scaling: &Scaling<'_>,
    ) -> Candidate<'c> {
        let (entry, at_rest) = (entries.get(&desired.id).copied(), live.get(&desired.id));
        let looked_at = at_rest.as_ref().map(Body::look);
        let live = looked_at.as_deref();
        let choices = Choices {
            adopt: self.options.adopt,
            anew: false,
            reclaim: scaling.reclaims(desired, entry),
        };
        let decision = match &desired.hook {
            Some(hook) if hook.phase(self.occasion).is_none() => Decision::Unchanged,
            Some(hook) => decide_hook(hook, desired, entry, live, self.manager, choices),
            None => decide(desired, entry, live, self.manager, choices),
        };
        let decision = self.ask_if_forced(desired, decision, live);
        let unsettled = self.unsettled(entry, live);
        Candidate { desired, entry, at_rest, unsettled, decision }
    }

    pub(super) fn unchanged(
        &self,
        candidate: &Candidate<'_>,
        others: &Others,
        scaling: &Scaling<'_>,
    ) -> Item {
        let Candidate { desired, entry, .. } = *candidate;
        let live = candidate.live();
        Item {
            sharing: self.sharing(desired, entry, live.as_ref(), others).into(),
            terms: scaling.terms(candidate, others).into(),
            ..Item::new(desired.clone(), Action::Unchanged)
        }
    }
}
