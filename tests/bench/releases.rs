//! How long it takes to look at releases, and to ask the server before a release: `diff` of two releases
//! of 500 objects, `history` of 1,000 releases, and what the dry runs add to a deploy that changes 200
//! objects. The last needs a control plane on which nothing else runs; without one it is left out:
//!
//! ```text
//! cargo bench --bench releases
//! tests/control-plane/run -- cargo bench --bench releases
//! ```
//!
//! Each figure is the median of some calls of the whole program, start included.

#![allow(missing_docs)]
#![expect(clippy::print_stderr, reason = "a program of its own")]

#[expect(dead_code, reason = "shared with the other bench")]
mod objects;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

const DIFFERENT: usize = 500;
const RELEASES: u64 = 1000;
const CHANGED: usize = 200;
const CALLS: usize = 21;
const ROUNDS: usize = 5;

fn main() {
    let home = tempfile::tempdir().expect("a temporary folder");
    looking(home.path());
    match has_cluster() {
        true => asking(home.path()),
        false => eprintln!("no control plane: what asking it adds is left out"),
    }
}

#[expect(clippy::disallowed_methods, reason = "the caller's environment, not the program's")]
fn has_cluster() -> bool {
    std::env::var_os("KUBECONFIG").is_some()
}

/// Calls the program, and gives how long it took.
fn call(home: &Path, line: &str) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workloadctl"));
    command.args(line.split(' ')).current_dir(home).env("WORKLOADCTL_DB", home.join("db"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = command.output().expect("the program starts");
    let took = start.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {said}");
    took
}

fn median(mut all: Vec<Duration>) -> f64 {
    all.sort();
    all[all.len() / 2].as_secs_f64() * 1000.0
}

fn several(home: &Path, line: &str) -> f64 {
    median((0..CALLS).map(|_| call(home, line)).collect())
}

/// Writes a set of which every object changes with the number.
fn write(home: &Path, count: usize, number: usize) {
    let mut items = objects::mixed(count);
    for item in &mut items {
        item["metadata"]["annotations"]["example.com/number"] = json!(number.to_string());
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    fs::write(home.join("set.json"), list.to_string()).expect("a file can be written");
}

fn looking(home: &Path) {
    for number in 1..=2 {
        write(home, DIFFERENT, number);
        call(home, "deploy web -f set.json --runtime sandbox --no-wait");
    }
    for form in ["json", "table"] {
        let took = several(home, &format!("diff web@1 web@2 -o {form}"));
        eprintln!("diff of two releases of {DIFFERENT} objects, as {form}: {took:.1} ms");
    }
    for number in 1..=2 {
        write(home, 10, number);
        call(home, "deploy few -f set.json --runtime sandbox --no-wait");
    }
    for name in ["few", "web"] {
        multiply(&home.join("db"), name);
        let took = several(home, &format!("history {name}"));
        eprintln!("history of {RELEASES} releases of `{name}`: {took:.1} ms");
    }
}

/// Repeats the last release of an instance until there are enough.
fn multiply(database: &Path, name: &str) {
    let connection = rusqlite::Connection::open(database).expect("a database");
    let instance: i64 = connection
        .query_row("SELECT id FROM instance WHERE name = ?1", [name], |row| row.get(0))
        .expect("the instance is there");
    let copy = format!(
        "BEGIN; CREATE TEMP TABLE copy AS SELECT * FROM release WHERE instance_id = {instance} AND number = 2;"
    );
    connection.execute_batch(&copy).expect("a release can be copied");
    for number in 3..=RELEASES {
        let one = format!(
            "UPDATE copy SET number = {number}, id = 'copy-{number}'; INSERT INTO release SELECT * FROM copy;"
        );
        connection.execute_batch(&one).expect("a release can be added");
    }
    connection.execute_batch("DROP TABLE copy; COMMIT;").expect("the end of a transaction");
}

/// Compares deploys that ask beforehand with those of a plan that has asked already.
fn asking(home: &Path) {
    write(home, CHANGED, 0);
    call(home, "deploy bench-releases -f set.json --runtime control-plane --no-wait");
    let (mut whole, mut writes) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        write(home, CHANGED, 2 * round);
        whole.push(call(home, "deploy bench-releases -f set.json --no-wait"));
        write(home, CHANGED, 2 * round + 1);
        call(home, "plan bench-releases -f set.json --out bench.plan");
        writes.push(call(home, "deploy --plan bench.plan --no-wait"));
        eprintln!("round {round}: {:?} with, {:?} without", whole[round - 1], writes[round - 1]);
    }
    let (whole, writes) = (median(whole), median(writes));
    let added = whole - writes;
    eprintln!(
        "a deploy that changes {CHANGED} objects: {whole:.0} ms, of a plan {writes:.0} ms: asking adds {:.2} of it",
        added / writes
    );
    call(home, "delete bench-releases --yes");
}
