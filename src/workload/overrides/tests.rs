use serde_json::json;

use super::*;
use crate::workload::{
    error::{Error, Result},
    kinds::{Kinds, tests::objects},
    object::Object,
};

const SET: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template:
    spec:
      initContainers: [{name: init, image: 'r.io/web:1'}]
      containers: [{name: web, image: 'r.io/web:1'}, {name: log, image: busybox}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: web, image: 'r.io/other:1'}]}}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {rules: [{host: a}]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: app}, data: {a: b}}
---
{apiVersion: v1, kind: Secret, metadata: {name: app}, data: {a: Yg==}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:web'}, rules: []}
---
apiVersion: example.com/v1
kind: Cluster
metadata: {name: db}
spec: {replicas: 1, hosts: [{name: a, weight: 1}]}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: once}, spec: {template: {spec: {}}}}
";

fn apply_to(text: &str, overrides: &Overrides) -> Result<(Vec<Object>, Vec<String>)> {
    let mut objects = objects(text);
    let set = apply(overrides, &mut objects, &Kinds::builtin())?;
    Ok((objects, set))
}

fn images(pairs: &[(&str, &str)]) -> Overrides {
    let images = pairs.iter().map(|(key, image)| ((*key).to_owned(), (*image).to_owned()));
    Overrides { images: images.collect(), ..Overrides::default() }
}

fn sets(pairs: &[(&str, Value)]) -> Overrides {
    let sets = pairs.iter().map(|(place, value)| ((*place).to_owned(), value.clone()));
    Overrides { sets: sets.collect(), ..Overrides::default() }
}

fn failed(overrides: &Overrides) -> Error {
    apply_to(SET, overrides).unwrap_err()
}

#[test]
fn images_are_set_by_container_name_else_by_repository() {
    let (objects, set) = apply_to(SET, &images(&[("web", "new:2")])).unwrap();
    let containers = &objects[0].body["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["image"], "new:2");
    assert_eq!(
        set,
        [
            "Deployment/web: image of container web is new:2",
            "CronJob/nightly: image of container web is new:2",
        ]
    );
    let (_, set) = apply_to(SET, &images(&[("r.io/web", "new:2")])).unwrap();
    assert_eq!(
        set,
        [
            "Deployment/web: image of container init is new:2",
            "Deployment/web: image of container web is new:2",
        ]
    );
    let both = images(&[("web", "busybox:2"), ("busybox", "busybox:3"), ("r.io/web", "z")]);
    let (objects, _) = apply_to(SET, &both).unwrap();
    let spec = &objects[0].body["spec"]["template"]["spec"];
    let image = |list: &str, index: usize| spec[list][index]["image"].as_str().unwrap().to_owned();
    assert_eq!(
        [image("initContainers", 0), image("containers", 0), image("containers", 1)],
        ["z", "busybox:2", "busybox:3"],
        "names come first, and nothing is overridden twice"
    );
}

#[test]
fn an_image_without_a_target_is_refused() {
    let error = failed(&images(&[("wbe", "x")]));
    assert_eq!((error.code.word(), error.kind.exit_code()), ("unknown-container", 2));
    assert_eq!(error.hint.as_deref(), Some("`--image wbe-` removes it where it was stored"));
    let error = failed(&images(&[("r.io/web2", "x")]));
    assert_eq!(error.causes, ["the nearest is r.io/web"]);
    let none = apply_to("{apiVersion: v1, kind: Pod, metadata: {name: a}}", &images(&[("a", "b")]));
    assert_eq!(none.unwrap_err().causes, ["no object has a built-in pod template"]);
}

#[test]
fn replicas_are_set_where_a_kind_has_them() {
    let replicas = |object: &str| Overrides {
        replicas: BTreeMap::from([(object.to_owned(), 3)]),
        ..Overrides::default()
    };
    for (object, index) in [("deploy/web", 0), ("Cluster/db", 6), ("clusters/db", 6)] {
        let (objects, set) = apply_to(SET, &replicas(object)).unwrap();
        assert_eq!(objects[index].body["spec"]["replicas"], 3, "{object}");
        assert_eq!(set.len(), 1);
    }
    for (object, code) in [
        ("Job/once", "no-replicas"),
        ("Deployment/wbe", "unknown-object"),
        ("web", "invalid-object"),
    ] {
        let error = failed(&replicas(object));
        assert_eq!((error.code.word(), error.kind.exit_code()), (code, 2), "{object}");
    }
    let error = failed(&replicas("Deployment/wbe"));
    assert_eq!(error.causes, ["there is no object Deployment/wbe", "write `Deployment/web`"]);
    assert_eq!(
        error.hint.as_deref(),
        Some("`--replicas Deployment/wbe-` removes it where it was stored")
    );
    let sets = BTreeMap::from([(
        "Deployment/wbe:spec.template.metadata.labels[a]".to_owned(),
        Value::Null,
    )]);
    let error = failed(&Overrides { sets, ..Overrides::default() });
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "`--set 'Deployment/wbe:spec.template.metadata.labels[a]-'` removes it where it was stored"
        ),
        "a shell takes the brackets for a pattern"
    );
}

#[test]
fn values_are_set_by_path() {
    for (place, value, index, pointer) in [
        ("Ingress/web:spec.rules[0].host", json!("b"), 2, "/spec/rules/0/host"),
        ("ing/web:metadata.annotations[a.b/c]", json!("b"), 2, "/metadata/annotations/a.b~1c"),
        (
            "deploy/web:spec.template.spec.containers[name=log].image",
            json!("x"),
            0,
            "/spec/template/spec/containers/1/image",
        ),
        ("ConfigMap/app:data[\"a:b=c\"]", json!("8080"), 3, "/data/a:b=c"),
        ("ClusterRole/system:web:rules", json!([{"verbs": ["get"]}]), 5, "/rules"),
        ("Cluster/db:spec.hosts[name=a].weight", json!(2), 6, "/spec/hosts/0/weight"),
        ("Job/once:spec.backoffLimit", json!(2), 7, "/spec/backoffLimit"),
    ] {
        let (objects, _) = apply_to(SET, &sets(&[(place, value.clone())])).unwrap();
        assert_eq!(objects[index].body.pointer(pointer), Some(&value), "{place}");
    }
    let secret = sets(&[("Secret/app:stringData.b", json!("hidden"))]);
    let (objects, set) = apply_to(SET, &secret).unwrap();
    assert_eq!(objects[4].body["data"], json!({"a": "Yg==", "b": "aGlkZGVu"}));
    assert_eq!(objects[4].body.get("stringData"), None);
    assert_eq!(set, ["Secret/app: stringData.b is set"]);
    let (objects, set) = apply_to(SET, &sets(&[("ConfigMap/app:data", Value::Null)])).unwrap();
    assert_eq!(objects[3].body.get("data"), None);
    assert_eq!(set, ["ConfigMap/app: data is removed"]);
}

#[test]
fn wrong_sets_are_refused() {
    for (place, value, code) in [
        ("Ingress/wbe:spec.x", json!(1), "unknown-object"),
        ("Ingress/web:spec.rules[3].host", json!("a"), "invalid-override"),
        ("Ingress/web:spec..x", json!("a"), "invalid-override"),
        ("Ingress/web", json!("a"), "invalid-override"),
        ("Ingress/web:metadata.name", json!("a"), "invalid-override"),
        ("Ingress/web:kind", json!("a"), "invalid-override"),
        ("Ingress/web:metadata.namespace", json!("a"), "invalid-override"),
        ("Ingress/web:metadata", Value::Null, "invalid-override"),
        ("ConfigMap/app:data.a", json!(8080), "invalid-override"),
        (
            "deploy/web:spec.template.spec.containers[name=log].image",
            json!(true),
            "invalid-override",
        ),
    ] {
        let error = failed(&sets(&[(place, value)]));
        assert_eq!((error.code.word(), error.kind.exit_code()), (code, 2), "{place}");
    }
    let error = failed(&sets(&[("ConfigMap/app:data.a", json!(8080))]));
    // What YAML made of `08080` is not what was typed: the value is given back nowhere.
    let told = format!("{} {}", error.message, error.hint.unwrap_or_default());
    assert!(told.contains("put the value in quotes") && !told.contains("8080"), "{told}");
    let error = failed(&sets(&[("Ingress/web:spec.rules[3].host", json!("a"))]));
    assert_eq!(
        error.message,
        "--set Ingress/web:spec.rules[3].host: spec.rules has 1 item, counted from 0"
    );
}

#[test]
fn patches_merge_strategically_or_as_json() {
    let overrides = Overrides {
        patches: vec![
            json!({"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": null,
                "template": {"spec": {"containers": [{"name": "log", "image": "x"}]}}}}),
            json!({"apiVersion": "example.com/v1", "kind": "Cluster", "metadata": {"name": "db"},
                "spec": {"hosts": [{"name": "b"}]}}),
        ],
        ..Overrides::default()
    };
    let (objects, set) = apply_to(SET, &overrides).unwrap();
    let spec = &objects[0].body["spec"];
    assert_eq!(spec.get("replicas"), None);
    assert_eq!(
        spec["template"]["spec"]["containers"],
        json!([{"name": "web", "image": "r.io/web:1"}, {"name": "log", "image": "x"}])
    );
    assert_eq!(objects[6].body["spec"]["hosts"], json!([{"name": "b"}]));
    assert_eq!(set, ["Deployment/web: patched", "Cluster/db: patched"]);
    for patch in [
        json!({"kind": "Deployment"}),
        json!({"kind": "Deployment", "metadata": {"name": "wbe"}}),
        json!({"apiVersion": "other/v1", "kind": "Deployment", "metadata": {"name": "web"}}),
        json!({"kind": "Deployment", "metadata": {"name": "web", "$patch": "delete"}}),
    ] {
        let overrides = Overrides { patches: vec![patch.clone()], ..Overrides::default() };
        assert_eq!(failed(&overrides).kind.exit_code(), 2, "{patch}");
    }
}

#[test]
fn a_restart_changes_what_has_pods_to_restart() {
    let overrides =
        Overrides { restarted_at: Some("2026-01-01T00:00:00Z".to_owned()), ..Overrides::default() };
    let annotated = |overrides: &Overrides| -> Vec<String> {
        let (restarted, _) = apply_to(SET, overrides).unwrap();
        assert_eq!(restarted[1..7], objects(SET)[1..7], "nothing else changes");
        let pointer = "/spec/template/metadata/annotations/workloadctl~1restartedAt";
        let stamp = |object: &Object| object.body.pointer(pointer).cloned();
        let stamps = restarted.iter().filter_map(|it| Some((it.id(), stamp(it)?)));
        stamps.map(|(id, stamp)| format!("{id} {}", stamp.as_str().unwrap())).collect()
    };
    let (first, later) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    assert_eq!(
        annotated(&overrides),
        [format!("Deployment/web {first}"), format!("Job/once {first}")]
    );
    let one = BTreeMap::from([("Deployment/web".to_owned(), later.to_owned())]);
    let alone = Overrides { restarts: one.clone(), ..Overrides::default() };
    assert_eq!(annotated(&alone), [format!("Deployment/web {later}")]);
    let both = Overrides { restarts: one, ..overrides };
    assert_eq!(annotated(&both), [format!("Deployment/web {later}"), format!("Job/once {first}")]);
}

#[test]
fn objects_that_name_no_namespace_are_in_the_first_that_is_brought() {
    let text = "{apiVersion: v1, kind: Namespace, metadata: {name: one}}\n---\n\
        {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {}}\n---\n\
        {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: two}, spec: {}}";
    let overrides = Overrides {
        replicas: BTreeMap::from([("one/Deployment/web".to_owned(), 3)]),
        ..Overrides::default()
    };
    let (objects, _) = apply_to(text, &overrides).unwrap();
    assert_eq!(objects[1].body["spec"]["replicas"], 3);
    assert_eq!(objects[1].body["metadata"].get("namespace"), None);
}

/// Gives what an edit does, however it was said.
fn unsaid(mut edit: OverrideEdit) -> OverrideEdit {
    match &mut edit {
        OverrideEdit::Image { said, .. }
        | OverrideEdit::Replicas { said, .. }
        | OverrideEdit::Set { said, .. } => *said = None,
        OverrideEdit::Patches(_) | OverrideEdit::NoPatch(_) => {}
    }
    edit
}

#[test]
fn flags_are_parsed() {
    let image = |name: &str, image: Option<&str>| OverrideEdit::Image {
        name: name.to_owned(),
        image: image.map(str::to_owned),
        said: None,
    };
    let replicas = |object: &str, count| OverrideEdit::Replicas {
        object: object.to_owned(),
        count,
        said: None,
    };
    let set = |place: &str, value| OverrideEdit::Set { place: place.to_owned(), value, said: None };
    for (parsed, wanted) in [
        (parse_image("web=nginx:2"), image("web", Some("nginx:2"))),
        (parse_image("r.io/web=a@sha256:0="), image("r.io/web", Some("a@sha256:0="))),
        (parse_image("web-"), image("web", None)),
        (parse_replicas("Deployment/web=3"), replicas("Deployment/web", Some(3))),
        (parse_replicas("Deployment/web-"), replicas("Deployment/web", None)),
        (parse_set("a/b:c=d"), set("a/b:c", Some(json!("d")))),
        (parse_set("a/b:c[name=x].d=e=f"), set("a/b:c[name=x].d", Some(json!("e=f")))),
        (parse_set("a/b:c[\"x]=\"]=1"), set("a/b:c[\"x]=\"]", Some(json!(1)))),
        (parse_set("a/b:c={x: 1, z: [yes]}"), set("a/b:c", Some(json!({"x": 1, "z": [true]})))),
        (parse_set("a/b:c=x: 1\nz: 2"), set("a/b:c", Some(json!({"x": 1, "z": 2})))),
        (parse_set("a/b:c={\"x\": 1}"), set("a/b:c", Some(json!({"x": 1})))),
        (parse_set("a/b:c=\"1\""), set("a/b:c", Some(json!("1")))),
        (parse_set("a/b:c=null"), set("a/b:c", Some(Value::Null))),
        (parse_set("a/b:c[name=x]-"), set("a/b:c[name=x]", None)),
    ] {
        assert_eq!(parsed.map(unsaid), Ok(wanted));
    }
    for wrong in ["web", "=x", "web=", "-", "", "web=a b"] {
        assert_eq!(parse_image(wrong).unwrap_err().kind.exit_code(), 2, "{wrong}");
    }
    for wrong in
        ["web=3", "Deployment/web", "Deployment/web=x", "Deployment/web=-1", "a/b=3000000000"]
    {
        assert_eq!(parse_replicas(wrong).unwrap_err().kind.exit_code(), 2, "{wrong}");
    }
    for wrong in ["a/b=c", "a:b=c", "a/b:c", "a/b:c=", "a/b:c=#fff", "a/b:c={", "a/b:c=[1"] {
        assert_eq!(parse_set(wrong).unwrap_err().kind.exit_code(), 2, "{wrong}");
    }
}

#[test]
fn a_patch_takes_the_place_of_the_one_for_its_object() {
    let patch = |kind: &str, version: Option<&str>, name: &str, value: u8| {
        let mut patch = json!({"kind": kind, "metadata": {"name": name}, "spec": value});
        if let Some(version) = version {
            patch["apiVersion"] = version.into();
        }
        patch
    };
    let stored = Overrides {
        patches: vec![patch("Deployment", None, "web", 1), patch("Service", None, "web", 2)],
        ..Overrides::default()
    };
    let again = patch("Deployment", Some("apps/v1"), "web", 3);
    let merged = merge(&stored, &[OverrideEdit::Patches(vec![again.clone()])]);
    assert_eq!(merged.patches, [patch("Service", None, "web", 2), again.clone()]);
    for (object, left) in [("deploy/web", 1), ("Deployment.apps/web", 1), ("Deployment/x", 2)] {
        let merged = merge(&merged, &[OverrideEdit::NoPatch(object.to_owned())]);
        assert_eq!(merged.patches.len(), left, "{object}");
    }
    assert_eq!(
        merged.missing_from(&Overrides::default()),
        ["--patch Service/web", "--patch Deployment.apps/web"]
    );
}

#[test]
fn edits_change_the_stored_overrides_key_by_key() {
    let stored = Overrides {
        images: BTreeMap::from([("web".into(), "a".into()), ("db".into(), "b".into())]),
        replicas: BTreeMap::from([
            ("deploy/web".into(), 2),
            ("x/Cluster.example.com/db".into(), 1),
        ]),
        sets: BTreeMap::from([("Ingress/web:spec.a".into(), json!(1))]),
        patches: vec![json!({"kind": "Job", "metadata": {"name": "a"}, "spec": 1})],
        restarted_at: Some("then".into()),
        restarts: [("Deployment/web".into(), "later".into())].into(),
        said: Sayings::default(),
    };
    let edits: Vec<OverrideEdit> = [
        parse_image("web=c"),
        parse_image("db-"),
        parse_image("none-"),
        parse_replicas("deployments.apps/api=3"),
        parse_replicas("Deployments/web-"),
        parse_set("ing/web:spec.b=2"),
        parse_set("ING/web:spec.a-"),
    ]
    .into_iter()
    .collect::<Result<_>>()
    .unwrap();
    let merged = merge(&stored, &edits);
    assert_eq!(
        merged,
        Overrides {
            images: BTreeMap::from([("web".into(), "c".into())]),
            replicas: BTreeMap::from([
                ("Deployment.apps/api".into(), 3),
                ("x/Cluster.example.com/db".into(), 1)
            ]),
            sets: BTreeMap::from([("Ingress/web:spec.b".into(), json!(2))]),
            patches: stored.patches.clone(),
            restarted_at: Some("then".into()),
            restarts: [("Deployment/web".into(), "later".into())].into(),
            said: Sayings::default(),
        }
    );
}

/// What there is, by the drop; and what is said where there is none of that name.
#[test]
fn only_what_is_there_is_dropped() {
    let known = Overrides {
        images: BTreeMap::from([("web".into(), "a".into())]),
        replicas: BTreeMap::from([("Deployment/web".into(), 2)]),
        sets: BTreeMap::from([("Ingress/web:spec.a".into(), json!(1))]),
        patches: vec![json!({"kind": "Job", "metadata": {"name": "a"}, "spec": 1})],
        ..Overrides::default()
    };
    let check = |edits: &[Result<OverrideEdit>]| {
        let edits: Vec<_> = edits.iter().map(|edit| edit.clone().unwrap()).collect();
        let wrong = check_drops(&edits, &[&Overrides::default(), &known]).err()?;
        Some((wrong.message, wrong.causes.join("; "), wrong.hint.unwrap_or_default()))
    };
    let no_patch = |object: &str| Ok(OverrideEdit::NoPatch(object.to_owned()));
    for right in [
        &[parse_image("web-")][..],
        &[parse_replicas("deploy/web-")],
        &[parse_set("ing/web:spec.a-")],
        &[no_patch("jobs.batch/a")],
        &[parse_image("new=x"), parse_image("new-")],
    ] {
        assert_eq!(check(right), None);
    }
    let all = "overridden: --image web, --replicas Deployment/web, --set Ingress/web:spec.a, --patch Job/a";
    for (wrong, message, hint) in [
        (
            &[parse_image("wbe-")][..],
            "--image wbe-: there is no such override",
            "the nearest is `--image web-`",
        ),
        (
            &[parse_replicas("deploy/nope-")],
            "--replicas deploy/nope-: there is no such override",
            "the nearest is `--replicas Deployment/web-`",
        ),
        (
            &[parse_set("ing/web:spec.b-")],
            "--set ing/web:spec.b-: there is no such override",
            "the nearest is `--set Ingress/web:spec.a-`",
        ),
        (
            &[no_patch("Job/b")],
            "--patch Job/b-: there is no such override",
            "the nearest is `--patch Job/a-`",
        ),
        (
            &[parse_image("x-"), no_patch("Job/xy")],
            "--image x-, --patch Job/xy-: there are no such overrides",
            "the nearest is `--patch Job/a-`",
        ),
    ] {
        assert_eq!(check(wrong), Some((message.into(), all.into(), hint.into())));
    }
    let nothing = check_drops(&[parse_image("web-").unwrap()], &[]).unwrap_err();
    assert_eq!((nothing.causes, nothing.hint), (vec!["nothing is overridden".to_owned()], None));
}
