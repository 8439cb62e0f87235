//! Instances as the database knows them: the table of many, the sheet of one, their documents.

use jiff::Timestamp;

use super::{
    document::{Document, Items},
    format::Format,
    human,
    printer::Printer,
    sanitize::one_line,
    stream::Tone,
    table::{Cell, Rows, or_dash},
};
use crate::{
    ops::view::{InstanceView, OperationOutcome},
    workload::{error::Result, instance::Status, mask},
};

/// Tells many instances as the database knows them; `filtered` says that only some were asked for.
pub(crate) fn list(
    printer: &Printer,
    instances: &[InstanceView],
    filtered: bool,
    now: Timestamp,
) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => {
            printer.document(&Document::new("InstanceList", Items("instances", instances)))
        }
        Format::Name => printer.answer(&names(instances.iter())),
        Format::Table | Format::Wide if instances.is_empty() && filtered => {
            printer.talk("no instances fit; `workloadctl list` shows what there is");
            Ok(())
        }
        Format::Table | Format::Wide if instances.is_empty() => {
            printer.talk("no instances; `workloadctl deploy NAME -f PATH` makes one");
            Ok(())
        }
        Format::Table => printer.answer(&table(instances, printer, now, false)),
        Format::Wide => printer.answer(&table(instances, printer, now, true)),
    }
}

pub(super) fn names<'a>(instances: impl Iterator<Item = &'a InstanceView>) -> String {
    instances.map(|instance| format!("{}\n", one_line(&instance.name))).collect()
}

/// What gives way in a narrow window, the first first: who it is and how it is come last.
const GIVING_WAY: &[&str] =
    &["DEFINITION", "NAMESPACE", "REVISION", "AGE", "RELEASE", "DEPLOYED BY", "RUNTIME"];

/// Makes the table of instances; who asks for a wide one gets all of it.
pub(super) fn rows(header: &[&'static str], wide: bool) -> Rows {
    Rows::new(header).giving_way(if wide { &[] } else { GIVING_WAY })
}

fn table(instances: &[InstanceView], printer: &Printer, now: Timestamp, wide: bool) -> String {
    let mut header =
        vec!["NAME", "DEFINITION", "REVISION", "RELEASE", "RUNTIME", "NAMESPACE", "STATUS", "AGE"];
    if wide {
        header.extend(["SEEN", "OUTCOME", "DEPLOYED BY", "REASON"]);
    }
    let mut rows = rows(&header, wide);
    for instance in instances {
        let mut row = identity(instance);
        row.extend([status(instance.status), age(instance, now)]);
        if wide {
            row.extend([
                or_dash(instance.status_at.map(|at| human::age(at, now))),
                or_dash(instance.outcome.map(OperationOutcome::word)),
                or_dash(instance.deployed_by.as_deref()),
                or_dash(instance.reason.as_deref()),
            ]);
        }
        rows.push(row);
    }
    rows.show(printer)
}

/// The cells that say which instance it is.
pub(super) fn identity(instance: &InstanceView) -> Vec<Cell> {
    vec![
        instance.name.as_str().into(),
        or_dash(instance.definition.as_deref()),
        revision(instance),
        or_dash(instance.release),
        or_dash(instance.runtime.as_deref()),
        or_dash(instance.namespace.as_deref()),
    ]
}

/// The revision that runs; where it is not the newest, or is pinned, that too.
fn revision(instance: &InstanceView) -> Cell {
    match (instance.revision, instance.latest_revision) {
        (Some(runs), Some(latest)) if runs != latest => {
            let pinned = if instance.pinned { "pinned, " } else { "" };
            Cell::toned(format!("{runs} ({pinned}newest {latest})"), Tone::Warn)
        }
        (Some(runs), _) if instance.pinned => format!("{runs} (pinned)").into(),
        (runs, _) => or_dash(runs),
    }
}

/// The age of what runs: since the last deploy, else since the instance was made.
pub(super) fn age(instance: &InstanceView, now: Timestamp) -> Cell {
    let since = instance.deployed_at.or(instance.created_at);
    or_dash(since.map(|since| human::age(since, now)))
}

pub(super) fn status(status: Option<Status>) -> Cell {
    let Some(status) = status else { return "-".into() };
    Cell::toned(status.to_string(), tone(status))
}

pub(super) fn tone(status: Status) -> Tone {
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
pub(crate) fn show(
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

/// Tells that instances were made, and the command that comes next; `list` where the user did not
/// name one.
pub(crate) fn created(
    printer: &Printer,
    instances: &[InstanceView],
    list: bool,
    next: &str,
) -> Result<()> {
    match (printer.format(), instances) {
        (Format::Json | Format::Yaml, [one]) if !list => {
            printer.document(&Document::new("Instance", one))
        }
        (Format::Json | Format::Yaml, many) => {
            printer.document(&Document::new("InstanceList", Items("instances", many)))
        }
        (Format::Name, _) => printer.answer(&names(instances.iter())),
        (Format::Table | Format::Wide, _) => {
            printer.answer(&instances.iter().map(created_text).collect::<String>())?;
            printer.hint(next);
            Ok(())
        }
    }
}

fn created_text(instance: &InstanceView) -> String {
    let InstanceView { name, definition, runtime, .. } = instance;
    let definition = definition.as_deref().unwrap_or(name);
    let runtime = runtime.as_deref().unwrap_or("its runtime");
    let line = format!("instance {name} created: definition {definition} on {runtime}");
    format!("{}\n", one_line(&line))
}

fn sheet(instance: &InstanceView, printer: &Printer, now: Timestamp) -> String {
    let ago = |at: Timestamp| format!("{at:.0} ({} ago)", human::age(at, now));
    let mut lines: Vec<(&str, Option<String>)> = vec![
        ("name", Some(instance.name.clone())),
        ("definition", instance.definition.clone()),
        ("revision", instance.revision.map(|number| number.to_string())),
        ("pinned", instance.pinned.then(|| "until a deploy without --revision".to_owned())),
        ("newest revision", instance.latest_revision.map(|number| number.to_string())),
        ("runtime", instance.runtime.clone()),
        ("namespace", namespace(instance)),
        ("release", instance.release.map(|number| number.to_string())),
        ("outcome", instance.outcome.map(|outcome| outcome.word().to_owned())),
        ("status", instance.status.map(|status| status.to_string())),
        ("reason", instance.reason.clone()),
        ("status seen", instance.status_at.map(ago)),
        ("created", instance.created_at.map(ago)),
        ("deployed", instance.deployed_at.map(ago)),
        ("deployed by", instance.deployed_by.clone()),
    ];
    // `--set Secret/x:stringData.password=…` is stored like any override, and shown to nobody.
    let overrides = mask::overrides(&instance.overrides);
    let images = overrides.images.iter().map(|(name, image)| format!("{name}={image}"));
    lines.extend(images.map(|text| ("image", Some(text))));
    let replicas = overrides.replicas.iter().map(|(object, count)| format!("{object}={count}"));
    lines.extend(replicas.map(|text| ("replicas", Some(text))));
    lines.extend(overrides.patches.iter().map(|patch| ("patch", Some(patch.to_string()))));
    let sets = overrides.sets.iter().map(|(path, value)| format!("{path}={value}"));
    lines.extend(sets.map(|text| ("set", Some(text))));
    super::table::sheet(&lines, printer)
}

pub(super) fn namespace(instance: &InstanceView) -> Option<String> {
    let namespace = instance.namespace.as_ref()?;
    Some(match instance.namespace_mode {
        Some(mode) => format!("{namespace} ({mode})"),
        None => namespace.clone(),
    })
}

#[cfg(test)]
pub(super) mod tests;
