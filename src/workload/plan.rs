//! The plan: desired against recorded and live, one action per object.
//!
//! Deciding is pure; what can only be told by the server (a dry run) is asked for by
//! [`Decision::Ask`].

mod decision;
mod desired;
mod hooks;

pub(crate) use decision::{Block, Choices, Decision, decide};
pub(crate) use desired::{Desired, is_kept};
pub(crate) use hooks::decide_hook;

use serde::{Deserialize, Serialize};

use super::{
    difference::Difference,
    object::ObjectId,
    ownership::Terms,
    rare::Rare,
    readiness::{WatchNeeds, watch_of_body},
    record::Entry,
    release::Action,
    sent_content::ContentKnown,
    sharing::Sharing,
};

/// One object of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    /// The object as it is wanted.
    pub desired: Desired,
    /// What is to be done.
    pub action: Action,
    /// The uid of the live object that the action is about: updated, adopted, deleted first, or
    /// waited for until it is gone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uid: Option<String>,
    /// Why, where it is not obvious.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
    /// What stands in the way, where the action is [`Action::Blocked`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub block: Option<Block>,
    /// What is done about the fields that other instances hold.
    #[serde(skip_serializing_if = "Sharing::is_empty", default)]
    pub sharing: Rare<Sharing>,
    /// The inventory's entry, as it will be recorded if nothing is done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entry: Option<Entry>,
    /// What is done about fields that others hold.
    #[serde(default)]
    pub terms: Rare<Terms>,
    /// What is known of the content of a ConfigMap or Secret.
    #[serde(skip)]
    pub content: ContentKnown,
    /// What would change, where the server was asked for it.
    #[serde(skip)]
    pub difference: Rare<Difference>,
}

impl Item {
    /// Plans one thing for an object, and knows no more of it.
    pub(crate) fn new(desired: Desired, action: Action) -> Self {
        Self {
            desired,
            action,
            uid: None,
            reason: String::new(),
            block: None,
            sharing: Rare::default(),
            entry: None,
            terms: Rare::default(),
            content: ContentKnown::default(),
            difference: Rare::default(),
        }
    }

    /// Tells whether the object is written, or would be.
    fn writes(&self) -> bool {
        self.action != Action::Unchanged
    }

    /// Tells a hook that does not run: whether it is there says nothing.
    pub(crate) fn is_idle_hook(&self) -> bool {
        self.desired.hook.is_some() && !self.writes()
    }

    /// Tells what has to be watched until the object is as wanted: nothing of a hook that does not
    /// run, nor of a Job that has completed, which its time to live may have taken away.
    pub(crate) fn watch_needs(&self) -> WatchNeeds {
        let is_done = self.entry.as_ref().is_some_and(|entry| entry.completed) && !self.writes();
        match self.is_idle_hook() || is_done {
            true => WatchNeeds::default(),
            false => watch_of_body(&self.desired.id, &self.desired.body),
        }
    }
}

/// An inventory object that the release does not want any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Removal {
    /// The inventory's entry.
    pub entry: Entry,
    /// The uid of the live object.
    pub uid: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// Why something stays that pods read which were made before.
pub(crate) const STILL_READ: &str = "pods of before still read it";

/// What becomes of an object that left the definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fate {
    /// It is deleted.
    Goes,
    /// It is deleted once no pods read it any more, which is looked at before.
    OnceUnread {
        /// Whether it left with an earlier release that became ready, and is read all the same.
        is_read: bool,
    },
    /// It asks to be kept.
    Kept,
    /// It is left to others, for this reason: it leaves the inventory as well.
    Left(String),
    /// It stays ours for as long as this reason holds.
    Stays(String),
}

impl Removal {
    /// Says why it stays; `None` where it goes.
    pub(crate) fn why_it_stays(&self) -> Option<&str> {
        match &self.fate {
            Fate::Goes | Fate::OnceUnread { is_read: false } => None,
            Fate::OnceUnread { is_read: true } => Some(STILL_READ),
            Fate::Kept => Some("it asks to be kept"),
            Fate::Left(why) | Fate::Stays(why) => Some(why),
        }
    }

    /// Tells whether a release that prunes has something to do about it.
    fn is_due(&self) -> bool {
        match self.fate {
            Fate::Goes | Fate::Kept | Fate::Left(_) => true,
            // Said once: it would make a release of each deploy.
            Fate::Stays(_) => self.entry.wanted,
            Fate::OnceUnread { is_read } => !is_read,
        }
    }
}

/// What a release will do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// The desired objects, in order.
    pub items: Vec<Item>,
    /// What left the definition.
    pub removals: Vec<Removal>,
    /// What left it before and asks to be kept: it stays in the inventory, so that the namespace
    /// is not deleted with it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub left: Vec<Entry>,
    /// What the user should heed, such as that the server could not be asked.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
}

impl Plan {
    /// Gives the inventory that covers all of it, old and new.
    pub(crate) fn inventory(&self) -> Vec<Entry> {
        let removals = self.removals.iter().map(|removal| Entry {
            wanted: false,
            keep: removal.fate == Fate::Kept,
            uid: Some(removal.uid.clone()),
            ..removal.entry.clone()
        });
        let items = self.items.iter().filter_map(|item| item.entry.clone());
        items.chain(removals).chain(self.left.iter().cloned()).collect()
    }

    /// Tells whether anything would be written or removed; where nothing is pruned, that an object
    /// left the definition is a change once. Hooks run with a release and are no reason for one.
    pub(crate) fn has_changes(&self, prunes: bool) -> bool {
        self.removals.iter().any(|removal| removal.entry.wanted || (prunes && removal.is_due()))
            || self.items.iter().any(|item| item.writes() && item.desired.hook.is_none())
    }

    /// Lists shared objects that are changed under others, and who those are.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (&ObjectId, &str)> {
        self.items
            .iter()
            .filter(|item| !item.sharing.takes.is_empty() && !item.reason.is_empty())
            .filter(|item| matches!(item.action, Action::Update | Action::Adopt))
            .map(|item| (&item.desired.id, &*item.reason))
    }

    /// Lists what must not be touched.
    pub(crate) fn blocked(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.action == Action::Blocked)
    }
}

#[cfg(test)]
mod tests;
