//! The care of the database, without a cluster.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use crate::program::Program;

const FILE: &str = ".config/workloadctl/workloadctl.db";

fn filled() -> Program {
    let program = Program::new();
    for value in 0..4 {
        program.write("conf.yaml", &format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata: {{a: '{value}'}}\n"
        ));
        assert_eq!(program.call("definition apply web -f conf.yaml").code, 0);
    }
    program
}

/// Changes bytes of the database, as a broken disk does.
fn damage(program: &Program, from: usize, to: usize) {
    let file = program.home().join(FILE);
    // What is in the log counts before what is in the file; the last who may write takes it away.
    program.call("list");
    assert!(!file.with_extension("db-wal").exists());
    let mut bytes = fs::read(&file).unwrap();
    bytes[from..to].fill(0xff);
    fs::write(&file, bytes).unwrap();
}

#[test]
fn a_database_is_checked() {
    let program = filled();
    snapshot!(program.told(&["db check", "db check -o json"]), @r#"
    $ workloadctl db check
    exit code 0
    --- stdout
    ~/.config/workloadctl/workloadctl.db is whole (version 6): 88 KiB, 1 definition, 4 revisions, 0 instances, 0 releases

    $ workloadctl db check -o json
    exit code 0
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Database",
      "file": ~/.config/workloadctl/workloadctl.db",
      "bytes": 90112,
      "version": 6,
      "currentVersion": 6,
      "definitions": 1,
      "revisions": 4,
      "instances": 0,
      "releases": 0,
      "healthy": true
    }
    "#);
    fs::set_permissions(program.home().join(FILE), Permissions::from_mode(0o640)).unwrap();
    snapshot!(program.told(&["db check", "db check -o json"]), @r#"
    $ workloadctl db check
    exit code 1
    --- stdout
    ~/.config/workloadctl/workloadctl.db is whole (version 6): 88 KiB, 1 definition, 4 revisions, 0 instances, 0 releases
    --- stderr
    error: others may read ~/.config/workloadctl/workloadctl.db
      values of Secrets lie in it as they are
    hint: chmod 600 ~/.config/workloadctl/workloadctl.db

    $ workloadctl db check -o json
    exit code 1
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Database",
      "file": ~/.config/workloadctl/workloadctl.db",
      "bytes": 90112,
      "version": 6,
      "currentVersion": 6,
      "definitions": 1,
      "revisions": 4,
      "instances": 0,
      "releases": 0,
      "healthy": false,
      "error": {
        "code": "readable-by-others",
        "exitCode": 1,
        "message": "others may read ~/.config/workloadctl/workloadctl.db",
        "causes": [
          "values of Secrets lie in it as they are"
        ],
        "hint": "chmod 600 ~/.config/workloadctl/workloadctl.db"
      }
    }
    --- stderr
    error: others may read ~/.config/workloadctl/workloadctl.db
      values of Secrets lie in it as they are
    hint: chmod 600 ~/.config/workloadctl/workloadctl.db
    "#);
    fs::set_permissions(program.home().join(FILE), Permissions::from_mode(0o600)).unwrap();
    damage(&program, 4096, 8192);
    snapshot!(program.call("db check").shown("db check"), @r"
    $ workloadctl db check
    exit code 1
    --- stderr
    error: the database ~/.config/workloadctl/workloadctl.db is damaged
      database disk image is malformed
    hint: `mv ~/.config/workloadctl/workloadctl.db ~/.config/workloadctl/workloadctl.db.damaged`: what is deployed is known to the clusters and comes back; `--db FILE` names another database
    ");
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let program = Program::new();
    snapshot!(program.told(&["db check", "db backup copy.db"]), @r"
    $ workloadctl db check
    exit code 1
    --- stderr
    error: there is no database ~/.config/workloadctl/workloadctl.db
    hint: the first command that keeps something makes it; `--db FILE` names another one

    $ workloadctl db backup copy.db
    exit code 1
    --- stderr
    error: there is no database ~/.config/workloadctl/workloadctl.db
    hint: the first command that keeps something makes it; `--db FILE` names another one
    ");
    assert!(!program.home().join(FILE).exists());
    program.write("other.db", "no database at all, but long enough to be read as one");
    snapshot!(program.told(&["db check --db other.db", "db backup copy.db --db other.db"]), @r"
    $ workloadctl db check --db other.db
    exit code 2
    --- stderr
    error: other.db is not a workloadctl database
      file is not a database
    hint: `--db FILE` names another database

    $ workloadctl db backup copy.db --db other.db
    exit code 2
    --- stderr
    error: other.db is not a workloadctl database
      file is not a database
    hint: `--db FILE` names another database
    ");
    assert!(!program.home().join("copy.db").exists());
}

#[test]
fn a_copy_is_whole_and_only_the_owner_reads_it() {
    let program = filled();
    let sized = |told: String| told.replace(char::is_numeric, "N");
    snapshot!(sized(program.told(&["db backup copy.db", "db backup copy.db"])), @r"
    $ workloadctl db backup copy.db
    exit code N
    --- stdout
    copy.db written: NN KiB

    $ workloadctl db backup copy.db
    exit code N
    --- stderr
    error: ~/copy.db exists; no file is overwritten
    ");
    let copy = program.home().join("copy.db");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> =
        fs::read_dir(program.home()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains("copy.db.")), "{names:?}");
    let shown = |line: &str| program.call(line).stdout;
    let all = "render --definition web --revision 2";
    assert!(shown(all).contains("a: \"1\""), "{}", shown(all));
    assert_eq!(shown(all), shown(&format!("{all} --db copy.db")));
    // A damaged one is not copied.
    damage(&program, 4096, 8192);
    let refused = program.call("db backup other.db");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(!program.home().join("other.db").exists());
}

#[test]
fn what_is_old_goes_and_the_newest_stays() {
    let program = filled();
    snapshot!(program.told(&["db prune --keep 0", "db prune --keep 2"]), @r"
    $ workloadctl db prune --keep 0
    exit code 2
    --- stderr
    error: invalid value '0' for '--keep <N>': 0 is not in 1..=4294967295

    For more information, try '--help'.

    $ workloadctl db prune --keep 2
    exit code 2
    --- stderr
    error: removing 0 releases and 2 revisions needs `--yes` where nobody can be asked
    hint: workloadctl db prune --keep 2 --yes
    ");
    let answer = program.call("db prune --keep 2 --yes -o json");
    let freed = regex::Regex::new("\"freedBytes\": [0-9]+").unwrap();
    let told = freed.replace(&answer.stdout, "\"freedBytes\": N").into_owned();
    snapshot!(told, @r#"
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "DatabasePrune",
      "releases": 0,
      "revisions": 2,
      "freedBytes": N
    }
    "#);
    snapshot!(program.told(&["render --definition web --revision 2", "db prune"]), @r"
    $ workloadctl render --definition web --revision 2
    exit code 1
    --- stderr
    error: definition `web` has no revision 2 here
    hint: `workloadctl definition show web` lists those there are

    $ workloadctl db prune
    exit code 0
    --- stdout
    0 releases and 0 revisions removed, 0 B freed
    ");
    assert_eq!(program.call("render --definition web --revision 3").code, 0);
    assert_eq!(program.call("db check").code, 0);
}

/// A path that is mistyped makes nothing, and is told from a full disk.
#[test]
fn a_database_that_is_not_there_is_not_made_by_a_look() {
    let program = Program::new();
    program.write("file", "");
    program.write("conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
    snapshot!(program.told(&[
        "list --db new.db",
        "history web --db new.db",
        "list",
        "list --db none/new.db",
        "deploy web -f conf.yaml --runtime sandbox --db none/new.db",
        "status --db file/new.db",
        "definition list --db /dev/null",
        "status --db /dev/null",
    ]), @"
    $ workloadctl list --db new.db
    exit code 0
    --- stderr
    there is no database new.db
    no instances; `workloadctl deploy NAME -f PATH` makes one

    $ workloadctl history web --db new.db
    exit code 1
    --- stderr
    there is no database new.db
    error: there is no instance `web`
    hint: `workloadctl list` shows what there is

    $ workloadctl list
    exit code 0
    --- stderr
    no instances; `workloadctl deploy NAME -f PATH` makes one

    $ workloadctl list --db none/new.db
    exit code 2
    --- stderr
    error: there is no folder none for the database none/new.db
    hint: `--db FILE` names another database

    $ workloadctl deploy web -f conf.yaml --runtime sandbox --db none/new.db
    exit code 2
    --- stderr
    error: there is no folder none for the database none/new.db
    hint: `--db FILE` names another database

    $ workloadctl status --db file/new.db
    exit code 2
    --- stderr
    error: there is no folder file for the database file/new.db
    hint: `--db FILE` names another database

    $ workloadctl definition list --db /dev/null
    exit code 2
    --- stderr
    error: /dev/null is not a workloadctl database
      it is no file
    hint: `--db FILE` names another database

    $ workloadctl status --db /dev/null
    exit code 2
    --- stderr
    error: /dev/null is not a workloadctl database
      it is no file
    hint: `--db FILE` names another database
    ");
    let home = |name: &str| program.home().join(name).exists();
    assert!(!home("new.db") && !home("none") && !home(".config"));
    assert_eq!(program.call("definition apply web -f conf.yaml --db new.db").code, 0);
    assert!(home("new.db"));
}

#[test]
fn a_home_that_is_a_file_has_no_kubeconfig() {
    let program = Program::new();
    let file = program.write("file", "");
    let mut command = program.command(&["status"]);
    let output = command.env("HOME", file).env_remove("XDG_CONFIG_HOME").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("going on without one").count(), 1, "{text}");
}
