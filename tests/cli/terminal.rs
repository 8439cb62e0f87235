//! What happens on a terminal: questions are asked, colours are shown.

use crate::{program::Program, pty::Terminal};

/// Calls the program on this terminal, with what is typed; gives its exit code and what was shown.
fn call(
    mut terminal: Terminal,
    program: &Program,
    line: &str,
    typed: &str,
    term: &str,
) -> (i32, String) {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let mut command = program.command(&arguments);
    command.env("TERM", term);
    terminal.enter(typed);
    let mut child = terminal.start(command);
    let shown = terminal.rest();
    (child.wait().unwrap().code().unwrap_or(-1), shown)
}

fn on_terminal(program: &Program, line: &str, typed: &str) -> (i32, String) {
    call(Terminal::open(), program, line, typed, "xterm")
}

/// A home with definition `web`.
fn home() -> Program {
    let program = Program::new();
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";
    program.write("a.yaml", manifest);
    assert_eq!(program.call("definition apply web -f a.yaml").code, 0);
    program
}

#[test]
fn a_question_is_asked_and_only_yes_is_yes() {
    let program = home();
    let mut told = String::new();
    for typed in ["n\n", "\n", "nonsense\n", "y\n"] {
        let (code, shown) = on_terminal(&program, "definition delete web --color never", typed);
        told += &format!("typed {typed:?}: exit code {code}\n{shown}\n");
    }
    snapshot!(told, @r#"
    typed "n\n": exit code 1
    n
    Delete definition web with all its revisions? [y/N] error: nothing was deleted

    typed "\n": exit code 1

    Delete definition web with all its revisions? [y/N] error: nothing was deleted

    typed "nonsense\n": exit code 1
    nonsense
    Delete definition web with all its revisions? [y/N] error: nothing was deleted

    typed "y\n": exit code 0
    y
    Delete definition web with all its revisions? [y/N] definition web deleted
    "#);
    assert_eq!(program.call("definition list -o name").stdout, "");
}

#[test]
fn the_question_of_delete_counts_what_goes_along() {
    let program = Program::new();
    program.write(
        "set.yaml",
        "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'db:1', volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
",
    );
    assert_eq!(program.call("deploy db -f set.yaml --runtime sandbox --yes").code, 0);
    let (code, shown) = on_terminal(&program, "delete db --color never", "n\n");
    snapshot!(format!("exit code {code}\n{shown}"), @"
    exit code 1
    n
    Delete db from sandbox (namespace db): 2 objects, and along with that 2 PersistentVolumeClaims with their data (PersistentVolumeClaim/data-db-0, PersistentVolumeClaim/data-db-1)? [y/N] error: answered no; nothing was deleted
    ");
}

#[test]
fn each_of_several_instances_is_asked_about_by_itself() {
    let program = Program::new();
    program.write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
    program.write(
        "app.yaml",
        "apiVersion: workloadctl/v1alpha1
kind: Workload
metadata: {name: web}
spec:
  manifests: [app]
  instances:
    - {name: one, runtime: sandbox}
    - {name: two, runtime: sandbox, dependsOn: [one]}
    - {name: three, runtime: sandbox}
",
    );
    assert_eq!(program.call("deploy -f app.yaml --yes").code, 0);
    let mut told = String::new();
    for (line, typed) in [
        ("delete one three --color never --progress none", "n\nn\n"),
        // Who needs the other one stays, and so does the other one.
        ("delete -f app.yaml --color never --progress none", "y\nn\n"),
        ("delete -f app.yaml two --color never --progress none", "y\n"),
        ("delete -f app.yaml --color never --progress none", "y\n"),
    ] {
        let (code, shown) = on_terminal(&program, line, typed);
        told += &format!("{line}, typed {typed:?}: exit code {code}\n{shown}\n");
    }
    told += &program.told(&["list -o name", "definition list -o name"]);
    snapshot!(told, @r#"
    delete one three --color never --progress none, typed "n\nn\n": exit code 1
    n
    n
    Delete one from sandbox (namespace one): 2 objects? [y/N] error: one: answered no; nothing was deleted
    Delete three from sandbox (namespace three): 2 objects? [y/N] error: three: answered no; nothing was deleted
    2 instances: 2 failed

    delete -f app.yaml --color never --progress none, typed "y\nn\n": exit code 1
    y
    n
    Delete three from sandbox (namespace three): 2 objects? [y/N] three deleted from sandbox: 2 deleted; in N s
    Delete two from sandbox (namespace two): 2 objects? [y/N] error: two: answered no; nothing was deleted
    error: `one` was not begun: `two` depends on it
      `two` is not deleted
    app.yaml: 1 deleted, 1 failed, 1 not begun

    delete -f app.yaml two --color never --progress none, typed "y\n": exit code 0
    y
    Delete two from sandbox (namespace two): 2 objects? [y/N] two deleted from sandbox: 2 deleted; in N s

    delete -f app.yaml --color never --progress none, typed "y\n": exit code 0
    y
    there is no instance `three`
    there is no instance `two`
    Delete one from sandbox (namespace one): 2 objects? [y/N] one deleted from sandbox: 2 deleted; in N s
    app.yaml: 2 not there, 1 deleted
    definition web deleted

    $ workloadctl list -o name
    exit code 0

    $ workloadctl definition list -o name
    exit code 0
    "#);
}

#[test]
fn with_yes_nothing_is_asked() {
    let (exit, shown) = on_terminal(&home(), "definition delete web --yes --color never", "");
    assert_eq!((exit, shown.as_str()), (0, "definition web deleted\n"));
}

#[test]
fn a_terminal_that_can_gets_colours() {
    let program = home();
    let told = [
        on_terminal(&program, "definition show wbe", ""),
        call(Terminal::open(), &program, "definition show wbe", "", "dumb"),
        on_terminal(&program, "definition list", ""),
    ];
    let told = told.map(|(code, shown)| format!("exit code {code}\n{shown}")).join("\n");
    snapshot!(told.replace('\u{1b}', "ESC"), @"
    exit code 1
    ESC[1mESC[31merror:ESC[0m there is no definition `wbe`
    ESC[1mhint:ESC[0m did you mean `web`?

    exit code 1
    error: there is no definition `wbe`
    hint: did you mean `web`?

    exit code 0
    ESC[2mNAMEESC[0m  ESC[2mREVISIONESC[0m  ESC[2mOBJECTSESC[0m  ESC[2mINSTANCESESC[0m  ESC[2mAGEESC[0m  ESC[2mSOURCEESC[0m
    web   1         1        0          N s  a.yaml
    ");
}

#[test]
fn another_persons_instance_is_continued_only_after_a_yes() {
    let program = home();
    let deploy = ["deploy", "web", "--runtime", "sandbox"];
    let first = program.command(&deploy).env("USER", "ann").output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    // An empty database beside the same sandbox: somebody else.
    let folder = program.home().join(".config/workloadctl");
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("workloadctl.db{ending}")));
    }
    program.write("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n");
    // Bars depend on the time.
    let line = "deploy web -f b.yaml --runtime sandbox --color never --progress none";
    let mut told = String::new();
    // At the end it is known here: nothing is asked.
    for typed in ["n\n", "y\n", ""] {
        let (code, shown) = on_terminal(&program, line, typed);
        told += &format!("typed {typed:?}: exit code {code}\n{}\n", shown);
        // A no leaves the database as it was.
        told += &program.told(&["list -o name"]);
    }
    snapshot!(told, @r#"
    typed "n\n": exit code 1
    n
    continuing web: release 1, last deployed by ann@HOST N s ago. Go on? [y/N] error: answered no; nothing was written

    $ workloadctl list -o name
    exit code 0
    typed "y\n": exit code 0
    y
    continuing web: release 1, last deployed by ann@HOST N s ago. Go on? [y/N] continuing web: release 1, last deployed by ann@HOST N s ago
    web deployed to sandbox (release 2, web revision 2): 1 created, 1 unchanged, 1 pruned; ready in N s
    namespace web

    $ workloadctl list -o name
    exit code 0
    --- stdout
    web
    typed "": exit code 0
    web unchanged (release 2, ready)
    namespace web

    $ workloadctl list -o name
    exit code 0
    --- stdout
    web
    "#);
}

#[test]
fn what_only_the_record_brings_is_deployed_only_after_a_yes() {
    let program = home();
    assert_eq!(program.call("deploy web --runtime sandbox").code, 0);
    // Somebody with another database beside the same sandbox changes the definition.
    let folder = program.home().join(".config/workloadctl");
    let file = |name: &str, ending: &str| folder.join(format!("{name}.db{ending}"));
    let swap = |from: &str, to: &str| {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::rename(file(from, ending), file(to, ending));
        }
    };
    swap("workloadctl", "mine");
    program.write("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n");
    assert_eq!(program.call("deploy web -f b.yaml --runtime sandbox").code, 0);
    swap("workloadctl", "theirs");
    swap("mine", "workloadctl");
    let line = "deploy web --restart --color never --progress none";
    let mut told = String::new();
    for typed in ["n\n", "y\n", ""] {
        let (code, shown) = on_terminal(&program, line, typed);
        told += &format!("typed {typed:?}: exit code {code}\n{shown}\n");
    }
    snapshot!(told, @r#"
    typed "n\n": exit code 1
    n
    web: release 2 by tester@HOST, N s ago
    web: revision 2 of `web` from the record alone (release 2 by tester@HOST, N s ago). Deploy this? [y/N] error: answered no; nothing was written

    typed "y\n": exit code 0
    y
    web: release 2 by tester@HOST, N s ago
    web: revision 2 of `web` from the record alone (release 2 by tester@HOST, N s ago). Deploy this? [y/N] web: revision 2 of `web` from the record alone (release 2 by tester@HOST, N s ago)
    web deployed to sandbox (release 3, web revision 2): 2 unchanged; ready in N s
    namespace web

    typed "": exit code 0
    web deployed to sandbox (release 4, web revision 2): 2 unchanged; ready in N s
    namespace web
    "#);
}
