//! The right cluster: created again, another one behind the same name, the same one behind another
//! name, one whose identity may not be read, and one that nobody named.

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::json;
use workloadctl::testing::{InstanceName, KnownRuntime, Request, Store};

use crate::harness::{Outcome, Place};

const SET: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n";

fn users(test: &str, context: &str) -> Place {
    let place = Place::control_plane(test).through(&Place::users(), context);
    place.write("set.yaml", SET);
    place
}

/// Writes the users' kubeconfig with something in it replaced.
fn kubeconfig(place: &Place, name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let mut text = std::fs::read_to_string(Place::users()).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in the kubeconfig");
        text = text.replace(from, to);
    }
    place.write(name, &text)
}

/// Runs a command with another kubeconfig and without `WORKLOADCTL_RUNTIME`.
fn run_with(place: &Place, kubeconfig: &Path, line: &str) -> Outcome {
    let mut command = place.command(line);
    command.env("KUBECONFIG", kubeconfig).env_remove("WORKLOADCTL_RUNTIME");
    let output = command.output().unwrap();
    Outcome::of(line, output)
}

/// Lets the database believe that instance and runtime were on another cluster.
fn forge_cluster(place: &Place, name: &str) {
    let mut store = Store::open(&place.database()).unwrap();
    let name: InstanceName = name.parse().unwrap();
    let mut instance = store.instance(&name).unwrap().unwrap();
    instance.cluster_uid = Some("another".to_owned());
    let known = store.runtime(&instance.runtime).unwrap().unwrap();
    store.update_instance(&instance).unwrap();
    let known = KnownRuntime { cluster_uid: Some("another".to_owned()), ..known };
    store.remember_runtime(&known).unwrap();
}

on_both! {
    fn what_another_deployed_on_the_new_cluster_is_found(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        let given = format!("{name}-given");
        place.write("set.yaml", SET);
        other.write("set.yaml", SET);
        place.run(&format!("deploy {name} -f set.yaml -n {given}")).expect(0);
        other.run(&format!("delete {name} -n {given} --yes")).expect(0);
        forge_cluster(place, &name);
        other.run(&format!("deploy {name} -f set.yaml")).expect(0);
        for command in ["plan", "deploy"] {
            let line = format!("{command} {name} -f set.yaml --new-cluster -o json");
            let answer = place.run(&line).expect(0).json();
            assert_eq!((&answer["counts"]["unchanged"], &answer["namespace"]), (&json!(2), &json!(name)), "{answer}");
        }
        place.call(Request::json(Method::DELETE, format!("/api/v1/namespaces/{given}"), &json!({}))).unwrap();
    }
}

#[test]
fn a_sandbox_that_was_created_again_is_served_anew() {
    let place = Place::sandbox("created_again");
    let (name, other) = (place.instance(""), place.instance("-other"));
    place.write("set.yaml", SET);
    for instance in [&name, &other] {
        place.run(&format!("deploy {instance} -f set.yaml")).expect(0);
    }
    place.run("sandbox reset --yes").expect(0);
    let status = place.run(&format!("status {name} -o json")).expect(0).json();
    assert_eq!(status["status"], "Lost", "{status}");
    snapshot!(place.told(&format!("status {} -o json", place.instance("-unknown"))), @r#"
    $ workloadctl status NAME-unknown -o json
    exit code 1
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Instance",
      "name": "NAME-unknown",
      "runtime": "RUNTIME",
      "clusterUid": "UID",
      "status": "Error",
      "reason": "there is no instance `NAME-unknown`: it is not on runtime RUNTIME either, in namespace NAME-unknown",
      "statusAt": "TIME",
      "outcome": "failed",
      "error": {
        "code": "no-such-instance",
        "exitCode": 1,
        "message": "there is no instance `NAME-unknown`",
        "causes": [
          "it is not on runtime RUNTIME either, in namespace NAME-unknown"
        ],
        "hint": "did you mean `NAME-other`?"
      }
    }
    --- stderr
    error: there is no instance `NAME-unknown`
      it is not on runtime RUNTIME either, in namespace NAME-unknown
    hint: did you mean `NAME-other`?
    "#);
    let plan = place.run(&format!("plan {name} -o json")).expect(0).json();
    assert_eq!(plan["counts"]["create"], 2, "{plan}");
    let line = format!("deploy {name} --progress none");
    snapshot!([place.told(&line), place.told(&line)].join("\n"), @"
    $ workloadctl deploy NAME --progress none
    exit code 0
    --- stdout
    NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
    namespace NAME
    --- stderr
    RUNTIME was created again; deploying NAME anew
    runtime RUNTIME: stored with the instance

    $ workloadctl deploy NAME --progress none
    exit code 0
    --- stdout
    NAME unchanged (release 1, ready)
    namespace NAME
    ");
    // The other one still knows only the old one.
    snapshot!(place.told(&format!("status {other}")), @"
    $ workloadctl status NAME-other
    exit code 0
    --- stdout
    NAME-other: Lost, its cluster was created again since it was deployed
    NAME-other revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME-other (managed)
    ");
    snapshot!(place.told(&format!("deploy {other} -f set.yaml --progress none")), @"
    $ workloadctl deploy NAME-other -f set.yaml --progress none
    exit code 0
    --- stdout
    NAME-other deployed to RUNTIME (release 1, NAME-other revision 1): 2 created; ready in N s
    namespace NAME-other
    --- stderr
    RUNTIME was created again; deploying NAME-other anew
    runtime RUNTIME: stored with the instance
    ");
    // A new instance has nothing that could have been lost.
    place.run("sandbox reset --yes").expect(0);
    let fresh = place.instance("-fresh");
    snapshot!(place.told(&format!("deploy {fresh} -f set.yaml --progress none")), @"
    $ workloadctl deploy NAME-fresh -f set.yaml --progress none
    exit code 0
    --- stdout
    NAME-fresh deployed to RUNTIME (release 1, NAME-fresh revision 1): 2 created; ready in N s
    namespace NAME-fresh
    --- stderr
    runtime RUNTIME: WORKLOADCTL_RUNTIME
    ");
    place.run(&format!("delete {other} --yes")).expect(0);
    place.run(&format!("list {other}")).expect(1);
}

#[test]
fn a_kind_cluster_that_was_created_again_is_served_anew() {
    let place = users("kind_again", "kind-control-plane");
    let name = place.instance("");
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    forge_cluster(&place, &name);
    // Somebody deployed it there already: its record tells.
    snapshot!(place.told(&format!("deploy {name} --progress none")), @"
    $ workloadctl deploy NAME --progress none
    exit code 0
    --- stdout
    NAME unchanged (release 1, ready)
    namespace NAME
    --- stderr
    RUNTIME was created again; deploying NAME anew
    ");
    place.run(&format!("delete {name} --yes")).expect(0);
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    let elsewhere = place.aside();
    elsewhere.run(&format!("delete {name} --yes")).expect(0);
    forge_cluster(&place, &name);
    snapshot!(place.told(&format!("status {name}")), @"
    $ workloadctl status NAME
    exit code 0
    --- stdout
    NAME: Lost, its cluster was created again since it was deployed
    NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
    ");
    snapshot!(place.told(&format!("deploy {name} --progress none")), @"
    $ workloadctl deploy NAME --progress none
    exit code 0
    --- stdout
    NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
    namespace NAME
    --- stderr
    RUNTIME was created again; deploying NAME anew
    runtime RUNTIME: stored with the instance
    ");
}

#[test]
fn another_cluster_behind_the_same_context() {
    let place = users("other_cluster", "control-plane");
    let name = place.instance("");
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    forge_cluster(&place, &name);
    place.write("set.yaml", &SET.replace("first", "second"));
    let before = place.get(&format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}"));
    let lines = [
        "deploy NAME -f set.yaml -o json",
        "plan NAME -f set.yaml",
        "status NAME",
        "delete NAME --yes",
    ];
    let told = lines.map(|line| place.told(&line.replace("NAME", &name)));
    snapshot!(told.join("\n"), @r#"
    $ workloadctl deploy NAME -f set.yaml -o json
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "NAME",
      "runtime": "RUNTIME",
      "outcome": "refused",
      "error": {
        "code": "other-cluster",
        "exitCode": 7,
        "message": "`RUNTIME` reaches another cluster than before; nothing was sent",
        "causes": [
          "kube-system has uid UID, expected another"
        ],
        "hint": "if the cluster was replaced on purpose, repeat the command with `--new-cluster`"
      }
    }
    --- stderr
    error: `RUNTIME` reaches another cluster than before; nothing was sent
      kube-system has uid UID, expected another
    hint: if the cluster was replaced on purpose, repeat the command with `--new-cluster`

    $ workloadctl plan NAME -f set.yaml
    exit code 7
    --- stderr
    error: `RUNTIME` reaches another cluster than before; nothing was sent
      kube-system has uid UID, expected another
    hint: if the cluster was replaced on purpose, repeat the command with `--new-cluster`

    $ workloadctl status NAME
    exit code 7
    --- stdout
    NAME: Error, `RUNTIME` reaches another cluster than before; nothing was sent: kube-system has uid UID, expected another
    NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
    --- stderr
    error: `RUNTIME` reaches another cluster than before; nothing was sent
      kube-system has uid UID, expected another
    hint: if the cluster was replaced on purpose: `workloadctl deploy NAME --new-cluster` goes on with the new one; `workloadctl delete NAME --forget` drops what is known of the old one

    $ workloadctl delete NAME --yes
    exit code 7
    --- stderr
    error: `RUNTIME` reaches another cluster than before; nothing was sent
      kube-system has uid UID, expected another
    hint: if the cluster was replaced on purpose: `workloadctl deploy NAME --new-cluster` goes on with the new one; `workloadctl delete NAME --forget` drops what is known of the old one
    "#);
    assert_eq!(
        place.get(&format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}")),
        before,
        "nothing was sent"
    );
    // There is a record of it on that cluster: it goes on from there.
    let line = format!("deploy {name} -f set.yaml --new-cluster --progress none");
    snapshot!(place.told(&line), @"
    $ workloadctl deploy NAME -f set.yaml --new-cluster --progress none
    exit code 0
    --- stdout
    NAME deployed to RUNTIME (release 2, NAME revision 2): 1 created, 1 unchanged, 1 pruned; ready in N s
    namespace NAME
    --- stderr
    RUNTIME reaches another cluster than before; deploying NAME anew
    continuing NAME: release 1, last deployed by tester@HOST N s ago
    ");
    let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
    assert_eq!(again["outcome"], "unchanged", "{again}");
}

#[test]
fn a_renamed_context_is_followed_and_another_runtime_is_refused() {
    let place = users("renamed", "control-plane");
    let name = place.instance("");
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    let renamed = [("name: control-plane, context", "name: prod, context")];
    let renamed = kubeconfig(&place, "renamed", &renamed);
    let lines = [
        "deploy NAME -f set.yaml -o json",
        "plan NAME",
        "status NAME",
        "delete NAME --yes",
        // The sandbox has no such record.
        "deploy NAME --runtime sandbox -o json",
        "plan NAME --runtime sandbox",
        "status NAME --runtime sandbox",
        "delete NAME --yes --runtime sandbox",
        // It is followed, and told once.
        "status NAME --runtime prod",
        "deploy NAME --runtime prod --progress none",
        "deploy NAME --progress none",
    ];
    let told = lines.map(|line| run_with(&place, &renamed, &line.replace("NAME", &name)));
    snapshot!(told.map(|outcome| place.shown(&outcome)).join("\n"), @r#"
    $ workloadctl deploy NAME -f set.yaml -o json
    exit code 7
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "NAME",
      "outcome": "refused",
      "error": {
        "code": "context-gone",
        "exitCode": 7,
        "message": "context `RUNTIME` of `NAME` is not in the kubeconfig (~/renamed)",
        "hint": "if it was renamed: repeat the command with `--runtime CONTEXT`; if the cluster is gone: `workloadctl delete NAME --forget`"
      }
    }
    --- stderr
    error: context `RUNTIME` of `NAME` is not in the kubeconfig (~/renamed)
    hint: if it was renamed: repeat the command with `--runtime CONTEXT`; if the cluster is gone: `workloadctl delete NAME --forget`

    $ workloadctl plan NAME
    exit code 7
    --- stderr
    error: context `RUNTIME` of `NAME` is not in the kubeconfig (~/renamed)
    hint: if it was renamed: repeat the command with `--runtime CONTEXT`; if the cluster is gone: `workloadctl delete NAME --forget`

    $ workloadctl status NAME
    exit code 7
    --- stdout
    NAME: Error, context `RUNTIME` of `NAME` is not in the kubeconfig (~/renamed)
    NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
    --- stderr
    error: context `RUNTIME` of `NAME` is not in the kubeconfig (~/renamed)
    hint: if it was renamed: repeat the command with `--runtime CONTEXT`; if the cluster is gone: `workloadctl delete NAME --forget`

    $ workloadctl delete NAME --yes
    exit code 7
    --- stderr
    error: context `RUNTIME` of `NAME` is not in the kubeconfig (~/renamed)
    hint: if it was renamed: repeat the command with `--runtime CONTEXT`; if the cluster is gone: `workloadctl delete NAME --forget`

    $ workloadctl deploy NAME --runtime sandbox -o json
    exit code 5
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "NAME",
      "runtime": "sandbox",
      "outcome": "refused",
      "error": {
        "code": "other-runtime",
        "exitCode": 5,
        "message": "`NAME` is on runtime `RUNTIME`, not on `sandbox`",
        "hint": "deploy under another instance name, or `workloadctl delete NAME --forget` first"
      }
    }
    --- stderr
    error: `NAME` is on runtime `RUNTIME`, not on `sandbox`
    hint: deploy under another instance name, or `workloadctl delete NAME --forget` first

    $ workloadctl plan NAME --runtime sandbox
    exit code 5
    --- stderr
    error: `NAME` is on runtime `RUNTIME`, not on `sandbox`
    hint: deploy under another instance name, or `workloadctl delete NAME --forget` first

    $ workloadctl status NAME --runtime sandbox
    exit code 5
    --- stdout
    NAME: Error, `NAME` is on runtime `RUNTIME`, not on `sandbox`
    NAME revision 1 · release 1 by tester@HOST N s ago · runtime sandbox · namespace NAME (managed)
    --- stderr
    error: `NAME` is on runtime `RUNTIME`, not on `sandbox`
    hint: deploy under another instance name, or `workloadctl delete NAME --forget` first

    $ workloadctl delete NAME --yes --runtime sandbox
    exit code 5
    --- stderr
    error: `NAME` is on runtime `RUNTIME`, not on `sandbox`
    hint: deploy under another instance name, or `workloadctl delete NAME --forget` first

    $ workloadctl status NAME --runtime prod
    exit code 0
    --- stdout
    NAME: Healthy, all 2 objects are ready
    NAME revision 1 · release 1 by tester@HOST N s ago · runtime prod · namespace NAME (managed)
    OBJECT  STATE  AGE  REASON
    ├─ Namespace/NAME  ready  N s  -
    └─ ConfigMap/first  ready  N s  -
    --- stderr
    `NAME` is on runtime prod from now on

    $ workloadctl deploy NAME --runtime prod --progress none
    exit code 0
    --- stdout
    NAME unchanged (release 1, ready)
    namespace NAME

    $ workloadctl deploy NAME --progress none
    exit code 0
    --- stdout
    NAME unchanged (release 1, ready)
    namespace NAME
    "#);
    // And back, told.
    snapshot!(place.told(&format!("deploy {name} --runtime control-plane --progress none")), @"
    $ workloadctl deploy NAME --runtime RUNTIME --progress none
    exit code 0
    --- stdout
    NAME unchanged (release 1, ready)
    namespace NAME
    --- stderr
    `NAME` is on runtime RUNTIME from now on
    ");
}

#[test]
fn a_context_called_sandbox_is_told_from_the_sandbox() {
    let place = users("called_sandbox", "control-plane");
    let name = place.instance("");
    let called =
        kubeconfig(&place, "called", &[("name: reader, context", "name: sandbox, context")]);
    let called = kubeconfig_as_admin(&place, &called);
    let line = format!("deploy {name} -f set.yaml -o json");
    let outcome = run_with(&place, &called, &format!("{line} --runtime sandbox"));
    snapshot!(place.shown(&outcome), @r#"
    $ workloadctl deploy NAME -f set.yaml -o json --runtime sandbox
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "NAME",
      "outcome": "refused",
      "error": {
        "code": "ambiguous-runtime",
        "exitCode": 2,
        "message": "`sandbox` is a context of the kubeconfig and a built-in runtime",
        "hint": "use `kubeconfig:sandbox` or `builtin:sandbox`"
      }
    }
    --- stderr
    error: `sandbox` is a context of the kubeconfig and a built-in runtime
    hint: use `kubeconfig:sandbox` or `builtin:sandbox`
    "#);
    let there = run_with(&place, &called, &format!("{line} --runtime kubeconfig:sandbox"));
    assert_eq!(there.expect(0).json()["runtime"], "kubeconfig:sandbox");
    assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_some());
    run_with(&place, &called, &format!("delete {name} --yes")).expect(0);
    assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    let inside = run_with(&place, &called, &format!("{line} --runtime builtin:sandbox"));
    assert_eq!(inside.expect(0).json()["runtime"], "sandbox");
    assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    run_with(&place, &called, &format!("delete {name} --yes")).expect(0);
}

/// Gives the reader's context the rights of the administrator.
fn kubeconfig_as_admin(place: &Place, path: &Path) -> PathBuf {
    let text = std::fs::read_to_string(path).unwrap();
    place.write("admin", &text.replace("user: reader}", "user: admin}"))
}

#[test]
fn a_new_instance_does_not_land_where_nobody_sent_it() {
    let place = users("unnamed", "control-plane");
    let name = place.instance("");
    let several = kubeconfig(&place, "several", &[]);
    let line = format!("deploy {name} -f set.yaml -o json");
    let outcome = run_with(&place, &several, &line);
    snapshot!(place.shown(&outcome), @r#"
    $ workloadctl deploy NAME -f set.yaml -o json
    exit code 5
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Deploy",
      "name": "NAME",
      "definition": "NAME",
      "revision": 1,
      "latestRevision": 1,
      "runtime": "RUNTIME",
      "clusterUid": "UID",
      "namespace": "NAME",
      "namespaceMode": "managed",
      "outcome": "refused",
      "objects": [
        {
          "kind": "Namespace",
          "name": "NAME",
          "version": "v1",
          "action": "create"
        },
        {
          "kind": "ConfigMap",
          "namespace": "NAME",
          "name": "first",
          "version": "v1",
          "action": "create",
          "source": {
            "file": "set.yaml",
            "line": 1
          }
        }
      ],
      "error": {
        "code": "runtime-not-named",
        "exitCode": 5,
        "message": "only the kubeconfig's current context chose `RUNTIME` for the new instance `NAME`",
        "hint": "name it with `--runtime RUNTIME`, or `workloadctl runtime use RUNTIME`"
      }
    }
    --- stderr
    error: only the kubeconfig's current context chose `RUNTIME` for the new instance `NAME`
    hint: name it with `--runtime RUNTIME`, or `workloadctl runtime use RUNTIME`
    "#);
    assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    let list = place.run("list -o json").expect(0).json();
    assert_eq!(list["instances"], json!([]), "the database is as before");
    let line = format!("instance create {name} --definition web -o json");
    place.run("definition apply web -f set.yaml").expect(0);
    snapshot!(place.shown(&run_with(&place, &several, &line)), @r#"
    $ workloadctl instance create NAME --definition web -o json
    exit code 5
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "runtime-not-named",
        "exitCode": 5,
        "message": "only the kubeconfig's current context chose `RUNTIME` for the new instance `NAME`",
        "hint": "name it with `--runtime RUNTIME`, or `workloadctl runtime use RUNTIME`"
      }
    }
    --- stderr
    error: only the kubeconfig's current context chose `RUNTIME` for the new instance `NAME`
    hint: name it with `--runtime RUNTIME`, or `workloadctl runtime use RUNTIME`
    "#);
    // Named by a flag, by the stored default, by --yes; or there is nothing to be confused with.
    let kind = [("current-context: control-plane", "current-context: kind-control-plane")];
    let kind = kubeconfig(&place, "kind", &kind);
    let one = crate::harness::variable("KUBECONFIG").unwrap();
    let deploy = format!("deploy {name} -f set.yaml --progress none");
    let mut told = String::new();
    for (config, more) in [
        (&*several, " --runtime control-plane"),
        (&*several, " --yes"),
        (&*kind, ""),
        (Path::new(&one), ""),
    ] {
        told += &place.shown(&run_with(&place, config, &format!("{deploy}{more}")));
        run_with(&place, config, &format!("delete {name} --yes")).expect(0);
    }
    run_with(&place, &several, "runtime use control-plane").expect(0);
    told += &place.shown(&run_with(&place, &several, &deploy));
    snapshot!(told, @"
    $ workloadctl deploy NAME -f set.yaml --progress none --runtime RUNTIME
    exit code 0
    --- stdout
    NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
    namespace NAME
    --- stderr
    runtime RUNTIME: --runtime
    $ workloadctl deploy NAME -f set.yaml --progress none --yes
    exit code 0
    --- stdout
    NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
    namespace NAME
    --- stderr
    runtime RUNTIME: kubeconfig's current context
    $ workloadctl deploy NAME -f set.yaml --progress none
    exit code 0
    --- stdout
    NAME deployed to kind-RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
    namespace NAME
    --- stderr
    runtime kind-RUNTIME: kubeconfig's current context
    $ workloadctl deploy NAME -f set.yaml --progress none
    exit code 0
    --- stdout
    NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
    namespace NAME
    --- stderr
    runtime RUNTIME: kubeconfig's current context
    $ workloadctl deploy NAME -f set.yaml --progress none
    exit code 0
    --- stdout
    NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
    namespace NAME
    --- stderr
    runtime RUNTIME: the default, see `workloadctl runtime use`
    ");
}
