//! The releases of an instance as an answer.

use jiff::Timestamp;

use super::{
    document::Document,
    format::Format,
    human,
    printer::Printer,
    stream::Tone,
    table::{Cell, Rows, or_dash},
};
use crate::{
    ops::view::{HistoryView, OperationOutcome, ReleaseView},
    workload::{
        error::Result,
        history::{Deeds, ImageChange},
        release::Action,
    },
};

/// Tells which releases there were.
pub(crate) fn list(printer: &Printer, history: &HistoryView, now: Timestamp) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("ReleaseList", history)),
        Format::Name => {
            let numbers = history.releases.iter().map(|release| release.release);
            printer.answer(&numbers.map(|number| format!("{number}\n")).collect::<String>())
        }
        Format::Table | Format::Wide if history.releases.is_empty() => {
            printer.talk(&format!("{} was never deployed", history.name));
            Ok(())
        }
        Format::Table | Format::Wide => printer.answer(&table(printer, &history.releases, now)),
    }
}

fn table(printer: &Printer, releases: &[ReleaseView], now: Timestamp) -> String {
    let wide = printer.format() == Format::Wide;
    let mut header = vec!["RELEASE", "AGE", "OUTCOME", "REVISION", "TOOK", "BY", "CHANGED"];
    if wide {
        header.extend(["COMMIT", "JOB", "DIGEST"]);
    }
    header.extend(["IMAGES", "REASON"]);
    let mut rows = Rows::new(&header);
    for release in releases {
        let mut row = vec![
            release.release.to_string().into(),
            human::age(release.deployed_at, now).into(),
            outcome(release.outcome),
            release.revision.to_string().into(),
            or_dash(release.duration_seconds.map(human::seconds)),
            release.deployed_by.as_str().into(),
            or_dash(release.counts.as_ref().map(changed)),
        ];
        if wide {
            row.extend([
                or_dash(release.deployer.commit.as_deref()),
                or_dash(release.deployer.job.as_deref()),
                release.digest.chars().take(12).collect::<String>().into(),
            ]);
        }
        let back = release.returns_to.map(|number| format!("back to release {number}"));
        row.extend([or_dash(Some(images(release))), or_dash(release.reason.clone().or(back))]);
        rows.push(row);
    }
    rows.show(printer)
}

fn outcome(outcome: OperationOutcome) -> Cell {
    let tone = match outcome {
        OperationOutcome::Ready => Tone::Good,
        OperationOutcome::Applied | OperationOutcome::InFlight => Tone::Warn,
        _ => Tone::Bad,
    };
    Cell::toned(outcome.word(), tone)
}

/// Says what was done to how many objects; what was left as it is goes without saying.
fn changed(counts: &Deeds) -> String {
    let counts = counts.iter().filter(|(action, _)| *action != Action::Unchanged);
    let told: Vec<String> = counts.map(|(action, n)| format!("{n} {}", action.word())).collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

/// Says which images changed; what many objects have in common, once.
fn images(release: &ReleaseView) -> String {
    let mut told: Vec<(String, usize)> = Vec::new();
    for text in release.images_changed.iter().flatten().map(image) {
        match told.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => told.push((text, 1)),
        }
    }
    let told = told.into_iter().map(|(text, count)| match count {
        1 => text,
        count => format!("{text} ({count} times)"),
    });
    told.collect::<Vec<_>>().join(", ")
}

fn image(change: &ImageChange) -> String {
    let ImageChange { container, from, to, .. } = change;
    match (from, to) {
        (_, Some(to)) => format!("{container}={to}"),
        (_, None) => format!("{container}-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{overrides::Overrides, release::Deployer};

    fn release(number: u64, outcome: OperationOutcome, reason: Option<&str>) -> ReleaseView {
        let at: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        ReleaseView {
            release: number,
            id: format!("id-{number}"),
            outcome,
            reason: reason.map(str::to_owned),
            definition: "web".into(),
            revision: 3,
            digest: "0123456789abcdef".into(),
            overrides: Overrides::default(),
            returns_to: (number == 1).then_some(7),
            pinned: false,
            deployed_at: at,
            ended_at: None,
            duration_seconds: Some(2.5),
            deployed_by: "ci@runner".into(),
            deployer: Deployer::default(),
            counts: Some(Deeds::default()),
            images_changed: Some(vec![ImageChange {
                object: "Deployment/web".into(),
                container: "web".into(),
                from: Some("nginx:1".into()),
                to: Some("nginx:2".into()),
            }]),
        }
    }

    #[test]
    fn what_many_objects_have_in_common_is_said_once() {
        let mut release = release(2, OperationOutcome::Ready, None);
        let change = release.images_changed.as_ref().unwrap()[0].clone();
        let gone = ImageChange { container: "log".into(), to: None, ..change.clone() };
        release.images_changed = Some(vec![change.clone(), gone, change]);
        assert_eq!(images(&release), "web=nginx:2 (2 times), log-");
    }

    #[test]
    fn a_row_a_release() {
        let releases = [
            release(2, OperationOutcome::Failed, Some("1 object was not applied")),
            release(1, OperationOutcome::Ready, None),
        ];
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        assert_eq!(
            table(&Printer::plain(Format::Table), &releases, now),
            "RELEASE  AGE  OUTCOME  REVISION  TOOK   BY         CHANGED  IMAGES       REASON\n\
             2        2 h  failed   3         2.5 s  ci@runner  nothing  web=nginx:2  1 object was not applied\n\
             1        2 h  ready    3         2.5 s  ci@runner  nothing  web=nginx:2  back to release 7\n"
        );
    }
}
