//! One request, what is asked for, and a successful answer.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

/// Asks for whole objects.
pub(super) const WHOLE: &str = "application/json";
/// Asks for an object's metadata alone.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// The content type of a server-side apply.
const APPLY: &str = "application/apply-patch+yaml";

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The body and its content type.
    pub body: Option<(Bytes, &'static str)>,
    pub(crate) accept: &'static str,
    /// Whether it is tried again when it fails in a way that may pass.
    pub(crate) retry: bool,
    /// Whether the answer's objects are read without [what no look needs](super::trimmed).
    pub(super) trimmed: bool,
}

impl Request {
    /// Makes a GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            accept: WHOLE,
            retry: true,
            trimmed: false,
        }
    }

    /// Makes a GET of an object that is only looked at.
    pub(crate) fn look(path: impl Into<String>) -> Self {
        Self { trimmed: true, ..Self::get(path) }
    }

    pub(crate) fn get_metadata(path: impl Into<String>) -> Self {
        Self { accept: METADATA_ONLY, ..Self::get(path) }
    }

    /// Makes a POST or another request with a JSON body.
    pub fn json(method: Method, path: impl Into<String>, body: &Value) -> Self {
        Self { method, body: Some((encode(body), "application/json")), ..Self::get(path) }
    }

    /// Makes a JSON merge patch.
    pub fn merge_patch(path: impl Into<String>, body: &Value) -> Self {
        Self {
            method: Method::PATCH,
            body: Some((encode(body), "application/merge-patch+json")),
            ..Self::get(path)
        }
    }

    /// Makes a JSON patch.
    pub fn json_patch(path: impl Into<String>, body: &Value) -> Self {
        Self {
            method: Method::PATCH,
            body: Some((encode(body), "application/json-patch+json")),
            ..Self::get(path)
        }
    }

    /// Makes a server-side apply that refuses unknown fields; the answer is metadata alone.
    pub fn apply(path: &str, body: &Value, how: &Apply<'_>) -> Self {
        let Apply { manager, force, dry_run } = how;
        let manager = encode_query(manager);
        let path = format!(
            "{path}?fieldManager={manager}&force={force}&fieldValidation=Strict{}",
            if *dry_run { "&dryRun=All" } else { "" },
        );
        Self {
            method: Method::PATCH,
            // JSON is YAML, and applies have no type of JSON.
            body: Some((encode(body), APPLY)),
            accept: METADATA_ONLY,
            ..Self::get(path)
        }
    }

    /// Asks for the whole object where the request would ask for its metadata.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.accept = WHOLE;
        self
    }

    #[must_use]
    pub(crate) fn metadata(mut self) -> Self {
        self.accept = METADATA_ONLY;
        self
    }

    /// Tells whether it may make an object: an apply or a POST, and no dry run.
    pub(crate) fn creates(&self) -> bool {
        let is_apply = self.body.as_ref().is_some_and(|(_, kind)| *kind == APPLY);
        (is_apply || self.method == Method::POST) && !self.path.contains("dryRun=")
    }

    #[must_use]
    pub(crate) fn once(mut self) -> Self {
        self.retry = false;
        self
    }
}

/// How an apply is done.
#[derive(Debug, Clone, Copy)]
pub struct Apply<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// Whether fields of other managers are taken.
    pub force: bool,
    /// Whether nothing is stored.
    pub dry_run: bool,
}

fn encode(body: &Value) -> Bytes {
    serde_json::to_vec(body).expect("JSON values have string keys").into()
}

/// Encodes a value for a query.
pub(crate) fn encode_query(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            write!(encoded, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    encoded
}

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was answered, as JSON.
    pub body: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded() {
        assert_eq!(encode_query("workloadctl:a/b"), "workloadctl%3Aa%2Fb");
    }
}
