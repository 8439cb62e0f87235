//! When each object had its turn, was applied and was ready, as bars over the time of the release.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::html::escaped;
use crate::{
    ops::view::{ReportObject, ReportView},
    output::human,
    workload::{graph::Milestone, release::Action},
};

/// Gives the section.
pub(super) fn section(report: &ReportView) -> String {
    let objects = &report.objects;
    let (rows, rest): (Vec<_>, Vec<_>) = objects.iter().partition(|object| is_news(object));
    let mut out = "<h2>Timeline</h2>\n".to_owned();
    if !report.is_sent_here {
        let by = escaped(&report.release.deployed_by);
        writeln!(
            out,
            "<p>What this release sent is not known here: it was deployed by {by}, with another database.</p>"
        )
        .expect("writing to a string cannot fail");
    }
    if !rows.is_empty() {
        let span = Span::of(report);
        out += &span.head();
        rows.iter().for_each(|object| out += &span.row(object, objects));
        out += "</tbody></table>\n<p class=\"legend\"><i class=\"apply\"></i>its turn until applied\
                <i class=\"wait\"></i>until ready<i class=\"late\"></i>not ready at the end</p>\n";
    }
    if !rest.is_empty() {
        let names: Vec<String> = rest.iter().map(|object| object.id.to_string()).collect();
        let count = human::count(rest.len(), "object");
        writeln!(
            out,
            "<details><summary>{count} unchanged, or nothing is known of it</summary><p class=\"id\">{}</p></details>",
            escaped(&names.join(", "))
        )
        .expect("writing to a string cannot fail");
    }
    out
}

fn is_news(object: &ReportObject) -> bool {
    object.unready.is_some() || object.action.is_some_and(|action| action != Action::Unchanged)
}

/// From the beginning of a release to its end.
struct Span {
    begin: Timestamp,
    end: Timestamp,
}

impl Span {
    fn of(report: &ReportView) -> Self {
        let begin = report.release.deployed_at;
        let times = report.objects.iter().flat_map(|it| [it.applied_at, it.ready_at]);
        let last = times.chain([report.release.ended_at]).flatten().max();
        Self { begin, end: last.unwrap_or(begin) }
    }

    fn seconds(&self) -> f64 {
        // A release without a duration has all its bars at its beginning.
        self.end.duration_since(self.begin).as_secs_f64().max(0.001)
    }

    fn head(&self) -> String {
        let seconds = self.seconds();
        let mark = |part: f64| format!("<span>{}</span>", human::seconds(seconds * part));
        format!(
            "<table><thead><tr><th class=\"object\">object</th><th class=\"did\">done</th>\
             <th><div class=\"axis\"><span>0</span>{}{}</div></th><th class=\"took\">took</th></tr></thead><tbody>\n",
            mark(0.5),
            mark(1.0)
        )
    }

    fn row(&self, object: &ReportObject, all: &[ReportObject]) -> String {
        let turn = object.needs.iter().filter_map(|need| reached(&all[need.from], need.until));
        let turn = turn.max().unwrap_or(self.begin);
        let mut bars = String::new();
        if let Some(applied) = object.applied_at {
            bars += &self.bar("apply", turn.min(applied), applied);
        }
        let (class, until) = match object.ready_at {
            Some(ready) => ("wait", Some(ready)),
            None => ("late", object.unready.as_ref().map(|_| self.end)),
        };
        let since = object.applied_at.unwrap_or(turn);
        let until = until.filter(|until| *until > since);
        bars += &until.map_or_else(String::new, |until| self.bar(class, since, until));
        let end = until.or(object.applied_at);
        let took =
            end.map(|end| human::seconds(end.duration_since(turn.min(end)).as_secs_f64().max(0.0)));
        format!(
            "<tr><td class=\"id\">{}</td><td>{}</td><td><div class=\"track\">{bars}</div></td><td class=\"took\">{}</td></tr>\n",
            escaped(&object.id.to_string()),
            object.action.map_or("not applied", human::done),
            took.unwrap_or_default(),
        )
    }

    fn bar(&self, class: &str, from: Timestamp, to: Timestamp) -> String {
        let part = |at: Timestamp| {
            let seconds = at.duration_since(self.begin).as_secs_f64();
            (seconds / self.seconds() * 100.0).clamp(0.0, 100.0)
        };
        let (left, right) = (part(from), part(to));
        let width = right - left;
        format!("<i class=\"{class}\" style=\"left:{left:.2}%;width:{width:.2}%\"></i>")
    }
}

/// Tells when an object had come so far that another one's turn could begin.
fn reached(object: &ReportObject, until: Milestone) -> Option<Timestamp> {
    match until {
        // It was there from the beginning; that is only noted at the end.
        _ if object.action == Some(Action::Unchanged) => None,
        Milestone::Ready => object.ready_at,
        Milestone::Applied | Milestone::Active | Milestone::Established | Milestone::Available => {
            object.applied_at
        }
    }
}
