//! What was made of what runs, as an answer.

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
    ops::view::{ImportView, ImportedObject, LeftObject},
    workload::error::Result,
};

/// Tells what was taken and what was left, and which command comes next.
pub(crate) fn imported(printer: &Printer, view: &ImportView) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("Import", view))?,
        Format::Name => {
            let names =
                view.objects.iter().map(|object| format!("{}\n", one_line(&object.id.to_string())));
            printer.answer(&names.collect::<String>())?;
        }
        Format::Table | Format::Wide => printer.answer(&table(printer, view))?,
    }
    let name = &view.instance.name;
    printer.talk(&format!(
        "{name} imported: {} on {}; nothing was written to the cluster",
        human::count(view.objects.len(), "object"),
        view.instance.runtime.as_deref().unwrap_or_default()
    ));
    if view.secrets > 0 {
        printer.talk(&format!(
            "the values of {} lie in the database as they are",
            human::count(view.secrets, "Secret")
        ));
    }
    view.remarks.iter().for_each(|remark| printer.talk(remark));
    printer.hint(&format!("workloadctl deploy {name} --adopt"));
    Ok(())
}

fn table(printer: &Printer, view: &ImportView) -> String {
    let mut rows = Rows::new(&["OBJECT", "RESULT", "REASON"]);
    for ImportedObject { id, made_by, changed } in &view.objects {
        let changed = changed.then_some("changed since Helm sent it: taken as it runs");
        let told = [Some(&**made_by).filter(|made| !made.is_empty()), changed];
        let told = told.into_iter().flatten().collect::<Vec<_>>().join("; ");
        rows.push(vec![id.to_string().into(), "taken".into(), or_dash(Some(told))]);
    }
    for LeftObject { object, reason } in &view.left {
        let left = Cell::toned("left", Tone::Dim);
        rows.push(vec![object.as_str().into(), left, reason.as_str().into()]);
    }
    rows.show(printer)
}
