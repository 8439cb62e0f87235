//! What the lines of a deploy show, and that what was drawn is taken away.

use super::{
    super::screen::{Line, Size},
    *,
};
use crate::{
    ops::events::RETURNING,
    workload::{
        error::{Code, Error},
        object::ObjectId,
        readiness::Verdict,
        release::Action,
    },
};

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
    let mut table = Table::new(began);
    for (seconds, event) in events {
        table.take("web", event, at(*seconds));
    }
    fitting(table.lines(false, at(after), size, Stream::PLAIN), size)
}

/// Gives lines as a text; they have to fit.
fn fitting(lines: Vec<Line>, size: Size) -> String {
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
fn all_objects_of_a_release_are_counted() {
    let done = |name: &str| Event::Done { object: object(name), action: Action::Create };
    let still = |open: &[&str]| Event::StillOpen {
        phase: "waiting",
        elapsed: Duration::ZERO,
        open: open.iter().map(|name| (object(name), "not ready".to_owned())).collect(),
    };
    // One of four did not change.
    let mut events = vec![(0, Event::Planned { changes: 3, objects: 4 })];
    events.extend(["a", "b", "c"].map(|name| (1, done(name))));
    let mut counts = Vec::new();
    for next in [
        Event::Phase("waiting"),
        judged("a", State::Waiting, "0 of 1"),
        still(&["a", "b"]),
        judged("a", State::Ready, ""),
        still(&[]),
    ] {
        events.push((2, next));
        let told = shown(&events, 2, WINDOW);
        counts.push(told.split(' ').find(|word| word.contains('/')).unwrap().to_owned());
    }
    assert_eq!(counts, ["1/4", "1/4", "2/4", "3/4", "4/4"]);
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

/// A table of so many instances at different points, five at least.
fn several(count: usize, began: Instant) -> Table {
    let at = |seconds| began + Duration::from_secs(seconds);
    let names: Vec<String> = (0..count).map(|number| format!("web-{number:03}")).collect();
    let mut table = Table::new(began);
    names.iter().for_each(|name| table.queue(name));
    let end = |table: &mut Table, name: &str, error: Option<Error>| {
        let mut operation = Operation { error, ..Operation::default() };
        name.clone_into(&mut operation.instance.name);
        table.end(Verb::Deploy { waits: true }, &operation, at(75));
    };
    for (name, runtime) in names.iter().zip(["kind-dev", "prod-eu", "prod-us", "prod-ap"]) {
        table.place(name, runtime, at(1));
        table.take(name, &Event::Planned { changes: 12, objects: 13 }, at(2));
        table.take(name, &Event::Phase("applying"), at(2));
        let done = Event::Done { object: object("web"), action: Action::Create };
        table.take(name, &done, at(3));
    }
    for name in &names[1..4] {
        table.take(name, &Event::Phase("waiting"), at(4));
        table.take(name, &judged("api", State::Ready, ""), at(5));
        table.take(
            name,
            &judged("web", State::Waiting, "0 of 1 pods available: 容器 starts"),
            at(5),
        );
    }
    table.take(&names[2], &judged("db", State::Failed, "no such image"), at(6));
    end(&mut table, &names[3], None);
    if count > 5 {
        table.place(&names[5], "prod-sa", at(1));
        let error = Error::runtime(Code::Unreachable, "cannot use runtime `prod-sa`")
            .cause("prod-sa:6443 refuses connections");
        end(&mut table, &names[5], Some(error));
    }
    table
}

#[test]
fn several_instances_are_a_table() {
    let began = Instant::now();
    let now = began + Duration::from_secs(130);
    let mut told = String::new();
    for (count, rows, columns) in
        [(6, 24, 100), (6, 24, 60), (100, 9, 140), (100, 9, 80), (6, 4, 60), (6, 2, 20), (6, 1, 4)]
    {
        let size = Size { rows, columns };
        let lines = several(count, began).lines(true, now, size, Stream::PLAIN);
        told += &format!("{count}: {columns} columns, {rows} rows\n{}", fitting(lines, size));
    }
    insta::assert_snapshot!(told, @"
    6: 100 columns, 24 rows
    INSTANCE  RUNTIME   PHASE     OBJECTS           TIME  REASON
    web-000   kind-dev  applying  1/12 done    2 min 9 s
    web-001   prod-eu   waiting   12/13 ready  2 min 9 s  Deployment/web: 0 of 1 pods available: 容器…
    web-002   prod-us   waiting   11/13 ready  2 min 9 s  Deployment/db: no such image
    web-003   prod-ap   ready     13/13 ready       74 s
    web-004             queued
    web-005   prod-sa   failed                      74 s  prod-sa:6443 refuses connections
    6: 60 columns, 24 rows
    INSTANCE  RUNTIME   PHASE     OBJECTS       TIME  REASON
    web-000   kind-dev  applying  1/12     2 min 9 s
    web-001   prod-eu   waiting   12/13    2 min 9 s  Deployme…
    web-002   prod-us   waiting   11/13    2 min 9 s  Deployme…
    web-003   prod-ap   ready     13/13         74 s
    web-004             queued
    web-005   prod-sa   failed                  74 s  prod-sa:…
    100: 140 columns, 9 rows
    INSTANCE  RUNTIME   PHASE     OBJECTS           TIME  REASON
    web-002   prod-us   waiting   11/13 ready  2 min 9 s  Deployment/db: no such image
    web-005   prod-sa   failed                      74 s  prod-sa:6443 refuses connections
    web-000   kind-dev  applying  1/12 done    2 min 9 s
    web-001   prod-eu   waiting   12/13 ready  2 min 9 s  Deployment/web: 0 of 1 pods available: 容器 starts
    web-004             queued
    web-006             queued
    and 94 more
    100: 80 columns, 9 rows
    INSTANCE  RUNTIME   PHASE     OBJECTS           TIME  REASON
    web-002   prod-us   waiting   11/13 ready  2 min 9 s  Deployment/db: no such i…
    web-005   prod-sa   failed                      74 s  prod-sa:6443 refuses con…
    web-000   kind-dev  applying  1/12 done    2 min 9 s
    web-001   prod-eu   waiting   12/13 ready  2 min 9 s  Deployment/web: 0 of 1 p…
    web-004             queued
    web-006             queued
    and 94 more
    6: 60 columns, 4 rows
    web-002  prod-us  waiting  11/13  2 min 9 s  Deployment/db…
    web-005  prod-sa  failed               74 s  prod-sa:6443…
    and 4 more
    6: 20 columns, 2 rows
    and 6 more
    6: 4 columns, 1 rows
    an…
    ");
}

#[test]
fn what_is_told_is_no_row_any_more() {
    let mut table = several(6, Instant::now());
    for number in 0..6 {
        assert!(!table.is_empty());
        assert!(table.remove(&format!("web-{number:03}")));
    }
    assert!(table.is_empty());
    assert!(!table.remove("web-000"));
}

#[test]
fn what_the_release_before_wrote_is_no_part_of_the_return() {
    let done = |name: &str| Event::Done { object: object(name), action: Action::Update };
    let planned = Event::Planned { changes: 2, objects: 3 };
    let mut events = vec![(0, planned.clone()), (1, done("a")), (1, done("b"))];
    events.extend([
        (2, Event::Phase(RETURNING)),
        (2, planned),
        (3, done("a")),
        (3, Event::Phase("waiting")),
        (4, judged("a", State::Ready, "")),
    ]);
    insta::assert_snapshot!(shown(&events, 5, WINDOW), @"web ━━━━━━━━━━━━━━━━ 3/3 ready · waiting 5 s");
}
