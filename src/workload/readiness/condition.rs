//! A status condition: a type, True, False or Unknown, and why.

use jiff::Timestamp;
use serde_json::Value;

use super::field::{list, number, shorten, text, time};

/// One entry of `status.conditions`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Condition<'a>(&'a Value);

impl<'a> Condition<'a> {
    /// Finds the condition of a type.
    pub(crate) fn of(body: &'a Value, kind: &str) -> Option<Self> {
        Self::among(list(body, "/status/conditions"), kind)
    }

    /// Finds the condition of a type in a list of conditions.
    pub(crate) fn among(conditions: &'a [Value], kind: &str) -> Option<Self> {
        conditions.iter().find(|condition| text(condition, "/type") == kind).map(Self)
    }

    /// Finds the condition of a type, in whatever case it is written, as `kubectl wait` does.
    pub(crate) fn of_any_case(body: &'a Value, kind: &str) -> Option<Self> {
        list(body, "/status/conditions")
            .iter()
            .find(|condition| text(condition, "/type").eq_ignore_ascii_case(kind))
            .map(Self)
    }

    /// Tells whether the condition of a type is there and True.
    pub(crate) fn holds(body: &Value, kind: &str) -> bool {
        Condition::of(body, kind).is_some_and(|condition| condition.status() == "True")
    }

    /// Finds the condition of a type if it is there and False.
    pub(crate) fn denied(body: &'a Value, kind: &str) -> Option<Self> {
        Self::of(body, kind).filter(|condition| condition.status() == "False")
    }

    /// Gives the status: `True`, `False` or `Unknown`.
    pub(crate) fn status(self) -> &'a str {
        text(self.0, "/status")
    }

    /// Gives the reason: one word.
    pub(crate) fn reason(self) -> &'a str {
        text(self.0, "/reason")
    }

    /// Gives the reason; where the controller gave none, another word.
    pub(crate) fn reason_or(self, otherwise: &'a str) -> &'a str {
        if self.reason().is_empty() { otherwise } else { self.reason() }
    }

    pub(crate) fn message(self) -> &'a str {
        text(self.0, "/message")
    }

    /// Gives the generation that it was judged at, where the controller says so.
    pub(crate) fn observed_generation(self) -> Option<i64> {
        number(self.0, "/observedGeneration")
    }

    /// Gives the time of its last update or, where only that is known, of its last transition.
    pub(crate) fn updated(self) -> Option<Timestamp> {
        // Of the workloads only a Deployment's conditions have it.
        time(self.0, "/lastUpdateTime").or_else(|| self.changed())
    }

    /// Gives the time of its last transition.
    pub(crate) fn changed(self) -> Option<Timestamp> {
        time(self.0, "/lastTransitionTime")
    }

    /// Says why, from what the controller wrote: the message, else the reason, else the status.
    pub(crate) fn why(self) -> String {
        [self.message(), self.reason(), self.status()]
            .into_iter()
            .find(|text| !text.is_empty())
            .map(shorten)
            .unwrap_or_default()
    }
}
