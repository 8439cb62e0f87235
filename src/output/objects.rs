//! Objects as answers: YAML documents, one JSON List, or their names; and what is said of an
//! object beside its reason.

use serde_json::Value;

use super::{format::Format, printer::Printer, sanitize};
use crate::{
    ops::view::ObjectView,
    workload::{
        error::Result,
        manifest::{render_json, render_yaml},
        object::ObjectId,
        ownership::Yielded,
    },
};

/// Adds what is left to others to the reason of an object.
pub(crate) fn with_yielded(reason: &str, object: &ObjectView) -> String {
    let yielded = object.yielded.iter().map(Yielded::told);
    let said = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    said.into_iter().chain(yielded).collect::<Vec<_>>().join("; ")
}

/// Tells objects, in the form that kubectl reads.
pub(crate) fn print(printer: &Printer, objects: &[Value]) -> Result<()> {
    printer.answer(&text(printer.chosen_format().unwrap_or(Format::Yaml), objects))
}

fn text(format: Format, objects: &[Value]) -> String {
    match format {
        Format::Json => sanitize::json(render_json(objects)),
        Format::Name => {
            let names = objects.iter().map(|object| ObjectId::of(object).to_string());
            names.map(|name| format!("{}\n", sanitize::one_line(&name))).collect()
        }
        Format::Yaml | Format::Table | Format::Wide => render_yaml(objects),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_in_every_form() {
        let objects = [
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
                   "data": {"x": "\u{1b}[31m\u{9b}\u{202e}"}}),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}}),
        ];
        assert_eq!(text(Format::Name, &objects), "ConfigMap/a\nSecret/b\n");
        for format in [Format::Yaml, Format::Json] {
            let text = text(format, &objects);
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
            assert!(text.contains("\\u202e"), "{text}");
        }
    }
}
