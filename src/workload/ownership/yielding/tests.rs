//! What is left to whom, and when it comes back.

use serde_json::json;

use super::*;

const OURS: &str = "workloadctl:ns/web";

fn entry(manager: &str, subresource: &str, fields: Value) -> Value {
    let operation = if [OURS, YIELDED_MANAGER].contains(&manager) { "Apply" } else { "Update" };
    json!({"manager": manager, "operation": operation, "subresource": subresource, "fieldsV1": fields})
}

fn live(entries: &[Value]) -> Value {
    json!({"metadata": {"managedFields": entries}})
}

fn replicas() -> Value {
    json!({"f:spec": {"f:replicas": {}}})
}

fn body() -> Value {
    json!({
        "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "1"}}}]}}},
        "metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}},
        "data": {"caBundle": "x"},
        "webhooks": [{"name": "w", "clientConfig": {"caBundle": "Cg=="}}],
    })
}

#[test]
fn fields_are_left_by_their_holders() {
    let body = body();
    let injected =
        json!({"f:webhooks": {"k:{\"name\":\"w\"}": {"f:clientConfig": {"f:caBundle": {}}}}});
    let resources = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {"f:resources": {"f:requests": {"f:cpu": {}}}}}}}}});
    let image = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {"f:image": {}}}}}}});
    let key = json!({"f:data": {"f:caBundle": {}}});
    let noted = json!({"f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}}});
    let cpu = "spec.template.spec.containers[name=\"c\"].resources.requests.cpu";
    for (manager, subresource, fields, left) in [
        ("kubectl", "scale", replicas(), Some("spec.replicas")),
        ("kube-controller-manager", "scale", replicas(), Some("spec.replicas")),
        ("keda-operator", "", replicas(), Some("spec.replicas")),
        ("kubectl-edit", "", replicas(), None),
        ("operator", "", replicas(), None),
        (YIELDED_MANAGER, "", replicas(), None),
        (
            "cert-manager-cainjector",
            "",
            injected.clone(),
            Some("webhooks[name=\"w\"].clientConfig.caBundle"),
        ),
        ("kubectl-patch", "", injected.clone(), Some("webhooks[name=\"w\"].clientConfig.caBundle")),
        ("helm", "", injected.clone(), None),
        (OURS, "", injected, None),
        ("kubectl-edit", "", key, None),
        ("vpa-updater", "", resources.clone(), Some(cpu)),
        ("operator", "", resources, None),
        ("vpa-updater", "", image, None),
        (
            "kube-controller-manager",
            "status",
            noted.clone(),
            Some("metadata.annotations.deployment.kubernetes.io/revision"),
        ),
        ("operator", "status", noted, None),
    ] {
        let yields = Yields {
            body: &body,
            manager: OURS,
            recorded: &[],
            autoscaler: None,
            abandoned: false,
            by_class: true,
        };
        let found = yields.of(&live(&[entry(manager, subresource, fields.clone())]));
        let fields_left: Vec<&str> = found.iter().map(|left| &*left.field).collect();
        assert_eq!(fields_left, left.into_iter().collect::<Vec<_>>(), "{manager}");
        let flags = Yields { by_class: false, ..yields };
        assert_eq!(flags.of(&live(&[entry(manager, subresource, fields)])), [], "{manager}");
    }
}

#[test]
fn replicas_are_left_to_an_autoscaler_that_targets_the_object() {
    let body = body();
    let targeted = Yields {
        body: &body,
        manager: OURS,
        recorded: &[],
        autoscaler: Some("HorizontalPodAutoscaler/web"),
        abandoned: false,
        by_class: true,
    };
    let ours = || entry(OURS, "", replicas());
    let scaled = || entry("kube-controller-manager", "scale", replicas());
    let yielded = || entry(YIELDED_MANAGER, "", replicas());
    for (entries, manager) in [
        (vec![ours()], YIELDED_MANAGER),
        (vec![], YIELDED_MANAGER),
        (vec![ours(), yielded()], YIELDED_MANAGER),
        (vec![yielded()], YIELDED_MANAGER),
        (vec![scaled()], "kube-controller-manager"),
    ] {
        let left = targeted.of(&live(&entries));
        assert_eq!(left.len(), 1, "{entries:?}");
        assert_eq!((&*left[0].field, &*left[0].manager), (REPLICAS, manager));
        assert_eq!(left[0].told(), "spec.replicas is left to HorizontalPodAutoscaler/web");
        // Nobody scales any more: it is ours again, whoever held it last.
        let gone = Yields { recorded: &left, autoscaler: None, ..targeted };
        assert_eq!(gone.of(&live(&entries)), []);
    }
    let fail = Yields { by_class: false, ..targeted };
    assert_eq!(fail.of(&live(&[ours()])).len(), 1, "no conflict: nobody holds it but we");
    assert_eq!(fail.of(&live(&[scaled()])), []);
    for entries in [vec![yielded()], vec![ours(), yielded()]] {
        assert_eq!(fail.of(&live(&entries)).len(), 1, "held by our own manager: {entries:?}");
    }
    assert_eq!(fail.of(&live(&[yielded(), scaled()])), []);
    let without = json!({"spec": {}});
    assert_eq!(Yields { body: &without, ..targeted }.of(&live(&[ours()])), []);
    assert!(holds_replicas_alone(&live(&[ours()]), OURS));
    assert!(!holds_replicas_alone(&live(&[ours(), scaled()]), OURS));
    assert!(!holds_replicas_alone(&live(&[scaled()]), OURS));
}

#[test]
fn replicas_of_kubernetes_autoscaler_are_ours_again_when_none_targets_the_object() {
    let body = body();
    let recorded = [Yielded {
        field: REPLICAS.into(),
        manager: "kube-controller-manager".into(),
        autoscaler: None,
        dropped: false,
    }];
    for (manager, abandoned, left) in [
        ("kube-controller-manager", true, 0),
        ("kube-controller-manager", false, 1),
        ("kubectl", true, 1),
    ] {
        for recorded in [&recorded[..], &[]] {
            let yields = Yields {
                body: &body,
                manager: OURS,
                recorded,
                autoscaler: None,
                abandoned,
                by_class: true,
            };
            let found = yields.of(&live(&[entry(manager, "scale", replicas())]));
            assert_eq!(found.len(), left, "{manager} {abandoned}");
        }
    }
}

#[test]
fn replicas_of_what_is_made_anew_go_to_who_held_them() {
    let (us, kubectl) = (entry(OURS, "", replicas()), entry("kubectl", "scale", replicas()));
    let left = Yielded {
        field: REPLICAS.into(),
        manager: "kubectl".into(),
        autoscaler: None,
        dropped: false,
    };
    for (entries, left, scaled, holder) in [
        (vec![us.clone(), kubectl.clone()], Some(&left), false, Some("kubectl")),
        (vec![kubectl.clone()], None, false, Some("kubectl")),
        (vec![us.clone()], None, true, Some(YIELDED_MANAGER)),
        (vec![us.clone()], None, false, None),
        (vec![entry(OURS, "", json!({"f:spec": {}}))], None, false, Some(YIELDED_MANAGER)),
    ] {
        let kept = kept_replicas(&live(&entries), OURS, left, scaled);
        let told = kept.as_ref().and_then(|kept| kept["manager"].as_str());
        assert_eq!(told, holder, "{entries:?}");
    }
    let made = live(&[entry(OURS, "", json!({"f:spec": {"f:replicas": {}, "f:x": {}}}))]);
    let ours = entry(OURS, "", json!({"f:spec": {"f:x": {}}}));
    assert_eq!(given_back(&made, OURS, &kubectl), Some(json!([ours, kubectl])));
    assert_eq!(given_back(&live(&[ours]), OURS, &kubectl), None);
}

#[test]
fn what_was_left_before_is_left_while_the_same_manager_holds_it() {
    let body = body();
    let recorded = [Yielded {
        field: REPLICAS.into(),
        manager: "operator".into(),
        autoscaler: None,
        dropped: false,
    }];
    let yields = Yields {
        body: &body,
        manager: OURS,
        recorded: &recorded,
        autoscaler: None,
        abandoned: false,
        by_class: true,
    };
    assert_eq!(yields.of(&live(&[entry("operator", "", replicas())])), recorded);
    assert_eq!(yields.of(&live(&[entry("other", "", replicas())])), []);
    assert_eq!(yields.of(&live(&[entry(OURS, "", replicas())])), []);
    assert_eq!(recorded[0].told(), "spec.replicas is left to \"operator\", which holds it");
}

#[test]
fn autoscalers_name_their_targets() {
    let target = |api: &str, kind: &str, reference: Value| {
        scale_target(
            &json!({"apiVersion": api, "kind": kind, "metadata": {"name": "s", "namespace": "ns"}, "spec": {"scaleTargetRef": reference}}),
        )
    };
    let web = |kind: &str| Some(ObjectId::new("apps", kind, Some("ns"), "web"));
    let hpa = "HorizontalPodAutoscaler";
    assert_eq!(
        target(
            "autoscaling/v2",
            hpa,
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web"})
        ),
        web("StatefulSet")
    );
    assert_eq!(
        target("autoscaling/v1", hpa, json!({"kind": "Deployment", "name": "web"})),
        web("Deployment")
    );
    assert_eq!(
        target("keda.sh/v1alpha1", "ScaledObject", json!({"name": "web"})),
        web("Deployment")
    );
    assert_eq!(target("keda.sh/v1alpha1", "ScaledJob", json!({"name": "web"})), None);
    assert_eq!(target("autoscaling/v2", hpa, json!({"name": "web"})), None);
}
