//! One fault in the meaning of an object, in the API server's words and with its path.

use std::fmt::Display;

use serde_json::Value;

/// One semantic fault of an object, as it is listed in a 422.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FieldError {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) field: String,
    /// What is wrong, without the reason and the value; may be empty.
    pub(crate) detail: String,
    /// The value that is refused; null where it is missing.
    pub(crate) value: Value,
    /// The only values allowed, if any.
    pub(crate) supported: Vec<String>,
}

impl FieldError {
    pub(crate) fn required(field: impl Display, detail: &str) -> Self {
        let message = if detail.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {detail}")
        };
        Self {
            reason: "FieldValueRequired",
            message,
            field: field.to_string(),
            detail: detail.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn invalid(field: impl Display, value: &Value, detail: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {detail}"),
            field: field.to_string(),
            detail: detail.to_owned(),
            value: value.clone(),
            ..Self::default()
        }
    }

    pub(crate) fn forbidden(field: impl Display, detail: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            message: format!("Forbidden: {detail}"),
            field: field.to_string(),
            detail: detail.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn not_supported(field: impl Display, value: &Value, supported: &[&str]) -> Self {
        let quoted: Vec<_> = supported.iter().map(|value| format!("\"{value}\"")).collect();
        Self {
            reason: "FieldValueNotSupported",
            message: format!("Unsupported value: {value}: supported values: {}", quoted.join(", ")),
            field: field.to_string(),
            value: value.clone(),
            supported: supported.iter().map(|&value| value.to_owned()).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn duplicate(field: impl Display, value: &Value) -> Self {
        Self {
            reason: "FieldValueDuplicate",
            message: format!("Duplicate value: {value}"),
            field: field.to_string(),
            value: value.clone(),
            ..Self::default()
        }
    }

    pub(crate) fn too_many(field: impl Display, count: usize, limit: usize) -> Self {
        let plural = if limit == 1 { "" } else { "s" };
        let detail = format!("must have at most {limit} item{plural}");
        Self {
            reason: "FieldValueTooMany",
            message: format!("Too many: {count}: {detail}"),
            field: field.to_string(),
            detail,
            ..Self::default()
        }
    }

    pub(crate) fn too_long(field: impl Display, limit: usize) -> Self {
        let plural = if limit == 1 { "" } else { "s" };
        let detail = format!("may not be more than {limit} byte{plural}");
        Self {
            reason: "FieldValueTooLong",
            message: format!("Too long: {detail}"),
            field: field.to_string(),
            detail,
            ..Self::default()
        }
    }
}
