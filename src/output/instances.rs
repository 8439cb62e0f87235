//! Instances as answers: the table of many, the sheet or the tree of one, and their documents.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    document::{Document, Items},
    format::Format,
    human,
    printer::{Printer, Tone},
    sanitize::one_line,
    table::{Cell, Rows, or_dash},
};
use crate::{
    ops::view::{InstanceView, ObjectView, Operation},
    workload::{
        error::{ErrorView, Result},
        instance::Status,
        readiness::State,
    },
};

/// Tells many instances as the database knows them.
///
/// # Errors
/// Code 1 when stdout cannot be written.
pub fn list(printer: &Printer, instances: &[InstanceView], now: Timestamp) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => {
            printer.document(&Document::new("InstanceList", Items("instances", instances)))
        }
        Format::Name => printer.answer(&names(instances.iter())),
        Format::Table | Format::Wide if instances.is_empty() => {
            printer.talk("no instances; `workloadctl deploy NAME -f PATH` makes one");
            Ok(())
        }
        Format::Table => printer.answer(&table(instances, printer, now, false)),
        Format::Wide => printer.answer(&table(instances, printer, now, true)),
    }
}

fn names<'a>(instances: impl Iterator<Item = &'a InstanceView>) -> String {
    instances.map(|instance| format!("{}\n", one_line(&instance.name))).collect()
}

fn table(instances: &[InstanceView], printer: &Printer, now: Timestamp, wide: bool) -> String {
    let mut header =
        vec!["NAME", "DEFINITION", "REVISION", "RELEASE", "RUNTIME", "NAMESPACE", "STATUS", "AGE"];
    if wide {
        header.extend(["SEEN", "REASON", "OUTCOME", "DEPLOYED BY"]);
    }
    let mut rows = Rows::new(&header);
    for instance in instances {
        let mut row = identity(instance);
        row.extend([status(instance.status), age(instance, now)]);
        if wide {
            row.extend([
                or_dash(instance.status_at.map(|at| human::age(at, now))),
                or_dash(instance.reason.as_deref()),
                or_dash(instance.outcome.as_deref()),
                or_dash(instance.deployed_by.as_deref()),
            ]);
        }
        rows.push(row);
    }
    rows.show(printer)
}

/// The cells that say which instance it is.
fn identity(instance: &InstanceView) -> Vec<Cell> {
    vec![
        instance.name.as_str().into(),
        or_dash(instance.definition.as_deref()),
        revision(instance),
        or_dash(instance.release),
        or_dash(instance.runtime.as_deref()),
        or_dash(instance.namespace.as_deref()),
    ]
}

/// The revision that runs, and where it is not the newest, that too.
fn revision(instance: &InstanceView) -> Cell {
    match (instance.revision, instance.latest_revision) {
        (Some(runs), Some(latest)) if runs != latest => {
            Cell::toned(format!("{runs} (newest {latest})"), Tone::Warn)
        }
        (runs, _) => or_dash(runs),
    }
}

/// The age of what runs: since the last deploy, else since the instance was made.
fn age(instance: &InstanceView, now: Timestamp) -> Cell {
    let since = instance.deployed_at.or(instance.created_at);
    or_dash(since.map(|since| human::age(since, now)))
}

fn status(status: Option<Status>) -> Cell {
    let Some(status) = status else { return "-".into() };
    Cell::toned(status.to_string(), tone(status))
}

fn tone(status: Status) -> Tone {
    match status {
        Status::Healthy => Tone::Good,
        Status::Reconciling | Status::Deleting => Tone::Warn,
        Status::Error | Status::Down | Status::Unhealthy | Status::Lost => Tone::Bad,
        Status::NotDeployed => Tone::Dim,
    }
}

/// Tells one instance as the database knows it; with `field` one bare value of its JSON.
///
/// # Errors
/// Code 2 where there is no such field; code 1 when stdout cannot be written.
pub fn show(
    printer: &Printer,
    instance: &InstanceView,
    field: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    if let Some(field) = field {
        return printer.answer(&super::field::bare(instance, field)?);
    }
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("Instance", instance)),
        Format::Name => printer.answer(&names(std::iter::once(instance))),
        Format::Table | Format::Wide => printer.answer(&sheet(instance, printer, now)),
    }
}

/// Tells that an instance was made, and what comes next.
///
/// # Errors
/// Code 1 when stdout cannot be written.
pub fn created(printer: &Printer, instance: &InstanceView) -> Result<()> {
    let InstanceView { name, definition, runtime, .. } = instance;
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("Instance", instance)),
        Format::Name => printer.answer(&names(std::iter::once(instance))),
        Format::Table | Format::Wide => {
            let definition = definition.as_deref().unwrap_or(name);
            let runtime = runtime.as_deref().unwrap_or("its runtime");
            let line = format!("instance {name} created: definition {definition} on {runtime}");
            printer.answer(&format!("{}\n", one_line(&line)))?;
            printer.hint(&format!("workloadctl deploy {name}"));
            Ok(())
        }
    }
}

fn sheet(instance: &InstanceView, printer: &Printer, now: Timestamp) -> String {
    let ago = |at: Timestamp| format!("{at:.0} ({} ago)", human::age(at, now));
    let mut lines: Vec<(&str, Option<String>)> = vec![
        ("name", Some(instance.name.clone())),
        ("definition", instance.definition.clone()),
        ("revision", instance.revision.map(|number| number.to_string())),
        ("newest revision", instance.latest_revision.map(|number| number.to_string())),
        ("runtime", instance.runtime.clone()),
        ("namespace", namespace(instance)),
        ("release", instance.release.map(|number| number.to_string())),
        ("outcome", instance.outcome.clone()),
        ("status", instance.status.map(|status| status.to_string())),
        ("reason", instance.reason.clone()),
        ("status seen", instance.status_at.map(ago)),
        ("created", instance.created_at.map(ago)),
        ("deployed", instance.deployed_at.map(ago)),
        ("deployed by", instance.deployed_by.clone()),
    ];
    let overrides = &instance.overrides;
    let images = overrides.images.iter().map(|(name, image)| format!("{name}={image}"));
    lines.extend(images.map(|text| ("image", Some(text))));
    let replicas = overrides.replicas.iter().map(|(object, count)| format!("{object}={count}"));
    lines.extend(replicas.map(|text| ("replicas", Some(text))));
    lines.extend(overrides.patches.iter().map(|patch| ("patch", Some(patch.to_string()))));
    let sets = overrides.sets.iter().map(|(path, value)| format!("{path}={value}"));
    lines.extend(sets.map(|text| ("set", Some(text))));
    super::table::sheet(&lines, printer)
}

fn namespace(instance: &InstanceView) -> Option<String> {
    let namespace = instance.namespace.as_ref()?;
    Some(match instance.namespace_mode {
        Some(mode) => format!("{namespace} ({mode})"),
        None => namespace.clone(),
    })
}

/// The document of a live instance: the instance's fields, its objects, and what went wrong.
#[derive(Debug, Serialize)]
struct LiveDocument<'a> {
    #[serde(flatten)]
    instance: &'a InstanceView,
    objects: &'a [ObjectView],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
}

impl<'a> From<&'a Operation> for LiveDocument<'a> {
    fn from(live: &'a Operation) -> Self {
        let Operation { instance, objects, error, .. } = live;
        Self { instance, objects, error: error.as_ref().map(ErrorView::from) }
    }
}

/// Tells instances as they are on their clusters: `one` as the tree of its objects, else a table.
///
/// # Errors
/// Code 1 when stdout cannot be written.
pub fn status_answer(
    printer: &Printer,
    all: &[Operation],
    one: bool,
    now: Timestamp,
) -> Result<()> {
    let documents = || all.iter().map(LiveDocument::from).collect::<Vec<_>>();
    match (printer.format(), all) {
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
    for Operation { instance, .. } in all {
        let mut row = identity(instance);
        row.extend([
            status(instance.status),
            or_dash(instance.reason.as_deref()),
            age(instance, now),
        ]);
        if wide {
            row.extend([
                or_dash(instance.outcome.as_deref()),
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
fn reason(object: &ObjectView) -> Cell {
    let (word, sentence) = (object.reason.as_str(), object.message.as_str());
    match (word.is_empty(), sentence.is_empty()) {
        (true, true) => "-".into(),
        (false, true) => word.into(),
        (true, false) => sentence.into(),
        (false, false) if sentence.contains(word) => sentence.into(),
        (false, false) => format!("{word}: {sentence}").into(),
    }
}

#[cfg(test)]
mod tests;
