//! Label selectors: which labels an object must have to be meant.

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
    /// The label is a number above this one.
    Above(String, i64),
    Below(String, i64),
}

/// What all has to hold of labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LabelSelector(pub Vec<Requirement>);

impl LabelSelector {
    /// Reads a `LabelSelector` object; none given selects nothing.
    pub(crate) fn of(selector: &Value) -> Option<Self> {
        // `metav1.LabelSelectorAsSelector`: null selects nothing, an empty object all.
        let fields = selector.as_object()?;
        let mut labels = Vec::new();
        for (key, value) in
            fields.get("matchLabels").and_then(Value::as_object).into_iter().flatten()
        {
            labels.push(Requirement::In(key.clone(), vec![text(value)]));
        }
        let expressions = fields.get("matchExpressions").and_then(Value::as_array);
        for expression in expressions.into_iter().flatten() {
            let key = text(&expression["key"]);
            let values = || {
                expression["values"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>()
            };
            labels.push(match expression["operator"].as_str()? {
                "In" => Requirement::In(key, values()),
                "NotIn" => Requirement::NotIn(key, values()),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::Absent(key),
                _ => return None,
            });
        }
        Some(Self(labels))
    }

    /// Tells whether everything is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether labels are selected.
    pub(crate) fn matches(&self, labels: &Value) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                labels.get(key).is_some_and(|value| values.contains(&text(value)))
            }
            Requirement::NotIn(key, values) => {
                // An absent label is not in any set, as apimachinery's `labels.Requirement` has it.
                labels.get(key).is_none_or(|value| !values.contains(&text(value)))
            }
            Requirement::Exists(key) => labels.get(key).is_some(),
            Requirement::Absent(key) => labels.get(key).is_none(),
            Requirement::Above(key, bound) => number(&labels[key]).is_some_and(|it| it > *bound),
            Requirement::Below(key, bound) => number(&labels[key]).is_some_and(|it| it < *bound),
        })
    }
}

fn number(label: &Value) -> Option<i64> {
    label.as_str()?.parse().ok()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
