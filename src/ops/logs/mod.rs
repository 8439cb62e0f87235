//! Logs of all containers of an instance, side by side: which containers there are (`owned`), one
//! task for each of their logs (`container`), and the command that shows them (`show`).

mod container;
mod follower;
mod owned;
mod show;

use std::time::Duration;

use regex::Regex;

pub(crate) use follower::Follower;
pub(crate) use show::{find, show};

/// What is to be seen of which logs.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogOptions {
    /// Whether to go on with what is written, and with pods that come.
    pub follow: bool,
    /// Only lines that are no older.
    pub since: Option<Duration>,
    /// Only so many of the last lines of each container.
    pub tail: Option<u64>,
    /// Whether the logs of the runs before the present ones are meant.
    pub previous: bool,
    /// Only lines in which this is found.
    pub grep: Option<Regex>,
    /// An object of the instance, a pod, a container, or `POD/CONTAINER`.
    pub target: Option<String>,
}
