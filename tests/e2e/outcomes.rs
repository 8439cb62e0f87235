//! What is told at the end is true: counts are what was done, `refused` means that nothing was
//! written, and time that is up ends a command, whatever the server does not answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::harness::Place;

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: '1'}\n";
const FIXED: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fixed}\ndata: {a: '1'}\nimmutable: true\n";
const TWICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: twice}\n\
    spec: {ports: [{name: a, port: 80}, {name: b, port: 80}]}\n";

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
    spec: {containers: [{name: web, image: 'web:1'}]}\n";
const PAUSED: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: s}\n\
    spec: {paused: PAUSED, selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, \
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: 'IMAGE'}]}}}\n";

fn hangs(method: Option<&'static str>, path: &str) -> Arc<Fault> {
    let matches = Matches {
        method,
        path: Some(path.to_owned()),
        // What a dry run meets ends before anything is written.
        dry_run: method.map(|_| false),
        ..Matches::default()
    };
    Arc::new(Fault::new(matches, When::Always, Effect::Slow(Duration::from_secs(60))))
}

/// The counts that are not zero.
fn counts(answer: &Value) -> Value {
    let counts = answer["counts"].as_object().unwrap();
    counts
        .iter()
        .filter(|(_, count)| **count != 0)
        .map(|(key, count)| (key.clone(), count.clone()))
        .collect()
}

fn holder(place: &Place, name: &str) -> Option<String> {
    let record =
        place.get(&format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}")).unwrap();
    record["data"]["holder"].as_str().filter(|holder| !holder.is_empty()).map(str::to_owned)
}

on_both! {
    fn counts_are_what_was_done(place) {
        let name = place.instance("");
        place.write("set.yaml", &format!("{CONF}---\n{FIXED}---\n{TWICE}"));
        let failed = place.run(&format!("deploy {name} -f set.yaml --validate ignore -o json")).expect(1).json();
        assert_eq!(
            (&failed["outcome"], counts(&failed)),
            (&json!("failed"), json!({"create": 3})),
            "{failed}"
        );
        // Its namespace is there by now: the server is asked first.
        let told = place.told(&format!("deploy {name} -f set.yaml --validate ignore"));
        assert!(told.contains("1 object stands in the way; nothing was written"), "{told}");
        place.write("set.yaml", &format!("{CONF}---\n{FIXED}"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &format!("{CONF}---\n{FIXED}").replace("'1'", "'2'"));
        let failed = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(5).json();
        assert_eq!(
            (&failed["outcome"], counts(&failed)),
            (&json!("refused"), json!({"blocked": 1, "unchanged": 1})),
            "{failed}"
        );
    }

    fn a_plan_ends_with_the_code_of_its_deploy(place) {
        let (name, other) = (place.instance(""), place.instance("o"));
        let fixed = |value: &str| format!("{CONF}---\n{}", FIXED.replace("'1'", value));
        place.write("web.yaml", &fixed("'1'"));
        place.write("changed.yaml", &fixed("'2'"));
        place.write("conf.yaml", CONF);
        place.write("twice.yaml", TWICE);
        place.write("kind.yaml", "apiVersion: gears.test/v1\nkind: Absentee\nmetadata: {name: g}\n");
        place.write("field.yaml", &CONF.replace("data:", "dat:"));
        place.write("broken.yaml", "a: [\n");
        place.write("wide.yaml", &format!("{}---\n{}", CONF.replace("conf}", "a, namespace: a}"), CONF.replace("conf}", "b, namespace: b}")));
        place.write("needs.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {serviceAccountName: nobody, containers: [{name: c, image: 'c:1'}]}\n");
        place.run(&format!("deploy {name} -f web.yaml")).expect(0);
        let new = format!("{name}x");
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}});
        place.call(Request::json(Method::POST, "/api/v1/namespaces", &namespace)).unwrap();
        for (line, code) in [
            (format!("{name} -f changed.yaml"), 5),
            (format!("{name} -f twice.yaml"), 2),
            (format!("{name} -f twice.yaml --validate ignore"), 1),
            (format!("{new} -f twice.yaml --validate ignore"), 1),
            (format!("{new} -f kind.yaml"), 2),
            (format!("{new} -f field.yaml"), 2),
            (format!("{new} -f broken.yaml"), 2),
            (format!("{new} -f wide.yaml"), 2),
            (format!("{new} -f absent.yaml"), 2),
            (format!("{new} -f conf.yaml -n {name}"), 5),
            (format!("{other} -f conf.yaml"), 5),
            (format!("{new} -f needs.yaml --references error"), 2),
            (new.clone(), 2),
            (format!("{name} --image nothing=web:1"), 2),
            (format!("{name} --replicas ConfigMap/conf=2"), 2),
            (format!("{name} --set ConfigMap/nothing:data.a=b"), 2),
            (format!("{name} --replace ConfigMap/nothing"), 2),
            (format!("{name} --definition {other}"), 5),
            (format!("{name} -n {other}"), 5),
        ] {
            let [plan, deploy] = ["plan", "deploy"].map(|verb| place.run(&format!("{verb} {line}")));
            assert_eq!((plan.code, deploy.code), (code, code), "{line}: {}{}", plan.stderr, deploy.stderr);
        }
        place.call(Request::json(Method::DELETE, format!("/api/v1/namespaces/{other}"), &json!({}))).unwrap();
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn what_helps_is_what_was_typed(place) {
        let name = place.instance("");
        place.write("set.yaml", &format!("{CONF}---\n{TWICE}"));
        snapshot!(place.told(&format!("deploy {name} -f set.yaml --validate ignore --progress none")), @r#"
        $ workloadctl deploy NAME -f set.yaml --validate ignore --progress none
        exit code 1
        --- stdout
        NAME failed on RUNTIME (release 1, NAME revision 1): 2 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: cannot apply Service/twice (set.yaml:6): rejected
          spec.ports: duplicate entries for key [port=80,protocol="TCP"]
        hint: `workloadctl deploy NAME -f set.yaml` goes on once that is mended
        "#);
        // Nothing of it is stored, and so nothing is to be removed.
        place.write("web.yaml", POD);
        snapshot!(place.told(&format!("deploy {name} -f web.yaml --image wbe=web:2")), @"
        $ workloadctl deploy NAME -f web.yaml --image wbe=web:2
        exit code 2
        --- stderr
        error: --image wbe=web:2: no container and no image repository is wbe
          the nearest is web
        ");
    }

    fn what_an_object_says_of_its_readiness_counts_for_status_too(place) {
        let name = place.instance("");
        let map = |value: &str| {
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: judged\n  annotations:\n    \
                 workloadctl/ready-when: jsonpath={{.data.x}}=1\n    \
                 workloadctl/failed-when: jsonpath={{.data.x}}=2\ndata: {{x: '{value}'}}\n"
            )
        };
        place.write("set.yaml", &map("1"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.run(&format!("status {name} --exit-code")).expect(0);
        place.write("set.yaml", &map("2"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(3);
        let status = place.run(&format!("status {name} -o json --exit-code")).expect(3).json();
        let judged = status["objects"].as_array().unwrap().iter().find(|one| one["name"] == "judged");
        assert_eq!(judged.unwrap()["state"], "failed", "{status}");
    }

    fn a_deploy_and_the_status_after_it_say_the_same(place) {
        let name = place.instance("");
        let set = |paused: &str, image: &str| {
            place.write("set.yaml", &PAUSED.replace("PAUSED", paused).replace("IMAGE", image))
        };
        for (paused, image, state) in [
            ("true", "a:1", "paused by its manifest, 0 of 1 pods run the newest template"),
            ("false", "a:1", ""),
            ("true", "a:1", "it is paused"),
            ("true", "a:2", "paused by its manifest, 0 of 1 pods run the newest template"),
        ] {
            set(paused, image);
            let deployed = place.run(&format!("deploy {name} -f set.yaml")).expect(0);
            let said = if state.is_empty() { String::new() } else { format!(": {state}") };
            assert!(deployed.stderr.contains(&format!("Deployment/s ready{said}\n")), "{}", deployed.stderr);
            let status = place.run(&format!("status {name} -o json")).expect(0).json();
            let object = &status["objects"].as_array().unwrap()[1];
            assert_eq!(
                (&status["status"], &object["state"], object["message"].as_str().unwrap_or_default()),
                (&json!("Healthy"), &json!("ready"), state),
                "{status}"
            );
        }
    }

    /// Pods that only somebody's deletion brings to the newest template.
    fn old_pods_under_on_delete_are_said_alike(place) {
        let name = place.instance("");
        let set = |image: &str| {
            let template = format!("selector: {{matchLabels: {{app: APP}}}}, updateStrategy: {{type: OnDelete}}, template: {{metadata: {{labels: {{app: APP}}}}, \
                spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: c, image: '{image}'}}]}}}}");
            let of = |kind: &str, app: &str, more: &str| {
                format!("apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {app}}}\nspec: {{{more}{}}}\n", template.replace("APP", app))
            };
            let sets = [of("StatefulSet", "db", "serviceName: db, replicas: 2, "), of("DaemonSet", "agent", "")];
            place.write("set.yaml", &sets.join("---\n"));
        };
        let said = || {
            let status = place.run(&format!("status {name} -o json")).expect(0).json();
            assert_eq!(status["status"], "Healthy", "{status}");
            let said = |kind: &str| {
                let objects = status["objects"].as_array().unwrap();
                let object = objects.iter().find(|object| object["kind"] == kind).unwrap();
                assert_eq!(object["state"], "ready", "{status}");
                object["message"].as_str().unwrap_or_default().to_owned()
            };
            ["StatefulSet", "DaemonSet"].map(said)
        };
        set("a:1");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        assert_eq!(said(), ["", ""]);
        set("a:2");
        let deployed = place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let [stateful, daemon] = said();
        assert_eq!(stateful, "2 pods on the old revision until deleted (updateStrategy OnDelete)");
        assert!(daemon.ends_with("on the old template until deleted (updateStrategy OnDelete)"), "DaemonSet: {daemon:?}");
        for (object, state) in [("StatefulSet/db", &stateful), ("DaemonSet/agent", &daemon)] {
            assert!(deployed.stderr.contains(&format!("{object} ready: {state}\n")), "{}", deployed.stderr);
        }
        // The same again waits for nothing and says the same.
        let again = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        let pods = format!("/api/v1/namespaces/{name}/pods");
        let remove = |pod: &str| {
            place.call(Request::json(Method::DELETE, format!("{pods}/{pod}"), &json!({}))).unwrap();
        };
        remove("db-1");
        place.until("one pod is new", Duration::from_secs(30), || {
            let set = place.get(&format!("/apis/apps/v1/namespaces/{name}/statefulsets/db")).unwrap();
            set["status"]["updatedReplicas"] == 1 && set["status"]["availableReplicas"] == 2
        });
        assert_eq!(said()[0], "1 pod on the old revision until deleted (updateStrategy OnDelete)");
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn several_instances_are_deleted_side_by_side(place) {
        let names = ["a", "b", "c"].map(|suffix| place.instance(suffix));
        place.write("conf.yaml", CONF);
        for name in &names {
            place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
        }
        // The first cannot end: the others do not wait for it.
        let conf = format!("/api/v1/namespaces/{}/configmaps/conf", names[0]);
        let hold = |finalizers: Value| {
            place.call(Request::merge_patch(&*conf, &json!({"metadata": {"finalizers": finalizers}}))).unwrap()
        };
        hold(json!(["test.workloadctl/hold"]));
        let deleting = place.start(&format!("delete {} --yes -o json", names.join(" ")));
        for name in &names[1..] {
            let namespace = format!("/api/v1/namespaces/{name}");
            place.until("its namespace is gone", Duration::from_secs(40), || place.get(&namespace).is_none());
        }
        // The lock says what all of it is about.
        let locked = place.run(&format!("delete {} --yes --lock-wait 0s", names[0])).expect(6);
        let command = format!("`workloadctl delete {}`", names.join(" "));
        assert!(locked.stderr.contains(&command), "{}", locked.stderr);
        hold(Value::Null);
        let answer = place.finish(deleting).expect(0).json();
        let told: Vec<&str> =
            answer["deploys"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(told, names, "{answer}");
    }

    fn what_is_refused_has_done_nothing(place) {
        let (name, other) = (place.instance(""), place.instance("o"));
        place.write("theirs.yaml", CONF);
        place.run(&format!("deploy {other} -f theirs.yaml")).expect(0);
        place.write("set.yaml", &format!("{CONF}---\n{FIXED}"));
        let refused =
            place.run(&format!("deploy {name} -f set.yaml -n {other} -o json")).expect(5).json();
        assert_eq!(
            (&refused["outcome"], counts(&refused)),
            (&json!("refused"), json!({"blocked": 1})),
            "{refused}"
        );
        // A plan counts what it would do.
        let plan = place.run(&format!("plan {name} -f set.yaml -n {other} -o json")).expect(5).json();
        assert_eq!(counts(&plan), json!({"blocked": 1, "create": 1}), "{plan}");
        place.run(&format!("delete {other} --yes")).expect(0);
    }

    fn time_that_is_up_ends_a_deploy_that_the_server_does_not_answer(place) {
        let place = &place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", CONF);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let line = format!("deploy {name} -f set.yaml --timeout 3s");
        let took = |started: Instant, at_most: u64| {
            let took = started.elapsed();
            assert!(took < Duration::from_secs(at_most), "{took:?}");
        };
        // From the first request on.
        place.faults(&[hangs(None, "")]);
        let started = Instant::now();
        let refused = place.run(&format!("{line} -o json")).expect(1).json();
        took(started, 6);
        assert_eq!(
            (&refused["outcome"], &refused["error"]["code"]),
            (&json!("refused"), &json!("timeout")),
            "{refused}"
        );
        // One object: the record is written, and the holder cleared.
        place.write("set.yaml", &CONF.replace("'1'", "'2'"));
        place.faults(&[hangs(Some("PATCH"), "/configmaps/")]);
        let started = Instant::now();
        let late = place.run(&format!("{line} -o json")).expect(1).json();
        took(started, 9);
        assert_eq!(
            (&late["outcome"], counts(&late), &late["error"]["code"]),
            (&json!("timedOut"), json!({"unchanged": 1}), &json!("timeout")),
            "{late}"
        );
        place.faults(&[]);
        assert_eq!(holder(place, &name), None);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &CONF.replace("'1'", "'3'"));
        // Everything, once the intent is written: nobody can clear the holder, and the next one here
        // takes over at once.
        place.faults(&[hangs(Some("PATCH"), "/configmaps/")]);
        let started = Instant::now();
        let mut running = place.follow(&line);
        assert!(running.until(|said| said == "applying"));
        place.faults(&[hangs(None, "")]);
        let ended = running.end().expect(1);
        took(started, 12);
        assert!(ended.stderr.contains("the server does not answer any more: "), "{}", ended.stderr);
        place.faults(&[]);
        place.run(&format!("deploy {name} -f set.yaml --lock-wait 0s")).expect(0);
        assert_eq!(holder(place, &name), None);
    }
}
