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

/// An object that was asked to fail.
#[derive(Debug)]
pub(crate) struct AskedToFail {
    /// `Deployment/web`.
    pub object: String,
    pub namespace: String,
    /// Whether it is there already.
    pub is_there: bool,
}
