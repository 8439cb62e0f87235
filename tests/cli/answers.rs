//! The shape of answers: one document on stdout, on failure too; a reader that goes away is no
//! failure; colour only where it was asked for.

use std::process::Stdio;

use serde_json::Value;

use crate::program::{Outcome, Program, outcome};

#[test]
fn a_failure_is_one_document_too() {
    for (line, code, message) in [
        ("deploy -o json", "no-instance", "name an instance, or give --all"),
        ("deploy web --nope -o json", "invalid-command", "unexpected argument '--nope' found"),
        (
            "list -ojson --request-timeout 0",
            "invalid-flag",
            "--request-timeout 0 would let no request through",
        ),
    ] {
        let Outcome { code: exit, stdout, stderr } = Program::new().call(line);
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(exit, 2, "{line}");
        assert!(stderr.starts_with(&format!("error: {message}\n")), "{line}: {stderr}");
        assert_eq!(document["apiVersion"], "workloadctl/v1alpha1", "{line}");
        assert_eq!(document["kind"], "Error", "{line}");
        assert_eq!(document["error"]["code"], code, "{line}");
        assert_eq!(document["error"]["exitCode"], 2, "{line}");
        assert_eq!(document["error"]["message"], message, "{line}");
    }
}

#[test]
fn several_errors_are_all_in_the_document() {
    let document: Value =
        serde_json::from_str(&Program::new().call("status Web a_b -o json").stdout).unwrap();
    assert_eq!(document["errors"].as_array().unwrap().len(), 2);
    assert_eq!(document["error"], document["errors"][0]);
}

#[test]
fn yaml_is_a_document_as_well() {
    let outcome = Program::new().call("status Web -o yaml");
    assert!(outcome.stdout.contains("kind: Error\n"), "{}", outcome.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let program = Program::new();
    let mut child = program
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let outcome = outcome(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Program::new().command(&["completions", "bash"]).stdout(full).output().unwrap();
    let outcome = outcome(output);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.starts_with("error: cannot write the answer to stdout\n"));
}

#[test]
fn colour_is_for_those_who_ask() {
    let program = Program::new();
    let red = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m";
    for (line, environment, coloured) in [
        ("deploy", None, false),
        ("deploy --color always", None, true),
        ("deploy --color always", Some("NO_COLOR"), true),
        ("deploy --color never", Some("CLICOLOR_FORCE"), false),
        ("deploy", Some("CLICOLOR_FORCE"), true),
    ] {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let mut command = program.command(&arguments);
        if let Some(name) = environment {
            command.env(name, "1");
        }
        let stderr = outcome(command.output().unwrap()).stderr;
        assert_eq!(stderr.starts_with(red), coloured, "{line} {environment:?}: {stderr:?}");
        assert_eq!(stderr.contains('\u{1b}'), coloured, "{line} {environment:?}: {stderr:?}");
    }
}

#[test]
fn the_version_is_one_line() {
    for line in ["--version", "-V", "deploy --version", "runtime list -V"] {
        let outcome = Program::new().call(line);
        let expected = concat!("workloadctl ", env!("CARGO_PKG_VERSION"), "\n");
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, expected), "{line}");
    }
}
