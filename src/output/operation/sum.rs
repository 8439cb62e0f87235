//! The sum of an application: how many of its instances met which fate.

use super::Verb;
use crate::{
    ops::view::{Operation, OperationOutcome},
    workload::error::Code,
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

/// Says in a word what became of an instance.
pub(crate) fn fate(verb: Verb, operation: &Operation) -> &'static str {
    match (&operation.error, verb, operation.instance.outcome) {
        (Some(error), ..) if error.code == Code::DependencyFailed => "not begun",
        (Some(error), ..) if error.code == Code::Interrupted => "interrupted",
        (Some(_), ..) => "failed",
        // It went well, and went back with others that did not.
        (None, ..) if operation.rollback.is_some() => "rolled back",
        (None, Verb::Deploy { waits: true }, _) => "ready",
        (None, Verb::Deploy { waits: false }, _) => "applied",
        (None, Verb::Plan(_), _) => "planned",
        // A deletion that found nothing.
        (None, Verb::Delete { .. }, Some(OperationOutcome::Unchanged)) => "not there",
        (None, Verb::Delete { forgets: true }, _) => "forgotten",
        (None, Verb::Delete { forgets: false }, _) => "deleted",
    }
}
