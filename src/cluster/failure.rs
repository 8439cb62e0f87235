//! Requests that failed, classified once: what the server answered, or that it did not.

mod ground;
mod judge;
mod words;

pub(crate) use ground::Ground;

use serde::Deserialize;

use super::{absence::Absence, explain::NOT_AN_API_SERVER};
use crate::workload::{
    error::{Code, Error, Result},
    object::{GroupKind, ObjectId, Origin},
};

/// The answer of an API server to a request that failed: Kubernetes' `metav1.Status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ApiStatus {
    /// `Status`, where it is one.
    #[serde(deserialize_with = "text_or_null")]
    pub kind: String,
    pub code: u16,
    /// A word, such as `Conflict`.
    #[serde(deserialize_with = "text_or_null")]
    pub reason: String,
    #[serde(deserialize_with = "text_or_null")]
    pub message: String,
    pub details: Option<StatusDetails>,
    /// The proof that what was asked for is not there.
    #[serde(skip)]
    pub absence: Option<Absence>,
}

/// The details of a [`ApiStatus`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusDetails {
    pub causes: Vec<StatusCause>,
    /// How many seconds to wait before the next try.
    pub retry_after_seconds: Option<u64>,
}

/// One cause of a rejection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatusCause {
    /// A word, such as `FieldManagerConflict`.
    #[serde(deserialize_with = "text_or_null")]
    pub reason: String,
    #[serde(deserialize_with = "text_or_null")]
    pub message: String,
    /// The path of the field.
    #[serde(deserialize_with = "text_or_null")]
    pub field: String,
}

fn text_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The server answered with a failure.
    Status(Box<ApiStatus>),
    /// There was no answer; whether the request had an effect is unknown.
    NoAnswer(Box<Error>),
}

impl Failure {
    /// Gives the HTTP status code, 0 where there was no answer.
    pub fn code(&self) -> u16 {
        match self {
            Self::Status(status) => status.code,
            Self::NoAnswer(_) => 0,
        }
    }

    /// Tells whether the object (or the kind) is proven not to be there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        // Not by the code: a filter on the way answers 404 to everything.
        matches!(self, Self::Status(status) if status.absence.is_some())
    }

    /// Tells whether the account may not do this (a terminating namespace is none of that).
    pub(crate) fn is_forbidden(&self) -> bool {
        // Nobody lacks a right where a namespace is going or a claim cannot grow: both are 403.
        // A webhook may say no with any code, most do with 403.
        self.is_status(403)
            && !self.has_cause("NamespaceTerminating")
            && !self.is_about_more_than_rights()
    }

    /// Tells whether a precondition failed or a field is held by another manager.
    pub(crate) fn is_conflict(&self) -> bool {
        self.is_status(409)
    }

    /// Tells whether the API server itself answered with this code: only a `Status` is its own. A
    /// filter on the way forbids everything, and says nothing about rights.
    pub(crate) fn is_status(&self, code: u16) -> bool {
        matches!(self, Self::Status(status) if status.code == code && status.kind == "Status")
    }

    /// Tells whether the API server rejected the request; that something is not there it has to
    /// prove.
    fn is_rejection(&self) -> bool {
        self.code() != 404 && self.is_status(self.code())
    }

    pub(crate) fn has_cause(&self, reason: &str) -> bool {
        self.causes().iter().any(|cause| cause.reason == reason)
    }

    /// Gives the causes that the server named.
    pub fn causes(&self) -> &[StatusCause] {
        match self {
            Self::Status(status) => {
                status.details.as_ref().map(|details| &*details.causes).unwrap_or_default()
            }
            Self::NoAnswer(_) => &[],
        }
    }

    /// Gives the server's message, or the reason why there was no answer.
    pub fn message(&self) -> String {
        match self {
            Self::Status(status) => status.message.clone(),
            Self::NoAnswer(error) => error.to_string(),
        }
    }

    /// Tells whether the server rejected a change of a field that cannot be changed.
    pub fn is_immutable(&self) -> bool {
        // Immutability has no reason and no cause of its own: each kind words it in its own way.
        let says = |text: &str| {
            [
                // Job templates, selectors, Secrets and ConfigMaps that say so.
                "immutable",
                // A Service's clusterIP.
                "may not change once set",
                // A PriorityClass's value.
                "may not be changed in an update",
                "pod updates may not change",
                "cannot change roleRef",
            ]
            .iter()
            .any(|known| text.contains(known))
                // StatefulSets (which name what may change) and StorageClasses.
                || (text.contains("updates to ") && text.contains("forbidden"))
        };
        match self.code() {
            422 => says(&self.message()) || self.causes().iter().any(|cause| says(&cause.message)),
            // A claim that cannot grow is told as if a right were missing.
            403 => self.message().contains("pvc can be resized"),
            _ => false,
        }
    }

    /// Lists the fields that the server does not allow beside the others.
    pub(crate) fn forbidden_fields(&self) -> Vec<&str> {
        let causes = self.causes().iter().filter(|cause| cause.reason == "FieldValueForbidden");
        causes.filter(|_| self.code() == 422).map(|cause| &*cause.field).collect()
    }

    /// Tells whether the server could not read the body: it will not the next time either.
    pub(crate) fn is_about_the_body(&self) -> bool {
        // These are 500 without reason and causes: only the words tell (docs/design.md, wrong
        // bodies).
        let message = self.message();
        [
            "failed to create typed",
            "failed to convert new object",
            "duplicate entries for key",
            ".managedFields",
        ]
        .iter()
        .any(|known| message.contains(known))
    }

    /// Tells whether the server's schema of a custom resource rejected the body: a field that it
    /// does not declare is 500 without a reason, a value that it does not allow is 422.
    pub(crate) fn is_about_the_schema(&self) -> bool {
        let message = self.message();
        self.judge().is_none()
            && (message.contains("field not declared in schema")
                || message.contains("unknown field")
                || (self.code() == 422 && !self.is_immutable()))
    }

    /// Tells whether a pod's account is not there: the one called `default` comes a moment after its
    /// namespace, others an operator may make.
    pub(crate) fn is_about_a_missing_account(&self) -> bool {
        let message = self.message();
        self.code() == 403
            && message.contains("serviceaccount \"")
            && message.contains("\" not found")
    }

    /// Tells whether an admission webhook could not be called: its backend may come up yet.
    pub(crate) fn is_webhook_down(&self) -> bool {
        let message = self.message();
        self.code() >= 400
            && (message.contains("failed calling webhook")
                || message.contains("conversion webhook for"))
    }

    /// Gives the failure of the server as a whole, whatever it was asked: it does not accept who
    /// asks, has too much to do, or is not there.
    pub(crate) fn of_the_server(&self) -> Option<Error> {
        let Self::Status(status) = self else { return None };
        if self.judge().is_some() {
            return None;
        }
        let message = status.message.clone();
        Some(match status.code {
            // hyper follows no redirect; a proxy that wants a login sends one.
            300..=399 => {
                let what = format!("the server sends us elsewhere ({})", status.code);
                Error::runtime(Code::NotAnApiServer, what).cause(message).hint(NOT_AN_API_SERVER)
            }
            401 => Error::runtime(Code::Unauthorized, "the login has expired or is not accepted")
                .hint("log in to the cluster again, then repeat the command"),
            429 => Error::runtime(
                Code::TooManyRequests,
                "the server has too many requests to answer (429)",
            )
            .cause(message),
            // An API server says it in a Status, or does not serve the kind.
            code @ 400..=499 if status.absence.is_none() && !self.is_rejection() => {
                let what = format!("somebody on the way answers in the server's place ({code})");
                Error::runtime(Code::NotAnApiServer, what).cause(message).hint(NOT_AN_API_SERVER)
            }
            502..=504 => {
                let what = format!("the server is not available ({})", status.code);
                Error::runtime(Code::Unavailable, what).cause(message)
            }
            500 if !self.is_about_the_body() && !self.is_webhook_down() => {
                Error::failed(Code::ServerError, "the server failed (500)").causes(status.reasons())
            }
            _ => return None,
        })
    }

    /// Turns a failure into what the user is told: what was done, to which object, and why it
    /// did not work. `verb` is the request's (`get`, `patch`), `what` a sentence's beginning
    /// such as `cannot apply`.
    pub(crate) fn explain(
        &self,
        verb: &str,
        what: &str,
        id: &ObjectId,
        origin: Option<&Origin>,
    ) -> Error {
        let place = origin.map(|origin| format!(" ({origin})")).unwrap_or_default();
        let error = self.told(verb, format!("{what} {id}{place}"), id).object(id);
        match origin {
            Some(origin) => error.at(origin),
            None => error,
        }
    }

    /// Does the same for a list of one kind: it is about no single object.
    pub(crate) fn explain_list(
        &self,
        doing: impl Into<String>,
        kind: &GroupKind,
        namespace: Option<&str>,
    ) -> Error {
        self.told("list", doing.into(), &ObjectId::new(&kind.group, &kind.kind, namespace, ""))
    }

    /// Tells what was being done, and why it failed.
    fn told(&self, verb: &str, doing: String, id: &ObjectId) -> Error {
        match (self.of_the_server(), self) {
            (Some(error), _) => error.while_doing(doing),
            (None, Self::NoAnswer(error)) => (**error).clone().while_doing(doing),
            (None, Self::Status(status)) if let Some(judge) = self.judge() => {
                Error::failed(Code::DeniedByAdmission, format!("{doing}: {judge}"))
                    .cause(status.message.clone())
            }
            (None, Self::Status(status)) => match status.code {
                // By the cause: the reason is Forbidden, as where a right is missing.
                403 if self.has_cause("NamespaceTerminating") => Error::refused(
                    Code::NamespaceTerminating,
                    format!(
                        "{doing}: namespace {} is being deleted",
                        id.namespace.as_deref().unwrap_or(&id.name)
                    ),
                )
                .hint("wait until it is gone, then repeat the command"),
                403 if !self.is_about_more_than_rights() => {
                    let scope = id
                        .namespace
                        .as_ref()
                        .map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
                    Error::failed(
                        Code::Forbidden,
                        format!("{doing}: forbidden: {verb} {}{scope}", id.group_kind()),
                    )
                    .cause(status.message.clone())
                }
                404 => Error::failed(Code::NotFound, format!("{doing}: not found"))
                    .cause(status.message.clone()),
                _ => Error::failed(Code::Rejected, format!("{doing}: rejected"))
                    .causes(status.reasons()),
            },
        }
    }
}

#[cfg(test)]
mod tests;
