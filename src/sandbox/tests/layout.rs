//! The layout of the file: made, brought up, and refused where it is newer than the program.

use std::path::Path;

use rusqlite::Connection;
use serde_json::json;

use super::{DEPLOYMENTS, Options, Sandbox, Settings, TestCluster, clock, deployment};
use crate::sandbox::OpenError;

fn open(path: &Path) -> Result<Sandbox, OpenError> {
    let settings = Settings { clock, ..Settings::default() };
    Sandbox::open(path, Options { settings, faults: Vec::new() })
}

fn layout(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

fn set_layout(path: &Path, layout: i64) {
    Connection::open(path).unwrap().pragma_update(None, "user_version", layout).unwrap();
}

#[test]
fn a_new_file_has_this_programs_layout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    open(&path).unwrap();
    assert_eq!(layout(&path), 2);
    open(&path).unwrap();
    assert_eq!(layout(&path), 2);
}

#[test]
fn a_file_from_before_there_was_a_number_keeps_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    let cluster = || TestCluster { sandbox: open(&path).unwrap(), ..TestCluster::new() };
    let before = cluster();
    before.apply(&format!("{DEPLOYMENTS}/web"), "me", &deployment(1, "nginx:1"));
    let made = before.get(&format!("{DEPLOYMENTS}/web"))["metadata"]["uid"].clone();
    drop(before);
    let connection = Connection::open(&path).unwrap();
    // The first files did not have this index.
    connection
        .execute_batch("DROP INDEX service_addresses; DROP TABLE failures; PRAGMA user_version = 0")
        .unwrap();
    drop(connection);
    let after = cluster();
    assert_eq!(after.get(&format!("{DEPLOYMENTS}/web"))["metadata"]["uid"], made);
    assert_ne!(made, json!(null));
    assert_eq!(layout(&path), 2);
    let index = "SELECT count(*) FROM sqlite_schema WHERE name = 'service_addresses'";
    let found: i64 =
        Connection::open(&path).unwrap().query_row(index, [], |row| row.get(0)).unwrap();
    assert_eq!(found, 1);
}

#[test]
fn a_newer_file_is_refused_until_it_is_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    open(&path).unwrap();
    set_layout(&path, 7);
    assert_eq!(
        open(&path).unwrap_err().to_string(),
        "it was written by a newer workloadctl (layout 7, this program knows 2)"
    );
    assert_eq!(layout(&path), 7);
    Sandbox::reset(&path).unwrap();
    open(&path).unwrap();
    assert_eq!(layout(&path), 2);
}
