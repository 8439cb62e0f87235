//! A release as a page of its own: HTML without scripts, which asks for nothing and shows everything
//! that it is given as text.

mod graph;
mod html;
mod timeline;

use std::fmt::Write as _;

use super::{
    diff::title,
    difference::{DiffStyle, show},
    document::Document,
    format::Format,
    human,
    printer::Printer,
    sanitize::one_line,
    stream::Stream,
};
use crate::{
    ops::view::{DifferingView, OperationOutcome, ReleaseView, ReportObject, ReportView},
    workload::{error::Result, evidence::Evidence, evidence::Unready, set_difference::Fate},
};
use html::escaped;

const STYLE: &str = include_str!("style.css");
/// Nothing is loaded and nothing is run, whatever the page says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Tells that a report was written.
///
/// # Errors
/// Code 1 when stdout cannot be written.
pub(crate) fn written(printer: &Printer, report: &ReportView, file: &str) -> Result<()> {
    let file = &*one_line(file);
    let (name, release) = (&report.name, report.release.release);
    match printer.format() {
        Format::Json | Format::Yaml => {
            let answer = serde_json::json!({"instance": name, "release": release, "file": file});
            printer.document(&Document::new("Report", &answer))
        }
        Format::Name => printer.answer(&format!("{file}\n")),
        Format::Table | Format::Wide => {
            printer.answer(&format!("report of {name} release {release} written to {file}\n"))
        }
    }
}

/// Answers with the page itself.
///
/// # Errors
/// Code 1 when stdout cannot be written.
pub(crate) fn answer(printer: &Printer, report: &ReportView) -> Result<()> {
    printer.answer(&page(report))
}

/// Gives the page.
pub(crate) fn page(report: &ReportView) -> String {
    let ReportView { name, release, .. } = report;
    let title = escaped(&format!("{name} release {}", release.release));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    head(&mut out, report);
    evidence(&mut out, &report.objects);
    out += &timeline::section(report);
    out += &graph::section(report);
    differences(&mut out, report);
    out += "<footer>Values of Secrets are masked. Written by workloadctl.</footer>\n</body>\n</html>\n";
    out
}

fn head(out: &mut String, report: &ReportView) {
    let ReportView { name, runtime, namespace, release, .. } = report;
    let (class, word) = spoken(release.outcome);
    let title = escaped(&format!("{name} release {}", release.release));
    push(out, &format!("<h1>{title} <span class=\"chip {class}\">{word}</span></h1>"));
    if let Some(reason) = &release.reason {
        push(out, &format!("<p class=\"why\">{}</p>", escaped(reason)));
    }
    let mut facts = vec![("runtime", runtime.clone())];
    facts.extend(namespace.iter().map(|namespace| ("namespace", namespace.clone())));
    facts.extend(of_release(release));
    out.push_str("<dl>\n");
    for (what, text) in facts {
        push(out, &format!("<dt>{what}</dt><dd>{}</dd>", escaped(&text)));
    }
    out.push_str("</dl>\n");
}

fn of_release(release: &ReleaseView) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("definition", format!("{} revision {}", release.definition, release.revision)),
        ("deployed by", release.deployed_by.clone()),
        ("at", human_time(release.deployed_at)),
    ];
    facts.extend(release.duration_seconds.map(|seconds| ("took", human::seconds(seconds))));
    let deployer = &release.deployer;
    facts.extend(deployer.commit.iter().map(|commit| ("commit", commit.clone())));
    facts.extend(deployer.job.iter().map(|job| ("job", job.clone())));
    facts.extend(release.returns_to.map(|number| ("returns to", format!("release {number}"))));
    for change in release.images_changed.iter().flatten() {
        let (object, container) = (&change.object, &change.container);
        let (from, to) = (change.from.as_deref(), change.to.as_deref());
        let text = match (from, to) {
            (Some(from), Some(to)) => format!("{object} {container}: {from} → {to}"),
            (None, Some(only)) => format!("{object} {container}: {only}"),
            (Some(only), None) => format!("{object} {container}: {only} is gone"),
            (None, None) => continue,
        };
        facts.push(("image", text));
    }
    facts
}

/// Shows why objects were not ready.
fn evidence(out: &mut String, objects: &[ReportObject]) {
    let unready: Vec<&Unready> =
        objects.iter().filter_map(|object| object.unready.as_ref()).collect();
    if unready.is_empty() {
        return;
    }
    push(out, "<h2>What was not ready</h2>");
    for Unready { id, message, evidence } in unready {
        push(out, &format!("<h3 class=\"id\">{}</h3>", escaped(&id.to_string())));
        push(out, &format!("<p>{}</p>", escaped(message)));
        if let Some(evidence) = evidence {
            of_evidence(out, evidence);
        }
    }
}

fn of_evidence(out: &mut String, evidence: &Evidence) {
    let Evidence { pod, node, container, common, logs, previous, events, unread, hint } = evidence;
    let chain = [("pod", pod), ("node", node), ("container", container)];
    let chain: Vec<String> = chain
        .into_iter()
        .filter_map(|(what, name)| Some(format!("{what} {}", name.as_ref()?)))
        .collect();
    if !chain.is_empty() {
        push(out, &format!("<p class=\"id\">{}</p>", escaped(&chain.join(" → "))));
    }
    if !logs.is_empty() {
        push(out, if *previous { "<p>Log of the run before:</p>" } else { "<p>Log:</p>" });
        push(out, &format!("<pre>{}</pre>", escaped(&logs.join("\n"))));
    }
    let told: Vec<&String> = events.iter().chain(common).chain(unread).collect();
    if !told.is_empty() {
        let items = told.iter().map(|text| format!("<li>{}</li>", escaped(text)));
        push(out, &format!("<ul>{}</ul>", items.collect::<String>()));
    }
    if let Some(hint) = hint {
        push(out, &format!("<p>hint: <code>{}</code></p>", escaped(hint)));
    }
}

fn differences(out: &mut String, report: &ReportView) {
    let diff = match &report.diff {
        Ok(diff) => diff,
        Err(why) => {
            push(out, "<h2>What changed</h2>");
            return push(out, &format!("<p>{}</p>", escaped(why)));
        }
    };
    let before = diff.from.release.map(|number| format!(" since release {number}"));
    push(out, &format!("<h2>What changed{}</h2>", before.unwrap_or_default()));
    if diff.objects.is_empty() {
        push(out, "<p>nothing</p>");
    }
    for DifferingView { id, fate, difference } in &diff.objects {
        let title = escaped(&title(id));
        push(out, &format!("<h3><span class=\"id\">{title}</span> {}</h3>", fate.word()));
        let text = show("", difference, DiffStyle::Unified, Stream::PLAIN);
        let lines: String = text.lines().skip(1).map(line).collect();
        if *fate == Fate::Changed && !lines.is_empty() {
            push(out, &format!("<pre>{lines}</pre>"));
        }
    }
}

/// Shows a line of a difference.
fn line(line: &str) -> String {
    let line = line.strip_prefix("  ").unwrap_or(line);
    let class = match line.chars().next() {
        Some('+') => "add",
        Some('-') => "del",
        Some('@') => "place",
        _ => "same",
    };
    format!("<span class=\"{class}\">{}</span>", escaped(line))
}

/// Gives an outcome as words, with the class of its colour.
fn spoken(outcome: OperationOutcome) -> (&'static str, &'static str) {
    match outcome {
        OperationOutcome::Ready => ("good", "ready"),
        OperationOutcome::Applied => ("good", "applied"),
        OperationOutcome::Unchanged => ("good", "unchanged"),
        OperationOutcome::NotReady => ("bad", "not ready"),
        OperationOutcome::TimedOut => ("bad", "timed out"),
        OperationOutcome::Failed => ("bad", "failed"),
        OperationOutcome::Refused => ("bad", "refused"),
        OperationOutcome::Interrupted => ("warn", "interrupted"),
        OperationOutcome::InFlight => ("warn", "in flight"),
        OperationOutcome::Planned => ("warn", "planned"),
        OperationOutcome::Deleted => ("warn", "deleted"),
    }
}

fn human_time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn push(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests;
