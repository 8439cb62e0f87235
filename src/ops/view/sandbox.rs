//! What is told of the sandbox.

use serde::Serialize;

/// An object whose next pods fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FailingView {
    pub namespace: String,
    /// `Deployment/web`.
    pub object: String,
    /// The word of the failure.
    pub failure: String,
}
