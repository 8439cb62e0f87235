//! What `status` saw: the table of many instances, the tree of one, and their documents.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    document::{Document, Items},
    drift,
    format::Format,
    human,
    instances::{age, identity, names, namespace, status, tone},
    objects::with_yielded,
    printer::Printer,
    sanitize::one_line,
    stream::Tone,
    table::{Cell, Rows, or_dash},
};
use crate::{
    ops::view::{InstanceView, ObjectView, Operation, OperationOutcome},
    workload::{
        drift::Drift,
        error::{ErrorView, Result},
        readiness::State,
    },
};

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The document of a live instance: the instance's fields, its objects, and what went wrong.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LiveDocument<'a> {
    #[serde(flatten)]
    instance: &'a InstanceView,
    objects: &'a [ObjectView],
    #[serde(skip_serializing_if = "<[Drift]>::is_empty")]
    drift: &'a [Drift],
    /// How many fields others added beside ours.
    #[serde(skip_serializing_if = "is_none")]
    added_fields: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
}

impl<'a> From<&'a Operation> for LiveDocument<'a> {
    fn from(live: &'a Operation) -> Self {
        let Operation { instance, objects, drift, added_fields, error, .. } = live;
        let added_fields = *added_fields;
        Self { instance, objects, drift, added_fields, error: error.as_ref().map(ErrorView::from) }
    }
}

/// Tells instances as they are on their clusters: `one` as the tree of its objects, else a table.
pub(crate) fn answer(
    printer: &Printer,
    all: &[Operation],
    one: bool,
    now: Timestamp,
) -> Result<()> {
    let documents = || all.iter().map(LiveDocument::from).collect::<Vec<_>>();
    match (printer.format(), all) {
        // The user named one and gets it; a list of one stays a list for who asked for all.
        (Format::Json | Format::Yaml, [_]) if one => {
            printer.document(&Document::new("Instance", &documents()[0]))
        }
        (Format::Json | Format::Yaml, _) => {
            printer.document(&Document::new("InstanceList", Items("instances", &documents())))
        }
        (Format::Name, _) => printer.answer(&names(all.iter().map(|found| &found.instance))),
        (Format::Table | Format::Wide, []) => {
            printer.talk("no instances; `workloadctl deploy NAME -f PATH` makes one");
            Ok(())
        }
        (Format::Table | Format::Wide, [only]) if one => printer.answer(&tree(only, printer, now)),
        (Format::Table | Format::Wide, _) => printer.answer(&live_table(all, printer, now)),
    }
}

fn live_table(all: &[Operation], printer: &Printer, now: Timestamp) -> String {
    let wide = printer.format() == Format::Wide;
    let mut header = vec![
        "NAME",
        "DEFINITION",
        "REVISION",
        "RELEASE",
        "RUNTIME",
        "NAMESPACE",
        "STATUS",
        "REASON",
        "AGE",
    ];
    if wide {
        header.extend(["OUTCOME", "DEPLOYED BY"]);
    }
    let mut rows = Rows::new(&header);
    for live in all {
        let instance = &live.instance;
        let reason = instance.reason.clone().into_iter().chain(drift::count(live));
        let mut row = identity(instance);
        row.extend([
            status(instance.status),
            or_dash(Some(reason.collect::<Vec<_>>().join("; "))),
            age(instance, now),
        ]);
        if wide {
            row.extend([
                or_dash(instance.outcome.map(OperationOutcome::word)),
                or_dash(instance.deployed_by.as_deref()),
            ]);
        }
        rows.push(row);
    }
    rows.show(printer)
}

/// The tree of one instance: what it is, then its objects with state and reason.
fn tree(live: &Operation, printer: &Printer, now: Timestamp) -> String {
    let Operation { instance, objects, .. } = live;
    let mut out = heading(instance, printer, now);
    if let Some(told) = drift::sentence(live, now) {
        writeln!(out, "{}", one_line(&told)).expect("writing to a string cannot fail");
    }
    if objects.is_empty() {
        return out;
    }
    let wide = printer.format() == Format::Wide;
    let mut header = vec!["OBJECT", "NAMESPACE", "STATE", "REASON"];
    if wide {
        header.extend(["IMAGES", "RESTARTS", "SOURCE"]);
    }
    let mut rows = Rows::new(&header);
    for (index, object) in objects.iter().enumerate() {
        let branch = if index + 1 == objects.len() { "└─" } else { "├─" };
        let mut row = vec![
            format!("{branch} {}", object.id).into(),
            or_dash(object.id.namespace.as_deref()),
            state(object.state),
            reason(object),
        ];
        if wide {
            row.extend([
                or_dash(Some(object.images.join(", "))),
                or_dash(object.restarts),
                or_dash(object.source.as_ref()),
            ]);
        }
        rows.push(row);
    }
    out.push_str(&rows.show(printer));
    out
}

fn heading(instance: &InstanceView, printer: &Printer, now: Timestamp) -> String {
    let stream = printer.stdout();
    let mut out = stream.paint(Tone::Strong, &one_line(&instance.name));
    if let Some(status) = instance.status {
        write!(out, ": {}", stream.paint(tone(status), &status.to_string()))
            .expect("writing to a string cannot fail");
    }
    if let Some(reason) = instance.reason.as_deref().filter(|reason| !reason.is_empty()) {
        write!(out, ", {}", one_line(reason)).expect("writing to a string cannot fail");
    }
    out.push('\n');
    let what = instance.definition.as_ref().map(|definition| match instance.revision {
        Some(revision) => format!("{definition} revision {revision}"),
        None => definition.clone(),
    });
    let release = instance.release.map(|number| {
        let by = instance.deployed_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let ago = instance.deployed_at.map(|at| format!(" {} ago", human::age(at, now)));
        format!("release {number}{by}{}", ago.unwrap_or_default())
    });
    let runtime = instance.runtime.as_ref().map(|runtime| format!("runtime {runtime}"));
    let namespace = namespace(instance).map(|namespace| format!("namespace {namespace}"));
    let facts: Vec<String> = [what, release, runtime, namespace].into_iter().flatten().collect();
    if !facts.is_empty() {
        writeln!(out, "{}", one_line(&facts.join(" · "))).expect("writing cannot fail");
    }
    out
}

fn state(state: Option<State>) -> Cell {
    match state {
        None => "-".into(),
        Some(State::Ready) => Cell::toned("ready", Tone::Good),
        Some(State::Waiting) => Cell::toned("waiting", Tone::Warn),
        Some(State::Failed) => Cell::toned("failed", Tone::Bad),
        Some(State::Missing) => Cell::toned("missing", Tone::Bad),
    }
}

/// A sentence where there is one; its stable word before it, where it does not say it itself.
/// What is left to others comes after it.
fn reason(object: &ObjectView) -> Cell {
    let (word, sentence) = (object.reason.as_str(), object.message.as_str());
    let why = match (word.is_empty(), sentence.is_empty()) {
        (true, true) => String::new(),
        (false, true) => word.to_owned(),
        (true, false) => sentence.to_owned(),
        (false, false) if sentence.contains(word) => sentence.to_owned(),
        (false, false) => format!("{word}: {sentence}"),
    };
    or_dash(Some(with_yielded(&why, object)))
}

#[cfg(test)]
mod tests;
