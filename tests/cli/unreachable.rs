//! Commands whose runtime does not answer, or that never get as far: code 7 or 2, one document,
//! and the database as before.

use serde_json::{Value, json};

use crate::program::Program;

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

/// What no server can make right is said before one is asked. What a newer one may know is its own to
/// say; where none answers it is said all the same, beside why none was asked.
#[test]
fn what_is_wrong_is_said_although_nobody_can_be_asked() {
    let program = home("kind-dev");
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  \
        selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    \
        spec: {containers: [{name: web, image: web}]}\n";
    program.write("good.yaml", web);
    program.write("type.yaml", &web.replace("replicas: 1", "replicas: one"));
    program.write("field.yaml", &web.replace("replicas: 1", "replicaz: 1"));
    program.write("both.yaml", &web.replace("replicas: 1", "replicaz: 1\n  paused: x"));
    program.write("kind.yaml", &web.replace("kind: Deployment", "kind: Deploymint"));
    program.write("mend.yaml", "{kind: Deployment, metadata: {name: web}, spec: {replicas: 2}}\n");
    let app = "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: web}\nspec:\n  ";
    program
        .write("app.yaml", &format!("{app}manifests: [type.yaml]\n  instances: [{{name: web}}]\n"));
    program
        .write("keys.yaml", &format!("{app}manifest: [type.yaml]\n  instances: [{{name: web}}]\n"));
    let lines = [
        "deploy web -f type.yaml",
        "deploy web -f field.yaml",
        "deploy web -f both.yaml",
        "plan web -f kind.yaml",
        "deploy web -f good.yaml --set Deployment/web:spec.replicas=one",
        "deploy web -f good.yaml --image wbe=web:2",
        "deploy -f app.yaml",
        "plan -f app.yaml",
        "delete -f keys.yaml --yes",
        "status -f keys.yaml",
        "definition validate type.yaml --against kind-dev",
        "definition validate good.yaml --against kind-dev",
        "definition validate good.yaml --against prod",
        "diff web -f keys.yaml",
        // The patch mends it, and so the cluster is asked.
        "deploy web -f type.yaml --patch mend.yaml",
        "deploy web -f type.yaml --validate warn",
        "list -o name",
    ];
    snapshot!(program.told(&lines), @r#"
    $ workloadctl deploy web -f type.yaml
    exit code 2
    --- stderr
    error: type.yaml:5:13: Deployment/web: `spec.replicas` takes a whole number, not the text "one"
      5 |   replicas: one
        |             ^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl deploy web -f field.yaml
    exit code 2
    --- stderr
    warning: cannot use runtime `kind-dev`: http://127.0.0.1:1 cannot be reached: nothing listens there
    error: field.yaml:5:3: Deployment/web: there is no field `spec.replicaz`
      5 |   replicaz: 1
        |   ^^^^^^^^ did you mean `replicas`?
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl deploy web -f both.yaml
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      both.yaml:5:3: Deployment/web: there is no field `spec.replicaz`
        5 |   replicaz: 1
          |   ^^^^^^^^ did you mean `replicas`?
      both.yaml:6:11: Deployment/web: `spec.paused` takes true or false, not the text "x"
        6 |   paused: x
          |           ^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan web -f kind.yaml
    exit code 2
    --- stderr
    warning: cannot use runtime `kind-dev`: http://127.0.0.1:1 cannot be reached: nothing listens there
    error: kind.yaml:2:7: Deploymint/web: there is no kind "Deploymint" in apps/v1
      2 | kind: Deploymint
        |       ^^^^^^^^^^ did you mean `kind: Deployment`?
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl deploy web -f good.yaml --set Deployment/web:spec.replicas=one
    exit code 2
    --- stderr
    error: --set Deployment/web:spec.replicas=one: Deployment/web: `spec.replicas` takes a whole number, not the text "one"
       | --set Deployment/web:spec.replicas=one
       |                                    ^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl deploy web -f good.yaml --image wbe=web:2
    exit code 2
    --- stderr
    error: --image wbe=web:2: no container and no image repository is wbe
      the nearest is web

    $ workloadctl deploy -f app.yaml
    exit code 2
    --- stderr
    error: type.yaml:5:13: Deployment/web: `spec.replicas` takes a whole number, not the text "one"
      5 |   replicas: one
        |             ^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan -f app.yaml
    exit code 2
    --- stderr
    error: type.yaml:5:13: Deployment/web: `spec.replicas` takes a whole number, not the text "one"
      5 |   replicas: one
        |             ^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl delete -f keys.yaml --yes
    exit code 2
    --- stderr
    error: keys.yaml:5:3: unknown key spec.manifest
    hint: did you mean `manifests`?
    error: keys.yaml:5:3: spec.manifests is missing

    $ workloadctl status -f keys.yaml
    exit code 2
    --- stderr
    error: keys.yaml:5:3: unknown key spec.manifest
    hint: did you mean `manifests`?
    error: keys.yaml:5:3: spec.manifests is missing

    $ workloadctl definition validate type.yaml --against kind-dev
    exit code 2
    --- stderr
    warning: cannot use runtime `kind-dev`: http://127.0.0.1:1 cannot be reached: nothing listens there
    error: type.yaml:5:13: Deployment/web: `spec.replicas` takes a whole number, not the text "one"
      5 |   replicas: one
        |             ^^^

    $ workloadctl definition validate good.yaml --against kind-dev
    exit code 7
    --- stderr
    error: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`

    $ workloadctl definition validate good.yaml --against prod
    exit code 7
    --- stderr
    error: cannot use runtime `prod`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: workloadctl runtime check prod

    $ workloadctl diff web -f keys.yaml
    exit code 2
    --- stderr
    error: keys.yaml:5:3: unknown key spec.manifest
    hint: did you mean `manifests`?
    error: keys.yaml:5:3: spec.manifests is missing

    $ workloadctl deploy web -f type.yaml --patch mend.yaml
    exit code 7
    --- stderr
    error: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`

    $ workloadctl deploy web -f type.yaml --validate warn
    exit code 7
    --- stderr
    error: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`

    $ workloadctl list -o name
    exit code 0
    "#);
}

/// A cache is made by who has something to keep.
#[test]
fn who_only_looks_makes_no_database() {
    let program = home("kind-dev");
    let folder = program.home().join(".config/workloadctl");
    std::fs::create_dir_all(&folder).unwrap();
    // `status` takes in what it finds.
    for line in [
        "plan web -f k8s",
        "deploy web -f k8s --dry-run",
        "diff web -f k8s",
        "logs web",
        "forward web",
        "history web",
        "list",
        "render web -f k8s",
        "definition validate k8s --against kind-dev",
        "runtime check",
    ] {
        program.call(line);
        let there: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        assert!(there.is_empty(), "{line}: {there:?}");
    }
}

#[test]
fn a_deploy_that_reaches_nobody_leaves_the_database_as_it_was() {
    let program = home("kind-dev");
    let lines =
        ["deploy web -f k8s -o json --progress none", "definition list -o name", "list -o name"];
    snapshot!(program.told(&lines), @r#"
    $ workloadctl deploy web -f k8s -o json --progress none
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "web",
      "runtime": "kind-dev",
      "outcome": "refused",
      "error": {
        "code": "unreachable",
        "exitCode": 7,
        "message": "cannot use runtime `kind-dev`",
        "causes": [
          "http://127.0.0.1:1 cannot be reached: nothing listens there"
        ],
        "hint": "is the cluster running? `kind get clusters`"
      }
    }
    --- stderr
    error: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`

    $ workloadctl definition list -o name
    exit code 0

    $ workloadctl list -o name
    exit code 0
    "#);
}

#[test]
fn what_is_wrong_before_the_beginning_is_told_under_the_name() {
    let program = home("kind-dev");
    program.write("bad/a.yaml", "kind: ConfigMap\n---\napiVersion: v1\nkind: Secret\n");
    snapshot!(program.told(&["deploy web -f bad -o json"]), @r#"
    $ workloadctl deploy web -f bad -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "web",
      "outcome": "refused",
      "error": {
        "code": "missing-field",
        "exitCode": 2,
        "message": "bad/a.yaml:1:1: an object without apiVersion, metadata.name",
        "source": {
          "file": "bad/a.yaml",
          "line": 1,
          "column": 1
        }
      },
      "errors": [
        {
          "code": "missing-field",
          "exitCode": 2,
          "message": "bad/a.yaml:1:1: an object without apiVersion, metadata.name",
          "source": {
            "file": "bad/a.yaml",
            "line": 1,
            "column": 1
          }
        },
        {
          "code": "missing-field",
          "exitCode": 2,
          "message": "bad/a.yaml:3:1: an object without metadata.name",
          "source": {
            "file": "bad/a.yaml",
            "line": 3,
            "column": 1
          }
        }
      ]
    }
    --- stderr
    error: bad/a.yaml:1:1: an object without apiVersion, metadata.name
    error: bad/a.yaml:3:1: an object without metadata.name
    "#);
    // Another kind, else the same.
    for line in ["deploy web -f bad -o json --dry-run", "plan web -f bad -o json"] {
        let expected = program.call("deploy web -f bad -o json").shown("");
        let expected = expected.replacen("\"kind\": \"Deploy\"", "\"kind\": \"Plan\"", 1);
        assert_eq!(program.call(line).shown(""), expected, "{line}");
    }
    let lines = ["deploy web --image web -o json", "deploy web -f k8s --set x=y -o json"];
    snapshot!(program.told(&lines), @r#"
    $ workloadctl deploy web --image web -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "web",
      "outcome": "refused",
      "error": {
        "code": "invalid-override",
        "exitCode": 2,
        "message": "--image \"web\": there is no `=`",
        "hint": "the form is NAME=IMAGE, such as `--image web=nginx:1.29`"
      }
    }
    --- stderr
    error: --image "web": there is no `=`
    hint: the form is NAME=IMAGE, such as `--image web=nginx:1.29`

    $ workloadctl deploy web -f k8s --set x=y -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "web",
      "outcome": "refused",
      "error": {
        "code": "invalid-override",
        "exitCode": 2,
        "message": "--set \"x=y\": OBJECT is KIND/NAME, and a `:` comes before the path",
        "hint": "the form is OBJECT:PATH=VALUE, such as `--set 'Ingress/web:spec.rules[0].host=example.com'`"
      }
    }
    --- stderr
    error: --set "x=y": OBJECT is KIND/NAME, and a `:` comes before the path
    hint: the form is OBJECT:PATH=VALUE, such as `--set 'Ingress/web:spec.rules[0].host=example.com'`
    "#);
}

#[test]
fn without_a_kubeconfig_the_error_says_what_to_do() {
    let program = Program::new();
    program.write("k8s/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
    snapshot!(program.told(&["deploy web -f k8s"]), @"
    $ workloadctl deploy web -f k8s
    exit code 2
    --- stderr
    error: there is no kubeconfig with a context: looked at ~/.kube/config
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`
    ");
}

#[test]
fn several_instances_are_a_list() {
    snapshot!(home("kind-dev").told(&["deploy web db -o json"]), @r#"
    $ workloadctl deploy web db -o json
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "DeployList",
      "deploys": [
        {
          "name": "web",
          "runtime": "kind-dev",
          "outcome": "refused",
          "error": {
            "code": "unreachable",
            "exitCode": 7,
            "message": "cannot use runtime `kind-dev`",
            "causes": [
              "http://127.0.0.1:1 cannot be reached: nothing listens there"
            ],
            "hint": "is the cluster running? `kind get clusters`"
          }
        },
        {
          "name": "db",
          "runtime": "kind-dev",
          "outcome": "refused",
          "error": {
            "code": "unreachable",
            "exitCode": 7,
            "message": "cannot use runtime `kind-dev`",
            "causes": [
              "http://127.0.0.1:1 cannot be reached: nothing listens there"
            ],
            "hint": "is the cluster running? `kind get clusters`"
          }
        }
      ]
    }
    --- stderr
    error: web: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`
    error: db: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`
    "#);
}

#[test]
fn no_instances_at_all_is_a_list_too() {
    snapshot!(home("kind-dev").told(&["deploy --all -o json"]), @r#"
    $ workloadctl deploy --all -o json
    exit code 0
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "DeployList",
      "deploys": []
    }
    --- stderr
    no instances fit; `workloadctl list` shows what there is
    "#);
}

#[test]
fn the_life_of_an_instance_that_is_never_deployed() {
    let program = home("kind-dev");
    program.call("definition apply web -f k8s");
    let lines = [
        "instance create web --set ConfigMap/conf:data.b=two --namespace shop",
        "instance show web --field namespace",
        "instance show web --field overrides.sets.ConfigMap/conf:data.b",
        "instance show web --field nonsense",
        "instance create web",
        "list -o name --runtime kind-dev",
        "list -o name --runtime prod",
        "definition delete web --yes",
        "delete web",
        "instance delete web --yes",
        "list -o name",
    ];
    snapshot!(program.told(&lines), @r#"
    $ workloadctl instance create web --set ConfigMap/conf:data.b=two --namespace shop
    exit code 0
    --- stdout
    instance web created: definition web on kind-dev
    --- stderr
    runtime kind-dev: kubeconfig's current context
    hint: workloadctl deploy web

    $ workloadctl instance show web --field namespace
    exit code 0
    --- stdout
    shop

    $ workloadctl instance show web --field overrides.sets.ConfigMap/conf:data.b
    exit code 0
    --- stdout
    two

    $ workloadctl instance show web --field nonsense
    exit code 2
    --- stderr
    error: there is no field "nonsense"
    hint: there are createdAt, definition, latestRevision, name, namespace, namespaceMode, overrides, reason, runtime, status

    $ workloadctl instance create web
    exit code 5
    --- stderr
    runtime kind-dev: kubeconfig's current context
    error: instance `web` exists: definition `web` on runtime `kind-dev`
    hint: `workloadctl deploy web` deploys it

    $ workloadctl list -o name --runtime kind-dev
    exit code 0
    --- stdout
    web

    $ workloadctl list -o name --runtime prod
    exit code 0

    $ workloadctl definition delete web --yes
    exit code 5
    --- stderr
    error: definition `web` has 1 instance: web
    hint: `workloadctl delete web` removes them first

    $ workloadctl delete web
    exit code 2
    --- stderr
    error: deleting `web` needs `--yes` where nobody can be asked
    hint: workloadctl delete web --yes

    $ workloadctl instance delete web --yes
    exit code 0
    --- stdout
    web deleted from kind-dev; in N s
    `web` was never deployed; its cluster was not asked

    $ workloadctl list -o name
    exit code 0
    "#);
}

#[test]
fn a_context_that_nobody_named_is_not_enough_for_a_new_instance() {
    let program = home("prod");
    program.call("definition apply web -f k8s");
    let lines = [
        "instance create web",
        "instance create web --yes",
        "instance create web-2 --definition web --runtime prod",
        "runtime use prod",
        "instance create web-3 --definition web",
    ];
    snapshot!(program.told(&lines), @"
    $ workloadctl instance create web
    exit code 5
    --- stderr
    error: only the kubeconfig's current context chose `prod` for the new instance `web`
    hint: name it with `--runtime prod`, or `workloadctl runtime use prod`

    $ workloadctl instance create web --yes
    exit code 0
    --- stdout
    instance web created: definition web on prod
    --- stderr
    runtime prod: kubeconfig's current context
    hint: workloadctl deploy web

    $ workloadctl instance create web-2 --definition web --runtime prod
    exit code 0
    --- stdout
    instance web-2 created: definition web on prod
    --- stderr
    runtime prod: --runtime
    hint: workloadctl deploy web-2

    $ workloadctl runtime use prod
    exit code 0
    --- stdout
    new instances go to prod

    $ workloadctl instance create web-3 --definition web
    exit code 0
    --- stdout
    instance web-3 created: definition web on prod
    --- stderr
    runtime prod: the default, see `workloadctl runtime use`
    hint: workloadctl deploy web-3
    ");
}

#[test]
fn a_status_that_cannot_be_had_is_a_row_and_for_a_named_instance_a_failure() {
    let program = home("kind-dev");
    program.call("definition apply web -f k8s");
    program.call("instance create web");
    let lines = [
        "status -o json",
        "status --exit-code",
        "status web -o json",
        "status wbe",
        "status -o json --runtime prod",
    ];
    snapshot!(program.told(&lines), @r#"
    $ workloadctl status -o json
    exit code 0
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "InstanceList",
      "instances": [
        {
          "name": "web",
          "definition": "web",
          "latestRevision": 1,
          "runtime": "kind-dev",
          "status": "Error",
          "reason": "cannot use runtime `kind-dev`: http://127.0.0.1:1 cannot be reached: nothing listens there",
          "statusAt": "TIME",
          "outcome": "failed",
          "createdAt": "TIME",
        }
      ]
    }

    $ workloadctl status --exit-code
    exit code 3
    --- stdout
    NAME  DEFINITION  REVISION  RELEASE  RUNTIME   NAMESPACE  STATUS  AGE  REASON
    web   web         -         -        kind-dev  -          Error   N s  cannot use runtime `kind-dev`: http://127.0.0.1:1 cannot be reached: nothing listens there

    $ workloadctl status web -o json
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Instance",
      "name": "web",
      "definition": "web",
      "latestRevision": 1,
      "runtime": "kind-dev",
      "status": "Error",
      "reason": "cannot use runtime `kind-dev`: http://127.0.0.1:1 cannot be reached: nothing listens there",
      "statusAt": "TIME",
      "outcome": "failed",
      "createdAt": "TIME",
      "error": {
        "code": "unreachable",
        "exitCode": 7,
        "message": "cannot use runtime `kind-dev`",
        "causes": [
          "http://127.0.0.1:1 cannot be reached: nothing listens there"
        ],
        "hint": "is the cluster running? `kind get clusters`"
      }
    }
    --- stderr
    error: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`

    $ workloadctl status wbe
    exit code 7
    --- stderr
    error: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`

    $ workloadctl status -o json --runtime prod
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "unreachable",
        "exitCode": 7,
        "message": "cannot look for other instances on runtime prod",
        "causes": [
          "http://127.0.0.1:1 cannot be reached: nothing listens there"
        ],
        "hint": "workloadctl runtime check prod"
      }
    }
    --- stderr
    error: cannot look for other instances on runtime prod
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: workloadctl runtime check prod
    "#);
}

#[test]
fn the_stream_of_progress_is_json_lines_to_the_last() {
    let outcome = home("kind-dev").call("deploy web -f k8s --progress json -v");
    let events: Vec<Value> =
        outcome.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["instance"]), (&json!("error"), &json!("web")));
    assert!(events.iter().any(|event| event["event"] == "request"), "{events:?}");
    assert!(events.iter().all(|event| event["time"].is_string()), "{events:?}");
}
