//! The pod that keeps an object from being ready.

use serde_json::Value;

use super::trouble::Trouble;

/// A pod and what is with it.
#[derive(Debug)]
pub(crate) struct Culprit<'a> {
    pub pod: &'a Value,
    pub trouble: Trouble,
    /// Whether it is a pod of an old revision, for which a StatefulSet waits in vain.
    pub is_old: bool,
}

impl Culprit<'_> {
    pub(crate) fn sentence(&self) -> String {
        let old = if self.is_old { "the old " } else { "" };
        format!("{old}{}", self.trouble.sentence(self.pod))
    }
}
