//! Why a controller cannot create its pods: quota, admission, or a reference that is missing.
//! Quotas and unreachable webhooks pass, what the rules forbid does not.

use serde_json::Value;

use super::{
    field::{shorten, text, uid},
    related::{Related, happened},
    trouble::GRACE_SECONDS,
    window::Window,
};

/// What may pass by itself: room in a quota, a webhook that comes up, a race between writers.
const PASSING: &[&str] = &[
    "exceeded quota",
    "failed calling webhook",
    "failed to call webhook",
    "timeout",
    "timed out",
    "connection refused",
    "no endpoints available",
    "internal error",
    "already exists",
    "object is being deleted",
    "being terminated",
    "try again",
    "status unknown for quota",
];

/// What a rule forbids.
const FINAL: &[&str] =
    &["is forbidden", "forbidden:", "is invalid", "denied the request", "violates podsecurity"];

/// The reason where room in a quota is missing.
pub(crate) const QUOTA_EXCEEDED: &str = "QuotaExceeded";
/// The reason of every other refusal, and of the controllers' events.
pub(crate) const FAILED_CREATE: &str = "FailedCreate";

/// A refusal to create pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Whether it will not pass by itself.
    pub hopeless: bool,
    /// [`QUOTA_EXCEEDED`] or [`FAILED_CREATE`].
    pub reason: &'static str,
    /// What the server said, without what was being done.
    pub message: String,
}

impl Refusal {
    /// Judges what the server said to a controller, that many seconds after it could have said it
    /// first in this deploy.
    pub(crate) fn judge(said: &str, seconds: i64) -> Self {
        let lower = said.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let hopeless = if says(PASSING) {
            false
        // Say, the service account of the pods, which the same deploy may be about to make.
        } else if lower.contains("not found") {
            seconds >= GRACE_SECONDS
        } else {
            says(FINAL)
        };
        let quota = lower.contains("exceeded quota");
        Self {
            hopeless,
            reason: if quota { QUOTA_EXCEEDED } else { FAILED_CREATE },
            message: shorten(wrong(said)),
        }
    }

    /// Reads the newest refusal off the events about a controller in this deploy: StatefulSets,
    /// DaemonSets and Jobs have no condition for it.
    pub(crate) fn of_events(controller: &Value, around: &Related, window: &Window) -> Option<Self> {
        let event = around
            .events_of(uid(controller))
            .filter(|event| text(event, "/reason") == FAILED_CREATE)
            .filter(|event| window.covers(happened(event)))
            .max_by_key(|event| happened(event))?;
        // One event stands for all that say the same: how long it has been so tells the first.
        let first = super::field::time(event, "/firstTimestamp").or_else(|| happened(event));
        Some(Self::judge(text(event, "/message"), window.elapsed(first).as_secs()))
    }

    /// Says it as a sentence.
    pub(crate) fn sentence(&self) -> String {
        format!("its pods cannot be created: {}", self.message)
    }
}

/// Drops what was being done, and to which of many pods, from a controller's message.
pub(crate) fn wrong(said: &str) -> &str {
    // client-go's event recorder counts events of one controller together when only their pods
    // differ.
    let said = said.strip_prefix("(combined from similar events): ").unwrap_or(said);
    // The replica set and daemon set controllers' words, then the stateful set controller's.
    let said = said.strip_prefix("Error creating: ").unwrap_or(said);
    let said = match said.split_once(" failed error: ") {
        Some((doing, rest)) if doing.starts_with(['c', 'C']) => rest,
        _ => said,
    };
    match said.split_once(" is forbidden: ") {
        // The name of the pod was made up for this one try.
        Some((pods, rest)) if pods.starts_with("pods ") => rest,
        _ => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said, seconds, hopeless, reason, what is wrong.
    const CASES: &[(&str, i64, bool, &str, &str)] = &[
        (
            r#"pods "web-7d4f-x" is forbidden: exceeded quota: compute, requested: cpu=1, used: cpu=2, limited: cpu=2"#,
            99,
            false,
            "QuotaExceeded",
            "exceeded quota: compute, requested: cpu=1, used: cpu=2, limited: cpu=2",
        ),
        (
            r#"Error creating: pods "web-7d4f-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false"#,
            0,
            true,
            "FailedCreate",
            r#"violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false"#,
        ),
        (
            r#"(combined from similar events): Create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: failed quota: compute: must specify limits.cpu for: db"#,
            0,
            true,
            "FailedCreate",
            "failed quota: compute: must specify limits.cpu for: db",
        ),
        (
            r#"pods "web-" is forbidden: error looking up service account a/web: serviceaccount "web" not found"#,
            5,
            false,
            "FailedCreate",
            r#"error looking up service account a/web: serviceaccount "web" not found"#,
        ),
        (
            r#"pods "web-" is forbidden: error looking up service account a/web: serviceaccount "web" not found"#,
            30,
            true,
            "FailedCreate",
            r#"error looking up service account a/web: serviceaccount "web" not found"#,
        ),
        (
            r#"Internal error occurred: failed calling webhook "x.y.z": failed to call webhook: Post "https://x.y.svc:443/mutate": dial tcp 10.96.0.9:443: connect: connection refused"#,
            99,
            false,
            "FailedCreate",
            r#"Internal error occurred: failed calling webhook "x.y.z": failed to call webhook: Post "https://x.y.svc:443/mutate": dial tcp 10.96.0.9:443: connect: connection refused"#,
        ),
        (
            r#"admission webhook "policy.acme.io" denied the request: no latest tags"#,
            0,
            true,
            "FailedCreate",
            r#"admission webhook "policy.acme.io" denied the request: no latest tags"#,
        ),
    ];

    #[test]
    fn tells_what_a_rule_forbids_from_what_passes() {
        for (said, seconds, hopeless, reason, message) in CASES {
            let refusal = Refusal::judge(said, *seconds);
            assert_eq!(refusal.hopeless, *hopeless, "{said}");
            assert_eq!(refusal.reason, *reason, "{said}");
            assert_eq!(refusal.message, *message, "{said}");
        }
    }
}
