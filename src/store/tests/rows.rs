//! What stands in the columns: stable words, sortable times, and what is not understood.

use rusqlite::params;

use super::*;
use crate::{
    store::column::{Count, Time, Word},
    workload::instance::{NamespaceMode, Status},
};

fn stored<T: rusqlite::ToSql>(value: T) -> String {
    Store::in_memory().unwrap().row("SELECT ?1", params![value], |row| row.get(0)).unwrap().unwrap()
}

#[test]
fn words_are_those_of_the_output() {
    for outcome in [
        Outcome::InFlight,
        Outcome::Ready,
        Outcome::Applied,
        Outcome::NotReady,
        Outcome::TimedOut,
        Outcome::Failed,
        Outcome::Interrupted,
    ] {
        assert_eq!(stored(Word(outcome)), outcome.word());
    }
    for mode in [NamespaceMode::Managed, NamespaceMode::Given, NamespaceMode::Own] {
        assert_eq!(stored(Word(mode)), mode.to_string());
    }
    for status in [
        Status::NotDeployed,
        Status::Lost,
        Status::Error,
        Status::Deleting,
        Status::Down,
        Status::Unhealthy,
        Status::Reconciling,
        Status::Healthy,
    ] {
        assert_eq!(stored(Word(status)), status.to_string());
    }
    assert_eq!(stored(Word(name("web-1"))), "web-1");
}

#[test]
fn times_sort_as_text_and_lose_nothing() {
    let nanos = |n: i128| Timestamp::from_nanosecond(1_700_000_000_000_000_000 + n).unwrap();
    let times =
        [Timestamp::UNIX_EPOCH, nanos(0), nanos(1), nanos(500_000_000), nanos(1_000_000_000)];
    let texts: Vec<String> = times.iter().map(|time| stored(Time(*time))).collect();
    assert!(texts.is_sorted(), "{texts:?}");
    assert_eq!(texts[2], "2023-11-14T22:13:20.000000001Z");
    // Written by others, or so that no moment is meant.
    for (text, expected) in [
        ("2023-11-14T22:13:20Z", Some(nanos(0))),
        ("2023-11-14T23:13:20.000000001+01:00", Some(nanos(1))),
        ("1969-12-31T23:59:59.999999999Z", Timestamp::from_nanosecond(-1).ok()),
        ("2023-13-14T22:13:20.000000001Z", None),
        ("2023-02-29T22:13:20.000000001Z", None),
        ("2023-11-14T22:13:+2.000000001Z", None),
    ] {
        let read = Store::in_memory().unwrap();
        let read = read.row("SELECT ?1", [text], |row| row.get(0).map(|Time(time)| time));
        assert_eq!(read.ok().flatten(), expected, "{text}");
    }
    for time in times {
        let read = Store::in_memory()
            .unwrap()
            .row("SELECT ?1", params![Time(time)], |row| row.get(0).map(|Time(time)| time));
        assert_eq!(read.unwrap(), Some(time));
    }
}

#[test]
fn what_is_not_understood_is_an_error_that_names_it() {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    store.create_instance(&instance("web", "web")).unwrap();
    store.begin_release(&name("web"), &release("r1", 1, Outcome::Ready), &[]).unwrap();
    for (change, code) in [
        ("UPDATE instance SET namespace_mode = 'borrowed'", "unknown-word"),
        ("UPDATE instance SET overrides = '{'", "unknown-word"),
        ("UPDATE instance SET created_at = 'yesterday'", "unknown-word"),
        ("UPDATE instance SET status = 'Sleepy', status_at = created_at", "unknown-word"),
        ("UPDATE instance SET status = 'Down', status_at = NULL", "corrupt-database"),
        ("UPDATE release SET outcome = 'abandoned'", "unknown-word"),
        ("UPDATE release SET number = -1", "corrupt-database"),
        ("UPDATE release SET deployer = '7'", "unknown-word"),
        ("UPDATE release SET rendered = x'00'", "corrupt-database"),
        ("UPDATE revision SET content = x'1f8b'", "corrupt-database"),
        ("UPDATE revision SET digest = 'a', number = -3", "corrupt-database"),
        ("UPDATE definition SET name = 'Not A Name'", "unknown-word"),
    ] {
        let error = store
            .transaction(|store| {
                store.batch(change)?;
                store.instances(&Default::default())?;
                store.latest_release(&name("web"))?;
                store.rendered(&name("web"), "r1")?;
                let newest = store.newest_revision(&definition("web"), None)?;
                store.content(&newest.expect("it was applied"))?;
                Ok(())
            })
            .unwrap_err();
        assert_eq!(error.code.word(), code, "{change}: {error}");
        assert!(error.hint.is_some(), "{change}");
    }
    assert_eq!(store.instances(&Default::default()).unwrap().len(), 1, "all was rolled back");
}

#[test]
fn numbers_too_large_for_the_database_are_refused() {
    let store = Store::in_memory().unwrap();
    let read =
        |number| store.row("SELECT ?1", params![Count(number)], |row| row.get(0).map(|Count(n)| n));
    assert_eq!(read(i64::MAX as u64).unwrap(), Some(i64::MAX as u64));
    assert_eq!(
        read(u64::MAX).unwrap_err().message,
        "18446744073709551615 is too large to be stored"
    );
}
