//! Definitions, instances and runtimes from the database alone, end to end.

use serde_json::{Value, json};

use crate::program::{Outcome, Program};

const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\ndata:\n  answer: \"42\"\n";
const KUBECONFIG: &str = "current-context: kind-dev\n\
    contexts:\n\
    - {name: kind-dev, context: {cluster: k, user: u}}\n\
    - {name: prod, context: {cluster: k, user: u}}\n\
    clusters: [{name: k, cluster: {server: 'http://127.0.0.1:1'}}]\n\
    users: [{name: u, user: {}}]\n";

/// A home with manifests in `k8s/` and a kubeconfig.
fn home() -> Program {
    let program = Program::new();
    program.write("k8s/conf.yaml", CONFIG_MAP);
    program.write(".kube/config", KUBECONFIG);
    program
}

#[track_caller]
fn answers(program: &Program, line: &str, code: i32, stdout: &str, stderr: &str) {
    let expected = Outcome { code, stdout: stdout.to_owned(), stderr: stderr.to_owned() };
    assert_eq!(program.call(line), expected, "{line}");
}

fn json_of(program: &Program, line: &str) -> Value {
    serde_json::from_str(&program.call(line).stdout).unwrap()
}

#[test]
fn the_life_of_a_definition() {
    let program = home();
    let created = "definition web created: revision 1, 1 object\n";
    answers(&program, "definition apply web -f k8s", 0, created, "");
    let unchanged = "definition web unchanged (revision 1)\n";
    answers(&program, "definition apply web -f k8s", 0, unchanged, "");
    program.write("k8s/conf.yaml", &CONFIG_MAP.replace("42", "43"));
    let updated = "definition web updated: revision 2, 1 object\n";
    answers(&program, "definition apply web -f k8s", 0, updated, "");
    answers(&program, "definition list -o name", 0, "web\n", "");
    answers(&program, "definition show web --field revision", 0, "2\n", "");
    answers(
        &program,
        "definition delete web",
        2,
        "",
        "error: deleting definition web needs --yes where nobody can be asked\n",
    );
    answers(&program, "definition delete web --yes", 0, "definition web deleted\n", "");
    answers(
        &program,
        "definition delete web --yes",
        1,
        "",
        "error: there is no definition `web`\nhint: `workloadctl definition list` shows what there is\n",
    );
    answers(&program, "definition delete web --yes --ignore-not-found", 0, "", "");
}

#[test]
fn definitions_come_from_standard_input_too() {
    let program = Program::new();
    let outcome = program.call_with("definition apply web -f - -o json", CONFIG_MAP);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(document["kind"], "Definition");
    assert_eq!(document["outcome"], "created");
    assert_eq!(document["source"], "-");
    let outcome = program.call_with("definition apply web -f -", "# nothing\n");
    assert_eq!(outcome.code, 2);
}

#[test]
fn wrong_manifests_are_all_told_and_nothing_is_stored() {
    let program = Program::new();
    program.write("a.yaml", "kind: ConfigMap\n---\napiVersion: v1\nkind: Secret\n");
    let outcome = program.call("definition apply web -f a.yaml");
    assert_eq!(outcome.code, 2);
    assert_eq!(outcome.stderr.matches("error: a.yaml:").count(), 2, "{}", outcome.stderr);
    assert!(!program.home().join(".config").exists());
}

#[test]
fn empty_lists_are_documents_for_programs_and_talk_for_people() {
    let program = home();
    answers(&program, "list", 0, "", "no instances; `workloadctl deploy NAME -f PATH` makes one\n");
    answers(&program, "list -q", 0, "", "");
    answers(&program, "list -o name", 0, "", "");
    for (line, kind, key) in [
        ("list", "InstanceList", "instances"),
        ("instance list", "InstanceList", "instances"),
        ("definition list", "DefinitionList", "definitions"),
    ] {
        let document = json_of(&program, &format!("{line} -o json"));
        let expected = json!({"apiVersion": "workloadctl/v1alpha1", "kind": kind, key: []});
        assert_eq!(document, expected, "{line}");
    }
}

#[test]
fn runtimes_are_contexts_and_one_may_be_the_default() {
    let program = home();
    answers(
        &program,
        "runtime list",
        0,
        "NAME      DEFAULT  CURRENT  INSTANCES  SERVER\n\
         kind-dev  -        yes      0          http://127.0.0.1:1\n\
         prod      -        -        0          http://127.0.0.1:1\n\
         sandbox   -        -        0          -\n",
        "",
    );
    answers(&program, "runtime use prod", 0, "new instances go to prod\n", "");
    let document = json_of(&program, "runtime list -o json");
    assert_eq!(
        document["runtimes"][1],
        json!({
            "name": "prod", "server": "http://127.0.0.1:1", "default": true, "current": false,
            "kindLike": false, "instances": 0,
        })
    );
    let cleared = "new instances go to the kubeconfig's current context\n";
    answers(&program, "runtime use -", 0, cleared, "");
    let outcome = program.call("runtime use prdo");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.ends_with("hint: did you mean `prod`?\n"), "{}", outcome.stderr);
}

#[test]
fn a_runtime_that_does_not_answer_is_code_7_with_its_row() {
    let program = home();
    let outcome = program.call("runtime check kind-dev -o json");
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(outcome.code, 7);
    assert_eq!(document["kind"], "Runtime");
    assert_eq!(document["reachable"], false);
    assert!(outcome.stderr.starts_with("error: cannot use runtime `kind-dev`\n  "));
    assert_eq!(program.call("runtime check nope").code, 2);
}

#[test]
fn manifests_are_rendered_without_a_database() {
    let program = home();
    let outcome = program.call("render -f k8s");
    assert_eq!(outcome.stdout, CONFIG_MAP);
    let list = json_of(&program, "render -f k8s -o json");
    assert_eq!((&list["kind"], list["items"].as_array().unwrap().len()), (&json!("List"), 1));
    answers(&program, "render -f k8s -o name", 0, "ConfigMap/conf\n", "");
    assert!(!program.home().join(".config").exists());
}

#[test]
fn a_name_that_nobody_can_be_asked_for_is_said_to_be_unknown_here_too() {
    let program = Program::new();
    program.write("k8s/conf.yaml", CONFIG_MAP);
    program.call("definition apply web -f k8s");
    let lost = program.call("deploy wbe");
    assert_eq!(lost.code, 2);
    assert!(
        lost.stderr.contains("\n  there is no definition `wbe` either; did you mean `web`?\n"),
        "{lost:?}"
    );
    let known = program.call("deploy web");
    assert_eq!((known.code, known.stderr.contains("no definition")), (2, false), "{known:?}");
    let wrong = program.call("plan web -f missing.yaml");
    assert_eq!((wrong.code, &*wrong.stdout), (2, ""), "{wrong:?}");
}
