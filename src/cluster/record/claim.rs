//! Who wants to hold an instance, and the holder that this makes in its record.

use jiff::{SignedDuration, Timestamp};

use crate::workload::record::{HOLDER_SECONDS, Holder};

/// Who wants to hold an instance.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// The id of the release or deletion.
    pub(crate) id: String,
    /// `user@host`.
    pub(crate) who: String,
    pub(crate) command: String,
}

impl Claim {
    /// Makes the holder, which expires unless it is renewed. `unanswered`: when an answer was lost
    /// to what was sent again.
    pub(super) fn holder(
        &self,
        since: Timestamp,
        server_now: Timestamp,
        unanswered: Option<Timestamp>,
    ) -> Holder {
        Holder {
            id: self.id.clone(),
            who: self.who.clone(),
            command: self.command.clone(),
            since,
            expires: server_now + SignedDuration::from_secs(HOLDER_SECONDS),
            unanswered,
        }
    }
}
