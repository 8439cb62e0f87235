//! Where instances stand, told of all at once as of each alone.

use super::*;
use crate::{
    store::{End, InstanceFilter},
    workload::instance::{Observed, Status},
};

/// What a list has of an instance.
#[derive(Debug, PartialEq)]
struct Outlined {
    name: String,
    namespace: Option<String>,
    status: Option<Status>,
    release: Option<(u64, u64, bool, bool)>,
    since: Timestamp,
    newest: Option<u64>,
}

fn outlines(store: &Store, filter: &InstanceFilter<'_>) -> Vec<Outlined> {
    let mut found = Vec::new();
    let look = store.outline(filter, |outline| {
        found.push(Outlined {
            name: outline.name.to_owned(),
            namespace: outline.namespace.map(str::to_owned),
            status: outline.status,
            release: outline.release.map(|it| (it.number, it.revision, it.pinned, it.is_unseen)),
            since: outline.since,
            newest: outline.newest,
        });
    });
    look.unwrap();
    found
}

/// Asks for each instance alone, and compares.
fn check(store: &Store) {
    let standings = store.standings(&InstanceFilter::default()).unwrap();
    let outlines = outlines(store, &InstanceFilter::default());
    let instances = store.instances(&InstanceFilter::default()).unwrap();
    assert_eq!(standings.len(), instances.len());
    assert_eq!(outlines.len(), instances.len());
    for ((instance, standing), outline) in instances.into_iter().zip(standings).zip(outlines) {
        let release = store.latest_release(&instance.name).unwrap();
        let newest = store.newest_revision(&instance.definition, Some(&instance.name)).unwrap();
        let in_flight = |release: &Release| {
            let seen = instance.observed.as_ref();
            release.outcome == Outcome::InFlight
                && seen.is_none_or(|seen| seen.at <= release.started_at)
        };
        let expected = Outlined {
            name: instance.name.to_string(),
            namespace: instance.namespace.clone(),
            status: instance.observed.as_ref().map(|seen| seen.status),
            release: release.as_ref().map(|it| (it.number, it.revision, it.pinned, in_flight(it))),
            since: release.as_ref().map_or(instance.created_at, |release| release.started_at),
            newest: newest.as_ref().map(|newest| newest.number),
        };
        assert_eq!(outline, expected);
        assert_eq!(standing.release, release, "{}", instance.name);
        let found = standing.newest.map(|newest| (newest.number, newest.digest));
        assert_eq!(found, newest.map(|it| (it.number, it.digest)), "{}", instance.name);
        assert_eq!(standing.instance, instance);
    }
}

#[test]
fn all_are_told_as_each_is() {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    store.apply("web", &version(2), 5);
    for at in ["a", "b", "c", "d"] {
        let namespace = (at == "b").then(|| "team".to_owned());
        store.create_instance(&Instance { namespace, ..instance(at, "web") }).unwrap();
    }
    check(&store);
    // Of the records of others: one newer than ours, one as old, one older, one of a definition that has
    // nothing of its own, which then serves who has none.
    for (at, of, number, minutes) in [
        ("a", "web", 7, 9),
        ("b", "web", 8, 5),
        ("c", "web", 9, 1),
        ("x", "db", 3, 2),
        ("y", "db", 4, 8),
    ] {
        let content = version(number);
        let brought = (revision(of, number, &content, minute(minutes)), content);
        store.take_in(&instance(at, of), &[brought], &[]).unwrap();
    }
    check(&store);
    store.batch("DELETE FROM revision WHERE only_for IS NULL AND definition_id = 2").unwrap();
    check(&store);

    // Releases: in flight and unseen, seen since, two of a number, one that was gone back to.
    let begin = |store: &mut Store, at: &str, id: &str, number| {
        let begun = Release { pinned: number == 2, ..release(id, number, Outcome::InFlight) };
        store.begin_release(&name(at), &begun, &[]).unwrap();
    };
    for (at, id, number) in [("a", "r1", 1), ("b", "r1", 1), ("b", "r2", 2), ("c", "r1", 1)] {
        begin(&mut store, at, id, number);
        check(&store);
    }
    for (at, minutes) in [("a", 0), ("b", 60), ("x", 3)] {
        let seen = Observed { status: Status::Down, reason: "none".into(), at: minute(minutes) };
        store.set_observed(&name(at), &seen).unwrap();
    }
    check(&store);
    let theirs = [release("q", 2, Outcome::Ready), release("s", 2, Outcome::Failed)];
    store.take_in(&instance("c", "web"), &[], &theirs).unwrap();
    check(&store);
    store.take_in(&instance("c", "web"), &[], &[release("q", 5, Outcome::Ready)]).unwrap();
    check(&store);
    let end =
        End { outcome: Outcome::Failed, reason: None, at: minute(9), deeds: &[], unready: &[] };
    store.end_release(&name("b"), "r2", &end).unwrap();
    check(&store);

    let web = definition("web");
    let filter = InstanceFilter { definition: Some(&web), runtime: Some("kind-dev") };
    let names: Vec<String> = outlines(&store, &filter).into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    let elsewhere = InstanceFilter { runtime: Some("prod"), ..filter };
    assert_eq!(outlines(&store, &elsewhere), []);
    assert_eq!(store.standings(&elsewhere).unwrap(), []);

    // What goes takes its newest release along, or gives way to the one before.
    store.prune(1).unwrap();
    check(&store);
    let seen = Observed { status: Status::NotDeployed, reason: "gone".into(), at: minute(70) };
    store.begin_anew(&name("b"), &seen).unwrap();
    check(&store);
    store.delete_instance(&name("c")).unwrap();
    check(&store);
    let kept = store.rows("SELECT instance_id FROM newest_release", [], |row| row.get::<_, i64>(0));
    assert_eq!(kept.unwrap(), [1], "of a alone");
}

#[test]
fn the_newest_releases_of_an_earlier_version_are_found() {
    let home = tempfile::TempDir::new().unwrap();
    let path = home.path().join("db");
    open::of_version(&path, 5);
    let connection = rusqlite::Connection::open(&path).unwrap();
    // Beside the fourth one of the only instance.
    connection
        .execute_batch(
            "CREATE TEMP TABLE it AS SELECT * FROM release;
             UPDATE it SET id = 'r6', number = 6;
             INSERT INTO release SELECT * FROM it;
             UPDATE it SET id = 'r5', number = 5;
             INSERT INTO release SELECT * FROM it;
             CREATE TEMP TABLE other AS SELECT * FROM instance;
             UPDATE other SET id = 2, name = 'a';
             INSERT INTO instance SELECT * FROM other",
        )
        .unwrap();
    drop(connection);
    let store = Store::open(&path).unwrap();
    check(&store);
    let numbers: Vec<_> = outlines(&store, &InstanceFilter::default())
        .into_iter()
        .map(|outline| outline.release.map(|release| release.0))
        .collect();
    assert_eq!(numbers, [None, Some(6)]);
}
