//! Many instances at once: side by side, each with its own answer, and one end for all.

use std::{sync::Arc, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::harness::{Outcome, Place};

const WAIT: Duration = Duration::from_secs(60);

/// A ConfigMap that is ready when somebody writes `go: 'yes'` into it.
fn gate(data: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: gate, annotations: \
         {{workloadctl/ready-when: 'jsonpath={{.data.go}}=yes'}}}}\ndata: {{{data}}}\n"
    )
}

fn gate_of(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/gate")
}

fn conf(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata: {{value: '{value}'}}\n"
    )
}

fn conf_of(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/conf")
}

/// Rejects what is written to the ConfigMap of an instance, when it is written in earnest.
fn rejects(namespace: &str) -> Arc<Fault> {
    let matches = Matches {
        method: Some("PATCH"),
        path: Some(conf_of(namespace)),
        dry_run: Some(false),
        ..Matches::default()
    };
    Arc::new(Fault::new(matches, When::First(1), Effect::Rejected(422, "no")))
}

/// A kind of the test's own.
const CUSTOM: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: PLURAL.fleet.test}
spec:
  group: fleet.test
  scope: Namespaced
  names: {plural: PLURAL, kind: KPLURAL}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
";

/// Gives the workload file of twenty instances.
fn fleet(place: &Place) -> String {
    let mut file = String::from(
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: fleet}\nspec:\n  \
         manifests: [conf.yaml]\n  instances:\n",
    );
    for number in 0..20 {
        file += &format!("  - {{name: {}}}\n", place.instance(&format!("-{number}")));
    }
    file
}

on_both! {
    fn one_that_is_waited_for_holds_up_no_other(place) {
        let (slow, quick) = (place.instance("-a"), place.instance("-b"));
        for name in [&slow, &quick] {
            place.write("gate.yaml", &gate(if *name == slow { "go: 'no'" } else { "go: 'yes'" }));
            place.run(&format!("definition apply {name} -f gate.yaml")).expect(0);
        }
        let deploy = place.start(&format!("deploy {slow} {quick} -q"));
        // One after another, the second would not be begun before the first is ready.
        let are_there = || [&slow, &quick].iter().all(|name| place.get(&gate_of(name)).is_some());
        place.until("both are there", WAIT, are_there);
        place.call(Request::merge_patch(gate_of(&slow), &json!({"data": {"go": "yes"}}))).unwrap();
        let line = format!("deploy {slow} {quick} -q");
        let outcome = Outcome { line, ..place.finish(deploy) };
        snapshot!(place.shown(&outcome), @"
        $ workloadctl deploy NAME-a NAME-b -q
        exit code 0
        --- stdout
        NAME-a deployed to RUNTIME (release 1, NAME-a revision 1): 2 created; ready in N s
        namespace NAME-a
        NAME-b deployed to RUNTIME (release 1, NAME-b revision 1): 2 created; ready in N s
        namespace NAME-b
        2 instances: 2 ready
        ");
        let one = place.run(&format!("deploy {slow} {quick} --max-parallel 0")).expect(2);
        assert!(one.stderr.contains("--max-parallel"), "{}", one.stderr);
    }

    fn a_definition_goes_to_every_runtime_that_fits(place) {
        let place = &place.behind_proxy();
        place.contexts(&["prod-eu", "prod-us", "dev"], Some("prod-ap"));
        let web = place.instance("");
        let [ap, eu, us] = ["-prod-ap", "-prod-eu", "-prod-us"].map(|on| place.instance(on));
        place.write("conf.yaml", &conf("1"));
        let line = format!("deploy --definition {web} -f conf.yaml --runtime prod-*");
        snapshot!(place.told(&format!("{line} --request-timeout 5s -q")), @"
        $ workloadctl deploy --definition NAME -f conf.yaml --runtime prod-* --request-timeout 5s -q
        exit code 7
        --- stdout
        NAME-prod-eu deployed to prod-eu (release 1, NAME revision 1): 2 created; ready in N s
        namespace NAME-prod-eu
        NAME-prod-us deployed to prod-us (release 1, NAME revision 1): 2 created; ready in N s
        namespace NAME-prod-us
        3 instances: 1 failed, 2 ready
        --- stderr
        error: NAME-prod-ap: cannot use runtime `prod-ap`
          http://127.0.0.1:1 cannot be reached: nothing listens there
        hint: workloadctl runtime check prod-ap
        ");
        // What could not be reached is what is left.
        place.contexts(&["prod-eu", "prod-us", "prod-ap"], None);
        let again = format!("deploy --definition {web} --runtime prod-ap --runtime prod-* --failed -q");
        snapshot!(place.told(&again), @"
        $ workloadctl deploy --definition NAME --runtime prod-ap --runtime prod-* --failed -q
        exit code 0
        --- stdout
        NAME-prod-ap deployed to prod-ap (release 1, NAME revision 1): 2 created; ready in N s
        namespace NAME-prod-ap
        ");
        snapshot!(place.told(&again), @"
        $ workloadctl deploy --definition NAME --runtime prod-ap --runtime prod-* --failed -q
        exit code 0
        ");
        let all = place.run(&format!("list --definition {web} -o json")).expect(0).json();
        let runtimes: Vec<_> = all["instances"].as_array().unwrap().iter().map(|one| one["runtime"].as_str().unwrap()).collect();
        assert_eq!(runtimes, ["prod-ap", "prod-eu", "prod-us"]);
        assert!([&ap, &eu, &us].iter().all(|name| place.get(&conf_of(name)).is_some()));
        for wrong in [
            format!("deploy {web} --runtime prod-eu --runtime prod-us"),
            "deploy --runtime prod-*".to_owned(),
            format!("deploy --definition {web} --runtime staging-*"),
            format!("deploy --all --definition {web} --runtime prod-*"),
            format!("status {web} --runtime prod-eu --runtime prod-us"),
            format!("deploy --definition {web} --runtime prod-eu --runtime prod.eu"),
        ] {
            let refused = place.run(&wrong).expect(2);
            assert!(refused.stdout.is_empty(), "{wrong}: {}", refused.stdout);
        }
    }

    fn a_fleet_asks_a_runtime_for_its_kinds_once(place) {
        let kinds = place.instance("");
        let plural = format!("p{}", kinds.replace('-', ""));
        place.write("crd.yaml", &CUSTOM.replace("PLURAL", &plural));
        place.run(&format!("deploy {kinds} -f crd.yaml")).expect(0);
        let custom = format!("---\napiVersion: fleet.test/v1\nkind: K{plural}\nmetadata: {{name: it}}\n");
        place.write("app.yaml", &fleet(place));
        // The kinds that every cluster has are known.
        for (kinds, asked) in [(String::new(), 0), (custom, 1)] {
            place.write("conf.yaml", &(conf("1") + &kinds));
            for line in ["deploy -f app.yaml -v", "deploy -f app.yaml -v --max-parallel 1", "delete -f app.yaml -v --yes"] {
                let told = place.run(line).expect(0).stderr;
                let count = |request: &str| told.lines().filter(|line| line.starts_with(request)).count();
                assert_eq!((count("GET /api "), count("GET /apis ")), (asked, asked), "{line}: {told}");
                // All of them were on it: what was counted is not one instance's.
                assert!(told.matches("/secrets/workloadctl.").count() >= 20, "{line}: {told}");
            }
        }
    }

    fn a_runtime_that_hangs_takes_its_own_time_alone(place) {
        let place = &place.behind_proxy();
        place.contexts(&["prod-eu", "prod-us"], Some("prod-ap"));
        // Somebody listens there, and never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let file = place.path("faulty.kubeconfig");
        let contexts = std::fs::read_to_string(&file).unwrap();
        let address = silent.local_addr().unwrap().to_string();
        std::fs::write(&file, contexts.replace("127.0.0.1:1'", &format!("{address}'"))).unwrap();
        let web = place.instance("");
        place.write("conf.yaml", &conf("1"));
        let line = format!("deploy --definition {web} -f conf.yaml --runtime prod-* --request-timeout 10s -q");
        let mut deploy = place.start(&line);
        let rest = ["-prod-eu", "-prod-us"].map(|on| place.instance(on));
        let are_ready = || {
            let seen = place.run(&format!("list {} {} -o json", rest[0], rest[1])).json();
            let all = seen["instances"].as_array().cloned().unwrap_or_default();
            all.len() == 2 && all.iter().all(|one| one["outcome"] == "ready")
        };
        place.until("the others are ready", WAIT, are_ready);
        assert!(deploy.try_wait().unwrap().is_none(), "it has not waited for the silent one");
        let told = place.finish(deploy).expect(7);
        assert!(told.stdout.ends_with("3 instances: 1 failed, 2 ready\n"), "{}", told.stdout);
        assert!(told.stderr.contains("prod-ap: cannot use runtime `prod-ap`"), "{}", told.stderr);
        drop(silent);
    }

    fn a_signal_ends_all_that_run_in_order_and_begins_no_other(place) {
        let names = ["-a", "-b", "-c"].map(|name| place.instance(name));
        place.write("gate.yaml", &gate("go: 'no'"));
        for name in &names {
            place.run(&format!("definition apply {name} -f gate.yaml")).expect(0);
        }
        let all = names.join(" ");
        let line = format!("deploy {all} --max-parallel 2 --progress none");
        let deploy = place.start(&line);
        let run = || names[..2].iter().all(|name| place.get(&gate_of(name)).is_some());
        place.until("two are there", WAIT, run);
        kill_process(Pid::from_child(&deploy), Signal::INT).unwrap();
        let told = place.finish(deploy).expect(130);
        let summed = told.stdout.lines().last().unwrap_or_default();
        assert!(summed == "3 instances: 2 interrupted, 1 not begun", "{}", told.stdout);
        assert!(place.get(&gate_of(&names[2])).is_none(), "it was begun after the signal");
        // Nobody holds them any more: the next one goes on at once.
        for name in &names {
            place.write("gate.yaml", &gate("go: 'yes'"));
            place.run(&format!("definition apply {name} -f gate.yaml")).expect(0);
        }
        let again = place.run(&format!("deploy {all} --lock-wait 0 -q")).expect(0);
        assert!(again.stdout.ends_with("3 instances: 3 ready\n"), "{}", again.stdout);
    }

    fn a_signal_is_no_reason_to_return_what_is_well(place) {
        let [first, second] = ["-a", "-b"].map(|name| place.instance(name));
        let apply = |name: &str, data: &str| {
            place.write("gate.yaml", &gate(data));
            place.run(&format!("definition apply {name} -f gate.yaml")).expect(0);
        };
        let line = format!("deploy {first} {second} --waves 1,100% --rollback-on-failure --progress none");
        let is = |name: &str, data: &Value| place.get(&gate_of(name)).is_some_and(|gate| gate["data"] == *data);
        apply(&first, "go: 'yes'");
        apply(&second, "go: 'yes'");
        place.run(&line).expect(0);
        apply(&first, "go: 'yes', new: 'yes'");
        apply(&second, "go: 'no'");
        let deploy = place.start(&line);
        place.until("the second wave waits", WAIT, || is(&second, &json!({"go": "no"})));
        kill_process(Pid::from_child(&deploy), Signal::INT).unwrap();
        let told = place.finish(deploy).expect(130);
        assert!(told.stdout.ends_with("2 instances: 1 ready, 1 interrupted\n"), "{}", told.stdout);
        let stays = format!("stopped; on the new release stays: {first}\n");
        assert!(told.stderr.contains(&stays) && !told.stderr.contains("roll back"), "{}", told.stderr);
        assert!(is(&first, &json!({"go": "yes", "new": "yes"})));
    }

    fn a_signal_ends_the_way_back(place) {
        let [first, second] = ["-a", "-b"].map(|name| place.instance(name));
        let apply = |name: &str, set: &str| {
            place.write("gate.yaml", set);
            place.run(&format!("definition apply {name} -f gate.yaml")).expect(0);
        };
        // What it returns to was applied, and waited for by nobody.
        apply(&first, &gate("go: 'no'"));
        apply(&second, &gate("go: 'yes'"));
        place.run(&format!("deploy {first} {second} --no-wait")).expect(0);
        apply(&first, &gate("go: 'yes'"));
        let fails = "annotations: {workloadctl/failed-when: 'jsonpath={.data.go}=no', ";
        apply(&second, &gate("go: 'no'").replace("annotations: {", fails));
        let files = "--junit j.xml --events e.jsonl --progress json";
        let deploy = place.start(&format!("deploy {first} {second} --waves 1,100% --rollback-on-failure {files}"));
        let is_back = || place.get(&gate_of(&second)).is_some_and(|gate| gate["data"]["go"] == "yes")
            && std::fs::read_to_string(place.path("e.jsonl")).is_ok_and(|told| told.contains("returning"))
            && place.get(&gate_of(&first)).is_some_and(|gate| gate["data"]["go"] == "no");
        // Its release 1 is there until release 2 is written: the return of the other one tells them apart.
        place.until("the first one returns", WAIT, is_back);
        kill_process(Pid::from_child(&deploy), Signal::INT).unwrap();
        let told = place.finish(deploy).expect(130);
        assert!(told.stdout.ends_with("2 instances: 1 interrupted, 1 failed\n"), "{}", told.stdout);
        let errors: Vec<Value> = told.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let errors = errors.iter().filter(|line| line["event"] == "error");
        let errors: Vec<_> = errors.map(|line| (line["instance"].as_str().unwrap(), &line["error"]["code"])).collect();
        assert_eq!(errors, [(&*second, &json!("not-ready")), (&*first, &json!("interrupted"))]);
        let junit = std::fs::read_to_string(place.path("j.xml")).unwrap();
        assert!(junit.contains("<error type=\"interrupted\""), "{junit}");
    }

    fn a_wave_that_fails_is_the_last_one_and_goes_back(place) {
        let place = &place.behind_proxy();
        place.contexts(&["c1", "c2", "c3", "c4"], None);
        let web = place.instance("");
        let names = ["-c1", "-c2", "-c3", "-c4"].map(|on| place.instance(on));
        place.write("conf.yaml", &conf("1"));
        let deploy = format!("deploy --definition {web} --runtime c*");
        place.run(&format!("{deploy} -f conf.yaml --waves 1,50%")).expect(0);
        // What is rejected on the second one ends the second wave.
        place.write("conf.yaml", &conf("2"));
        place.faults(&[rejects(&names[1])]);
        let line = format!("{deploy} -f conf.yaml --waves 1,50% --rollback-on-failure --progress none --summary s.md");
        snapshot!(place.told(&line), @"
        $ workloadctl deploy --definition NAME --runtime c* -f conf.yaml --waves 1,50% --rollback-on-failure --progress none --summary s.md
        exit code 1
        --- stdout
        NAME-c1 deployed to c1 (release 2, NAME revision 2): 1 updated, 1 unchanged; ready in N s
        namespace NAME-c1
        NAME-c2 failed on c2 (release 2, NAME revision 2): 1 unchanged; after N s
        NAME-c2 deployed to c2 (release 3, NAME revision 1): 2 unchanged; ready in N s
        namespace NAME-c2
        NAME-c1 deployed to c1 (release 3, NAME revision 1): 1 updated, 1 unchanged; ready in N s
        4 instances: 1 rolled back, 1 failed, 2 not begun
        --- stderr
        wave 1 of 3: 1 instance
        wave 2 of 3: 1 instance
        NAME-c2: release 2 did not go well: back to release 1 (NAME revision 1)
        error: NAME-c2: cannot apply ConfigMap/conf (conf.yaml:1): rejected
          no
        hint: `workloadctl deploy NAME-c2 -f conf.yaml --definition NAME` goes on once that is mended
        error: `NAME-c3` was not begun
          `NAME-c2` failed
        error: `NAME-c4` was not begun
          `NAME-c2` failed
        returning what this rollout changed: NAME-c1
        NAME-c1: back to release 1 (NAME revision 1)
        ");
        let summary = std::fs::read_to_string(place.path("s.md")).unwrap();
        let headings: Vec<&str> = summary.lines().filter(|line| line.starts_with("### ")).collect();
        snapshot!(place.named(&headings.join("\n")), @"
        ### NAME-c1: deploy rolled back with others that failed
        ### NAME-c2: deploy failed, rolled back
        ### NAME-c3: deploy not begun
        ### NAME-c4: deploy not begun
        ");
        place.faults(&[]);
        let values = || names.iter().map(|name| place.get(&conf_of(name)).unwrap()["data"]["value"].clone());
        assert!(values().all(|value| value == "1"));
        // What is new has nothing to return to.
        let new = ["-n-c1", "-n-c2"].map(|on| place.instance(on));
        place.faults(&[rejects(&new[1])]);
        let line = format!("deploy --definition {web}-n --runtime c1 --runtime c2 -f conf.yaml --waves 1,100% --rollback-on-failure --progress none");
        let told = place.run(&line).expect(1).stderr;
        let said = format!("new, and so with nothing to return to: {0}; `workloadctl delete {0}` removes what is new\n", new[0]);
        assert!(told.contains(&said), "{told}");
        let missing = format!("no release of `{0}` went well before: nothing to return to\nhint: `workloadctl delete {0}` removes what was made", new[1]);
        assert!(told.contains(&missing), "{told}");
        place.faults(&[]);
        assert!(place.get(&conf_of(&new[0])).is_some());
        // All are due: those that went back, and those that were not begun.
        place.run(&format!("{deploy} --failed --max-failures 1")).expect(0);
        assert!(values().all(|value| value == "2"));
    }
}
