//! What was not seen is not thereby gone: only the server's own word, or a complete list, tells
//! that something is not there.

use std::sync::Arc;

use serde_json::json;
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::harness::{Place, side_by_side};

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";

/// What others than an API server answer to what they do not know, or do not let pass.
const FOREIGN: [(&str, Effect); 6] = [
    ("a filter's page", Effect::Answer(404, "text/html", "<h1>Not Found</h1>")),
    ("a router", Effect::Answer(404, "text/plain", "404 page not found\n")),
    (
        "JSON that is no Status",
        Effect::Answer(404, "application/json", r#"{"error": "not found"}"#),
    ),
    ("nothing", Effect::Answer(404, "text/plain", "")),
    ("success in JSON", Effect::Answer(200, "application/json", r#"{"ok": true}"#)),
    ("an empty object", Effect::Answer(200, "application/json", "{}")),
];

fn on(method: Option<&'static str>, path: &str, effect: &Effect) -> Arc<Fault> {
    let path = Some(path.to_owned());
    let matches = Matches { method, path, watch: None, ..Matches::default() };
    Arc::new(Fault::new(matches, When::Always, effect.clone()))
}

fn is_live(place: &Place, name: &str) -> bool {
    place.get(&format!("/api/v1/namespaces/{name}/configmaps/conf")).is_some()
}

/// A kind of its own group, and an object of it.
fn gadget(group: &str) -> String {
    format!("
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: gadgets.{group}, annotations: {{workloadctl/on-remove: delete}}}}
spec:
  group: {group}
  names: {{plural: gadgets, singular: gadget, kind: Gadget, listKind: GadgetList}}
  scope: Namespaced
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
---
apiVersion: {group}/v1
kind: Gadget
metadata: {{name: one}}
")
}

on_both! {
    fn only_a_status_tells_that_something_is_gone(place) {
        side_by_side(FOREIGN.to_vec(), 2, |(what, effect)| {
            let place = place.behind_proxy();
            let name = place.instance("");
            // What goes with the namespace is not waited for: the server deletes it in any case.
            let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: budget}\nspec: {selector: {}}\n";
            place.write("conf.yaml", &format!("{CONF}---\n{budget}"));
            place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
            // All objects; the record alone; the object alone, by list and by name.
            for path in ["/namespaces/", "/secrets", "/configmaps"] {
                place.faults(&[on(Some("GET"), path, &effect)]);
                for command in [format!("delete {name} --yes"), format!("status {name}"), format!("deploy {name}")] {
                    let outcome = place.run(&format!("{command} -o json"));
                    assert_eq!(outcome.code, 7, "{what}, {path}: {command}: {}{}", outcome.stdout, outcome.stderr);
                    assert!(outcome.stdout.contains("not-an-api-server"), "{what}, {path}: {command}: {}", outcome.stdout);
                }
                assert!(is_live(&place, &name), "{what}, {path}");
            }
            // What is asked for is seen, and what is sent does not arrive.
            for path in ["/poddisruptionbudgets/", "/namespaces/"] {
                place.faults(&[on(Some("DELETE"), path, &effect)]);
                place.run(&format!("delete {name} --yes --timeout 5s")).expect(7);
            }
            place.faults(&[]);
            place.run(&format!("delete {name} --yes")).expect(0);
            assert_eq!(place.leftovers(&name), Vec::<String>::new(), "{what}");
        });
    }

    fn a_server_without_kube_system_is_sent_nothing(place) {
        let status = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "namespaces \"kube-system\" not found", "reason": "NotFound", "code": 404}"#;
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        let mut answers: Vec<Effect> = FOREIGN.into_iter().map(|(_, effect)| effect).collect();
        answers.push(Effect::Answer(404, "application/json", status));
        for effect in answers {
            let writes = on(Some("PATCH"), "", &Effect::Forbidden);
            let posts = on(Some("POST"), "/namespaces", &Effect::Forbidden);
            place.faults(&[on(None, "/kube-system", &effect), writes.clone(), posts.clone()]);
            let outcome = place.run(&format!("deploy {name} -f conf.yaml -o json")).expect(7);
            assert_eq!(outcome.json()["error"]["code"], "not-an-api-server", "{}", outcome.stdout);
            assert_eq!((writes.seen(), posts.seen()), (0, 0));
            place.faults(&[]);
        }
    }

    /// A kind that is not served any more has no objects: discovery tells, which is a whole list.
    fn what_went_with_its_kind_is_gone(place) {
        let name = place.instance("");
        let group = format!("{name}.test");
        place.write("crd.yaml", &gadget(&group));
        place.run(&format!("deploy {name} -f crd.yaml")).expect(0);
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.{group}");
        place.call(Request::json(http::Method::DELETE, &*path, &json!({}))).unwrap();
        place.until("the kind is gone", std::time::Duration::from_secs(20), || place.get(&path).is_none());
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    /// Discovery follows a definition that comes or goes a moment later than its objects do.
    fn a_group_that_is_named_and_not_served_is_asked_again(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        let group = format!("{name}.test");
        place.write("crd.yaml", &gadget(&group));
        place.run(&format!("deploy {name} -f crd.yaml")).expect(0);
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        place.call(Request::json(http::Method::DELETE, &*record, &json!({}))).unwrap();
        // The objects and the list of their group's version, and both once more.
        let matches = Matches { method: Some("GET"), path: Some(format!("/apis/{group}/v1")), watch: None, ..Matches::default() };
        let plain = Arc::new(Fault::new(matches, When::First(4), FOREIGN[1].1.clone()));
        place.faults(std::slice::from_ref(&plain));
        let status = place.run(&format!("status {name} -o json"));
        assert_eq!(status.code, 0, "{status:?}");
        assert!(status.stdout.contains("\"Gadget\"") && plain.seen() > 4, "{status:?}");
        place.faults(&[]);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn who_cannot_be_asked_counts_as_alive(place) {
        let place = place.behind_proxy();
        let (maker, guest) = (place.instance("-a"), place.instance("-b"));
        place.write("conf.yaml", CONF);
        place.write("guest.yaml", &CONF.replace("conf", "guest"));
        place.run(&format!("deploy {maker} -f conf.yaml")).expect(0);
        place.run(&format!("deploy {guest} -f guest.yaml --namespace {maker}")).expect(0);
        place.faults(&[on(Some("GET"), "/secrets?", &Effect::Forbidden)]);
        let deleted = place.run(&format!("delete {maker} --yes -o json")).expect(0);
        assert!(deleted.stdout.contains("cannot be seen"), "{}", deleted.stdout);
        place.faults(&[]);
        let guests = format!("/api/v1/namespaces/{maker}/configmaps/guest");
        assert!(place.get(&guests).is_some_and(|live| live["metadata"]["deletionTimestamp"].is_null()));
        place.run(&format!("delete {guest} --yes")).expect(0);
        place.call(Request::json(http::Method::DELETE, format!("/api/v1/namespaces/{maker}"), &json!({}))).unwrap();
    }

    /// Whether a Job ran is told by its events alone, once its time to live is over.
    fn a_job_of_which_nothing_can_be_known_does_not_run_again_unsaid(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("job.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {ttlSecondsAfterFinished: 0, template: {spec: {restartPolicy: Never, containers: [{name: main, image: 'busybox:1'}]}}}\n");
        let job = format!("/apis/batch/v1/namespaces/{name}/jobs/once");
        place.run(&format!("deploy {name} -f job.yaml --no-wait")).expect(0);
        place.until("the Job is gone", std::time::Duration::from_secs(20), || place.get(&job).is_none());
        let writes = on(Some("PATCH"), "/jobs/", &Effect::Forbidden);
        place.faults(&[on(Some("GET"), "/events?", &FOREIGN[0].1), writes.clone()]);
        place.run(&format!("deploy {name} --timeout 20s")).expect(7);
        assert_eq!(writes.seen(), 0);
        place.faults(&[on(Some("GET"), "/events?", &Effect::Forbidden)]);
        let plan = place.run(&format!("plan {name} -o json")).expect(0).json();
        assert!(plan["warnings"].to_string().contains("it runs again"), "{plan}");
        place.faults(&[]);
        let again = place.run(&format!("deploy {name} --timeout 30s -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
    }

    fn a_record_made_anew_does_not_hide_what_is_missing(place) {
        let name = place.instance("");
        place.write("two.yaml", &format!("{CONF}---\n{}", CONF.replace("conf", "other")));
        place.run(&format!("deploy {name} -f two.yaml")).expect(0);
        for path in [format!("secrets/workloadctl.{name}"), "configmaps/other".to_owned()] {
            let path = format!("/api/v1/namespaces/{name}/{path}");
            place.call(Request::json(http::Method::DELETE, &*path, &json!({}))).unwrap();
        }
        let status = place.run(&format!("status {name} -o json"));
        assert!(!status.stdout.contains("\"Healthy\"") && status.stdout.contains("ConfigMap/other"), "{}", status.stdout);
    }

    /// A StatefulSet that is made anew leaves its pods for a moment: who may not look at them is told
    /// that nobody will know them, before it goes.
    fn what_a_set_leaves_and_nobody_may_see_is_said(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("db.yaml", "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {serviceName: db, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: db, image: 'db:1'}]}}}\n");
        place.run(&format!("deploy {name} -f db.yaml")).expect(0);
        let revisions = format!("/apis/apps/v1/namespaces/{name}/controllerrevisions");
        let pods = format!("/api/v1/namespaces/{name}/pods");
        let forbidden = |path: &str| on(Some("GET"), path, &Effect::Forbidden);
        let replaced = |service: &str| -> Vec<String> {
            let line = format!("deploy {name} --set StatefulSet/db:spec.serviceName={service} --replace StatefulSet/db");
            let outcome = place.run(&line).expect(0);
            outcome.stderr.lines().filter(|line| line.contains("made anew")).map(str::to_owned).collect()
        };
        place.faults(&[forbidden(&pods), forbidden(&revisions)]);
        let ends = "if this ends before it is made anew, nobody removes them";
        let told = replaced("first");
        assert_eq!(told.len(), 2, "{told:?}");
        for (line, (kind, group)) in told.iter().zip([("Pod", ""), ("ControllerRevision", ".apps")]) {
            let wanted = format!("StatefulSet/db: its {kind}s cannot be seen: forbidden: get {kind}{group}; {ends}");
            assert!(line.ends_with(&wanted), "{line}");
        }
        // By name the pods are all found, of the revisions those in use.
        let by_name = on(Some("GET"), &format!("{revisions}/"), &Effect::Slow(std::time::Duration::ZERO));
        place.faults(&[by_name.clone(), forbidden(&format!("{pods}?")), forbidden(&format!("{revisions}?"))]);
        let told = replaced("second");
        let wanted = format!("StatefulSet/db: its older ControllerRevisions cannot be seen: forbidden: list ControllerRevision.apps; {ends}");
        assert!(told.len() == 1 && told[0].ends_with(&wanted), "{told:?}");
        assert!(by_name.seen() > 0);
        place.faults(&[]);
        assert_eq!(replaced("third"), Vec::<String>::new());
    }

    /// A namespace takes seconds to go. A watch tells of its end; where none may be, it is looked at again
    /// and again.
    fn the_end_of_a_namespace_is_watched(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        let path = format!("/api/v1/namespaces/{name}");
        let looks = || {
            place.write("conf.yaml", CONF);
            place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
            let talk = place.run(&format!("delete {name} --yes -v")).expect(0).stderr;
            let after = talk.lines().skip_while(|line| !line.starts_with(&format!("DELETE {path} ")));
            after.filter(|line| line.starts_with(&format!("GET {path} "))).count()
        };
        // What it says of itself as it goes is looked at, and that it is gone.
        assert!((1..=8).contains(&looks()));
        let unwatchable = on(Some("GET"), "/api/v1/namespaces?", &Effect::Forbidden);
        place.faults(std::slice::from_ref(&unwatchable));
        assert!(looks() >= 1);
        assert!(unwatchable.seen() > 0);
    }

    /// Whoever comes into a namespace that another made shows itself to the one who deletes it: where
    /// its look at it is not answered, it has not.
    fn who_comes_into_a_namespace_that_does_not_answer_has_not_entered(place) {
        let place = place.behind_proxy();
        let (maker, guest, next) = (place.instance("-a"), place.instance("-b"), place.instance("-c"));
        place.write("conf.yaml", CONF);
        place.write("guest.yaml", &CONF.replace("conf", "guest"));
        place.write("next.yaml", &CONF.replace("conf", "next"));
        place.run(&format!("deploy {maker} -f conf.yaml")).expect(0);
        let path = format!("/api/v1/namespaces/{maker}");
        let entered = place.run(&format!("deploy {guest} -f guest.yaml --namespace {maker} -v")).expect(0);
        let is_record = |line: &str| line.starts_with(&format!("POST {path}/secrets"));
        let looks = |line: &&str| line.starts_with(&format!("GET {path}"));
        let before: Vec<&str> = entered.stderr.lines().take_while(|line| !is_record(line)).filter(looks).collect();
        assert!(!before.is_empty() && before.len() < entered.stderr.lines().filter(looks).count(), "{entered:?}");
        // The first look after the record was written.
        let matches = Matches { method: Some("GET"), path: Some(path.clone()), watch: None, dry_run: None };
        let look = Fault::new(matches, When::Nth(before.len() as u64 + 1), FOREIGN[0].1.clone());
        place.faults(&[Arc::new(look)]);
        place.run(&format!("deploy {next} -f next.yaml --namespace {maker}")).expect(7);
        place.faults(&[]);
        place.run(&format!("deploy {next} -f next.yaml --namespace {maker}")).expect(0);
        for name in [&next, &guest, &maker] {
            place.run(&format!("delete {name} --yes")).expect(0);
        }
    }

    /// With an empty database nothing tells what else the instance had: each answer says so.
    fn a_record_made_anew_on_an_empty_disk_is_no_proof(place) {
        let (name, home) = (place.instance(""), place.instance("-home"));
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}});
        place.call(Request::json(http::Method::POST, "/api/v1/namespaces", &namespace)).unwrap();
        place.write("two.yaml", &format!("{CONF}---\n{}", CONF.replace("conf", "other")));
        place.run(&format!("deploy {name} -f two.yaml -n {home}")).expect(0);
        let remove = |path: &str| {
            let path = format!("/api/v1/namespaces/{home}/{path}");
            place.call(Request::json(http::Method::DELETE, &*path, &json!({}))).unwrap();
        };
        remove("configmaps/other");
        let record = format!("secrets/workloadctl.{name}");
        let doubt = "what else it had cannot be told: its record is gone, and no release of it is known here";
        for line in ["status NAME", "plan NAME -f two.yaml", "deploy NAME -f two.yaml", "delete NAME --yes"] {
            if place.get(&format!("/api/v1/namespaces/{home}/{record}")).is_some() {
                remove(&record);
            }
            place.lose_database();
            let told = place.run(&format!("{} -n {home} -o json", line.replace("NAME", &name))).expect(0);
            let answer = told.json();
            if line.starts_with("status") {
                assert_eq!((&answer["status"], &answer["reason"]), (&json!("Error"), &json!(format!("its object is ready; {doubt}"))), "{answer}");
                place.run(&format!("status {name} -n {home} --exit-code")).expect(3);
                continue;
            }
            assert!(answer["warnings"].as_array().is_some_and(|all| all.contains(&json!(doubt))), "{line}: {answer}");
            assert!(told.stderr.contains(&format!("warning: {doubt}")), "{line}: {told:?}");
            if line.starts_with("plan") {
                place.run(&format!("deploy {name} -f two.yaml -n {home}")).expect(0);
            }
        }
        place.call(Request::json(http::Method::DELETE, format!("/api/v1/namespaces/{home}"), &json!({}))).unwrap();
    }

    /// What may not be listed is asked for by the names that the database remembers.
    fn what_may_not_be_listed_is_found_by_name_where_the_record_is_gone(place) {
        let place = place.behind_proxy();
        let (name, home) = (place.instance(""), place.instance("-home"));
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}});
        place.call(Request::json(http::Method::POST, "/api/v1/namespaces", &namespace)).unwrap();
        place.write("conf.yaml", CONF);
        place.run(&format!("deploy {name} -f conf.yaml -n {home}")).expect(0);
        let record = format!("/api/v1/namespaces/{home}/secrets/workloadctl.{name}");
        place.call(Request::json(http::Method::DELETE, &*record, &json!({}))).unwrap();
        place.faults(&[on(Some("GET"), "/configmaps?", &Effect::Forbidden)]);
        let deleted = place.run(&format!("delete {name} --yes -o json")).expect(0).json();
        let doubt = "what else it had cannot be told: its record is gone, and ConfigMap cannot be listed";
        assert_eq!(deleted["warnings"], json!([doubt]), "{deleted}");
        assert!(!is_live(&place, &home));
        place.faults(&[]);
        place.call(Request::json(http::Method::DELETE, format!("/api/v1/namespaces/{home}"), &json!({}))).unwrap();
    }
}
