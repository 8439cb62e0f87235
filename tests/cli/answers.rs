//! The shape of answers: one document on stdout, on failure too; a reader that goes away is no
//! failure; colour only where it was asked for.

use std::{fmt::Write as _, process::Stdio};

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

/// What nothing fits is talk: no answer, or an empty list in a document.
#[test]
fn what_nothing_fits_is_said_once() {
    let program = Program::new();
    program.write("web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n");
    for line in [
        "deploy web -f web.yaml --runtime sandbox",
        "instance create kept --definition web --runtime sandbox",
    ] {
        assert_eq!(program.call(line).code, 0);
    }
    program.write(
        "kubeconfig",
        "contexts: [{name: dev, context: {cluster: c, user: u}}]\n\
         clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n\
         users: [{name: u, user: {}}]\n",
    );
    let mut told = String::new();
    for (line, forms, code, answered) in [
        ("status -n none", "table wide json yaml name", 0, ""),
        ("status --runtime sandbox -n none", "table wide json yaml name", 0, ""),
        ("status wbe", "table wide name", 2, ""),
        ("status wbe --runtime sandbox", "table wide name", 1, ""),
        ("status web wbe --runtime sandbox", "name", 1, "web\n"),
        ("list -n none", "table wide json yaml name", 0, ""),
        ("list --runtime dev", "table wide json yaml name", 0, ""),
        ("list wbe", "table wide name", 1, ""),
        ("history kept", "table wide json yaml name", 0, ""),
        ("deploy --all --runtime dev --kubeconfig kubeconfig", "table json", 0, ""),
        ("plan --all --runtime dev --kubeconfig kubeconfig", "table json", 0, ""),
        ("sandbox fail", "table json yaml", 0, "NAMESPACE  OBJECT  FAILURE\n"),
    ] {
        for form in forms.split(' ') {
            let line = format!("{line} -o {form}");
            let answer = program.call(&line);
            assert_eq!(answer.code, code, "{line}: {}", answer.stderr);
            if matches!(form, "json" | "yaml") {
                let mut lines = answer.stdout.lines().rev();
                assert!(lines.any(|line| line.ends_with(": []")), "{line}: {}", answer.stdout);
            } else {
                assert_eq!(answer.stdout, answered, "{line}");
            }
            if form == forms.split(' ').next().unwrap() {
                write!(told, "$ workloadctl {line}\n{}", answer.stderr).unwrap();
            }
        }
    }
    snapshot!(told, @"
    $ workloadctl status -n none -o table
    no instances fit; `workloadctl list` shows what there is
    $ workloadctl status --runtime sandbox -n none -o table
    no instances there; `workloadctl deploy NAME -f PATH` makes one
    $ workloadctl status wbe -o table
    error: there is no kubeconfig with a context: looked at ~/.kube/config
      there is no instance `wbe` either; did you mean `web`?
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`
    $ workloadctl status wbe --runtime sandbox -o table
    error: there is no instance `wbe`
      it is not on runtime sandbox either, in namespace wbe
    hint: did you mean `web`?
    $ workloadctl status web wbe --runtime sandbox -o name
    error: there is no instance `wbe`
      it is not on runtime sandbox either, in namespace wbe
    hint: did you mean `web`?
    $ workloadctl list -n none -o table
    no instances fit; `workloadctl list` shows what there is
    $ workloadctl list --runtime dev -o table
    no instances fit; `workloadctl list` shows what there is
    $ workloadctl list wbe -o table
    error: there is no instance `wbe`
    hint: did you mean `web`?
    $ workloadctl history kept -o table
    kept was never deployed
    $ workloadctl deploy --all --runtime dev --kubeconfig kubeconfig -o table
    no instances fit; `workloadctl list` shows what there is
    $ workloadctl plan --all --runtime dev --kubeconfig kubeconfig -o table
    no instances fit; `workloadctl list` shows what there is
    $ workloadctl sandbox fail -o table
    ");
}
