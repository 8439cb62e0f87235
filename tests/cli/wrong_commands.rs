//! Wrong commands: exit code 2, a message that says what is wrong, and nothing opened.

use crate::program::{Outcome, Program};

fn wrong(line: &str) -> String {
    let program = Program::new();
    let Outcome { code, stdout, stderr } = program.call(line);
    assert_eq!(code, 2, "{line}: {stderr}");
    assert!(stdout.is_empty() || line.ends_with("-o yaml"), "{line}: {stdout}");
    assert_eq!(std::fs::read_dir(program.home()).unwrap().count(), 0, "{line}: opened something");
    stderr
}

#[test]
fn what_is_wrong_is_said() {
    for (line, said) in [
        ("deploy", "error: name an instance, or give --all\n"),
        (
            "deploy -f k8s",
            "error: -f needs the name of the instance\nhint: workloadctl deploy NAME -f k8s\n",
        ),
        ("deploy a b -f k8s", "error: -f needs exactly one instance\n"),
        ("deploy a b --replicas Deployment/x=1", "error: --replicas needs exactly one instance\n"),
        ("plan", "error: name an instance, or give --all\n"),
        (
            "deploy Web",
            "error: \"Web\" is not a valid instance name: 'W' is not a lower-case letter, a digit \
             or `-`\nhint: use `web`\n",
        ),
        (
            "status Web a_b",
            "error: \"Web\" is not a valid instance name: 'W' is not a lower-case letter, a digit \
             or `-`\nhint: use `web`\n\
             error: \"a_b\" is not a valid instance name: '_' is not a lower-case letter, a digit \
             or `-`\nhint: use `a-b`\n",
        ),
        ("deploy web -o yaml", "error: `deploy` has no -o yaml, only table, json\n"),
        ("plan web -o name", "error: `plan` has no -o name, only table, json\n"),
        ("delete web -o wide", "error: `delete` has no -o wide, only table, json\n"),
        ("render -f x -o table", "error: `render` has no -o table, only yaml, json, name\n"),
        ("list --runtime=", "error: --runtime is empty\n"),
        (
            "list -n Web",
            "error: \"Web\" is not a valid namespace: 'W' is not a lower-case letter, a digit or \
             `-`\nhint: use `web`\n",
        ),
        ("list --request-timeout 0", "error: --request-timeout 0 would let no request through\n"),
    ] {
        assert_eq!(wrong(line), said, "{line}");
    }
}

#[test]
fn clap_says_the_rest() {
    for (line, first) in [
        ("nonsense", "error: unrecognized subcommand 'nonsense'"),
        ("deploy web --nope", "error: unexpected argument '--nope' found"),
        (
            "deploy web --timeout 5",
            "error: invalid value '5' for '--timeout <DURATION>': the unit after 5 is missing; \
             write it like 90s, 5m, 1h30m or 0",
        ),
        ("deploy --all web", "error: the argument '--all' cannot be used with '[INSTANCE]...'"),
        ("list -q -v", "error: the argument '--quiet' cannot be used with '--verbose...'"),
        ("delete", "error: the following required arguments were not provided:"),
        ("status --timeout 5m", "error: the following required arguments were not provided:"),
    ] {
        assert_eq!(wrong(line).lines().next(), Some(first), "{line}");
    }
}

#[test]
fn without_a_command_help_goes_to_stderr() {
    assert!(wrong("").contains("Usage: workloadctl [OPTIONS] <COMMAND>"));
}
