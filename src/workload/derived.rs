//! Fields that the server derives from others when an object is made, and keeps when the others
//! change: nobody owns them then, so that no apply takes them away. They are sent as the server
//! would derive them, and so they change with what they come from. Found by removing each field
//! of rich objects, and by switching between their variants, on kube-apiserver 1.36.

use serde_json::{Map, Value, json};

use super::{kinds::pod_template::template_mut, object::ObjectId};

/// Adds what the server would derive to a body that is about to be sent.
pub fn complete(id: &ObjectId, body: &mut Value) {
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
