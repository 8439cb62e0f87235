//! What an operation tells while it runs. The doer declares the events; `output` decides how
//! they look.

use std::time::Duration;

use super::view::PodLine;
use crate::workload::{
    error::{Code, Error, Result},
    object::ObjectId,
    readiness::Verdict,
    release::Action,
    runtime::RuntimeName,
};

/// How often [`Event::StillOpen`] is sent.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);

/// The phase ([`Event::Phase`]) in which a release gives way to one that returns: what comes after it is
/// told of that one.
pub(crate) const RETURNING: &str = "returning";

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// A sentence that the user should know, such as where a new instance goes.
    Note(String),
    /// A sentence that the user should heed; it is also in the view's `warnings`.
    Warning(String),
    /// The plan stands: how many objects there are to work on, and how many of them to wait for.
    Planned {
        /// Objects that will be written or removed.
        changes: usize,
        /// All objects of the release.
        objects: usize,
    },
    /// A deletion begins: how many objects are to go.
    Removing {
        /// How many.
        objects: usize,
    },
    /// An object was written or removed.
    Done {
        object: ObjectId,
        /// What was done.
        action: Action,
    },
    /// The judgement of an object changed.
    Judged {
        object: ObjectId,
        /// The new judgement.
        verdict: Verdict,
    },
    /// A phase begins: `applying`, `waiting`, `pruning`, `deleting`, [`RETURNING`]; a bar's or a line's title.
    Phase(&'static str),
    /// How long it usually takes, by the earlier releases that went well.
    Estimate(Duration),
    /// Time passes: what is still open. Sent every [`HEARTBEAT`].
    StillOpen {
        phase: &'static str,
        /// Since when, as the time that passed since the start of the operation.
        elapsed: Duration,
        /// What is waited for, with the present reasons.
        open: Vec<(ObjectId, String)>,
    },
    /// A container wrote a line (only reported with `--logs`).
    Log(PodLine),
    /// A request was answered (only reported with `-v`).
    Request {
        /// The HTTP method.
        method: String,
        /// Path and query.
        path: String,
        /// The HTTP status, or 0 where there was no answer.
        status: u16,
        /// How long it took.
        took: Duration,
    },
    /// The bodies of a request that was answered, in one line each, Secret values masked; empty
    /// where there is none (only reported with `-vv`, after its [`Event::Request`]).
    Bodies {
        /// The HTTP method.
        method: String,
        /// Path and query.
        path: String,
        /// The HTTP status.
        status: u16,
        sent: String,
        answered: String,
    },
}

/// Takes the events of an operation. Never fails: a closed stderr does not stop a deploy.
pub(crate) trait Reporter: Send + Sync {
    /// Takes one event. `instance` is the name of the instance it is about, if there is one.
    fn report(&self, instance: &str, event: Event);

    /// Takes in on which runtime an instance is: the work on it begins.
    fn at(&self, _instance: &str, _runtime: &RuntimeName) {}

    /// Tells how much of the requests is wanted: 0 nothing, 1 [`Event::Request`], 2
    /// [`Event::Bodies`] too.
    fn verbosity(&self) -> u8 {
        0
    }
}

/// Nobody is told.
#[cfg(test)]
impl Reporter for () {
    fn report(&self, _instance: &str, _event: Event) {}
}

/// Asks the user a question, where somebody is there to answer.
pub(crate) trait Ask: Send + Sync {
    /// Asks for a yes or no. `None`: nobody can be asked (no terminal, or standard input is a
    /// source); with `--yes` the answer is `Some(true)` without a question.
    fn confirm(&self, question: &str) -> Option<bool>;

    /// Tells whether [`Ask::confirm`] would have an answer.
    fn can_answer(&self) -> bool;

    /// Tells whether a person would be asked, and it may take long.
    fn is_asking(&self) -> bool;
}

/// Asks for a yes; `refusal` is the error where nobody can be asked.
///
/// # Errors
/// Code 1 where the answer is no, with `undone` as its message; else the refusal.
pub(crate) fn confirm(
    ask: &dyn Ask,
    question: &str,
    undone: &str,
    refusal: impl FnOnce() -> Error,
) -> Result<()> {
    match ask.confirm(question) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::failed(Code::AnsweredNo, undone)),
        None => Err(refusal()),
    }
}

/// Refuses to do something for which a yes was wanted and nobody was there to give it; `command` is the
/// one that needs none.
pub(crate) fn needs_yes(doing: &str, command: &str) -> Error {
    Error::usage(Code::NeedsYes, format!("{doing} needs `--yes` where nobody can be asked"))
        .hint(command)
}

/// An answer that is known before the question: `Some(true)` is `--yes`, `None` is a script.
impl Ask for Option<bool> {
    fn confirm(&self, _question: &str) -> Option<bool> {
        *self
    }

    fn can_answer(&self) -> bool {
        self.is_some()
    }

    fn is_asking(&self) -> bool {
        false
    }
}
