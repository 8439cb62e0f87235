//! What comes of the logs of an instance.

/// What comes of the logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogEvent {
    /// A container wrote a line.
    Line(PodLine),
    /// A sentence about a pod or its log, such as that it has ended.
    Said(String),
    /// A log that may not or cannot be read, and why.
    Unread(String),
}

/// A line that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PodLine {
    pub pod: String,
    pub container: String,
    /// When it was written; none for the further pieces of a line that is too long.
    pub time: Option<jiff::Timestamp>,
    pub text: String,
}
