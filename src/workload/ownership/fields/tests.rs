//! Paths as the server writes them, and the trees of fields that managers hold.

use serde_json::json;

use super::*;

fn texts(fields: &Value) -> Vec<String> {
    members(fields)
        .iter()
        .map(|member| shown(&member.path) + if member.is_whole { " as such" } else { "" })
        .collect()
}

#[test]
fn the_servers_paths_are_found_in_a_body() {
    let body = json!({
        "metadata": {"labels": {"app": "x", "app.kubernetes.io/name": "web"}},
        "spec": {"replicas": 3, "args": ["a", "b"], "containers": [{"name": "a.]b", "image": "x"}],
            "ports": [{"port": 80, "name": "n"}, {"port": 80, "protocol": "UDP"}]},
    });
    for text in [
        ".metadata.labels.app.kubernetes.io/name",
        ".spec.replicas",
        r#".spec.containers[name="a.]b"].image"#,
        r#".spec.ports[port=80,protocol="TCP"].name"#,
        r#".spec.args[="b"]"#,
        ".spec.args[1]",
    ] {
        let path = find(&body, text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(format!(".{}", shown(&path)), text);
        assert!(is_in(&body, &path));
    }
    for text in
        [".spec.missing", ".spec.replicas.x", r#".spec.ports[port=81]"#, ".spec.args[7]", "", "[x"]
    {
        assert_eq!(find(&body, text), None, "{text}");
    }
}

#[test]
fn a_field_is_taken_out_with_the_maps_that_it_leaves_empty() {
    let mut body = json!({"spec": {"replicas": 3, "containers": [
        {"name": "c", "resources": {"limits": {"cpu": "1"}}}]}, "metadata": {"labels": {"a.b/c": "d", "e": "f"}}});
    assert!(take_out(&mut body, ".spec.replicas"));
    assert!(take_out(&mut body, r#".spec.containers[name="c"].resources.limits.cpu"#));
    assert!(take_out(&mut body, "metadata.labels.a.b/c"));
    assert!(!take_out(&mut body, ".spec.missing.field"));
    assert_eq!(
        body,
        json!({"spec": {"containers": [{"name": "c"}]}, "metadata": {"labels": {"e": "f"}}})
    );
}

#[test]
fn sets_are_split_and_put_together() {
    let fields = json!({
        "f:metadata": {"f:labels": {".": {}, "f:a": {}, "f:b": {}}},
        "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
            "f:set": {"v:\"x\"": {}}},
        "odd": {"f:x": {}},
    });
    let all = texts(&fields);
    assert_eq!(
        all,
        [
            "metadata.labels as such",
            "metadata.labels.a",
            "metadata.labels.b",
            "spec.ports[port=80,protocol=\"TCP\"] as such",
            "spec.ports[port=80,protocol=\"TCP\"].port",
            "spec.set[=\"x\"]",
        ]
    );
    let (gone, rest) = split(&fields, &mut |path, _| shown(path).contains("labels"));
    let (mut gone, rest) = (gone.unwrap(), rest.unwrap());
    assert_eq!(texts(&gone), all[..3]);
    assert_eq!(texts(&rest), all[3..]);
    assert_eq!(rest["odd"], json!({"f:x": {}}), "what cannot be read stays where it is");
    add(&mut gone, &rest);
    assert_eq!(gone, fields);
    let (whole, below) = split(&fields["f:metadata"], &mut |_, is_whole| is_whole);
    assert_eq!(whole, Some(json!({"f:labels": {}})), "a map as such is an empty node");
    assert_eq!(below, Some(json!({"f:labels": {"f:a": {}, "f:b": {}}})));
    let mut map = json!({"f:labels": {}});
    add(&mut map, &below.unwrap());
    assert_eq!(map, fields["f:metadata"]);
    assert!(has(
        &fields,
        &find(&json!({"spec": {"ports": [{"port": 80}]}}), "spec.ports[port=80,protocol=\"TCP\"]")
            .unwrap()
    ));
    assert!(!has(&fields, &[OwnedPathElement::Field("status".into())]));
    assert_eq!(split(&json!({}), &mut |_, _| false), (None, Some(json!({}))));
}
