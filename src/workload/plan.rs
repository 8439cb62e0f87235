//! The plan: desired against recorded and live, one action per object.
//!
//! Deciding is pure; what can only be told by the server (a dry run) is asked for by
//! [`Decision::Ask`].

mod hooks;

pub(crate) use hooks::decide_hook;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    body::Body,
    definition::digest_of,
    hooks::Hook,
    object::{ObjectId, Origin, split_api_version},
    ownership::{
        MANAGER_PREFIX, Terms, has_controller, is_ours, is_terminating, made_by, other_instances,
        uid,
    },
    placement,
    readiness::{condition::Condition, goes_when_finished},
    record::Entry,
    release::Action,
    sharing::Sharing,
};

/// Objects with this annotation (value `keep`) stay when they leave the definition or the
/// instance is deleted.
pub(crate) const KEEP_ANNOTATION: &str = "workloadctl/on-remove";
/// Helm's annotation of the same meaning.
pub(crate) const HELM_KEEP_ANNOTATION: &str = "helm.sh/resource-policy";

/// What only a server may set in an object's metadata.
const SERVERS_OWN: [&str; 6] =
    ["uid", "resourceVersion", "generation", "managedFields", "creationTimestamp", "selfLink"];

/// An object as a release wants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Desired {
    /// The identity, placed.
    pub id: ObjectId,
    /// The API version without the group.
    pub version: String,
    /// The body as it is sent, without preconditions.
    pub body: Body,
    /// The digest of the body.
    pub digest: String,
    /// Where it stands in the sources; none for what we add, such as a managed namespace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<Origin>,
    /// Whether it stays when the instance leaves.
    pub keep: bool,
    /// What it says of itself as one of Helm's hooks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hook: Option<Hook>,
}

impl Desired {
    /// Prepares a placed body for sending: what only a server may set is taken out.
    pub(crate) fn new(body: impl Into<Body>, origin: Option<Origin>) -> Self {
        let mut body: Body = body.into();
        let has = |field: &&str| body["metadata"].get(*field).is_some();
        if SERVERS_OWN.iter().any(has) {
            let metadata = body["metadata"].as_object_mut().expect("it has fields");
            SERVERS_OWN.iter().for_each(|field| drop(metadata.remove(*field)));
        }
        let id = ObjectId::of(&body);
        let api_version = body.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let version = split_api_version(api_version).1.to_owned();
        let (digest, keep, hook) = (digest_of(&body), is_kept(&body), Hook::of(&body));
        Self { id, version, digest, keep, hook, body, origin }
    }

    /// Marks an object as shared rather than made by the instance.
    pub(crate) fn mark_shared(&mut self) {
        placement::mark_shared(&mut self.body);
        self.digest = digest_of(&self.body);
    }

    /// Takes these ownerReferences out of the body.
    pub(crate) fn leave_owners_out(&mut self, dead: &[Value]) {
        let metadata = self.body.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(metadata) = metadata
            && let Some(owners) = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut)
        {
            owners.retain(|owner| !dead.contains(owner));
            if owners.is_empty() {
                metadata.remove("ownerReferences");
            }
        }
        self.digest = digest_of(&self.body);
    }
}

/// Tells whether an object, desired or live, asks to stay.
pub(crate) fn is_kept(object: &Value) -> bool {
    let annotation = |key: &str| object.get("metadata")?.get("annotations")?.get(key)?.as_str();
    annotation(KEEP_ANNOTATION) == Some("keep") || annotation(HELM_KEEP_ANNOTATION) == Some("keep")
}

/// What metadata (and, for Jobs, the whole object) shows about one desired object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// An apply would change nothing.
    Unchanged,
    /// Only a dry run can tell; `uid` is the live object's.
    Ask {
        /// The live object's uid.
        uid: String,
    },
    /// It is not there. `after`: the uid of a terminating object of that name, to be waited for.
    Create {
        /// The uid that has to go first.
        after: Option<String>,
    },
    /// It is there and is ours, or shared.
    Update {
        /// The live object's uid.
        uid: String,
    },
    /// It is there, is not ours, and is to be taken over.
    Adopt {
        /// The live object's uid.
        uid: String,
    },
    /// It is deleted and made anew.
    Recreate {
        /// The live object's uid.
        uid: String,
        why: String,
    },
    /// It must not be touched.
    Blocked {
        by: Block,
        /// Why, as a sentence.
        why: String,
    },
}

/// What stands in the way of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Block {
    /// It exists, and nothing says that it is ours: it can be adopted.
    NotOurs,
    /// It is another instance's.
    OtherInstance,
    /// A controller made it for another object.
    Controlled,
    /// Other managers hold fields of it.
    Fields,
    /// What changes cannot be changed.
    Immutable,
    /// The server would reject it.
    Rejected,
}

/// How a plan is made.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choices {
    /// Objects that are not ours are taken over.
    pub adopt: bool,
    /// This object is deleted and made anew.
    pub replace: bool,
    /// What was left to others is not to be left any more: it is written.
    pub reclaim: bool,
}

/// Decides about one object. `live` is its metadata or the whole object.
pub(crate) fn decide(
    desired: &Desired,
    entry: Option<&Entry>,
    live: Option<&Value>,
    manager: &str,
    choices: Choices,
) -> Decision {
    let same_body = entry.is_some_and(|entry| entry.body.as_ref() == Some(&desired.digest));
    let Some(live) = live else {
        // A Job with a time to live is gone once it has completed, and is not to run again; without
        // one somebody deleted it, which is how kubectl's users run it again.
        let done = entry.is_some_and(|entry| entry.completed)
            && same_body
            && goes_when_finished(&desired.body);
        return if done { Decision::Unchanged } else { Decision::Create { after: None } };
    };
    let live_uid = uid(live).unwrap_or_default().to_owned();
    // An apply would answer 200, and the object would go all the same (docs/design.md).
    if is_terminating(live) {
        return Decision::Create { after: Some(live_uid) };
    }
    if !is_ours(live, manager, entry.and_then(|entry| entry.uid.as_deref())) {
        return decide_foreign(desired, live, live_uid, manager, choices);
    }
    if choices.replace {
        return Decision::Recreate { uid: live_uid, why: "asked for by --replace".to_owned() };
    }
    if desired.id.is("batch", "Job") && Condition::holds(live, "Failed") {
        return Decision::Recreate { uid: live_uid, why: "the Job failed".to_owned() };
    }
    // What was applied last is not recorded: a process died, or the record was lost.
    let is_unknown = entry.is_none_or(|entry| entry.body.is_none());
    let proven = same_body
        && entry
            // An object of another uid is another object, whatever its body.
            .filter(|entry| entry.uid.as_deref() == Some(&*live_uid))
            .and_then(|entry| entry.seen.as_ref())
            .is_some_and(|seen| seen.still_holds(live, manager, &desired.body));
    // What was left to others shows in no digest: only an apply takes it back.
    if choices.reclaim {
        Decision::Update { uid: live_uid }
    } else if proven {
        Decision::Unchanged
    // Whether a Job's changed body can be applied or its template forbids it, the server knows.
    } else if same_body || is_unknown || desired.id.is("batch", "Job") {
        Decision::Ask { uid: live_uid }
    } else {
        Decision::Update { uid: live_uid }
    }
}

fn decide_foreign(
    desired: &Desired,
    live: &Value,
    live_uid: String,
    manager: &str,
    choices: Choices,
) -> Decision {
    // A Namespace that the definition brings may be anybody's: it is applied beside them, and never
    // ours to delete.
    let shared = desired.id.is("", "Namespace") && desired.origin.is_some();
    let others = other_instances(live, manager);
    if desired.id.namespace.is_none() && (shared || !others.is_empty()) {
        return Decision::Update { uid: live_uid };
    }
    if let Some(other) = others.first() {
        let other = other.trim_start_matches(MANAGER_PREFIX);
        return Decision::Blocked {
            by: Block::OtherInstance,
            why: format!("it belongs to the workloadctl instance {other}"),
        };
    }
    // Before --adopt: the controller would take the fields back, or make the object anew.
    if has_controller(live) {
        return Decision::Blocked {
            by: Block::Controlled,
            why: "a controller made it for another object".to_owned(),
        };
    }
    if choices.adopt {
        return Decision::Adopt { uid: live_uid };
    }
    let made_by = match made_by(live) {
        made_by if made_by.is_empty() => "nothing says who made it".to_owned(),
        made_by => made_by,
    };
    Decision::Blocked { by: Block::NotOurs, why: format!("it exists and is not ours: {made_by}") }
}

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
    pub sharing: Sharing,
    /// The inventory's entry, as it will be recorded if nothing is done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entry: Option<Entry>,
    /// What is done about fields that others hold.
    #[serde(default)]
    pub terms: Terms,
}

impl Item {
    /// Tells whether the object is written, or would be.
    fn writes(&self) -> bool {
        self.action != Action::Unchanged
    }

    /// Tells a hook that does not run: whether it is there says nothing.
    pub(crate) fn is_idle_hook(&self) -> bool {
        self.desired.hook.is_some() && !self.writes()
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

/// What becomes of an object that left the definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fate {
    /// It is deleted.
    Goes,
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
            Fate::Goes => None,
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
