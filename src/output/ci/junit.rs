//! JUnit's XML: a suite for each instance, a case for each object. The form is the one that CI systems
//! agree on (Jenkins' `junit-10.xsd`).

use std::fmt::Write as _;

use super::Told;
use crate::{
    ops::view::{ObjectView, Operation},
    output::evidence,
    workload::{error::Error, readiness::State, release::Action},
};

/// What became of a case.
enum Fate {
    Passed,
    /// The type, and what says why.
    Failed(String, String),
    Skipped(&'static str),
}

struct Case<'a> {
    name: String,
    fate: Fate,
    seconds: f64,
    /// File and line.
    place: Option<(&'a str, u32)>,
    /// What tells more of a failure.
    details: String,
    /// Whether what failed is no object.
    is_error: bool,
}

/// Gives the document.
pub(super) fn text(told: &Told<'_>) -> String {
    let suites: Vec<(&Operation, Vec<Case<'_>>)> =
        told.operations.iter().map(|operation| (operation, cases(operation, told))).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    attribute(&mut out, "name", &format!("workloadctl {}", told.verb));
    let all = suites.iter().flat_map(|(_, cases)| cases);
    counts(&mut out, all, suites.iter().map(|(operation, _)| seconds(operation)).sum());
    out.push_str(">\n");
    for (operation, cases) in &suites {
        suite(&mut out, operation, cases, told);
    }
    out.push_str("</testsuites>\n");
    out
}

/// Gives how long an operation took, with its return.
fn seconds(operation: &Operation) -> f64 {
    let back = operation.rollback.as_ref().map_or(0.0, |back| back.duration_seconds);
    operation.duration_seconds + back
}

fn suite(out: &mut String, operation: &Operation, cases: &[Case<'_>], told: &Told<'_>) {
    let instance = &operation.instance;
    out.push_str("  <testsuite");
    attribute(out, "name", &instance.name);
    attribute(out, "timestamp", &format!("{:.0}", told.now));
    counts(out, cases.iter(), seconds(operation));
    out.push_str(">\n    <properties>\n");
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    for (name, value) in [
        ("runtime", instance.runtime.clone()),
        ("namespace", instance.namespace.clone()),
        ("definition", instance.definition.clone()),
        ("revision", number(instance.revision)),
        ("release", number(instance.release)),
        ("outcome", instance.outcome.map(|outcome| outcome.word().to_owned())),
        ("rollback", operation.rollback.as_deref().map(|back| fate_of_return(back).to_owned())),
    ] {
        if let Some(value) = value {
            out.push_str("      <property");
            attribute(out, "name", name);
            attribute(out, "value", &value);
            out.push_str("/>\n");
        }
    }
    out.push_str("    </properties>\n");
    cases.iter().for_each(|case| case.write(out, &instance.name));
    out.push_str("  </testsuite>\n");
}

/// Gives a case for each object, one for the operation where what failed is none of them, and one for its
/// return.
fn cases<'a>(operation: &'a Operation, told: &Told<'_>) -> Vec<Case<'a>> {
    let name = &operation.instance.name;
    let mut cases: Vec<Case<'_>> = operation
        .objects
        .iter()
        .map(|object| {
            let times = told.timeline.of(name, &object.id);
            let fate = fate(object, operation, times.is_done());
            let details = match fate {
                Fate::Failed(..) => evidence::of_object(object),
                Fate::Passed | Fate::Skipped(_) => String::new(),
            };
            Case {
                name: object.id.to_string(),
                fate,
                seconds: times.seconds(object.state == Some(State::Waiting), told.now),
                place: object.source.as_ref().map(|origin| (&*origin.file, origin.line)),
                details,
                is_error: false,
            }
        })
        .collect();
    let is_told = cases.iter().any(|case| matches!(case.fate, Fate::Failed(..)));
    if let Some(error) = operation.error.as_ref().filter(|_| !is_told) {
        cases.insert(0, failed(told.verb, error, operation.duration_seconds));
    }
    cases.extend(operation.rollback.as_deref().map(of_return));
    cases
}

/// Says in a word what became of a return.
fn fate_of_return(back: &Operation) -> &'static str {
    match back.instance.outcome {
        Some(outcome) if back.error.is_none() => outcome.word(),
        _ => "failed",
    }
}

/// Gives the case of what returned an instance, or should have.
fn of_return(back: &Operation) -> Case<'_> {
    let (name, seconds) = ("rollback", back.duration_seconds);
    match &back.error {
        Some(error) => failed(name, error, seconds),
        None => Case {
            name: name.to_owned(),
            fate: Fate::Passed,
            seconds,
            place: None,
            details: String::new(),
            is_error: false,
        },
    }
}

/// Gives the case of a failure that is no object's.
fn failed<'e>(name: &str, error: &'e Error, seconds: f64) -> Case<'e> {
    Case {
        name: name.to_owned(),
        fate: Fate::Failed(error.code.word().to_owned(), error.to_string()),
        seconds,
        place: error.origin.as_ref().map(|origin| (&*origin.file, origin.line)),
        details: error.hint.iter().map(|hint| format!("hint: {hint}\n")).collect(),
        is_error: true,
    }
}

fn fate(object: &ObjectView, operation: &Operation, is_done: bool) -> Fate {
    let failed = |otherwise: &str| {
        let reason = if object.reason.is_empty() { otherwise } else { &object.reason };
        let message = if object.message.is_empty() { reason } else { &object.message };
        Fate::Failed(reason.to_owned(), message.to_owned())
    };
    match (object.state, object.action) {
        (_, Some(Action::Blocked)) => failed("blocked"),
        (Some(State::Failed), _) => failed("failed"),
        (Some(State::Missing), _) => failed("missing"),
        // What waits with `--no-wait` is not what was asked for.
        (Some(State::Waiting), _) if operation.error.is_some() => failed("not ready"),
        (_, Some(Action::Unchanged)) => Fate::Passed,
        (_, Some(_)) if operation.error.is_some() && !is_done => Fate::Skipped("not done"),
        // It was stopped before anybody looked.
        (None, Some(Action::Create | Action::Update | Action::Recreate | Action::Adopt))
            if operation.error.is_some() =>
        {
            Fate::Skipped("not seen ready")
        }
        _ => Fate::Passed,
    }
}

impl Case<'_> {
    fn write(&self, out: &mut String, class: &str) {
        let Self { name, fate, seconds, place, details, is_error } = self;
        out.push_str("    <testcase");
        attribute(out, "classname", class);
        attribute(out, "name", name);
        attribute(out, "time", &format!("{seconds:.3}"));
        if let Some((file, line)) = place {
            attribute(out, "file", file);
            attribute(out, "line", &line.to_string());
        }
        match fate {
            Fate::Passed => return out.push_str("/>\n"),
            Fate::Skipped(why) => {
                out.push_str(">\n      <skipped");
                attribute(out, "message", why);
                out.push_str("/>\n");
            }
            Fate::Failed(kind, message) => {
                let element = if *is_error { "error" } else { "failure" };
                write!(out, ">\n      <{element}").expect("writing to a string cannot fail");
                attribute(out, "type", kind);
                attribute(out, "message", message);
                let details = escaped(details, false);
                writeln!(out, ">{details}</{element}>").expect("writing to a string cannot fail");
            }
        }
        out.push_str("    </testcase>\n");
    }
}

fn counts<'c>(out: &mut String, cases: impl Iterator<Item = &'c Case<'c>>, seconds: f64) {
    let (mut tests, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for case in cases {
        tests += 1;
        match case.fate {
            Fate::Passed => {}
            Fate::Failed(..) if case.is_error => errors += 1,
            Fate::Failed(..) => failures += 1,
            Fate::Skipped(_) => skipped += 1,
        }
    }
    for (name, count) in
        [("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)]
    {
        attribute(out, name, &count.to_string());
    }
    attribute(out, "time", &format!("{seconds:.3}"));
}

fn attribute(out: &mut String, name: &str, value: &str) {
    write!(out, " {name}=\"{}\"", escaped(value, true)).expect("writing to a string cannot fail");
}

/// Writes what XML 1.0 lets stand, and a mark for what it does not, even escaped (its `Char`).
fn escaped(text: &str, is_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' if is_attribute => out.push_str("&#10;"),
            '\n' | '\t' => out.push(char),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            char if char.is_control() => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}
