//! Writing objects the way they were read: as documents of YAML, or as one List of JSON. They are
//! taken one by one, so that none has to be kept.

use serde_json::Value;

use crate::workload::yaml;

/// Objects as YAML documents, separated by `---`.
#[derive(Debug, Default)]
pub(crate) struct YamlDocuments(String);

impl YamlDocuments {
    /// Adds an object.
    pub(crate) fn add(&mut self, object: &Value) {
        if !self.0.is_empty() {
            self.0.push_str("---\n");
        }
        yaml::emit_into(&mut self.0, object);
    }

    /// Gives the text.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Objects as one `kind: List`, as indented JSON.
#[derive(Debug, Default)]
pub(crate) struct JsonList(String);

impl JsonList {
    /// Adds an object.
    pub(crate) fn add(&mut self, object: &Value) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        for line in format!("{object:#}").lines() {
            self.0.push_str("\n    ");
            self.0.push_str(line);
        }
    }

    /// Gives the text, which ends with a line feed.
    pub(crate) fn finish(self) -> String {
        let end = if self.0.is_empty() { "" } else { "\n  " };
        let Self(items) = self;
        format!(
            "{{\n  \"apiVersion\": \"v1\",\n  \"items\": [{items}{end}],\n  \"kind\": \"List\"\n}}\n"
        )
    }
}
