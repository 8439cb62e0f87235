//! What is told while ports are forwarded.

use crate::workload::error::Error;

/// What is told while ports are forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ForwardEvent {
    /// A port leads there from now on.
    Forwarding {
        service: String,
        port: u16,
        /// `http://127.0.0.1:43211`, or without a scheme.
        address: String,
    },
    /// All of them do.
    Begun,
    /// A connection could not be carried.
    Failed(Error),
}
