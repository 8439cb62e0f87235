//! Annotations: what is wrong, at its file and line, in the words that GitHub reads off a job's log
//! (workflow commands).

use std::path::PathBuf;

use crate::{
    ops::view::{ObjectView, Operation},
    output::sanitize::one_line,
    workload::{
        error::{Code, Error, Mistake},
        object::Origin,
        readiness::State,
    },
};

/// How many are shown at most: GitHub keeps ten of a step.
const SHOWN: usize = 10;

/// Something that is wrong.
#[derive(Debug, PartialEq)]
pub(super) struct Finding<'a> {
    pub place: Option<&'a Origin>,
    /// The object, or the stable word of the error.
    pub title: String,
    pub message: String,
}

/// Writes annotations.
#[derive(Debug, Clone)]
pub(super) struct Annotations {
    /// The way from the repository's folder to the current one, which files are named from.
    folder: PathBuf,
}

impl From<PathBuf> for Annotations {
    fn from(folder: PathBuf) -> Self {
        Self { folder }
    }
}

impl Annotations {
    /// Gives the lines for what befell an instance.
    pub(super) fn of_operation(&self, operation: &Operation) -> String {
        self.lines(&findings(operation))
    }

    /// Gives the line for what should have returned an instance, and failed.
    pub(super) fn of_return(&self, operation: &Operation) -> String {
        self.lines(&return_of(operation).into_iter().collect::<Vec<_>>())
    }

    /// Gives the lines for failures.
    pub(super) fn of_errors(&self, errors: &[Error]) -> String {
        self.lines(&errors.iter().flat_map(of_error).collect::<Vec<_>>())
    }

    fn lines(&self, findings: &[Finding<'_>]) -> String {
        findings.iter().take(SHOWN).map(|finding| self.line(finding)).collect()
    }

    fn line(&self, Finding { place, title, message }: &Finding<'_>) -> String {
        // What stands in no file of the checkout has no place there.
        let file = place.filter(|origin| *origin.file != *"-" && !origin.file.contains("://"));
        let place = file.map_or(String::new(), |Origin { file, line, column }| {
            let file = property(&self.folder.join(&**file).display().to_string());
            let column = column.map(|column| format!("col={column},")).unwrap_or_default();
            format!("file={file},line={line},{column}")
        });
        let title = property(&one_line(title));
        format!("::error {place}title={title}::{}\n", data(&one_line(message)))
    }
}

/// Lists what is wrong with an instance: that it could not be returned, its failed objects, then those
/// that it ran out of time for, else its error.
pub(super) fn findings(operation: &Operation) -> Vec<Finding<'_>> {
    return_of(operation).into_iter().chain(of_release(operation)).collect()
}

/// Gives why an instance could not be returned. What it was to return to may have come from elsewhere: it
/// stands where that stands for which it should have been, else where the sources are.
fn return_of(operation: &Operation) -> Option<Finding<'_>> {
    let error = operation.rollback.as_ref()?.return_error()?;
    let place = of_release(operation).into_iter().find_map(|finding| finding.place);
    Some(Finding {
        place: place.or_else(|| operation.objects.iter().find_map(|object| object.source.as_ref())),
        title: error.code.word().to_owned(),
        message: error.to_string(),
    })
}

fn of_release(operation: &Operation) -> Vec<Finding<'_>> {
    let Some(error) = &operation.error else { return Vec::new() };
    let in_state = |wanted: fn(State) -> bool| {
        operation.objects.iter().filter(move |object| object.state.is_some_and(wanted))
    };
    let failed = in_state(|state| matches!(state, State::Failed | State::Missing));
    // Whatever else ends a release says itself what it ended for.
    let is_late = error.code == Code::Timeout;
    let late = in_state(|state| state == State::Waiting).filter(|_| is_late);
    let found: Vec<Finding<'_>> = failed.chain(late).map(of_object).collect();
    if found.is_empty() { of_error(error) } else { found }
}

fn of_object(object: &ObjectView) -> Finding<'_> {
    let said = [&object.message, &object.reason].into_iter().find(|said| !said.is_empty());
    Finding {
        place: object.source.as_ref(),
        title: object.id.to_string(),
        message: said.map_or("not ready", String::as_str).to_owned(),
    }
}

fn of_error<'e>(error: &'e Error) -> Vec<Finding<'e>> {
    if !error.mistakes.is_empty() {
        let of_mistake = |mistake: &'e Mistake| {
            let flag = mistake.flag.iter().map(|flag| format!("{flag}: "));
            let place =
                flag.chain((!mistake.path.is_empty()).then(|| format!("{}: ", mistake.path)));
            let note = mistake.note().map(|note| format!("; {note}")).unwrap_or_default();
            Finding {
                // What a flag brought stands in no file.
                place: mistake.source.as_ref().filter(|_| mistake.flag.is_none()),
                title: mistake.object.clone(),
                message: format!("{}{}{note}", place.collect::<String>(), mistake.message),
            }
        };
        return error.mistakes.iter().map(of_mistake).collect();
    }
    let title = error.object.clone().unwrap_or_else(|| error.code.word().to_owned());
    vec![Finding { place: error.origin.as_ref(), title, message: error.to_string() }]
}

/// Escapes what ends the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what ends a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
