//! A plan for people: a row for each object, what changes, and the counts.

use std::fmt::Write as _;

use super::{changes, counts, why};
use crate::{
    ops::view::{InstanceView, Operation},
    output::{
        difference::DiffStyle,
        objects::with_yielded,
        printer::Printer,
        sanitize::one_line,
        stream::Tone,
        table::{Cell, Rows, or_dash},
    },
    workload::release::Action,
};

/// Shows what would be done, and what changes.
pub(super) fn text(operation: &Operation, style: DiffStyle, printer: &Printer) -> String {
    let mut out = String::new();
    if !operation.objects.is_empty() {
        let mut rows = Rows::new(&["ACTION", "OBJECT", "NAMESPACE", "REASON"]);
        for object in &operation.objects {
            let reason = if object.message.is_empty() { &object.reason } else { &object.message };
            rows.push(vec![
                action(object.action),
                object.id.short().into(),
                or_dash(object.id.namespace.as_deref()),
                or_dash(Some(with_yielded(reason, object))),
            ]);
        }
        out = rows.show(printer);
        out.push_str(&changes::show(&operation.objects, style, printer.stdout()));
    }
    out.push_str(&operation.why.as_deref().map(why::text).unwrap_or_default());
    let InstanceView { name, runtime, outcome, .. } = &operation.instance;
    let is_planned = outcome.is_some() && operation.error.is_none();
    if is_planned || !operation.objects.is_empty() {
        let place = runtime.as_ref().map(|runtime| format!(" on {runtime}")).unwrap_or_default();
        let counts = match counts(&operation.counts, planned_word) {
            counts if counts.is_empty() => "nothing to do".to_owned(),
            counts => counts,
        };
        let line = format!("{name}{place}: {counts}");
        writeln!(out, "{}", one_line(&line)).expect("writing to a string cannot fail");
    }
    out
}

fn action(action: Option<Action>) -> Cell {
    let Some(action) = action else { return "-".into() };
    let tone = match action {
        Action::Create | Action::Adopt => Tone::Good,
        Action::Update | Action::Recreate => Tone::Warn,
        Action::Prune | Action::Delete | Action::Blocked => Tone::Bad,
        Action::Unchanged => Tone::Dim,
    };
    Cell::toned(action.word(), tone)
}

fn planned_word(action: Action) -> &'static str {
    match action {
        Action::Create => "to create",
        Action::Update => "to update",
        Action::Unchanged => "unchanged",
        Action::Recreate => "to recreate",
        Action::Adopt => "to adopt",
        Action::Prune => "to prune",
        Action::Delete => "to delete",
        Action::Blocked => "blocked",
    }
}
