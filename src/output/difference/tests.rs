//! What people see of a difference, whole.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;

fn shown(old: &Value, new: &Value, style: DiffStyle) -> String {
    show("Deployment/web", &Difference::between(old, new), style, Stream::PLAIN)
}

fn deployment(replicas: u32, image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "replicas": replicas, "template": {"spec": {"containers": [
            {"name": "log", "image": "log:1", "args": ["a", "b", "c", "d"]},
            {"name": "web", "image": image, "args": ["a", "b", "c", "d"]}]}}}})
}

fn config(text: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"},
        "data": {"web.conf": text}})
}

#[test]
fn a_line_tells_of_a_field() {
    let (old, mut new) = (deployment(1, "web:1"), deployment(3, "web:2"));
    new["metadata"]["labels"] = json!({"true": "true", "arrow": "a -> b"});
    assert_snapshot!(shown(&old, &new, DiffStyle::Fields), @r#"
    Deployment/web
      + metadata.labels: {"arrow":"a -> b","true":"true"}
      ~ spec.replicas: 1 -> 3
      ~ spec.template.spec.containers[name=web].image: web:1 -> web:2
    "#);
    assert_eq!(shown(&old, &old, DiffStyle::Fields), "");
    assert_eq!(shown(&old, &new, DiffStyle::None), "");
}

#[test]
fn yaml_is_shown_around_what_differs() {
    let (old, new) = (deployment(1, "web:1"), deployment(3, "web:2"));
    assert_snapshot!(shown(&old, &new, DiffStyle::Unified), @"
    Deployment/web
      @@ . @@
        metadata:
          name: web
        spec:
      -   replicas: 1
      +   replicas: 3
          template:
            spec:
              containers:
      @@ spec.template.spec.containers[name=web].args @@
                - b
                - c
                - d
      -         image: web:1
      +         image: web:2
                name: web
    ");
}

#[test]
fn texts_of_several_lines_are_compared_line_by_line() {
    let (old, new) =
        (config("a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n"), config("a: 1\nb: 2\nc: 3\nd: 4\ne: 6\nf: 7\n"));
    assert_snapshot!(shown(&old, &new, DiffStyle::Fields), @r#"
    Deployment/web
      ~ data["web.conf"]: 2 lines added, 1 removed
    "#);
    assert_snapshot!(shown(&old, &new, DiffStyle::Unified), @"
    Deployment/web
      @@ data.web.conf @@
            b: 2
            c: 3
            d: 4
      -     e: 5
      +     e: 6
      +     f: 7
    ");
}

#[test]
fn what_a_value_holds_moves_no_cursor() {
    let shown = shown(&config("a"), &config("\u{1b}[2J"), DiffStyle::Fields);
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn colours_are_beside_the_marks() {
    let stream = Stream { terminal: true, colour: true };
    let difference = Difference::between(&deployment(1, "web:1"), &deployment(3, "web:1"));
    for style in [DiffStyle::Fields, DiffStyle::Unified] {
        let shown = show("Deployment/web", &difference, style, stream);
        let plain = anstream::adapter::strip_str(&shown).to_string();
        assert_ne!(plain, shown);
        assert_eq!(plain, show("Deployment/web", &difference, style, Stream::PLAIN));
    }
}
