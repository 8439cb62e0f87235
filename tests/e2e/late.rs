//! A write outlives its sender: a proxy that buffers requests delivers it after the sender was
//! killed, while the next command is at work or has ended. Nothing is made that nobody knows of.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::{
    harness::{Place, side_by_side},
    storm::Storm,
};

/// How long the proxy holds a write.
const HELD: Duration = Duration::from_secs(4);
/// Longer than the proxy holds anything.
const FLAGS: &str = "--request-timeout 6s";

/// Never ready: whoever deploys it waits.
const NEVER: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: never}\nspec: {containers: [{name: main, image: 'x:1'}], nodeSelector: {there-is: none}}\n";
const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";

fn late(name: &str) -> String {
    format!(
        "{CONF}---\n{}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}-late}}\nrules: []\n",
        CONF.replace("conf", "late")
    )
}

/// An instance whose sender was killed while the proxy holds a write to this path.
fn killed(place: &Place, held: &str, flags: &str) -> (Place, String) {
    let place = place.behind_proxy();
    let name = place.instance("");
    place.write("late.yaml", &late(&name));
    place.write("conf.yaml", CONF);
    let matches = Matches {
        method: Some("PATCH"),
        path: Some(held.to_owned()),
        watch: None,
        dry_run: Some(false),
    };
    let fault = Arc::new(Fault::new(matches, When::Always, Effect::Slow(HELD)));
    place.faults(&[Arc::clone(&fault)]);
    let running = place.follow(&format!("deploy {name} -f late.yaml {flags}"));
    place.until("the write is held", HELD * 3, || fault.seen() > 0);
    running.kill();
    place.faults(&[]);
    place.until("it alone is on its way", HELD / 2, || place.held_writes() == 1);
    (place, name)
}

/// Nothing is left, also once everything was delivered.
#[track_caller]
fn is_gone(place: &Place, name: &str) {
    place.until("what was held is delivered", HELD * 2, || place.held_writes() == 0);
    assert_eq!(place.leftovers(name), Vec::<String>::new());
}

on_both! {
    fn a_deletion_waits_for_what_a_killed_release_may_still_make(place) {
        let home = place.instance("-home");
        place.write("home.yaml", &CONF.replace("conf", "home"));
        place.run(&format!("deploy {home} -f home.yaml")).expect(0);
        let given = format!("{FLAGS} --namespace {home}");
        side_by_side(vec![("/clusterroles/", FLAGS), ("/configmaps/late", &*given)], 2, |(held, flags)| {
            let (place, name) = killed(place, held, flags);
            let deleted = place.run(&format!("delete {name} --yes {FLAGS}")).expect(0);
            assert!(deleted.stderr.contains("may still be made by a write that nobody has answered"), "{}", deleted.stderr);
            is_gone(&place, &name);
        });
    }

    fn what_comes_late_is_known_after_further_releases(place) {
        // The same set, and one without the object; then it goes before it came, or after.
        side_by_side(vec![("late", true), ("late", false), ("conf", true), ("conf", false)], 4, |(set, at_once)| {
            let (place, name) = killed(place, "/clusterroles/", FLAGS);
            place.run(&format!("deploy {name} -f {set}.yaml {FLAGS}")).expect(0);
            if !at_once {
                place.until("it was delivered", HELD * 2, || place.held_writes() == 0);
                let again = place.run(&format!("deploy {name} -f {set}.yaml {FLAGS} -o json")).expect(0).json();
                assert_eq!(again["outcome"], if set == "late" { "unchanged" } else { "ready" }, "{again}");
            }
            place.run(&format!("delete {name} --yes {FLAGS}")).expect(0);
            is_gone(&place, &name);
        });
    }

    /// Between the look of the one who deletes and its deletion somebody comes.
    fn who_comes_into_a_namespace_at_the_last_moment_keeps_it(place) {
        let place = place.behind_proxy();
        let (maker, guest) = (place.instance("-a"), place.instance("-b"));
        place.write("conf.yaml", CONF);
        place.run(&format!("deploy {maker} -f conf.yaml")).expect(0);
        let matches = Matches { method: Some("DELETE"), path: Some(format!("/namespaces/{maker}")), watch: None, ..Matches::default() };
        let namespace = Arc::new(Fault::new(matches, When::From(1), Effect::Slow(HELD)));
        place.faults(&[Arc::clone(&namespace)]);
        let deletion = place.start(&format!("delete {maker} --yes"));
        place.until("the deletion of the namespace is held", HELD * 3, || namespace.seen() > 0);
        let other = place.elsewhere();
        other.write("guest.yaml", &CONF.replace("conf", "guest"));
        other.run(&format!("deploy {guest} -f guest.yaml --namespace {maker}")).expect(0);
        let deleted = place.finish(deletion).expect(0);
        assert!(deleted.stdout.contains(&format!("instance {guest} lives in it")), "{deleted:?}");
        let conf = format!("/api/v1/namespaces/{maker}/configmaps/guest");
        assert!(place.get(&conf).is_some_and(|live| live["metadata"]["deletionTimestamp"].is_null()));
        other.run(&format!("delete {guest} --yes")).expect(0);
        place.call(Request::json(http::Method::DELETE, format!("/api/v1/namespaces/{maker}"), &json!({}))).unwrap();
    }

    /// What a watch did not show is asked for, before it is called not ready.
    fn what_is_ready_behind_a_silent_watch_is_seen_when_time_is_up(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}, annotations: {test.workloadctl/delay: 2s}}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: web, image: 'web:1'}]}}}\n");
        let matches = Matches { method: Some("GET"), path: Some("/deployments?".to_owned()), watch: Some(true), ..Matches::default() };
        place.faults(&[Arc::new(Fault::new(matches, When::Always, Effect::Slow(HELD * 10)))]);
        let deployed = place.run(&format!("deploy {name} -f web.yaml --timeout 8s -o json"));
        assert_eq!(deployed.expect(0).json()["outcome"], "ready");
        place.faults(&[]);
    }

    /// It ended by itself, with all its writes answered: nothing of it is on the way.
    fn a_deletion_after_a_deploy_that_waited_for_its_namespace_waits_for_nothing(place) {
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
        let namespace = format!("/api/v1/namespaces/{name}");
        let hold = |finalizers: Value| {
            let patch = json!({"metadata": {"finalizers": finalizers}});
            place.call(Request::merge_patch(format!("{namespace}/configmaps/conf"), &patch)).unwrap();
        };
        hold(json!(["test.workloadctl/hold"]));
        place.call(Request::json(http::Method::DELETE, &*namespace, &json!({}))).unwrap();
        let record = format!("{namespace}/secrets/workloadctl.{name}");
        place.until("the record is gone", Duration::from_secs(30), || place.get(&record).is_none());
        let late = place.run(&format!("deploy {name} --timeout 3s")).expect(1);
        assert!(late.stderr.contains("there is no namespace"), "{}", late.stderr);
        hold(Value::Null);
        place.run(&format!("deploy {name}")).expect(0);
        let deleted = place.run(&format!("delete {name} --yes")).expect(0);
        assert!(!deleted.stderr.contains("may still be made"), "{}", deleted.stderr);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    /// Whoever stopped waiting for an answer does not know what becomes of the write.
    fn a_deletion_waits_for_what_a_deploy_stopped_waiting_for(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        let matches = Matches { method: Some("PATCH"), path: Some(format!("/namespaces/{name}")), watch: None, dry_run: Some(false) };
        let held = Arc::new(Fault::new(matches, When::First(1), Effect::Slow(HELD)));
        place.faults(&[Arc::clone(&held)]);
        let late = place.run(&format!("deploy {name} -f conf.yaml --timeout 2s {FLAGS}")).expect(1);
        assert!(held.seen() > 0, "{}", late.stderr);
        place.faults(&[]);
        place.until("it alone is on its way", HELD / 2, || place.held_writes() == 1);
        let deleted = place.run(&format!("deploy {name} -f conf.yaml {FLAGS} --no-wait"));
        deleted.expect(0);
        place.run(&format!("delete {name} --yes {FLAGS}")).expect(0);
        is_gone(&place, &name);
    }

    /// A connection broke, the write was sent again and answered, and its sender was killed: the
    /// first copy is on its way still, although the object is there.
    fn a_second_copy_of_a_write_that_was_sent_again_makes_nothing_that_stays(place) {
        let home = place.instance("-home");
        place.write("home.yaml", &CONF.replace("conf", "home"));
        place.run(&format!("deploy {home} -f home.yaml")).expect(0);
        // It is deleted at once; or a release without it prunes it; or its deletion is killed too.
        // So may the record itself be made twice.
        side_by_side(vec!["delete", "prune", "killed", "record"], 4, |way| {
            let place = place.behind_proxy();
            let name = place.instance(&format!("-{way}"));
            let copy = format!("copy-{way}");
            let (conf, pod) = (CONF.replace("conf", way), NEVER.replace("never", way));
            place.write("copy.yaml", &format!("{}---\n{pod}", conf.replace(way, &copy)));
            place.write("conf.yaml", &conf);
            let held = if way == "record" { "/secrets".to_owned() } else { format!("/configmaps/{copy}") };
            let storm = Arc::new(Storm::gust(held, HELD));
            place.storm(Some(&storm));
            let mut running = place.follow(&format!("deploy {name} -f copy.yaml --namespace {home} {FLAGS}"));
            assert!(running.until(|said| said.contains("waiting")));
            running.kill();
            place.until("the copy alone is on its way", HELD / 2, || place.held_writes() == 1);
            assert!(storm.held.load(Ordering::SeqCst) > 1, "it was sent again");
            match way {
                "prune" => {
                    place.run(&format!("deploy {name} -f conf.yaml --namespace {home} {FLAGS}")).expect(0);
                }
                "killed" => {
                    let hold = Matches { method: Some("DELETE"), path: Some(format!("/pods/{way}")), watch: None, ..Matches::default() };
                    let hold = Arc::new(Fault::new(hold, When::First(1), Effect::Slow(HELD)));
                    place.faults(&[Arc::clone(&hold)]);
                    let running = place.follow(&format!("delete {name} --yes {FLAGS}"));
                    place.until("its deletion is under way", HELD, || hold.seen() > 0);
                    running.kill();
                    place.faults(&[]);
                }
                _ => {}
            }
            place.run(&format!("delete {name} --yes {FLAGS}")).expect(0);
            place.until("what was held is delivered", HELD * 2, || place.held_writes() == 0);
            let paths = [format!("configmaps/{copy}"), format!("secrets/workloadctl.{name}")];
            let left = paths.map(|path| place.get(&format!("/api/v1/namespaces/{home}/{path}")));
            assert_eq!(left, [None, None], "{way}");
        });
    }

    fn a_deletion_after_writes_that_were_all_answered_waits_for_nothing(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("pod.yaml", &format!("{}---\n{NEVER}", late(&name)));
        let mut running = place.follow(&format!("deploy {name} -f pod.yaml"));
        assert!(running.until(|said| said.contains("waiting")));
        running.kill();
        let deleted = place.run(&format!("delete {name} --yes")).expect(0);
        assert!(!deleted.stderr.contains("may still be made"), "{}", deleted.stderr);
        is_gone(&place, &name);
    }
}
