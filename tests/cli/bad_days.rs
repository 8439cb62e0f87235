//! Bad days without a cluster: each has its exit code, its sentence and its hint, and leaves the
//! database as it was.

use std::{fs, process::Stdio};

use rusqlite::Connection;

use crate::program::{Outcome, Program, outcome};

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";

/// A home with manifests and contexts that lead nowhere.
fn home() -> Program {
    let program = Program::new();
    program.write("k8s/conf.yaml", CONF);
    program.write(
        ".kube/config",
        "contexts:\n\
         - {name: kind-dev, context: {cluster: k, user: u}}\n\
         - {name: prod, context: {cluster: k, user: u}}\n\
         - {name: lost, context: {cluster: l, user: u}}\n\
         clusters:\n\
         - {name: k, cluster: {server: 'http://127.0.0.1:1'}}\n\
         - {name: l, cluster: {server: 'https://no-such-host.invalid', insecure-skip-tls-verify: true}}\n\
         users: [{name: u, user: {}}]\n",
    );
    program
}

/// Calls the program, which fails and stores nothing; gives what it says.
#[track_caller]
fn refused(program: &Program, line: &str, code: i32) -> String {
    let Outcome { code: exit, stdout, stderr } = program.call(line);
    assert_eq!((exit, stdout.as_str()), (code, ""), "{line}: {stderr}");
    assert_eq!(program.call("list -o name").stdout, "", "{line}");
    assert_eq!(program.call("definition list -o name").stdout, "", "{line}");
    stderr.replace(program.home().to_str().unwrap(), "~")
}

#[test]
fn a_runtime_that_cannot_be_used() {
    let program = home();
    for (runtime, code, said) in [
        (
            "kind-dve",
            2,
            "error: context `kind-dve` is not in the kubeconfig (~/.kube/config)\n\
             hint: did you mean `kind-dev`?\n",
        ),
        (
            "kind-dev",
            7,
            "error: cannot use runtime `kind-dev`\n  \
             http://127.0.0.1:1 cannot be reached: nothing listens there\n\
             hint: is the cluster running? `kind get clusters`\n",
        ),
        (
            "prod",
            7,
            "error: cannot use runtime `prod`\n  \
             http://127.0.0.1:1 cannot be reached: nothing listens there\n\
             hint: workloadctl runtime check prod\n",
        ),
    ] {
        let line = format!("deploy web -f k8s --runtime {runtime}");
        assert_eq!(refused(&program, &line, code), said);
    }
    // Why a name has no address is the system's word.
    let said = refused(&program, "deploy web -f k8s --runtime lost", 7);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        (lines[0], lines[1], lines[3]),
        (
            "error: cannot use runtime `lost`",
            "  the host of https://no-such-host.invalid is not known",
            "hint: workloadctl runtime check lost"
        )
    );
}

#[test]
fn a_kubeconfig_that_is_not_there_or_broken() {
    let program = home();
    program.write(".kube/config", "contexts:\n- name: [x\n");
    assert_eq!(
        refused(&program, "deploy web -f k8s", 2),
        "error: kubeconfig ~/.kube/config is broken\n  \
         did not find expected ',' or ']' at line 3 column 1, while parsing a flow sequence at \
         line 2 column 9\n"
    );
    fs::remove_file(program.home().join(".kube/config")).unwrap();
    assert_eq!(
        refused(&program, "deploy web -f k8s", 2),
        "error: there is no kubeconfig with a context: looked at ~/.kube/config\n\
         hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime \
         sandbox`\n"
    );
}

#[test]
fn a_machine_without_certificates() {
    let program = home();
    program.write(
        "kubeconfig",
        "contexts:\n\
         - {name: plain, context: {cluster: p}}\n\
         - {name: secured, context: {cluster: s}}\n\
         clusters:\n\
         - {name: p, cluster: {server: 'http://127.0.0.1:1'}}\n\
         - {name: s, cluster: {server: 'https://127.0.0.1:1'}}\n",
    );
    // Who is not spoken to over TLS needs none.
    let mut told = String::new();
    for runtime in ["plain", "secured"] {
        let line = format!("runtime check {runtime} --kubeconfig kubeconfig");
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let mut command = program.command(&arguments);
        command.env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/nowhere");
        told += &outcome(command.output().unwrap()).shown(&line);
    }
    snapshot!(told, @"
    $ workloadctl runtime check plain --kubeconfig kubeconfig
    exit code 7
    --- stdout
    NAME   DEFAULT  CURRENT  INSTANCES  REACHABLE  VERSION  USER  ERROR
    plain  -        -        0          no         -        -     http://127.0.0.1:1 cannot be reached: nothing listens there
    --- stderr
    error: cannot use runtime `plain`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    $ workloadctl runtime check secured --kubeconfig kubeconfig
    exit code 7
    --- stdout
    NAME     DEFAULT  CURRENT  INSTANCES  REACHABLE  VERSION  USER  ERROR
    secured  -        -        0          no         -        -     there are no certificates to trust the server by: unexpected error: No CA certificates were loaded from the system
    --- stderr
    error: cannot use runtime `secured`
      there are no certificates to trust the server by
      unexpected error: No CA certificates were loaded from the system
    hint: add `certificate-authority-data` to the cluster in the kubeconfig
    ");
}

#[test]
fn manifests_that_are_none() {
    let program = home();
    let long = "a".repeat(53);
    program.write("empty.yaml", "# nothing\n---\n");
    for (line, said) in [
        (
            format!("deploy {long} -f k8s"),
            format!(
                "error: \"{long}\" is not a valid instance name: it is 53 characters long, at most 52 \
                 are allowed\nhint: use `{}`\n",
                &long[1..]
            ),
        ),
        (
            "deploy web -f empty.yaml --runtime kind-dev".to_owned(),
            "error: no objects in empty.yaml\n\
             \x20 there is nothing but comments and empty documents\n"
                .to_owned(),
        ),
        (
            "deploy web -f nothing.yaml --runtime kind-dev".to_owned(),
            "error: there is no file or folder nothing.yaml\n\
             hint: a source is a file, a folder, a Helm chart, a URL or `-`\n"
                .to_owned(),
        ),
    ] {
        assert_eq!(refused(&program, &line, 2), said, "{line}");
    }
}

#[test]
fn a_home_that_cannot_be_written() {
    let program = home();
    let call = |line: &str| {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        // Nobody makes a folder there, not even root.
        outcome(program.command(&arguments).env("XDG_CONFIG_HOME", "/sys").output().unwrap())
    };
    // The sandbox is a cluster that lies there too: without a place there is none.
    let refused = call("deploy web -f k8s --runtime sandbox");
    assert_eq!(refused.code, 7, "{}", refused.stderr);
    // Why depends on who asks, and on how /sys is mounted.
    let lines: Vec<&str> = refused.stderr.lines().collect();
    assert_eq!(
        (lines[0], lines[1], lines[lines.len() - 1]),
        (
            "warning: the database /sys/workloadctl/workloadctl.db cannot be written; going on without \
             one: the clusters know what is deployed",
            "error: cannot open the sandbox /sys/workloadctl/workloadctl.sandbox.db",
            "hint: the sandbox lies beside the database: `--db FILE` names one in a folder that can be \
             written"
        )
    );
    for line in ["definition apply web -f k8s", "runtime use prod", "delete web --forget --yes"] {
        let refused = call(line);
        assert_eq!(refused.code, 1, "{line}: {}", refused.stderr);
        let (first, last) = (refused.stderr.lines().next(), refused.stderr.lines().last());
        let said = "error: the database /sys/workloadctl/workloadctl.db cannot be written";
        let hint = "hint: `--db FILE` names another database";
        assert_eq!((first, last), (Some(said), Some(hint)), "{line}");
    }
    // What reads sees an empty database.
    for line in ["list", "render -f k8s", "status", "definition list -o json"] {
        assert_eq!(call(line).code, 0, "{line}");
    }
    let elsewhere = call("deploy web -f k8s --runtime sandbox --db here.db");
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.stderr);
}

#[test]
fn the_sandbox_is_emptied_in_json_too() {
    let program = home();
    let answer = program.call("sandbox reset --yes -o json");
    let expected =
        "{\n  \"apiVersion\": \"workloadctl/v1alpha1\",\n  \"kind\": \"SandboxReset\"\n}\n";
    assert_eq!((answer.code, answer.stdout.as_str()), (0, expected), "{}", answer.stderr);
    assert_eq!(program.call("sandbox reset --yes").stdout, "the sandbox is empty\n");
    assert_eq!(program.call("sandbox reset --yes -o name").code, 2);
    let refused = program.call("sandbox reset -o json");
    let document: serde_json::Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!((refused.code, &document["error"]["code"]), (2, &"needs-yes".into()));
}

#[test]
fn a_database_that_cannot_be_used() {
    let program = home();
    let path = program.home().join("w.db");
    let line = "deploy web -f k8s --runtime sandbox --db w.db";
    let said = |code: i32| {
        let failed = program.call(line);
        assert_eq!(failed.code, code, "{}", failed.stderr);
        let lines = failed.stderr.lines().skip_while(|line| !line.starts_with("error:"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(program.call("definition apply web -f k8s --db w.db").code, 0);

    let elsewhere = "`--db FILE` names another database";
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_eq!(
        said(6),
        format!(
            "error: another process has held the database w.db for more than 5 s\n  \
             database is locked\nhint: try again when it has ended; {elsewhere}\n"
        )
    );
    connection.execute_batch("ROLLBACK").unwrap();
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    assert_eq!(
        said(1),
        format!(
            "error: the database w.db was written by a newer workloadctl (version 99, this program \
             knows {version})\nhint: install the newer workloadctl; {elsewhere}\n"
        )
    );
    connection.execute_batch(&format!("PRAGMA user_version = {version}")).unwrap();
    drop(connection);

    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[4096..].fill(0xa5);
    fs::write(&path, bad).unwrap();
    assert_eq!(
        said(1),
        format!(
            "error: the database w.db is damaged\n  database disk image is malformed\n\
             hint: `mv w.db w.db.damaged`: what is deployed is known to the clusters and comes \
             back; {elsewhere}\n"
        )
    );
    fs::write(&path, "not a database, but long enough to look like a file".repeat(40)).unwrap();
    assert_eq!(
        said(2),
        format!(
            "error: w.db is not a workloadctl database\n  file is not a database\nhint: {elsewhere}\n"
        )
    );

    fs::write(&path, good).unwrap();
    assert_eq!(program.call(line).code, 0);
}

/// A limit of the shell stands for the disk: what cannot be written any more is said, and the
/// next command goes on.
#[test]
fn a_disk_that_takes_no_more() {
    let program = home();
    let binary = env!("CARGO_BIN_EXE_workloadctl");
    let limited = |blocks: u32| {
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {binary} deploy web -f k8s --runtime sandbox"
        );
        let mut command = program.command(&[]);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script]).env_clear().current_dir(program.home()).stdin(Stdio::null());
        for (name, value) in command.stdin(Stdio::null()).get_envs() {
            shell.env(name, value.unwrap());
        }
        outcome(shell.output().unwrap())
    };
    for blocks in [0, 8, 64, 128] {
        let failed = limited(blocks);
        assert!(failed.code == 1 || failed.code == 7, "{blocks}: {failed:?}");
        assert!(failed.stderr.contains("error: "), "{blocks}: {failed:?}");
    }
    let next = program.call("deploy web -f k8s --runtime sandbox");
    assert_eq!(next.code, 0, "{}", next.stderr);
}

#[test]
fn a_reader_that_goes_away_stops_no_deploy() {
    let program = home();
    for line in ["deploy web -f k8s --runtime sandbox", "list", "status", "delete web --yes"] {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let mut child = program
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0), "{line}");
        let there = program.call("list -o name").stdout;
        assert_eq!(there, if line.starts_with("delete") { "" } else { "web\n" }, "{line}");
    }
}
