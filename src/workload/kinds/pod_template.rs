//! The pod template of a built-in workload: what its pods are made from.

use serde_json::Value;

use super::builtin::builtin_kind;
use crate::workload::object::ObjectId;

/// Tells whether objects of this kind may have a pod template.
pub(crate) fn has_template(id: &ObjectId) -> bool {
    builtin_kind(id).pod_template.is_some()
}

/// Gives where objects of this kind have their pod template, as a JSON pointer.
pub(crate) fn template_place(id: &ObjectId) -> Option<&'static str> {
    builtin_kind(id).pod_template
}

/// Gives the pod template of an object: `metadata` and `spec` of its pods.
pub(crate) fn template<'a>(id: &ObjectId, body: &'a Value) -> Option<&'a Value> {
    body.pointer(builtin_kind(id).pod_template?).filter(|template| template.is_object())
}

/// Gives the pod template of an object to change it.
pub(crate) fn template_mut<'a>(id: &ObjectId, body: &'a mut Value) -> Option<&'a mut Value> {
    body.pointer_mut(builtin_kind(id).pod_template?).filter(|template| template.is_object())
}

pub(crate) fn pod_spec<'a>(id: &ObjectId, body: &'a Value) -> Option<&'a Value> {
    template(id, body)?.get("spec").filter(|spec| spec.is_object())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_template_is_where_the_kind_has_it() {
        let spec = json!({"containers": []});
        let template = json!({"spec": spec});
        for (api_version, kind, body) in [
            ("v1", "Pod", json!({"spec": spec})),
            ("apps/v1", "Deployment", json!({"spec": {"template": template}})),
            (
                "batch/v1",
                "CronJob",
                json!({"spec": {"jobTemplate": {"spec": {"template": template}}}}),
            ),
        ] {
            let mut body = body;
            body["apiVersion"] = api_version.into();
            body["kind"] = kind.into();
            let id = ObjectId::of(&body);
            assert_eq!(pod_spec(&id, &body), Some(&spec), "{kind}");
            assert!(template_mut(&id, &mut body).is_some());
        }
        let odd = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": []}});
        assert_eq!(pod_spec(&ObjectId::of(&odd), &odd), None);
        let custom =
            json!({"apiVersion": "x.com/v1", "kind": "Deployment", "spec": {"template": {}}});
        assert_eq!(super::template(&ObjectId::of(&custom), &custom), None);
    }
}
