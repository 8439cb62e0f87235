//! What goes back to the client: objects, and failures in the server's shape and words.

use serde_json::{Map, Value, json};

pub(super) use crate::schema::rules::FieldError;

/// What handlers and controllers give, or why not.
pub(super) type StatusResult<T> = Result<T, StatusError>;

/// Why a request was refused: an HTTP code and a `Status`, or plain text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StatusError {
    pub(super) code: u16,
    /// The `Status` object; none means plain text.
    pub(super) status: Option<Value>,
    pub(super) message: String,
}

impl StatusError {
    /// A `Status` failure; `details` as given, dropped if null.
    pub(super) fn status(
        code: u16,
        reason: &str,
        message: impl Into<String>,
        details: Value,
    ) -> Self {
        let message = message.into();
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "code": code,
        });
        if !reason.is_empty() {
            status["reason"] = json!(reason);
        }
        if !details.is_null() {
            status["details"] = details;
        }
        Self { code, status: Some(status), message }
    }

    pub(super) fn plain(code: u16, message: &str) -> Self {
        Self { code, status: None, message: message.to_owned() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::status(400, "BadRequest", message, Value::Null)
    }

    /// A failure that the server did not foresee: 500 without a reason.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::status(500, "", message, Value::Null)
    }

    pub(super) fn no_such_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self::status(404, "NotFound", message, json!({}))
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::status(405, "MethodNotAllowed", message, json!({}))
    }

    /// The details of a failure about one object; `kind` is the plural or the kind.
    fn about(group: &str, kind: &str, name: &str) -> Value {
        let mut details = Map::new();
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), json!(value));
            }
        }
        Value::Object(details)
    }

    fn qualified(group: &str, plural: &str) -> String {
        if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") }
    }

    pub(super) fn not_found(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", Self::qualified(group, plural));
        Self::status(404, "NotFound", message, Self::about(group, plural, name))
    }

    pub(super) fn already_exists(group: &str, plural: &str, name: &str, going: bool) -> Self {
        let going = if going { "object is being deleted: " } else { "" };
        let message =
            format!("{going}{} \"{name}\" already exists", Self::qualified(group, plural));
        Self::status(409, "AlreadyExists", message, Self::about(group, plural, name))
    }

    pub(super) fn conflict(group: &str, kind: &str, name: &str, detail: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {detail}",
            Self::qualified(group, kind)
        );
        Self::status(409, "Conflict", message, Self::about(group, kind, name))
    }

    /// The usual conflict: somebody wrote in between.
    pub(super) fn modified(group: &str, plural: &str, name: &str) -> Self {
        let detail = "the object has been modified; please apply your changes to the latest \
                      version and try again";
        Self::conflict(group, plural, name, detail)
    }

    pub(super) fn forbidden(group: &str, plural: &str, name: &str, detail: &str) -> Self {
        let message =
            format!("{} \"{name}\" is forbidden: {detail}", Self::qualified(group, plural));
        Self::status(403, "Forbidden", message, Self::about(group, plural, name))
    }

    pub(super) fn with_cause(mut self, reason: &str, message: &str, field: &str) -> Self {
        if let Some(details) = self.status.as_mut().and_then(|status| status.get_mut("details")) {
            let mut cause = json!({"reason": reason, "message": message});
            if !field.is_empty() {
                cause["field"] = json!(field);
            }
            details["causes"] = json!([cause]);
        }
        self
    }

    /// 422 with all its causes.
    pub(super) fn invalid(group: &str, kind: &str, name: &str, causes: &[FieldError]) -> Self {
        let mut seen: Vec<String> = Vec::new();
        // `ToAggregate` drops repeated messages; the list of causes keeps them.
        for cause in causes {
            let text = if cause.field.is_empty() {
                cause.message.clone()
            } else {
                format!("{}: {}", cause.field, cause.message)
            };
            if !seen.contains(&text) {
                seen.push(text);
            }
        }
        let listed = match seen.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{} \"{name}\" is invalid: {listed}", Self::qualified(group, kind));
        let mut details = Self::about(group, kind, name);
        let causes: Vec<_> = causes
            .iter()
            .map(|cause| {
                json!({"reason": cause.reason, "message": cause.message, "field": cause.field})
            })
            .collect();
        details["causes"] = json!(causes);
        Self::status(422, "Invalid", message, details)
    }

    /// 410: what a watch or a paged list goes on from is not kept any more.
    pub(super) fn expired(message: impl Into<String>) -> Self {
        Self::status(410, "Expired", message, Value::Null)
    }
}

impl From<rusqlite::Error> for StatusError {
    fn from(error: rusqlite::Error) -> Self {
        Self::status(
            500,
            "InternalError",
            format!("Internal error occurred: sandbox storage: {error}"),
            json!({"causes": [{"message": error.to_string()}]}),
        )
    }
}
