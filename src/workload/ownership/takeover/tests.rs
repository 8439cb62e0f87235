//! What is taken over from which tool, and what stays with it.

use serde_json::json;

use super::*;

const OURS: &str = "workloadctl:ns/web";

fn entry(manager: &str, operation: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "v1", "time": "t", "fieldsType": "FieldsV1", "fieldsV1": fields})
}

fn live(annotations: Value, entries: &[Value]) -> Value {
    json!({"metadata": {"annotations": annotations, "managedFields": entries}})
}

fn body() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "labels": {"app": "web"}}, "data": {"a": "1"}})
}

/// What is held afterwards: `manager operation: fields`, ours last.
fn held(takeover: &Takeover<'_>, live: &Value) -> Vec<String> {
    let Some(fields) = takeover.managed_fields(live) else { return vec!["as it is".into()] };
    let mut again = live.clone();
    again["metadata"]["managedFields"] = fields.clone();
    assert_eq!(takeover.managed_fields(&again), None, "a second time finds nothing");
    let entries = fields.as_array().unwrap().iter();
    let shown = entries.map(|entry| {
        let fields: Vec<String> = fields::members(&entry["fieldsV1"])
            .iter()
            .map(|member| fields::shown(&member.path) + if member.is_whole { "*" } else { "" })
            .collect();
        format!(
            "{} {}: {}",
            entry["manager"].as_str().unwrap(),
            entry["operation"].as_str().unwrap(),
            fields.join(" ")
        )
    });
    shown.collect()
}

fn takeover(body: &Value) -> Takeover<'_> {
    Takeover {
        body,
        manager: OURS,
        before: &[],
        yielded: &[],
        reclaimed: &[],
        gone: &[],
        adopting: false,
    }
}

#[test]
fn what_is_ours_is_taken_from_persons_and_nobody_else() {
    let body = body();
    let fields = json!({"f:data": {".": {}, "f:a": {}, "f:x": {}}});
    let before = [json!({"data": {"x": "gone"}})];
    let cases = [
        (
            "kubectl-edit",
            "",
            &[][..],
            vec!["kubectl-edit Update: data.x", "workloadctl:ns/web Apply: data* data.a"],
        ),
        (
            "before-first-apply",
            "",
            &[],
            vec!["before-first-apply Update: data.x", "workloadctl:ns/web Apply: data* data.a"],
        ),
        ("kubectl-edit", "", &before[..], vec!["workloadctl:ns/web Apply: data* data.a data.x"]),
        ("kubectl", "scale", &[], vec!["as it is"]),
        ("operator", "", &[], vec!["as it is"]),
        ("argocd-controller", "", &[], vec!["as it is"]),
        ("workloadctl:ns/other", "", &[], vec!["as it is"]),
    ];
    for (manager, subresource, before, expected) in cases {
        let mut theirs = entry(manager, "Update", fields.clone());
        theirs["subresource"] = json!(subresource);
        let takeover = Takeover { before, ..takeover(&body) };
        assert_eq!(held(&takeover, &live(json!({}), &[theirs])), expected, "{manager}");
    }
}

#[test]
fn our_entry_grows_by_what_it_held_together_with_a_person() {
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}});
    let ours = entry(OURS, "Apply", json!({"f:data": {"f:a": {}, "f:b": {}}}));
    let theirs = entry("kubectl", "Apply", json!({"f:data": {"f:b": {}, "f:c": {}}}));
    let takeover = takeover(&body);
    assert_eq!(
        held(&takeover, &live(json!({}), &[ours, theirs])),
        ["kubectl Apply: data.c", "workloadctl:ns/web Apply: data.a data.b"],
        "b left the definition, and is ours alone now; c was never ours"
    );
}

#[test]
fn labels_and_annotations_that_a_person_set_stay() {
    let body = body();
    let labels = entry(
        "kubectl-label",
        "Update",
        json!({"f:metadata": {"f:labels": {".": {}, "f:team": {}}}}),
    );
    let restart = entry(
        "kubectl-rollout",
        "Update",
        json!({"f:spec": {"f:template": {"f:metadata": {"f:annotations": {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}}}}}),
    );
    let adopting = Takeover { adopting: true, ..takeover(&body) };
    assert_eq!(
        held(&adopting, &live(json!({}), &[labels, restart])),
        [
            "kubectl-label Update: metadata.labels.team",
            "kubectl-rollout Update: spec.template.metadata.annotations* spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt",
            "workloadctl:ns/web Apply: metadata.labels"
        ]
    );
}

#[test]
fn adopting_replaces_the_definition_of_a_packager() {
    let body = body();
    let last =
        json!({LAST_APPLIED: json!({"data": {"a": "0", "b": "0"}}).to_string(), "note": "n"});
    let fields = json!({
        "f:metadata": {"f:annotations": {format!("f:{LAST_APPLIED}"): {}, "f:note": {}}, "f:finalizers": {"v:\"x\"": {}}},
        "f:data": {"f:a": {}, "f:b": {}, "f:c": {}},
        "f:spec": {"f:replicas": {}, "f:other": {}},
        "f:status": {"f:x": {}},
    });
    let all = format!("metadata.annotations.{LAST_APPLIED}");
    for (manager, operation, adopting, stays, goes) in [
        (
            "kubectl-client-side-apply",
            "Update",
            true,
            "metadata.finalizers[=\"x\"] spec.replicas status.x",
            format!("data.a data.b data.c {all} metadata.annotations.note spec.other"),
        ),
        (
            "helm",
            "Apply",
            true,
            "metadata.finalizers[=\"x\"] spec.replicas status.x",
            format!("data.a data.b data.c {all} metadata.annotations.note spec.other"),
        ),
        (
            "before-first-apply",
            "Update",
            true,
            "data.c metadata.annotations.note metadata.finalizers[=\"x\"] spec.other spec.replicas status.x",
            format!("data.a data.b {all}"),
        ),
        (
            "kubectl-client-side-apply",
            "Update",
            false,
            "data.b data.c metadata.annotations.note metadata.finalizers[=\"x\"] spec.other spec.replicas status.x",
            format!("data.a {all}"),
        ),
    ] {
        let takeover = Takeover { adopting, ..takeover(&body) };
        let live = live(last.clone(), &[entry(manager, operation, fields.clone())]);
        let mut found = held(&takeover, &live);
        for line in &mut found {
            let (who, fields) = line.split_once(": ").unwrap();
            let mut fields: Vec<&str> = fields.split(' ').collect();
            fields.sort_unstable();
            *line = format!("{who}: {}", fields.join(" "));
        }
        assert_eq!(
            found,
            [format!("{manager} {operation}: {stays}"), format!("{OURS} Apply: {goes}")]
        );
    }
}

#[test]
fn what_an_instance_left_whose_record_is_gone_is_taken_over() {
    let body = body();
    let theirs = entry("workloadctl:a/b", "Apply", json!({"f:data": {"f:a": {}, "f:b": {}}}));
    let live = live(json!({}), &[theirs]);
    let gone = ["workloadctl:a/b".to_owned()];
    let ours = takeover(&body);
    assert_eq!(held(&ours, &live), ["as it is"]);
    let ours = Takeover { gone: &gone, ..ours };
    let shared = ["workloadctl:a/b Apply: data.b", "workloadctl:ns/web Apply: data.a"];
    assert_eq!(held(&ours, &live), shared);
    let adopted = ["workloadctl:ns/web Apply: data.a data.b"];
    assert_eq!(held(&Takeover { adopting: true, ..ours }, &live), adopted);
}

#[test]
fn specs_that_cannot_change_keep_what_they_have() {
    let body = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"resources": {"requests": {"storage": "1Gi"}}}});
    let theirs = entry(
        "kubectl-create",
        "Update",
        json!({"f:spec": {"f:volumeName": {}, "f:resources": {"f:requests": {"f:storage": {}}}}}),
    );
    let adopting = Takeover { adopting: true, ..takeover(&body) };
    assert_eq!(
        held(&adopting, &live(json!({}), &[theirs])),
        [
            "kubectl-create Update: spec.volumeName",
            "workloadctl:ns/web Apply: spec.resources.requests.storage"
        ]
    );
}

#[test]
fn an_item_that_leaves_takes_along_what_a_person_put_into_it() {
    let body = json!({"apiVersion": "v1", "spec": {"containers": [{"name": "web", "image": "x"}]}});
    let before = [
        json!({"spec": {"containers": [{"name": "web", "image": "x", "livenessProbe": {"httpGet": {}}}, {"name": "side"}]}}),
    ];
    let item = |name: &str, fields: Value| (format!("k:{{\"name\":\"{name}\"}}"), fields);
    let containers: serde_json::Map<_, _> = [
        item("web", json!({"f:env": {"f:x": {}}, "f:livenessProbe": {"f:periodSeconds": {}}})),
        item("side", json!({"f:env": {"f:x": {}}})),
        item("theirs", json!({".": {}, "f:image": {}})),
    ]
    .into_iter()
    .collect();
    let theirs = entry("kubectl-edit", "Update", json!({"f:spec": {"f:containers": containers}}));
    let takeover = Takeover { before: &before, ..takeover(&body) };
    assert_eq!(
        held(&takeover, &live(json!({}), &[theirs])),
        [
            "kubectl-edit Update: spec.containers[name=\"theirs\"]* spec.containers[name=\"theirs\"].image spec.containers[name=\"web\"].env.x",
            "workloadctl:ns/web Apply: spec.containers[name=\"side\"].env.x spec.containers[name=\"web\"].livenessProbe.periodSeconds",
        ]
    );
}

#[test]
fn a_list_that_leaves_takes_along_no_item_that_a_person_added() {
    let body = json!({"apiVersion": "v1", "spec": {"containers": [{"name": "web"}]}});
    let before = [json!({"spec": {"containers": [{"name": "web", "env": [{"name": "A"}],
        "args": ["a"]}]}})];
    let containers = json!({"k:{\"name\":\"web\"}": {
        "f:env": {"k:{\"name\":\"A\"}": {"f:value": {}}, "k:{\"name\":\"Z\"}": {".": {}, "f:value": {}}},
        "f:args": {"v:\"z\"": {}},
    }});
    let theirs = entry("kubectl-edit", "Update", json!({"f:spec": {"f:containers": containers}}));
    let takeover = Takeover { before: &before, ..takeover(&body) };
    assert_eq!(
        held(&takeover, &live(json!({}), &[theirs])),
        [
            "kubectl-edit Update: spec.containers[name=\"web\"].args[=\"z\"] spec.containers[name=\"web\"].env[name=\"Z\"]* spec.containers[name=\"web\"].env[name=\"Z\"].value",
            "workloadctl:ns/web Apply: spec.containers[name=\"web\"].env[name=\"A\"].value",
        ]
    );
}

#[test]
fn what_is_left_stays_and_what_is_taken_back_leaves_every_entry() {
    let body = json!({"apiVersion": "v1", "spec": {"replicas": 3, "x": 1}});
    let replicas = || json!({"f:spec": {"f:replicas": {}}});
    let mut scaled = entry("kube-controller-manager", "Update", replicas());
    scaled["subresource"] = json!("scale");
    let entries = [
        scaled,
        entry("workloadctl-yielded", "Apply", replicas()),
        entry("kubectl-set", "Update", replicas()),
    ];
    let live = live(json!({}), &entries);
    let left = ["spec.replicas"];
    assert_eq!(held(&Takeover { yielded: &left, ..takeover(&body) }, &live), ["as it is"]);
    assert_eq!(
        held(&takeover(&body), &live),
        [
            "kube-controller-manager Update: spec.replicas",
            "workloadctl:ns/web Apply: spec.replicas"
        ]
    );
    assert_eq!(
        held(&Takeover { reclaimed: &left, ..takeover(&body) }, &live),
        ["workloadctl:ns/web Apply: spec.replicas"]
    );
}

#[test]
fn of_another_version_only_what_the_body_sets_and_metadata_are_taken() {
    let body = json!({"apiVersion": "autoscaling/v2", "spec": {"maxReplicas": 3}});
    let fields = json!({"f:metadata": {"f:annotations": {"f:x": {}}}, "f:spec": {"f:maxReplicas": {}, "f:old": {}}});
    let theirs = entry("helm", "Update", fields);
    let adopting = Takeover { adopting: true, ..takeover(&body) };
    assert_eq!(
        held(&adopting, &live(json!({}), &[theirs])),
        [
            "helm Update: spec.old",
            "workloadctl:ns/web Apply: metadata.annotations.x spec.maxReplicas"
        ]
    );
}
