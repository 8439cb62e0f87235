//! Identities, and the pointers that lead to their parts.

use serde_json::json;

use super::*;

#[test]
fn a_pointer_leads_where_others_do() {
    let body = json!({"a": {"b": {"": 1, "c": null}}, "d": [2, {"x/y": 1}], "": 3});
    for pointer in [
        "",
        "/a",
        "/a/b/c",
        "/a/b/",
        "/a/b/d",
        "/d",
        "/d/e",
        "/",
        "/a//",
        "/d/0",
        "/d/00",
        "/d/+0",
        "/d/2",
        "/d/1/x~1y",
        "/a/x~1y",
    ] {
        assert_eq!(field_at(&body, pointer), body.pointer(pointer), "{pointer}");
    }
}

#[test]
fn the_identity_of_a_body_at_rest_is_that_of_its_tree() {
    for (body, expected) in [
        (
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"name": 1},
            "metadata": {"labels": {"name": "x"}, "name": "a\"ä", "namespace": "n"}}),
            ObjectId::new("apps", "Deployment", Some("n"), "a\"ä"),
        ),
        (
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a", "namespace": ""}}),
            ObjectId::new("", "Node", None, "a"),
        ),
        (json!({"kind": "List", "metadata": null}), ObjectId::new("", "List", None, "")),
        (
            json!({"kind": 1, "metadata": {"name": ["a"], "namespace": "n"}}),
            ObjectId::new("", "", Some("n"), ""),
        ),
        (json!([]), ObjectId::new("", "", None, "")),
    ] {
        assert_eq!(ObjectId::of(&body), expected);
        let body = Body::at_rest(body);
        assert_eq!(ObjectId::of_body(&body), expected);
        assert!(body.resting_text().is_some(), "it goes on resting");
        assert_eq!(ObjectId::of_body(&Body::from(Value::clone(&body.look()))), expected);
    }
}
