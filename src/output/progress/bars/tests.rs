//! What the lines of a deploy show, and that what was drawn is taken away.

use super::*;
use crate::workload::{object::ObjectId, readiness::Verdict, release::Action};

fn object(name: &str) -> ObjectId {
    ObjectId::new("apps", "Deployment", Some("web"), name)
}

fn judged(name: &str, state: State, message: &str) -> Event {
    let verdict = Verdict { state, reason: String::new(), message: message.into() };
    Event::Judged { object: object(name), verdict }
}

/// Shows the lines of some events, each told this many seconds after the first.
fn shown(events: &[(u64, Event)], after: u64, size: Size) -> String {
    let began = Instant::now();
    let at = |seconds| began + Duration::from_secs(seconds);
    let mut track = Track::new(began);
    for (seconds, event) in events {
        track.take(event, at(*seconds));
    }
    let tracks = BTreeMap::from([("web".to_owned(), track)]);
    let lines = lines(&tracks, at(after), size, Stream::PLAIN);
    assert!(lines.len() < size.rows.max(2), "{lines:?}");
    for line in &lines {
        assert_eq!(line.columns, crate::output::width::columns(&line.text), "{line:?}");
        assert!(line.columns < size.columns, "{line:?}");
    }
    lines.into_iter().map(|line| line.text + "\n").collect()
}

const WINDOW: Size = Size { rows: 24, columns: 80 };

#[test]
fn what_is_written_is_counted_and_then_what_is_ready() {
    let done = |name: &str| Event::Done { object: object(name), action: Action::Create };
    let mut events = vec![
        (0, Event::Planned { changes: 2, objects: 3 }),
        (0, Event::Estimate(Duration::from_secs(50))),
        (0, Event::Phase("applying")),
        (1, done("a")),
    ];
    let mut told = shown(&events, 2, WINDOW);
    events.extend([
        (2, done("b")),
        (2, Event::Phase("waiting")),
        (3, judged("a", State::Ready, "")),
        (3, judged("b", State::Waiting, "0 of 1\nready")),
        (4, judged("c", State::Failed, "no such image")),
    ]);
    told += &shown(&events, 34, WINDOW);
    insta::assert_snapshot!(told, @"
    web ━━━━━━━━──────── 1/2 done · applying 2 s, usually 50 s
    web ━━━━━─────────── 1/3 ready · waiting 34 s, usually 50 s
      Deployment/c  30 s  no such image
      Deployment/b  31 s  0 of 1 ready
    ");
}

#[test]
fn where_nothing_is_applied_it_waits() {
    let open = vec![(object("a"), "not seen yet".to_owned())];
    let still = Event::StillOpen { phase: "waiting", elapsed: Duration::ZERO, open };
    let events = [(0, Event::Phase("waiting")), (1, still)];
    let told = shown(&events[..1], 25, WINDOW) + &shown(&events, 25, WINDOW);
    insta::assert_snapshot!(told, @"
    web waiting 25 s
    web ──────────────── 0/1 ready · waiting 25 s
      Deployment/a  24 s  not seen yet
    ");
}

#[test]
fn what_does_not_fit_is_folded_and_cut_at_its_end() {
    let reason = "1 of 3 pods available: pod web-7d9f-abcde on node-1: 容器 cannot pull its image";
    let mut events = vec![(0, Event::Phase("waiting"))];
    events
        .extend((0..200).map(|n| (n / 20, judged(&format!("web-{n:03}"), State::Waiting, reason))));
    events.push((12, judged("web-150", State::Failed, "it failed")));
    let mut told = String::new();
    for (rows, columns) in [(6, 60), (6, 80), (5, 100), (5, 140), (2, 30), (1, 5)] {
        told += &format!("{columns} columns, {rows} rows\n");
        told += &shown(&events, 130, Size { rows, columns });
    }
    insta::assert_snapshot!(told, @"
    60 columns, 6 rows
    web 0/200 ready · waiting 2 min 10 s
      Deployment/web-150   2 min 3 s  it failed
      Deployment/web-000  2 min 10 s  1 of 3 pods available: p…
      Deployment/web-001  2 min 10 s  1 of 3 pods available: p…
      and 197 more
    80 columns, 6 rows
    web ──────────────── 0/200 ready · waiting 2 min 10 s
      Deployment/web-150   2 min 3 s  it failed
      Deployment/web-000  2 min 10 s  1 of 3 pods available: pod web-7d9f-abcde on…
      Deployment/web-001  2 min 10 s  1 of 3 pods available: pod web-7d9f-abcde on…
      and 197 more
    100 columns, 5 rows
    web ──────────────── 0/200 ready · waiting 2 min 10 s
      Deployment/web-150   2 min 3 s  it failed
      Deployment/web-000  2 min 10 s  1 of 3 pods available: pod web-7d9f-abcde on node-1: 容器 cannot…
      and 198 more
    140 columns, 5 rows
    web ──────────────── 0/200 ready · waiting 2 min 10 s
      Deployment/web-150   2 min 3 s  it failed
      Deployment/web-000  2 min 10 s  1 of 3 pods available: pod web-7d9f-abcde on node-1: 容器 cannot pull its image
      and 198 more
    30 columns, 2 rows
    web 0/200 ready · waiting 2…
    5 columns, 1 rows
    w… …
    ");
}

#[test]
fn instances_share_the_window() {
    let now = Instant::now();
    let tracks: BTreeMap<String, Track> = ["a", "b", "c"]
        .iter()
        .map(|name| {
            let mut track = Track::new(now);
            track.take(&Event::Phase("waiting"), now);
            let objects = if *name == "a" { 1 } else { 9 };
            for n in 0..objects {
                track.take(&judged(&format!("web-{n}"), State::Waiting, "starts"), now);
            }
            ((*name).to_owned(), track)
        })
        .collect();
    let told = |rows| -> String {
        let lines = lines(&tracks, now, Size { rows, columns: 80 }, Stream::PLAIN);
        lines.into_iter().map(|line| line.text + "\n").collect()
    };
    insta::assert_snapshot!(format!("{}---\n{}", told(10), told(3)), @"
    a ──────────────── 0/1 ready · waiting 0 s
      Deployment/web-0  0 s  starts
    b ──────────────── 0/9 ready · waiting 0 s
      Deployment/web-0  0 s  starts
      and 8 more
    c ──────────────── 0/9 ready · waiting 0 s
      Deployment/web-0  0 s  starts
      Deployment/web-1  0 s  starts
      and 7 more
    ---
    a ──────────────── 0/1 ready · waiting 0 s
      Deployment/web-0  0 s  starts
    and 2 more instances
    ");
}
