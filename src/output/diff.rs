//! Differences of two sides as an answer.

use super::{
    difference::{DiffStyle, show},
    document::Document,
    format::Format,
    printer::Printer,
    sanitize::one_line,
    stream::{Stream, Tone},
};
use crate::{
    ops::view::{DiffView, DifferingView},
    workload::{error::Result, object::ObjectId, set_difference::Fate},
};

/// Tells what differs between two sides.
///
/// # Errors
/// Code 1 when stdout cannot be written.
pub(crate) fn tell(printer: &Printer, diff: &DiffView, style: DiffStyle) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("Diff", diff)),
        Format::Name => {
            let names = diff.objects.iter().map(|it| format!("{}\n", one_line(&title(&it.id))));
            printer.answer(&names.collect::<String>())
        }
        Format::Table | Format::Wide => printer.answer(&text(diff, style, printer.stdout())),
    }
}

fn text(diff: &DiffView, style: DiffStyle, stream: Stream) -> String {
    let (from, to) = (diff.from.told(), diff.to.told());
    let (from, to) = (one_line(&from), one_line(&to));
    if diff.objects.is_empty() {
        return format!("no difference between {from} and {to}\n");
    }
    let mut text = stream.paint(Tone::Bad, &format!("--- {from}"));
    text.push('\n');
    text.push_str(&stream.paint(Tone::Good, &format!("+++ {to}")));
    text.push('\n');
    for object in &diff.objects {
        text.push_str(&object_text(object, style, stream));
    }
    text
}

fn object_text(object: &DifferingView, style: DiffStyle, stream: Stream) -> String {
    let title = title(&object.id);
    let tone = match object.fate {
        Fate::Added => Tone::Good,
        Fate::Removed => Tone::Bad,
        // What differs in it may not be known: the server was not asked.
        Fate::Changed if style == DiffStyle::None || object.difference.is_empty() => Tone::Warn,
        Fate::Changed => return show(&title, &object.difference, style, stream),
    };
    let line = format!("{} {}", object.fate.word(), one_line(&title));
    format!("{}\n", stream.paint(tone, &line))
}

/// Names an object, with its namespace where the sources say one.
pub(super) fn title(id: &ObjectId) -> String {
    match &id.namespace {
        Some(namespace) => format!("{namespace}/{}", id.short()),
        None => id.short(),
    }
}
