//! Limited rights: an account bound to one namespace deploys with `--namespace`, one that only
//! reads can plan, and what is forbidden is named. The sandbox has no RBAC: the control plane alone.

use http::Method;
use regex::Regex;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::{Outcome, Place};

const SET: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {value: "1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: secret}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: app, image: "app:1", envFrom: [{configMapRef: {name: settings}}]}]
"#;

/// A namespace in which the user `namespaced` may what the verbs say.
struct Home {
    admin: Place,
    name: String,
}

impl Home {
    fn new(test: &str, verbs: &[&str]) -> Self {
        let admin = Place::control_plane(test);
        let name = admin.instance("-home");
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        admin.call(Request::json(Method::POST, "/api/v1/namespaces", &namespace)).unwrap();
        let home = Self { admin, name };
        home.bind("namespaced", &json!(verbs));
        home
    }

    fn bind(&self, user: &str, verbs: &Value) {
        let rbac = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{}", self.name);
        let kinds = json!([
            {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": verbs},
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": verbs},
        ]);
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": user}, "rules": kinds});
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": user},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]});
        self.admin.call(Request::json(Method::POST, format!("{rbac}/roles"), &role)).unwrap();
        self.admin
            .call(Request::json(Method::POST, format!("{rbac}/rolebindings"), &binding))
            .unwrap();
    }

    /// Gives the place of a user, once the rights are known to the authorizer.
    fn user(&self, context: &str) -> Place {
        let user = self.admin.through(&Place::users(), context);
        user.write("set.yaml", SET);
        user
    }

    fn wait_for_rights(&self, user: &Place) {
        let secrets = format!("/api/v1/namespaces/{}/secrets/none", self.name);
        user.until("the rights count", std::time::Duration::from_secs(10), || {
            user.call(Request::get(&*secrets)).is_err_and(|failure| failure.is_not_found())
        });
    }

    fn settings(&self) -> Option<Value> {
        let path = format!("/api/v1/namespaces/{}/configmaps/settings", self.name);
        self.admin.get(&path).map(|settings| settings["data"]["value"].clone())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let path = format!("/api/v1/namespaces/{}", self.name);
        let _ = self.admin.call(Request::json(Method::DELETE, path, &json!({})));
    }
}

/// Cuts which of several refusals came first, and what the server alone decides.
fn without_first_refusal(told: &str) -> String {
    let refusal = Regex::new(r"(may not write: ).*").unwrap();
    // How many kinds there are is the server's.
    let kinds = Regex::new(r"\d+ further kinds").unwrap();
    let told = refusal.replace_all(told, "$1…");
    kinds.replace_all(&told, "N further kinds").into_owned()
}

#[test]
fn an_account_of_one_namespace_deploys_into_it() {
    let home = Home::new("one_namespace", &["get", "create", "patch", "delete"]);
    let user = home.user("namespaced");
    home.wait_for_rights(&user);
    let (name, at) = (user.instance(""), &home.name);
    let plan = user.run(&format!("plan {name} -f set.yaml -n {at} -o json")).expect(0).json();
    assert_eq!(plan["counts"]["create"], 4, "{plan}");
    let first = user.run(&format!("deploy {name} -f set.yaml -n {at} -o json")).expect(0).json();
    assert_eq!(
        (&first["outcome"], &first["counts"]["create"]),
        (&json!("ready"), &json!(4)),
        "{first}"
    );
    let again = user.run(&format!("deploy {name} -o json")).expect(0).json();
    assert_eq!(again["outcome"], "unchanged", "{again}");
    let status = user.run(&format!("status {name} -o json")).expect(0).json();
    assert_eq!(status["status"], "Healthy", "{status}");
    let plan = user.run(&format!("plan {name} -o json")).expect(0).json();
    assert_eq!(plan["counts"]["unchanged"], 4, "{plan}");
    // Nothing may be listed: each object is asked for, and what others changed of it is told.
    let path = format!("/api/v1/namespaces/{at}/configmaps/settings?fieldManager=kubectl-edit");
    home.admin.call(Request::merge_patch(path, &json!({"data": {"value": "theirs"}}))).unwrap();
    let status = user.run(&format!("status {name} --exit-code")).expect(3).stdout;
    let told = "1 object differs from release 1: ConfigMap/settings data.value by kubectl-edit, ";
    assert!(status.lines().any(|line| line.starts_with(told)), "{status}");
    // An upgrade that prunes; then with an empty database.
    let upgrade = SET
        .replace("\"1\"", "\"2\"")
        .replace("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n", "");
    user.write("set.yaml", &upgrade);
    let second = user.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
    assert_eq!(
        (&second["counts"]["update"], &second["counts"]["prune"]),
        (&json!(1), &json!(1)),
        "{second}"
    );
    assert_eq!(home.settings(), Some(json!("2")));
    user.lose_database();
    let found = user.run(&format!("deploy {name} -f set.yaml -n {at} --progress none"));
    snapshot!(user.shown(&found).replace(at, "HOME"), @"
    $ workloadctl deploy NAME -f set.yaml -n HOME --progress none
    exit code 0
    --- stdout
    NAME unchanged (release 2, ready)
    namespace HOME
    --- stderr
    continuing NAME: release 2, last deployed by tester@HOST N s ago
    ");
    // The administrator continues it, and it is the same cluster for both.
    let admin = home.admin.aside();
    admin
        .run(&format!("deploy {name} -n {at} --set ConfigMap/settings:data.value=three"))
        .expect(0);
    user.run(&format!("deploy {name} -o json")).expect(0);
    assert_eq!(home.settings(), Some(json!("three")));
    let deleted = user.run(&format!("delete {name} --yes -o json")).expect(0).json();
    assert_eq!(deleted["outcome"], "deleted", "{deleted}");
    assert_eq!(home.settings(), None);
    let record = format!("/api/v1/namespaces/{at}/secrets/workloadctl.{name}");
    assert!(home.admin.get(&record).is_none());
    user.run(&format!("delete {name} --yes -n {at}")).expect(1);
}

#[test]
fn server_and_authority_stand_in_for_an_identity_that_may_not_be_read() {
    let home = Home::new("stand_in", &["get", "create", "patch", "delete"]);
    let user = home.user("namespaced");
    home.wait_for_rights(&user);
    let (name, at) = (user.instance(""), &home.name);
    user.run(&format!("deploy {name} -f set.yaml -n {at}")).expect(0);
    let text = std::fs::read_to_string(Place::users()).unwrap();
    assert!(text.contains("server: https://127.0.0.1:"));
    let localhost = "tls-server-name: kubernetes\n    server: https://localhost:";
    let elsewhere = user.write("elsewhere", &text.replace("server: https://127.0.0.1:", localhost));
    let stranger = user.write("stranger", &text.replace("token: namespaced", "token: nobody"));
    let with = |kubeconfig: &std::path::Path, line: &str| {
        let mut command = user.command(line);
        let output = command.env("KUBECONFIG", kubeconfig).output().unwrap();
        Outcome::of(line, output)
    };
    // An instance that is known and may not be looked at.
    let hidden = with(&stranger, &format!("status {name} -o json"));
    snapshot!(user.shown(&hidden).replace(at, "HOME"), @r#"
    $ workloadctl status NAME -o json
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Instance",
      "name": "NAME",
      "definition": "NAME",
      "revision": 1,
      "latestRevision": 1,
      "runtime": "namespaced",
      "namespace": "HOME",
      "namespaceMode": "given",
      "status": "Error",
      "reason": "cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace HOME: secrets \"workloadctl.NAME\" is forbidden: User \"nobody\" cannot get resource \"secrets\" in API group \"\" in the namespace \"HOME\"",
      "statusAt": "TIME",
      "release": 1,
      "outcome": "failed",
      "createdAt": "TIME",
      "deployedAt": "TIME",
      "deployedBy": "tester@HOST",
      "error": {
        "code": "forbidden",
        "exitCode": 7,
        "message": "cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace HOME",
        "causes": [
          "secrets \"workloadctl.NAME\" is forbidden: User \"nobody\" cannot get resource \"secrets\" in API group \"\" in the namespace \"HOME\""
        ],
        "object": "Secret/workloadctl.NAME"
      }
    }
    --- stderr
    error: cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace HOME
      secrets "workloadctl.NAME" is forbidden: User "nobody" cannot get resource "secrets" in API group "" in the namespace "HOME"
    "#);
    let run = |line: &str| with(&elsewhere, line);
    let lines =
        ["deploy NAME", "plan NAME", "status NAME", "delete NAME --yes", "plan NAME -o json"];
    let told = lines.map(|line| user.shown(&run(&line.replace("NAME", &name))));
    snapshot!(told.join("\n").replace(at, "HOME"), @r#"
    $ workloadctl deploy NAME
    exit code 7
    --- stderr
    error: `namespaced` reaches another cluster than before; nothing was sent
      the server is https://localhost:PORT, expected https://127.0.0.1:PORT
    hint: if the cluster was replaced on purpose, repeat the command with `--new-cluster`

    $ workloadctl plan NAME
    exit code 7
    --- stderr
    error: `namespaced` reaches another cluster than before; nothing was sent
      the server is https://localhost:PORT, expected https://127.0.0.1:PORT
    hint: if the cluster was replaced on purpose, repeat the command with `--new-cluster`

    $ workloadctl status NAME
    exit code 7
    --- stdout
    NAME: Error, `namespaced` reaches another cluster than before; nothing was sent: the server is https://localhost:PORT, expected https://127.0.0.1:PORT
    NAME revision 1 · release 1 by tester@HOST N s ago · runtime namespaced · namespace HOME (given)
    --- stderr
    error: `namespaced` reaches another cluster than before; nothing was sent
      the server is https://localhost:PORT, expected https://127.0.0.1:PORT
    hint: if the cluster was replaced on purpose: `workloadctl deploy NAME --new-cluster` goes on with the new one; `workloadctl delete NAME --forget` drops what is known of the old one

    $ workloadctl delete NAME --yes
    exit code 7
    --- stderr
    error: `namespaced` reaches another cluster than before; nothing was sent
      the server is https://localhost:PORT, expected https://127.0.0.1:PORT
    hint: if the cluster was replaced on purpose: `workloadctl deploy NAME --new-cluster` goes on with the new one; `workloadctl delete NAME --forget` drops what is known of the old one

    $ workloadctl plan NAME -o json
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Plan",
      "name": "NAME",
      "runtime": "namespaced",
      "outcome": "refused",
      "error": {
        "code": "other-cluster",
        "exitCode": 7,
        "message": "`namespaced` reaches another cluster than before; nothing was sent",
        "causes": [
          "the server is https://localhost:PORT, expected https://127.0.0.1:PORT"
        ],
        "hint": "if the cluster was replaced on purpose, repeat the command with `--new-cluster`"
      }
    }
    --- stderr
    error: `namespaced` reaches another cluster than before; nothing was sent
      the server is https://localhost:PORT, expected https://127.0.0.1:PORT
    hint: if the cluster was replaced on purpose, repeat the command with `--new-cluster`
    "#);
    // It was only another name of it: the record goes on.
    let same = run(&format!("deploy {name} --new-cluster -o json")).expect(0).json();
    assert_eq!((&same["outcome"], &same["release"]), (&json!("unchanged"), &json!(1)), "{same}");
    run(&format!("deploy {name}")).expect(0);
    run(&format!("delete {name} --yes")).expect(0);
}

#[test]
fn what_is_forbidden_is_named() {
    let home = Home::new("forbidden", &["get"]);
    let user = home.user("namespaced");
    home.wait_for_rights(&user);
    let (name, at) = (user.instance(""), &home.name);
    // Beside its namespace it may nothing.
    let mut told = String::new();
    for (who, line) in [
        (&user, format!("deploy {name} -f set.yaml -o json")),
        (&user, format!("status {name}")),
        (&user, format!("deploy {name} -f set.yaml -n {at}")),
        (&home.user("nobody"), format!("deploy {name} -f set.yaml -n {at}")),
        (&home.user("reader"), format!("deploy {name} -f set.yaml -n {at}")),
        (&home.user("nobody"), format!("delete {name} --yes -n {at}")),
    ] {
        told += &user.shown(&who.run(&line)).replace(at, "HOME");
        // The database is as before.
        told += &format!("{}\n", who.told("list -o name"));
    }
    snapshot!(told, @r#"
    $ workloadctl deploy NAME -f set.yaml -o json
    exit code 1
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "NAME",
      "runtime": "namespaced",
      "outcome": "refused",
      "error": {
        "code": "forbidden",
        "exitCode": 1,
        "message": "cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace NAME",
        "causes": [
          "secrets \"workloadctl.NAME\" is forbidden: User \"namespaced\" cannot get resource \"secrets\" in API group \"\" in the namespace \"NAME\""
        ],
        "hint": "an account of one namespace needs `--namespace NAMESPACE`",
        "object": "Secret/workloadctl.NAME"
      }
    }
    --- stderr
    error: cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace NAME
      secrets "workloadctl.NAME" is forbidden: User "namespaced" cannot get resource "secrets" in API group "" in the namespace "NAME"
    hint: an account of one namespace needs `--namespace NAMESPACE`
    $ workloadctl list -o name
    exit code 0

    $ workloadctl status NAME
    exit code 1
    --- stderr
    error: cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace NAME
      secrets "workloadctl.NAME" is forbidden: User "namespaced" cannot get resource "secrets" in API group "" in the namespace "NAME"
    hint: an account of one namespace needs `--namespace NAMESPACE`
    $ workloadctl list -o name
    exit code 0

    $ workloadctl deploy NAME -f set.yaml -n HOME
    exit code 1
    --- stderr
    error: 4 objects stand in the way; nothing was written
      ConfigMap/settings (set.yaml:2): configmaps "settings" is forbidden: User "namespaced" cannot patch resource "configmaps" in API group "" in the namespace "HOME"
      ConfigMap/more (set.yaml:7): configmaps "more" is forbidden: User "namespaced" cannot patch resource "configmaps" in API group "" in the namespace "HOME"
      Secret/login (set.yaml:11): secrets "login" is forbidden: User "namespaced" cannot patch resource "secrets" in API group "" in the namespace "HOME"
      Deployment/app (set.yaml:16): deployments.apps "app" is forbidden: User "namespaced" cannot patch resource "deployments" in API group "apps" in the namespace "HOME"
    $ workloadctl list -o name
    exit code 0

    $ workloadctl deploy NAME -f set.yaml -n HOME
    exit code 1
    --- stderr
    error: cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace HOME
      secrets "workloadctl.NAME" is forbidden: User "nobody" cannot get resource "secrets" in API group "" in the namespace "HOME"
    $ workloadctl list -o name
    exit code 0

    $ workloadctl deploy NAME -f set.yaml -n HOME
    exit code 1
    --- stderr
    error: cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace HOME
      secrets "workloadctl.NAME" is forbidden: User "reader" cannot get resource "secrets" in API group "" in the namespace "HOME"
    $ workloadctl list -o name
    exit code 0

    $ workloadctl delete NAME --yes -n HOME
    exit code 1
    --- stderr
    error: cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace HOME
      secrets "workloadctl.NAME" is forbidden: User "nobody" cannot get resource "secrets" in API group "" in the namespace "HOME"
    $ workloadctl list -o name
    exit code 0
    "#);
    assert_eq!(home.settings(), None);
}

#[test]
fn who_only_reads_can_plan() {
    let home = Home::new("reads", &["get"]);
    home.bind("reader", &json!(["get"]));
    let (reader, admin) = (home.user("reader"), home.admin.aside());
    home.wait_for_rights(&reader);
    let (name, at) = (admin.instance(""), &home.name);
    let line = format!("plan {name} -f set.yaml -n {at} -o json");
    let plan = || {
        let outcome = reader.run(line.trim_end_matches(" -o json"));
        without_first_refusal(&admin.shown(&outcome)).replace(at, "HOME")
    };
    snapshot!(plan(), @r#"
    $ workloadctl plan NAME -f set.yaml -n HOME
    exit code 0
    --- stdout
    ACTION  OBJECT  NAMESPACE  REASON
    create  ConfigMap/settings  HOME  -
    create  ConfigMap/more  HOME  -
    create  Secret/login  HOME  -
    create  Deployment/app  HOME  -
    NAME on reader: 4 to create
    --- stderr
    warning: compared locally, since this account may not write: …
    "#);
    admin.write("set.yaml", SET);
    admin.run(&format!("deploy {name} -f set.yaml -n {at}")).expect(0);
    let same = reader.run(&line).expect(0).json();
    assert_eq!(same["counts"]["unchanged"], 4, "{same}");
    // Somebody changed something: what is live is compared.
    let path = format!("/apis/apps/v1/namespaces/{at}/deployments/app?fieldManager=kubectl-edit");
    let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:2"}]}}}});
    let mut call = Request::merge_patch(path, &patch);
    call.body = call.body.map(|(body, _)| (body, "application/strategic-merge-patch+json"));
    home.admin.call(call).unwrap();
    snapshot!(plan(), @r#"
    $ workloadctl plan NAME -f set.yaml -n HOME
    exit code 0
    --- stdout
    ACTION  OBJECT  NAMESPACE  REASON
    unchanged  ConfigMap/settings  HOME  -
    unchanged  ConfigMap/more  HOME  -
    unchanged  Secret/login  HOME  -
    update  Deployment/app  HOME  -
    NAME on reader: 1 to update, 3 unchanged
    --- stderr
    warning: compared locally, since this account may not write: …
    warning: Deployment/app: spec.template…[name=app].image was "app:2" (kubectl-edit, N s ago)
    "#);
    reader.write("set.yaml", &SET.replace("\"1\"", "\"2\""));
    let changed = reader.run(&line).expect(0).json();
    assert_eq!(changed["counts"]["update"], 2, "{changed}");
    let status = reader.run(&format!("status {name} -n {at} -o json")).expect(0).json();
    assert_eq!(status["objects"].as_array().unwrap().len(), 4, "{status}");
    assert_eq!(home.settings(), Some(json!("1")));
}

#[test]
fn who_may_not_read_secrets_can_plan_without_the_record() {
    let admin = Place::control_plane("no_secrets");
    let reader = admin.through(&Place::users(), "reader");
    let name = admin.instance("");
    for place in [&admin, &reader] {
        place.write("set.yaml", SET);
    }
    admin.run(&format!("deploy {name} -f set.yaml")).expect(0);
    reader.write("set.yaml", &SET.replace("metadata: {name: more}", "metadata: {name: fresh}"));
    // The Secret is not known: it cannot be told that it changed.
    let plan = admin.shown(&reader.run(&format!("plan {name} -f set.yaml")));
    snapshot!(without_first_refusal(&plan), @r#"
    $ workloadctl plan NAME -f set.yaml
    exit code 0
    --- stdout
    ACTION  OBJECT  NAMESPACE  REASON
    unchanged  Namespace/NAME  -  -
    unchanged  ConfigMap/settings  NAME  -
    create  ConfigMap/fresh  NAME  -
    update  Secret/login  NAME  it may not be looked at: secrets "login" is forbidden: User "reader" cannot get resource "secrets" in API group "" in the namespace "NAME"
    unchanged  Deployment/app  NAME  -
    prune  ConfigMap/more  NAME  left the definition
    NAME on reader: 1 to create, 1 to update, 3 unchanged, 1 to prune
    --- stderr
    the record cannot be read: rebuilt from 4 live objects of `NAME` in namespace NAME
    warning: cannot read the record Secret/workloadctl.NAME: forbidden: get Secret in namespace NAME: secrets "workloadctl.NAME" is forbidden: User "reader" cannot get resource "secrets" in API group "" in the namespace "NAME"; planned without it
    warning: what else it had cannot be told: its record cannot be read, and no release of it is known here, and Node and N further kinds cannot be listed
    warning: compared locally, since this account may not write: …
    "#);
}
