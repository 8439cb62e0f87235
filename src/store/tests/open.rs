//! The file: made private, migrated, shared by many, refused where it is not ours.

use crate::workload::error::Code;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Barrier};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::store::{failure, migrations, open};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Makes a file as the program of version `version` left it, with a row of each kind.
pub(super) fn of_version(path: &Path, version: usize) {
    let connection = Connection::open(path).unwrap();
    // The rows are of the first version: each later one has had them since.
    let [first, later @ ..] = &migrations::STEPS[..version] else {
        panic!("there is no version 0")
    };
    connection.execute_batch(first).unwrap();
    connection.execute_batch(include_str!("rows-0001.sql")).unwrap();
    later.iter().for_each(|step| connection.execute_batch(step).unwrap());
    connection
        .execute_batch(&format!(
            "PRAGMA application_id = 2003592052; PRAGMA user_version = {version}"
        ))
        .unwrap();
}

#[test]
fn folder_and_files_are_private() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("config/workloadctl/workloadctl.db");
    let mut store = Store::open(&path).unwrap();
    store.apply("web", &version(1), 0);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["workloadctl.db", "workloadctl.db-shm", "workloadctl.db-wal"]);
    assert_eq!(store.path(), Some(path.as_path()));
    drop(store);
    assert_eq!(Store::open(&path).unwrap().newest("web", None), Some(1));
}

#[test]
fn odd_paths_are_just_paths() {
    let home = TempDir::new().unwrap();
    for odd in ["file:x?mode=memory", ":memory:", "a b%20é.db", "-"] {
        let path = home.path().join(odd);
        Store::open(&path).unwrap().apply("web", &version(1), 0);
        assert!(path.is_file(), "{odd}");
        let read_only = open::connect_read_only(&path).unwrap().unwrap();
        let count: i64 =
            read_only.query_row("SELECT count(*) FROM definition", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1, "{odd}");
    }
}

#[test]
fn the_connection_is_set_up_as_promised() {
    let home = TempDir::new().unwrap();
    let store = Store::open(&home.path().join("db")).unwrap();
    let pragma = |name: &str| {
        let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        store.row(&sql, [], |row| row.get::<_, String>(0)).unwrap().unwrap()
    };
    assert_eq!(pragma("journal_mode"), "wal");
    assert_eq!(pragma("synchronous"), "2");
    assert_eq!(pragma("foreign_keys"), "1");
    let timeout: i64 = store
        .row("SELECT timeout FROM pragma_busy_timeout", [], |row| row.get(0))
        .unwrap()
        .unwrap();
    assert_eq!(timeout, 5000);
}

#[test]
fn migrating_twice_is_migrating_once() {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    store.migrate().unwrap();
    assert_eq!(store.version().unwrap(), Store::VERSION);
    assert_eq!(store.newest("web", None), Some(1));
}

#[test]
fn a_file_of_every_earlier_version_opens() {
    for version in 1..=migrations::STEPS.len() {
        let home = TempDir::new().unwrap();
        let path = home.path().join("db");
        of_version(&path, version);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.version().unwrap(), Store::VERSION);

        let web = store.instance(&name("web")).unwrap().unwrap();
        assert_eq!(web.overrides.images["web"], "web:2");
        assert_eq!(web.namespace_mode.unwrap().to_string(), "managed");
        assert_eq!(web.observed.unwrap().status.to_string(), "Healthy");
        assert_eq!(store.newest("web", None), Some(3));
        assert_eq!(store.newest("web", Some("web")), Some(7));
        let newest = store.newest_revision(&definition("web"), None).unwrap().unwrap();
        assert_eq!(store.content(&newest).unwrap(), Content::default());
        let release = store.latest_release(&name("web")).unwrap().unwrap();
        assert_eq!((release.number, release.outcome), (4, Outcome::NotReady));
        assert_eq!(release.deployer.to_string(), "ci@runner");
        assert_eq!(store.default_runtime().unwrap().as_deref(), Some("kind-dev"));
        assert_eq!(
            store.runtime("kind-dev").unwrap().unwrap().cluster_uid.as_deref(),
            Some("uid-1")
        );
    }
}

#[test]
fn a_newer_file_is_refused_and_left_alone() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("db");
    drop(Store::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    for result in [Store::open(&path), Store::open_for_reading(&path)] {
        let error = result.unwrap_err();
        assert_eq!((error.code.word(), error.kind.exit_code()), ("newer-database", 1));
        assert!(error.message.contains("version 99"), "{error}");
        assert!(error.message.contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let home = TempDir::new().unwrap();
    let text = home.path().join("notes.txt");
    fs::write(
        &text,
        "not a database, but long enough to look like a file of some kind\n".repeat(40),
    )
    .unwrap();
    let foreign = home.path().join("cookies.sqlite");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE cookie (id)").unwrap();
    let versioned = home.path().join("places.sqlite");
    Connection::open(&versioned).unwrap().execute_batch("PRAGMA user_version = 1").unwrap();
    for path in [text, foreign, versioned] {
        let before = fs::read(&path).unwrap();
        let error = Store::open(&path).unwrap_err();
        assert_eq!((error.code.word(), error.kind.exit_code()), ("not-a-database", 2), "{error}");
        assert_eq!(error.hint.as_deref(), Some("`--db FILE` names another database"));
        assert!(fs::read(&path).unwrap() == before, "{path:?}");
    }
    assert_eq!(Store::open(home.path()).unwrap_err().code, Code::CannotOpenDatabase);
    let within = home.path().join("notes.txt/db");
    assert_eq!(Store::open(&within).unwrap_err().code, Code::ReadOnlyDatabase);
}

#[test]
fn a_damaged_file_is_said_to_be_damaged() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("db");
    let mut store = Store::open(&path).unwrap();
    for n in 0..50 {
        store.apply(&format!("web-{n}"), &version(n), 0);
    }
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let error = Store::open(&path).and_then(|store| store.definitions()).unwrap_err();
    assert_eq!((error.code.word(), error.kind.exit_code()), ("corrupt-database", 1));
    assert!(error.hint.is_some());
}

#[test]
fn an_empty_file_is_a_fresh_database() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("db");
    fs::write(&path, "").unwrap();
    assert_eq!(Store::open(&path).unwrap().definitions().unwrap(), []);
}

#[test]
fn a_home_that_cannot_be_written_is_empty_for_reading() {
    // A folder in /proc can be made by nobody, not even by root.
    let path = Path::new("/proc/self/workloadctl/db");
    assert_eq!(open::connect_read_only(path).unwrap().map(drop), None);

    let home = TempDir::new().unwrap();
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let absent = std::io::Error::from(std::io::ErrorKind::NotADirectory);
    for (error, code, unwritable) in [
        (denied, "read-only-database", true),
        (full, "disk-full", true),
        (absent, "read-only-database", true),
    ] {
        let error = failure::of_io(home.path(), "its folder", &error);
        assert_eq!((error.code.word(), failure::is_unwritable(&error)), (code, unwritable));
        assert!(error.hint.is_some());
    }
}

#[test]
fn a_file_that_cannot_be_written_is_read() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("db");
    let mut store = Store::open(&path).unwrap();
    store.apply("web", &version(1), 0);
    store.create_instance(&instance("web", "web")).unwrap();
    drop(store);

    let connection = open::connect_read_only(&path).unwrap().unwrap();
    let mut store = Store { connection, path: Some(path), read_only: true };
    store.expect_current_version().unwrap();
    assert_eq!(store.definitions().unwrap().len(), 1);
    // What only keeps the cache fresh is passed over; what is asked for is refused.
    let theirs = revision("web", 9, &version(9), minute(5));
    store.take_in(&instance("web", "web"), &[(theirs, version(9))], &[]).unwrap();
    assert_eq!(store.newest("web", Some("web")), Some(1));
    let error = store.set_default_runtime(Some("kind-dev")).unwrap_err();
    assert_eq!((error.code.word(), error.kind.exit_code()), ("read-only-database", 1));
    assert!(store.is_read_only());
}

/// For what works on clusters: it keeps its cache fresh, in memory alone.
#[test]
fn a_file_that_cannot_be_written_is_copied_into_memory() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("db");
    let mut there = Store::open(&path).unwrap();
    there.apply("web", &version(1), 0);
    there.create_instance(&instance("web", "web")).unwrap();

    let connection = open::connect_copy(&path, &there.connection).unwrap();
    let mut copy = Store { connection, path: None, read_only: false };
    copy.migrate().unwrap();
    assert_eq!(copy.definitions().unwrap(), there.definitions().unwrap());
    copy.set_default_runtime(Some("kind-dev")).unwrap();
    copy.transaction(|copy| {
        copy.apply("web", &version(2), 1);
        Ok(())
    })
    .unwrap();
    assert_eq!(copy.newest("web", Some("web")), Some(2));
    assert_eq!(there.newest("web", Some("web")), Some(1));
    assert_eq!(there.default_runtime().unwrap(), None);

    // A folder in /proc can be made by nobody, not even by root.
    let (empty, why) = Store::open_as_cache(Path::new("/proc/self/workloadctl/db")).unwrap();
    assert_eq!((empty.definitions().unwrap(), empty.path()), (vec![], None));
    assert_eq!(why.unwrap().code, Code::ReadOnlyDatabase);
    let (store, why) = Store::open_as_cache(&path).unwrap();
    assert_eq!((store.path(), why.map(|why| why.code)), (Some(&*path), None));
}

#[test]
fn a_transaction_is_all_or_nothing() {
    let mut store = Store::in_memory().unwrap();
    let failed = store.transaction(|store| {
        store.apply("web", &version(1), 0);
        store.create_instance(&instance("web", "web"))?;
        store.create_instance(&instance("web", "web"))
    });
    assert_eq!(failed.unwrap_err().code, Code::InstanceExists);
    assert_eq!(store.definitions().unwrap(), []);

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.transaction::<()>(|store| {
            store.apply("web", &version(1), 0);
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.definitions().unwrap(), []);

    store
        .transaction(|store| {
            store.apply("web", &version(1), 0);
            // An inner part that fails and is coped with takes only itself back.
            let inner = store.create_instance(&instance("x", "nothing"));
            assert_eq!(inner.unwrap_err().code, Code::NoSuchDefinition);
            store.create_instance(&instance("web", "web"))
        })
        .unwrap();
    assert_eq!(store.definitions().unwrap()[0].instances, 1);
}

#[test]
fn a_process_that_dies_in_a_transaction_leaves_nothing() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("db");
    let dying = Store::open(&path).unwrap();
    let mut store = Store::open(&path).unwrap();
    dying.batch("BEGIN IMMEDIATE").unwrap();
    dying.ensure_definition(&definition("web"), minute(0)).unwrap();
    assert_eq!(store.definition_names().unwrap(), [], "readers neither wait nor see it");
    drop(dying);
    assert_eq!(store.apply("db", &version(1), 0), (1, true));
    assert_eq!(store.definition_names().unwrap(), [definition("db")]);
}

#[test]
fn a_database_that_stays_locked_is_an_error_with_its_own_code() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("db");
    let holder = Store::open(&path).unwrap();
    let mut store = Store::open(&path).unwrap();
    store.connection.busy_timeout(std::time::Duration::from_millis(1)).unwrap();
    holder.batch("BEGIN IMMEDIATE").unwrap();
    let error = store.set_default_runtime(Some("kind-dev")).unwrap_err();
    assert_eq!((error.code.word(), error.kind.exit_code()), ("database-locked", 6));
    holder.batch("COMMIT").unwrap();
    store.set_default_runtime(Some("kind-dev")).unwrap();
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let home = TempDir::new().unwrap();
    let mut store = Store::open(&home.path().join("db")).unwrap();
    store.apply("web", &version(1), 0);
    store.batch("PRAGMA max_page_count = 1").unwrap();
    let large = Content {
        files: vec![SourceFile {
            name: "a".into(),
            text: (0..200_000).map(|n| format!("{n}")).collect::<String>().into(),
        }],
        ..version(2)
    };
    let error =
        store.apply_definition(&definition("web"), &large, "k8s", None, minute(1)).unwrap_err();
    assert_eq!((error.code.word(), error.kind.exit_code()), ("disk-full", 1));
    assert_eq!(store.newest("web", None), Some(1));
    store.batch("PRAGMA max_page_count = 1000000").unwrap();
    assert_eq!(store.apply("web", &large, 2), (2, true));
}

#[test]
fn many_open_and_write_a_fresh_file_at_once() {
    const WRITERS: usize = 8;
    const ROUNDS: u64 = 10;
    let home = TempDir::new().unwrap();
    let path = home.path().join("config/db");
    let start = Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (start, path) = (&start, &path);
            scope.spawn(move || {
                start.wait();
                for round in 0..ROUNDS {
                    let mut store = Store::open(path).unwrap();
                    store.apply("shared", &version(writer as u64 * ROUNDS + round), 0);
                    let own = format!("w-{writer}-{round}");
                    store.create_instance(&instance(&own, "shared")).unwrap();
                }
            });
        }
    });
    let store = Store::open(&path).unwrap();
    let numbers: Vec<u64> = store
        .revisions(&definition("shared"), None)
        .unwrap()
        .iter()
        .map(|revision| revision.number)
        .collect();
    let expected: Vec<u64> = (1..=WRITERS as u64 * ROUNDS).rev().collect();
    assert_eq!(numbers, expected, "none is lost and none is counted twice");
    assert_eq!(store.definitions().unwrap()[0].instances, expected.len());
}

#[test]
fn a_store_can_go_to_another_thread() {
    fn sendable<T: Send>() {}
    sendable::<Store>();
}
