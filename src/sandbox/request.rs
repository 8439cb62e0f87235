//! A request as the handlers see it, and what they answer.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;

use super::status::{StatusError, StatusResult};
use crate::schema::protobuf;

/// A request whose body is read.
#[derive(Debug, Clone, Default)]
pub(super) struct ApiRequest {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: HashMap<String, String>,
    pub(super) accept: String,
    pub(super) content_type: String,
    pub(super) user_agent: String,
    pub(super) body: Bytes,
}

/// What `fieldValidation` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validation {
    Strict,
    Warn,
    Ignore,
}

/// An answer that is complete.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Vec<u8>,
    pub(super) warnings: Vec<String>,
    pub(super) retry_after: Option<u64>,
}

impl Reply {
    pub(super) fn json(code: u16, body: &Value) -> Self {
        Self { code, body: body.to_string().into_bytes(), ..Self::default() }
    }

    pub(super) fn text(code: u16, body: impl Into<Vec<u8>>) -> Self {
        let content_type = Some("text/plain; charset=utf-8");
        Self { code, content_type, body: body.into(), ..Self::default() }
    }
}

impl From<StatusError> for Reply {
    fn from(failure: StatusError) -> Self {
        match failure.status {
            Some(status) => Self::json(failure.code, &status),
            None => Self::text(failure.code, failure.message + "\n"),
        }
    }
}

impl ApiRequest {
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.parameter(name), "true" | "1" | "True" | "t" | "T" | "TRUE")
    }

    /// Tells whether nothing is to be written.
    pub(super) fn dry_run(&self) -> StatusResult<bool> {
        match self.parameter("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => Err(StatusError::invalid(
                "meta.k8s.io",
                "PatchOptions",
                "",
                &[super::status::FieldError::not_supported(
                    "dryRun",
                    &serde_json::json!(other),
                    &["All"],
                )],
            )),
        }
    }

    pub(super) fn validation(&self) -> Validation {
        match self.parameter("fieldValidation") {
            "Strict" => Validation::Strict,
            "Ignore" => Validation::Ignore,
            // The server's default since 1.25.
            _ => Validation::Warn,
        }
    }

    /// Who writes: the field manager, else the first word of the user agent.
    pub(super) fn manager(&self) -> String {
        match self.parameter("fieldManager") {
            // `managerOrUserAgent`: the product's name, cut at the limit of a manager's.
            "" => {
                let agent = self.user_agent.split('/').next().unwrap_or_default();
                agent.chars().take(128).collect()
            }
            manager => manager.to_owned(),
        }
    }

    /// Tells whether only metadata is asked for.
    pub(super) fn metadata_only(&self) -> bool {
        self.accept.contains("as=PartialObjectMetadata")
    }

    /// The body as a value: JSON, or protobuf or YAML where it is not.
    pub(super) fn value(&self, kind: &str) -> StatusResult<Value> {
        // What the typed clients of client-go send for the built-in kinds.
        if self.content_type.contains("vnd.kubernetes.protobuf") {
            return protobuf::object(&self.body).map_err(|fault| {
                let message = format!(
                    "the object provided is unrecognized (must be of type {kind}): {fault}"
                );
                StatusError::bad_request(message)
            });
        }
        if let Ok(value) = serde_json::from_slice(&self.body) {
            return Ok(value);
        }
        let yaml = self.content_type.contains("yaml");
        let parsed = yaml.then(|| serde_yaml::from_slice::<Value>(&self.body).ok()).flatten();
        parsed.ok_or_else(|| {
            if yaml {
                return StatusError::bad_request("error decoding YAML: the body is not YAML");
            }
            let fault = serde_json::from_slice::<Value>(&self.body).err();
            let fault = fault.map(|fault| fault.to_string()).unwrap_or_default();
            StatusError::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): couldn't get \
                 version/kind; json parse error: {fault}"
            ))
        })
    }
}
