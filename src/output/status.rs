//! What `status` saw: the table of many instances, the tree of one, and their documents.

mod tree;
mod watch;

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    document::{Document, Items},
    drift,
    format::Format,
    human,
    instances::{IDENTITY, names, namespace, put_identity, rows, tone},
    printer::Printer,
    reach,
    sanitize::one_line,
    stream::Tone,
};
pub(crate) use watch::Watch;

use crate::{
    ops::view::{FailedRelease, InstanceView, ObjectView, Operation, OperationOutcome},
    workload::{
        drift::Drift,
        error::{ErrorView, Result},
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
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    remarks: &'a [String],
    #[serde(skip_serializing_if = "<[Drift]>::is_empty")]
    drift: &'a [Drift],
    /// How many fields others added beside ours.
    #[serde(skip_serializing_if = "is_none")]
    added_fields: usize,
    #[serde(skip_serializing_if = "<[Drift]>::is_empty")]
    added: &'a [Drift],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
}

impl<'a> From<&'a Operation> for LiveDocument<'a> {
    fn from(live: &'a Operation) -> Self {
        let Operation { instance, objects, remarks, drift, added, error, .. } = live;
        let (added_fields, error) = (added.len(), error.as_ref().map(ErrorView::from));
        Self { instance, objects, remarks, drift, added_fields, added, error }
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// One instance, by its name: its objects are told.
    One,
    /// A file that has only one: its objects are told, and a document stays a list.
    OnlyOfFile,
    /// Several instances.
    Several,
    /// Those that fit a filter.
    Fitting,
    /// Whatever runs on a runtime: whoever deployed it.
    Runtime,
}

/// Tells instances as they are on their clusters: one as the tree of its objects, else a table.
pub(crate) fn answer(
    printer: &Printer,
    all: &[Operation],
    extent: Extent,
    now: Timestamp,
) -> Result<()> {
    let one = extent == Extent::One;
    let documents = || all.iter().map(LiveDocument::from).collect::<Vec<_>>();
    match (printer.format(), all) {
        // The user named one and gets it; a list of one stays a list for who asked for all.
        (Format::Json | Format::Yaml, [_]) if one => {
            printer.document(&Document::new("Instance", &documents()[0]))
        }
        (Format::Json | Format::Yaml, _) => {
            printer.document(&Document::new("InstanceList", Items("instances", &documents())))
        }
        (Format::Name, _) => {
            let known = all.iter().filter(|live| is_known(live, extent));
            printer.answer(&names(known.map(|live| &live.instance)))
        }
        (Format::Table | Format::Wide, []) => {
            printer.talk(nobody(extent));
            Ok(())
        }
        (Format::Table | Format::Wide, _) => {
            let known = all.iter().filter(|live| is_known(live, extent));
            printer.answer(&told(printer, known, extent, now))
        }
    }
}

/// Tells whether anything is known of an instance. Of a name that nobody knows the error alone says
/// why; on a runtime that was asked whose names they are, there is none.
fn is_known(live: &Operation, extent: Extent) -> bool {
    extent == Extent::Runtime || live.error.is_none() || live.instance.definition.is_some()
}

fn nobody(extent: Extent) -> &'static str {
    match extent {
        Extent::Runtime => "no instances there; `workloadctl deploy NAME -f PATH` makes one",
        Extent::Fitting => "no instances fit; `workloadctl list` shows what there is",
        Extent::One | Extent::OnlyOfFile | Extent::Several => {
            "no instances; `workloadctl deploy NAME -f PATH` makes one"
        }
    }
}

/// Tells instances to a person; none are nothing.
fn told<'a>(
    printer: &Printer,
    all: impl IntoIterator<Item = &'a Operation>,
    extent: Extent,
    now: Timestamp,
) -> String {
    let all: Vec<&Operation> = all.into_iter().collect();
    match &*all {
        [] => String::new(),
        [only] if matches!(extent, Extent::One | Extent::OnlyOfFile) => {
            told_one(only, printer, now)
        }
        _ => live_table(&all, extent == Extent::Runtime, printer, now),
    }
}

fn live_table(all: &[&Operation], by: bool, printer: &Printer, now: Timestamp) -> String {
    let wide = printer.format() == Format::Wide;
    let mut header = IDENTITY.to_vec();
    if wide {
        header.extend(["OUTCOME"]);
    }
    // A stranger's instance is told with its deployer.
    if wide || by {
        header.push("DEPLOYED BY");
    }
    header.push("REASON");
    let mut rows = rows(&header, wide);
    for live in all {
        let instance = &live.instance;
        let reason = instance.reason.clone().into_iter().chain(drift::count(live));
        put_identity(&mut rows, &instance.outline(), now);
        if wide {
            rows.put_or_dash(instance.outcome.map(OperationOutcome::word));
        }
        if wide || by {
            rows.put_or_dash(instance.deployed_by.as_deref());
        }
        rows.put_or_dash(Some(&reason.collect::<Vec<_>>().join("; ")));
    }
    rows.show(printer)
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
    if let Some(failure) = &instance.failure {
        out.push_str(&failed(failure, instance.reason.as_deref().unwrap_or_default()));
    }
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

/// Tells one instance: what it is, its objects, and what is to be heeded.
fn told_one(live: &Operation, printer: &Printer, now: Timestamp) -> String {
    let mut out = heading(&live.instance, printer, now);
    if let Some(told) = drift::sentence(live, now) {
        writeln!(out, "{}", one_line(&told)).expect("writing to a string cannot fail");
    }
    out.push_str(&tree::rows(live, printer, now));
    out.push_str(&reach::lines(live));
    for remark in &live.remarks {
        writeln!(out, "{}", one_line(remark)).expect("writing to a string cannot fail");
    }
    out
}

/// Says why the newest release did not end well, unless the status says it already.
fn failed(failure: &FailedRelease, said: &str) -> String {
    let FailedRelease { release, outcome, reason } = failure;
    if said.contains(reason.as_str()) {
        return String::new();
    }
    let how = match outcome {
        OperationOutcome::TimedOut => "ran out of time",
        OperationOutcome::Interrupted => "was interrupted",
        OperationOutcome::NotReady => "did not become ready",
        _ => "failed",
    };
    one_line(&format!("release {release} {how}: {reason}")).into_owned() + "\n"
}

#[cfg(test)]
mod tests;
