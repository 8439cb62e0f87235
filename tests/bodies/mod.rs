//! The bodies of the differential test: kinds, valid ones, and variants that are sometimes not.

pub(crate) mod custom;
pub(crate) mod workloads;

use serde_json::{Value, json};

pub(crate) struct Kind {
    pub kind: &'static str,
    pub plural: &'static str,
    pub prefix: &'static str,
    pub namespaced: bool,
    pub body: Value,
    pub variants: Vec<Value>,
}

fn kind(
    api: &str,
    kind: &'static str,
    plural: &'static str,
    rest: Value,
    variants: Vec<Value>,
) -> Kind {
    let prefix = match api {
        "v1" => "/api/v1",
        "apps/v1" => "/apis/apps/v1",
        "batch/v1" => "/apis/batch/v1",
        "networking.k8s.io/v1" => "/apis/networking.k8s.io/v1",
        "rbac.authorization.k8s.io/v1" => "/apis/rbac.authorization.k8s.io/v1",
        "autoscaling/v2" => "/apis/autoscaling/v2",
        "policy/v1" => "/apis/policy/v1",
        _ => "/apis/differential.test/v1",
    };
    let mut body = rest;
    body["apiVersion"] = json!(api);
    body["kind"] = json!(kind);
    Kind { kind, plural, prefix, namespaced: !kind.starts_with("Cluster"), body, variants }
}

fn template() -> Value {
    json!({
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "main", "image": "nginx:1", "ports": [{"containerPort": 80}]}]},
    })
}

fn template_variants(path: &str) -> Vec<Value> {
    let inside = |value: Value| match path {
        "template" => json!({"spec": {"template": value}}),
        _ => json!({"spec": {"jobTemplate": {"spec": {"template": value}}}}),
    };
    let containers = |list: Value| inside(json!({"spec": {"containers": list}}));
    vec![
        containers(json!([{"name": "main", "image": "nginx"}])),
        containers(
            json!([{"name": "main", "image": "nginx:2", "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}]),
        ),
        containers(
            json!([{"name": "main", "image": "nginx:2", "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": 0.1}}}]),
        ),
        containers(
            json!([{"name": "main", "image": "a"}, {"name": "side", "image": "b@sha256:0000", "readinessProbe": {"httpGet": {"port": 80}}, "livenessProbe": {"exec": {"command": ["x"]}}}]),
        ),
        containers(
            json!([{"name": "main", "image": "a", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]),
        ),
        containers(json!([{"name": "main"}])),
        containers(json!([{"image": "x"}])),
        containers(json!([{"name": "main", "image": "x", "imge": "y"}])),
        containers(json!([{"name": "main", "image": 1}])),
        containers(
            json!([{"name": "main", "image": "x", "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 80, "protocol": "UDP"}]}]),
        ),
        inside(
            json!({"spec": {"volumes": [{"name": "data", "configMap": {"name": "c"}}, {"name": "tmp"}]}}),
        ),
        inside(
            json!({"spec": {"serviceAccountName": "robot", "terminationGracePeriodSeconds": 5, "nodeSelector": {"a": "b"}}}),
        ),
        inside(
            json!({"spec": {"securityContext": {"runAsNonRoot": true}, "hostNetwork": false, "tolerations": [{"key": "k", "operator": "Exists"}]}}),
        ),
        inside(
            json!({"metadata": {"annotations": {"a": "b"}, "labels": {"app": "x", "more": "y"}}}),
        ),
        inside(
            json!({"spec": {"initContainers": [{"name": "init", "image": "i:1", "command": ["true"]}]}}),
        ),
        inside(
            json!({"spec": {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": {"topologyKey": "k", "labelSelector": {"matchLabels": {"a": "b"}}}}]}}}}),
        ),
    ]
}

fn with(mut list: Vec<Value>, more: Vec<Value>) -> Vec<Value> {
    list.extend(more);
    list
}

pub(crate) fn metadata_variants() -> Vec<Value> {
    vec![
        json!({"metadata": {"labels": {"tier": "z"}}}),
        json!({"metadata": {"labels": {"bad key!": "v"}}}),
        json!({"metadata": {"labels": {"app": "bad value!"}}}),
        json!({"metadata": {"labels": {"app": null}}}),
        json!({"metadata": {"annotations": {"note": "x", "empty": ""}}}),
        json!({"metadata": {"finalizers": ["differential.test/hold"]}}),
        json!({"metadata": {"nonsense": 1}}),
        json!({"nonsense": {"a": 1}}),
        json!({"metadata": {"namespace": "elsewhere"}}),
        json!({"metadata": {"name": "Bad_Name"}}),
        json!({"metadata": {"creationTimestamp": null}}),
        json!({"kind": "Nonsense"}),
        json!({"metadata": {"uid": "00000000-0000-0000-0000-000000000000"}}),
    ]
}

pub(crate) fn json_patches() -> Vec<Value> {
    vec![
        json!([{"op": "add", "path": "/metadata/labels/patched", "value": "yes"}]),
        json!([{"op": "remove", "path": "/metadata/labels/patched"}]),
        json!([{"op": "test", "path": "/metadata/labels/app", "value": "y"}]),
        json!([{"op": "replace", "path": "/metadata/labels", "value": {"app": "x"}}]),
        json!([{"op": "add", "path": "/spec/replicas", "value": 0}]),
        json!([{"op": "remove", "path": "/metadata/finalizers"}]),
        json!([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]),
    ]
}

pub(crate) fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.differential.test"},
        "spec": {
            "group": "differential.test", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {
                        "spec": {
                            "type": "object", "required": ["size"],
                            "properties": {
                                "size": {"type": "integer", "minimum": 1, "maximum": 10},
                                "color": {"type": "string", "enum": ["red", "green"], "default": "red"},
                                "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                                "parts": {
                                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                                    "items": {"type": "object", "required": ["id"], "properties": {
                                        "id": {"type": "string"}, "count": {"type": "integer", "default": 1}}},
                                },
                                "plain": {"type": "array", "items": {"type": "integer"}},
                                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                                "map": {"type": "object", "additionalProperties": {"type": "string"}},
                                "maybe": {"type": "string", "nullable": true, "default": "d"},
                                "port": {"x-kubernetes-int-or-string": true},
                            },
                        },
                        "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
                    },
                }},
            }],
        },
    })
}

pub(crate) fn kinds() -> Vec<Kind> {
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let mut job_template = template();
    job_template["spec"]["restartPolicy"] = json!("Never");
    vec![
        kind(
            "v1",
            "ConfigMap",
            "configmaps",
            json!({"data": {"a": "1"}}),
            vec![
                json!({"data": {"b": "2"}}),
                json!({"data": {"a": null}}),
                json!({"data": {"a": "other"}}),
                json!({"data": {"a": 1}}),
                json!({"data": {"bad key": "x"}}),
                json!({"immutable": true}),
                json!({"binaryData": {"x": "AAEC"}}),
                json!({"binaryData": {"a": "AAEC"}}),
                json!({"data": [1]}),
                json!({"dta": {}}),
                json!({"data": {"nested": {"x": 1}}}),
                json!({"data": {"flag": true}}),
                json!({"data": null}),
                json!({"immutable": false}),
            ],
        ),
        kind(
            "v1",
            "Secret",
            "secrets",
            json!({"data": {"a": "YQ=="}}),
            vec![
                json!({"stringData": {"s": "text"}}),
                json!({"data": {"b": "Yg=="}}),
                json!({"data": {"a": "no base64!"}}),
                json!({"type": "example.com/other"}),
                json!({"immutable": true}),
                json!({"data": {"a": null, "c": "Yw=="}}),
                json!({"data": {"empty": ""}}),
            ],
        ),
        kind(
            "v1",
            "Service",
            "services",
            json!({"spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}}),
            vec![
                json!({"spec": {"ports": [{"port": 80, "name": "http", "targetPort": "web"}, {"port": 443, "name": "https"}]}}),
                json!({"spec": {"type": "NodePort"}}),
                json!({"spec": {"type": "LoadBalancer"}}),
                json!({"spec": {"ports": [{"port": 80}, {"port": 81}]}}),
                json!({"spec": {"ports": [{"port": 0}]}}),
                json!({"spec": {"sessionAffinity": "ClientIP"}}),
                json!({"spec": {"type": "Nonsense"}}),
                json!({"spec": {"ports": [{"port": 53, "name": "dns", "protocol": "UDP"}, {"port": 53, "name": "dns-tcp"}]}}),
                json!({"spec": {"selector": {"app": "y"}}}),
                json!({"spec": {"ports": []}}),
                json!({"spec": {"clusterIP": "None"}}),
                json!({"spec": {"ports": [{"port": 80, "targetPort": 8080}]}}),
            ],
        ),
        kind(
            "v1",
            "ServiceAccount",
            "serviceaccounts",
            json!({}),
            vec![
                json!({"automountServiceAccountToken": false}),
                json!({"imagePullSecrets": [{"name": "pull"}]}),
                json!({"secrets": [{"name": "s"}]}),
            ],
        ),
        kind(
            "v1",
            "PersistentVolumeClaim",
            "persistentvolumeclaims",
            json!({"spec": {"storageClassName": "absent", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
            vec![
                json!({"spec": {"resources": {"requests": {"storage": "2Gi"}}}}),
                json!({"spec": {"accessModes": ["ReadWriteMany"]}}),
                json!({"spec": {"accessModes": []}}),
                json!({"spec": {"resources": {"requests": {"storage": "1024Mi"}}}}),
                json!({"spec": {"resources": {"requests": {"storage": "big"}}}}),
            ],
        ),
        kind(
            "apps/v1",
            "Deployment",
            "deployments",
            json!({"spec": {"replicas": 0, "selector": {"matchLabels": {"app": "x"}}, "template": template()}}),
            with(
                template_variants("template"),
                vec![
                    json!({"spec": {"strategy": {"type": "Recreate"}}}),
                    json!({"spec": {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": "10%"}}}}),
                    json!({"spec": {"selector": {"matchLabels": {"app": "y"}}}}),
                    json!({"spec": {"replicas": "3"}}),
                    json!({"spec": {"replicas": -1}}),
                    json!({"spec": {"minReadySeconds": 5, "paused": true}}),
                    json!({"spec": {"revisionHistoryLimit": 2}}),
                    json!({"spec": {"replicas": null}}),
                    json!({"spec": {"selector": null}}),
                    json!({"spec": {"paused": false, "progressDeadlineSeconds": 3}}),
                ],
            ),
        ),
        kind(
            "apps/v1",
            "StatefulSet",
            "statefulsets",
            json!({"spec": {"replicas": 0, "serviceName": "s", "selector": {"matchLabels": {"app": "x"}}, "template": template()}}),
            with(
                template_variants("template"),
                vec![
                    json!({"spec": {"serviceName": "other"}}),
                    json!({"spec": {"podManagementPolicy": "Parallel"}}),
                    json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}),
                    json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}}),
                    json!({"spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]}}),
                ],
            ),
        ),
        kind(
            "apps/v1",
            "DaemonSet",
            "daemonsets",
            json!({"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"nodeSelector": {"no": "node"}, "containers": [{"name": "main", "image": "nginx:1"}]}}}}),
            vec![
                json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}),
                json!({"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}}}}),
                json!({"spec": {"minReadySeconds": 3}}),
                json!({"spec": {"template": {"spec": {"hostNetwork": true, "containers": [{"name": "main", "image": "x:1", "ports": [{"containerPort": 99}]}]}}}}),
            ],
        ),
        kind(
            "batch/v1",
            "Job",
            "jobs",
            json!({"spec": {"suspend": true, "template": job_template}}),
            vec![
                json!({"spec": {"backoffLimit": 2}}),
                json!({"spec": {"completions": 3, "parallelism": 2}}),
                json!({"spec": {"template": {"spec": {"restartPolicy": "Always"}}}}),
                json!({"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}}),
                json!({"spec": {"ttlSecondsAfterFinished": 100}}),
                json!({"spec": {"completionMode": "Indexed", "completions": 2}}),
            ],
        ),
        kind(
            "batch/v1",
            "CronJob",
            "cronjobs",
            json!({"spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": job_template}}}}),
            with(
                template_variants("jobTemplate"),
                vec![
                    json!({"spec": {"schedule": "nonsense"}}),
                    json!({"spec": {"concurrencyPolicy": "Forbid"}}),
                    json!({"spec": {"suspend": true}}),
                    json!({"spec": {"timeZone": "Etc/UTC"}}),
                ],
            ),
        ),
        kind(
            "networking.k8s.io/v1",
            "Ingress",
            "ingresses",
            json!({"spec": {"rules": [{"host": "a.test", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "s", "port": {"number": 80}}}}]}}]}}),
            vec![
                json!({"spec": {"ingressClassName": "nginx"}}),
                json!({"spec": {"tls": [{"hosts": ["a.test"], "secretName": "t"}]}}),
                json!({"spec": {"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": "s", "port": {"number": 80}}}}]}}]}}),
                json!({"spec": {"rules": [{"http": {"paths": [{"path": "x", "pathType": "Exact", "backend": {"service": {"name": "s", "port": {"name": "p"}}}}]}}]}}),
                json!({"spec": {"rules": null}}),
                json!({"spec": {"defaultBackend": {"service": {"name": "d", "port": {"number": 1}}}}}),
            ],
        ),
        kind(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "networkpolicies",
            json!({"spec": {"podSelector": {}}}),
            vec![
                json!({"spec": {"ingress": [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}], "ports": [{"port": 80}]}]}}),
                json!({"spec": {"egress": [{}]}}),
                json!({"spec": {"policyTypes": ["Ingress"]}}),
            ],
        ),
        kind(
            "rbac.authorization.k8s.io/v1",
            "Role",
            "roles",
            json!({"rules": rules}),
            vec![
                json!({"rules": []}),
                json!({"rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"]}]}),
            ],
        ),
        kind(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "clusterroles",
            json!({"rules": rules}),
            vec![json!({"rules": null})],
        ),
        kind(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            "rolebindings",
            json!({"roleRef": {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"}, "subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": "default"}]}),
            vec![
                json!({"roleRef": {"name": "other"}}),
                json!({"subjects": [{"kind": "User", "name": "u"}]}),
                json!({"subjects": [{"kind": "ServiceAccount", "name": "x"}]}),
                json!({"roleRef": {"apiGroup": null}}),
                json!({"subjects": null}),
            ],
        ),
        kind(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            json!({"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}, "maxReplicas": 3}}),
            vec![
                json!({"spec": {"minReplicas": 2}}),
                json!({"spec": {"minReplicas": 5}}),
                json!({"spec": {"maxReplicas": 0}}),
                json!({"spec": {"metrics": [{"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 50}}}]}}),
            ],
        ),
        kind(
            "policy/v1",
            "PodDisruptionBudget",
            "poddisruptionbudgets",
            json!({"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}}),
            vec![
                json!({"spec": {"minAvailable": null, "maxUnavailable": "50%"}}),
                json!({"spec": {"minAvailable": "20%"}}),
                json!({"spec": {"maxUnavailable": 1}}),
            ],
        ),
        kind(
            "differential.test/v1",
            "Widget",
            "widgets",
            json!({"spec": {"size": 1}}),
            vec![
                json!({"spec": {"size": 20}}),
                json!({"spec": {"size": "1"}}),
                json!({"spec": {"color": "blue"}}),
                json!({"spec": {"color": "green"}}),
                json!({"spec": {"tags": ["a", "b"]}}),
                json!({"spec": {"tags": ["b", "c"]}}),
                json!({"spec": {"parts": [{"id": "x"}, {"id": "y", "count": 3}]}}),
                json!({"spec": {"parts": [{"id": "y", "count": 4}]}}),
                json!({"spec": {"plain": [1, 2]}}),
                json!({"spec": {"free": {"a": {"b": 1}}}}),
                json!({"spec": {"free": {"c": [1]}}}),
                json!({"spec": {"map": {"k": "v"}}}),
                json!({"spec": {"maybe": "x"}}),
                json!({"spec": {"unknown": 1}}),
                json!({"spec": {"port": "http"}}),
                json!({"spec": {"port": 80}}),
                json!({"spec": {"size": null}}),
                json!({"status": {"ready": true}}),
                json!({"spec": {"plain": ["x"]}}),
                json!({"spec": {"parts": [{"count": 1}]}}),
                json!({"spec": {"tags": ["a", "a"]}}),
            ],
        ),
    ]
}
