//! Planning for objects that other instances apply too: cluster-scoped ones are shared with who
//! lives; what an instance left whose record is gone may be adopted.

use serde_json::Value;

use super::{Candidate, Planning};
use crate::{
    ops::{options::Conflicts, shared, survey::Live},
    workload::{
        body::Body,
        error::Result,
        ownership::{has_controller, kept_by, other_instances, uid},
        plan::{Block, Decision, Desired, Item},
        record::Entry,
        release::Action,
        sharing::{NamedInstance, Others, Sharing, SharingInstance, Standing},
    },
};

impl Planning<'_> {
    /// Reads who else applies what is not known to be unchanged.
    pub(super) async fn others(&self, candidates: &[Candidate<'_>]) -> Result<Others> {
        let managers = candidates
            .iter()
            .filter(|candidate| match candidate.decision {
                Decision::Unchanged => false,
                // Who stands in the way is named with its definition.
                Decision::Blocked { .. } => true,
                Decision::Ask { .. }
                | Decision::Create { .. }
                | Decision::Update { .. }
                | Decision::Adopt { .. }
                | Decision::Recreate { .. } => candidate.desired.id.namespace.is_none(),
            })
            .filter_map(Candidate::live)
            .flat_map(|live| {
                let others = other_instances(&live, self.manager).into_iter();
                others.map(str::to_owned).collect::<Vec<_>>()
            });
        shared::read(self.target, managers.collect()).await
    }

    /// Lets an object be adopted that was refused as another instance's, where the record of
    /// that one is gone, or says that it left the definition and is only kept.
    pub(super) fn allow_adoption(&self, candidate: &mut Candidate<'_>, others: &Others) {
        let is_blocked = matches!(candidate.decision, Decision::Blocked { .. });
        let Some(live) = candidate.live().filter(|_| is_blocked) else { return };
        let live = &*live;
        let owners = other_instances(live, self.manager);
        let lets_go = |owner: &&str| {
            others.get(*owner).is_some_and(|standing| standing.lets_go_of(&candidate.desired.id))
        };
        // What a controller owns only copied our entry (docs/design.md, Copied labels).
        if owners.is_empty() || !owners.iter().all(lets_go) || has_controller(live) {
            return;
        }
        candidate.decision = if self.options.adopt {
            Decision::Adopt { uid: uid(live).unwrap_or_default().to_owned() }
        } else {
            let names: Vec<String> =
                owners.iter().map(|owner| NamedInstance(owner, others).to_string()).collect();
            let is_gone = |owner: &&str| others.get(*owner) == Some(&Standing::Gone);
            let why = match owners.iter().all(is_gone) {
                true => "whose record is gone",
                false => "and is kept, though it left the definition",
            };
            Decision::Blocked {
                by: Block::NotOurs,
                why: format!(
                    "it exists and is not ours: made by the workloadctl instance {}, {why}",
                    names.join(", ")
                ),
            }
        };
    }

    /// Decides whose fields of an object are taken, and whose are left.
    pub(super) fn sharing(
        &self,
        desired: &Desired,
        entry: Option<&Entry>,
        live: Option<&Body>,
        others: &Others,
    ) -> Sharing {
        let is_forced = self.options.conflicts == Conflicts::Force;
        // Where nobody else is known nothing is taken or left: what is live need not be looked into.
        let Some(live) = live.filter(|_| is_forced || !others.is_empty()) else {
            return Sharing::default();
        };
        if is_forced {
            let takes = other_instances(live, self.manager).into_iter().map(str::to_owned);
            return Sharing { takes: takes.collect(), leaves: Vec::new() };
        }
        // Who did not change its own body leaves what another wrote: two instances would else undo
        // each other at every deploy (docs/design.md, Shared objects).
        let changed = entry.is_none_or(|entry| entry.body.as_ref() != Some(&desired.digest));
        let ours = SharingInstance {
            id: &desired.id,
            manager: self.manager,
            definition: self.definition,
            changed,
        };
        Sharing::of(live, &ours, others)
    }

    /// Lets `--conflicts force` ask about a shared object that counts as unchanged: some of it
    /// may have been left to others.
    pub(super) fn ask_if_forced(
        &self,
        desired: &Desired,
        decision: Decision,
        live: Option<&Value>,
    ) -> Decision {
        let Some(live) = live.filter(|_| desired.id.namespace.is_none()) else { return decision };
        let is_forced = self.options.conflicts == Conflicts::Force
            && decision == Decision::Unchanged
            && !other_instances(live, self.manager).is_empty();
        match uid(live) {
            Some(uid) if is_forced => Decision::Ask { uid: uid.to_owned() },
            _ => decision,
        }
    }
}

/// Says of a shared object that it changes under others; it is not replaced under them.
pub(super) fn report_sharing(item: &mut Item, managers: &[&str], others: &Others) {
    let is_alive = |manager: &&&str| others.get(**manager) != Some(&Standing::Gone);
    let taken = |manager: &&&str| item.sharing.takes.iter().any(|taken| taken == **manager);
    let told = |living: Vec<&&str>| -> Option<String> {
        let living: Vec<String> =
            living.into_iter().map(|manager| NamedInstance(manager, others).to_string()).collect();
        (!living.is_empty()).then(|| format!("also used by {}", living.join("; ")))
    };
    let living = managers.iter().filter(is_alive);
    match item.action {
        Action::Update | Action::Adopt if item.reason.is_empty() => {
            item.reason = told(living.filter(taken).collect()).unwrap_or_default();
        }
        Action::Unchanged => {
            let left = item
                .sharing
                .leaves
                .iter()
                .map(|manager| NamedInstance(manager, others).to_string());
            let left: Vec<String> = left.collect();
            if !left.is_empty() {
                item.reason = format!("left as it is for {}", left.join("; "));
            }
        }
        Action::Recreate => {
            if let Some(reason) = told(living.collect()) {
                // Deleting it would take it from a living instance for a moment, and a CRD with all
                // its custom resources for ever.
                (item.action, item.reason) = (Action::Blocked, reason);
                item.block = Some(Block::OtherInstance);
            }
        }
        Action::Blocked => {
            let unnumbered = Others::new();
            for manager in living {
                if let Some(Standing::Lives { definition: Some(definition), .. }) =
                    others.get(*manager)
                {
                    // The revision of another definition says nothing here.
                    let name = NamedInstance(manager, &unnumbered);
                    let told = format!("; {name} is an instance of definition `{definition}`");
                    item.reason.push_str(&told);
                }
            }
        }
        Action::Update | Action::Adopt | Action::Create | Action::Prune | Action::Delete => {}
    }
}

/// Warns of an object that is adopted while another tool goes on with it.
pub(super) fn managed_elsewhere(item: &Item, live: &Live) -> Option<String> {
    let id = &item.desired.id;
    let told = kept_by(&*live.get(id).filter(|_| item.action == Action::Adopt)?)?;
    Some(format!("{id}: {told}"))
}
