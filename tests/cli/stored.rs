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
        "error: deleting definition web needs `--yes` where nobody can be asked\nhint: workloadctl definition delete web --yes\n",
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
    let line = "definition apply web -f - -o json";
    snapshot!(program.call_with(line, CONFIG_MAP).shown(line), @r#"
    $ workloadctl definition apply web -f - -o json
    exit code 0
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Definition",
      "name": "web",
      "revision": 1,
      "digest": "DIGEST",
      "objectCount": 1,
      "source": "-",
      "instances": 0,
      "createdAt": "TIME",
      "updatedAt": "TIME",
      "outcome": "created",
      "behind": []
    }
    "#);
    let line = "definition apply web -f -";
    snapshot!(program.call_with(line, "# nothing\n").shown(line), @"
    $ workloadctl definition apply web -f -
    exit code 2
    --- stderr
    error: no objects in -
      there is nothing but comments and empty documents
    hint: did the command before the pipe fail?
    ");
}

#[test]
fn wrong_manifests_are_all_told_and_nothing_is_stored() {
    let program = Program::new();
    program.write("a.yaml", "kind: ConfigMap\n---\napiVersion: v1\nkind: Secret\n");
    snapshot!(program.told(&["definition apply web -f a.yaml"]), @"
    $ workloadctl definition apply web -f a.yaml
    exit code 2
    --- stderr
    error: a.yaml:1:1: an object without apiVersion, metadata.name
    error: a.yaml:3:1: an object without metadata.name
    ");
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
    snapshot!(program.told(&["runtime use prdo"]), @"
    $ workloadctl runtime use prdo
    exit code 2
    --- stderr
    error: context `prdo` is not in the kubeconfig (~/.kube/config)
    hint: did you mean `prod`?
    ");
}

#[test]
fn a_runtime_that_does_not_answer_is_code_7_with_its_row() {
    let program = home();
    let lines = ["runtime check kind-dev -o json", "runtime check kind-dev", "runtime check nope"];
    snapshot!(program.told(&lines), @r#"
    $ workloadctl runtime check kind-dev -o json
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Runtime",
      "name": "kind-dev",
      "server": "http://127.0.0.1:1",
      "default": false,
      "current": true,
      "kindLike": true,
      "instances": 0,
      "reachable": false,
      "error": "http://127.0.0.1:1 cannot be reached: nothing listens there"
    }
    --- stderr
    error: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`

    $ workloadctl runtime check kind-dev
    exit code 7
    --- stdout
    NAME      DEFAULT  CURRENT  INSTANCES  REACHABLE  VERSION  USER  ERROR
    kind-dev  -        yes      0          no         -        -     http://127.0.0.1:1 cannot be reached: nothing listens there
    --- stderr
    error: cannot use runtime `kind-dev`
      http://127.0.0.1:1 cannot be reached: nothing listens there
    hint: is the cluster running? `kind get clusters`

    $ workloadctl runtime check nope
    exit code 2
    --- stderr
    error: context `nope` is not in the kubeconfig (~/.kube/config)
    hint: workloadctl runtime list
    "#);
}

#[test]
fn manifests_are_rendered_without_a_database() {
    let program = home();
    answers(&program, "render -f k8s", 0, CONFIG_MAP, "");
    snapshot!(program.told(&["render -f k8s -o json", "render -f k8s -o name"]), @r#"
    $ workloadctl render -f k8s -o json
    exit code 0
    --- stdout
    {
      "apiVersion": "v1",
      "items": [
        {
          "apiVersion": "v1",
          "data": {
            "answer": "42"
          },
          "kind": "ConfigMap",
          "metadata": {
            "name": "conf"
          }
        }
      ],
      "kind": "List"
    }

    $ workloadctl render -f k8s -o name
    exit code 0
    --- stdout
    ConfigMap/conf
    "#);
    assert!(!program.home().join(".config").exists());
}

#[test]
fn a_name_that_nobody_can_be_asked_for_is_said_to_be_unknown_here_too() {
    let program = Program::new();
    program.write("k8s/conf.yaml", CONFIG_MAP);
    program.call("definition apply web -f k8s");
    snapshot!(program.told(&["deploy wbe", "deploy web", "plan web -f missing.yaml"]), @"
    $ workloadctl deploy wbe
    exit code 2
    --- stderr
    error: there is no kubeconfig with a context: looked at ~/.kube/config
      there is no definition `wbe` either; did you mean `web`?
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`

    $ workloadctl deploy web
    exit code 2
    --- stderr
    error: there is no kubeconfig with a context: looked at ~/.kube/config
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`

    $ workloadctl plan web -f missing.yaml
    exit code 2
    --- stderr
    error: there is no file or folder missing.yaml
    hint: a source is a file, a folder, a Helm chart, a URL or `-`
    ");
    program.call("instance create web --definition web --runtime sandbox");
    let of_instances = [
        "status wbe",
        "logs wbe",
        "forward wbe",
        "delete wbe --yes",
        "rollback wbe --runtime sandbox",
    ];
    snapshot!(program.told(&of_instances), @"
    $ workloadctl status wbe
    exit code 2
    --- stderr
    error: there is no kubeconfig with a context: looked at ~/.kube/config
      there is no instance `wbe` either; did you mean `web`?
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`

    $ workloadctl logs wbe
    exit code 2
    --- stderr
    error: there is no kubeconfig with a context: looked at ~/.kube/config
      there is no instance `wbe` either; did you mean `web`?
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`

    $ workloadctl forward wbe
    exit code 2
    --- stderr
    error: there is no kubeconfig with a context: looked at ~/.kube/config
      there is no instance `wbe` either; did you mean `web`?
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`

    $ workloadctl delete wbe --yes
    exit code 2
    --- stderr
    error: there is no kubeconfig with a context: looked at ~/.kube/config
      there is no instance `wbe` either; did you mean `web`?
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`

    $ workloadctl rollback wbe --runtime sandbox
    exit code 1
    --- stderr
    error: there is no instance `wbe`
      it is not on runtime sandbox either, in namespace wbe
    hint: did you mean `web`?
    ");
}

/// What `deploy` refuses without a cluster, everything that renders refuses.
#[test]
fn an_annotation_that_says_nothing_is_refused_wherever_it_is_rendered() {
    let program = home();
    let odd = CONFIG_MAP.replace(
        "  name: conf\n",
        "  name: conf\n  annotations: {workloadctl/ready-when: nonsense}\n",
    );
    program.write("odd/conf.yaml", &odd);
    program.write("k8s/conf.yaml", CONFIG_MAP);
    program.call("definition apply web -f k8s");
    snapshot!(
        program.told(&[
            "render -f odd",
            "render web -f odd",
            "definition apply web -f odd",
            r#"instance create web --runtime kind-dev --set ConfigMap/conf:metadata.annotations={"workloadctl/ready-when":nonsense}"#,
            "list",
        ]),
        @r#"
    $ workloadctl render -f odd
    exit code 2
    --- stderr
    error: odd/conf.yaml:5:17: annotation workloadctl/ready-when: cannot read "nonsense": it begins with neither condition= nor jsonpath=
    hint: write it like `kubectl wait --for`: `workloadctl/ready-when: condition=Ready` or `workloadctl/ready-when: jsonpath={.status.phase}=Running`

    $ workloadctl render web -f odd
    exit code 2
    --- stderr
    error: odd/conf.yaml:5:17: annotation workloadctl/ready-when: cannot read "nonsense": it begins with neither condition= nor jsonpath=
    hint: write it like `kubectl wait --for`: `workloadctl/ready-when: condition=Ready` or `workloadctl/ready-when: jsonpath={.status.phase}=Running`

    $ workloadctl definition apply web -f odd
    exit code 2
    --- stderr
    error: odd/conf.yaml:5:17: annotation workloadctl/ready-when: cannot read "nonsense": it begins with neither condition= nor jsonpath=
    hint: write it like `kubectl wait --for`: `workloadctl/ready-when: condition=Ready` or `workloadctl/ready-when: jsonpath={.status.phase}=Running`

    $ workloadctl instance create web --runtime kind-dev --set ConfigMap/conf:metadata.annotations={"workloadctl/ready-when":nonsense}
    exit code 2
    --- stderr
    runtime kind-dev: --runtime
    error: k8s/conf.yaml:3:1: annotation workloadctl/ready-when: cannot read "nonsense": it begins with neither condition= nor jsonpath=
    hint: write it like `kubectl wait --for`: `workloadctl/ready-when: condition=Ready` or `workloadctl/ready-when: jsonpath={.status.phase}=Running`

    $ workloadctl list
    exit code 0
    --- stderr
    no instances; `workloadctl deploy NAME -f PATH` makes one
    "#
    );
}

#[test]
fn each_annotation_that_says_nothing_is_told_with_its_own_place() {
    let program = home();
    let web = "\
# A comment.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    workloadctl/wait: \"no\"
    workloadctl/timeuot: 5m
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations:
        workloadctl/restartedAt: \"2026-01-01T00:00:00Z\"
        workloadctl/timeout: 5m
    spec: {containers: [{name: web, image: 'web:1'}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {workloadctl/versioned: \"true\"}}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, annotations: {workloadctl/on-remove: Keep}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'db:1'}]}
  volumeClaimTemplates:
    - metadata:
        name: data
        annotations:
          workloadctl/on-remove: \"true\"
          workloadctl/on-remvoe: keep
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";
    program.write("k8s/web.yaml", web);
    snapshot!(program.told(&["render web -f k8s", "deploy web -f k8s --runtime sandbox", "definition validate k8s", "definition apply web -f k8s", "definition list"]), @r#"
    $ workloadctl render web -f k8s
    exit code 2
    --- stderr
    error: 7 errors in the manifests
      k8s/web.yaml:7:5: Deployment/web: annotation workloadctl/wait is "no": true or false; there are: "true", "false"
      k8s/web.yaml:8:5: Deployment/web: there is no annotation workloadctl/timeuot; did you mean `workloadctl/timeout`?
      k8s/web.yaml:16:9: Deployment/web: annotation workloadctl/timeout does nothing on a pod template; write it below `metadata` of the Deployment itself
      k8s/web.yaml:21:37: Service/web: annotation workloadctl/versioned is for ConfigMaps and Secrets
      k8s/web.yaml:26:38: PersistentVolumeClaim/data: annotation workloadctl/on-remove is "Keep": keep or delete; did you mean `workloadctl/on-remove: keep`?
      k8s/web.yaml:42:11: StatefulSet/db: annotation workloadctl/on-remove is "true": keep or delete; there are: keep, delete
      k8s/web.yaml:43:11: StatefulSet/db: annotation workloadctl/on-remvoe does nothing on a claim template; there is `workloadctl/on-remove: keep`

    $ workloadctl deploy web -f k8s --runtime sandbox
    exit code 2
    --- stderr
    error: 7 errors in the manifests
      k8s/web.yaml:7:5: Deployment/web: annotation workloadctl/wait is "no": true or false; there are: "true", "false"
      k8s/web.yaml:8:5: Deployment/web: there is no annotation workloadctl/timeuot; did you mean `workloadctl/timeout`?
      k8s/web.yaml:16:9: Deployment/web: annotation workloadctl/timeout does nothing on a pod template; write it below `metadata` of the Deployment itself
      k8s/web.yaml:21:37: Service/web: annotation workloadctl/versioned is for ConfigMaps and Secrets
      k8s/web.yaml:26:38: PersistentVolumeClaim/data: annotation workloadctl/on-remove is "Keep": keep or delete; did you mean `workloadctl/on-remove: keep`?
      k8s/web.yaml:42:11: StatefulSet/db: annotation workloadctl/on-remove is "true": keep or delete; there are: keep, delete
      k8s/web.yaml:43:11: StatefulSet/db: annotation workloadctl/on-remvoe does nothing on a claim template; there is `workloadctl/on-remove: keep`

    $ workloadctl definition validate k8s
    exit code 2
    --- stderr
    error: 7 errors in the manifests
      k8s/web.yaml:7:5: Deployment/web: annotation workloadctl/wait is "no": true or false; there are: "true", "false"
      k8s/web.yaml:8:5: Deployment/web: there is no annotation workloadctl/timeuot; did you mean `workloadctl/timeout`?
      k8s/web.yaml:16:9: Deployment/web: annotation workloadctl/timeout does nothing on a pod template; write it below `metadata` of the Deployment itself
      k8s/web.yaml:21:37: Service/web: annotation workloadctl/versioned is for ConfigMaps and Secrets
      k8s/web.yaml:26:38: PersistentVolumeClaim/data: annotation workloadctl/on-remove is "Keep": keep or delete; did you mean `workloadctl/on-remove: keep`?
      k8s/web.yaml:42:11: StatefulSet/db: annotation workloadctl/on-remove is "true": keep or delete; there are: keep, delete
      k8s/web.yaml:43:11: StatefulSet/db: annotation workloadctl/on-remvoe does nothing on a claim template; there is `workloadctl/on-remove: keep`

    $ workloadctl definition apply web -f k8s
    exit code 2
    --- stderr
    error: 7 errors in the manifests
      k8s/web.yaml:7:5: Deployment/web: annotation workloadctl/wait is "no": true or false; there are: "true", "false"
      k8s/web.yaml:8:5: Deployment/web: there is no annotation workloadctl/timeuot; did you mean `workloadctl/timeout`?
      k8s/web.yaml:16:9: Deployment/web: annotation workloadctl/timeout does nothing on a pod template; write it below `metadata` of the Deployment itself
      k8s/web.yaml:21:37: Service/web: annotation workloadctl/versioned is for ConfigMaps and Secrets
      k8s/web.yaml:26:38: PersistentVolumeClaim/data: annotation workloadctl/on-remove is "Keep": keep or delete; did you mean `workloadctl/on-remove: keep`?
      k8s/web.yaml:42:11: StatefulSet/db: annotation workloadctl/on-remove is "true": keep or delete; there are: keep, delete
      k8s/web.yaml:43:11: StatefulSet/db: annotation workloadctl/on-remvoe does nothing on a claim template; there is `workloadctl/on-remove: keep`

    $ workloadctl definition list
    exit code 0
    --- stderr
    no definitions; `workloadctl definition apply NAME -f PATH` makes one
    "#);
}
