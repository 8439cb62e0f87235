//! Label and field selectors: which objects a list, a watch or a controller means.

use serde_json::Value;

use super::status::{StatusError, StatusResult};
use crate::schema::label_selector::{LabelSelector, Requirement};

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
        let labels = split(labels)
            .into_iter()
            .map(|text| requirement(&text).map_err(StatusError::bad_request))
            .collect::<Result<_, _>>()
            .map(LabelSelector)?;
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

/// Cuts at commas outside of parentheses.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is always one part").push(c);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn requirement(text: &str) -> Result<Requirement, String> {
    if let Some((key, rest)) = text.split_once('(') {
        let values = rest.trim_end_matches(')').split(',').map(|v| v.trim().to_owned()).collect();
        let mut words = key.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => Ok(Requirement::In(key.into(), values)),
            (Some(key), Some("notin"), None) => Ok(Requirement::NotIn(key.into(), values)),
            (_, operator, _) => Err(format!(
                "unable to parse requirement: found '{}', expected: in, notin, =, ==, !=, gt, lt",
                operator.unwrap_or_default()
            )),
        };
    }
    let owned = |text: &str| text.trim().to_owned();
    if let Some((key, value)) = text.split_once("!=") {
        return Ok(Requirement::NotIn(owned(key), vec![owned(value)]));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Requirement::In(owned(key), vec![owned(value)]));
    }
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (Some(key), None) => Ok(match key.strip_prefix('!') {
            Some(key) => Requirement::Absent(key.to_owned()),
            None => Requirement::Exists(key.to_owned()),
        }),
        (_, found) => Err(format!(
            "unable to parse requirement: found '{}', expected: in, notin, =, ==, !=, gt, lt",
            found.unwrap_or_default()
        )),
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
