//! What keeps a pod from being ready: one kind, in one sentence.

use serde_json::Value;

use super::field::{name, text};

/// How long something that is missing may take to appear: a ConfigMap that a controller makes,
/// room on a node that an old pod still holds.
pub(crate) const GRACE_SECONDS: i64 = 30;

/// The kinds of trouble, from the least to the most telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TroubleKind {
    /// Nothing is wrong: it is being started.
    Starting,
    /// It restarted a moment ago and has to show that it stays up.
    Shaky,
    /// It runs, and is not ready: a probe or a readiness gate.
    Probe,
    /// No node takes it.
    Scheduling,
    /// A volume or its network cannot be set up.
    Setup,
    /// A container cannot be created or started.
    Start,
    /// A container ends again and again.
    Crash,
    /// The pod has ended, and not well.
    Ended,
    /// An image cannot be had.
    Image,
    /// A ConfigMap, Secret or key is missing, or the container's configuration is refused.
    Configuration,
}

/// The log of a container that may tell more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// It has written none.
    None,
    /// That of its present run.
    Present,
    /// That of the run before.
    Previous,
}

/// What keeps a pod from being ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub kind: TroubleKind,
    /// Whether it will not pass by itself.
    pub hopeless: bool,
    /// The reason in the field's terms.
    pub reason: String,
    /// A sentence that begins with the container, or with what the pod does.
    pub message: String,
    /// The container, where it is one container's trouble.
    pub container: Option<String>,
    /// Which log of the container may tell more.
    pub log: Log,
}

impl Trouble {
    /// Makes a trouble that may pass, of the pod as a whole.
    pub(crate) fn of_pod(kind: TroubleKind, reason: &str, message: String) -> Self {
        Self {
            kind,
            hopeless: false,
            reason: reason.to_owned(),
            message,
            container: None,
            log: Log::None,
        }
    }

    /// Says whether it is without hope.
    pub(crate) fn hopeless(self, hopeless: bool) -> Self {
        Self { hopeless, ..self }
    }

    /// Orders troubles: what will not pass comes last, then what tells most.
    pub(crate) fn weight(&self) -> (bool, TroubleKind) {
        (self.hopeless, self.kind)
    }

    /// Says it with the pod and its node.
    pub(crate) fn sentence(&self, pod: &Value) -> String {
        format!("{}: {}", place(pod), self.message)
    }
}

/// Names a pod and its node.
pub(crate) fn place(pod: &Value) -> String {
    match text(pod, "/spec/nodeName") {
        "" => format!("pod {}", name(pod)),
        node => format!("pod {} on {node}", name(pod)),
    }
}
