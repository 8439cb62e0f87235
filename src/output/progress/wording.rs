//! The words of progress, shared by bars and lines.

use std::time::Duration;

use super::NAMED;
use crate::{
    ops::events::Event,
    output::{
        human, logs,
        printer::Printer,
        sanitize::one_line,
        stream::{Stream, Tone},
    },
    workload::{
        object::ObjectId,
        readiness::{State, Verdict},
        release::Action,
    },
};

/// Gives the line of an event that is worth one, with its line end; none for the others.
pub(super) fn line(event: &Event, instance: Option<&str>, printer: &Printer) -> Option<String> {
    let stream = printer.stderr();
    let prefix = match instance {
        Some(name) => format!("{}: ", stream.paint(Tone::Strong, &one_line(name))),
        None => String::new(),
    };
    let text = match event {
        Event::Note(text) => one_line(unnamed(text, instance)).into_owned(),
        Event::Warning(text) => return Some(prefix + &printer.warning(text)),
        Event::Planned { changes, objects } => planned(*changes, *objects),
        Event::Removing { objects } => format!("{} to delete", human::count(*objects, "object")),
        Event::Done { object, action } => done(object, *action),
        Event::Judged { object, verdict } => judged(object, verdict, stream)?,
        Event::Phase(phase) => (*phase).to_owned(),
        Event::Estimate(_) => return None,
        Event::StillOpen { phase, elapsed, open } => still_open(phase, *elapsed, open),
        Event::Log(line) => return Some(prefix + &logs::shown(line, true, false, stream.colour)),
        Event::Request { method, path, status, took } => request(method, path, *status, *took),
        Event::Bodies { method: _, path: _, status: _, sent, answered } => {
            let bodies = [("> ", sent), ("< ", answered)].into_iter();
            let lines = bodies.filter(|(_, body)| !body.is_empty());
            let lines: Vec<String> =
                lines.map(|(arrow, body)| format!("  {arrow}{}", one_line(body))).collect();
            return (!lines.is_empty()).then(|| lines.join("\n") + "\n");
        }
    };
    Some(format!("{prefix}{text}\n"))
}

/// Takes the instance from the beginning of what is said, where it stands before it already.
fn unnamed<'a>(text: &'a str, instance: Option<&str>) -> &'a str {
    let rest = instance.and_then(|name| text.strip_prefix(name)?.strip_prefix(": "));
    rest.unwrap_or(text)
}

fn planned(changes: usize, objects: usize) -> String {
    match changes {
        0 => format!("nothing to change among {}", human::count(objects, "object")),
        _ => format!("{} of {} to change", changes, human::count(objects, "object")),
    }
}

/// Says what was done to an object.
pub(super) fn done(object: &ObjectId, action: Action) -> String {
    format!("{} {}", human::done(action), shown(object))
}

/// Says that an object is ready or failed; nothing while it may still become ready.
fn judged(object: &ObjectId, verdict: &Verdict, stream: Stream) -> Option<String> {
    let object = shown(object);
    let (tone, word) = match verdict.state {
        State::Ready => (Tone::Good, "ready"),
        State::Failed => (Tone::Bad, "failed"),
        State::Missing => (Tone::Bad, "missing"),
        State::Waiting => return None,
    };
    let why = reason(verdict);
    let why = if why.is_empty() { why } else { format!(": {why}") };
    Some(format!("{object} {}{why}", stream.paint(tone, word)))
}

/// Gives the sentence of a verdict, else its word.
pub(super) fn reason(verdict: &Verdict) -> String {
    let text = if verdict.message.is_empty() { &verdict.reason } else { &verdict.message };
    one_line(text).into_owned()
}

/// Names what is open, the first few.
pub(super) fn still_open(phase: &str, elapsed: Duration, open: &[(ObjectId, String)]) -> String {
    let named: Vec<String> = open
        .iter()
        .take(NAMED)
        .map(|(object, why)| match one_line(why) {
            why if why.is_empty() => shown(object),
            why => format!("{} ({why})", shown(object)),
        })
        .collect();
    let more = match open.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
    format!("still {phase} after {}{what}{more}", human::duration(elapsed))
}

fn request(method: &str, path: &str, status: u16, took: Duration) -> String {
    let status = if status == 0 { "no answer".to_owned() } else { status.to_string() };
    format!("{method} {} {status} {} ms", one_line(path), took.as_millis())
}

fn shown(object: &ObjectId) -> String {
    one_line(&object.to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ops::view::PodLine, output::format::Format};

    fn web() -> ObjectId {
        ObjectId::new("apps", "Deployment", Some("web"), "web")
    }

    fn verdict(state: State, reason: &str, message: &str) -> Verdict {
        Verdict { state, reason: reason.into(), message: message.into() }
    }

    #[test]
    fn who_is_named_already_is_not_named_again() {
        let note = Event::Note("web: like db release 3".to_owned());
        let printer = Printer::plain(Format::Table);
        let told = |instance| line(&note, instance, &printer).unwrap();
        assert_eq!(told(None), "web: like db release 3\n");
        assert_eq!(told(Some("web")), "web: like db release 3\n");
        assert_eq!(told(Some("we")), "we: web: like db release 3\n");
    }

    #[test]
    fn every_event_has_its_line() {
        let printer = Printer::plain(Format::Table);
        let judged = |state, reason: &str, message: &str| Event::Judged {
            object: web(),
            verdict: verdict(state, reason, message),
        };
        let log = || {
            let (pod, container, text) = ("web-1".into(), "app".into(), "\u{1b}[2Jup".into());
            Event::Log(PodLine { pod, container, time: None, text })
        };
        let request = |status| Event::Request {
            method: "GET".into(),
            path: "/api/v1".into(),
            status,
            took: Duration::from_millis(12),
        };
        let bodies = |sent: &str| Event::Bodies {
            method: "GET".into(),
            path: "/api/v1".into(),
            status: 200,
            sent: sent.into(),
            answered: String::new(),
        };
        for (event, expected) in [
            (Event::Note("runtime kind-dev".into()), Some("web: runtime kind-dev\n")),
            (Event::Warning("old \u{1b}c".into()), Some("web: warning: old \\u{1b}c\n")),
            (
                Event::Planned { changes: 0, objects: 1 },
                Some("web: nothing to change among 1 object\n"),
            ),
            (Event::Planned { changes: 2, objects: 9 }, Some("web: 2 of 9 objects to change\n")),
            (Event::Removing { objects: 1 }, Some("web: 1 object to delete\n")),
            (
                Event::Done { object: web(), action: Action::Create },
                Some("web: created Deployment/web\n"),
            ),
            (judged(State::Ready, "", ""), Some("web: Deployment/web ready\n")),
            (judged(State::Waiting, "x", "y"), None),
            (
                judged(State::Failed, "ImagePullBackOff", "no such\nimage"),
                Some("web: Deployment/web failed: no such image\n"),
            ),
            (judged(State::Missing, "", ""), Some("web: Deployment/web missing\n")),
            (Event::Phase("waiting"), Some("web: waiting\n")),
            (log(), Some("web: web-1/app | \\u{1b}[2Jup\n")),
            (request(200), Some("web: GET /api/v1 200 12 ms\n")),
            (request(0), Some("web: GET /api/v1 no answer 12 ms\n")),
            (bodies("{}"), Some("  > {}\n")),
            (bodies(""), None),
        ] {
            assert_eq!(line(&event, Some("web"), &printer).as_deref(), expected, "{event:?}");
        }
    }

    #[test]
    fn what_is_open_is_named_up_to_a_limit() {
        let open: Vec<_> = (0..7)
            .map(|number| (ObjectId::new("", "Pod", None, &format!("p{number}")), "x".to_owned()))
            .collect();
        assert_eq!(
            still_open("waiting", Duration::from_secs(20), &open),
            "still waiting after 20 s: Pod/p0 (x), Pod/p1 (x), Pod/p2 (x), Pod/p3 (x), Pod/p4 (x) \
             and 2 more"
        );
        assert_eq!(still_open("applying", Duration::ZERO, &[]), "still applying after 0 ms");
    }
}
