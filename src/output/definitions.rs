//! Definitions as answers: the table of all, the sheet of one, what `apply` did.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{
    document::{Document, Items},
    field,
    format::Format,
    human,
    printer::Printer,
    sanitize::one_line,
    stream::Tone,
    table::{self, Rows},
};
use crate::{
    ops::view::{
        AppliedView, DefinitionOutcome, DefinitionSheet, DefinitionView, InstanceView, RevisionView,
    },
    workload::error::Result,
};

/// How much of a digest people are shown.
const DIGEST_SHOWN: usize = 12;

/// Tells which definitions there are.
pub(crate) fn list(
    printer: &Printer,
    definitions: &[DefinitionView],
    now: Timestamp,
) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => {
            printer.document(&Document::new("DefinitionList", Items("definitions", definitions)))
        }
        Format::Name => {
            let names = definitions.iter().map(|definition| line(&definition.name));
            printer.answer(&names.collect::<String>())
        }
        Format::Table | Format::Wide if definitions.is_empty() => {
            printer.talk("no definitions; `workloadctl definition apply NAME -f PATH` makes one");
            Ok(())
        }
        Format::Table | Format::Wide => printer.answer(&list_table(printer, definitions, now)),
    }
}

fn list_table(printer: &Printer, definitions: &[DefinitionView], now: Timestamp) -> String {
    let wide = printer.format() == Format::Wide;
    let mut header = vec!["NAME", "REVISION", "OBJECTS", "INSTANCES", "AGE"];
    if wide {
        header.extend(["DIGEST", "CREATED"]);
    }
    header.push("SOURCE");
    let mut rows = Rows::new(&header);
    for definition in definitions {
        let DefinitionView {
            name,
            revision,
            digest,
            object_count,
            source,
            instances,
            created_at,
            updated_at,
        } = definition;
        let mut row = vec![
            name.as_str().into(),
            revision.to_string().into(),
            object_count.to_string().into(),
            instances.to_string().into(),
            human::age(*updated_at, now).into(),
        ];
        if wide {
            row.extend([short(digest).into(), human::age(*created_at, now).into()]);
        }
        row.push(source.as_str().into());
        rows.push(row);
    }
    rows.show(printer)
}

/// Tells one definition; with `field` one bare value of its JSON.
///
/// # Errors
/// Code 2 where there is no such field; code 1 when stdout cannot be written.
pub(crate) fn show(
    printer: &Printer,
    sheet: &DefinitionSheet,
    field: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    if let Some(field) = field {
        return printer.answer(&field::bare(sheet, field)?);
    }
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("Definition", sheet)),
        Format::Name => printer.answer(&line(&sheet.definition.name)),
        Format::Table | Format::Wide => printer.answer(&sheet_text(printer, sheet, now)),
    }
}

/// Tells that nothing is wrong with the objects of manifests; `unjudged` of them the server could
/// not judge.
///
/// # Errors
/// Code 1 when stdout cannot be written.
pub(crate) fn validated(
    printer: &Printer,
    objects: usize,
    unjudged: usize,
    warnings: &[String],
) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => {
            let content = serde_json::json!({
                "objectCount": objects, "unjudgedCount": unjudged, "warnings": warnings,
            });
            printer.document(&Document::new("Validation", content))
        }
        Format::Table | Format::Wide | Format::Name => {
            let rest = match unjudged {
                0 => String::new(),
                count => format!(
                    "; of {} the server does not know the kind yet",
                    human::count(count, "object")
                ),
            };
            printer
                .answer(&format!("{}, nothing is wrong{rest}\n", human::count(objects, "object")))
        }
    }
}

fn sheet_text(printer: &Printer, sheet: &DefinitionSheet, now: Timestamp) -> String {
    let DefinitionSheet { definition, revisions, objects, used_by } = sheet;
    let facts = [
        ("name", Some(definition.name.clone())),
        ("revision", Some(definition.revision.to_string())),
        ("digest", Some(short(&definition.digest).to_owned())),
        ("source", Some(definition.source.clone())),
        ("instances", Some(names(used_by)).filter(|names| !names.is_empty())),
    ];
    let mut text = table::sheet(&facts, printer);
    let mut rows = Rows::new(&["REVISION", "OBJECTS", "AGE", "DIGEST", "SOURCE"]);
    for RevisionView { revision, digest, object_count, source, created_at } in revisions {
        rows.push(vec![
            revision.to_string().into(),
            object_count.to_string().into(),
            human::age(*created_at, now).into(),
            short(digest).into(),
            source.as_str().into(),
        ]);
    }
    text = format!("{text}\n{}", rows.show(printer));
    let mut rows = Rows::new(&["OBJECT", "NAMESPACE", "SOURCE"]);
    for object in objects {
        rows.push(vec![
            object.id.short().into(),
            table::or_dash(object.id.namespace.as_deref()),
            table::or_dash(object.source.as_ref()),
        ]);
    }
    format!("{text}\n{}", rows.show(printer))
}

/// Tells what `apply` did to one definition, or to those of a file, and which instances it left
/// behind; `list` where the user did not name one.
pub(crate) fn applied(printer: &Printer, applied: &[AppliedView], list: bool) -> Result<()> {
    let all = applied.iter();
    match (printer.format(), applied) {
        (Format::Json | Format::Yaml, [one]) if !list => {
            printer.document(&Document::new("Definition", one))
        }
        (Format::Json | Format::Yaml, many) => {
            printer.document(&Document::new("DefinitionList", Items("definitions", many)))
        }
        (Format::Name, _) => {
            printer.answer(&all.map(|it| line(&it.definition.name)).collect::<String>())
        }
        (Format::Table | Format::Wide, _) => {
            printer.answer(&all.map(applied_text).collect::<String>())
        }
    }
}

fn applied_text(applied: &AppliedView) -> String {
    let AppliedView { definition, outcome, behind } = applied;
    let DefinitionView { name, revision, object_count, .. } = definition;
    let objects = human::count(*object_count, "object");
    let mut text = line(&match outcome {
        DefinitionOutcome::Created => {
            format!("definition {name} created: revision {revision}, {objects}")
        }
        DefinitionOutcome::Updated => {
            format!("definition {name} updated: revision {revision}, {objects}")
        }
        DefinitionOutcome::Unchanged => {
            format!("definition {name} unchanged (revision {revision})")
        }
    });
    // `definition apply` contacts no cluster: nothing that runs has changed.
    if !behind.is_empty() {
        for InstanceView { name, revision, .. } in behind {
            let stays = match revision {
                Some(revision) => format!("instance {name} stays on revision {revision}"),
                None => format!("instance {name} stays as it is"),
            };
            text.push_str(&line(&stays));
        }
        writeln!(text, "`workloadctl deploy --all --definition {name}` brings them on")
            .expect("writing to a string cannot fail");
    }
    text
}

/// Tells that a definition is gone.
pub(crate) fn deleted(printer: &Printer, names: &[String]) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => {
            printer.document(&Document::new("Deleted", Items("definitions", names)))
        }
        Format::Name => printer.answer(&names.iter().map(|name| line(name)).collect::<String>()),
        Format::Table | Format::Wide => {
            let lines = names.iter().map(|name| {
                let name = printer.stdout().paint(Tone::Strong, &one_line(name));
                format!("definition {name} deleted\n")
            });
            printer.answer(&lines.collect::<String>())
        }
    }
}

fn names(instances: &[InstanceView]) -> String {
    instances.iter().map(|instance| &*instance.name).collect::<Vec<_>>().join(", ")
}

fn short(digest: &str) -> &str {
    digest.get(..DIGEST_SHOWN).unwrap_or(digest)
}

fn line(text: &str) -> String {
    format!("{}\n", one_line(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ops::view::ObjectView,
        workload::object::{ObjectId, Origin},
    };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn web() -> DefinitionView {
        DefinitionView {
            name: "web".into(),
            revision: 2,
            digest: "0123456789abcdef".into(),
            object_count: 3,
            source: "k8s/".into(),
            instances: 1,
            created_at: at("2026-11-01T00:00:00Z"),
            updated_at: at("2026-11-24T10:00:00Z"),
        }
    }

    fn instance(name: &str) -> InstanceView {
        InstanceView { name: name.into(), revision: Some(1), ..InstanceView::default() }
    }

    #[test]
    fn a_table_and_a_sheet() {
        let printer = Printer::plain(Format::Wide);
        let now = at("2026-11-24T12:00:00Z");
        assert_eq!(
            list_table(&printer, &[web()], now),
            "NAME  REVISION  OBJECTS  INSTANCES  AGE  DIGEST        CREATED  SOURCE\n\
             web   2         3        1          2 h  0123456789ab  23 d     k8s/\n"
        );
        let object = ObjectView {
            source: Some(Origin::line("k8s/web.yaml", 3)),
            ..ObjectView::new(ObjectId::new("", "Service", None, "web"), "v1")
        };
        let revision = RevisionView {
            revision: 2,
            digest: "0123456789abcdef".into(),
            object_count: 3,
            source: "k8s/".into(),
            created_at: at("2026-11-24T10:00:00Z"),
        };
        let sheet = DefinitionSheet {
            definition: web(),
            revisions: vec![revision],
            objects: vec![object],
            used_by: vec![instance("web-1"), instance("web-2")],
        };
        assert_eq!(
            sheet_text(&printer, &sheet, now),
            "name       web\n\
             revision   2\n\
             digest     0123456789ab\n\
             source     k8s/\n\
             instances  web-1, web-2\n\
             \n\
             REVISION  OBJECTS  AGE  DIGEST        SOURCE\n\
             2         3        2 h  0123456789ab  k8s/\n\
             \n\
             OBJECT       NAMESPACE  SOURCE\n\
             Service/web  -          k8s/web.yaml:3\n"
        );
    }

    #[test]
    fn apply_says_who_stays_behind() {
        let applied = |outcome, behind: &[&str]| AppliedView {
            definition: web(),
            outcome,
            behind: behind.iter().map(|name| instance(name)).collect(),
        };
        assert_eq!(
            applied_text(&applied(DefinitionOutcome::Created, &[])),
            "definition web created: revision 2, 3 objects\n"
        );
        assert_eq!(
            applied_text(&applied(DefinitionOutcome::Unchanged, &[])),
            "definition web unchanged (revision 2)\n"
        );
        assert_eq!(
            applied_text(&applied(DefinitionOutcome::Updated, &["web-1"])),
            "definition web updated: revision 2, 3 objects\n\
             instance web-1 stays on revision 1\n\
             `workloadctl deploy --all --definition web` brings them on\n"
        );
    }
}
