//! The answer of `deploy`, `plan` and `delete`: a sentence or a table for people, one document
//! for programs.

mod changes;
mod document;
mod plan;
mod sum;
mod verb;
mod why;

use std::{fmt::Write as _, sync::Arc};

use document::OperationDocument;
pub(crate) use sum::fate;
pub(crate) use verb::Verb;

use super::{
    ci::Reports,
    document::{Document, Items},
    errors, evidence, human,
    printer::Printer,
    reach,
    sanitize::one_line,
};
use crate::{
    ops::view::{Counts, FrozenPlan, InstanceView, Operation, OperationOutcome},
    workload::{
        error::{Error, ErrorKind, Result},
        release::Action,
    },
};

/// Takes the answers of one command, one by one as they come, and tells them: text at once,
/// documents at the end.
#[derive(Debug)]
pub(crate) struct Answers {
    printer: Printer,
    verb: Verb,
    /// Whether an error has to name its instance.
    several: bool,
    /// Whether the document is a list, however many there are.
    list: bool,
    reports: Arc<Reports>,
    operations: Vec<Operation>,
}

impl Answers {
    /// Begins the answer of a command; `list` where the user named several instances, or all.
    pub(crate) fn new(printer: Printer, verb: Verb, list: bool, reports: Arc<Reports>) -> Self {
        Self { printer, verb, several: list, list, reports, operations: Vec::new() }
    }

    /// Says that it is the answer for instances of a file; of one that has only one, it may be a list
    /// all the same.
    pub(crate) fn of_file(self, several: bool) -> Self {
        Self { several, ..self }
    }

    /// Tells which command it belongs to.
    pub(crate) fn verb(&self) -> Verb {
        self.verb
    }

    /// Takes the answer for one instance.
    pub(crate) fn add(&mut self, operation: Operation) -> Result<()> {
        let document = self.printer.format().is_document();
        // One document, at the end: programs read all of it or nothing.
        let told = if document {
            Ok(())
        } else {
            self.printer.answer(&text(self.verb, &operation, &self.printer))
        };
        let hint = reach::hint(&operation).filter(|_| matches!(self.verb, Verb::Deploy { .. }));
        // A person may want to look; a script knows the way.
        if let Some(hint) = hint.filter(|_| self.printer.stderr().terminal) {
            self.printer.hint(&hint);
        }
        if let Some(error) = &operation.error {
            // Of one instance the command line has said the name.
            let same = self.told_of(error);
            let error = same.clone().unwrap_or_else(|| error.clone());
            let error = if self.several { naming(&operation, error) } else { error };
            self.printer.errors_of([(&*operation.instance.name, &error)]);
            self.printer.details(&evidence::text(&operation, self.printer.stderr()));
            if same.is_none() {
                self.reports.annotate(&operation);
            }
        }
        if let Some(error) = operation.rollback.as_ref().and_then(|back| back.return_error()) {
            self.printer.errors_of([(&*operation.instance.name, &error)]);
        }
        self.operations.push(operation);
        told
    }

    /// What is wrong with the sources of several instances is told once: says with which it was.
    fn told_of(&self, error: &Error) -> Option<Error> {
        if error.kind != ErrorKind::Usage {
            return None;
        }
        let first = self.operations.iter().find(|before| before.error.as_ref() == Some(error))?;
        let message = format!("the same as with {}", first.instance.name);
        Some(Error::new(error.kind, error.code, message))
    }

    /// Takes the answer of what returned an instance after its own was told.
    pub(crate) fn add_return(&mut self, back: Operation) -> Result<()> {
        let name = back.instance.name.clone();
        let told = match self.printer.format().is_document() {
            true => Ok(()),
            false => self.printer.answer(&summary(self.verb, &back, "on")),
        };
        if let Some(error) = back.return_error() {
            self.printer.errors_of([(&*name, &error)]);
        }
        let same = |operation: &&mut Operation| operation.instance.name == name;
        if let Some(operation) = self.operations.iter_mut().find(same) {
            operation.rollback = Some(Box::new(back));
            self.reports.annotate_return(operation);
        }
        told
    }

    /// Ends the answer of one instance that was not even begun: all that is wrong is told.
    pub(crate) fn fail(self, name: &str, failures: &[Error]) -> Result<Option<ErrorKind>> {
        let Self { printer, verb, several: _, list, reports, operations: _ } = self;
        printer.errors_of(failures.iter().map(|error| (name, error)));
        reports.annotate_errors(failures);
        let outcome = Some(OperationOutcome::Refused);
        let instance = InstanceView { name: name.to_owned(), outcome, ..Default::default() };
        let error = failures.first().cloned();
        let operation = Operation { instance, error, ..Operation::default() };
        let reported = verb.report(&reports, std::slice::from_ref(&operation));
        if printer.format().is_document() {
            // The same shape as on success: who reads the answer need not look at the exit code
            // first.
            if list {
                let none: &[OperationDocument<'_>] = &[];
                let document = Document::new("DeployList", Items("deploys", none));
                printer.document(&document.failing(failures))?;
            } else {
                let one = Operation { error: None, ..operation };
                let one = OperationDocument::from(&one);
                printer.document(&Document::new(verb.kind(), one).failing(failures))?;
            }
        }
        ended(&printer, reported, errors::exit_kind(failures))
    }

    /// Tells in one line what became of all instances of a file.
    pub(crate) fn sum_up(&self, file: &str) -> Result<()> {
        if self.printer.format().is_document() {
            return Ok(());
        }
        let sum = sum::of(self.verb, &self.operations);
        self.printer.answer(&format!("{}: {sum}\n", one_line(file)))
    }

    /// Tells in one line what became of all instances that were named, where there are several.
    pub(crate) fn sum_up_instances(&self) -> Result<()> {
        match self.operations.len() {
            0 | 1 => Ok(()),
            count => self.sum_up(&format!("{count} instances")),
        }
    }

    /// Gives the plans, to be kept.
    pub(crate) fn frozen(&self) -> Vec<Arc<FrozenPlan>> {
        self.operations.iter().filter_map(|operation| operation.frozen.clone()).collect()
    }

    /// Tells whether anything would change.
    pub(crate) fn has_changes(&self) -> bool {
        self.operations.iter().any(|operation| operation.counts.changes() > 0)
    }

    /// Ends the answer, and gives the class of failure that stands for all instances.
    pub(crate) fn end(self) -> Result<Option<ErrorKind>> {
        let Self { printer, verb, several: _, list, reports, operations } = self;
        let reported = verb.report(&reports, &operations);
        if printer.format().is_document() {
            let documents: Vec<_> = operations.iter().map(OperationDocument::from).collect();
            match documents.as_slice() {
                [one] if !list => printer.document(&Document::new(verb.kind(), one))?,
                all => printer.document(&Document::new("DeployList", Items("deploys", all)))?,
            }
        }
        ended(&printer, reported, errors::exit_kind(sum::failures(&operations)))
    }
}

/// Gives the class of failure of a command whose reports were written or not: what befell the instances
/// comes first.
fn ended(
    printer: &Printer,
    reported: Result<()>,
    kind: Option<ErrorKind>,
) -> Result<Option<ErrorKind>> {
    match (reported, kind) {
        (Err(error), Some(kind)) => {
            printer.errors(&[error]);
            Ok(Some(kind))
        }
        (reported, kind) => reported.map(|()| kind),
    }
}

fn text(verb: Verb, operation: &Operation, printer: &Printer) -> String {
    let mut out = match verb {
        Verb::Plan(style) => plan::text(operation, style, printer),
        Verb::Deploy { .. } => summary(verb, operation, "on"),
        Verb::Delete { .. } => summary(verb, operation, "from"),
    };
    if let Some(back) = &operation.rollback {
        out.push_str(&summary(verb, back, "on"));
    }
    let of_both = operation.rollback.iter().flat_map(|back| &back.remarks);
    for remark in operation.remarks.iter().chain(of_both) {
        writeln!(out, "{}", one_line(remark)).expect("writing to a string cannot fail");
    }
    // Where nothing reached the cluster there is no namespace to look into.
    if let (Verb::Deploy { .. }, Some(namespace), false) =
        (verb, &operation.instance.namespace, out.is_empty())
    {
        out.push_str(&reach::lines(operation));
        writeln!(out, "namespace {}", one_line(namespace)).expect("writing cannot fail");
    }
    out
}

/// Lets an error say which of several instances it is about.
fn naming(operation: &Operation, error: Error) -> Error {
    let name = &operation.instance.name;
    if name.is_empty() || error.message.contains(&format!("`{name}`")) {
        return error;
    }
    Error { message: format!("{name}: {}", error.message), ..error }
}

/// The sentence of a deploy or a delete; empty where nothing was done (the error says why).
fn summary(verb: Verb, operation: &Operation, place: &str) -> String {
    let InstanceView { name, runtime, release, revision, definition, outcome, .. } =
        &operation.instance;
    let Some(outcome) = *outcome else { return String::new() };
    let runtime = runtime.as_deref().unwrap_or("its runtime");
    let release = match (release, definition, revision) {
        (Some(release), Some(definition), Some(revision)) => {
            format!(" (release {release}, {definition} revision {revision})")
        }
        (Some(release), ..) => format!(" (release {release})"),
        _ => String::new(),
    };
    let took = human::seconds(operation.duration_seconds);
    let done = counts(&operation.counts, human::done);
    let colon = if done.is_empty() { String::new() } else { format!(": {done}") };
    let line = match outcome {
        // A delete that found nothing says so in a remark.
        OperationOutcome::Unchanged if matches!(verb, Verb::Delete { .. }) => return String::new(),
        OperationOutcome::Unchanged => match operation.instance.release {
            Some(number) if verb == (Verb::Deploy { waits: true }) => {
                format!("{name} unchanged (release {number}, ready)")
            }
            Some(number) => format!("{name} unchanged (release {number})"),
            None => format!("{name} unchanged"),
        },
        OperationOutcome::Ready => {
            format!("{name} deployed to {runtime}{release}{colon}; ready in {took}")
        }
        OperationOutcome::Applied if matches!(verb, Verb::Delete { .. }) => {
            format!("{name} is being deleted from {runtime}{colon}; in {took}, not waited for")
        }
        OperationOutcome::Applied => {
            format!("{name} applied to {runtime}{release}{colon}; in {took}, not waited for")
        }
        OperationOutcome::Deleted if verb == (Verb::Delete { forgets: true }) => {
            format!("{name} forgotten; {runtime} was not contacted")
        }
        OperationOutcome::Deleted => format!("{name} deleted from {runtime}{colon}; in {took}"),
        OperationOutcome::NotReady => {
            format!("{name} is not ready on {runtime}{release}{colon}; after {took}")
        }
        OperationOutcome::TimedOut => {
            format!("{name} timed out {place} {runtime}{release}{colon}; after {took}")
        }
        // Where nothing was written the error says all.
        OperationOutcome::Failed | OperationOutcome::Interrupted if operation.wrote => {
            let word = outcome.word();
            format!("{name} {word} {place} {runtime}{release}{colon}; after {took}")
        }
        OperationOutcome::Failed
        | OperationOutcome::Interrupted
        | OperationOutcome::InFlight
        | OperationOutcome::Refused
        | OperationOutcome::Planned => return String::new(),
    };
    format!("{}\n", one_line(&line))
}

/// Shows counts that are not zero, in the words of the moment.
fn counts(counts: &Counts, word: fn(Action) -> &'static str) -> String {
    let Counts { create, update, unchanged, recreate, adopt, prune, delete, blocked } = *counts;
    let parts: Vec<String> = [
        (create, Action::Create),
        (update, Action::Update),
        (recreate, Action::Recreate),
        (adopt, Action::Adopt),
        (unchanged, Action::Unchanged),
        (prune, Action::Prune),
        (delete, Action::Delete),
        (blocked, Action::Blocked),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, action)| format!("{count} {}", word(action)))
    .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests;
