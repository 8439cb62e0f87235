//! Answers for programs: exactly one document on stdout, on failure too.
//!
//! Every document says what it is (`apiVersion`, `kind`); fields are added, never removed.

use serde::Serialize;

use super::{format::Format, printer::Printer, sanitize};
use crate::workload::{
    error::{Error, ErrorView, Result},
    yaml,
};

const API_VERSION: &str = "workloadctl/v1alpha1";

/// A document: its kind, its content, and what went wrong.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a, T> {
    api_version: &'static str,
    kind: &'a str,
    #[serde(flatten)]
    content: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorView<'a>>,
}

impl<'a, T: Serialize> Document<'a, T> {
    /// Makes a document of a kind with its content, a structure or a map.
    pub(crate) fn new(kind: &'a str, content: T) -> Self {
        Self { api_version: API_VERSION, kind, content, error: None, errors: Vec::new() }
    }

    /// Adds what went wrong: the first error as `error`, all of several as `errors`.
    #[must_use]
    pub(crate) fn failing(mut self, errors: &'a [Error]) -> Self {
        self.error = errors.first().map(ErrorView::from);
        if errors.len() > 1 {
            self.errors = errors.iter().map(ErrorView::from).collect();
        }
        self
    }
}

/// A document without content, such as one that only says what went wrong.
#[derive(Debug, Serialize)]
pub(crate) struct Empty {}

/// The documents of a list, under the name of what they are.
#[derive(Debug)]
pub(crate) struct Items<'a, T>(pub &'static str, pub &'a [T]);

impl<T: Serialize> Serialize for Items<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, self.1)])
    }
}

impl Printer {
    /// Writes a document in the form that `-o` asks for: YAML, or else JSON.
    ///
    /// # Errors
    /// Code 1 when stdout cannot be written (see [`Printer::answer`]).
    pub(crate) fn document(&self, document: &impl Serialize) -> Result<()> {
        self.answer(&text(self.format(), document))
    }

    /// Tells what went wrong: as text on stderr, and as a document where one is wanted.
    pub(crate) fn failure(&self, errors: &[Error]) {
        self.errors(errors);
        self.failure_document(errors);
    }

    /// Writes the document of a failure before anything else was known, where one is wanted.
    pub(super) fn failure_document(&self, errors: &[Error]) {
        if self.format().is_document() {
            // A failure to tell of a failure has nowhere to go.
            let _ = self.document(&Document::new("Error", Empty {}).failing(errors));
        }
    }
}

/// Gives the text of a document, with a line end after it.
pub(crate) fn text(format: Format, document: &impl Serialize) -> String {
    match format {
        Format::Yaml => {
            yaml::emit(&serde_json::to_value(document).expect("documents have string keys"))
        }
        Format::Table | Format::Wide | Format::Json | Format::Name => {
            let json = serde_json::to_string_pretty(document);
            sanitize::json(json.expect("documents have string keys") + "\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::error::Code;

    #[test]
    fn a_document_says_what_it_is_and_what_went_wrong() {
        let errors =
            [Error::usage(Code::InvalidFlag, "one").hint("h"), Error::failed(Code::Failed, "two")];
        let document = Document::new("ThingList", Items("things", &["x"])).failing(&errors);
        let json: serde_json::Value = serde_json::from_str(&text(Format::Json, &document)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "apiVersion": "workloadctl/v1alpha1",
                "kind": "ThingList",
                "things": ["x"],
                "error": {"code": "invalid-flag", "exitCode": 2, "message": "one", "hint": "h"},
                "errors": [
                    {"code": "invalid-flag", "exitCode": 2, "message": "one", "hint": "h"},
                    {"code": "failed", "exitCode": 1, "message": "two"},
                ],
            })
        );
    }

    #[test]
    fn an_answer_without_errors_has_no_error() {
        let document = Document::new("Thing", Empty {});
        assert_eq!(
            text(Format::Json, &document),
            "{\n  \"apiVersion\": \"workloadctl/v1alpha1\",\n  \"kind\": \"Thing\"\n}\n"
        );
    }
}
