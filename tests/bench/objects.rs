//! The objects of the bench: eight kinds in equal shares, of the size of real ones, Deployments
//! without replicas so that the server and not the pods are measured.

use serde_json::{Value, json};

/// Makes `count` objects of one namespace, which none of them names.
pub(crate) fn mixed(count: usize) -> Vec<Value> {
    (0..count).map(object).collect()
}

fn object(index: usize) -> Value {
    let name = format!("app-{:05}", index / 8);
    let labels = json!({"app": name, "part-of": "bench"});
    let metadata = json!({"name": name, "labels": labels});
    let rbac = "rbac.authorization.k8s.io";
    match index % 8 {
        0 => json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {
            "LOG_LEVEL": "info", "PORT": "8080",
            "app.properties": format!("name={name}\nthreads=16\ntimeout=30s\n").repeat(8),
        }}),
        1 => json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque",
            "data": {"password": "aHVudGVyMg==", "user": "YXBw"}}),
        2 => json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata,
            "automountServiceAccountToken": false}),
        3 => json!({"apiVersion": rbac.to_owned() + "/v1", "kind": "Role", "metadata": metadata,
            "rules": [{"apiGroups": [""], "resources": ["configmaps", "secrets"],
                "verbs": ["get", "list", "watch"]}]}),
        4 => json!({"apiVersion": rbac.to_owned() + "/v1", "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
            "subjects": [{"apiGroup": rbac, "kind": "Group", "name": "bench"}]}),
        5 => json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {
            "selector": {"app": name},
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}),
        6 => json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata,
            "spec": {"rules": [{"host": format!("{name}.example.com"), "http": {"paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": name, "port": {"name": "http"}}}}]}}]}}),
        _ => json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": labels}, "spec": {
                "serviceAccountName": name,
                "containers": [{"name": "app", "image": "registry.example.com/app:1.2.3",
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "envFrom": [{"configMapRef": {"name": name}}],
                    "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef":
                        {"name": name, "key": "password"}}}],
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"},
                        "limits": {"memory": "256Mi"}},
                    "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
                }]}}}}),
    }
}

/// Writes objects as one file of many documents.
pub(crate) fn documents(objects: &[Value]) -> String {
    let text = |object| serde_yaml::to_string(object).expect("JSON is YAML");
    objects.iter().map(text).collect::<Vec<_>>().join("---\n")
}

/// Gives the path of an object's collection.
pub(crate) fn collection(object: &Value, namespace: &str) -> String {
    let kind = object["kind"].as_str().expect("every object has a kind");
    let version = object["apiVersion"].as_str().expect("every object has a version");
    let root = if version.contains('/') { "apis" } else { "api" };
    let plural = match kind {
        "Namespace" => return format!("/{root}/{version}/namespaces"),
        "Ingress" => "ingresses".to_owned(),
        kind => format!("{}s", kind.to_lowercase()),
    };
    format!("/{root}/{version}/namespaces/{namespace}/{plural}")
}
