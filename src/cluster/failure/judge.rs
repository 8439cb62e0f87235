//! Who rejected a request on the server's behalf: an admission webhook or an admission policy.
//!
//! The server gives a webhook's own code, whatever it is, and a policy's 422 like any fault of the
//! body: only the words tell, which are the same from 1.30 to 1.36.

use std::fmt;

use super::Failure;

/// An admission webhook or policy that kept a request from being accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judge {
    /// It could not be called.
    Unreachable(String),
    /// It said no.
    Webhook(String),
    Policy(String),
}

impl fmt::Display for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(name) => write!(f, "webhook {name} cannot be called"),
            Self::Webhook(name) => write!(f, "webhook {name} denies it"),
            Self::Policy(name) => write!(f, "policy {name} denies it"),
        }
    }
}

impl Failure {
    /// Gives the webhook or policy that the server names as the one that rejected the request.
    pub(crate) fn judge(&self) -> Option<Judge> {
        let Self::Status(status) = self else { return None };
        let message = &*status.message;
        let quoted = |before: &str, quote: char| {
            let (_, rest) = message.split_once(before)?;
            Some(rest.split_once(quote)?.0.to_owned())
        };
        if message.contains(" denied the request") {
            return quoted("admission webhook \"", '"').map(Judge::Webhook);
        }
        // `denied request: failed expression: …`, or an expression that ended in an error.
        let policies = ["ValidatingAdmissionPolicy '", "MutatingAdmissionPolicy '"];
        let policy = || policies.into_iter().find_map(|before| quoted(before, '\''));
        quoted("failed calling webhook \"", '"')
            .map(Judge::Unreachable)
            .or_else(|| policy().map(Judge::Policy))
    }
}
