//! kubectl beside us: run where an instance is, and running us as its plugin.

use std::{os::unix::fs::PermissionsExt as _, process::Command};

use crate::program::{Outcome, Program, outcome};

/// Calls the program by another name.
fn called(program: &Program, name: &str, line: &[&str]) -> Outcome {
    let link = program.home().join(name);
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_workloadctl"), &link).unwrap();
    }
    let mut command = Command::new(link);
    command.args(line).env_clear().env("HOME", program.home()).current_dir(program.home());
    command.env("XDG_CONFIG_HOME", program.home().join(".config")).env("USER", "tester");
    outcome(command.output().unwrap())
}

/// A home with an instance, a context of the name, and a kubectl that tells how it was called.
fn home() -> Program {
    let program = Program::new();
    program.write("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
    program.write(
        ".kube/config",
        "contexts: [{name: prod, context: {cluster: k}}]\n\
         clusters: [{name: k, cluster: {server: 'http://127.0.0.1:1'}}]\n",
    );
    let kubectl = program.write("bin/kubectl", "#!/bin/sh\nprintf '[%s]\\n' \"$@\"\nexit 9\n");
    std::fs::set_permissions(kubectl, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(program.call("definition apply web -f a.yaml").code, 0);
    assert_eq!(program.call("instance create web --runtime prod -n shop").code, 0);
    program
}

fn kubectl(program: &Program, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let path = program.home().join("bin");
    outcome(program.command(&words).env("PATH", path).output().unwrap()).shown(line)
}

#[test]
fn kubectl_is_run_where_the_instance_is() {
    let program = home();
    let mut told = kubectl(&program, "kubectl web -- get pods -o wide --context other");
    told += &kubectl(&program, "kubectl web --kubeconfig .kube/config -n else -- get pods");
    // An empty disk: the flags say it.
    told += &kubectl(&program, "kubectl db --runtime prod -n shop -- get pods");
    snapshot!(told, @"
    $ workloadctl kubectl web -- get pods -o wide --context other
    exit code 9
    --- stdout
    [--context=prod]
    [--namespace=shop]
    [get]
    [pods]
    [-o]
    [wide]
    [--context]
    [other]
    $ workloadctl kubectl web --kubeconfig .kube/config -n else -- get pods
    exit code 9
    --- stdout
    [--context=prod]
    [--kubeconfig=.kube/config]
    [--namespace=else]
    [get]
    [pods]
    $ workloadctl kubectl db --runtime prod -n shop -- get pods
    exit code 9
    --- stdout
    [--context=prod]
    [--namespace=shop]
    [get]
    [pods]
    ");
}

#[test]
fn where_kubectl_cannot_help_it_is_said() {
    let program = home();
    assert_eq!(program.call("deploy dev -f a.yaml --runtime sandbox").code, 0);
    assert_eq!(program.call("instance create new --definition web --runtime prod").code, 0);
    let mut told = program.told(&[
        "kubectl dev -- get pods",
        "kubectl new -- get pods",
        "kubectl wbe -- get pods",
        "kubectl web get pods",
    ]);
    std::fs::remove_file(program.home().join("bin/kubectl")).unwrap();
    told += &kubectl(&program, "kubectl web -- get pods");
    program.write(".kube/config", "contexts: []\n");
    told += &program.told(&["kubectl web -- get pods"]);
    snapshot!(told, @"
    $ workloadctl kubectl dev -- get pods
    exit code 2
    --- stderr
    error: `dev` is in the sandbox, which kubectl does not reach
    hint: `workloadctl sandbox serve` lets it, and `workloadctl status dev` shows it

    $ workloadctl kubectl new -- get pods
    exit code 2
    --- stderr
    error: where `new` is, is not known here: it was never deployed
    hint: workloadctl deploy new, or `--namespace NAMESPACE`

    $ workloadctl kubectl wbe -- get pods
    exit code 1
    --- stderr
    error: there is no instance `wbe`
    hint: did you mean `web`?

    $ workloadctl kubectl web get pods
    exit code 2
    --- stderr
    error: unexpected argument 'get' found

    Usage: workloadctl kubectl [OPTIONS] <INSTANCE> -- <ARGUMENT>...

    For more information, try '--help'.
    $ workloadctl kubectl web -- get pods
    exit code 1
    --- stderr
    error: cannot run kubectl
      it is not on PATH
    $ workloadctl kubectl web -- get pods
    exit code 7
    --- stderr
    error: `web` runs on context `prod`, and there is no kubeconfig with a context: looked at ~/.kube/config
    hint: set KUBECONFIG or `--kubeconfig FILE`; if the cluster is gone: `workloadctl delete web --forget`
    ");
}

#[test]
fn the_plugin_speaks_kubectl() {
    let program = home();
    let told = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let Outcome { code, stdout, stderr } = called(&program, "kubectl-workload", &words);
        crate::snapshot::shown(line, code, &stdout, &stderr)
    };
    let mut all = told("history -h");
    for line in [
        "list --context prod -n shop",
        "undo",
        "deploy --all web",
        "deploy wbe",
        "definition delete web --yes",
    ] {
        all += &told(line);
    }
    snapshot!(all, @"
    $ workloadctl history -h
    exit code 0
    --- stdout
    List the releases of an instance, the newest first, contacting no cluster

    Usage: kubectl workload history [OPTIONS] <INSTANCE>

    Arguments:
      <INSTANCE>  The instance

    Options:
          --at <TIME>  Only the release that was the newest at a time, in RFC 3339
      -h, --help       Print help (see more with '--help')
      -V, --version    Print version

    Global options:
          --runtime <CONTEXT>      The runtime: a context of the kubeconfig, or `sandbox` [alias:
                                   --context]
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
    $ workloadctl list --context prod -n shop
    exit code 0
    --- stdout
    NAME  DEFINITION  REVISION  RELEASE  RUNTIME  NAMESPACE  STATUS       AGE
    web   web         -         -        prod     shop       NotDeployed  N s
    $ workloadctl undo
    exit code 2
    --- stderr
    error: unrecognized subcommand 'undo'

      tip: did you mean `kubectl workload rollback`?

    Usage: kubectl workload [OPTIONS] <COMMAND>

    For more information, try '--help'.
    $ workloadctl deploy --all web
    exit code 2
    --- stderr
    error: the argument '--all' cannot be used with '[INSTANCE]...'

    Usage: kubectl workload deploy --all [INSTANCE]...

    For more information, try '--help'.
    $ workloadctl deploy wbe
    exit code 2
    --- stderr
    error: no runtime is chosen: the kubeconfig has no current context
      there is no definition `wbe` either; did you mean `web`?
    hint: name one with `--runtime CONTEXT`, or `kubectl workload runtime use CONTEXT`
    $ workloadctl definition delete web --yes
    exit code 5
    --- stderr
    error: definition `web` has 1 instance: web
    hint: `kubectl workload delete web` removes them first
    ");
}

#[test]
fn kubectl_completes_the_plugin() {
    let program = home();
    let name = "kubectl_complete-workload";
    let mut told = String::new();
    for words in [
        &["hist"][..],
        &["status", ""],
        &["status", "--context", "p"],
        &["deploy", "web", "--set", "C"],
    ] {
        told += &format!("{words:?}\n{}\n", called(&program, name, words).stdout);
    }
    snapshot!(told, @r#"
    ["hist"]
    history	List the releases of an instance, the newest first, contacting no cluster
    :4

    ["status", ""]
    web	NotDeployed, prod
    :4

    ["status", "--context", "p"]
    prod	1 instance, http://127.0.0.1:1
    :4

    ["deploy", "web", "--set", "C"]
    ConfigMap/conf:	web
    :6
    "#);
}
