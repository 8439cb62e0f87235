//! Limited rights: an account bound to one namespace deploys with `--namespace`, one that only
//! reads can plan, and what is forbidden is named. The sandbox has no RBAC: the control plane alone.

use http::Method;
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

#[track_caller]
fn says(outcome: &Outcome, sentence: &str) {
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(said.contains(sentence), "not said: {sentence}\n{said}");
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
    let found = user.run(&format!("deploy {name} -f set.yaml -n {at} -o json")).expect(0);
    says(&found, &format!("continuing {name}: release 2"));
    assert_eq!(found.json()["outcome"], "unchanged");
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
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Outcome { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    };
    // An instance that is known and may not be looked at.
    let hidden = with(&stranger, &format!("status {name} -o json")).expect(7).json();
    assert_eq!(
        (&hidden["error"]["code"], &hidden["status"]),
        (&json!("forbidden"), &json!("Error"))
    );
    let run = |line: &str| with(&elsewhere, line);
    for line in ["deploy NAME", "plan NAME", "status NAME", "delete NAME --yes"] {
        let other = run(&format!("{} -o json", line.replace("NAME", &name))).expect(7).json();
        assert_eq!(other["error"]["code"], "other-cluster", "{other}");
        let cause = other["error"]["causes"].to_string();
        assert!(cause.contains("the server is https://localhost:"), "{cause}");
        assert!(cause.contains("expected https://127.0.0.1:"), "{cause}");
    }
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
    let lost = user.run(&format!("deploy {name} -f set.yaml")).expect(1);
    says(&lost, "hint: an account of one namespace needs `--namespace NAMESPACE`");
    // Beside its namespace it may nothing.
    for (who, line, wanted) in [
        (&user, format!("deploy {name} -f set.yaml"), ["get", "secrets", &name, "namespaced"]),
        (&user, format!("status {name}"), ["get", "secrets", &name, "namespaced"]),
        (
            &user,
            format!("deploy {name} -f set.yaml -n {at}"),
            ["create", "secrets", at, "namespaced"],
        ),
        (
            &home.user("nobody"),
            format!("deploy {name} -f set.yaml -n {at}"),
            ["get", "secrets", at, "nobody"],
        ),
        (
            &home.user("reader"),
            format!("deploy {name} -f set.yaml -n {at}"),
            ["get", "secrets", at, "reader"],
        ),
        (
            &home.user("nobody"),
            format!("delete {name} --yes -n {at}"),
            ["get", "secrets", at, "nobody"],
        ),
    ] {
        let failed = who.run(&format!("{line} -o json")).expect(1).json();
        assert_eq!(failed["error"]["code"], "forbidden", "{failed}");
        let told = failed["error"]["causes"].to_string();
        for word in wanted {
            assert!(told.contains(word), "{word} is not named: {failed}");
        }
        let list = who.run("list -o json").expect(0).json();
        assert_eq!(list["instances"], json!([]), "the database is as before");
    }
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
    let fresh = reader.run(&line).expect(0);
    says(&fresh, "compared locally, since this account may not write");
    assert_eq!(fresh.json()["counts"]["create"], 4);
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
    let drifted = reader.run(&line).expect(0);
    says(&drifted, "compared locally, since this account may not write");
    assert_eq!(drifted.json()["counts"]["update"], 1, "{drifted:?}");
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
    let plan = reader.run(&format!("plan {name} -f set.yaml -o json")).expect(0);
    says(&plan, "cannot read the record");
    let plan = plan.json();
    // Unchanged are the namespace, the ConfigMap and the Deployment; the Secret is not known.
    assert_eq!(plan["counts"]["unchanged"], 3, "{plan}");
    let counts = ["create", "update", "prune"].map(|count| plan["counts"][count].clone());
    assert_eq!(counts, [json!(1), json!(1), json!(1)], "{plan}");
}
