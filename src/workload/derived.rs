//! Fields that the server derives from others when an object is made, and keeps when the others
//! change: nobody owns them then, so that no apply takes them away. They are sent as the server
//! would derive them, and so they change with what they come from. Found by removing each field
//! of rich objects, and by switching between their variants, on kube-apiserver 1.36.

use serde_json::{Map, Value, json};

use super::{
    kinds::pod_template::template_mut,
    object::{ObjectId, field_at},
    ownership::INSTANCE_LABEL,
};

/// Adds what the server would derive to a body that is about to be sent.
pub fn complete(id: &ObjectId, body: &mut Value) {
    labels(id, body);
    if let Some(spec) = template_mut(id, body)
        .and_then(|template| template.get_mut("spec"))
        .and_then(Value::as_object_mut)
    {
        service_account(spec);
        volumes(spec);
    }
    if id.is("networking.k8s.io", "NetworkPolicy") {
        policy_types(body);
    }
}

/// Tells a Job without labels but ours: made without any it gets those of its pods, among them the
/// uid that it is given then. With ours the server would find some and derive none.
pub(crate) fn gets_labels_of_its_pods(id: &ObjectId, body: &Value) -> bool {
    let labels = || field_at(body, "/metadata/labels").and_then(Value::as_object);
    id.is("batch", "Job")
        && labels().is_none_or(|labels| labels.keys().all(|label| label == INSTANCE_LABEL))
}

/// A ReplicationController without labels gets those of its pods. Ours come in before the server
/// looks, so that it would find some and derive none.
fn labels(id: &ObjectId, body: &mut Value) {
    if !id.is("", "ReplicationController") {
        return;
    }
    let Some(derived @ Value::Object(_)) = body.pointer("/spec/template/metadata/labels").cloned()
    else {
        return;
    };
    let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let is_empty =
        |labels: &Value| labels.is_null() || labels.as_object().is_some_and(Map::is_empty);
    if metadata.get("labels").is_none_or(is_empty) {
        metadata.insert("labels".to_owned(), derived);
    }
}

/// Takes the rules out of a ClusterRole that others are aggregated into, and tells whether there
/// were any: its controller writes them by server-side apply, so that ours would be in conflict
/// with it from the second apply on.
pub(super) fn leave_aggregated(id: &ObjectId, body: &mut Value) -> bool {
    let is_aggregated = id.is("rbac.authorization.k8s.io", "ClusterRole")
        && body.get("aggregationRule").is_some_and(Value::is_object);
    is_aggregated && body.as_object_mut().is_some_and(|body| body.remove("rules").is_some())
}

/// The service account of a pod template has an old and a new name, and the server fills each
/// from the other.
fn service_account(spec: &mut Map<String, Value>) {
    const NAMES: [&str; 2] = ["serviceAccountName", "serviceAccount"];
    // The new name wins, as on the server.
    let given = NAMES.iter().filter_map(|name| spec.get(*name)?.as_str());
    let Some(account) = given.map(str::to_owned).find(|account| !account.is_empty()) else {
        return;
    };
    for name in NAMES {
        spec.insert(name.to_owned(), account.as_str().into());
    }
}

/// A volume of no source is an empty folder; with another source it would be two volumes.
fn volumes(spec: &mut Map<String, Value>) {
    let volumes = spec.get_mut("volumes").and_then(Value::as_array_mut);
    for volume in volumes.into_iter().flatten().filter_map(Value::as_object_mut) {
        if volume.len() == 1 && volume.contains_key("name") {
            volume.insert("emptyDir".to_owned(), json!({}));
        }
    }
}

/// A NetworkPolicy that does not say what it is about is about incoming traffic, and about
/// outgoing where it has rules for it; rules that come later would have no effect.
fn policy_types(body: &mut Value) {
    let Some(spec) = body.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let types = spec.get("policyTypes");
    if types.is_some_and(|types| types.as_array().is_none_or(|types| !types.is_empty())) {
        return;
    }
    let has_egress =
        spec.get("egress").and_then(Value::as_array).is_some_and(|rules| !rules.is_empty());
    let types = if has_egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    spec.insert("policyTypes".to_owned(), types);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(version: &str, kind: &str, spec: &Value) -> Value {
        let mut body = json!({"apiVersion": version, "kind": kind, "spec": spec});
        complete(&ObjectId::of(&body), &mut body);
        body["spec"].take()
    }

    #[test]
    fn a_service_account_has_both_its_names() {
        let both = json!({"serviceAccount": "a", "serviceAccountName": "a"});
        for (given, sent) in [
            (json!({"serviceAccountName": "a"}), both.clone()),
            (json!({"serviceAccount": "a"}), both.clone()),
            (json!({"serviceAccountName": "a", "serviceAccount": "b"}), both),
            (json!({"serviceAccountName": ""}), json!({"serviceAccountName": ""})),
            (json!({"serviceAccountName": null}), json!({"serviceAccountName": null})),
            (json!({}), json!({})),
            (json!([]), json!([])),
        ] {
            assert_eq!(completed("v1", "Pod", &given), sent);
        }
        let custom = json!({"template": {"spec": {"serviceAccountName": "a"}}});
        assert_eq!(completed("x.com/v1", "Deployment", &custom), custom);
    }

    #[test]
    fn objects_without_labels_have_those_of_their_pods() {
        for (version, kind, own, sent) in [
            ("v1", "ReplicationController", json!(null), json!({"app": "a"})),
            ("v1", "ReplicationController", json!({}), json!({"app": "a"})),
            ("v1", "ReplicationController", json!({"b": "c"}), json!({"b": "c"})),
            ("batch/v1", "Job", json!(null), json!(null)),
            ("apps/v1", "Deployment", json!(null), json!(null)),
        ] {
            let mut body = json!({"apiVersion": version, "kind": kind,
                "metadata": {"name": "a", "labels": own},
                "spec": {"template": {"metadata": {"labels": {"app": "a"}}}}});
            complete(&ObjectId::of(&body), &mut body);
            assert_eq!(body["metadata"]["labels"], sent, "{kind}");
        }
    }

    #[test]
    fn a_job_without_labels_but_ours_gets_those_of_its_pods() {
        for (kind, labels, gets) in [
            ("Job", json!(null), true),
            ("Job", json!({INSTANCE_LABEL: "a"}), true),
            ("Job", json!({INSTANCE_LABEL: "a", "b": "c"}), false),
            ("CronJob", json!(null), false),
        ] {
            let body = json!({"apiVersion": "batch/v1", "kind": kind,
                "metadata": {"name": "a", "labels": labels}});
            assert_eq!(gets_labels_of_its_pods(&ObjectId::of(&body), &body), gets, "{body}");
        }
    }

    #[test]
    fn rules_of_an_aggregated_role_are_left() {
        for (version, rule, left) in [
            ("rbac.authorization.k8s.io/v1", json!({}), true),
            ("rbac.authorization.k8s.io/v1", json!(null), false),
            ("x.com/v1", json!({}), false),
        ] {
            let mut body = json!({"apiVersion": version, "kind": "ClusterRole",
                "metadata": {"name": "a"}, "aggregationRule": rule, "rules": []});
            assert_eq!(leave_aggregated(&ObjectId::of(&body), &mut body), left);
            assert_eq!(body.get("rules").is_none(), left);
        }
    }

    #[test]
    fn a_volume_has_a_source() {
        let given = json!({"volumes": [{"name": "a"}, {"name": "b", "secret": {}}, {}, 1]});
        let sent =
            json!({"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "secret": {}}, {}, 1]});
        assert_eq!(completed("v1", "Pod", &given), sent);
    }

    #[test]
    fn a_network_policy_says_what_it_is_about() {
        for (given, types) in [
            (json!({}), json!(["Ingress"])),
            (json!({"policyTypes": [], "egress": [{}]}), json!(["Ingress", "Egress"])),
            (json!({"egress": []}), json!(["Ingress"])),
            (json!({"policyTypes": ["Egress"], "ingress": [{}]}), json!(["Egress"])),
            (json!({"policyTypes": null}), Value::Null),
        ] {
            let sent = completed("networking.k8s.io/v1", "NetworkPolicy", &given);
            assert_eq!(sent["policyTypes"], types, "{given}");
        }
    }
}
