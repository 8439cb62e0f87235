//! What objects name comes before them, and what nobody answers is found.

use super::*;

pub(super) const POD: &str = "
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

pub(super) const RIGHTS: &str = "
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
