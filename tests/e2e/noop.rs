//! What a plan skips, a server-side apply would not have changed: random definitions, random
//! edits by others between two commands, and the server's own dry run as the judge.
//!
//! `WORKLOADCTL_NOOP_SEED` repeats a run, `WORKLOADCTL_NOOP_ROUNDS` makes it longer.

use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::{Apply, Failure, Request};

use crate::harness::{Place, variable};

/// How many rounds of definition, edits, plan and deploy.
const ROUNDS: u64 = 25;

on_both! {
    fn what_a_plan_skips_an_apply_would_not_change(place) {
        let number = |name: &str| variable(name).and_then(|text| text.parse().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = number("WORKLOADCTL_NOOP_SEED").unwrap_or_else(now);
        let mut series = Series::new(place, seed);
        for round in 0..number("WORKLOADCTL_NOOP_ROUNDS").unwrap_or(ROUNDS) {
            series.round(round);
        }
        let Series { skipped, planned, edits, .. } = series;
        tell(&format!("{}: seed {seed}: {edits} edits, {planned} plans of an object, {skipped} skipped", place.runtime));
        assert!(skipped * 5 > planned, "the rule skips too little: {skipped} of {planned}");
    }
}

/// Says something that is seen although the test passes.
fn tell(line: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes()).unwrap();
}

/// Numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }

    fn text(&mut self) -> String {
        format!("v{}", self.below(4))
    }
}

struct Series<'a> {
    place: &'a Place,
    name: String,
    random: Random,
    seed: u64,
    log: String,
    skipped: u64,
    planned: u64,
    edits: u64,
}

/// An object of the definition as it is sent, and where it lies.
#[derive(Clone)]
struct Subject {
    body: Value,
    path: String,
}

impl<'a> Series<'a> {
    fn new(place: &'a Place, seed: u64) -> Self {
        let name = place.instance("");
        let random = Random(seed);
        Self { place, name, random, seed, log: String::new(), skipped: 0, planned: 0, edits: 0 }
    }

    fn round(&mut self, round: u64) {
        if round == 0 || self.random.one_in(3) {
            let definition = self.definition();
            self.place.write("set.json", &definition.to_string());
        }
        self.deploy();
        let subjects = self.subjects();
        for _ in 0..4 + self.random.below(8) {
            let index = self.random.below(subjects.len() as u64) as usize;
            self.edit(&subjects[index]);
        }
        self.check(&subjects);
    }

    fn deploy(&mut self) {
        let line = format!("deploy {} -f set.json --no-wait --conflicts force -o json", self.name);
        let outcome = self.place.run(&line);
        // What somebody else made anew is not ours any more.
        let outcome = match outcome.code {
            5 => self.place.run(&format!("{line} --adopt --yes")),
            _ => outcome,
        };
        assert_eq!(
            outcome.code, 0,
            "seed {}\n{}\n{}\n{}",
            self.seed, self.log, outcome.stdout, outcome.stderr
        );
        self.log.push_str("deployed\n");
    }

    /// The objects as they are sent.
    fn subjects(&self) -> Vec<Subject> {
        let list = self.place.run(&format!("render {} -o json", self.name)).expect(0).json();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|body| Subject { body: body.clone(), path: path_of(body) }).collect()
    }

    /// Whatever is unchanged by the plan has to be unchanged by the server's word.
    fn check(&mut self, subjects: &[Subject]) {
        // What stands in the way is refused (5); the rest is planned all the same.
        let plan = self.place.run(&format!("plan {} -f set.json -o json", self.name)).json();
        for object in plan["objects"].as_array().unwrap() {
            self.planned += 1;
            if object["action"] != "unchanged" {
                continue;
            }
            let subject = subjects.iter().find(|subject| is_about(&subject.body, object));
            let Some(mut subject) = subject.cloned() else { continue };
            // What is left to whoever scales is not sent, also where the number is the same.
            let left = object["yielded"].as_array().into_iter().flatten();
            if left.into_iter().any(|left| left["field"] == "spec.replicas") {
                subject.body["spec"].as_object_mut().unwrap().remove("replicas");
            }
            self.skipped += 1;
            // A controller may write between two requests.
            let differs = (0..4).map(|_| self.difference(&subject)).find(Option::is_none).is_none();
            if differs {
                panic!(
                    "seed {}: {object} was skipped, but {}\n{}",
                    self.seed,
                    self.difference(&subject).unwrap_or_default(),
                    self.log
                );
            }
        }
    }

    /// Tells what an apply would change.
    fn difference(&self, subject: &Subject) -> Option<String> {
        let manager = format!("workloadctl:{0}/{0}", self.name);
        let how = Apply { manager: &manager, force: false, dry_run: true };
        let mut body = subject.body.clone();
        let Some(live) = self.place.get(&subject.path) else { return Some("it is gone".into()) };
        let mut answer = self.place.call(Request::apply(&subject.path, &body, &how).whole());
        if let Err(failure) = &answer
            && only_replicas(failure)
        {
            // Whoever scales holds them: they are left out.
            body["spec"].as_object_mut().unwrap().remove("replicas");
            answer = self.place.call(Request::apply(&subject.path, &body, &how).whole());
        }
        match answer {
            Err(failure) => Some(format!("an apply is answered: {}", failure.message())),
            Ok(answer) if bare(&answer.body) == bare(&live) => None,
            Ok(answer) if has_twins(&live) && unowned(&answer.body) == unowned(&live) => None,
            Ok(answer) => Some(format!("{}\nwould become\n{}", bare(&live), bare(&answer.body))),
        }
    }

    fn definition(&mut self) -> Value {
        let random = &mut self.random;
        let labels = json!({"app": "noop", "tier": random.text()});
        let annotations = json!({"noop.test/note": random.text()});
        let metadata =
            |name: &str| json!({"name": name, "labels": labels, "annotations": annotations});
        let template = json!({
            "metadata": {"labels": {"app": "noop"}},
            "spec": {"containers": [{"name": "main", "image": format!("nginx:{}", random.text()), "env": [{"name": "A", "value": random.text()}]}]},
        });
        let mut items = vec![
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("config"), "data": {"a": random.text(), "b": random.text()}}),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bare"}, "data": {"a": random.text()}}),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata("secret"), "stringData": {"a": random.text()}}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata("account")}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata("inner"), "spec": {"selector": {"app": "noop"}, "ports": [{"port": 80}]}}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata("outer"), "spec": {"type": "LoadBalancer", "selector": {"app": "noop"}, "ports": [{"name": "http", "port": 80, "targetPort": 8000 + random.below(2)}]}}),
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata("web"), "spec": {"rules": [{"host": format!("{}.test", random.text()), "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "inner", "port": {"number": 80}}}}]}}]}}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("web"), "spec": {"replicas": 1 + random.below(2), "selector": {"matchLabels": {"app": "noop"}}, "template": template}}),
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata("store"), "spec": {"serviceName": "inner", "selector": {"matchLabels": {"app": "noop"}}, "template": template}}),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata("reader"), "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", random.text()]}]}),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata("reader"), "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}, "subjects": [{"kind": "ServiceAccount", "name": "account"}]}),
            json!({"apiVersion": "noop.test/v1", "kind": "Widget", "metadata": metadata("widget"), "spec": {"size": random.below(3), "parts": [random.text()]}}),
            widgets(),
        ];
        // A custom resource does not outlive its definition: the last two stay.
        for _ in 0..random.below(4) {
            items.remove(random.below(items.len() as u64 - 2) as usize);
        }
        json!({"apiVersion": "v1", "kind": "List", "items": items})
    }

    /// Somebody else does something.
    fn edit(&mut self, subject: &Subject) {
        let kind = subject.body["kind"].as_str().unwrap_or_default().to_owned();
        if ["Namespace", "CustomResourceDefinition"].contains(&&*kind) {
            return;
        }
        let (what, call) = self.edit_of(&kind, subject);
        let Some(call) = call else { return };
        self.edits += 1;
        let answer = match self.place.call(call) {
            Ok(_) => "done".to_owned(),
            // A refused edit is one that did not happen.
            Err(failure) => failure.message(),
        };
        writeln!(self.log, "{what} {}: {answer}", subject.path).unwrap();
    }

    fn edit_of(&mut self, kind: &str, subject: &Subject) -> (&'static str, Option<Request>) {
        let path = &subject.path;
        let as_manager = |manager: &str| format!("{path}?fieldManager={manager}");
        let value = self.random.text();
        let ours = format!("workloadctl:{0}/{0}", self.name);
        match self.random.below(14) {
            0 => ("changes our label", Some(Request::merge_patch(as_manager("kubectl-label"), &json!({"metadata": {"labels": {"tier": value}}})))),
            1 => ("adds a label", Some(Request::merge_patch(as_manager("kubectl-label"), &json!({"metadata": {"labels": {"foreign": value}}})))),
            2 => ("changes our annotation", Some(Request::merge_patch(as_manager("kubectl-annotate"), &json!({"metadata": {"annotations": {"noop.test/note": value}}})))),
            3 => ("adds an annotation", Some(Request::merge_patch(as_manager("kubectl-annotate"), &json!({"metadata": {"annotations": {"foreign.test/note": value}}})))),
            4 => ("takes the label of the instance away", Some(Request::merge_patch(as_manager("kubectl-label"), &json!({"metadata": {"labels": {"workloadctl/instance": null}}})))),
            5 => ("patches", self.content(kind).map(|patch| Request::merge_patch(as_manager("kubectl-patch"), &patch))),
            6 | 7 => ("applies", self.content(kind).map(|patch| {
                let body = identified(&subject.body, &patch);
                let how = Apply { manager: "somebody", force: self.random.one_in(2), dry_run: false };
                Request::apply(path, &body, &how)
            })),
            8 => {
                let how = Apply { manager: &ours, force: true, dry_run: false };
                // In the second of our own apply, and with its fields: the values alone differ.
                let mut body = subject.body.clone();
                let key = ["labels", "annotations"][self.random.below(2) as usize];
                for (_, mark) in body["metadata"][key].as_object_mut().into_iter().flatten() {
                    *mark = json!(value);
                }
                let partial = self.content(kind).map(|patch| identified(&subject.body, &patch));
                let body = partial.filter(|_| self.random.one_in(2)).unwrap_or(body);
                ("applies under our name", Some(Request::apply(path, &body, &how)))
            }
            9 => ("writes a status", Some(Request::merge_patch(format!("{path}/status?fieldManager=controller"), &status(kind, &value)))),
            10 => ("strips managedFields", Some(Request::merge_patch(as_manager("kubectl-patch"), &json!({"metadata": {"managedFields": [{}]}})))),
            11 if ["Deployment", "StatefulSet"].contains(&kind) => ("scales", Some(Request::merge_patch(format!("{path}/scale?fieldManager=kubectl"), &json!({"spec": {"replicas": self.random.below(3)}})))),
            12 => ("applies the same", Some(Request::apply(path, &subject.body, &Apply { manager: "somebody", force: true, dry_run: false }))),
            13 => ("deletes and makes anew", self.anew(subject)),
            _ => ("restarts", Some(Request::merge_patch(as_manager("kubectl-rollout"), &json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": value}}}}}))).filter(|_| kind == "Deployment")),
        }
    }

    /// Something that changes the content of a kind, or repeats it by chance.
    fn content(&mut self, kind: &str) -> Option<Value> {
        let (value, number) = (self.random.text(), self.random.below(3));
        Some(match kind {
            "ConfigMap" if number == 0 => json!({"data": {"foreign": value}}),
            "ConfigMap" => json!({"data": {"a": value}}),
            "Secret" if number == 0 => json!({"stringData": {"a": value}}),
            "Secret" => json!({"data": {"a": "djE="}}),
            "Deployment" | "StatefulSet" if number == 0 => json!({"spec": {"replicas": 1}}),
            "Deployment" | "StatefulSet" => json!({"spec": {"minReadySeconds": number}}),
            "Role" => {
                json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", value]}]})
            }
            "Service" => {
                json!({"spec": {"sessionAffinity": if number == 0 { "ClientIP" } else { "None" }}})
            }
            "Ingress" => json!({"spec": {"ingressClassName": value}}),
            "Widget" => json!({"spec": {"size": number}}),
            _ => return None,
        })
    }

    fn anew(&self, subject: &Subject) -> Option<Request> {
        let deletion =
            json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
        self.place.call(Request::json(Method::DELETE, &*subject.path, &deletion)).ok()?;
        let (collection, _) = subject.path.rsplit_once('/').unwrap();
        let path = format!("{collection}?fieldManager=kubectl-create");
        Some(Request::json(Method::POST, path, &subject.body))
    }
}

fn status(kind: &str, value: &str) -> Value {
    match kind {
        "Service" | "Ingress" => {
            json!({"status": {"loadBalancer": {"ingress": [{"hostname": format!("{value}.test")}]}}})
        }
        "Deployment" | "StatefulSet" => json!({"status": {"collisionCount": 1}}),
        _ => json!({"status": {"phase": value}}),
    }
}

/// A partial body with the identity of an object.
fn identified(body: &Value, patch: &Value) -> Value {
    let mut partial = patch.clone();
    partial["apiVersion"] = body["apiVersion"].clone();
    partial["kind"] = body["kind"].clone();
    partial["metadata"] =
        json!({"name": body["metadata"]["name"], "namespace": body["metadata"]["namespace"]});
    partial
}

fn is_about(body: &Value, object: &Value) -> bool {
    body["kind"] == object["kind"] && body["metadata"]["name"] == object["name"]
}

fn only_replicas(failure: &Failure) -> bool {
    let causes = failure.causes();
    !causes.is_empty() && causes.iter().all(|cause| cause.field == ".spec.replicas")
}

fn path_of(body: &Value) -> String {
    let kind = body["kind"].as_str().unwrap();
    let plural = match kind {
        "Ingress" => "ingresses".to_owned(),
        kind => format!("{}s", kind.to_lowercase()),
    };
    let api = match body["apiVersion"].as_str().unwrap() {
        "v1" => "/api/v1".to_owned(),
        group => format!("/apis/{group}"),
    };
    let name = body["metadata"]["name"].as_str().unwrap();
    match body["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{api}/namespaces/{namespace}/{plural}/{name}"),
        None => format!("{api}/{plural}/{name}"),
    }
}

/// An object without the times of its writes.
fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(entries) =
        object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut)
    {
        for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
            entry.remove("time");
        }
    }
    object
}

/// Tells whether two entries of managers have the same name down to the second: whatever is written
/// next, the server reads them into one place and loses one, without a change to what they are about.
fn has_twins(object: &Value) -> bool {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let mut names = entries.into_iter().flatten().map(|entry| {
        let mut name = entry.clone();
        name.as_object_mut().unwrap().remove("fieldsV1");
        name.to_string()
    });
    let mut known = std::collections::BTreeSet::new();
    !names.all(|name| known.insert(name))
}

/// An object without its managers.
fn unowned(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"].as_object_mut().unwrap().remove("managedFields");
    object
}

fn widgets() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.noop.test"},
        "spec": {
            "group": "noop.test", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"size": {"type": "integer"}, "colour": {"type": "string", "default": "red"}, "parts": {"type": "array", "items": {"type": "string"}}}},
                    "status": {"type": "object", "properties": {"phase": {"type": "string"}}}}}}}],
        },
    })
}
