//! One at a time: on one machine by the lock file, between machines by the record's holder; and
//! an orderly stop by a signal.

use std::{path::PathBuf, process::Child, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::Place;

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

/// Gives a database of somebody else on the same cluster: the sandbox lies beside a database,
/// and is shared by a link.
fn another_database(place: &Place) -> PathBuf {
    let folder = place.path("elsewhere");
    std::fs::create_dir_all(&folder).unwrap();
    if place.runtime == "sandbox" {
        let sandbox = place.database().with_extension("sandbox.db");
        std::os::unix::fs::symlink(sandbox, folder.join("workloadctl.sandbox.db")).unwrap();
    }
    folder.join("workloadctl.db")
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
        let elsewhere = another_database(place);
        let mut command = place.command(&format!("{line} --lock-wait 0s -o json"));
        command.env("WORKLOADCTL_DB", &elsewhere).env("USER", "other");
        let output = command.output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(6), "{answer}");
        let told = answer["error"].to_string();
        assert!(told.contains("tester@"), "the holder is named: {told}");
        place.finish(first).expect(0);
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

    fn a_process_that_wakes_late_writes_nothing(place) {
        let name = place.instance("");
        slow(place, "300s");
        let sleeper = place.start(&format!("deploy {name} -f slow.yaml -o json"));
        held(place, &name);
        place.until("it was applied", Duration::from_secs(20), || {
            place.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/slow")).is_some()
        });
        send(&sleeper, Signal::STOP);
        // The kernel keeps the lock file of a stopped process: another machine goes on.
        let elsewhere = another_database(place);
        slow(place, "0s");
        let mut command = place.command(&format!("deploy {name} -f slow.yaml --lock-wait 150s -o json"));
        command.env("WORKLOADCTL_DB", &elsewhere).env("USER", "other");
        let output = command.output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{answer}");
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        let before = place.get(&record).unwrap();
        send(&sleeper, Signal::CONT);
        let late = place.finish(sleeper);
        assert_eq!(late.code, 6, "{}\n{}", late.stdout, late.stderr);
        assert_eq!(place.get(&record).unwrap()["data"], before["data"], "it wrote nothing");
    }
}
