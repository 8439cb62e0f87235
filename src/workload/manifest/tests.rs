mod golden;

use crate::workload::error::Code;
use serde_json::{Value, json};

use super::*;

fn file(name: &str, text: &str) -> SourceFile {
    SourceFile { name: name.to_owned(), text: text.into() }
}

fn loaded(text: &str) -> Loaded {
    load(vec![file("a.yaml", text)]).unwrap_or_else(|errors| panic!("{text:?}: {errors:?}"))
}

fn bodies(text: &str) -> Vec<Value> {
    loaded(text).content.objects.into_iter().map(|object| (*object.body).clone()).collect()
}

fn refused(text: &str) -> Vec<(&'static str, String)> {
    let errors = load(vec![file("a.yaml", text)]).expect_err(text);
    errors.into_iter().map(|error| (error.code.word(), error.message)).collect()
}

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

#[test]
fn objects_come_with_their_places() {
    let text = "# c\n\napiVersion: v1\nkind: List\nitems:\n- kind: A\n  apiVersion: x/v1\n  metadata: {name: a}\n-\n  apiVersion: x/v1\n  kind: B\n  metadata: {name: b}\n---\napiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: c}\n";
    let found: Vec<_> = loaded(text)
        .content
        .objects
        .iter()
        .map(|object| (object.id().to_string(), object.origin.to_string()))
        .collect();
    let expected = [("A/a", "a.yaml:6"), ("B/b", "a.yaml:10"), ("ConfigMap/c", "a.yaml:17")];
    assert_eq!(found, expected.map(|(id, origin)| (id.to_owned(), origin.to_owned())));
}

#[test]
fn bodies_stay_as_kubectl_would_send_them() {
    let text = "apiVersion: v1\nkind: A\nmetadata: {name: a, creationTimestamp: null}\nspec: {a: null, b: 0644}\nstatus: {c: 1}\n";
    assert_eq!(
        bodies(text),
        [
            json!({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "creationTimestamp": null},
            "spec": {"a": null, "b": 420}, "status": {"c": 1}})
        ]
    );
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: hi}\n";
    assert_eq!(bodies(secret)[0]["data"], json!({"a": "aGk="}));
    let other = secret.replace("v1", "example.com/v1");
    assert_eq!(bodies(&other)[0]["stringData"], json!({"a": "hi"}));
}

#[test]
fn a_record_is_no_manifest() {
    for (kind, is_record) in
        [("workloadctl/record", true), ("workloadctl/record-part", true), ("Opaque", false)]
    {
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: workloadctl.web}}\ntype: {kind}\n"
        );
        if is_record {
            let message = "a.yaml:4:7: a Secret of this type is the record of an instance, which only workloadctl writes";
            assert_eq!(refused(&text), [("record-manifest", message.to_owned())]);
        } else {
            assert_eq!(bodies(&text).len(), 1);
        }
        assert_eq!(bodies(&text.replace("v1", "example.com/v1")).len(), 1);
    }
}

#[test]
fn what_is_wrong_is_told_at_once_and_in_place() {
    let text = format!(
        "kind: A\n---\n- 1\n---\n{HEAD}data: {{a: 1, b: yes, c: 0x10, d: [x]}}\n---\napiVersion: v1\nkind: A\nmetadata: {{generateName: a-}}\n---\napiVersion: v1\nkind: A\nmetadata: {{name: 1}}\n"
    );
    let expected = [
        ("missing-field", "a.yaml:1:1: an object without apiVersion, metadata.name"),
        ("not-an-object", "a.yaml:3:1: an object must be a mapping, this is a list"),
        (
            "not-a-string",
            "a.yaml:8:11: ConfigMap data must be text, but `data.a: 1` is the number 1",
        ),
        (
            "not-a-string",
            "a.yaml:8:17: ConfigMap data must be text, but `data.b: yes` is the boolean true",
        ),
        (
            "not-a-string",
            "a.yaml:8:25: ConfigMap data must be text, but `data.c: 0x10` is the number 16",
        ),
        ("not-a-string", "a.yaml:8:34: ConfigMap data must be text, but `data.d` is a list"),
        (
            "generate-name",
            "a.yaml:12:26: `metadata.generateName` would make another object on every deploy",
        ),
        ("not-a-string", "a.yaml:16:18: it must be text, but `metadata.name: 1` is the number 1"),
    ];
    assert_eq!(refused(&text), expected.map(|(code, message)| (code, message.to_owned())));
}

#[test]
fn foreign_documents_are_named() {
    for (text, code) in [
        (
            "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: a}\n",
            "workload-file",
        ),
        ("Workload:\n  Name: a\n", "workload-file"),
        ("KubernetesWorkloadInstance: {}\n", "workload-file"),
        ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "kustomization"),
        ("apiVersion: v1\nkind: List\nitems: [{kind: List, items: []}]\n", "nested-list"),
        ("apiVersion: v1\nkind: A\nitems: {}\n", "not-an-object"),
        ("hello\n", "not-an-object"),
    ] {
        assert_eq!(refused(text)[0].0, code, "{text}");
    }
}

#[test]
fn the_same_object_twice_must_be_the_same() {
    assert_eq!(bodies(&format!("{HEAD}---\n{HEAD}---\n# c\n{HEAD}")).len(), 1);
    let other_version = HEAD.replace("v1", "v2");
    let errors = refused(&format!("{HEAD}data: {{a: b}}\n---\n{HEAD}---\n{other_version}"));
    let message =
        |line| format!("a.yaml:{line}: ConfigMap/a is there twice, with other content in a.yaml:1");
    assert_eq!(errors, [("object-twice", message(6)), ("object-twice", message(10))]);
}

#[test]
fn hooks_that_no_deploy_runs_are_left_out() {
    for (hook, left_out) in [
        ("test", true),
        ("test-success,pre-delete, post-delete", true),
        ("test, post-rollback", false),
        ("pre-install", false),
        ("post-upgrade,test", false),
        ("crd-install", true),
        ("pre-install,unheard-of", true),
        ("", false),
    ] {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations: {{helm.sh/hook: \"{hook}\"}}\n"
        );
        let loaded = loaded(&text);
        assert_eq!(loaded.left_out.len(), usize::from(left_out), "{hook}");
        assert_eq!(loaded.content.objects.len(), usize::from(!left_out), "{hook}");
        assert_eq!(loaded.require_objects().is_err(), left_out, "{hook}");
    }
    let error = loaded("").require_objects().unwrap_err();
    assert_eq!((error.code.word(), &*error.message), ("no-objects", "no objects in a.yaml"));
}

#[test]
fn a_live_identity_is_dropped_with_a_warning() {
    let text = "apiVersion: v1\nkind: A\nmetadata: {name: a, uid: x, resourceVersion: '1', managedFields: null}\n";
    let loaded = loaded(text);
    assert_eq!(loaded.content.objects[0].body["metadata"], json!({"name": "a"}));
    let expected = "A/a (a.yaml:1) was saved from a cluster: its metadata.uid, metadata.resourceVersion is left out";
    assert_eq!(loaded.warnings, [expected]);
    let dying = "apiVersion: v1\nkind: A\nmetadata: {name: a, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30}\n";
    let loaded = self::loaded(dying);
    assert_eq!(loaded.content.objects[0].body["metadata"], json!({"name": "a"}));
    let expected = "A/a (a.yaml:1) was saved from a cluster: its metadata.deletionTimestamp, metadata.deletionGracePeriodSeconds is left out";
    assert_eq!(loaded.warnings, [expected]);
}

#[test]
fn more_mistakes_than_are_told_are_hinted_at() {
    let more = "; more may be wrong: no more than 100 mistakes are told";
    let nameless = "apiVersion: v1\nkind: A\n---\n";
    let twice: String = (0..120).map(|n| format!("{HEAD}data: {{a: \"{n}\"}}\n---\n")).collect();
    let labels: String = (0..120).map(|n| format!("    l{n}: {n}\n")).collect();
    let labels = format!("apiVersion: v1\nkind: A\nmetadata:\n  name: a\n  labels:\n{labels}");
    for text in [nameless.repeat(120), twice, labels, "- [\n---\n".repeat(120)] {
        let errors = refused(&text);
        assert_eq!(errors.len(), 100);
        assert!(errors[99].1.ends_with(more), "{}", errors[99].1);
        assert!(errors[..99].iter().all(|(_, message)| !message.contains(more)));
    }
    let errors = refused(&nameless.repeat(99));
    assert!(errors.iter().all(|(_, message)| !message.contains(more)));
}

#[test]
fn several_errors_become_one() {
    let errors = load(vec![file("a", "kind: A\n"), file("b", "a: [\n")]).unwrap_err();
    let one = combine(errors.clone());
    assert_eq!(one.message, "2 errors in the manifests");
    assert_eq!(one.causes.len(), 2);
    assert_eq!(one.code, Code::MissingField);
    assert_eq!(combine(errors[..1].to_vec()), errors[0]);
}

#[test]
fn objects_are_rendered_as_documents_or_as_a_list() {
    let objects = bodies(&format!("{HEAD}---\n{}", HEAD.replace("name: a", "name: b")));
    let text = yaml_of(&objects);
    assert_eq!(text.matches("---\n").count(), 1);
    assert_eq!(bodies(&text), objects);
    assert_eq!(bodies(&json_of(&objects)), objects);
    assert!(
        yaml_of(&objects).starts_with("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n")
    );
}

#[test]
fn each_of_several_errors_has_its_place_its_object_and_its_own_hint() {
    let error = |text: &str, line| {
        Error::usage(Code::UnknownKind, text).object("Gear/g").at(&Origin::line("a.yaml", line))
    };
    let all = combine(vec![error("no such kind", 1).hint("one"), error("a.yaml:3: no name", 3)]);
    assert_eq!(all.causes, ["a.yaml:1: Gear/g: no such kind; one", "a.yaml:3: Gear/g: no name"]);
    assert_eq!(all.hint, None);
    let alike = combine(vec![error("a", 1).hint("one"), error("b", 2).hint("one")]);
    assert_eq!((alike.hint.as_deref(), &*alike.causes[0]), (Some("one"), "a.yaml:1: Gear/g: a"));
}

fn yaml_of(objects: &[Value]) -> String {
    let mut documents = YamlDocuments::default();
    objects.iter().for_each(|object| documents.add(object));
    documents.finish()
}

fn json_of(objects: &[Value]) -> String {
    let mut list = JsonList::default();
    objects.iter().for_each(|object| list.add(object));
    list.finish()
}

#[test]
fn a_list_is_indented_as_serde_indents_it() {
    let objects =
        [json!({"a": {}, "b": [], "c": "x\n  y\r\u{2028}"}), json!([{"a": [1]}]), json!({})];
    for count in 0..=objects.len() {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects[..count]});
        assert_eq!(json_of(&objects[..count]), format!("{list:#}\n"));
    }
}
