//! What can go wrong, as one value that carries its exit code, its causes once each, and a hint.
//!
//! Every layer returns [`Error`]; only `output` turns it into text or JSON.

mod code;
mod mistake;

use std::fmt;

use serde::Serialize;

pub(crate) use code::Code;
pub(crate) use mistake::{Excerpt, MISTAKES_SHOWN, Mistake};

use super::object::Origin;

/// The class of a failure; it decides the exit code and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Rejected, forbidden, out of time, not found, answered no.
    Failed,
    /// A wrong command or wrong input.
    Usage,
    /// Everything was applied, not everything is ready.
    NotReady,
    /// Changes were found, and the caller asked to be told by the exit code.
    Changes,
    /// The program refuses: it would touch what is not its own or what was fixed before.
    Refused,
    /// Somebody else works on the instance.
    Locked,
    /// The runtime cannot be used: unreachable, not logged in, another cluster.
    Runtime,
    /// SIGINT came.
    Interrupted,
    /// SIGTERM came.
    Terminated,
}

impl ErrorKind {
    /// Gives the process's exit code (docs/cli.md, Exit codes).
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotReady => 3,
            Self::Changes => 4,
            Self::Refused => 5,
            Self::Locked => 6,
            Self::Runtime => 7,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// Picks the code that stands for several instances: the first that occurred of
    /// 130, 143, 1, 2, 5, 6, 7, 3, 4.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Interrupted => 0,
            Self::Terminated => 1,
            Self::Failed => 2,
            Self::Usage => 3,
            Self::Refused => 4,
            Self::Locked => 5,
            Self::Runtime => 6,
            Self::NotReady => 7,
            Self::Changes => 8,
        }
    }
}

/// A failure, as the user is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The class, and with it the exit code.
    pub kind: ErrorKind,
    /// A stable word for scripts, such as `unknown-context`.
    pub code: Code,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// Why, outermost first, each said once.
    pub causes: Vec<String>,
    /// The command or the step that helps.
    pub hint: Option<String>,
    /// The object it is about, as `Kind/name`.
    pub object: Option<String>,
    /// Where the object or the text stands in the sources.
    pub origin: Option<Origin>,
    /// What is wrong with the objects, each with its place.
    pub mistakes: Vec<Mistake>,
}

/// The result of everything that can fail.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// How many characters a failure in short has at most.
const SHORT: usize = 500;

impl Error {
    /// Says a failure in one line, with the cause that comes first: for a list of many.
    pub(crate) fn in_short(&self) -> String {
        let line = match self.causes.first() {
            Some(cause) => format!("{}: {cause}", self.message),
            None => self.message.clone(),
        };
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(SHORT) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// Makes a failure of a class with its stable word and its message.
    pub fn new(kind: ErrorKind, code: Code, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            object: None,
            origin: None,
            mistakes: Vec::new(),
        }
    }

    /// Makes a failure (code 2) of what is wrong with objects.
    ///
    /// # Panics
    /// Without any mistake.
    pub fn invalid(mistakes: Vec<Mistake>) -> Self {
        let message = match mistakes.as_slice() {
            [] => unreachable!("there is a mistake to tell"),
            [one] => one.headline(),
            several => format!("{} mistakes in the objects", several.len()),
        };
        let mut error = Self::usage(Code::InvalidManifest, message);
        if let [one] = mistakes.as_slice() {
            error.object = Some(one.object.clone());
            // A flag stands in no file.
            error.origin = one.source.clone().filter(|_| one.flag.is_none());
        }
        error.mistakes = mistakes;
        error
    }

    /// Makes a failure with exit code 1.
    pub fn failed(code: Code, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, code, message)
    }

    /// Makes a failure with exit code 2.
    pub fn usage(code: Code, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, code, message)
    }

    /// Makes a failure with exit code 5.
    pub fn refused(code: Code, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, code, message)
    }

    /// Makes a failure with exit code 7.
    pub fn runtime(code: Code, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Runtime, code, message)
    }

    /// Adds a cause below those that are there.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        let cause = cause.into();
        if !cause.is_empty() && cause != self.message && !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
        self
    }

    /// Adds several causes in order.
    #[must_use]
    pub fn causes(self, causes: impl IntoIterator<Item = String>) -> Self {
        causes.into_iter().fold(self, Self::cause)
    }

    /// Adds what may be wrong as well, with its hint.
    #[must_use]
    pub(crate) fn beside(self, other: Self) -> Self {
        let hint = other.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        self.cause(format!("{} either{hint}", other.message))
    }

    /// Sets the hint: the command or the step that helps.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the hint where there is none yet.
    #[must_use]
    pub fn or_hint(self, hint: impl FnOnce() -> String) -> Self {
        if self.hint.is_some() { self } else { self.hint(hint()) }
    }

    /// Names the object it is about.
    #[must_use]
    pub fn object(mut self, object: impl fmt::Display) -> Self {
        self.object = Some(object.to_string());
        self
    }

    /// Says where the object or the text stands.
    #[must_use]
    pub fn at(mut self, origin: &Origin) -> Self {
        self.origin = Some(origin.clone());
        self
    }

    /// Says what was being done: the message becomes the first cause.
    #[must_use]
    pub fn while_doing(mut self, what: impl Into<String>) -> Self {
        let message = std::mem::replace(&mut self.message, what.into());
        self.causes.insert(0, message);
        self
    }

    /// Walks an error and its sources into causes, each text once.
    #[must_use]
    pub fn chain(self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut seen: Vec<String> = Vec::new();
        let mut next = Some(error);
        while let Some(current) = next {
            let text = current.to_string();
            if !seen.iter().any(|earlier| earlier.contains(&text)) {
                seen.push(text);
            }
            next = current.source();
        }
        self.causes(seen)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))?;
        match self.mistakes.as_slice() {
            [one] => one.note().map_or(Ok(()), |note| write!(f, "; {note}")),
            several => several.iter().try_for_each(|mistake| write!(f, ": {}", mistake.line())),
        }
    }
}

impl std::error::Error for Error {}

/// The error as JSON (docs/cli.md, JSON: error).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorView<'a> {
    code: &'a str,
    exit_code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    causes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a Origin>,
    #[serde(skip_serializing_if = "<[Mistake]>::is_empty")]
    errors: &'a [Mistake],
}

impl<'a> From<&'a Error> for ErrorView<'a> {
    fn from(error: &'a Error) -> Self {
        let Error { kind, code, message, causes, hint, object, origin, mistakes } = error;
        Self {
            code: code.word(),
            exit_code: kind.exit_code(),
            message,
            causes,
            hint: hint.as_deref(),
            object: object.as_deref(),
            source: origin.as_ref(),
            errors: mistakes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_said_once() {
        let error =
            Error::failed(Code::InvalidFlag, "message").cause("message").cause("why").cause("why");
        assert_eq!(error.causes, ["why"]);
        assert_eq!(error.to_string(), "message: why");
    }

    #[test]
    fn what_was_being_done_comes_first() {
        let error =
            Error::runtime(Code::Unreachable, "connection refused").while_doing("cannot deploy");
        assert_eq!(error.to_string(), "cannot deploy: connection refused");
        assert_eq!(error.kind.exit_code(), 7);
    }
}
