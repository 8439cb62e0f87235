//! Killed at any point: one ordinary command converges at once, and nothing is orphaned.
//!
//! The points are spread over the time that the command takes when nobody kills it, at seeded
//! random distances, so that a run covers the beginning, the writes, the wait and the end.

use std::time::{Duration, Instant};

use crate::harness::Place;

const POINTS: usize = 20;

const SET: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {a: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: secret}
stringData: {password: hunter2}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: account}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: role}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: role}
subjects: [{kind: ServiceAccount, name: account}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: account
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "web:VERSION", envFrom: [{configMapRef: {name: conf}}]}]
"#;

fn set(version: usize, extra: bool) -> String {
    let mut text = SET.replace("VERSION", &version.to_string());
    if extra {
        for index in 0..5 {
            text += &format!(
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: extra-{index}}}\n"
            );
        }
    }
    text
}

/// splitmix64, from a seed that a failing run can be repeated with.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Runs a command and kills it after a part of the time that it usually takes. Tells whether it
/// was killed before it ended; if not, it has become faster than it was.
fn kill_within(place: &Place, line: &str, usual: &mut Duration, seed: &mut u64) -> bool {
    let part = random(seed) % 1000;
    let mut child = place.start(line);
    std::thread::park_timeout(*usual * u32::try_from(part).unwrap() / 1000);
    child.kill().unwrap();
    let was_killed = place.finish(child).code != 0;
    if !was_killed {
        *usual = *usual * 4 / 5;
    }
    was_killed
}

fn timed(place: &Place, line: &str) -> Duration {
    let started = Instant::now();
    place.run(line).expect(0);
    started.elapsed()
}

fn config_maps(place: &Place, name: &str) -> Vec<String> {
    let list = place
        .get(&format!(
            "/api/v1/namespaces/{name}/configmaps?labelSelector=workloadctl%2Finstance%3D{name}"
        ))
        .unwrap();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

on_both! {
    fn a_deploy_is_killed(place) {
        let mut seed = 1;
        place.write("set.yaml", &set(1, true));
        let probe = place.instance("-p");
        let mut usual = timed(place, &format!("deploy {probe} -f set.yaml --timeout 60s"));
        place.run(&format!("delete {probe} --yes --no-wait")).expect(0);
        let mut killed = 0;
        for point in 0..POINTS {
            let name = place.instance(&format!("-{point}"));
            let line = format!("deploy {name} -f set.yaml --timeout 60s --lock-wait 0s");
            killed += usize::from(kill_within(place, &line, &mut usual, &mut seed));
            let answer = place.run(&format!("{line} -o json")).expect(0).json();
            assert!(answer["outcome"] == "ready" || answer["outcome"] == "unchanged", "{answer}");
            let again = place.run(&format!("{line} -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "point {point}: {again}");
            assert_eq!(config_maps(place, &name).len(), 6, "point {point}");
            // Deleted side by side with what follows; the end of the test waits for it.
            place.run(&format!("delete {name} --yes --no-wait")).expect(0);
        }
        assert!(killed >= POINTS / 2, "only {killed} of {POINTS} were killed before their end");
    }

    fn an_upgrade_with_prune_is_killed(place) {
        let mut seed = 2;
        let name = place.instance("");
        let line = format!("deploy {name} -f set.yaml --timeout 60s --lock-wait 0s");
        let mut killed = 0;
        let mut usual = Duration::from_secs(1);
        for point in 0..=POINTS {
            place.write("set.yaml", &set(2 * point, true));
            place.run(&line).expect(0);
            place.write("set.yaml", &set(2 * point + 1, false));
            if point == 0 {
                usual = timed(place, &line);
                continue;
            }
            killed += usize::from(kill_within(place, &line, &mut usual, &mut seed));
            place.run(&line).expect(0);
            assert_eq!(config_maps(place, &name), ["conf"], "point {point}");
            let again = place.run(&format!("{line} -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "point {point}: {again}");
        }
        assert!(killed >= POINTS / 2, "only {killed} of {POINTS} were killed before their end");
    }

    fn a_delete_is_killed(place) {
        let mut seed = 3;
        place.write("set.yaml", &set(1, true));
        let deploy = |name: &str| {
            place.run(&format!("deploy {name} -f set.yaml --timeout 60s --no-wait")).expect(0);
        };
        let probe = place.instance("-p");
        deploy(&probe);
        let mut usual = timed(place, &format!("delete {probe} --yes"));
        let names: Vec<String> = (0..POINTS).map(|point| place.instance(&format!("-{point}"))).collect();
        for name in &names {
            deploy(name);
        }
        let mut killed = 0;
        for name in &names {
            let line = format!("delete {name} --yes --lock-wait 0s");
            killed += usize::from(kill_within(place, &line, &mut usual, &mut seed));
        }
        for name in &names {
            place.run(&format!("delete {name} --yes --ignore-not-found --lock-wait 0s")).expect(0);
            assert_eq!(place.leftovers(name), Vec::<String>::new());
        }
        assert!(killed >= POINTS / 2, "only {killed} of {POINTS} were killed before their end");
    }

    fn a_killed_deploy_goes_on_from_an_empty_disk(place) {
        let name = place.instance("");
        place.write("set.yaml", &set(1, true));
        let line = format!("deploy {name} -f set.yaml --timeout 60s");
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        let mut child = place.start(&line);
        place.until("the record is held", Duration::from_secs(20), || {
            place.get(&record).is_some_and(|secret| {
                secret["data"]["holder"].as_str().is_some_and(|holder| !holder.is_empty())
            })
        });
        child.kill().unwrap();
        let was_killed = place.finish(child).code != 0;
        place.lose_database();
        std::fs::remove_dir_all(place.path("db/workloadctl.db.locks")).unwrap();
        if was_killed {
            let refused = place.run(&format!("{line} --lock-wait 0s -o json")).expect(6).json();
            assert_eq!(refused["error"]["code"], "locked", "{refused}");
            std::fs::remove_dir_all(place.path("db/workloadctl.db.locks")).unwrap();
        }
        // The holder expires by the server's clock, 90 s after its last renewal.
        let answer = place.run(&format!("{line} --lock-wait 120s -o json")).expect(0).json();
        assert_eq!(answer["outcome"], "ready", "{answer}");
        assert_eq!(config_maps(place, &name).len(), 6);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }
}
