//! A mistake in an object, with its place in the sources: one of several that an error lists.

use serde::Serialize;

use crate::workload::object::Origin;

/// How many mistakes of one error are shown one by one, with their lines. JSON has them all.
pub(crate) const MISTAKES_SHOWN: usize = 100;

/// A mistake in an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mistake {
    /// The object, as `Kind/name`.
    pub object: String,
    /// The place in it, such as `spec.replicas`; empty for the object as a whole.
    pub path: String,
    /// Where that is in the sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Origin>,
    /// The flag that brought the value, in place of the sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// The key of a workload file that brought the value; the source is its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// What would be right, as a noun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was probably meant: a name or a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// The text around it; none where that may not be shown.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
    /// Whether a newer API server may see it otherwise: it knows more fields, kinds and values.
    #[serde(skip)]
    pub outdates: bool,
}

/// The line in which something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    /// Where it begins in the text, counted from 0 in characters.
    pub start: usize,
    /// How long it is in characters, at least 1.
    pub width: usize,
}

impl Mistake {
    /// Gives place, object and message in one line.
    pub fn headline(&self) -> String {
        let Self { object, source, flag, key, message, .. } = self;
        let object = key.iter().chain([object]).cloned().collect::<Vec<_>>().join(": ");
        match (flag, source) {
            (Some(flag), _) => format!("{flag}: {object}: {message}"),
            (None, Some(source)) => format!("{source}: {object}: {message}"),
            (None, None) => format!("{object}: {message}"),
        }
    }

    /// Gives what would be right, if that is known.
    pub fn note(&self) -> Option<String> {
        match (&self.suggestion, &self.expected) {
            (Some(suggestion), _) => Some(format!("did you mean `{suggestion}`?")),
            // Many messages say it themselves.
            (None, Some(expected)) if !self.message.contains(&**expected) => {
                Some(format!("expected {expected}"))
            }
            (None, _) => None,
        }
    }

    /// Gives all of it in one line.
    pub fn line(&self) -> String {
        match self.note() {
            Some(note) => format!("{}; {note}", self.headline()),
            None => self.headline(),
        }
    }
}
