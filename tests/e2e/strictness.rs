//! The validation of manifests is never stricter than an API server: valid objects of many kinds,
//! changed in one place each, are shown to both.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use workloadctl::testing::{Apply, Failure, Request, mistakes};

use crate::harness::{Place, side_by_side, variable};

/// A changed object and what was changed.
struct Mutant {
    body: Value,
    change: String,
}

/// Valid objects: those of the differential tests and of the examples; more from the folder that
/// `WORKLOADCTL_TEST_MANIFESTS` names.
fn corpus() -> Vec<Value> {
    let rich: Vec<Value> = serde_json::from_str(include_str!("../bodies/rich.json")).unwrap();
    let variants: Vec<Value> =
        serde_json::from_str(include_str!("../bodies/variants.json")).unwrap();
    let mut bodies: Vec<Value> = rich.iter().map(|case| case["object"].clone()).collect();
    bodies.extend(variants.iter().flat_map(|case| [case["from"].clone(), case["to"].clone()]));
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples").to_owned();
    for folder in [Some(examples), variable("WORKLOADCTL_TEST_MANIFESTS")].into_iter().flatten() {
        read(folder.as_ref(), &mut bodies);
    }
    bodies
}

fn read(folder: &std::path::Path, bodies: &mut Vec<Value>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read(&path, bodies);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            for document in text.split("\n---") {
                let body: Value = serde_yaml::from_str(document).unwrap_or_default();
                // The files that name workloads are no objects of a cluster.
                let is_workload = body["apiVersion"] == "workloadctl/v1alpha1";
                if body["metadata"].is_object() && !is_workload {
                    bodies.push(body);
                }
            }
        }
    }
}

/// Changes an object in every place of its own that no other object of its kind had.
fn mutants(body: &Value, seen: &mut BTreeSet<String>, made: &mut Vec<Mutant>) {
    let kind = format!("{} {}", body["apiVersion"], body["kind"]);
    visit(body, &mut Vec::new(), &mut |path, value| {
        let generic: Vec<&str> = path
            .iter()
            .map(|step| if step.parse::<usize>().is_ok() { "*" } else { step.as_str() })
            .collect();
        let place = generic.join("/");
        // The identity is in the path of the request.
        if matches!(
            &*place,
            "" | "apiVersion" | "kind" | "metadata/name" | "metadata/namespace" | "metadata"
        ) {
            return;
        }
        // A schema in a definition is a world of its own.
        if place.contains("/schema/openAPIV3Schema") {
            return;
        }
        for (what, change) in changes(value) {
            let change_name = format!("{kind} {place} {what}");
            if seen.insert(change_name.clone()) {
                let mut body = body.clone();
                put(&mut body, path, change);
                made.push(Mutant { body, change: change_name });
            }
        }
    });
}

fn visit(value: &Value, path: &mut Vec<String>, take: &mut dyn FnMut(&[String], &Value)) {
    take(path, value);
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    for (step, value) in below {
        path.push(step);
        visit(value, path, take);
        path.pop();
    }
}

/// The changes of a value; none removes it.
fn changes(value: &Value) -> Vec<(&'static str, Option<Value>)> {
    let mut changes = vec![
        ("removed", None),
        ("null", Some(Value::Null)),
        ("is a text", Some(json!("x"))),
        ("is a number", Some(json!(7))),
        ("is a truth value", Some(json!(true))),
        ("is a list", Some(json!([]))),
        ("is a mapping", Some(json!({}))),
    ];
    match value {
        Value::Object(fields) => {
            let with = |key: &str, value: Value| {
                let mut fields: Map<String, Value> = fields.clone();
                fields.insert(key.to_owned(), value);
                Some(Value::Object(fields))
            };
            changes.push(("with an unknown field", with("unknownField", json!("x"))));
            changes.push(("with an odd key", with("Odd_Key.-", json!("x"))));
            changes.push(("with an odd value", with("odd", json!("-Odd value!"))));
        }
        Value::Array(items) => {
            let twice = items.iter().chain(items).cloned().collect();
            changes.push(("twice", Some(Value::Array(twice))));
            changes.push(("of null", Some(json!([null]))));
            changes.push(("of an empty mapping", Some(json!([{}]))));
        }
        Value::String(text) => {
            changes.extend([
                ("is empty", Some(json!(""))),
                ("is odd", Some(json!("-Odd_value: !"))),
                ("is long", Some(json!("a".repeat(300)))),
                ("is longer", Some(json!(format!("{text}{}", "a".repeat(60))))),
                ("is upper case", Some(json!(text.to_uppercase()))),
                ("is lower case", Some(json!(text.to_lowercase()))),
                ("has a dot", Some(json!(format!("{text}.x")))),
                ("has an underscore", Some(json!(format!("{text}_x")))),
                ("is a quantity", Some(json!("1Gi"))),
                ("is a share", Some(json!("25%"))),
            ]);
        }
        Value::Number(_) => {
            for (what, number) in [
                ("is -1", json!(-1)),
                ("is 0", json!(0)),
                ("is 1.5", json!(1.5)),
                ("is 2.0", json!(2.0)),
                ("is 70000", json!(70000)),
                ("is huge", json!(99_999_999_999_i64)),
                ("is a quoted number", json!("7")),
                ("is a share", json!("25%")),
            ] {
                changes.push((what, Some(number)));
            }
        }
        Value::Bool(_) | Value::Null => {}
    }
    changes
}

fn put(body: &mut Value, path: &[String], value: Option<Value>) {
    let (last, above) = path.split_last().unwrap();
    let mut current = body;
    for step in above {
        current = match current {
            Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
            other => &mut other[step.as_str()],
        };
    }
    match (current, value) {
        (Value::Array(items), Some(value)) => items[last.parse::<usize>().unwrap()] = value,
        (Value::Array(items), None) => drop(items.remove(last.parse().unwrap())),
        (Value::Object(fields), Some(value)) => drop(fields.insert(last.clone(), value)),
        (Value::Object(fields), None) => drop(fields.remove(last)),
        _ => unreachable!("a path leads through collections"),
    }
}

/// Where an object is applied; none for kinds that the server does not know by itself.
fn path(body: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text(&body["apiVersion"]), text(&body["kind"]));
    let plural = match kind.to_lowercase() {
        kind if kind.ends_with("ss") => format!("{kind}es"),
        kind if kind.ends_with("cy") => format!("{}ies", kind.trim_end_matches('y')),
        kind if kind == "endpoints" => kind,
        kind => format!("{kind}s"),
    };
    let prefix = if api_version.contains('/') { "apis" } else { "api" };
    let group = api_version.split('/').next().unwrap_or_default();
    let own = "strict.example.com";
    if group.contains('.') && !group.ends_with(".k8s.io") && group != own {
        return None;
    }
    const CLUSTER: [&str; 19] = [
        "Namespace",
        "Node",
        "PersistentVolume",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "StorageClass",
        "PriorityClass",
        "IngressClass",
        "RuntimeClass",
        "APIService",
        "CSIDriver",
        "ClusterTrustBundle",
    ];
    let namespace = if CLUSTER.contains(&&*kind) { "" } else { "/namespaces/default" };
    let name = text(&body["metadata"]["name"]);
    Some(format!("/{prefix}/{api_version}{namespace}/{plural}/{name}"))
}

/// Makes a definition of custom resources whose schema has all that is judged here.
fn make_definition(place: &Place) -> Value {
    let schema = json!({"type": "object", "required": ["spec"], "properties": {
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
        "spec": {"type": "object", "required": ["rate"], "properties": {
            "rate": {"type": "integer", "minimum": 1, "maximum": 10},
            "share": {"type": "number", "exclusiveMinimum": true, "minimum": 0},
            "mode": {"type": "string", "enum": ["fast", "slow"]},
            "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 9},
            "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
            "port": {"x-kubernetes-int-or-string": true},
            "note": {"type": "string", "nullable": true},
            "on": {"type": "boolean"},
            "since": {"type": "string", "format": "date-time"},
            "rest": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "speed": {"type": "integer", "default": 3},
            "parts": {"type": "array", "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"], "items": {
                    "type": "object", "required": ["name"], "properties": {
                        "name": {"type": "string"}, "size": {"type": "integer"}}}},
        }},
    }});
    let name = "gauges.strict.example.com";
    let body = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": "strict.example.com", "scope": "Namespaced",
            "names": {"kind": "Gauge", "plural": "gauges"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
    let how = Apply { manager: "strictness", force: true, dry_run: false };
    place.call(Request::apply(&path, &body, &how)).unwrap();
    let established = || {
        let live = place.get(&path).unwrap_or_default();
        let conditions = live["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|it| it["type"] == "Established" && it["status"] == "True")
            && matches!(verdict(place, &custom_resources()[0]), Some(Ok(())))
    };
    place.until("the definition is served", std::time::Duration::from_secs(30), established);
    body
}

fn remove_definition(place: &Place) {
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gauges.strict.example.com";
    place.call(Request::json(http::Method::DELETE, path, &json!({}))).unwrap();
}

fn custom_resources() -> Vec<Value> {
    let object = |spec: Value| {
        json!({"apiVersion": "strict.example.com/v1", "kind": "Gauge",
               "metadata": {"name": "g", "labels": {"a": "b"}}, "spec": spec,
               "status": {"phase": "x"}})
    };
    vec![
        object(json!({
            "rate": 2, "share": 0.5, "mode": "fast", "name": "abc", "tags": ["a", "b"],
            "port": "http", "note": null, "on": true, "since": "2026-01-01T00:00:00Z",
            "rest": {"any": {"thing": 1}}, "labels": {"k": "v"}, "speed": 4,
            "parts": [{"name": "a", "size": 1}, {"name": "b"}],
        })),
        object(json!({"rate": 1, "port": 80, "note": "x"})),
    ]
}

/// Asks the server; gives what it says against it, or none where it does not judge.
fn verdict(place: &Place, body: &Value) -> Option<Result<(), String>> {
    let how = Apply { manager: "strictness", force: true, dry_run: true };
    match place.call(Request::apply(&path(body)?, body, &how)) {
        Ok(_) => Some(Ok(())),
        Err(Failure::Status(status)) if status.code == 404 || status.code == 403 => None,
        Err(Failure::Status(status)) => Some(Err(format!("{} {}", status.code, status.message))),
        Err(other) => panic!("{}", other.message()),
    }
}

#[test]
fn validation_is_never_stricter_than_the_server() {
    // The sandbox has not all rules of the server: it takes more than it should.
    let place = &Place::control_plane("strictness");
    let (mut seen, mut made) = (BTreeSet::new(), Vec::new());
    for mut body in corpus() {
        if path(&body).is_none_or(|path| path.contains("/namespaces/")) {
            body["metadata"].as_object_mut().unwrap().remove("namespace");
        }
        // What the server refuses as it is cannot tell of a change.
        if verdict(place, &body) == Some(Ok(())) {
            assert_eq!(mistakes(&body, &[]), Vec::<String>::new(), "{body}");
            mutants(&body, &mut seen, &mut made);
        }
    }
    let definition = [make_definition(place)];
    for body in custom_resources() {
        assert_eq!(mistakes(&body, &definition), Vec::<String>::new(), "{body}");
        assert_eq!(verdict(place, &body), Some(Ok(())), "{body}");
        mutants(&body, &mut seen, &mut made);
    }
    assert!(made.len() > 3000, "{} changes", made.len());
    let stricter = std::sync::Mutex::new(Vec::new());
    let laxer = std::sync::Mutex::new(Vec::new());
    side_by_side(made, 8, |Mutant { body, change }| {
        let ours = mistakes(&body, &definition);
        match verdict(place, &body) {
            Some(Ok(())) if !ours.is_empty() => {
                stricter.lock().unwrap().push(format!("{change}: {}", ours.join("; ")));
            }
            Some(Err(theirs)) if ours.is_empty() => {
                laxer.lock().unwrap().push(format!("{change}: {theirs}"));
            }
            _ => {}
        }
    });
    remove_definition(place);
    if let Some(file) = variable("WORKLOADCTL_TEST_LAXER") {
        std::fs::write(file, laxer.into_inner().unwrap().join("\n")).unwrap();
    }
    let stricter = stricter.into_inner().unwrap();
    assert!(stricter.is_empty(), "{} of them:\n{}", stricter.len(), stricter.join("\n"));
}

on_both! {
    fn mistakes_send_no_write(place) {
        let mut asked = 0;
        for (name, text) in [
            ("pods", include_str!("../cli/mistakes/pods.yaml")),
            ("kinds", include_str!("../cli/mistakes/kinds.yaml")),
            ("others", include_str!("../cli/mistakes/others.yaml")),
            ("custom", include_str!("../cli/mistakes/custom.yaml")),
        ] {
            // One object a deploy, so that none hides behind another's mistake; the definition of
            // the custom resources comes with each.
            let documents: Vec<&str> = text.split("---\n").collect();
            let (before, rest) = if name == "custom" { documents.split_at(1) } else { documents.split_at(0) };
            for (index, document) in rest.iter().enumerate() {
                // What is right, and kinds that only a server can judge.
                if ["name: right", "name: old", "name: not-judged"].iter().any(|it| document.contains(it)) {
                    continue;
                }
                let set: Vec<&str> = before.iter().copied().chain([*document]).collect();
                place.write("wrong.yaml", &set.join("---\n"));
                let instance = place.instance(&format!("{name}-{index}"));
                let line = format!("deploy {instance} -f wrong.yaml -v");
                let outcome = place.run(&line).expect(2);
                let writes = |line: &&str| {
                    ["POST", "PATCH", "PUT", "DELETE"].iter().any(|verb| line.contains(&format!("{verb} /")))
                };
                let written: Vec<&str> = outcome.stderr.lines().filter(writes).collect();
                assert_eq!(written, Vec::<&str>::new(), "{document}");
                asked += usize::from(outcome.stderr.contains("GET /"));
                // Nothing is stored either.
                place.run(&format!("instance show {instance}")).expect(1);
            }
        }
        // Requests show; a server is asked only where a newer one might see it otherwise.
        assert!(asked > 0);
    }

    fn a_server_is_asked_about_manifests(place) {
        place.write("right.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        // Only a server knows its addresses.
        place.write("taken.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {clusterIP: 192.0.2.1, ports: [{port: 80}]}\n");
        let runtime = &place.runtime;
        let asked = |file: &str| place.told(&format!("definition validate {file} --against {runtime}"));
        snapshot!(asked("right.yaml"), @r"
        $ workloadctl definition validate right.yaml --against RUNTIME
        exit code 0
        --- stdout
        1 object, nothing is wrong
        ");
        snapshot!(asked("taken.yaml"), @r#"
        $ workloadctl definition validate taken.yaml --against RUNTIME
        exit code 2
        --- stderr
        error: taken.yaml:1: Service/a: `RUNTIME` refuses it: Service "a" is invalid: spec.clusterIPs: Invalid value: ["192.0.2.1"]: failed to allocate IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16
        "#);
    }
}
