//! What tells why a deploy did not become ready, below its error: a block for each object, and the
//! cause once more where the eye falls.
//!
//! ```text
//! Deployment/web -> pod web-7d9f-x on node-1 -> container app: CrashLoopBackOff
//!   log of the run before:
//!     | no such table: users
//!   events:
//!     Pod/web-7d9f-x BackOff: Back-off restarting failed container (x12 over 3m)
//!   all 4 failing pods are on node-7
//! cause: Deployment/web: pod web-7d9f-x on node-1: container app exited with code 1
//! ```

use super::{
    sanitize::{one_line, sanitize},
    stream::{Stream, Tone},
};
use crate::{
    ops::view::{EvidenceView, ObjectView, Operation},
    workload::readiness::State,
};

/// Of how many objects the evidence is shown.
const SHOWN: usize = 5;

/// Shows the evidence of an operation; empty where there is none, not even a command that helps.
pub(super) fn text(operation: &Operation, stream: Stream) -> String {
    let said = operation.error.as_ref().and_then(|error| error.hint.as_deref());
    let told: Vec<(&ObjectView, &EvidenceView)> = operation
        .objects
        .iter()
        .filter_map(|object| Some((object, object.evidence.as_deref()?)))
        .filter(|(_, evidence)| evidence.tells_more() || evidence.hint.is_some())
        .collect();
    // Of one object the error has said it.
    if let [(_, evidence)] = told[..]
        && !evidence.tells_more()
        && evidence.hint.as_deref() == said
    {
        return String::new();
    }
    // What failed is the cause; what merely waits may wait for it.
    let failed = |(object, _): &&(&ObjectView, _)| object.state == Some(State::Failed);
    let Some((cause, _)) = told.iter().find(failed).or(told.first()) else {
        return String::new();
    };
    let mut out = String::new();
    for (object, evidence) in told.iter().take(SHOWN) {
        block(&mut out, object, evidence, said, stream);
    }
    if told.len() > SHOWN {
        line(&mut out, "", &format!("and {} more; `-o json` has them all", told.len() - SHOWN));
    }
    // Below a command alone it would stand a line from where it stood.
    if told.iter().any(|(_, evidence)| evidence.tells_more()) {
        let title = stream.paint(Tone::Bad, "cause:");
        line(&mut out, &format!("{title} "), &format!("{}: {}", cause.id, cause.message));
    }
    out
}

/// Shows the evidence for one object, for a report.
pub(super) fn of_object(object: &ObjectView) -> String {
    let mut out = String::new();
    if let Some(evidence) = &object.evidence {
        block(&mut out, object, evidence, None, Stream::PLAIN);
    }
    out
}

fn block(
    out: &mut String,
    object: &ObjectView,
    evidence: &EvidenceView,
    said: Option<&str>,
    stream: Stream,
) {
    let EvidenceView { pod, node, container, common, logs, previous, events, unread, hint } =
        evidence;
    let mut chain = object.id.to_string();
    if let Some(pod) = pod.as_ref().filter(|_| object.id.kind != "Pod") {
        chain.push_str(&format!(" -> pod {pod}"));
    }
    if let Some(node) = node {
        chain.push_str(&format!(" on {node}"));
    }
    if let Some(container) = container {
        chain.push_str(&format!(" -> container {container}"));
    }
    let reason = if object.reason.is_empty() { "not ready" } else { &object.reason };
    let title = stream.paint(Tone::Strong, &one_line(&chain));
    line(out, &format!("{title}: "), reason);
    if !logs.is_empty() {
        line(out, "  ", if *previous { "log of the run before:" } else { "log:" });
        // Its indentation is a part of a stack trace.
        for text in logs {
            out.push_str(format!("    | {}", sanitize(text)).trim_end());
            out.push('\n');
        }
    }
    // What the reason says already is not said again.
    let is_new = |event: &&String| match event.split_once(": ") {
        Some((_, said)) => {
            let said = said.rsplit_once(" (x").map_or(said, |(said, _)| said);
            !object.message.contains(said)
        }
        None => true,
    };
    let events: Vec<&String> = events.iter().filter(is_new).collect();
    if !events.is_empty() {
        line(out, "  ", "events:");
        events.iter().for_each(|text| line(out, "    ", text));
    }
    common.iter().chain(unread).for_each(|text| line(out, "  ", text));
    // Whoever sees the log need not be told how to see it.
    let is_done = |hint: &str| !logs.is_empty() && hint.contains(" logs ");
    // The command of the error is not repeated, unless it is all that is known of the object.
    let is_said = |hint: &str| Some(hint) == said && evidence.tells_more();
    if let Some(hint) = hint.as_deref().filter(|hint| !is_said(hint) && !is_done(hint)) {
        line(out, &format!("  {} ", stream.paint(Tone::Strong, "hint:")), hint);
    }
}

fn line(out: &mut String, before: &str, text: &str) {
    out.push_str(format!("{before}{}", one_line(text)).trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{error::Error, object::ObjectId};

    fn object(name: &str, state: State, evidence: EvidenceView) -> ObjectView {
        ObjectView {
            state: Some(state),
            reason: "CrashLoopBackOff".into(),
            message: format!("pod {name}-1 on node-7: container app ended with exit code 1"),
            evidence: Some(Box::new(evidence)),
            ..ObjectView::new(ObjectId::new("apps", "Deployment", Some("web"), name), "v1")
        }
    }

    fn of(container: &str) -> EvidenceView {
        EvidenceView {
            pod: Some("web-1".into()),
            node: Some("node-7".into()),
            container: Some(container.into()),
            ..EvidenceView::default()
        }
    }

    fn shown(objects: Vec<ObjectView>) -> String {
        let error = Error::failed(crate::workload::error::Code::NotReady, "not ready").hint("same");
        let operation = Operation { objects, error: Some(error), ..Operation::default() };
        text(&operation, Stream::PLAIN)
    }

    #[test]
    fn each_object_has_a_block_and_the_cause_stands_last() {
        let evidence = EvidenceView {
            common: Some("all 4 failing pods are on node-7".into()),
            logs: vec!["panic: \u{1b}[31mno\u{1b}[0m".into(), "\tat main.go:7".into()],
            previous: true,
            events: vec![
                "Pod/web-1 BackOff: Back-off restarting failed container (x12 over 3m)".into(),
                "Pod/web-1 Failed: container app ended with exit code 1 (x2 over 3s)".into(),
            ],
            unread: vec!["pods may not be read: pods is forbidden".into()],
            hint: Some("kubectl describe pod web-1".into()),
            ..of("app")
        };
        let waiting = EvidenceView {
            unread: vec!["logs may not be read: no".into()],
            hint: Some("same".into()),
            ..EvidenceView::default()
        };
        let told = shown(vec![
            object("db", State::Waiting, waiting),
            object("web", State::Failed, evidence),
            object("silent", State::Failed, of("app")),
        ]);
        insta::assert_snapshot!(told, @r"
        Deployment/db: CrashLoopBackOff
          logs may not be read: no
        Deployment/web -> pod web-1 on node-7 -> container app: CrashLoopBackOff
          log of the run before:
            | panic: \u{1b}[31mno\u{1b}[0m
            | 	at main.go:7
          events:
            Pod/web-1 BackOff: Back-off restarting failed container (x12 over 3m)
          all 4 failing pods are on node-7
          pods may not be read: pods is forbidden
          hint: kubectl describe pod web-1
        cause: Deployment/web: pod web-1 on node-7: container app ended with exit code 1
        ");
    }

    #[test]
    fn a_command_that_helps_is_evidence_enough() {
        let hint = |text: &str| EvidenceView { hint: Some(text.into()), ..of("app") };
        assert_eq!(shown(vec![object("web", State::Failed, hint("same"))]), "");
        let told = shown(vec![
            object("web", State::Failed, hint("same")),
            object("db", State::Failed, hint("kubectl describe pod db-1")),
        ]);
        insta::assert_snapshot!(told, @r"
        Deployment/web -> pod web-1 on node-7 -> container app: CrashLoopBackOff
          hint: same
        Deployment/db -> pod web-1 on node-7 -> container app: CrashLoopBackOff
          hint: kubectl describe pod db-1
        ");
    }

    #[test]
    fn many_objects_are_counted_and_nothing_is_told_of_none() {
        let log = || EvidenceView { logs: vec!["x".into()], ..of("app") };
        let many = (0..7).map(|n| object(&format!("web{n}"), State::Failed, log())).collect();
        let told = shown(many);
        assert!(told.contains("\nand 2 more; `-o json` has them all\ncause: "), "{told}");
        assert_eq!(shown(vec![object("web", State::Failed, of("app"))]), "");
        assert_eq!(shown(Vec::new()), "");
    }
}
