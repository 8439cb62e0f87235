use crate::workload::error::Code;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::workload::{
    instance::NamespaceMode,
    kinds::tests::objects,
    object::{Object, ObjectId},
    overrides::{self, Overrides},
    placement::{Destination, place},
};

fn kinds_of(text: &str) -> Kinds {
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&objects(text));
    kinds
}

/// Places the objects of a text into the namespace `web`.
fn placed(text: &str) -> Vec<Placed> {
    place_into_web(&objects(text), &kinds_of(text)).unwrap()
}

fn place_into_web(objects: &[Object], kinds: &Kinds) -> Result<Vec<Placed>> {
    let instance = "web".parse().unwrap();
    let namespace_labels = BTreeMap::new();
    let to = Destination {
        instance: &instance,
        namespace: None,
        stored: Some((NamespaceMode::Managed, "web")),
        namespace_labels: &namespace_labels,
    };
    Ok(place(objects.to_vec(), kinds, &to)?.objects)
}

pub(super) fn build(text: &str) -> (Vec<Placed>, Result<Graph>) {
    let objects = placed(text);
    let graph = Graph::build(&objects, &kinds_of(text), Occasion::Install);
    (objects, graph)
}

/// Gives what comes before an object, but for its namespace: `Kind/name milestone: reason`.
pub(super) fn before(text: &str, object: &str) -> Vec<String> {
    let (objects, graph) = build(text);
    let node = objects.iter().position(|placed| placed.id.to_string() == object).unwrap();
    let why = graph.unwrap().why(node).into_iter();
    why.filter(|why| objects[why.from].id.kind != "Namespace")
        .map(|why| format!("{} {}: {}", objects[why.from].id, why.until, why.reason))
        .collect()
}

/// Runs the whole schedule, every object going all the way; gives the rounds.
pub(super) fn rounds(text: &str) -> Vec<Vec<String>> {
    let (objects, graph) = build(text);
    let graph = graph.unwrap();
    let mut schedule = Schedule::start(&graph);
    let mut rounds = Vec::new();
    loop {
        let round = schedule.released();
        if round.is_empty() {
            assert_eq!(schedule.waiting().count(), 0);
            return rounds;
        }
        rounds.push(round.iter().map(|node| objects[*node].id.to_string()).collect());
        round.into_iter().for_each(|node| schedule.reached(node, Milestone::Ready));
    }
}

const POD: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      serviceAccountName: runner
      priorityClassName: high
      runtimeClassName: gvisor
      imagePullSecrets: [{name: registry}]
      initContainers:
        - name: init
          env: [{name: A, valueFrom: {configMapKeyRef: {name: init-conf, key: a}}}]
      containers:
        - name: web
          env: [{name: A, valueFrom: {secretKeyRef: {name: key, key: a, optional: true}}}]
          envFrom: [{configMapRef: {name: env}}, {secretRef: {name: env}}]
      volumes:
        - {name: a, configMap: {name: files}}
        - {name: b, secret: {secretName: certs}}
        - {name: c, persistentVolumeClaim: {claimName: data}}
        - {name: d, projected: {sources: [{configMap: {name: merged}}, {secret: {name: merged}}]}}
        - {name: e, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: fast}}}}
";

#[test]
fn what_pods_name_comes_before_them() {
    let mut text = POD.to_owned();
    let mut names = Vec::new();
    for (kind, name, field) in [
        ("ConfigMap", "init-conf", "env"),
        ("Secret", "key", "env"),
        ("ConfigMap", "env", "envFrom"),
        ("Secret", "env", "envFrom"),
        ("ConfigMap", "files", "volumes"),
        ("Secret", "certs", "volumes"),
        ("PersistentVolumeClaim", "data", "volumes"),
        ("ConfigMap", "merged", "volumes"),
        ("Secret", "merged", "volumes"),
        ("Secret", "registry", "imagePullSecrets"),
        ("ServiceAccount", "runner", "serviceAccountName"),
    ] {
        text += &format!("---\n{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}}}}}\n");
        names.push(format!("{kind}/{name} applied: {field} names it"));
    }
    for (api_version, kind, name, field) in [
        ("storage.k8s.io/v1", "StorageClass", "fast", "storageClassName"),
        ("scheduling.k8s.io/v1", "PriorityClass", "high", "priorityClassName"),
        ("node.k8s.io/v1", "RuntimeClass", "gvisor", "runtimeClassName"),
    ] {
        text += &format!(
            "---\n{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: {name}}}}}\n"
        );
        names.push(format!("{kind}/{name} applied: {field} names it"));
    }
    text += "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n";
    assert_eq!(before(&text, "Deployment/web"), names);
}

#[test]
fn missing_references_are_those_that_nobody_answers() {
    let objects = placed(POD);
    let missing: Vec<String> = missing_references(&objects)
        .iter()
        .map(|it| format!("{} {} {}", it.to, it.to.namespace.as_deref().unwrap_or("-"), it.field))
        .collect();
    assert_eq!(
        missing,
        [
            "ConfigMap/init-conf web env",
            "ConfigMap/env web envFrom",
            "Secret/env web envFrom",
            "ConfigMap/files web volumes",
            "Secret/certs web volumes",
            "ConfigMap/merged web volumes",
            "Secret/merged web volumes",
            "Secret/registry web imagePullSecrets",
            "PersistentVolumeClaim/data web volumes",
            "StorageClass/fast - storageClassName",
            "ServiceAccount/runner web serviceAccountName",
            "PriorityClass/high - priorityClassName",
            "RuntimeClass/gvisor - runtimeClassName",
        ]
    );
    let quiet = placed(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {serviceAccountName: default, \
         volumes: [{projected: {sources: [{configMap: {name: kube-root-ca.crt}}]}}]}}",
    );
    assert_eq!(missing_references(&quiet), []);
    let alone = &placed("{apiVersion: v1, kind: Pod, metadata: {name: a}}")[1..];
    let missing = missing_references(alone);
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].to, ObjectId::new("", "Namespace", None, "web"));
}

const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reads}
roleRef: {kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: runner}, {kind: User, name: runner}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sees}
roleRef: {kind: ClusterRole, name: viewer}
subjects: [{kind: ServiceAccount, name: runner, namespace: default}]
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: viewer}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: runner}}
---
{apiVersion: v1, kind: Pod, metadata: {name: one}, spec: {serviceAccountName: runner}}
---
{apiVersion: v1, kind: Pod, metadata: {name: two}, spec: {serviceAccount: runner}}
---
{apiVersion: v1, kind: Pod, metadata: {name: other}, spec: {}}
---
apiVersion: v1
kind: Secret
metadata: {name: token, annotations: {kubernetes.io/service-account.name: runner}}
type: kubernetes.io/service-account-token
";

#[test]
fn roles_come_before_bindings_and_bindings_before_pods() {
    assert_eq!(
        before(RIGHTS, "RoleBinding/reads"),
        [
            "Role/reader applied: roleRef names it",
            "ServiceAccount/runner applied: subjects names it"
        ]
    );
    assert_eq!(
        before(RIGHTS, "ClusterRoleBinding/sees-web"),
        [
            "ClusterRole/viewer applied: roleRef names it",
            "ServiceAccount/runner applied: subjects names it"
        ]
    );
    for pod in ["Pod/one", "Pod/two"] {
        let field = "serviceAccountName names it";
        assert_eq!(
            before(RIGHTS, pod),
            [
                "RoleBinding/reads applied: it gives rights to the service account of the pods",
                "ClusterRoleBinding/sees-web applied: it gives rights to the service account of the pods",
                &format!("ServiceAccount/runner applied: {field}"),
            ]
        );
    }
    assert_eq!(before(RIGHTS, "Pod/other"), [""; 0]);
    let field = "kubernetes.io/service-account.name";
    assert_eq!(
        before(RIGHTS, "Secret/token"),
        [format!("ServiceAccount/runner applied: {field} names it")]
    );
}

#[test]
fn kinds_that_need_others_come_after_them() {
    let text = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: fallback}}
  rules: [{http: {paths: [{backend: {service: {name: web}}}]}}]
---
{apiVersion: v1, kind: Service, metadata: {name: web}}
---
{apiVersion: v1, kind: Service, metadata: {name: fallback}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {serviceName: web, volumeClaimTemplates: [{spec: {storageClassName: fast}}]}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {storageClassName: fast}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: db}}
";
    for (object, wanted) in [
        (
            "Ingress/web",
            vec![
                "Service/web applied: backend names it",
                "Service/fallback applied: backend names it",
                "IngressClass/nginx applied: ingressClassName names it",
            ],
        ),
        (
            "StatefulSet/db",
            vec![
                "Service/web applied: serviceName names it",
                "StorageClass/fast applied: storageClassName names it",
            ],
        ),
        (
            "PersistentVolumeClaim/data",
            vec!["StorageClass/fast applied: storageClassName names it"],
        ),
        ("HorizontalPodAutoscaler/web", vec!["StatefulSet/db applied: scaleTargetRef names it"]),
        ("Service/web", vec![]),
    ] {
        assert_eq!(before(text, object), wanted, "{object}");
    }
}

#[test]
fn a_namespace_is_governed_before_its_pods_run() {
    let mut text = "
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: a}}
---
{apiVersion: v1, kind: LimitRange, metadata: {name: a}}"
        .to_owned();
    for pod in 0..5 {
        text += &format!(
            "\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p{pod}}}, spec: {{}}}}"
        );
    }
    let reason = "it governs the pods of the namespace";
    assert_eq!(
        before(&text, "Pod/p3"),
        [
            format!("NetworkPolicy/a applied: {reason}"),
            format!("ResourceQuota/a applied: {reason}"),
            format!("LimitRange/a applied: {reason}"),
        ]
    );
    assert_eq!(
        rounds(&text),
        [
            vec!["Namespace/web"],
            vec!["NetworkPolicy/a", "ResourceQuota/a", "LimitRange/a"],
            vec!["Pod/p0", "Pod/p1", "Pod/p2", "Pod/p3", "Pod/p4"],
        ]
    );
}

const OPERATOR: &str = "
{apiVersion: example.com/v1, kind: Backup, metadata: {name: nightly}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: judge}
webhooks:
  - clientConfig: {service: {name: hook, namespace: default}}
    rules: [{apiGroups: [example.com], apiVersions: ['*'], operations: ['*'], resources: ['*']}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Backup, plural: backups}
  versions: [{name: v1, served: true}]
  conversion: {webhook: {clientConfig: {service: {name: hook, namespace: default}}}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.served.example.com}
spec: {group: served.example.com, version: v1, service: {name: hook, namespace: default}}
---
{apiVersion: served.example.com/v1, kind: Thing, metadata: {name: thing}}
---
{apiVersion: v1, kind: Service, metadata: {name: hook}, spec: {selector: {app: op}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator}
spec: {template: {metadata: {labels: {app: op, x: y}}, spec: {}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {metadata: {labels: {app: op}}, spec: {}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
spec: {template: {metadata: {labels: {app: other}}, spec: {}}}
";

#[test]
fn callers_come_after_what_answers_them() {
    let answers = [
        "Service/hook applied: it answers the calls",
        "Deployment/operator available: it answers the calls",
    ];
    assert_eq!(before(OPERATOR, "ValidatingWebhookConfiguration/judge"), answers);
    assert_eq!(before(OPERATOR, "APIService/v1.served.example.com"), answers);
    assert_eq!(before(OPERATOR, "CustomResourceDefinition/backups.example.com"), [""; 0]);
    assert_eq!(
        before(OPERATOR, "Backup/nightly"),
        [
            "ValidatingWebhookConfiguration/judge applied: its webhook judges the kind",
            "CustomResourceDefinition/backups.example.com established: it defines the kind",
            "Service/hook applied: it converts between versions of the kind",
            "Deployment/operator applied: it converts between versions of the kind",
        ]
    );
    assert_eq!(
        before(OPERATOR, "Thing/thing"),
        ["APIService/v1.served.example.com ready: it serves the kind"]
    );
}

#[test]
fn jobs_that_change_webhooks_come_after_them() {
    let text = "
apiVersion: batch/v1
kind: Job
metadata: {name: patch}
spec: {template: {spec: {containers: [{args: [patch, '--webhook-name=hook', '--secret-name=s']}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: create}
spec: {template: {spec: {containers: [{args: [create, '--secret-name=hook']}]}}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: hook}}
";
    assert_eq!(
        before(text, "Job/patch"),
        ["MutatingWebhookConfiguration/hook applied: --webhook-name names it"]
    );
    assert_eq!(before(text, "Job/create"), [""; 0]);
}

#[test]
fn without_waiting_backends_need_only_be_applied() {
    let (objects, graph) = build(OPERATOR);
    let mut graph = graph.unwrap();
    let find = |name: &str| objects.iter().position(|placed| placed.id.name == name).unwrap();
    let operator = find("operator");
    assert_eq!(graph.awaited(operator), BTreeSet::from([Milestone::Available]));
    assert_eq!(
        graph.awaited(find("backups.example.com")),
        BTreeSet::from([Milestone::Established])
    );
    graph.forgo_backends();
    assert_eq!(graph.awaited(operator), BTreeSet::new());
    assert_eq!(graph.awaited(find("v1.served.example.com")), BTreeSet::from([Milestone::Ready]));
}

fn config(name: &str, depends: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, \
         annotations: {{config.kubernetes.io/depends-on: '{depends}'}}}}}}"
    )
}

#[test]
fn stated_dependencies_are_kept() {
    let base = "{apiVersion: batch/v1, kind: Job, metadata: {name: migrate}, spec: {}}\n---\n\
                {apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: prod}}\n---\n\
                {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}";
    let reason = "config.kubernetes.io/depends-on names it";
    for (depends, wanted) in [
        ("batch/namespaces/default/Job/migrate", "Job/migrate"),
        ("batch/namespaces/web/Job/migrate", "Job/migrate"),
        ("batch/Job/migrate", "Job/migrate"),
        ("/namespaces/prod/ConfigMap/b", "ConfigMap/b"),
        ("rbac.authorization.k8s.io/ClusterRole/r", "ClusterRole/r"),
        (" , batch/Job/migrate , ", "Job/migrate"),
    ] {
        let text = format!("{base}\n---\n{}", config("a", depends));
        assert_eq!(
            before(&text, "ConfigMap/a"),
            [format!("{wanted} ready: {reason}")],
            "{depends}"
        );
    }
}

#[test]
fn wrong_dependencies_are_refused() {
    for (depends, code, hint) in [
        (
            "Job/a",
            "invalid-depends-on",
            "for the core group begin with `/`: `/namespaces/web/ConfigMap/app`",
        ),
        (
            "batch/namespaces//Job/a",
            "invalid-depends-on",
            "for the core group begin with `/`: `/namespaces/web/ConfigMap/app`",
        ),
        (
            "/namespaces/elsewhere/ConfigMap/b",
            "unknown-depends-on",
            "write `/namespaces/default/ConfigMap/b`",
        ),
        (
            "/namespaces/default/ConfigMap/c",
            "unknown-depends-on",
            "write `/namespaces/default/ConfigMap/a`",
        ),
    ] {
        let text = format!("{}\n---\n{}", config("a", depends), CONFIG_B);
        let error = build(&text).1.unwrap_err();
        assert_eq!((error.code.word(), error.hint.as_deref()), (code, Some(hint)), "{depends}");
        assert_eq!(error.kind.exit_code(), 2);
        assert!(error.origin.is_some());
    }
}

const CONFIG_B: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}";

#[test]
fn a_stated_circle_is_refused_with_its_chain() {
    let target = |name: &str| format!("/namespaces/default/ConfigMap/{name}");
    let text = [
        config("tail", &target("a")),
        config("a", &target("b")),
        config("b", &target("c")),
        config("c", &target("a")),
    ]
    .join("\n---\n");
    let error = build(&text).1.unwrap_err();
    assert_eq!(error.code, Code::DependencyCycle);
    assert_eq!(
        error.causes,
        ["ConfigMap/a waits for ConfigMap/b waits for ConfigMap/c waits for ConfigMap/a"]
    );
}

#[test]
fn what_the_user_states_wins_over_our_rules() {
    let text = "
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {volumes: [{configMap: {name: conf}}]}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: conf
  annotations: {config.kubernetes.io/depends-on: /namespaces/default/Pod/web}
";
    assert_eq!(rounds(text), [["Namespace/web"], ["Pod/web"], ["ConfigMap/conf"]]);
}

#[test]
fn what_depends_on_a_failure_is_skipped() {
    let (objects, graph) = build(OPERATOR);
    let graph = graph.unwrap();
    let find = |name: &str| objects.iter().position(|placed| placed.id.name == name).unwrap();
    let mut schedule = Schedule::start(&graph);
    assert_eq!(schedule.released(), [0, find("judge") + 1]);
    schedule.reached(0, Milestone::Active);
    schedule.released();
    let operator = find("operator");
    schedule.reached(find("hook"), Milestone::Applied);
    schedule.reached(operator, Milestone::Applied);
    assert!(schedule.released().is_empty());
    let skipped = schedule.failed(operator);
    let wanted = ["nightly", "judge", "v1.served.example.com", "thing"].map(find);
    assert_eq!(skipped, wanted);
    assert_eq!(schedule.waiting().count(), 0);
}

#[test]
fn deletion_goes_from_users_to_what_is_used() {
    let objects = placed(&format!("{OPERATOR}---\n{RIGHTS}"));
    let ids: Vec<ObjectId> = objects.iter().map(|placed| placed.id.clone()).collect();
    let aggregated = ids.iter().filter(|id| id.name == "reader").cloned().collect();
    let waves = deletion_waves(&ids, &kinds_of(OPERATOR), &aggregated);
    let shown: Vec<String> = waves
        .iter()
        .map(|wave| {
            let members: Vec<&str> =
                wave.members.iter().map(|member| &*ids[*member].name).collect();
            format!("{}: {}", wave.what, members.join(" "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "webhooks and admission policies: judge",
            "custom resources: nightly thing",
            "API services: v1.served.example.com",
            "workloads: operator once other one two other",
            "aggregated roles: reader",
            "configuration: hook reads sees-web viewer runner token",
            "custom resource definitions: backups.example.com",
            "namespaces: web",
        ]
    );
}

#[test]
fn ten_thousand_objects_make_a_graph_of_about_that_size() {
    let mut objects =
        placed("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {serviceAccountName: s}}");
    let pod = objects.pop().unwrap();
    let sample = placed(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n}}\n---\n\
         {apiVersion: v1, kind: ServiceAccount, metadata: {name: s}}\n---\n\
         {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b}, \
          roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: s}]}",
    );
    objects.push(sample[2].clone());
    for (template, count) in [(&sample[1], 3000), (&sample[3], 3000), (&pod, 4000)] {
        for number in 0..count {
            let mut copy = template.clone();
            copy.id.name = format!("{}{number}", template.id.name);
            copy.body["metadata"]["name"] = copy.id.name.clone().into();
            objects.push(copy);
        }
    }
    let graph = Graph::build(&objects, &Kinds::builtin(), Occasion::Install).unwrap();
    assert!(graph.edges.len() < 60_000, "{}", graph.edges.len());
    assert_eq!(graph.why(graph.objects - 1).len(), 6002);
}

/// Gives the pointers to everything in a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                found.push(format!("{at}/{key}"));
                pointers(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                found.push(format!("{at}/{index}"));
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn odd_bodies_do_no_harm() {
    let odd = [json!(null), json!(""), json!(1), json!([]), json!([null, {}]), json!({"a": [1]})];
    let text = format!("{POD}---\n{RIGHTS}---\n{OPERATOR}");
    let set = objects(&text);
    let overrides: Overrides = serde_json::from_value(json!({
        "images": {"web": "x"}, "replicas": {"Deployment/web": 2}, "restartedAt": "now",
        "sets": {"Deployment/web:spec.template.spec.hostname": "x"},
        "patches": [{"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"paused": true}}],
    }))
    .unwrap();
    let builtin = Kinds::builtin();
    let (mut built, mut refused) = (0, 0);
    for index in 0..set.len() {
        let mut places = Vec::new();
        pointers(&set[index].body, "", &mut places);
        for (place, odd) in places.iter().flat_map(|place| odd.iter().map(move |odd| (place, odd)))
        {
            let mut objects = set.clone();
            *objects[index].body.pointer_mut(place).unwrap() = odd.clone();
            let mut kinds = builtin.clone();
            kinds.add_crds(&objects);
            let _ = kinds.check(&objects);
            let applied = overrides::apply(&overrides, &mut objects, &kinds);
            let done = applied.and_then(|_| place_into_web(&objects, &kinds)).and_then(|placed| {
                let _ = missing_references(&placed);
                Graph::build(&placed, &kinds, Occasion::Install)
            });
            match done {
                Ok(graph) => {
                    built += 1;
                    assert!(!Schedule::start(&graph).released().is_empty());
                }
                Err(error) => {
                    refused += 1;
                    assert_eq!(error.kind.exit_code(), 2, "{place} {odd}: {error}");
                }
            }
        }
    }
    assert!(built > refused && refused > 0, "{built} {refused}");
}
