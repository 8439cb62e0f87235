//! On which terms an object is written: which fields are left to others, taken over or taken back,
//! and what earlier releases set.

use serde_json::{Value, json};

use super::{Candidate, scaling::Scaling};
use crate::{
    ops::options::Conflicts,
    workload::{
        body::Body,
        kinds::{Trait, builtin_kind},
        object::ObjectId,
        ownership::{
            Dropped, REPLICAS, Terms, Yielded, Yields, has_persons, holds_replicas_alone,
            kept_replicas, other_instances,
        },
        plan::{Decision, Desired},
        record::Entry,
        sharing::{Others, Standing},
    },
};

impl Scaling<'_> {
    /// Gives the terms on which an object is written.
    pub(super) fn terms(&self, candidate: &Candidate<'_>, others: &Others) -> Terms {
        let Some(live) = candidate.live() else { return Terms::default() };
        match &candidate.decision {
            Decision::Ask { .. } | Decision::Update { .. } | Decision::Adopt { .. } => {
                self.terms_of_write(candidate, &live, others)
            }
            // Its pods live on, and so does their number.
            Decision::Recreate { .. }
                if builtin_kind(&candidate.desired.id).is(Trait::Readopting) =>
            {
                self.terms_of_replacement(candidate, &live)
            }
            // What is not written, or is made anew, has no other holders.
            Decision::Recreate { .. }
            | Decision::Unchanged
            | Decision::Create { .. }
            | Decision::Blocked { .. } => Terms::default(),
        }
    }

    fn is_forced(&self) -> bool {
        self.planning.options.conflicts == Conflicts::Force
    }

    /// Tells whether replicas stay with whoever holds them.
    fn is_scaled(&self, id: &ObjectId) -> bool {
        !self.is_forced() && (self.autoscalers.contains_key(id) || self.unsure.contains(id))
    }

    /// Lists the fields that are left to others.
    fn yielded(&self, candidate: &Candidate<'_>, live: &Value) -> Vec<Yielded> {
        if self.is_forced() {
            return Vec::new();
        }
        let Candidate { desired, entry, .. } = candidate;
        let yields = Yields {
            body: &desired.body.look(),
            manager: self.planning.manager,
            recorded: entry.map(|entry| &*entry.yielded).unwrap_or_default(),
            autoscaler: self.autoscalers.get(&desired.id).map(String::as_str),
            abandoned: self.abandoned.contains(&desired.id),
            by_class: match self.planning.options.conflicts {
                Conflicts::ByManager | Conflicts::Yield => true,
                Conflicts::Force | Conflicts::Fail => false,
            },
        };
        yields.of(live)
    }

    fn terms_of_replacement(&self, candidate: &Candidate<'_>, live: &Value) -> Terms {
        let desired = candidate.desired;
        let mut left = self.yielded(candidate, live);
        // Of what is made anew only the number of pods has a past: they live through it.
        left.retain(|left| left.field == REPLICAS);
        let is_kept = !left.is_empty() || desired.body.look().pointer("/spec/replicas").is_none();
        let scaled = self.is_scaled(&desired.id);
        let kept =
            is_kept.then(|| kept_replicas(live, self.planning.manager, left.first(), scaled));
        Terms { yielded: left, kept: kept.flatten(), ..Terms::default() }
    }

    fn terms_of_write(&self, candidate: &Candidate<'_>, live: &Value, others: &Others) -> Terms {
        let Candidate { desired, entry, .. } = candidate;
        let (manager, mode) = (self.planning.manager, self.planning.options.conflicts);
        let scaled = self.is_scaled(&desired.id);
        let gone = other_instances(live, manager)
            .into_iter()
            .filter(|other| {
                let standing = others.get(*other);
                standing.is_some_and(|standing| match candidate.decision {
                    Decision::Adopt { .. } => standing.lets_go_of(&desired.id),
                    _ => *standing == Standing::Gone,
                })
            })
            .map(str::to_owned);
        let mut terms = Terms {
            yielded: self.yielded(candidate, live),
            scaled,
            // An autoscaler that has not scaled yet holds nothing: leaving the field out would make
            // it 1 under it (docs/design.md, Fields of others).
            hand_over: scaled && holds_replicas_alone(live, manager),
            reclaimed: self.reclaimed(desired, *entry),
            adopting: is_adopting(desired, *entry, &candidate.decision),
            takes: matches!(mode, Conflicts::ByManager | Conflicts::Force),
            gone: gone.collect(),
            ..Terms::default()
        };
        let dropped = Dropped {
            body: &desired.body.look(),
            manager,
            before: &[],
            recorded: entry.map(|entry| &*entry.yielded).unwrap_or_default(),
        };
        let matters = has_persons(live) || !terms.reclaimed.is_empty() || !terms.gone.is_empty();
        // What earlier releases sent tells which of a person's fields were ours once: those go,
        // what they added stays. Rendering them costs, so only where it matters.
        if (terms.takes && matters) || terms.is_bare(live) || dropped.may_be(live) {
            terms.before = self.recorded(&desired.id).map(Body::into_value).collect();
        }
        let body = terms.body(&desired.body.look());
        self.leave_dropped(&mut terms, dropped, &body, live);
        if terms.is_bare(live) || terms.managed_fields(&body, manager, live).is_some() {
            terms.live = Some(bare_metadata(live));
        } else {
            // Nothing to take over after all: the item is kept for the whole release.
            terms.before.clear();
        }
        terms
    }

    /// Adds the fields that the definition dropped and others hold: they stay, unless all is taken.
    fn leave_dropped(
        &self,
        terms: &mut Terms,
        dropped: Dropped<'_>,
        body: &Value,
        original: &Value,
    ) {
        // What is taken over goes.
        let taken = terms.managed_fields(body, dropped.manager, original);
        let live = taken.map(|fields| json!({"metadata": {"managedFields": fields}}));
        let dropped = Dropped { before: &terms.before, ..dropped };
        let held = dropped.of(original);
        let mut stays = dropped.of(live.as_ref().unwrap_or(original));
        // A map of which everything was taken over is left in a set of fields as if it were one.
        stays.retain(|left| held.iter().any(|held| held.field == left.field));
        // Under an autoscaler the number is nobody's but its own.
        stays.retain(|left| !(terms.scaled && left.field == REPLICAS));
        if self.is_forced() {
            terms.reclaimed.extend(stays.into_iter().map(|left| left.field));
        } else {
            terms.yielded.extend(stays);
        }
    }

    /// Lists the fields that were left to an autoscaler and are ours again.
    fn reclaimed(&self, desired: &Desired, entry: Option<&Entry>) -> Vec<String> {
        let has_autoscaler = self.autoscalers.contains_key(&desired.id);
        let is_back = |field: &str| self.is_forced() || (!has_autoscaler && field == REPLICAS);
        let recorded = entry.map(|entry| &*entry.yielded).unwrap_or_default();
        let back = recorded.iter().filter(|left| left.autoscaler.is_some() && is_back(&left.field));
        let mut reclaimed: Vec<String> = back.map(|left| left.field.clone()).collect();
        if self.abandoned.contains(&desired.id) {
            reclaimed.push(REPLICAS.to_owned());
        }
        reclaimed
    }
}

/// An adoption that was begun goes on. Namespaces are shared, never adopted.
fn is_adopting(desired: &Desired, entry: Option<&Entry>, decision: &Decision) -> bool {
    let begun = entry.is_some_and(|entry| entry.uid.is_none());
    let adopts = begun || matches!(decision, Decision::Adopt { .. });
    adopts && !desired.id.is("", "Namespace")
}

/// What a takeover needs to know of a live object.
fn bare_metadata(live: &Value) -> Value {
    let mut metadata = json!({});
    for field in ["uid", "resourceVersion", "annotations", "managedFields"] {
        if let Some(value) = live.get("metadata").and_then(|metadata| metadata.get(field)) {
            metadata[field] = value.clone();
        }
    }
    json!({ "metadata": metadata })
}
