//! Instances as the database knows them: the table of many, the sheet of one, their documents.

use jiff::Timestamp;

use super::{
    document::{Document, Items},
    format::Format,
    human,
    printer::Printer,
    sanitize::one_line,
    stream::Tone,
    table::Rows,
};
use crate::{
    ops::view::{InstanceView, OperationOutcome, OutlineView},
    workload::{error::Result, instance::Status, mask, name::InstanceName},
};

/// The table of instances as the database knows them, from the first to the last.
#[derive(Debug)]
pub(crate) struct Outlines {
    rows: Rows,
    now: Timestamp,
    is_empty: bool,
}

impl Outlines {
    /// Begins it.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { rows: rows(IDENTITY, false), now, is_empty: true }
    }

    /// Adds an instance.
    pub(crate) fn add(&mut self, instance: OutlineView<'_>) {
        put_identity(&mut self.rows, &instance, self.now);
        self.is_empty = false;
    }

    /// Tells them; `filtered` says that only some were asked for.
    pub(crate) fn tell(&self, printer: &Printer, filtered: bool) -> Result<()> {
        match self.is_empty {
            true => none(printer, filtered),
            false => printer.answer(&self.rows.show(printer)),
        }
    }
}

/// Tells the names of instances.
pub(crate) fn list_names(printer: &Printer, names: &[InstanceName]) -> Result<()> {
    printer.answer(&names.iter().map(|name| format!("{name}\n")).collect::<String>())
}

/// Tells many instances with all that the database knows of them; `filtered` says that only some were
/// asked for.
pub(crate) fn list(
    printer: &Printer,
    instances: &[InstanceView],
    filtered: bool,
    now: Timestamp,
) -> Result<()> {
    if printer.format().is_document() {
        return printer.document(&Document::new("InstanceList", Items("instances", instances)));
    }
    match instances.is_empty() {
        true => none(printer, filtered),
        false => printer.answer(&wide(instances, printer, now)),
    }
}

fn none(printer: &Printer, filtered: bool) -> Result<()> {
    printer.talk(match filtered {
        true => "no instances fit; `workloadctl list` shows what there is",
        false => "no instances; `workloadctl deploy NAME -f PATH` makes one",
    });
    Ok(())
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

/// The titles of the columns that [`put_identity`] fills.
pub(super) const IDENTITY: &[&str] =
    &["NAME", "DEFINITION", "REVISION", "RELEASE", "RUNTIME", "NAMESPACE", "STATUS", "AGE"];

fn wide(instances: &[InstanceView], printer: &Printer, now: Timestamp) -> String {
    let header = [IDENTITY, &["SEEN", "OUTCOME", "DEPLOYED BY", "REASON"]].concat();
    let mut rows = rows(&header, true);
    for instance in instances {
        put_identity(&mut rows, &instance.outline(), now);
        let seen = instance.status_at.map(|at| human::age(at, now));
        rows.put_or_dash(seen.as_deref());
        rows.put_or_dash(instance.outcome.map(OperationOutcome::word));
        rows.put_or_dash(instance.deployed_by.as_deref());
        rows.put_or_dash(instance.reason.as_deref());
    }
    rows.show(printer)
}

/// Adds the cells that say which instance it is, and how it is.
pub(super) fn put_identity(rows: &mut Rows, instance: &OutlineView<'_>, now: Timestamp) {
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    rows.put(instance.name, Tone::Plain);
    rows.put_or_dash(instance.definition);
    put_revision(rows, instance);
    rows.put_or_dash(number(instance.release).as_deref());
    rows.put_or_dash(instance.runtime);
    rows.put_or_dash(instance.namespace);
    match instance.status {
        Some(status) => rows.put(status.word(), tone(status)),
        None => rows.put("-", Tone::Plain),
    }
    // Since the last deploy, else since the instance was made.
    rows.put_or_dash(instance.since.map(|since| human::age(since, now)).as_deref());
}

/// Adds the revision that runs; where it is not the newest, or is pinned, that too.
fn put_revision(rows: &mut Rows, instance: &OutlineView<'_>) {
    match (instance.revision, instance.latest_revision) {
        (Some(runs), Some(latest)) if runs != latest => {
            let pinned = if instance.pinned { "pinned, " } else { "" };
            rows.put(&format!("{runs} ({pinned}newest {latest})"), Tone::Warn);
        }
        (Some(runs), _) if instance.pinned => rows.put(&format!("{runs} (pinned)"), Tone::Plain),
        (runs, _) => rows.put_or_dash(runs.map(|runs| runs.to_string()).as_deref()),
    }
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
