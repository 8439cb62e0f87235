//! The sum of an application: how many of its instances met which fate.

use super::Verb;
use crate::{
    ops::view::{Operation, OperationOutcome},
    workload::error::{Code, Error, ErrorKind},
};

/// Counts the instances by what became of them: `2 ready, 1 failed`.
pub(super) fn of(verb: Verb, operations: &[Operation]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for operation in operations {
        let fate = fate(verb, operation);
        match counts.iter_mut().find(|(known, _)| *known == fate) {
            Some((_, count)) => *count += 1,
            None => counts.push((fate, 1)),
        }
    }
    let counts: Vec<String> =
        counts.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
    counts.join(", ")
}

/// Lists what the exit code tells of. A return that failed changes nothing about the failure that asked
/// for it; a signal that stopped it is one of the command.
pub(super) fn failures(operations: &[Operation]) -> impl Iterator<Item = &Error> {
    let is_signal =
        |error: &&Error| matches!(error.kind, ErrorKind::Interrupted | ErrorKind::Terminated);
    operations.iter().flat_map(move |operation| {
        let back = operation.rollback.as_deref().and_then(|back| back.error.as_ref());
        operation.error.iter().chain(back.filter(is_signal))
    })
}

/// Says in a word what became of an instance.
pub(crate) fn fate(verb: Verb, operation: &Operation) -> &'static str {
    if let Some(error) = &operation.error {
        return failure(operation, error);
    }
    match operation.rollback.as_deref() {
        // It went well, and went back with others that did not.
        Some(Operation { error: None, .. }) => return "rolled back",
        // Stopped before its return wrote anything, it is what it was.
        Some(Operation { error: Some(error), wrote: false, .. })
            if error.code == Code::Interrupted => {}
        Some(back @ Operation { error: Some(error), .. }) => return failure(back, error),
        None => {}
    }
    // What another one needs is waited for whatever the flags say: the outcome knows.
    match (verb, operation.instance.outcome) {
        (Verb::Deploy { .. }, Some(OperationOutcome::Ready)) => "ready",
        (Verb::Deploy { .. }, Some(OperationOutcome::Applied)) => "applied",
        (Verb::Deploy { waits: false }, Some(OperationOutcome::Unchanged)) => "unchanged",
        (Verb::Deploy { waits: true }, _) => "ready",
        (Verb::Deploy { waits: false }, _) => "applied",
        (Verb::Plan(_), _) => "planned",
        // A deletion that found nothing.
        (Verb::Delete { .. }, Some(OperationOutcome::Unchanged)) => "not there",
        (Verb::Delete { .. }, Some(OperationOutcome::Applied)) => "being deleted",
        (Verb::Delete { forgets: true }, _) => "forgotten",
        (Verb::Delete { forgets: false }, _) => "deleted",
    }
}

fn failure(operation: &Operation, error: &Error) -> &'static str {
    match error.code {
        _ if operation.is_not_begun() => "not begun",
        Code::Interrupted => "interrupted",
        _ => "failed",
    }
}
