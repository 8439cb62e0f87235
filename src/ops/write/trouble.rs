//! Failures of a write that pass by themselves, and how long each is borne.

use std::time::{Duration, Instant};

use crate::{cluster::failure::Failure, workload::plan::Desired};

/// How long a failure that passes by itself is borne, from when it was met first: a namespace
/// without its default ServiceAccount, a kind that is served in a moment, somebody else's webhook
/// whose backend restarts. A webhook whose backend this release brings is waited for until time is
/// up, where the deploy has a limit: its pod is pulled first.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long a server may go by what a CRD said before this release changed it. It takes in a large
/// one within seconds; a field that is really wrong must not take much longer to be told.
const FRESH: Duration = Duration::from_secs(10);

/// What a write waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Others write the object.
    Conflict,
    /// The backend of a webhook.
    Webhook,
    /// What comes a moment after something else was applied.
    Passing,
    /// A server that goes by the CRD of before.
    Schema,
}

impl Trouble {
    /// Tells the trouble behind a failure, and how long it is borne; none where it does not pass by
    /// itself.
    pub(super) fn of(
        failure: &Failure,
        desired: &Desired,
        is_fresh: impl FnOnce() -> bool,
    ) -> Option<(Self, Duration)> {
        if failure.is_webhook_down() {
            Some((Self::Webhook, PATIENCE))
        } else if may_pass(failure, desired) {
            Some((Self::Passing, PATIENCE))
        } else if failure.is_about_the_schema() && is_fresh() {
            Some((Self::Schema, FRESH))
        } else {
            None
        }
    }
}

/// The trouble that a write waits for, and since when.
#[derive(Debug, Default)]
pub(super) struct Waiting(Option<(Trouble, Instant)>);

impl Waiting {
    /// Gives how long a trouble is met by now.
    pub(super) fn waited(&mut self, trouble: Trouble) -> Duration {
        let now = Instant::now();
        let same = self.0.filter(|(known, _)| *known == trouble);
        let (_, since) = *self.0.insert(same.unwrap_or((trouble, now)));
        now.duration_since(since)
    }

    /// Takes a time out of it that something else has taken.
    pub(super) fn forgive(&mut self, time: Duration) {
        self.0 = self.0.map(|(trouble, since)| (trouble, since + time));
    }

    /// Gives the trouble, and since when it is there.
    pub(super) fn trouble(&self) -> Option<(Trouble, Instant)> {
        self.0
    }
}

/// Tells the answer to a precondition that met another object of that name, or none.
pub(crate) fn is_other_object(failure: &Failure) -> bool {
    failure.is_conflict() || is_other_uid(failure)
}

/// Tells the answer to a uid precondition that met another object of that name.
fn is_other_uid(failure: &Failure) -> bool {
    failure.code() == 422
        && (failure.causes().iter().any(|cause| cause.field == "metadata.uid")
            || failure.message().contains("metadata.uid"))
}

/// Tells failures that pass by themselves shortly after something else was applied.
pub(crate) fn may_pass(failure: &Failure, desired: &Desired) -> bool {
    // A new kind is 404 in plain text for some 60 ms (docs/design.md, New kinds and dry runs).
    let is_new =
        || desired.id.group.contains('.') && failure.message().contains("404 page not found");
    failure.is_about_a_missing_account() || (failure.code() == 404 && is_new())
}
