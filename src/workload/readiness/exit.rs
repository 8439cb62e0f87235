//! How a container's run ended.

use serde_json::Value;

use super::field::{number, shorten, text};

/// A run that ended, as `state.terminated` or `lastState.terminated` has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exit<'a>(&'a Value);

impl<'a> Exit<'a> {
    /// Takes what the status says of a run that ended.
    pub(crate) fn of(terminated: &'a Value) -> Self {
        Self(terminated)
    }

    /// Gives the exit code, if a run ended at all.
    pub(crate) fn exit_code(self) -> Option<i64> {
        number(self.0, "/exitCode")
    }

    /// Tells whether it ended well.
    pub(crate) fn is_good(self) -> bool {
        self.exit_code() == Some(0)
    }

    /// Gives the reason in one word.
    pub(crate) fn reason(self) -> &'a str {
        match text(self.0, "/reason") {
            // As containerd calls every end but a good one.
            "" => "Error",
            reason => reason,
        }
    }

    /// Tells whether the program could not be executed at all.
    pub(crate) fn never_started(self) -> bool {
        never_starts(text(self.0, "/message"))
    }

    /// Says how it ended: `ended with exit code 1`, `ran out of memory (limit 64Mi) …`.
    pub(crate) fn says(self, memory_limit: &str) -> String {
        match self.reason() {
            "OOMKilled" => match memory_limit {
                "" => "ran out of memory and was killed".to_owned(),
                limit => format!("ran out of memory (limit {limit}) and was killed"),
            },
            reason @ ("StartError" | "ContainerCannotRun" | "RunContainerError") => {
                format!("cannot be started: {}", either(text(self.0, "/message"), reason))
            }
            // The kubelet's word for a container that its runtime does not know any more.
            "ContainerStatusUnknown" => "vanished from its node".to_owned(),
            "DeadlineExceeded" => "ran longer than it may".to_owned(),
            _ => match self.exit_code() {
                Some(0) => "ended (exit code 0)".to_owned(),
                Some(code) => format!("ended with exit code {code}"),
                None => "ended".to_owned(),
            },
        }
    }
}

/// Tells whether the runtime said that the program cannot be executed at all.
pub(crate) fn never_starts(message: &str) -> bool {
    // The words of runc; "no command specified" is containerd's of an image without an entrypoint.
    message.contains("executable file not found")
        || message.contains("no command specified")
        || (message.contains("exec")
            && ["no such file or directory", "permission denied", "exec format error"]
                .iter()
                .any(|words| message.contains(words)))
}

/// Gives the message or, where there is none, the reason.
pub(crate) fn either(message: &str, reason: &str) -> String {
    shorten(if message.is_empty() { reason } else { message })
}
