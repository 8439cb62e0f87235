//! One fault in the meaning of an object, in the API server's words and with its path.

use serde_json::Value;

/// One semantic fault of an object, as it is listed in a 422.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldError {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) field: String,
}

impl FieldError {
    pub(crate) fn required(field: &str, detail: &str) -> Self {
        let message = if detail.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {detail}")
        };
        Self { reason: "FieldValueRequired", message, field: field.to_owned() }
    }

    pub(crate) fn invalid(field: &str, value: &Value, detail: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {detail}"),
            field: field.to_owned(),
        }
    }

    pub(crate) fn forbidden(field: &str, detail: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            message: format!("Forbidden: {detail}"),
            field: field.to_owned(),
        }
    }

    pub(crate) fn not_supported(field: &str, value: &Value, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| format!("\"{value}\"")).collect();
        Self {
            reason: "FieldValueNotSupported",
            message: format!(
                "Unsupported value: {value}: supported values: {}",
                supported.join(", ")
            ),
            field: field.to_owned(),
        }
    }

    pub(crate) fn duplicate(field: &str, value: &Value) -> Self {
        Self {
            reason: "FieldValueDuplicate",
            message: format!("Duplicate value: {value}"),
            field: field.to_owned(),
        }
    }

    pub(crate) fn too_many(field: &str, count: usize, limit: usize) -> Self {
        Self {
            reason: "FieldValueTooMany",
            message: format!(
                "Too many: {count}: must have at most {limit} item{}",
                if limit == 1 { "" } else { "s" }
            ),
            field: field.to_owned(),
        }
    }

    pub(crate) fn too_long(field: &str, limit: usize) -> Self {
        Self {
            reason: "FieldValueTooLong",
            message: format!(
                "Too long: may not be more than {limit} byte{}",
                if limit == 1 { "" } else { "s" }
            ),
            field: field.to_owned(),
        }
    }
}
