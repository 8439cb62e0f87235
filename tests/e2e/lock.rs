//! One at a time: on one machine by the lock file, between machines by the record's holder; and
//! an orderly stop by a signal.

use std::{
    collections::BTreeMap,
    process::Child,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::{Place, side_by_side};

const SLOW: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: slow}
spec:
  selector: {matchLabels: {app: slow}}
  template:
    metadata: {labels: {app: slow}, annotations: {test.workloadctl/delay: "DELAY"}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: slow, image: "slow:1"}]
"#;

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Waits until somebody holds the record of an instance.
fn held(place: &Place, name: &str) {
    let path = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
    place.until("the record is held", Duration::from_secs(20), || {
        place.get(&path).is_some_and(|secret| holder(&secret).is_some())
    });
}

fn holder(secret: &Value) -> Option<&str> {
    secret["data"]["holder"].as_str().filter(|holder| !holder.is_empty())
}

fn slow(place: &Place, delay: &str) {
    place.write("slow.yaml", &SLOW.replace("DELAY", delay));
}

on_both! {
    fn two_deploys_from_one_database(place) {
        let name = place.instance("");
        slow(place, "3s");
        let line = format!("deploy {name} -f slow.yaml");
        let first = place.start(&line);
        held(place, &name);
        let second = place.run(&format!("{line} --lock-wait 0s -o json")).expect(6).json();
        assert_eq!(second["error"]["code"], "locked", "{second}");
        let waited = place.run(&format!("{line} --lock-wait 30s -o json")).expect(0).json();
        assert_eq!((&waited["outcome"], &waited["release"]), (&"unchanged".into(), &1.into()), "{waited}");
        place.finish(first).expect(0);
    }

    fn two_deploys_from_two_databases(place) {
        let name = place.instance("");
        slow(place, "3s");
        let line = format!("deploy {name} -f slow.yaml");
        let first = place.start(&line);
        held(place, &name);
        // Another database: another person.
        let other = place.elsewhere();
        slow(&other, "3s");
        let refused = other.run(&format!("{line} --lock-wait 0s"));
        snapshot!(place.shown(&refused), @"
        $ workloadctl deploy NAME -f slow.yaml --lock-wait 0s
        exit code 6
        --- stderr
        error: `NAME` is being worked on by `workloadctl deploy NAME` of tester@HOST (since TIME, expires in N s unless renewed)
        hint: wait for it, or give `--lock-wait 5m`
        ");
        place.finish(first).expect(0);
    }

    /// What a copy of the lock's folder says of its writer is no proof that this one is dead.
    fn a_copied_lock_takes_over_no_live_holder(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        slow(place, "3s");
        slow(&other, "0s");
        let first = place.start(&format!("deploy {name} -f slow.yaml"));
        held(place, &name);
        let locks = |place: &Place| place.database().with_extension("db.locks");
        std::fs::create_dir_all(locks(&other)).unwrap();
        let lock = format!("{name}.lock");
        std::fs::copy(locks(place).join(&lock), locks(&other).join(&lock)).unwrap();
        let line = format!("deploy {name} -f slow.yaml --lock-wait 0s -o json");
        let refused = other.run(&line).expect(6).json();
        assert_eq!(refused["error"]["code"], "locked", "{refused}");
        place.finish(first).expect(0);
    }

    /// The lock is a file of ours, and nothing that it leads to is read or written.
    fn a_lock_that_is_a_link_is_not_followed(place) {
        let name = place.instance("");
        slow(place, "0s");
        let locks = place.database().with_extension("db.locks");
        let (lock, target) = (locks.join(format!("{name}.lock")), place.write("precious", "text"));
        std::fs::create_dir_all(&locks).unwrap();
        std::os::unix::fs::symlink(&target, &lock).unwrap();
        let line = format!("deploy {name} -f slow.yaml -o json");
        let refused = place.run(&line).expect(1).json();
        assert_eq!(refused["error"]["code"], "cannot-lock", "{refused}");
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "text");
        std::fs::remove_file(&lock).unwrap();
        // Nor is the folder.
        std::fs::remove_dir(&locks).unwrap();
        let elsewhere = place.path("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &locks).unwrap();
        place.run(&line).expect(1);
        assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
        std::fs::remove_file(&locks).unwrap();
        place.run(&line).expect(0);
    }

    fn an_interrupted_deploy_says_so_and_goes_on(place) {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let name = place.instance(&format!("-{code}"));
            slow(place, "20s");
            let child = place.start(&format!("deploy {name} -f slow.yaml -o json"));
            held(place, &name);
            place.until("it was applied", Duration::from_secs(20), || {
                place.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/slow")).is_some()
            });
            send(&child, signal);
            let answer = place.finish(child).expect(code).json();
            assert_eq!(answer["outcome"], "interrupted", "{answer}");
            let left = answer["error"]["causes"][0].as_str().unwrap();
            assert!(left.starts_with("Deployment/slow: "), "{answer}");
            let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
            assert_eq!(holder(&place.get(&record).unwrap()), None, "the holder is cleared");
            slow(place, "0s");
            let next = place
                .run(&format!("deploy {name} -f slow.yaml --lock-wait 0s -o json"))
                .expect(0)
                .json();
            assert_eq!((&next["outcome"], &next["release"]), (&"ready".into(), &2.into()), "{next}");
        }
    }

    fn two_at_the_very_same_time_are_never_mixed(place) {
        // On an empty cluster, and on what the one before left; with one database and with two.
        side_by_side(vec![true, false], 2, |one_database| {
            let other = place.elsewhere();
            let other = if one_database { place } else { &other };
            let name = place.instance(if one_database { "-one" } else { "-two" });
            for (left, right) in [(1, 2), (3, 4), (5, 6)] {
                let first = place.follow(&format!("{} --lock-wait 0s", versioned(place, &name, left)));
                let second = other.follow(&format!("{} --lock-wait 0s", versioned(other, &name, right)));
                let codes = [first.end(), second.end()].map(|outcome| {
                    assert!(matches!(outcome.code, 0 | 6), "{outcome:?}");
                    outcome.code
                });
                let winner = match codes {
                    [0, 6] => left,
                    [6, 0] => right,
                    _ => panic!("{codes:?}: each takes some seconds, so one met the other"),
                };
                assert_eq!(version(place, &name), winner.to_string());
            }
        });
    }

    fn the_second_waits_and_then_brings_its_own(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        let first = versioned(place, &name, 1);
        let mut first = place.follow(&first);
        assert!(first.until(|said| said == "waiting"));
        // Reading never locks.
        place.run(&format!("plan {name}")).expect(0);
        other.run(&format!("status {name}")).expect(0);
        let deletion = other.run(&format!("delete {name} --yes --lock-wait 0s"));
        snapshot!(place.shown(&deletion), @"
        $ workloadctl delete NAME --yes --lock-wait 0s
        exit code 6
        --- stderr
        error: `NAME` is being worked on by `workloadctl deploy NAME` of tester@HOST (since TIME, expires in N s unless renewed)
        hint: wait for it, or give `--lock-wait 5m`
        ");
        let here = place.follow(&format!("{} --lock-wait 1m", versioned(place, &name, 2)));
        let there = other.follow(&format!("{} --lock-wait 1m", versioned(&other, &name, 2)));
        for running in [first, here, there] {
            running.end().expect(0);
        }
        assert_eq!(version(place, &name), "2");
    }

    fn a_stop_in_the_middle_leaves_the_way_free_for_others(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        let stopped = |line: &str, at: &str, signal: Signal, code: i32| {
            let mut running = place.follow(line);
            assert!(running.until(|said| said.starts_with(at)));
            send(running.child(), signal);
            running.end().expect(code);
            if let Some(record) = place.get(&record) {
                assert_eq!(holder(&record), None, "the holder is cleared");
            }
        };
        stopped(&versioned(place, &name, 1), "created ConfigMap/", Signal::INT, 130);
        // From another database: only a cleared holder lets it through.
        other.run(&format!("{} --lock-wait 0s", versioned(&other, &name, 1))).expect(0);
        assert_eq!(version(place, &name), "1");
        stopped(&versioned(place, &name, 2), "updated ", Signal::TERM, 143);
        other.run(&format!("{} --lock-wait 0s", versioned(&other, &name, 3))).expect(0);
        assert_eq!(version(place, &name), "3");
        stopped(&format!("delete {name} --yes"), "deleting", Signal::INT, 130);
        other.run(&format!("delete {name} --yes --lock-wait 0s --ignore-not-found")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }
}

/// A set that takes some seconds and tells which one it is.
fn versioned(place: &Place, name: &str, version: usize) -> String {
    let text = format!(
        "apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{version: '{version}'}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: only-{version}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app}}
spec:
  selector: {{matchLabels: {{app: app}}}}
  template:
    metadata:
      labels: {{app: app, version: '{version}'}}
      annotations: {{test.workloadctl/delay: 3s}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{{name: app, image: app:1, envFrom: [{{configMapRef: {{name: settings}}}}]}}]
"
    );
    place.write(&format!("{name}-{version}.yaml"), &text);
    format!("deploy {name} -f {name}-{version}.yaml")
}

/// Gives the one version that all that is live belongs to.
#[track_caller]
fn version(place: &Place, name: &str) -> String {
    let settings = place.get(&format!("/api/v1/namespaces/{name}/configmaps/settings")).unwrap();
    let version = settings["data"]["version"].as_str().unwrap().to_owned();
    let app = place.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/app")).unwrap();
    assert_eq!(app["spec"]["template"]["metadata"]["labels"]["version"], *version);
    assert_eq!(
        place.live(name, &[]),
        [
            format!("configmaps/only-{version}"),
            "configmaps/settings".into(),
            "deployments/app".into(),
            format!("namespaces/{name}"),
            format!("secrets/workloadctl.{name}"),
        ]
    );
    version
}

/// Takes down the uid and resourceVersion of every object of an instance and of its record.
fn versions(place: &Place, name: &str) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    for collection in [
        format!("/api/v1/namespaces/{name}/configmaps"),
        format!("/api/v1/namespaces/{name}/secrets"),
        format!("/apis/apps/v1/namespaces/{name}/deployments"),
    ] {
        for object in place.get(&collection).unwrap()["items"].as_array().unwrap() {
            let metadata = &object["metadata"];
            // A controller makes it at its own time.
            if metadata["name"] == "kube-root-ca.crt" {
                continue;
            }
            let id = format!("{collection}/{}", metadata["name"]);
            versions.insert(id, format!("{} {}", metadata["uid"], metadata["resourceVersion"]));
        }
    }
    versions
}

#[test]
fn who_slept_past_the_expiry_writes_nothing() {
    let place = Place::control_plane("a_sleeper");
    // What the sleeper does, the line at which it falls asleep, and whether the other one removes
    // everything before it deploys.
    let cases = vec![
        ("deploy", "created ConfigMap/", false),
        ("deploy", "waiting", true),
        ("delete", "PATCH /api/v1/namespaces/", true),
        ("delete", "DELETE /apis/apps/", true),
    ];
    let width = cases.len();
    side_by_side(cases, width, |(command, asleep_at, anew)| {
        let (here, there) = (place.aside(), place.elsewhere());
        let name = there.instance("");
        let line = versioned(&here, &name, 1);
        let mut sleeper = if command == "delete" {
            here.run(&line).expect(0);
            here.follow(&format!("delete {name} --yes"))
        } else {
            here.follow(&line)
        };
        assert!(sleeper.until(|said| said.starts_with(asleep_at)));
        send(sleeper.child(), Signal::STOP);
        if anew {
            there.run(&format!("delete {name} --yes --lock-wait 2m")).expect(0);
        }
        there.run(&format!("{} --lock-wait 2m", versioned(&there, &name, 2))).expect(0);
        let before = versions(&there, &name);
        send(sleeper.child(), Signal::CONT);
        let woken = sleeper.end();
        assert_eq!(versions(&there, &name), before, "{woken:?}");
        woken.expect(6);
        assert_eq!(version(&there, &name), "2");
    });
}

#[test]
fn the_second_signal_leaves_at_once() {
    let place = Place::control_plane("twice");
    let name = place.instance("");
    place.run(&versioned(&place, &name, 1)).expect(0);
    // A write that waits: its object is on its way out and something holds it.
    let held = format!("/api/v1/namespaces/{name}/configmaps/only-1");
    let hold = |finalizers: Value| {
        let patch = json!({"metadata": {"finalizers": finalizers}});
        place.call(Request::merge_patch(&*held, &patch)).unwrap();
    };
    hold(json!(["test.workloadctl/hold"]));
    place.call(Request::json(http::Method::DELETE, &*held, &json!({}))).unwrap();
    let mut running = place.follow(&versioned(&place, &name, 1));
    assert!(running.until(|said| said == "applying"));
    send(running.child(), Signal::INT);
    assert!(running.until(|said| said.starts_with("stopping in good order")));
    let asked = Instant::now();
    send(running.child(), Signal::INT);
    running.end().expect(130);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    hold(Value::Null);
    place.run(&format!("{} --lock-wait 0s", versioned(&place, &name, 1))).expect(0);
    assert_eq!(version(&place, &name), "1");
}

/// Two commands of one moment make the sandbox's file together.
#[test]
fn a_new_sandbox_is_opened_by_many_at_once() {
    for _ in 0..5 {
        let place = Place::sandbox("many_at_once");
        let children: Vec<_> =
            (0..8).map(|_| place.start("runtime check sandbox -o json")).collect();
        for child in children {
            let seen = place.finish(child).expect(0).json();
            assert_eq!(seen["reachable"], true, "{seen}");
        }
    }
}
