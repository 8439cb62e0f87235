//! Commands whose runtime does not answer, or that never get as far: code 7 or 2, one document,
//! and the database as before.

use serde_json::Value;

use crate::program::{Outcome, Program};

/// A home with a definition's manifests and contexts that lead nowhere; `current` is the current
/// one.
fn home(current: &str) -> Program {
    let program = Program::new();
    program.write(
        "k8s/conf.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: \"1\"}\n",
    );
    program.write(
        ".kube/config",
        &format!(
            "current-context: {current}\n\
             contexts:\n\
             - {{name: kind-dev, context: {{cluster: k, user: u}}}}\n\
             - {{name: prod, context: {{cluster: k, user: u}}}}\n\
             clusters: [{{name: k, cluster: {{server: 'http://127.0.0.1:1'}}}}]\n\
             users: [{{name: u, user: {{}}}}]\n"
        ),
    );
    program
}

fn document(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn a_deploy_that_reaches_nobody_leaves_the_database_as_it_was() {
    let program = home("kind-dev");
    let outcome = program.call("deploy web -f k8s -o json --progress none");
    let answer = document(&outcome);
    assert_eq!(outcome.code, 7, "{}", outcome.stderr);
    assert_eq!(answer["kind"], "Deploy");
    assert_eq!(answer["name"], "web");
    assert_eq!(answer["runtime"], "kind-dev");
    assert_eq!(answer["outcome"], "failed");
    assert_eq!(answer["error"]["exitCode"], 7);
    assert_eq!(program.call("definition list -o name").stdout, "");
    assert_eq!(program.call("list -o name").stdout, "");
}

#[test]
fn what_is_wrong_before_the_beginning_is_told_under_the_name() {
    let program = home("kind-dev");
    program.write("bad/a.yaml", "kind: ConfigMap\n---\napiVersion: v1\nkind: Secret\n");
    for (line, kind) in [
        ("deploy web -f bad -o json", "Deploy"),
        ("deploy web -f bad -o json --dry-run", "Plan"),
        ("plan web -f bad -o json", "Plan"),
    ] {
        let outcome = program.call(line);
        let answer = document(&outcome);
        assert_eq!(
            (outcome.code, &answer["kind"], &answer["name"]),
            (2, &kind.into(), &"web".into())
        );
        assert_eq!(answer["errors"].as_array().unwrap().len(), 2, "{line}");
        assert_eq!(answer["error"], answer["errors"][0], "{line}");
    }
    for line in ["deploy web --image web -o json", "deploy web -f k8s --set x=y -o json"] {
        let outcome = program.call(line);
        assert_eq!((outcome.code, &document(&outcome)["name"]), (2, &"web".into()), "{line}");
    }
}

#[test]
fn without_a_kubeconfig_the_error_says_what_to_do() {
    let program = Program::new();
    program.write("k8s/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
    let outcome = program.call("deploy web -f k8s");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("error: there is no kubeconfig"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--runtime sandbox"), "{}", outcome.stderr);
}

#[test]
fn several_instances_are_a_list() {
    let outcome = home("kind-dev").call("deploy web db -o json");
    let answer = document(&outcome);
    let names: Vec<&Value> =
        answer["deploys"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!((&answer["kind"], names), (&"DeployList".into(), vec![&"web".into(), &"db".into()]));
}

#[test]
fn no_instances_at_all_is_a_list_too() {
    let outcome = home("kind-dev").call("deploy --all -o json");
    let answer = document(&outcome);
    assert_eq!((outcome.code, &answer["deploys"]), (0, &Value::Array(Vec::new())));
    assert_eq!(outcome.stderr, "no instances fit; `workloadctl list` shows what there is\n");
}

#[test]
fn the_life_of_an_instance_that_is_never_deployed() {
    let program = home("kind-dev");
    program.call("definition apply web -f k8s");
    let created =
        program.call("instance create web --set ConfigMap/conf:data.b=two --namespace shop");
    assert_eq!(
        created,
        Outcome {
            code: 0,
            stdout: "instance web created: definition web on kind-dev\n".into(),
            stderr: "runtime kind-dev: kubeconfig's current context\n\
                     hint: workloadctl deploy web\n"
                .into(),
        }
    );
    assert_eq!(program.call("instance show web --field namespace").stdout, "shop\n");
    let field = "overrides.sets.ConfigMap/conf:data.b";
    assert_eq!(program.call(&format!("instance show web --field {field}")).stdout, "two\n");
    assert_eq!(program.call("instance show web --field nonsense").code, 2);
    assert_eq!(program.call("instance create web").code, 5);
    assert_eq!(program.call("list -o name --runtime kind-dev").stdout, "web\n");
    assert_eq!(program.call("list -o name --runtime prod").stdout, "");
    assert_eq!(program.call("definition delete web --yes").code, 5);
    let refused = program.call("delete web");
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert_eq!(program.call("instance delete web --yes").code, 0);
    assert_eq!(program.call("list -o name").stdout, "");
}

#[test]
fn a_context_that_nobody_named_is_not_enough_for_a_new_instance() {
    let program = home("prod");
    program.call("definition apply web -f k8s");
    let refused = program.call("instance create web");
    assert_eq!(refused.code, 5);
    assert!(
        refused
            .stderr
            .ends_with("hint: name it with `--runtime prod`, or `workloadctl runtime use prod`\n")
    );
    assert_eq!(program.call("instance create web --yes").code, 0);
    assert_eq!(program.call("instance create web-2 --definition web --runtime prod").code, 0);
    program.call("runtime use prod");
    assert_eq!(program.call("instance create web-3 --definition web").code, 0);
}

#[test]
fn a_status_that_cannot_be_had_is_a_row_and_for_a_named_instance_a_failure() {
    let program = home("kind-dev");
    program.call("definition apply web -f k8s");
    program.call("instance create web");
    let all = program.call("status -o json");
    let answer = document(&all);
    assert_eq!((all.code, &answer["kind"]), (0, &"InstanceList".into()));
    assert_eq!(answer["instances"][0]["status"], "Error");
    assert_eq!(program.call("status --exit-code").code, 3);
    let one = program.call("status web -o json");
    let answer = document(&one);
    assert_eq!(
        (one.code, &answer["kind"], &answer["status"]),
        (7, &"Instance".into(), &"Error".into())
    );
    assert_eq!(answer["error"]["exitCode"], 7);
    let none = program.call("status wbe");
    assert_ne!(none.code, 0);
    assert_eq!(
        document(&program.call("status -o json --runtime prod"))["instances"],
        Value::Array(Vec::new())
    );
}

#[test]
fn the_stream_of_progress_is_json_lines_to_the_last() {
    let outcome = home("kind-dev").call("deploy web -f k8s --progress json -v");
    let events: Vec<Value> =
        outcome.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.last().unwrap()["event"], "error");
    assert!(events.iter().any(|event| event["event"] == "request"), "{events:?}");
    assert!(events.iter().all(|event| event["time"].is_string()), "{events:?}");
}
