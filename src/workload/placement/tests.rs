use super::*;
use crate::workload::{error::ErrorKind, kinds::tests::objects};

fn kinds() -> Kinds {
    Kinds::builtin()
}

fn place_with(
    text: &str,
    namespace: Option<&str>,
    stored: Option<(NamespaceMode, &str)>,
) -> Result<Placement> {
    let objects = objects(text);
    let mut kinds = kinds();
    kinds.add_crds(&objects);
    let instance = "web-dev".parse().unwrap();
    let namespace_labels = BTreeMap::new();
    let to =
        Destination { instance: &instance, namespace, stored, namespace_labels: &namespace_labels };
    place(objects, &kinds, &to)
}

fn managed(text: &str) -> Placement {
    place_with(text, None, None).unwrap()
}

fn bodies(placement: &Placement) -> Vec<&Value> {
    placement.objects.iter().map(|placed| &*placed.body).collect()
}

fn ids(placement: &Placement) -> Vec<String> {
    let show = |id: &ObjectId| match &id.namespace {
        Some(namespace) => format!("{namespace}/{id}"),
        None => id.to_string(),
    };
    placement.objects.iter().map(|placed| show(&placed.id)).collect()
}

const CONFIG: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: app}}";
const NAMESPACE: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}";

#[test]
fn a_managed_namespace_comes_first_and_everything_goes_into_it() {
    let placement = managed(
        "
apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: prod, labels: {workloadctl/managed: 'true', a: b}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high, namespace: ignored}
value: 1
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {metadata: {labels: {app: web}}}}
",
    );
    assert_eq!((placement.mode, &*placement.namespace), (NamespaceMode::Managed, "web-dev"));
    assert_eq!(
        bodies(&placement),
        [
            &json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": "web-dev", "labels": {"workloadctl/instance": "web-dev"}}}),
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app",
                "namespace": "web-dev", "labels": {"workloadctl/instance": "web-dev", "a": "b"}}}),
            &json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1,
                "metadata": {"name": "high", "labels": {"workloadctl/managed": "true"}}}),
            &json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "web", "namespace": "web-dev",
                    "labels": {"workloadctl/instance": "web-dev"}},
                "spec": {"template": {"metadata": {"labels": {"app": "web"}}}}}),
        ]
    );
    assert_eq!(placement.notes, ["namespace prod is replaced by web-dev in ConfigMap/app"]);
    assert_eq!(placement.warnings, [""; 0]);
    let config = &placement.objects[1];
    assert_eq!(config.declared(), &ObjectId::new("", "ConfigMap", Some("prod"), "app"));
    assert_eq!(config.named(), "ConfigMap/app (a.yaml:2)");
    assert_eq!(placement.objects[2].version(), "v1");
}

#[test]
fn an_empty_set_still_has_its_namespace() {
    assert_eq!(ids(&managed("")), ["Namespace/web-dev"]);
}

#[test]
fn labels_that_are_null_or_wrong_do_no_harm() {
    for (labels, wanted) in [
        ("null", json!({"workloadctl/instance": "web-dev"})),
        ("{}", json!({"workloadctl/instance": "web-dev"})),
        ("text", json!("text")),
    ] {
        let text =
            format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a, labels: {labels}}}}}");
        assert_eq!(managed(&text).objects[1].body["metadata"]["labels"], wanted);
    }
}

#[test]
fn annotations_that_are_null_are_left_to_those_who_have_some() {
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: a, annotations: null, labels: null}}";
    let metadata = &managed(text).objects[1].body["metadata"];
    assert_eq!(metadata.get("annotations"), None, "{metadata}");
}

#[test]
fn a_given_namespace_takes_everything() {
    let text = format!("{CONFIG}\n---\n{}", CONFIG.replace("app", "b, namespace: x"));
    let placement = place_with(&text, Some("team"), None).unwrap();
    assert_eq!(placement.mode, NamespaceMode::Given);
    assert_eq!(ids(&placement), ["team/ConfigMap/app", "team/ConfigMap/b"]);
    let several = format!("{text}\n---\n{}", CONFIG.replace("app", "c, namespace: y"));
    assert_eq!(ids(&place_with(&several, Some("kube-system"), None).unwrap()).len(), 3);
}

#[test]
fn own_namespaces_are_kept_and_the_first_takes_the_rest() {
    let text = format!(
        "{}\n---\n{NAMESPACE}\n---\n{}\n---\n{}",
        CONFIG,
        NAMESPACE.replace("shop", "extra"),
        CONFIG.replace("app", "a, namespace: kube-system")
    );
    let placement = place_with(&text, None, None).unwrap();
    assert_eq!((placement.mode, &*placement.namespace), (NamespaceMode::Own, "shop"));
    assert_eq!(
        ids(&placement),
        ["shop/ConfigMap/app", "Namespace/shop", "Namespace/extra", "kube-system/ConfigMap/a"]
    );
    let labels = &placement.objects[1].body["metadata"]["labels"];
    assert_eq!(labels, &json!({"workloadctl/instance": "web-dev"}));
    let stored = place_with(&text, None, Some((NamespaceMode::Own, "extra"))).unwrap();
    assert_eq!(ids(&stored)[0], "extra/ConfigMap/app", "the stored namespace stays the home");
    let mut shared = placement.objects[1].body.clone();
    mark_shared(&mut shared);
    assert_eq!(shared["metadata"]["labels"], json!({"workloadctl/managed": "true"}));
}

#[test]
fn what_cannot_be_placed_is_refused_with_what_to_do() {
    use NamespaceMode::{Given, Managed, Own};
    let two = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}}\n---\n\
               {apiVersion: v1, kind: Pod, metadata: {name: b, namespace: y}}";
    for (text, namespace, stored, kind, code) in [
        (NAMESPACE, Some("team"), None, ErrorKind::Usage, "namespace-in-definition"),
        (two, None, None, ErrorKind::Usage, "several-namespaces"),
        (two, None, Some((Managed, "web-dev")), ErrorKind::Usage, "several-namespaces"),
        (CONFIG, Some("Team"), None, ErrorKind::Usage, "invalid-name"),
        (CONFIG, Some("other"), Some((Given, "team")), ErrorKind::Refused, "other-namespace"),
        (CONFIG, Some("other"), Some((Managed, "web-dev")), ErrorKind::Refused, "other-namespace"),
        (NAMESPACE, None, Some((Managed, "web-dev")), ErrorKind::Refused, "namespace-mode-fixed"),
        (NAMESPACE, None, Some((Given, "team")), ErrorKind::Refused, "namespace-mode-fixed"),
        (CONFIG, None, Some((Own, "shop")), ErrorKind::Refused, "namespace-mode-fixed"),
        (NAMESPACE, None, Some((Own, "other")), ErrorKind::Refused, "namespace-mode-fixed"),
    ] {
        let error = place_with(text, namespace, stored).unwrap_err();
        assert_eq!(
            (error.kind, error.code.word()),
            (kind, code),
            "{text} {namespace:?} {stored:?}"
        );
        assert!(error.hint.is_some(), "{error}");
    }
    for name in ["default", "kube-public"] {
        let instance = name.parse().unwrap();
        let namespace_labels = BTreeMap::new();
        let to = Destination {
            instance: &instance,
            namespace: None,
            stored: None,
            namespace_labels: &namespace_labels,
        };
        let error = place(objects(CONFIG), &kinds(), &to).unwrap_err();
        assert_eq!((error.kind, error.code.word()), (ErrorKind::Refused, "reserved-namespace"));
    }
    let error = place_with(two, None, None).unwrap_err();
    assert_eq!(error.causes, ["Pod/a (a.yaml:1) goes to x", "Pod/b (a.yaml:3) goes to y"]);
}

#[test]
fn what_repeats_the_stored_choice_is_accepted() {
    use NamespaceMode::{Given, Managed, Own};
    for (text, stored) in
        [(CONFIG, (Given, "team")), (CONFIG, (Managed, "web-dev")), (NAMESPACE, (Own, "shop"))]
    {
        let placement = place_with(text, Some(stored.1), Some(stored)).unwrap();
        assert_eq!((placement.mode, &*placement.namespace), stored);
    }
}

#[test]
fn namespace_labels_go_on_a_namespace_that_is_made() {
    let instance = "web-dev".parse().unwrap();
    let namespace_labels = BTreeMap::from([("a.b/c".to_owned(), "d".to_owned())]);
    let to = Destination {
        instance: &instance,
        namespace: None,
        stored: None,
        namespace_labels: &namespace_labels,
    };
    let placement = place(objects(CONFIG), &kinds(), &to).unwrap();
    assert_eq!(placement.objects[0].body["metadata"]["labels"]["a.b/c"], "d");
    let error = place(objects(NAMESPACE), &kinds(), &to).unwrap_err();
    assert_eq!((error.kind, error.code.word()), (ErrorKind::Usage, "namespace-in-definition"));
    for (text, valid) in [
        ("a=b", true),
        ("pod-security.kubernetes.io/enforce=restricted", true),
        ("a=", true),
        ("a", false),
        ("=b", false),
        ("a/=b", false),
        ("/a=b", false),
        ("A.b/c=d", false),
        ("a=b c", false),
        ("a=-b", false),
    ] {
        assert_eq!(parse_namespace_label(text).is_ok(), valid, "{text}");
    }
}

#[test]
fn references_follow_what_is_in_the_set() {
    let placement = managed(
        "
{apiVersion: v1, kind: ServiceAccount, metadata: {name: agent}}
---
{apiVersion: v1, kind: Service, metadata: {name: hook, namespace: system}}
---
{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: cert, namespace: system}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: agent}
roleRef: {kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: agent, namespace: default}
  - {kind: ServiceAccount, name: other, namespace: default}
  - {kind: ServiceAccount, name: agent, namespace: elsewhere}
  - {kind: ServiceAccount, name: agent}
  - {kind: User, name: agent, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: foreign}
subjects: [{kind: ServiceAccount, name: other, namespace: default}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook, annotations: {cert-manager.io/inject-ca-from: system/cert}}
webhooks:
  - clientConfig: {service: {name: hook, namespace: system, path: /}}
  - clientConfig: {service: {name: other, namespace: system}}
  - clientConfig: {url: 'https://example.com'}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.example.com, annotations: {cert-manager.io/inject-ca-from: system/other}}
spec: {service: {name: hook, namespace: system}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {conversion: {webhook: {clientConfig: {service: {name: hook, namespace: system}}}}}
",
    );
    let at = |index: usize, pointer: &str| placement.objects[index].body.pointer(pointer).unwrap();
    let subjects = at(4, "/subjects").as_array().unwrap();
    let namespaces: Vec<&str> =
        subjects.iter().map(|subject| subject["namespace"].as_str().unwrap()).collect();
    assert_eq!(namespaces, ["web-dev", "default", "elsewhere", "web-dev", "default"]);
    assert_eq!(at(4, "/metadata/name"), "agent-web-dev");
    assert_eq!(placement.objects[4].declared().name, "agent");
    assert_eq!(at(5, "/metadata/name"), "foreign");
    assert_eq!(at(6, "/webhooks/0/clientConfig/service/namespace"), "web-dev");
    assert_eq!(at(6, "/webhooks/1/clientConfig/service/namespace"), "system");
    assert_eq!(at(6, "/metadata/annotations/cert-manager.io~1inject-ca-from"), "web-dev/cert");
    assert_eq!(at(7, "/spec/service/namespace"), "web-dev");
    assert_eq!(at(7, "/metadata/annotations/cert-manager.io~1inject-ca-from"), "system/other");
    assert_eq!(at(8, "/spec/conversion/webhook/clientConfig/service/namespace"), "web-dev");
    assert_eq!(
        placement.notes,
        [
            "namespace system is replaced by web-dev in Service/hook, Certificate/cert",
            "references follow to web-dev in ClusterRoleBinding/agent, \
             ValidatingWebhookConfiguration/hook, APIService/v1.example.com, \
             CustomResourceDefinition/things.example.com",
            "ClusterRoleBinding/agent is named agent-web-dev, after the namespace of its subjects",
        ]
    );
    assert_eq!(
        placement.warnings,
        [
            "whether Certificate.cert-manager.io lives in namespaces is not known here; \
             it is taken to",
            "ClusterRoleBinding/agent (a.yaml:8) names ServiceAccount/agent in namespace elsewhere, \
             but ServiceAccount/agent goes to namespace web-dev",
        ]
    );
}

/// A RoleBinding's subjects, of which one names no namespace.
const BINDING: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: shop}
roleRef: {kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: agent}
  - {kind: ServiceAccount, name: default, namespace: shop}
  - {kind: ServiceAccount, name: default, namespace: other}
  - {kind: ServiceAccount, name: default, namespace: default}
";

fn subjects(placement: &Placement, index: usize) -> Vec<Option<&str>> {
    let subjects = placement.objects[index].body["subjects"].as_array().unwrap();
    subjects.iter().map(|subject| subject["namespace"].as_str()).collect()
}

#[test]
fn a_subject_without_a_namespace_is_of_the_namespace_of_its_binding() {
    let text = format!(
        "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: agent}}}}\n---{BINDING}"
    );
    let placement = managed(&text);
    let home = Some("web-dev");
    assert_eq!(subjects(&placement, 2), [None, home, Some("other"), home]);
    let own = format!("{}\n---\n{text}", NAMESPACE.replace("shop", "home"));
    let placement = place_with(&own, None, None).unwrap();
    assert_eq!(
        subjects(&placement, 2),
        [None, Some("shop"), Some("other"), Some("home")],
        "the account goes to another namespace than the binding"
    );
    // Nothing leaves `default` here.
    assert_eq!(subjects(&managed(BINDING), 1), [None, home, Some("other"), Some("default")]);
}

#[test]
fn users_and_groups_of_a_namespace_that_is_replaced_are_warned_about() {
    let text = "
{apiVersion: v1, kind: ServiceAccount, metadata: {name: agent, namespace: shop}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: app}
roleRef: {kind: ClusterRole, name: view}
subjects:
  - {kind: User, name: 'system:serviceaccount:shop:other'}
  - {kind: Group, name: 'system:serviceaccounts:shop'}
  - {kind: Group, name: 'system:serviceaccounts:elsewhere'}
  - {kind: Group, name: 'system:serviceaccounts'}
  - {kind: User, name: 'system:serviceaccount:default:agent'}
  - {kind: User, name: jane}
";
    assert_eq!(
        managed(text).warnings,
        [
            "ClusterRoleBinding/app (a.yaml:4) names the user system:serviceaccount:shop:other, \
             but namespace shop is replaced by web-dev",
            "ClusterRoleBinding/app (a.yaml:4) names the group system:serviceaccounts:shop, \
             but namespace shop is replaced by web-dev",
        ]
    );
    let unplaced = text.replace(", namespace: shop}", "}");
    let told = managed(&unplaced).warnings;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("the user system:serviceaccount:default:agent"), "{told:?}");
    let own = format!("{NAMESPACE}\n---\n{text}");
    assert_eq!(place_with(&own, None, None).unwrap().warnings, [""; 0]);
}

#[test]
fn references_stay_where_nothing_moves() {
    let text = "
{apiVersion: v1, kind: ServiceAccount, metadata: {name: agent, namespace: kube-system}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: agent}
subjects: [{kind: ServiceAccount, name: agent, namespace: kube-system}]
";
    let placement = place_with(text, Some("kube-system"), None).unwrap();
    assert_eq!(placement.notes, [""; 0]);
    assert_eq!(placement.objects[1].id.name, "agent");
    let own = place_with(&format!("{NAMESPACE}\n---\n{text}"), None, None).unwrap();
    assert_eq!(own.objects[2].body["subjects"][0]["namespace"], "kube-system");
}

#[test]
fn in_own_namespaces_references_follow_what_had_none() {
    let placement = place_with(
        &format!(
            "{NAMESPACE}
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: agent}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: agent}}
subjects: [{{kind: ServiceAccount, name: agent, namespace: default}}]
"
        ),
        None,
        None,
    )
    .unwrap();
    assert_eq!(placement.objects[2].body["subjects"][0]["namespace"], "shop");
    assert_eq!(placement.objects[2].id.name, "agent", "there is one instance per cluster");
}

#[test]
fn host_names_that_lead_elsewhere_are_warned_about() {
    let placement = managed(
        "
{apiVersion: v1, kind: Service, metadata: {name: db}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data:
  url: 'postgres://db.default.svc:5432'
  again: db.default.svc
  right: db.web-dev.svc
  chart: db.release.svc
  other: cache.release.svc
---
apiVersion: v1
kind: Secret
metadata: {name: app}
data: {url: cG9zdGdyZXM6Ly91OnNlY3JldEBkYi5kZWZhdWx0LnN2Yy9hcHA=, odd: '%%'}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers: [{name: web, args: ['--db=db.default.svc.cluster.local'], env: [{name: X, value: web.default.svc}]}]
",
    );
    assert_eq!(
        placement.warnings,
        [
            "ConfigMap/app (a.yaml:4) names the host db.default.svc, \
             but Service/db goes to namespace web-dev",
            "ConfigMap/app (a.yaml:4) names the host db.release.svc, \
             but Service/db goes to namespace web-dev",
            "Secret/app (a.yaml:14) names the host db.default.svc, \
             but Service/db goes to namespace web-dev",
            "Deployment/web (a.yaml:19) names the host db.default.svc.cluster.local, \
             but Service/db goes to namespace web-dev",
        ]
    );
}

#[test]
fn objects_that_become_one_are_refused_unless_equal() {
    let same = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}}\n---\n\
                {apiVersion: v1, kind: Pod, metadata: {name: a}}";
    assert_eq!(ids(&managed(same)), ["Namespace/web-dev", "web-dev/Pod/a"]);
    let other = format!(
        "{same}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: a, labels: {{b: c}}}}}}"
    );
    let error = place_with(&other, None, None).unwrap_err();
    assert_eq!((error.kind, error.code.word()), (ErrorKind::Usage, "same-object"));
    assert_eq!(
        error.message,
        "Pod/a (a.yaml:1) and Pod/a (a.yaml:5) would be the same object in namespace web-dev: Pod/a"
    );
}
