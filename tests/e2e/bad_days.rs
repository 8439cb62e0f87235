//! Bad days with a cluster: each has its exit code, its sentence and its hint. What is refused
//! before its first write leaves database and cluster as they were; the same command again, once
//! the cause is gone, does the right thing. Faults of the server and its network are in `faults`.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::{
    harness::{Outcome, Place, side_by_side, variable},
    kill::Life,
};

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: b}\n";

/// The error as people read it: the lines from `error:` on.
fn said(outcome: &Outcome) -> String {
    let lines = outcome.stderr.lines().skip_while(|line| !line.starts_with("error:"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Runs a command that is refused before its first write, and gives what it said.
#[track_caller]
fn refused(place: &Place, line: &str, code: i32) -> String {
    let before = place.run("list -o json").expect(0).stdout;
    let outcome = place.run(line).expect(code);
    assert_eq!(outcome.stdout, "", "{line}");
    assert_eq!(place.run("list -o json").expect(0).stdout, before, "{line}");
    said(&outcome)
}

/// Makes a namespace or another object, as somebody else.
fn make(place: &Place, collection: &str, body: &Value) {
    place.call(Request::json(Method::POST, collection, body)).unwrap();
}

fn hold(place: &Place, path: &str, held: bool) {
    let finalizers = if held { json!(["test.workloadctl/hold"]) } else { Value::Null };
    let patch = json!({"metadata": {"finalizers": finalizers}});
    place.call(Request::merge_patch(path, &patch)).unwrap();
}

fn definition(name: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: gears-{name}.bad.test}}
spec:
  group: bad.test
  scope: Namespaced
  names: {{kind: {kind}, plural: gears-{name}, singular: gear-{name}}}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                teeth: {{type: integer, minimum: 3}}
                code: {{type: string, pattern: '^[a-z]+$'}}
                source:
                  type: object
                  properties: {{git: {{type: string}}, image: {{type: string}}}}
                  oneOf: [{{required: [git]}}, {{required: [image]}}]
",
        kind = kind(name),
    )
}

fn kind(name: &str) -> String {
    format!("Gear{}", name.replace('-', ""))
}

on_both! {
    fn a_kind_whose_definition_is_missing(place) {
        let name = place.instance("");
        place.write("gear.yaml", "apiVersion: gears.test/v1\nkind: Absentee\nmetadata: {name: g}\n");
        assert_eq!(
            refused(place, &format!("deploy {name} -f gear.yaml"), 2),
            "error: gear.yaml:1: there is no kind \"Absentee\" in gears.test/v1 on this cluster\n\
             hint: install its CustomResourceDefinition first, or bring it in the same manifests\n"
        );
        place.write("web.yaml", "apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: web}\n");
        assert_eq!(
            refused(place, &format!("deploy {name} -f web.yaml"), 2),
            "error: web.yaml:1: there is no kind \"Deploymnt\" in apps/v1 on this cluster\n\
             hint: write `kind: Deployment`\n"
        );
        assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    }

    fn what_the_server_rejects_is_told_field_by_field(place) {
        let (name, owner) = (place.instance(""), place.instance("o"));
        place.write("crd.yaml", &definition(&owner));
        place.run(&format!("deploy {owner} -f crd.yaml")).expect(0);
        let gear = format!(
            "apiVersion: bad.test/v1\nkind: {}\nmetadata: {{name: g}}\n\
             spec: {{teeth: 1, code: A1, source: {{}}}}\n",
            kind(&owner)
        );
        // 422 with causes, and a list with one key twice, which is 500 without any.
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n\
            spec: {ports: [{name: a, port: 80}, {name: b, port: 80}]}\n";
        place.write("set.yaml", &format!("{CONF}---\n{gear}---\n{service}"));
        let failed = place.run(&format!("deploy {name} -f set.yaml --validate ignore")).expect(1);
        let text = said(&failed);
        let gear_id = format!("{}/g", kind(&owner));
        for words in [
            "2 objects were not applied",
            &format!("cannot apply {gear_id} (set.yaml:6): rejected:\n"),
            "\n    spec.teeth: Invalid value: 1: should be greater than or equal to 3",
            "spec.code: Invalid value: \"A1\": should match '^[a-z]+$'",
            "\"spec.source\" must validate one and only one schema (oneOf). Found none valid",
            "cannot apply Service/s (set.yaml:11): ",
            "rejected: spec.ports: duplicate entries for key [port=80,protocol=\"TCP\"]",
        ] {
            assert_eq!(text.matches(words).count(), 1, "{words}: {text}");
        }
        let mended = gear.replace("teeth: 1, code: A1, source: {}", "teeth: 3, code: a, source: {git: x}");
        let service = service.replace("name: b, port: 80", "name: b, port: 81");
        place.write("set.yaml", &format!("{CONF}---\n{mended}---\n{service}"));
        let again = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!((&again["release"], &again["counts"]["create"]), (&json!(2), &json!(2)), "{again}");
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn a_namespace_that_is_being_deleted(place) {
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        make(place, "/api/v1/namespaces", &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}});
        make(place, &format!("/api/v1/namespaces/{name}/configmaps"), &map);
        let theirs = format!("/api/v1/namespaces/{name}/configmaps/theirs");
        hold(place, &theirs, true);
        let namespace = format!("/api/v1/namespaces/{name}");
        place.call(Request::json(Method::DELETE, &*namespace, &json!({}))).unwrap();
        for line in [format!("deploy {name} -f conf.yaml"), format!("deploy {name} -f conf.yaml -n {name}")] {
            assert_eq!(
                refused(place, &line, 5),
                format!("error: namespace {name} is being deleted\nhint: wait until it is gone, then repeat the command\n")
            );
        }
        hold(place, &theirs, false);
        place.until("the namespace is gone", Duration::from_secs(30), || place.get(&namespace).is_none());
        place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
    }

    fn a_namespace_that_is_taken(place) {
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        make(place, "/api/v1/namespaces", &namespace);
        let text = refused(place, &format!("deploy {name} -f conf.yaml"), 5);
        snapshot!(text.replace(&name, "NAME"), @"
        error: namespace NAME exists and `NAME` did not make it
        hint: `--namespace NAME` deploys into it; or give the instance another name
        ");
        place.call(Request::json(Method::DELETE, format!("/api/v1/namespaces/{name}"), &json!({}))).unwrap();
    }

    fn out_of_time_while_applying_waiting_and_deleting(place) {
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
        let conf = format!("/api/v1/namespaces/{name}/configmaps/conf");
        // It goes, and something holds it: it can be neither applied nor deleted.
        hold(place, &conf, true);
        place.call(Request::json(Method::DELETE, &*conf, &json!({}))).unwrap();
        let failed = place.run(&format!("deploy {name} -f conf.yaml --timeout 2s")).expect(1);
        assert_eq!(
            said(&failed),
            format!(
                "error: out of time: 1 of 2 objects of `{name}` were applied\n  \
                 ConfigMap/conf (conf.yaml:1): the one before is still being deleted and \
                 waits for finalizer test.workloadctl/hold\n\
                 hint: `workloadctl deploy {name}` goes on, `--timeout` gives more time\n"
            )
        );
        let failed = place.run(&format!("delete {name} --yes --timeout 2s")).expect(1);
        assert_eq!(
            said(&failed),
            format!(
                "error: out of time: 1 object is still being deleted\n  \
                 ConfigMap/conf waits for finalizer test.workloadctl/hold\n\
                 hint: `workloadctl delete {name}` goes on, `--timeout` gives more time\n"
            )
        );
        hold(place, &conf, false);
        place.run(&format!("delete {name} --yes")).expect(0);
        place.write("slow.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: slow, annotations: {test.workloadctl/delay: 60s}}\n\
            spec: {terminationGracePeriodSeconds: 0, containers: [{name: slow, image: 'slow:1'}]}\n");
        let late = place.run(&format!("deploy {name} -f slow.yaml --timeout 3s")).expect(3);
        snapshot!(crate::evidence::steady(said(&late).replace(&name, "NAME")), @"
        error: out of time: `NAME` was applied, but is not ready yet
          Pod/slow: pod slow on node-N: container slow runs, but is not ready yet
        hint: `workloadctl status NAME --wait` goes on waiting, `--timeout` gives more time
        Pod/slow on node-N -> container slow: ContainersNotReady
          log:
            | starting
            | listening on port 8080
            | ready
        cause: Pod/slow: pod slow on node-N: container slow runs, but is not ready yet
        ");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_signal_at_any_point_leaves_a_way_to_go_on(place) {
        const POINTS: usize = 8;
        let life = Life::new(place.aside());
        let lengths = [life.deploy(1), life.deploy(2), life.delete()].map(|line| life.measure(&line, |_| false));
        let cases: Vec<usize> = (0..POINTS).collect();
        side_by_side(cases, POINTS, |point| {
            let life = Life::new(place.aside());
            let lines = [life.deploy(1), life.deploy(2), life.delete()];
            for (command, line) in lines.iter().enumerate() {
                let (signal, code) = [(Signal::INT, 130), (Signal::TERM, 143)][(point + command) % 2];
                let mut running = life.place.follow(line);
                let (mut seen, after) = (0, 1 + point * lengths[command] / POINTS);
                running.until(|_| {
                    seen += 1;
                    seen >= after
                });
                let _ = kill_process(Pid::from_child(running.child()), signal);
                let stopped = running.end();
                // The last lines may have been said before the signal came.
                assert!(stopped.code == code || stopped.code == 0, "{line} at {after}: {stopped:?}");
                if stopped.code == code {
                    let text = said(&stopped);
                    assert!(text.starts_with("error: stopped"), "{text}");
                    let nothing = text.contains("nothing was");
                    assert!(nothing || text.contains("` goes on"), "{text}");
                    // What is left is said, at most a dozen lines of it.
                    assert!(text.lines().count() < 15, "{text}");
                }
                if command < 2 {
                    life.converges(command + 1, "--lock-wait 0s");
                } else {
                    life.place.run(&format!("{line} --lock-wait 0s --ignore-not-found")).expect(0);
                    life.is_gone();
                }
            }
        });
    }

    fn a_closed_stdout_stops_no_deploy(place) {
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        for (line, path_is_there) in [
            (format!("deploy {name} -f conf.yaml"), true),
            (format!("status {name}"), true),
            (format!("delete {name} --yes"), false),
        ] {
            let mut child = place.command(&line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            drop((child.stdout.take(), child.stderr.take()));
            assert_eq!(child.wait().unwrap().code(), Some(0), "{line}");
            let conf = place.get(&format!("/api/v1/namespaces/{name}/configmaps/conf"));
            assert_eq!(conf.is_some(), path_is_there, "{line}");
        }
    }
}

/// The sandbox's own file would be full first. A limit of the shell stands for the disk; where it
/// strikes depends on the shell's unit.
#[test]
fn a_disk_that_is_full_in_the_middle() {
    let place = Place::control_plane("full_disk");
    let failed = AtomicUsize::new(0);
    let cases: Vec<u32> = (2..14).map(|step| step * 16).collect();
    side_by_side(cases, 6, |blocks| {
        let place = place.aside();
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        let deploy = format!("deploy {name} -f conf.yaml");
        let command = place.command(&deploy);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(command.get_current_dir().unwrap())
            .stdin(Stdio::null());
        let output = shell.output().unwrap();
        if !output.status.success() {
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{blocks}: {text}");
            assert!(text.contains("error: cannot read or write the database "), "{text}");
            assert!(
                text.ends_with("hint: is the disk full? `--db FILE` names another database\n"),
                "{text}"
            );
            failed.fetch_add(1, Ordering::Relaxed);
        }
        place.run(&deploy).expect(0);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    });
    assert!(failed.into_inner() > 0, "no limit was reached");
}

/// Nothing is to be put in order: who only looks leaves at the first signal.
#[test]
fn a_plan_is_stopped_at_once() {
    let place = Place::sandbox("stopped_plan").behind_proxy();
    let name = place.instance("");
    place.write("conf.yaml", CONF);
    let slow = Effect::Slow(Duration::from_secs(20));
    let slow = Arc::new(Fault::new(Matches::default(), When::Always, slow));
    place.faults(&[Arc::clone(&slow)]);
    let child = place.start(&format!("plan {name} -f conf.yaml"));
    place.until("it has asked", Duration::from_secs(10), || slow.seen() > 0);
    let asked = Instant::now();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let stopped = place.finish(child).expect(130);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(said(&stopped), "error: stopped; nothing was written\n");
}

/// A cluster that the sandbox is not: only with a real one there are two.
#[test]
fn an_instance_that_is_on_another_runtime() {
    let place = Place::control_plane("another_runtime");
    let name = place.instance("");
    place.write("conf.yaml", CONF);
    place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
    let line = format!("deploy {name} -f conf.yaml --runtime sandbox");
    assert_eq!(
        refused(&place, &line, 5),
        format!(
            "error: `{name}` is on runtime `{}`, not on `sandbox`\n\
             hint: deploy under another instance name, or `workloadctl delete {name}` first\n",
            place.runtime
        )
    );
}

/// The sandbox has neither TLS nor logins.
#[test]
fn a_server_that_is_not_trusted_and_a_login_that_is_not_accepted() {
    let place = Place::control_plane("not_trusted");
    place.write("conf.yaml", CONF);
    let kubeconfig = std::fs::read_to_string(variable("KUBECONFIG").unwrap()).unwrap();
    let kubeconfig: Value = serde_yaml::from_str(&kubeconfig).unwrap();
    let server = kubeconfig["clusters"][0]["cluster"]["server"].as_str().unwrap();
    let ca = include_str!("../../src/cluster/stub/other-ca.pem");
    place.write("ca.pem", ca);
    for (cluster, user, expected) in [
        (
            "certificate-authority: ca.pem",
            "token: t",
            format!(
                "error: cannot use runtime `c`\n  the certificate of {server} is not from a certificate authority that is trusted\n\
                 hint: the cluster may have been created again: get its kubeconfig anew\n"
            ),
        ),
        (
            "insecure-skip-tls-verify: true",
            "token: expired",
            "error: cannot use runtime `c`: cannot read Namespace/kube-system\n  the login has expired or is not accepted\n\
             hint: log in to the cluster again, then repeat the command\n"
                .to_owned(),
        ),
    ] {
        place.write("bad.kubeconfig", &format!(
            "contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
             clusters: [{{name: k, cluster: {{server: '{server}', {cluster}}}}}]\n\
             users: [{{name: u, user: {{{user}}}}}]\n"
        ));
        let line = "deploy x -f conf.yaml --kubeconfig bad.kubeconfig --runtime c";
        assert_eq!(refused(&place, line, 7), expected);
    }
}
