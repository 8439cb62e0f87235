//! The shape of answers: one document on stdout, on failure too; a reader that goes away is no
//! failure; colour only where it was asked for.

use std::process::Stdio;

use crate::program::{Program, outcome};

#[test]
fn a_failure_is_one_document_too() {
    let lines = ["deploy -o json", "deploy web --nope -o json", "list -ojson --request-timeout 0"];
    snapshot!(Program::new().told(&lines), @r#"
    $ workloadctl deploy -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "no-instance",
        "exitCode": 2,
        "message": "name an instance, or give --all"
      }
    }
    --- stderr
    error: name an instance, or give --all

    $ workloadctl deploy web --nope -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "invalid-command",
        "exitCode": 2,
        "message": "unexpected argument '--nope' found"
      }
    }
    --- stderr
    error: unexpected argument '--nope' found

    Usage: workloadctl deploy [OPTIONS] [INSTANCE]...

    For more information, try '--help'.

    $ workloadctl list -ojson --request-timeout 0
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "invalid-flag",
        "exitCode": 2,
        "message": "--request-timeout 0 would let no request through"
      }
    }
    --- stderr
    error: --request-timeout 0 would let no request through
    "#);
}

#[test]
fn several_errors_are_all_in_the_document() {
    snapshot!(Program::new().told(&["status Web a_b -o json"]), @r#"
    $ workloadctl status Web a_b -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "invalid-name",
        "exitCode": 2,
        "message": "\"Web\" is not a valid instance name: 'W' is not a lower-case letter, a digit or `-`",
        "hint": "use `web`"
      },
      "errors": [
        {
          "code": "invalid-name",
          "exitCode": 2,
          "message": "\"Web\" is not a valid instance name: 'W' is not a lower-case letter, a digit or `-`",
          "hint": "use `web`"
        },
        {
          "code": "invalid-name",
          "exitCode": 2,
          "message": "\"a_b\" is not a valid instance name: '_' is not a lower-case letter, a digit or `-`",
          "hint": "use `a-b`"
        }
      ]
    }
    --- stderr
    error: "Web" is not a valid instance name: 'W' is not a lower-case letter, a digit or `-`
    hint: use `web`
    error: "a_b" is not a valid instance name: '_' is not a lower-case letter, a digit or `-`
    hint: use `a-b`
    "#);
}

#[test]
fn yaml_is_a_document_as_well() {
    snapshot!(Program::new().told(&["status Web -o yaml"]), @r#"
    $ workloadctl status Web -o yaml
    exit code 2
    --- stdout
    apiVersion: workloadctl/v1alpha1
    kind: Error
    error:
      code: invalid-name
      exitCode: 2
      hint: use `web`
      message: '"Web" is not a valid instance name: ''W'' is not a lower-case letter, a digit or `-`'
    --- stderr
    error: "Web" is not a valid instance name: 'W' is not a lower-case letter, a digit or `-`
    hint: use `web`
    "#);
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
    snapshot!(outcome(output).shown("completions bash > /dev/full"), @"
    $ workloadctl completions bash > /dev/full
    exit code 1
    --- stderr
    error: cannot write the answer to stdout
      No space left on device (os error 28)
    ");
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
        let expected = concat!("workloadctl ", env!("WORKLOADCTL_VERSION"), "\n");
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, expected), "{line}");
    }
}
