//! Helm's hooks: before and after the rest, in their order, anew with each release, and gone where
//! their policy says so.

use serde_json::Value;

use crate::harness::{Outcome, Place, side_by_side};

const FAIL: &str = "annotations: {test.workloadctl/fail: job-fail}";

/// A Job with annotations; `metadata` is that of its pods.
fn job(name: &str, annotations: &str, metadata: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\n\
         spec: {{backoffLimit: 0, template: {{metadata: {{{metadata}}}, spec: {{restartPolicy: Never, \
         containers: [{{name: main, image: 'busybox:1'}}]}}}}}}\n---\n"
    )
}

/// A Deployment of one pod.
fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n\
         spec: {{selector: {{matchLabels: {{app: {name}}}}}, template: {{metadata: {{labels: \
         {{app: {name}}}}}, spec: {{containers: [{{name: main, image: '{image}'}}]}}}}}}\n---\n"
    )
}

/// An object that needs nothing more.
fn plain(kind: &str, name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\n---\n"
    )
}

fn hook(events: &str, weight: i32) -> String {
    format!("helm.sh/hook: '{events}', helm.sh/hook-weight: '{weight}'")
}

fn object(place: &Place, namespace: &str, kind: &str, name: &str) -> Option<Value> {
    let group = match kind {
        "jobs" => "/apis/batch/v1",
        "deployments" => "/apis/apps/v1",
        _ => "/api/v1",
    };
    place.get(&format!("{group}/namespaces/{namespace}/{kind}/{name}"))
}

#[track_caller]
fn uid(place: &Place, namespace: &str, kind: &str, name: &str) -> String {
    let object = object(place, namespace, kind, name).expect("it is there");
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}

fn version_of_record(place: &Place, name: &str) -> String {
    let record = object(place, name, "secrets", &format!("workloadctl.{name}")).unwrap();
    record["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

/// Deploys, and gives what was done and what became ready, in that order, without what waits for
/// nothing.
fn deployed(place: &Place, line: &str, code: i32) -> Vec<String> {
    done(&place.run(&format!("deploy {line} --progress json")).expect(code))
}

/// Reads that off the talk of a deploy with `--progress json`.
pub(crate) fn done(outcome: &Outcome) -> Vec<String> {
    let events = outcome.stderr.lines().filter_map(|line| serde_json::from_str(line).ok());
    let told = events.filter_map(|event: Value| {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let what = match text("/event")? {
            "done" => text("/action")?,
            "judged" => text("/state").filter(|state| *state == "ready")?,
            _ => return None,
        };
        let (kind, name) = (text("/object/kind")?, text("/object/name")?);
        (kind != "Namespace").then(|| format!("{what} {kind}/{name}"))
    });
    told.collect()
}

/// Gives the Jobs that ran.
pub(crate) fn runs(told: &[String]) -> Vec<&str> {
    let made = |line: &&String| line.starts_with("create ") || line.starts_with("recreate ");
    let names = told.iter().filter(made).filter_map(|line| line.split_once(" Job/"));
    names.map(|(_, name)| name).collect()
}

on_both! {
    fn hooks_have_their_turns_anew_with_each_release(place) {
        let web = place.instance("");
        let text = |image: &str| [
            deployment("web", image),
            job("seed", &hook("post-install", 0), ""),
            job("report", &hook("post-install,post-upgrade", 1), ""),
            // Weight, kind and name each say another order than the file, and one another.
            job("audit", &hook("post-install,post-upgrade", 1), ""),
            job("migrate", &hook("pre-install,pre-upgrade", 5), ""),
            job("check", &hook("pre-upgrade", 6), ""),
            plain("ServiceAccount", "migrator", &hook("pre-install,pre-upgrade", 5)),
            job("verify", &hook("test", 0), ""),
        ].concat();
        place.write("a.yaml", &text("web:1"));
        let line = format!("{web} -f a.yaml");
        assert_eq!(deployed(place, &line, 0), [
            "create ServiceAccount/migrator", "create Job/migrate", "ready Job/migrate",
            "create Deployment/web", "ready Deployment/web",
            "create Job/seed", "ready Job/seed", "create Job/audit", "ready Job/audit",
            "create Job/report", "ready Job/report",
        ]);
        let seed = uid(place, &web, "jobs", "seed");
        let migrate = uid(place, &web, "jobs", "migrate");

        // No release, no hooks, no write.
        let before = version_of_record(place, &web);
        assert_eq!(deployed(place, &line, 0), Vec::<String>::new());
        assert_eq!(version_of_record(place, &web), before);
        assert_eq!(uid(place, &web, "jobs", "migrate"), migrate);

        place.write("a.yaml", &text("web:2"));
        snapshot!(place.told(&format!("plan {line}")), @"
        $ workloadctl plan NAME -f a.yaml
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        update  Deployment/web  NAME  -
        -  Job/seed  NAME  hook post-install
        recreate  Job/report  NAME  hook post-install,post-upgrade
        recreate  Job/audit  NAME  hook post-install,post-upgrade
        recreate  Job/migrate  NAME  hook pre-install,pre-upgrade
        create  Job/check  NAME  hook pre-upgrade
        recreate  ServiceAccount/migrator  NAME  hook pre-install,pre-upgrade
        NAME on RUNTIME: 1 to create, 1 to update, 4 to recreate, 1 unchanged
        --- stderr
        left out Job/verify (a.yaml:35): it runs only on helm.sh/hook test
        ");
        assert_eq!(deployed(place, &line, 0), [
            "recreate ServiceAccount/migrator", "recreate Job/migrate", "ready Job/migrate",
            "create Job/check", "ready Job/check", "update Deployment/web", "ready Deployment/web",
            "recreate Job/audit", "ready Job/audit", "recreate Job/report", "ready Job/report",
        ]);
        assert_eq!(uid(place, &web, "jobs", "seed"), seed);
        assert_ne!(uid(place, &web, "jobs", "migrate"), migrate);
        place.run(&format!("delete {web} --yes")).expect(0);
        assert_eq!(place.leftovers(&web), Vec::<String>::new());
    }

    /// Helm runs at both times what is of both; so may what comes after it.
    fn what_is_of_both_times_runs_twice(place) {
        let web = place.instance("");
        let both = "pre-install,post-install,pre-upgrade,post-upgrade";
        let goes = format!("{}, helm.sh/hook-delete-policy: hook-succeeded", hook(both, 2));
        let text = |image: &str| [
            deployment("web", image),
            job("check", &hook(both, 0), ""),
            job("seed", &hook("post-install", 1), ""),
            job("gone", &goes, ""),
        ].concat();
        place.write("a.yaml", &text("web:1"));
        let line = format!("{web} -f a.yaml");
        assert_eq!(deployed(place, &line, 0), [
            "create Job/check", "ready Job/check", "create Job/gone", "ready Job/gone",
            "create Deployment/web", "ready Deployment/web",
            "recreate Job/check", "ready Job/check", "create Job/seed", "ready Job/seed",
            "recreate Job/gone", "ready Job/gone", "delete Job/gone",
        ]);
        assert!(object(place, &web, "jobs", "gone").is_none());
        let check = uid(place, &web, "jobs", "check");
        let told = place.run(&format!("deploy {line} -o json")).expect(0).json();
        assert_eq!(told["outcome"], "unchanged", "{told}");
        assert_eq!(uid(place, &web, "jobs", "check"), check);
        place.write("a.yaml", &text("web:2"));
        assert_eq!(runs(&deployed(place, &line, 0)), ["check", "gone", "check", "gone"]);
        assert_ne!(uid(place, &web, "jobs", "check"), check);
        place.run(&format!("delete {web} --yes")).expect(0);
        assert_eq!(place.leftovers(&web), Vec::<String>::new());
    }

    fn a_hook_that_fails_ends_the_release_before_the_rest(place) {
        let web = place.instance("");
        let text = |metadata: &str| [
            deployment("web", "web:1"),
            job("migrate", &hook("pre-install", 0), metadata),
            job("late", &hook("pre-install", 1), ""),
            job("upgrade", &hook("pre-upgrade", -1), ""),
        ].concat();
        place.write("a.yaml", &text(FAIL));
        let line = format!("{web} -f a.yaml");
        assert_eq!(deployed(place, &line, 1), ["create Job/migrate"]);
        assert_eq!(object(place, &web, "deployments", "web"), None);
        let told = place.told(&format!("deploy {line} --progress none"));
        snapshot!(crate::evidence::steady(told), @"
        $ workloadctl deploy NAME -f a.yaml --progress none
        exit code 1
        --- stdout
        NAME failed on RUNTIME (release 2, NAME revision 1): 1 recreated, 1 unchanged; after N s
        namespace NAME
        --- stderr
        error: 3 of 5 objects of `NAME` were applied
          Job/migrate: pod migrate-POD on node-N: container main ended with exit code 1
          left out, since they need it: Deployment/web, Job/late
        Job/migrate -> pod migrate-POD on node-N -> container main: BackoffLimitExceeded
          log:
            | starting
            | listening on port 8080
            | ready
        cause: Job/migrate: pod migrate-POD on node-N: container main ended with exit code 1
        ");
        // It is an installation until one has gone well.
        place.write("a.yaml", &text(""));
        assert_eq!(deployed(place, &line, 0), [
            "recreate Job/migrate", "ready Job/migrate", "create Job/late", "ready Job/late",
            "create Deployment/web", "ready Deployment/web",
        ]);
        place.run(&format!("deploy {web} --image main=web:2 -f a.yaml --progress none")).expect(0);
        let upgrade = uid(place, &web, "jobs", "upgrade");

        // What ran before comes back without a hook, and the one that failed is no sickness of it.
        let failing = job("upgrade", &hook("pre-upgrade", -1), FAIL);
        place.write("a.yaml", &[failing, deployment("web", "web:3")].concat());
        assert_eq!(deployed(place, &line, 1), ["recreate Job/upgrade"]);
        assert!(place.run(&format!("status {web}")).expect(0).stdout.contains("Unhealthy, Job/upgrade: "));
        let failed = uid(place, &web, "jobs", "upgrade");
        assert_ne!(failed, upgrade);
        place.run(&format!("rollback {web} --progress none")).expect(0);
        assert_eq!(uid(place, &web, "jobs", "upgrade"), failed);
        assert!(place.run(&format!("status {web}")).expect(0).stdout.contains("Healthy, "));
    }

    fn a_rollback_runs_the_hooks_of_what_it_returns_to(place) {
        let web = place.instance("");
        let set = |image: &str, command: &str| [
            job("before", &hook("pre-rollback", 0), command),
            job("after", &hook("post-rollback,post-upgrade", 0), ""),
            deployment("web", image),
        ].concat();
        let line = format!("{web} -f a.yaml");
        place.write("a.yaml", &set("web:1", ""));
        assert_eq!(deployed(place, &line, 0), ["create Deployment/web", "ready Deployment/web"]);
        // Its hook fails, and is none of those that run.
        place.write("a.yaml", &set("web:2", FAIL));
        assert_eq!(deployed(place, &line, 0), [
            "update Deployment/web", "ready Deployment/web", "create Job/after", "ready Job/after",
        ]);
        place.run(&format!("diff {web} --exit-code")).expect(0);
        assert_eq!(object(place, &web, "jobs", "before"), None);
        let after = uid(place, &web, "jobs", "after");
        let plan = place.run(&format!("rollback {web} --dry-run -o json")).expect(0).json();
        let of = |name: &str| {
            let objects = plan["objects"].as_array().unwrap().iter();
            let mut objects = objects.filter(|object| object["name"] == name);
            objects.next().unwrap()["action"].clone()
        };
        assert_eq!((of("before"), of("after"), of("web")), ("create".into(), "recreate".into(), "update".into()));
        place.run(&format!("rollback {web} --progress none")).expect(0);
        let ran = object(place, &web, "jobs", "before").unwrap();
        assert_eq!(ran["status"]["succeeded"], 1, "{ran}");
        assert_ne!(uid(place, &web, "jobs", "after"), after);
        assert_eq!(
            object(place, &web, "deployments", "web").unwrap()["spec"]["template"]["spec"]["containers"][0]["image"],
            "web:1"
        );
        // One that fails ends the rollback before anything else of it.
        place.write("a.yaml", &set("web:3", FAIL));
        deployed(place, &line, 0);
        place.write("a.yaml", &set("web:4", ""));
        deployed(place, &line, 0);
        place.run(&format!("rollback {web} --progress none")).expect(1);
        assert_eq!(
            object(place, &web, "deployments", "web").unwrap()["spec"]["template"]["spec"]["containers"][0]["image"],
            "web:4"
        );
        place.run(&format!("delete {web} --yes")).expect(0);
        assert_eq!(place.leftovers(&web), Vec::<String>::new());
    }

    fn a_rollback_out_of_time_goes_on_when_it_is_repeated_with_its_hooks(place) {
        let web = place.instance("");
        let slow = "annotations: {test.workloadctl/delay: 6s}, labels:";
        let set = |web: String| [
            job("before", &hook("pre-rollback", 0), ""),
            job("after", &hook("post-rollback", 0), ""),
            job("never", &hook("pre-install", 0), ""),
            web,
        ].concat();
        let line = format!("{web} -f a.yaml");
        place.write("a.yaml", &set(deployment("web", "web:1").replace("labels:", slow)));
        place.run(&format!("deploy {line}")).expect(0);
        place.write("a.yaml", &set(deployment("web", "web:2")));
        // What does not run is not counted.
        snapshot!(place.told(&format!("deploy {line} --dry-run --diff none")), @"
        $ workloadctl deploy NAME -f a.yaml --dry-run --diff none
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        -  Job/before  NAME  hook pre-rollback
        -  Job/after  NAME  hook post-rollback
        -  Job/never  NAME  hook pre-install
        update  Deployment/web  NAME  -
        NAME on RUNTIME: 1 to update, 1 unchanged
        ");
        place.run(&format!("deploy {line}")).expect(0);
        let late = place.run(&format!("rollback {web} --timeout 4s -o json")).expect(1);
        let error = &late.json()["error"];
        assert_eq!(error["code"], "timeout", "{error}");
        assert_eq!(
            error["hint"],
            format!(
                "if what is not ready waits for hooks that come after it (Job/after): \
                 `workloadctl rollback {web} --to 1 --no-wait`"
            )
        );
        assert_eq!(object(place, &web, "jobs", "after"), None);
        let before = uid(place, &web, "jobs", "before");
        let again = place.run(&format!("rollback {web} --to 1 -o json")).expect(0).json();
        assert_eq!(again["outcome"], "ready", "{again}");
        assert_ne!(uid(place, &web, "jobs", "before"), before, "it runs with each release");
        assert_eq!(object(place, &web, "jobs", "after").unwrap()["status"]["succeeded"], 1);
        assert_eq!(object(place, &web, "jobs", "never").unwrap()["status"]["succeeded"], 1);
        let counts = |of: &Value| {
            let of = of["counts"].as_object().unwrap();
            let of = of.iter().filter(|(_, count)| **count != 0);
            of.map(|(action, count)| format!("{count} {action}")).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(counts(&again), "1 create, 1 recreate, 2 unchanged");
        let history = place.run(&format!("history {web} -o json")).expect(0).json();
        let told: Vec<_> = history["releases"].as_array().unwrap().iter().map(counts).collect();
        // The namespace is the only one that is as it was; the hooks that do not run are nothing.
        assert_eq!(told, [
            "1 create, 1 recreate, 2 unchanged",
            "1 create, 1 unchanged, 1 update",
            "1 unchanged, 1 update",
            "3 create",
        ]);
    }

    fn hooks_go_where_their_policy_says_so(place) {
        let web = place.instance("");
        let policy = |events: &str, policy: &str| format!("helm.sh/hook: '{events}', helm.sh/hook-delete-policy: '{policy}'");
        let both = policy("pre-install,pre-upgrade,post-install,post-upgrade", "before-hook-creation,hook-succeeded");
        let text = |metadata: &str| [
            // As admission webhooks have it that make their own certificates.
            plain("ServiceAccount", "admission", &both),
            job("create", &policy("pre-install,pre-upgrade", "before-hook-creation,hook-succeeded"), ""),
            job("patch", &policy("post-install,post-upgrade", "hook-succeeded,hook-failed"), metadata),
            plain("ConfigMap", "kept", &policy("pre-install", "hook-failed")),
            deployment("web", "web:1"),
        ].concat();
        place.write("a.yaml", &text(""));
        let line = format!("{web} -f a.yaml --progress none");
        place.run(&format!("deploy {line}")).expect(0);
        let is_there = |kind: &str, name: &str| object(place, &web, kind, name).is_some();
        assert!(!is_there("serviceaccounts", "admission") && !is_there("jobs", "create"));
        assert!(!is_there("jobs", "patch") && is_there("configmaps", "kept"));
        // What has had its turn is not missing.
        snapshot!(place.told(&format!("status {web}")), @"
        $ workloadctl status NAME
        exit code 0
        --- stdout
        NAME: Healthy, all 3 objects are ready
        NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        OBJECT  READY  STATE  RESTARTS  NODE  AGE  REASON
        ├─ Namespace/NAME  -  ready  -  -  N s  -
        ├─ ConfigMap/kept  -  ready  -  -  N s  -
        └─ Deployment/web  1/1  ready  0  -  N s  -
           └─ ReplicaSet/web-SET  1/1  -  -  -  N s  -
              └─ Pod/web-POD  -  ready  0  node-N  N s  -
        ");
        let before = version_of_record(place, &web);
        snapshot!(place.told(&format!("deploy {line}")), @r#"
        $ workloadctl deploy NAME -f a.yaml --progress none
        exit code 0
        --- stdout
        NAME unchanged (release 1, ready)
        namespace NAME
        "#);
        assert_eq!(version_of_record(place, &web), before);

        place.write("a.yaml", &text(FAIL));
        place.run(&format!("deploy {line}")).expect(3);
        assert!(!is_there("jobs", "patch"), "it failed, and goes");
        place.run(&format!("delete {web} --yes")).expect(0);
        assert_eq!(place.leftovers(&web), Vec::<String>::new());
    }

    fn no_wait_waits_for_hooks_alone(place) {
        let web = place.instance("");
        let fail = "annotations: {test.workloadctl/fail: never-ready}";
        let text = [
            job("migrate", &hook("pre-install", 0), ""),
            deployment("web", "web:1").replace("{labels:", &format!("{{{fail}, labels:")),
            job("seed", &hook("post-install", 0), ""),
        ];
        place.write("a.yaml", &text.concat());
        let mut told = deployed(place, &format!("{web} -f a.yaml --no-wait"), 0);
        told.retain(|line| !line.starts_with("ready Deployment"));
        assert_eq!(told, [
            "create Job/migrate", "ready Job/migrate", "create Deployment/web",
            "create Job/seed", "ready Job/seed",
        ]);
    }

    fn pods_that_wait_for_a_later_hook_are_told_the_way(place) {
        let web = place.instance("");
        let fail = "annotations: {test.workloadctl/fail: never-ready}";
        let text = [
            deployment("web", "web:1").replace("{labels:", &format!("{{{fail}, labels:")),
            job("seed", &hook("post-install", 0), ""),
            job("report", &hook("post-install", 1), ""),
        ];
        place.write("a.yaml", &text.concat());
        snapshot!(crate::evidence::steady(place.told(&format!("deploy {web} -f a.yaml --timeout 3s --progress none"))), @"
        $ workloadctl deploy NAME -f a.yaml --timeout 3s --progress none
        exit code 1
        --- stdout
        NAME timed out on RUNTIME (release 1, NAME revision 1): 2 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: out of time: 2 of 4 objects of `NAME` were applied
          Job/seed (a.yaml:6): its turn did not come
          Job/report (a.yaml:11): its turn did not come
          Deployment/web: pod web-POD on node-N: container main runs, but is not ready yet
        hint: if what is not ready waits for hooks that come after it (Job/seed, Job/report): `workloadctl deploy NAME --no-wait`
        Deployment/web -> pod web-POD on node-N -> container main: ContainersNotReady
          log:
            | starting
            | listening on port 8080
            | ready
        cause: Deployment/web: pod web-POD on node-N: container main runs, but is not ready yet
        ");
        // With that they run.
        let told = deployed(place, &format!("{web} --no-wait"), 0);
        assert_eq!(runs(&told), ["seed", "report"]);
    }

    fn a_hook_pod_has_to_end(place) {
        let web = place.instance("");
        let pod = |policy: &str| {
            let annotations = hook("post-install", 0);
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: runs, annotations: {{{annotations}}}}}\nspec: {{restartPolicy: {policy}, containers: [{{name: main, image: 'web:1'}}]}}\n---\n")
        };
        place.write("a.yaml", &[deployment("web", "web:1"), pod("Always")].concat());
        let outcome = place.run(&format!("deploy {web} -f a.yaml --timeout 5s --progress none"));
        assert!(outcome.stderr.contains("Pod/runs: a hook has to end"), "{}", outcome.stderr);
        outcome.expect(3);

        let other = place.instance("-other");
        place.write("b.yaml", &[deployment("web", "web:1"), pod("Never")].concat());
        let told = deployed(place, &format!("{other} -f b.yaml"), 0);
        assert_eq!(told.last().map(String::as_str), Some("ready Pod/runs"), "{told:?}");
    }

    fn a_killed_release_leaves_no_hook_behind(place) {
        let web = place.instance("");
        let slow = job("migrate", &hook("pre-install", 0), "").replace("backoffLimit: 0", "suspend: true");
        place.write("a.yaml", &[slow, deployment("web", "web:1")].concat());
        let mut running = place.follow(&format!("deploy {web} -f a.yaml --progress lines"));
        assert!(running.until(|line| line.contains("created Job/migrate")));
        running.kill();
        assert!(object(place, &web, "jobs", "migrate").is_some());
        place.run(&format!("delete {web} --yes")).expect(0);
        assert_eq!(place.leftovers(&web), Vec::<String>::new());
    }
    /// The hooks of charts that many people use, in small charts.
    fn charts_are_installed_upgraded_left_alone_and_deleted(place) {
        let charts: Vec<(&str, &[&str], &[&str])> = vec![
            ("ingress", &["admission-create", "admission-patch"], &["admission-create", "admission-patch"]),
            ("monitoring", &["admission-create", "admission-patch"], &["admission-create", "admission-patch"]),
            ("scheduler", &["run-migrations", "create-user"], &["run-migrations", "create-user"]),
            ("dashboard", &["init-db"], &["init-db"]),
            ("certificates", &["startup-check"], &[]),
            ("errors", &["db-check", "db-init", "snuba-init", "user-create"], &["db-check", "db-init", "snuba-init"]),
            ("forge", &["shared-secrets", "migrations"], &["upgrade-check", "shared-secrets", "migrations"]),
            ("registry", &[], &["migration"]),
        ];
        side_by_side(charts, 4, |(chart, installing, upgrading)| {
            let name = place.instance(&format!("-{}", &chart[..2]));
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts");
            let text = std::fs::read_to_string(folder.join(format!("{chart}.yaml"))).unwrap();
            let (text, file) = (text.replace("NAME", &name), format!("{chart}.yaml"));
            place.write(&file, &text.replace("VERSION", "1"));
            let line = format!("{name} -f {file}");
            assert_eq!(runs(&deployed(place, &line, 0)), installing, "{chart}");
            let record = version_of_record(place, &name);
            assert_eq!(deployed(place, &line, 0), Vec::<String>::new(), "{chart}");
            assert_eq!(version_of_record(place, &name), record, "{chart}");
            place.write(&file, &text.replace("VERSION", "2"));
            assert_eq!(runs(&deployed(place, &line, 0)), upgrading, "{chart}");
            let status = place.run(&format!("status {name}")).expect(0).stdout;
            assert!(status.starts_with(&format!("{name}: Healthy")), "{chart}: {status}");
            place.run(&format!("delete {name} --yes")).expect(0);
            assert_eq!(place.leftovers(&name), Vec::<String>::new(), "{chart}");
        });
    }
}
