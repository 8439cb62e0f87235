//! The summary: Markdown for the page that a CI system shows of a job.

use std::fmt::Write as _;

use super::Told;
use crate::{
    ops::view::{EvidenceView, InstanceView, ObjectView, Operation},
    output::{human, sanitize::sanitize},
    workload::{error::Error, readiness::State, release::Action},
};

/// How many objects a table has at most: GitHub cuts a summary at 1 MiB.
const ROWS: usize = 200;
/// Of how many objects it is told why they are not ready.
const FAILURES: usize = 20;

/// Gives the text for all instances.
pub(super) fn text(told: &Told<'_>) -> String {
    told.operations.iter().map(|operation| of_instance(operation, told)).collect()
}

fn of_instance(operation: &Operation, told: &Told<'_>) -> String {
    let InstanceView { name, runtime, namespace, outcome, .. } = &operation.instance;
    let word = match operation.is_not_begun() {
        true => "not begun".to_owned(),
        false => spoken(outcome.map_or("failed", |outcome| outcome.word())),
    };
    let fate = fate(&word, operation);
    let mut out = format!("### {}: {} {}\n\n", plain(name), told.verb, plain(&fate));
    let mut facts = Vec::new();
    facts.extend(runtime.iter().map(|runtime| format!("runtime {}", code(runtime))));
    facts.extend(namespace.iter().map(|namespace| format!("namespace {}", code(namespace))));
    facts.extend(release(&operation.instance));
    facts.push(human::seconds(operation.duration_seconds));
    line(&mut out, &facts.join(" · "));
    if let Some(error) = &operation.error {
        failed(&mut out, "", error);
    }
    if let Some(back) = &operation.rollback {
        returned(&mut out, back);
    }
    table(&mut out, operation, told);
    let failures =
        operation.objects.iter().filter_map(|object| Some((object, object.evidence.as_deref()?)));
    for (object, evidence) in failures.take(FAILURES) {
        failure(&mut out, object, evidence);
    }
    for remark in operation.warnings.iter().chain(&operation.remarks) {
        line(&mut out, &format!("> {}", plain(remark)));
    }
    out
}

/// Says what became of an instance: its outcome, unless it gave way to what was there before.
fn fate(outcome: &str, operation: &Operation) -> String {
    // What went well gave way since others did not.
    let others = if operation.error.is_none() { " with others that failed" } else { "" };
    match operation.rollback.as_deref() {
        None => outcome.to_owned(),
        Some(Operation { error: None, .. }) if !others.is_empty() => format!("rolled back{others}"),
        Some(Operation { error: None, .. }) => format!("{outcome}, rolled back"),
        Some(Operation { error: Some(_), .. }) => format!("{outcome}, not rolled back{others}"),
    }
}

/// Names a release, and what it is of.
fn release(view: &InstanceView) -> Option<String> {
    let number = view.release?;
    let of = view.definition.as_ref().zip(view.revision);
    let of =
        of.map(|(definition, revision)| format!(" ({} revision {revision})", plain(definition)));
    Some(format!("release {number}{}", of.unwrap_or_default()))
}

/// Says what runs now where the release gave way to another one, or why that could not be.
fn returned(out: &mut String, back: &Operation) {
    if let Some(error) = &back.error {
        return failed(out, "cannot roll back: ", error);
    }
    let mut facts: Vec<String> = release(&back.instance).into_iter().collect();
    facts.extend(back.instance.outcome.map(|outcome| plain(&spoken(outcome.word()))));
    facts.push(human::seconds(back.duration_seconds));
    line(out, &format!("rolled back: {}", facts.join(" · ")));
}

fn failed(out: &mut String, what: &str, error: &Error) {
    line(out, &format!("**{what}{}**", plain(&error.to_string())));
    if let Some(hint) = &error.hint {
        line(out, &format!("hint: {}", code(hint)));
    }
}

/// Shows what changed and what is not ready; the rest is counted.
fn table(out: &mut String, operation: &Operation, told: &Told<'_>) {
    let is_news = |object: &&ObjectView| {
        let changed = object.action.is_some_and(|action| action != Action::Unchanged);
        changed || object.state.is_some_and(|state| state != State::Ready)
    };
    let news: Vec<&ObjectView> = operation.objects.iter().filter(is_news).collect();
    let unchanged = operation.objects.len() - news.len();
    if !news.is_empty() {
        out.push_str("| object | action | state | time | images |\n|---|---|---|---:|---|\n");
    }
    for object in news.iter().take(ROWS) {
        let times = told.timeline.of(&operation.instance.name, &object.id);
        let seconds = times.seconds(object.state == Some(State::Waiting), told.now);
        let images: Vec<String> = object.images.iter().map(|image| code(image)).collect();
        let cells = [
            code(&object.id.to_string()),
            object.action.map_or("", Action::word).to_owned(),
            object.state.map_or("", State::word).to_owned(),
            if times.is_done() { human::seconds(seconds) } else { String::new() },
            images.join(" "),
        ];
        // A cell ends at a bar, also within code.
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        writeln!(out, "| {} |", cells.join(" | ")).expect("writing to a string cannot fail");
    }
    let more = news.len().saturating_sub(ROWS);
    let rest = [(more, "more that changed"), (unchanged, "unchanged")];
    let rest: Vec<String> = rest
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !news.is_empty() {
        out.push('\n');
    }
    if !rest.is_empty() {
        line(out, &rest.join(", "));
    }
}

fn failure(out: &mut String, object: &ObjectView, evidence: &EvidenceView) {
    let EvidenceView { pod, node, container, common, logs, previous, events, unread, hint } =
        evidence;
    let mut chain = vec![object.id.to_string()];
    chain.extend(pod.iter().map(|pod| format!("pod {pod}")));
    chain.extend(node.iter().map(|node| format!("node {node}")));
    chain.extend(container.iter().map(|container| format!("container {container}")));
    let chain: Vec<String> = chain.iter().map(|part| plain(part)).collect();
    line(out, &format!("#### {}", chain.join(" → ")));
    line(out, &plain(if object.message.is_empty() { &object.reason } else { &object.message }));
    if !logs.is_empty() {
        out.push_str(if *previous { "Log of the run before:\n\n" } else { "Log:\n\n" });
        out.push_str(&block(logs));
    }
    for event in events.iter().chain(common).chain(unread) {
        writeln!(out, "- {}", plain(event)).expect("writing to a string cannot fail");
    }
    if !events.is_empty() || common.is_some() || !unread.is_empty() {
        out.push('\n');
    }
    if let Some(hint) = hint {
        line(out, &format!("hint: {}", code(hint)));
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}

/// Gives the word of an outcome as one says it.
fn spoken(word: &str) -> String {
    match word {
        "notReady" => "not ready".to_owned(),
        "timedOut" => "timed out".to_owned(),
        "inFlight" => "in flight".to_owned(),
        word => word.to_owned(),
    }
}

/// Writes text that means nothing to Markdown, on one line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in sanitize(text).chars() {
        match char {
            '\n' | '\t' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // `@name` would call somebody, `#1` point somewhere.
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => out.extend(['\\', char]),
            char => out.push(char),
        }
    }
    out
}

/// Writes text as code, on one line, between more backticks than it has in a row.
fn code(text: &str) -> String {
    let text = sanitize(text).replace(['\n', '\t'], " ");
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Writes lines as a block of code that none of them can end.
fn block(lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines: Vec<String> = lines.iter().map(|line| sanitize(line).replace('\n', " ")).collect();
    format!("{fence}text\n{}\n{fence}\n\n", lines.join("\n"))
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}
