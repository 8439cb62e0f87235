//! The decision about one object: what metadata (and, for Jobs, the whole object) tells of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Desired;
use crate::workload::{
    ownership::{
        MANAGER_PREFIX, has_controller, is_ours, is_terminating, made_by, other_instances, uid,
    },
    readiness::{condition::Condition, goes_when_finished},
    record::Entry,
};

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
    /// This account may not write it.
    Forbidden,
}

/// How a plan is made.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choices {
    /// Objects that are not ours are taken over.
    pub adopt: bool,
    /// This object is deleted and made anew, whatever changed.
    pub anew: bool,
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
            && goes_when_finished(&desired.body.look());
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
    if choices.anew {
        return Decision::Recreate { uid: live_uid, why: "it is made anew".to_owned() };
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
            .is_some_and(|seen| {
                seen.is_last(live) || seen.still_holds(live, manager, &desired.body.look())
            });
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
