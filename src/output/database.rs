//! What the commands of `db` answer.

use super::{
    document::Document,
    format::Format,
    human,
    printer::Printer,
    sanitize::one_line,
    stream::Tone,
    table::{Cell, Rows, or_dash},
};
use crate::{
    ops::view::{BackupView, DatabaseView, PrunedView, RebuiltOutcome, RebuiltView},
    workload::error::{Code, Error, Result},
};

/// Tells what a database is and, as a document, what is wrong with it.
pub(crate) fn checked(printer: &Printer, view: &DatabaseView, faults: &[Error]) -> Result<()> {
    if printer.format().is_document() {
        return printer.document(&Document::new("Database", view).failing(faults));
    }
    if printer.format() == Format::Name {
        return printer.answer(&format!("{}\n", one_line(&view.file)));
    }
    let DatabaseView { file, bytes, version, current_version, .. } = view;
    // Who may read it is another matter.
    let is_whole = faults.iter().all(|fault| fault.code == Code::ReadableByOthers);
    let state = if is_whole { "is whole" } else { "is not whole" };
    let version = if version < current_version {
        format!("version {version}, {current_version} after the next command that writes")
    } else {
        format!("version {version}")
    };
    let counted = [
        (view.definitions, "definition"),
        (view.revisions, "revision"),
        (view.instances, "instance"),
        (view.releases, "release"),
    ];
    let counted = counted
        .map(|(number, noun)| human::count(usize::try_from(number).unwrap_or(usize::MAX), noun));
    let size = size(*bytes);
    let file = one_line(file);
    printer.answer(&format!("{file} {state} ({version}): {size}, {}\n", counted.join(", ")))
}

/// Tells that a copy was made.
pub(crate) fn backed_up(printer: &Printer, view: &BackupView) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("DatabaseBackup", view)),
        Format::Name => printer.answer(&format!("{}\n", one_line(&view.file))),
        Format::Table | Format::Wide => {
            printer.answer(&format!("{} written: {}\n", one_line(&view.file), size(view.bytes)))
        }
    }
}

/// Tells what was removed.
pub(crate) fn pruned(printer: &Printer, view: &PrunedView) -> Result<()> {
    let PrunedView { releases, revisions, freed_bytes } = view;
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("DatabasePrune", view)),
        Format::Table | Format::Wide | Format::Name => printer.answer(&format!(
            "{} and {} removed, {} freed\n",
            human::count(*releases, "release"),
            human::count(*revisions, "revision"),
            size(*freed_bytes)
        )),
    }
}

/// Tells what became of the records of a runtime.
pub(crate) fn rebuilt(printer: &Printer, view: &RebuiltView, errors: &[Error]) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => {
            printer.document(&Document::new("DatabaseRebuild", view).failing(errors))
        }
        Format::Name => {
            let taken = view.instances.iter().filter(|it| it.outcome != RebuiltOutcome::Left);
            printer.answer(&taken.map(|it| format!("{}\n", it.name)).collect::<String>())
        }
        Format::Table | Format::Wide if view.instances.is_empty() => {
            printer.talk(&format!("no records on {}", one_line(&view.runtime)));
            Ok(())
        }
        Format::Table | Format::Wide => printer.answer(&table(printer, view)),
    }
}

fn table(printer: &Printer, view: &RebuiltView) -> String {
    let mut rows = Rows::new(&["NAME", "NAMESPACE", "RELEASE", "RESULT", "REASON"]);
    for instance in &view.instances {
        let tone = match instance.outcome {
            RebuiltOutcome::Left => Tone::Warn,
            _ => Tone::Plain,
        };
        rows.push(vec![
            instance.name.as_str().into(),
            instance.namespace.as_str().into(),
            or_dash(instance.release),
            Cell::toned(instance.outcome.word(), tone),
            or_dash(instance.reason.as_deref()),
        ]);
    }
    rows.show(printer)
}

/// Shows a size in the unit that fits: `512 B`, `24 KiB`, `1.5 MiB`.
fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{} KiB", bytes / KIB),
        _ => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        let shown = [0, 1023, 1024, 1_048_575, 1_048_576, 1_600_000].map(size);
        assert_eq!(shown, ["0 B", "1023 B", "1 KiB", "1023 KiB", "1.0 MiB", "1.5 MiB"]);
    }
}
