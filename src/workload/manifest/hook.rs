//! Helm's hooks: objects that a plain deploy must not apply.

use crate::workload::object::Object;

const HOOK: &str = "helm.sh/hook";

/// Gives the reason to leave an object out: it is there for tests, deletes and rollbacks of Helm
/// only. Hooks around installs and upgrades are part of a deploy.
pub(super) fn reason_to_leave_out(object: &Object) -> Option<String> {
    let hooks = object.annotation(HOOK)?;
    let mut events = hooks.split(',').map(str::trim).filter(|event| !event.is_empty()).peekable();
    events.peek()?;
    // Of several events one that belongs to a deploy is enough to keep it.
    let only = events.all(|event| {
        matches!(
            event,
            "test"
                | "test-success"
                | "test-failure"
                | "pre-delete"
                | "post-delete"
                | "pre-rollback"
                | "post-rollback"
        )
    });
    only.then(|| format!("it runs only on {HOOK} {hooks}"))
}
