//! Wrong commands: exit code 2, a message that says what is wrong, and nothing opened.

use crate::program::{Outcome, Program};

fn wrong(line: &str) -> String {
    let program = Program::new();
    let Outcome { code, stdout, stderr } = program.call(line);
    assert_eq!(code, 2, "{line}: {stderr}");
    assert!(stdout.is_empty() || line.contains(" -o "), "{line}: {stdout}");
    assert_eq!(std::fs::read_dir(program.home()).unwrap().count(), 0, "{line}: opened something");
    stderr
}

#[test]
fn what_is_wrong_is_said() {
    for (line, said) in [
        ("deploy", "error: name an instance, or give --all\n"),
        (
            "deploy -f k8s",
            "error: there is no file or folder k8s\nhint: a source is a file, a folder, a Helm chart, a URL or `-`\n",
        ),
        ("deploy a b -f k8s", "error: -f needs exactly one instance\n"),
        ("deploy a b --replicas Deployment/x=1", "error: --replicas needs exactly one instance\n"),
        ("plan a b --out kept -o json", "error: --out needs exactly one instance\n"),
        ("plan --all --out kept", "error: --out needs exactly one instance\n"),
        ("deploy a b --ask", "error: --ask needs exactly one instance\n"),
        ("deploy a --ask -o json", "error: `deploy --ask` has no -o json, only table\n"),
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
        (
            "deploy examples/web",
            "error: \"examples/web\" is a path, and no instance name\nhint: workloadctl deploy NAME -f examples/web\n",
        ),
        (
            "plan web.yaml",
            "error: \"web.yaml\" is a path, and no instance name\nhint: workloadctl plan NAME -f web.yaml\n",
        ),
        ("deploy web -o yaml", "error: `deploy` has no -o yaml, only table, json\n"),
        ("plan web -o name", "error: `plan` has no -o name, only table, json\n"),
        ("delete web -o wide", "error: `delete` has no -o wide, only table, json\n"),
        ("render -f x -o table", "error: `render` has no -o table, only yaml, json, name\n"),
        (
            "deploy web -f - --watch",
            "error: --watch: -f - is read once\nhint: name files or folders with `-f`; without `--watch` \
             it is deployed once\n",
        ),
        (
            "deploy web -f https://example.com/web.yaml --watch",
            "error: --watch: there is no file or folder among the sources\nhint: name files or folders \
             with `-f`; without `--watch` it is deployed once\n",
        ),
        // What is wrong with the command does not become right by waiting.
        (
            "deploy -f k8s --watch",
            "error: there is no file or folder k8s\nhint: a source is a file, a folder, a Helm chart, a URL or `-`\n",
        ),
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

/// Other tools' flags, and mistyped ones, lead to flags of the same command or to none.
#[test]
fn wrong_flags_lead_nowhere_else() {
    let mut told = String::new();
    for line in [
        "rollback web 3",
        "rollback --timeout 5m web --yes 3",
        "rollback web --to-revision 3",
        "rollback web --release 3",
        "deploy web --wait",
        "deploy web --atomic",
        "deploy web --create-namespace",
        "deploy web --dryrun",
        "deploy web --force",
        "history web --limit 3",
        "logs web --lines 3",
        "runtime list --al",
    ] {
        let said = wrong(line);
        let tip = said.lines().find(|line| line.starts_with("  tip: ")).unwrap_or_default();
        let usage = said.lines().find(|line| line.starts_with("Usage: ")).unwrap();
        told += &format!("$ workloadctl {line}\n{tip}\n{usage}\n");
    }
    snapshot!(told, @"
    $ workloadctl rollback web 3
      tip: did you mean `workloadctl rollback web --to 3`?
    Usage: workloadctl rollback [OPTIONS] <INSTANCE>
    $ workloadctl rollback --timeout 5m web --yes 3
      tip: did you mean `workloadctl rollback web --to 3`?
    Usage: workloadctl rollback [OPTIONS] <INSTANCE>
    $ workloadctl rollback web --to-revision 3
      tip: did you mean `workloadctl rollback --to`?
    Usage: workloadctl rollback [OPTIONS] <INSTANCE>
    $ workloadctl rollback web --release 3
      tip: did you mean `workloadctl rollback --to`?
    Usage: workloadctl rollback [OPTIONS] <INSTANCE>
    $ workloadctl deploy web --wait
      tip: `workloadctl deploy` waits by itself, unless `--no-wait` is given
    Usage: workloadctl deploy [OPTIONS] [INSTANCE]...
    $ workloadctl deploy web --atomic
      tip: did you mean `workloadctl deploy --rollback-on-failure`?
    Usage: workloadctl deploy [OPTIONS] [INSTANCE]...
    $ workloadctl deploy web --create-namespace
      tip: `workloadctl deploy` makes a namespace that is missing
    Usage: workloadctl deploy [OPTIONS] [INSTANCE]...
    $ workloadctl deploy web --dryrun
      tip: did you mean `workloadctl deploy --dry-run`?
    Usage: workloadctl deploy [OPTIONS] [INSTANCE]...
    $ workloadctl deploy web --force

    Usage: workloadctl deploy [OPTIONS] [INSTANCE]...
    $ workloadctl history web --limit 3

    Usage: workloadctl history [OPTIONS] <INSTANCE>
    $ workloadctl logs web --lines 3
      tip: did you mean `workloadctl logs --tail`?
    Usage: workloadctl logs [OPTIONS] <INSTANCE> [TARGET]
    $ workloadctl runtime list --al

    Usage: workloadctl runtime list [OPTIONS]
    ");
}

#[test]
fn clap_says_the_rest() {
    let mut told = String::new();
    for line in [
        "nonsense",
        "deploy web --nope",
        "deploy web --timeout 5",
        "deploy --all web",
        "list -q -v",
        "delete",
        "status --timeout 5m",
    ] {
        told += &format!("$ workloadctl {line}\n{}\n", wrong(line));
    }
    snapshot!(told, @"
    $ workloadctl nonsense
    error: unrecognized subcommand 'nonsense'

    Usage: workloadctl [OPTIONS] <COMMAND>

    For more information, try '--help'.

    $ workloadctl deploy web --nope
    error: unexpected argument '--nope' found

    Usage: workloadctl deploy [OPTIONS] [INSTANCE]...

    For more information, try '--help'.

    $ workloadctl deploy web --timeout 5
    error: invalid value '5' for '--timeout <DURATION>': the unit after 5 is missing; write it like 90s, 5m, 1h30m or 0

    For more information, try '--help'.

    $ workloadctl deploy --all web
    error: the argument '--all' cannot be used with '[INSTANCE]...'

    Usage: workloadctl deploy --all [INSTANCE]...

    For more information, try '--help'.

    $ workloadctl list -q -v
    error: the argument '--quiet' cannot be used with '--verbose...'

    Usage: workloadctl list --quiet [INSTANCE]...

    For more information, try '--help'.

    $ workloadctl delete
    error: the following required arguments were not provided:
      <INSTANCE>...

    Usage: workloadctl delete <INSTANCE>...

    For more information, try '--help'.

    $ workloadctl status --timeout 5m
    error: the following required arguments were not provided:
      --wait

    Usage: workloadctl status --wait --timeout <DURATION> [INSTANCE]...

    For more information, try '--help'.
    ");
}

#[test]
fn a_word_that_is_no_command_leads_to_the_right_one() {
    for (line, meant) in [
        ("undo", Some("rollback")),
        ("rollout", Some("rollback")),
        ("apply", Some("deploy")),
        ("up", Some("deploy")),
        ("ls", Some("list")),
        ("get", Some("list")),
        ("rm", Some("delete")),
        ("ps", Some("status")),
        ("log", Some("logs")),
        ("Undo", Some("rollback")),
        ("depoly", Some("deploy")),
        ("stat", Some("status")),
        ("histroy", Some("history")),
        ("restart", Some("deploy --restart")),
        ("-o json definition ls", Some("definition list")),
        ("definition log", Some("definition history")),
        ("definition shwo", Some("definition show")),
        ("instance rm", Some("delete")),
        ("instance logs", Some("logs")),
        ("runtime switch", Some("runtime use")),
        ("sandbox undo", None),
        ("sandbox start", Some("sandbox serve")),
        ("sandbox list", Some("status --runtime sandbox")),
        ("fail Deployment/web crash", Some("sandbox fail")),
        ("definition logs", None),
        ("frobnicate", None),
    ] {
        let program = Program::new();
        let Outcome { code, stdout, stderr } = program.call(line);
        assert_eq!(code, 2, "{line}");
        let said = stderr.split_once("tip: did you mean `workloadctl ");
        let said = said.and_then(|(_, rest)| Some(rest.split_once("`?")?.0));
        assert_eq!(said, meant, "{line}: {stderr}");
        assert!(!stderr.contains("similar"), "{line}: {stderr}");
        // As a document too.
        assert_eq!(stdout.contains("\"hint\": \"did you mean"), line.starts_with("-o"), "{stdout}");
    }
}

#[test]
fn without_a_command_help_goes_to_stderr() {
    snapshot!(wrong(""), @"
    Define a set of Kubernetes resources once, run any number of instances of it

    Usage: workloadctl [OPTIONS] <COMMAND>

    Commands:
      deploy       Deploy instances: apply what changed, wait until it is ready, remove what left the
                   definition
      plan         Show what a deploy would do, object by object
      status       Show instances as they are on their clusters, and why they are not ready
      logs         Show what the containers of an instance write
      list         List instances from the database, contacting no cluster
      render       Print the objects of manifests as they are read, or those of an instance as they
                   would be sent
      diff         Show what differs between releases, instances, revisions, manifests and what is live
      history      List the releases of an instance, the newest first, contacting no cluster
      report       Write a release as one page of HTML, contacting no cluster
      rollback     Return an instance to what an earlier release of it was
      delete       Delete instances with all their objects; their definitions stay
      definition   Handle workload definitions: named sets of Kubernetes resources
      instance     Handle workload instances: running copies of definitions
      runtime      Handle runtimes: the contexts of your kubeconfig
      db           Look after the database: check it, copy it, rebuild it, prune it
      sandbox      Handle the sandbox: a Kubernetes API inside the program, for trying and rehearsing
      import       Make a definition and an instance of what runs; write nothing to the cluster
      init         Write a first workload file
      schema       Print the JSON Schema of workload files
      forward      Forward free local ports to the Services of an instance, until Ctrl-C
      open         Forward as `forward` does, and show the first address in the browser
      kubectl      Run kubectl with the context and the namespace of an instance
      completions  Print the completions for a shell
      man          Print the manual page of the program or of a command, or write all of them

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    Global options:
          --runtime <CONTEXT>      The runtime: a context of the kubeconfig, or `sandbox`
      -n, --namespace <NAMESPACE>  The namespace
          --kubeconfig <FILE>      The kubeconfig, instead of KUBECONFIG or ~/.kube/config
          --db <FILE>              The database, instead of WORKLOADCTL_DB or the one in the
                                   configuration folder
      -o, --output <FORMAT>        The form of the answer [possible values: table, wide, json, yaml,
                                   name]
      -q, --quiet                  Say nothing but the answer and errors
      -v, --verbose...             Show requests with status and time; -vv shows bodies too, Secret
                                   values masked
      -y, --yes                    Answer every question with yes
    ");
}
