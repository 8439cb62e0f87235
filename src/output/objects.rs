//! Objects as answers: YAML documents, one JSON List, or their names; and what is said of an
//! object beside its reason.

use serde_json::Value;

use super::{format::Format, printer::Printer, sanitize};
use crate::{
    ops::view::ObjectView,
    workload::{
        error::Result,
        manifest::{JsonList, YamlDocuments},
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

/// Objects as an answer, in the form that kubectl reads. They are taken one by one, so that none
/// has to be kept.
#[derive(Debug)]
pub(crate) enum ObjectsAnswer {
    Yaml(YamlDocuments),
    Json(JsonList),
    Name(String),
}

impl ObjectsAnswer {
    /// Begins an answer without objects.
    pub(crate) fn new(format: Option<Format>) -> Self {
        match format.unwrap_or(Format::Yaml) {
            Format::Json => Self::Json(JsonList::default()),
            Format::Name => Self::Name(String::new()),
            Format::Yaml | Format::Table | Format::Wide => Self::Yaml(YamlDocuments::default()),
        }
    }

    /// Adds an object.
    pub(crate) fn add(&mut self, object: &Value) {
        match self {
            Self::Yaml(documents) => documents.add(object),
            Self::Json(list) => list.add(object),
            Self::Name(names) => {
                names.push_str(&sanitize::one_line(&ObjectId::of(object).to_string()));
                names.push('\n');
            }
        }
    }

    /// Tells the objects.
    pub(crate) fn print(self, printer: &Printer) -> Result<()> {
        printer.answer(&self.text())
    }

    fn text(self) -> String {
        match self {
            Self::Yaml(documents) => documents.finish(),
            Self::Json(list) => sanitize::json(list.finish()),
            Self::Name(names) => names,
        }
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
        let text = |format| {
            let mut answer = ObjectsAnswer::new(Some(format));
            objects.iter().for_each(|object| answer.add(object));
            answer.text()
        };
        assert_eq!(text(Format::Name), "ConfigMap/a\nSecret/b\n");
        for format in [Format::Yaml, Format::Json] {
            let text = text(format);
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
            assert!(text.contains("\\u202e"), "{text}");
        }
    }
}
