//! Jobs: how many pods have succeeded, and how many attempts that took.

use serde_json::Value;

use super::{ObjectDetails, whole};
use crate::workload::readiness::field::{count, number};

/// The server's default of `backoffLimit`.
const BACKOFF_LIMIT: i64 = 6;

pub(super) fn add(details: &mut ObjectDetails, job: &Value) {
    let [active, failed, succeeded] =
        ["/status/active", "/status/failed", "/status/succeeded"].map(|field| count(job, field));
    details.ready = Some(whole(succeeded));
    // Without completions one success ends a work queue's Job.
    details.desired = Some(whole(number(job, "/spec/completions").unwrap_or(1)));
    details.attempts = Some(whole(active + failed + succeeded));
    let limit = number(job, "/spec/backoffLimit").unwrap_or(BACKOFF_LIMIT);
    details.attempt_limit = Some(whole(limit.saturating_add(1)));
}
