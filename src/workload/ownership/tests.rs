//! The no-op rule, and what makes an object ours.

use super::*;

fn live(resource_version: &str, generation: Option<i64>, color: &str, time: &str) -> Value {
    json!({"metadata": {
    "uid": "u1", "resourceVersion": resource_version, "generation": generation,
    "labels": {"color": color, "foreign": resource_version},
    "managedFields": [
        {"manager": "kubectl", "operation": "Update", "time": resource_version},
        {"manager": "workloadctl:a/b", "operation": "Apply", "time": time, "fieldsV1": {}},
    ]}})
}

#[test]
fn the_longest_names_fit_into_the_manager() {
    use super::super::name::{INSTANCE_NAME_LIMIT, LABEL_LIMIT};
    let (namespace, instance) = ("n".repeat(LABEL_LIMIT), "i".repeat(INSTANCE_NAME_LIMIT));
    assert_eq!(manager(&namespace, &instance).len(), 128);
}

#[test]
fn the_rule_for_kinds_with_and_without_a_generation() {
    let body = json!({"metadata": {"labels": {"color": "red"}}});
    let manager = "workloadctl:a/b";
    let with = Seen::of(&live("5", Some(1), "red", "t"), manager, &body).unwrap();
    let without = Seen::of(&live("5", None, "red", "t"), manager, &body).unwrap();
    let cases = [
        ("same version", live("5", Some(1), "red", "t"), true, true),
        ("status written", live("6", Some(1), "red", "t"), true, false),
        ("spec written", live("6", Some(2), "red", "t"), false, false),
        ("our label changed", live("6", Some(1), "blue", "t"), false, false),
        ("applied by our name", live("6", Some(1), "red", "u"), false, false),
    ];
    for (name, live, expected_with, expected_without) in cases {
        assert_eq!(with.still_holds(&live, manager, &body), expected_with, "{name}");
        assert_eq!(with.is_last(&live), name == "same version", "{name}");
        assert_eq!(without.still_holds(&live, manager, &body), expected_without, "{name}");
    }
}

#[test]
fn ours_is_by_inventory_or_entry_never_by_label() {
    let entry = live("1", None, "red", "t");
    assert!(is_ours(&entry, "workloadctl:a/b", None));
    let at = |namespace: &str| {
        let mut object = entry.clone();
        object["metadata"]["namespace"] = json!(namespace);
        object
    };
    // The uid alone is a proof in the instance's own namespace; elsewhere anybody may have
    // written it into the record.
    assert!(is_ours(&at("other"), "workloadctl:other/b", Some("u1")));
    assert!(!is_ours(&at("other"), "workloadctl:other/b", Some("u2")));
    assert!(!is_ours(&at("kube-system"), "workloadctl:other/b", Some("u1")));
    assert!(!is_ours(&entry, "workloadctl:other/b", Some("u1")));
    let mut controlled = entry.clone();
    controlled["metadata"]["ownerReferences"] = json!([{"controller": true}]);
    assert!(!is_ours(&controlled, "workloadctl:a/b", None));
    assert!(is_ours(&controlled, "workloadctl:a/b", Some("u1")));
    assert_eq!(other_instances(&entry, "workloadctl:x/y"), ["workloadctl:a/b"]);
}
