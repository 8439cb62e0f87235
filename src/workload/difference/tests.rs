//! Tables of two bodies and what differs between them.

use serde_json::json;

use super::*;
use crate::workload::yaml;

/// Shows the changes between two documents, one a line.
fn changes(old: &str, new: &str) -> String {
    let read = |text: &str| -> Value { serde_yaml::from_str(text).unwrap() };
    shown(&Difference::between(&read(old), &read(new)))
}

fn shown(difference: &Difference) -> String {
    let side = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    let line = |it: &Change| format!("{}: {} -> {}\n", it.path, side(&it.old), side(&it.new));
    difference.changes.iter().map(line).collect()
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {a: b}}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: web, image: 'web:1', args: [a, b], ports: [{containerPort: 80}]}
      - {name: log, image: 'log:1'}
";

#[test]
fn fields_are_told_by_the_paths_of_set() {
    for (from, to, expected) in [
        ("replicas: 1", "replicas: 1.0", ""),
        ("replicas: 1", "replicas: 3", "spec.replicas: 1 -> 3\n"),
        ("replicas: 1", "paused: true", "spec.paused: - -> true\nspec.replicas: 1 -> -\n"),
        (
            "labels: {a: b}",
            "labels: {a: b, example.com/c: d}",
            "metadata.labels[\"example.com/c\"]: - -> \"d\"\n",
        ),
        (
            "web:1",
            "web:2",
            "spec.template.spec.containers[name=web].image: \"web:1\" -> \"web:2\"\n",
        ),
        (
            "- {name: log, image: 'log:1'}",
            "- {name: more, image: m}",
            "spec.template.spec.containers[name=log]: {\"image\":\"log:1\",\"name\":\"log\"} -> -\n\
             spec.template.spec.containers[name=more]: - -> {\"image\":\"m\",\"name\":\"more\"}\n",
        ),
        (
            "args: [a, b]",
            "args: [a, x, b]",
            "spec.template.spec.containers[name=web].args: [\"a\",\"b\"] -> [\"a\",\"x\",\"b\"]\n",
        ),
        // What the server fills in is the same port.
        (
            "{containerPort: 80}",
            "{containerPort: 80, protocol: TCP}",
            "spec.template.spec.containers[name=web].ports[containerPort=80].protocol: - -> \"TCP\"\n",
        ),
        (
            "{containerPort: 80}",
            "{containerPort: 80}, {containerPort: 80, protocol: UDP}",
            "spec.template.spec.containers[name=web].ports[protocol=UDP]: - -> \
             {\"containerPort\":80,\"protocol\":\"UDP\"}\n",
        ),
    ] {
        let new = DEPLOYMENT.replace(from, to);
        assert_ne!(new, DEPLOYMENT, "{from}");
        assert_eq!(changes(DEPLOYMENT, &new), expected, "{to}");
    }
}

#[test]
fn what_only_the_server_writes_and_our_marks_are_left_out() {
    let live = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
        "status": {"x": 1}, "metadata": {"name": "c", "uid": "1", "resourceVersion": "2",
        "generation": 3, "creationTimestamp": "t", "managedFields": [1], "annotations": null,
        "labels": {"workloadctl/instance": "web"}}});
    let sent = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
        "metadata": {"name": "c"}});
    for difference in [Difference::between(&live, &sent), Difference::between(&sent, &live)] {
        assert_eq!(shown(&difference), "");
        assert!(difference.is_empty());
    }
}

#[test]
fn the_order_of_containers_is_a_change() {
    let body = |names: [&str; 2]| {
        json!({"apiVersion": "v1", "kind": "Pod",
            "spec": {"containers": names.map(|name| json!({"name": name}))}})
    };
    let difference = Difference::between(&body(["a", "b"]), &body(["b", "a"]));
    assert_eq!(
        shown(&difference),
        "spec.containers: [{\"name\":\"a\"},{\"name\":\"b\"}] -> \
         [{\"name\":\"b\"},{\"name\":\"a\"}]\n"
    );
}

#[test]
fn items_without_keys_are_compared_where_they_stand() {
    let body = |rules: &[Value]| json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": rules}});
    let [a, b, c] = ["a", "b", "c"].map(|host| json!({"host": host}));
    for (old, new, expected) in [
        (vec![&a, &b], vec![&c, &a, &b], "spec.rules[0]: - -> {\"host\":\"c\"}\n"),
        (vec![&a, &b], vec![&a], "spec.rules[1]: {\"host\":\"b\"} -> -\n"),
        (vec![&a, &b], vec![&a, &c], "spec.rules[1].host: \"b\" -> \"c\"\n"),
    ] {
        let own = |items: Vec<&Value>| items.into_iter().cloned().collect::<Vec<_>>();
        let difference = Difference::between(&body(&own(old)), &body(&own(new)));
        assert_eq!(shown(&difference), expected);
    }
}

#[test]
fn custom_resources_are_compared_by_their_schema_or_by_names() {
    let body = |size: i32, first: &str| {
        json!({"apiVersion": "example.com/v1", "kind": "Thing", "spec": {
            "named": [{"name": "a", "size": size}],
            "hosts": [{"host": first, "size": 1}, {"host": "z", "size": size}]}})
    };
    let (old, mut new) = (body(1, "a"), body(2, "a"));
    new["spec"]["hosts"].as_array_mut().unwrap().reverse();
    let schema = Schema::parse(&json!({"properties": {"spec": {"properties": {"hosts": {
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["host"],
        "items": {"type": "object"}}}}}}));
    let difference = Difference::with_schema(&old, &new, Some(&schema));
    let paths: Vec<&str> = difference.changes.iter().map(|change| &*change.path).collect();
    assert_eq!(paths, ["spec.hosts[host=z].size", "spec.hosts", "spec.named[name=a].size"]);
}

#[test]
fn values_of_secrets_are_masked_so_that_their_changes_show() {
    let body = |data: Value, applied: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "data": data, "metadata": {"name": "s",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}}})
    };
    let old = body(json!({"same": "c2FtZQ==", "other": "b25l", "gone": "Z29uZQ=="}), "{1}");
    let new = body(json!({"same": "c2FtZQ==", "other": "dHdv", "more": "bW9yZQ=="}), "{2}");
    let difference = Difference::between(&old, &new);
    assert_eq!(
        shown(&difference),
        "data.gone: \"***\" -> -\n\
         data.more: - -> \"***\"\n\
         data.other: \"*** (before)\" -> \"*** (after)\"\n\
         metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]: \
         \"*** (before)\" -> \"*** (after)\"\n"
    );
    let all = format!("{difference:?}{}", yaml::emit(&difference.old));
    for hidden in ["c2FtZQ", "b25l", "dHdv", "Z29uZQ", "bW9yZQ", "{1}", "{2}"] {
        assert!(!all.contains(hidden), "{hidden} in {all}");
    }
}

#[test]
fn a_change_is_a_document_without_what_is_absent() {
    let change = Change { path: "spec.paused".into(), old: None, new: Some(json!(true)) };
    assert_eq!(serde_json::to_value(change).unwrap(), json!({"path": "spec.paused", "new": true}));
}
