//! One object of a rollout: what was done to it and what was seen of it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    ops::{
        view::EvidenceView,
        write::{Written, version_of},
    },
    workload::{
        diagnosis::Diagnosis,
        error::{Error, ErrorKind},
        evidence::Unready,
        plan::Item,
        readiness::{Allowance, State, TIMED_OUT, Verdict, WatchNeeds, is_complete, late},
    },
};

/// One object on its way.
pub(crate) struct Node<'a> {
    /// What the plan says.
    pub item: &'a Item,
    /// Whether its write was begun.
    pub(super) sent: bool,
    /// What writing it came to; for an unchanged object, nothing.
    pub written: Option<Box<Written>>,
    /// Whether it is as wanted on the cluster.
    pub applied: bool,
    /// When it was applied, by our clock.
    pub applied_at: Option<Timestamp>,
    /// When it was ready first, by our clock.
    pub ready_at: Option<Timestamp>,
    /// The newest judgement.
    pub verdict: Option<Verdict>,
    /// Why it is not ready, looked into at the end.
    pub diagnosis: Option<Box<Diagnosis>>,
    /// What tells why it is not ready, gathered at the end.
    pub evidence: Option<Box<EvidenceView>>,
    /// How often the containers of its pods had restarted at the end; none for what has no pods.
    pub restarts: Option<u64>,
    /// Why it could not be written.
    pub error: Option<Box<Error>>,
    /// Whether it was left out because something before it failed.
    pub skipped: bool,
    /// What is to be watched to judge it.
    pub(super) watch: WatchNeeds,
    /// What it says itself of how far it is to be waited for.
    pub(super) allowance: Allowance,
    /// Whether its readiness is waited for.
    pub(super) waited_for: bool,
    /// Since when.
    pub(super) waited_since: Option<Instant>,
}

impl<'a> Node<'a> {
    /// Makes a node of a plan's item.
    pub(crate) fn new(item: &'a Item) -> Self {
        Self {
            item,
            sent: false,
            written: None,
            applied: false,
            applied_at: None,
            ready_at: None,
            verdict: None,
            diagnosis: None,
            evidence: None,
            restarts: None,
            error: None,
            skipped: false,
            watch: item.watch_needs(),
            allowance: Allowance::of_body(&item.desired.body),
            waited_for: false,
            waited_since: None,
        }
    }

    /// Tells whether a write was sent that nobody has answered: it may arrive yet.
    pub(crate) fn is_unanswered(&self) -> bool {
        let is_unknown = |error: &Error| error.kind == ErrorKind::Runtime;
        self.sent && self.written.is_none() && self.error.as_deref().is_none_or(is_unknown)
    }

    /// Tells a state from before our own write: a watch may lag behind it.
    pub(super) fn is_older_than_write(&self, seen: Option<&Value>) -> bool {
        let written = self.written.as_ref().and_then(|written| written.version);
        match (seen.and_then(version_of), written) {
            (Some(seen), Some(written)) => seen < written,
            _ => false,
        }
    }

    /// Gives the uid of the object that was applied, or that was there already.
    pub(crate) fn uid(&self) -> Option<&str> {
        let written = self.written.as_ref().and_then(|written| written.entry.uid.as_deref());
        written.or(self.item.entry.as_ref().and_then(|entry| entry.uid.as_deref()))
    }

    /// Tells whether the object is a Job that has completed.
    pub(crate) fn has_completed(&self, seen: Option<&Value>) -> bool {
        self.item.desired.id.is("batch", "Job") && seen.map_or(self.is_ready(), is_complete)
    }

    /// Tells whether it was seen to be ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.state == State::Ready)
    }

    /// Tells whether it was seen to have failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.state == State::Failed)
    }

    /// Tells whether nothing is waited for any more: it is ready, or nobody waits for it.
    pub(crate) fn is_settled(&self) -> bool {
        !self.waited_for || self.is_ready()
    }

    /// Says why it is not ready.
    pub(crate) fn why_not_ready(&self) -> String {
        // The diagnosis has looked at pods and events, the verdict at the object.
        let verdict = self.verdict.as_ref().map_or("was not seen yet", |verdict| &*verdict.message);
        match &self.diagnosis {
            Some(diagnosis) if !diagnosis.message.is_empty() => match self.late() {
                Some(late) => format!("{late}: {}", diagnosis.message),
                None => diagnosis.message.clone(),
            },
            _ => verdict.to_owned(),
        }
    }

    /// Says that its own time is up, where that is what it failed of.
    fn late(&self) -> Option<String> {
        let timeout = self.allowance.timeout?;
        let is_late = self.verdict.as_ref().is_some_and(|verdict| verdict.reason == TIMED_OUT);
        is_late.then(|| late(timeout))
    }

    /// Judges it by its own time, too.
    pub(super) fn in_its_time(&self, verdict: Verdict) -> Verdict {
        let waited = self.waited_since.map_or(Duration::ZERO, |since| since.elapsed());
        self.allowance.expire(verdict, waited)
    }

    /// Tells whether it is waited for within a time of its own.
    pub(super) fn has_own_time(&self) -> bool {
        self.applied && !self.is_over() && self.allowance.timeout.is_some()
    }

    /// Tells whether it is to be left to itself once it is applied.
    pub(crate) fn is_excused(&self) -> bool {
        self.applied && !self.waited_for && !self.allowance.is_waited_for
    }

    /// Gives what is to be kept of it where it is not as wanted.
    pub(crate) fn unready(&self) -> Option<Unready> {
        let message = match &self.error {
            Some(error) if !self.applied => error.to_string(),
            _ if self.applied && self.is_settled() => return None,
            _ if self.skipped => "left out: what it needs failed".to_owned(),
            _ => self.why_not_ready().to_owned(),
        };
        let evidence = self.evidence.as_deref().cloned();
        Some(Unready { id: self.item.desired.id.clone(), message, evidence })
    }

    pub(super) fn is_over(&self) -> bool {
        self.skipped
            || self.error.is_some()
            || (self.applied && (self.is_settled() || self.has_failed()))
    }
}
