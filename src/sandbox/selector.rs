//! Label and field selectors: which objects a list, a watch or a controller means.

use serde_json::Value;

use super::{
    label_expression,
    status::{StatusError, StatusResult},
};
use crate::schema::label_selector::LabelSelector;

/// A parsed selector of labels and fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Selector {
    labels: LabelSelector,
    /// Path, value, and whether they are to be equal.
    fields: Vec<(String, String, bool)>,
}

impl Selector {
    /// Parses the two query parameters.
    pub(super) fn parse(labels: &str, fields: &str) -> StatusResult<Self> {
        let labels = label_expression::parse(labels).map_err(StatusError::bad_request)?;
        let labels = LabelSelector(labels);
        let mut selected = Vec::new();
        for text in fields.split(',').filter(|text| !text.trim().is_empty()) {
            let (path, value, equal) = if let Some((path, value)) = text.split_once("!=") {
                (path, value, false)
            } else if let Some((path, value)) =
                text.split_once("==").or_else(|| text.split_once('='))
            {
                (path, value, true)
            } else {
                return Err(StatusError::bad_request(format!(
                    "invalid selector: '{fields}'; can't understand '{text}'"
                )));
            };
            selected.push((path.trim().to_owned(), value.trim().to_owned(), equal));
        }
        Ok(Self { labels, fields: selected })
    }

    /// Reads a `LabelSelector` object; none given selects nothing.
    pub(super) fn of(selector: &Value) -> Option<Self> {
        LabelSelector::of(selector).map(|labels| Self { labels, fields: Vec::new() })
    }

    /// Tells whether everything is selected.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Tells whether the fields beyond metadata are looked at.
    pub(super) fn needs_body(&self) -> bool {
        self.fields.iter().any(|(path, ..)| !path.starts_with("metadata."))
    }

    /// Refuses fields that cannot be selected by.
    pub(super) fn check_fields(&self, kind: &str, custom: &[String]) -> StatusResult<()> {
        for (path, ..) in &self.fields {
            let known = matches!(path.as_str(), "metadata.name" | "metadata.namespace")
                || custom.contains(path)
                || match kind {
                    "Pod" => matches!(
                        path.as_str(),
                        "spec.nodeName"
                            | "spec.restartPolicy"
                            | "spec.schedulerName"
                            | "spec.serviceAccountName"
                            | "spec.hostNetwork"
                            | "status.phase"
                            | "status.podIP"
                            | "status.nominatedNodeName"
                    ),
                    "Event" => {
                        path.starts_with("involvedObject.")
                            || matches!(
                                path.as_str(),
                                "reason" | "type" | "source" | "reportingComponent"
                            )
                    }
                    // `AddFieldLabelConversionFunc` of each group; a kind that is not here has name
                    // and namespace.
                    "Secret" => path == "type",
                    "Namespace" => path == "status.phase",
                    "Node" => path == "spec.unschedulable",
                    "ReplicaSet" => path == "status.replicas",
                    "Job" => path == "status.successful",
                    "Service" => matches!(path.as_str(), "spec.clusterIP" | "spec.type"),
                    _ => false,
                };
            if !known {
                return Err(StatusError::bad_request(format!(
                    "\"{path}\" is not a known field selector: only \"metadata.name\", \
                     \"metadata.namespace\""
                )));
            }
        }
        Ok(())
    }

    /// Tells whether an object is selected.
    pub(super) fn matches(&self, object: &Value) -> bool {
        self.matches_labels(&object["metadata"]["labels"])
            && self.fields.iter().all(|(path, value, equal)| {
                let found = path.split('.').fold(object, |value, step| &value[step]);
                (text(found) == *value) == *equal
            })
    }

    /// Tells whether labels are selected.
    pub(super) fn matches_labels(&self, labels: &Value) -> bool {
        self.labels.matches(labels)
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn label_selectors_match_as_the_server_does() {
        let object = json!({"metadata": {"name": "a", "labels": {"app": "web", "tier": ""}}});
        let cases = [
            ("app=web", true),
            ("app==web", true),
            ("app!=web", false),
            ("app", true),
            ("!app", false),
            ("tier=", true),
            ("app in (api, web)", true),
            ("app notin (web),tier", false),
            ("app=web,nope", false),
            ("nope!=x", true),
            ("nope notin (x)", true),
            ("", true),
        ];
        for (labels, expected) in cases {
            let selector = Selector::parse(labels, "").unwrap();
            assert_eq!(selector.matches(&object), expected, "{labels}");
        }
        assert!(Selector::parse("a b", "").is_err());
        assert!(Selector::parse("", "metadata.name=a").unwrap().matches(&object));
        assert!(!Selector::parse("", "metadata.name!=a").unwrap().matches(&object));
    }
}
