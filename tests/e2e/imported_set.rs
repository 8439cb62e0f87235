//! A set of many kinds that kubectl made is imported by its labels, with what lives in no namespace:
//! the plan that follows changes no field, and neither does the deploy.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::{Outcome, Place};

/// The objects with the collections that they are made in; `id` is part of what all share.
fn set(home: &str, id: &str, class: &str) -> Vec<(String, Value)> {
    let core = |plural: &str| format!("/api/v1/namespaces/{home}/{plural}");
    let of = |group: &str, plural: &str| format!("/apis/{group}/namespaces/{home}/{plural}");
    let rbac = "rbac.authorization.k8s.io/v1";
    let pod = |volumes: Value| {
        json!({"metadata": {"labels": {"app": "rich"}}, "spec": {
            "terminationGracePeriodSeconds": 0, "serviceAccountName": "rich", "volumes": volumes,
            "containers": [{"name": "main", "image": "registry.k8s.io/pause:3.9",
                "resources": {"requests": {"cpu": "0.01", "memory": "1024Ki"}}}]}})
    };
    let claim = json!({"accessModes": ["ReadWriteOnce"], "storageClassName": class,
        "resources": {"requests": {"storage": "1Gi"}}});
    let job = json!({"template": {"spec": {"restartPolicy": "Never",
        "containers": [{"name": "main", "image": "registry.k8s.io/pause:3.9"}]}}});
    let (group, reader) = (format!("{id}.example.com"), format!("{id}-reader"));
    let account = json!([{"kind": "ServiceAccount", "name": "rich", "namespace": home}]);
    let role_of = |kind: &str, name: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let volume = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "rich"}}]);
    let port = json!([{"port": 80, "targetPort": "http"}]);
    let backend = json!({"service": {"name": "rich", "port": {"number": 80}}});
    let kinds = [
        (
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned(),
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            json!({"spec": {"group": group, "scope": "Namespaced", "names": {"kind": "Gear", "plural": "gears", "singular": "gear", "listKind": "GearList"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                    "properties": {"spec": {"type": "object", "properties": {"teeth": {"type": "integer", "default": 8}}}}}}}]}}),
        ),
        (format!("/apis/{rbac}/clusterroles"), rbac, "ClusterRole", json!({"rules": rules})),
        (
            format!("/apis/{rbac}/clusterrolebindings"),
            rbac,
            "ClusterRoleBinding",
            json!({"roleRef": role_of("ClusterRole", &reader), "subjects": account}),
        ),
        (core("serviceaccounts"), "v1", "ServiceAccount", json!({})),
        (of(rbac, "roles"), rbac, "Role", json!({"rules": rules})),
        (
            of(rbac, "rolebindings"),
            rbac,
            "RoleBinding",
            json!({"roleRef": role_of("Role", "rich"), "subjects": [{"kind": "ServiceAccount", "name": "rich"}]}),
        ),
        (
            core("configmaps"),
            "v1",
            "ConfigMap",
            json!({"data": {"a": "1"}, "binaryData": {"b": "AAE="}}),
        ),
        (core("persistentvolumeclaims"), "v1", "PersistentVolumeClaim", json!({"spec": claim})),
        (
            core("services"),
            "v1",
            "Service",
            json!({"spec": {"type": "NodePort", "selector": {"app": "rich"}, "ports": port}}),
        ),
        (
            of("apps/v1", "deployments"),
            "apps/v1",
            "Deployment",
            json!({"spec": {"selector": {"matchLabels": {"app": "rich"}}, "template": pod(volume)}}),
        ),
        (
            of("apps/v1", "statefulsets"),
            "apps/v1",
            "StatefulSet",
            json!({"spec": {"serviceName": "rich", "replicas": 0, "selector": {"matchLabels": {"app": "rich", "set": "rich"}},
                "template": {"metadata": {"labels": {"app": "rich", "set": "rich"}}, "spec": pod(json!([]))["spec"]},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}]}}),
        ),
        (
            of("networking.k8s.io/v1", "ingresses"),
            "networking.k8s.io/v1",
            "Ingress",
            json!({"spec": {"rules": [{"host": "rich.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}}),
        ),
        (
            of("autoscaling/v2", "horizontalpodautoscalers"),
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({"spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "rich"},
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]}}),
        ),
        (
            of("policy/v1", "poddisruptionbudgets"),
            "policy/v1",
            "PodDisruptionBudget",
            json!({"spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "rich"}}}}),
        ),
        (of("batch/v1", "jobs"), "batch/v1", "Job", json!({"spec": job})),
        (
            of("batch/v1", "cronjobs"),
            "batch/v1",
            "CronJob",
            json!({"spec": {"schedule": "0 0 29 2 *", "jobTemplate": {"spec": job}}}),
        ),
    ];
    let mut all: Vec<(String, Value)> = kinds
        .into_iter()
        .map(|(path, api_version, kind, mut body)| {
            let name = match kind {
                "CustomResourceDefinition" => format!("gears.{group}"),
                "ClusterRole" | "ClusterRoleBinding" => reader.clone(),
                _ => "rich".to_owned(),
            };
            body["apiVersion"] = json!(api_version);
            body["kind"] = json!(kind);
            body["metadata"] = json!({"name": name, "labels": {"set": id}});
            (path, body)
        })
        .collect();
    let headless =
        json!({"clusterIP": "None", "selector": {"app": "rich"}, "ports": [{"port": 80}]});
    let docker = "eyJhdXRocyI6e319";
    for (kind, plural, name, more) in [
        ("Service", "services", "headless", json!({"spec": headless})),
        ("Secret", "secrets", "opaque", json!({"data": {"a": "c2VjcmV0"}})),
        (
            "Secret",
            "secrets",
            "tls",
            json!({"type": "kubernetes.io/tls", "data": {"tls.crt": "YQ==", "tls.key": "YQ=="}}),
        ),
        (
            "Secret",
            "secrets",
            "docker",
            json!({"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": docker}}),
        ),
        (
            "Secret",
            "secrets",
            "login",
            json!({"type": "kubernetes.io/basic-auth", "data": {"username": "YQ==", "password": "YQ=="}}),
        ),
    ] {
        let mut body = more;
        body["apiVersion"] = json!("v1");
        body["kind"] = json!(kind);
        body["metadata"] = json!({"name": name, "labels": {"set": id}});
        all.push((core(plural), body));
    }
    let gear = json!({"apiVersion": format!("{group}/v1"), "kind": "Gear",
        "metadata": {"name": "rich", "labels": {"set": id}}, "spec": {}});
    all.push((of(&format!("{group}/v1"), "gears"), gear));
    all
}

/// Gives what of an object was given, without what is counted and who holds it.
fn given(live: &Value) -> Value {
    let mut given = live.clone();
    given.as_object_mut().unwrap().remove("status");
    let metadata = given["metadata"].as_object_mut().unwrap();
    metadata.retain(|key, _| ["name", "uid", "annotations", "ownerReferences"].contains(&&**key));
    given
}

fn read(place: &Place, set: &[(String, Value)]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (path, body) in set {
        let path = format!("{path}/{}", body["metadata"]["name"].as_str().unwrap());
        let live = place.get(&path).unwrap_or_else(|| panic!("{path}"));
        all.insert(path, live);
    }
    all
}

on_both! {
    fn a_set_of_many_kinds_is_imported_and_nothing_changes(place) {
        let home = place.instance("-home");
        let name = place.instance("-rich");
        let all = format!("{name}-all");
        let on = format!("--runtime {}", place.runtime);
        place.write("home.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: home}\n");
        place.run(&format!("deploy {home} -f home.yaml {on}")).expect(0);
        let is_sandbox = place.runtime == "sandbox";
        let class = if is_sandbox { "standard".to_owned() } else { name.clone() };
        if !is_sandbox {
            // Nobody provisions volumes there.
            let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
                "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": class,
                "hostPath": {"path": "/tmp"}, "persistentVolumeReclaimPolicy": "Delete"}});
            place.call(Request::json(Method::POST, "/api/v1/persistentvolumes", &volume)).unwrap();
        }
        let set = set(&home, &name, &class);
        for (path, body) in &set {
            let path = format!("{path}?fieldManager=kubectl-create");
            if body["kind"] == "Gear" {
                place.until("the kind is served", Duration::from_secs(30), || {
                    place.call(Request::json(Method::POST, &path, body)).is_ok()
                });
                continue;
            }
            place.call(Request::json(Method::POST, path, body)).unwrap();
        }
        let at = |plural: &str| {
            let ends = format!("/{plural}/rich");
            read(place, &set).into_iter().find(|(path, _)| path.ends_with(&ends)).unwrap().1
        };
        place.until("all of it runs", Duration::from_secs(60), || {
            at("persistentvolumeclaims")["status"]["phase"] == "Bound"
                && at("deployments")["status"]["readyReplicas"] == 1
                && at("jobs")["status"]["succeeded"] == 1
        });

        // Whether what lives in no namespace belongs to it, nobody can tell.
        let found = place.run(&format!("import {all} --all -n {home} {on} -o json")).expect(0).json();
        let left = found["left"].as_array().unwrap().iter();
        let cluster = left.filter(|left| left["object"].as_str().unwrap().starts_with("ClusterRoleBinding/"));
        let cluster: Vec<String> = cluster.map(|left| place.named(&format!("{left}"))).collect();
        snapshot!(cluster.join("\n"), @r#"
        {"object":"ClusterRoleBinding/NAME-rich-reader","reason":"it lives in no namespace and names ServiceAccount/rich of this one: `-l` takes it"}
        "#);
        place.run(&format!("delete {all} --yes")).expect(0);

        let found = place.run(&format!("import {name} -l set={name} -n {home} {on} -o json")).expect(0).json();
        assert_eq!(found["objects"].as_array().unwrap().len(), set.len(), "{found}");
        assert_eq!(found["left"], json!([]), "{found}");
        let before = read(place, &set);
        let plan = place.run(&format!("plan {name} --adopt --diff fields")).expect(0).stdout;
        // Who had a hand in a claim differs.
        let plan: Vec<&str> = plan.lines().filter(|line| !line.contains("PersistentVolumeClaim")).collect();
        snapshot!(place.named(&plan.join("\n")), @"
        ACTION  OBJECT  NAMESPACE  REASON
        adopt  ConfigMap/rich  NAME-home  made by kubectl-create
        adopt  Secret/docker  NAME-home  made by kubectl-create
        adopt  Secret/login  NAME-home  made by kubectl-create
        adopt  Secret/opaque  NAME-home  made by kubectl-create
        adopt  Secret/tls  NAME-home  made by kubectl-create
        adopt  Service/headless  NAME-home  made by kubectl-create
        adopt  Service/rich  NAME-home  made by kubectl-create
        adopt  ServiceAccount/rich  NAME-home  made by kubectl-create
        adopt  Gear/rich  NAME-home  made by kubectl-create
        adopt  CustomResourceDefinition/gears.NAME-rich.example.com  -  made by kubectl-create
        adopt  Deployment/rich  NAME-home  made by kubectl-create
        adopt  StatefulSet/rich  NAME-home  made by kubectl-create
        adopt  HorizontalPodAutoscaler/rich  NAME-home  made by kubectl-create
        adopt  CronJob/rich  NAME-home  made by kubectl-create
        adopt  Job/rich  NAME-home  made by kubectl-create
        adopt  Ingress/rich  NAME-home  made by kubectl-create
        adopt  PodDisruptionBudget/rich  NAME-home  made by kubectl-create
        adopt  ClusterRole/NAME-rich-reader  -  made by kubectl-create
        adopt  ClusterRoleBinding/NAME-rich-reader  -  made by kubectl-create
        adopt  Role/rich  NAME-home  made by kubectl-create
        adopt  RoleBinding/rich  NAME-home  made by kubectl-create
        NAME-rich on RUNTIME: 22 to adopt
        ");
        place.run(&format!("deploy {name} --adopt")).expect(0);
        for (path, live) in read(place, &set) {
            let mut before = given(&before[&path]);
            // That it is another one's now is all that changes.
            if live["kind"] == "Deployment" {
                before["metadata"]["annotations"] = live["metadata"]["annotations"].clone();
            }
            assert_eq!(given(&live), before, "{path}");
        }
        snapshot!(place.shown(&place.run(&format!("plan {name} --exit-code"))), @"
        $ workloadctl plan NAME-rich --exit-code
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  ConfigMap/rich  NAME-home  -
        unchanged  PersistentVolumeClaim/rich  NAME-home  -
        unchanged  Secret/docker  NAME-home  -
        unchanged  Secret/login  NAME-home  -
        unchanged  Secret/opaque  NAME-home  -
        unchanged  Secret/tls  NAME-home  -
        unchanged  Service/headless  NAME-home  -
        unchanged  Service/rich  NAME-home  -
        unchanged  ServiceAccount/rich  NAME-home  -
        unchanged  Gear/rich  NAME-home  -
        unchanged  CustomResourceDefinition/gears.NAME-rich.example.com  -  -
        unchanged  Deployment/rich  NAME-home  -
        unchanged  StatefulSet/rich  NAME-home  -
        unchanged  HorizontalPodAutoscaler/rich  NAME-home  -
        unchanged  CronJob/rich  NAME-home  -
        unchanged  Job/rich  NAME-home  -
        unchanged  Ingress/rich  NAME-home  -
        unchanged  PodDisruptionBudget/rich  NAME-home  -
        unchanged  ClusterRole/NAME-rich-reader  -  -
        unchanged  ClusterRoleBinding/NAME-rich-reader  -  -
        unchanged  Role/rich  NAME-home  -
        unchanged  RoleBinding/rich  NAME-home  -
        NAME-rich on RUNTIME: 22 unchanged
        ");
        place.run(&format!("delete {name} --yes")).expect(0);
        for (path, body) in &set {
            let path = format!("{path}/{}", body["metadata"]["name"].as_str().unwrap());
            assert!(place.get(&path).is_none(), "{path}");
        }
    }

    fn what_lives_in_no_namespace_is_taken_by_a_label_that_it_has_alone(place) {
        let (home, name) = (place.instance("-home"), place.instance("-web"));
        let post = |path: &str, body: Value| {
            place.call(Request::json(Method::POST, format!("{path}?fieldManager=kubectl"), &body)).unwrap();
        };
        place.write("home.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: home}\n");
        place.run(&format!("deploy {home} -f home.yaml --runtime {}", place.runtime)).expect(0);
        let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
        for (role, more) in [("own", None), ("made", Some("kubernetes.io/bootstrapping"))] {
            let mut labels = json!({"alone": name});
            more.iter().for_each(|label| labels[label] = "rbac-defaults".into());
            post(roles, json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": format!("{name}-{role}"), "labels": labels}, "rules": []}));
        }
        post(&format!("/api/v1/namespaces/{home}/configmaps"), json!({"apiVersion": "v1",
            "kind": "ConfigMap", "metadata": {"name": "mine", "labels": {"alone": name}}}));
        let import = |selector: &str| {
            let line = format!("import {name} -n {home} --runtime {} -o json -l", place.runtime);
            let view = Outcome::of(&line, place.command(&line).arg(selector).output().unwrap()).expect(0).json();
            place.run(&format!("delete {name} --yes")).expect(0);
            place.run(&format!("definition delete {name} --yes")).expect(0);
            let taken: Vec<_> = view["objects"].as_array().unwrap().iter().map(|it| format!("{}/{}", it["kind"], it["name"]).replace('"', "")).collect();
            let left = view["left"].as_array().unwrap().iter();
            let left = left.filter(|it| it["object"].as_str().unwrap().contains(&name)
                || it["object"] == "objects without a namespace");
            format!("-l {selector}\n{}\n{}\n", json!(taken), json!(left.collect::<Vec<_>>()))
        };
        let told: Vec<String> = ["alone", "tier!=prod", "!tier", "tier notin (prod, test)", "tier!=prod,alone"].map(import).into();
        snapshot!(place.named(&told.join("\n")), @r#"
        -l alone
        ["ConfigMap/mine","ClusterRole/NAME-web-own"]
        [{"object":"ClusterRole/NAME-web-made","reason":"Kubernetes made it"}]

        -l tier!=prod
        ["ConfigMap/mine"]
        [{"object":"objects without a namespace","reason":"only a label that they have takes them, as `-l KEY=VALUE` says"}]

        -l !tier
        ["ConfigMap/mine"]
        [{"object":"objects without a namespace","reason":"only a label that they have takes them, as `-l KEY=VALUE` says"}]

        -l tier notin (prod, test)
        ["ConfigMap/mine"]
        [{"object":"objects without a namespace","reason":"only a label that they have takes them, as `-l KEY=VALUE` says"}]

        -l tier!=prod,alone
        ["ConfigMap/mine","ClusterRole/NAME-web-own"]
        [{"object":"ClusterRole/NAME-web-made","reason":"Kubernetes made it"}]
        "#);
    }

    fn what_would_get_another_name_is_imported_without_its_annotation(place) {
        let (home, name) = (place.instance("-home"), place.instance("-web"));
        let on = format!("--runtime {}", place.runtime);
        place.write("home.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: home}\n");
        place.run(&format!("deploy {home} -f home.yaml {on}")).expect(0);
        let configmaps = format!("/api/v1/namespaces/{home}/configmaps");
        let make = |id: &str, annotation: &str| {
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": id,
                "labels": {"set": id}, "annotations": {annotation: "true"}}});
            let path = format!("{configmaps}?fieldManager=kubectl");
            place.call(Request::json(Method::POST, path, &body)).unwrap();
        };
        make("conf", "workloadctl/versioned");
        make("odd", "workloadctl/versoined");
        let told = [
            format!("import {name} -l set=odd -n {home} {on}"),
            format!("import {name} -l set=conf -n {home} {on}"),
            format!("plan {name} --adopt"),
        ]
        .map(|line| place.told(&line));
        snapshot!(told.join("\n"), @"
        $ workloadctl import NAME-web -l set=odd -n NAME-home --runtime RUNTIME
        exit code 2
        --- stderr
        error: import:NAME-home:5:5: cannot take ConfigMap/odd
          there is no annotation workloadctl/versoined
        hint: did you mean `workloadctl/versioned`?

        $ workloadctl import NAME-web -l set=conf -n NAME-home --runtime RUNTIME
        exit code 0
        --- stdout
        OBJECT  RESULT  REASON
        ConfigMap/conf  taken  made by kubectl
        --- stderr
        NAME-web imported: 1 object on RUNTIME; nothing was written to the cluster
        ConfigMap/conf is taken without its annotation workloadctl/versioned: a deploy would give it another name
        hint: workloadctl deploy NAME-web --adopt

        $ workloadctl plan NAME-web --adopt
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        adopt  ConfigMap/conf  NAME-home  made by kubectl
        NAME-web on RUNTIME: 1 to adopt
        ");
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn label_selectors_that_cannot_be_read_are_refused(place) {
        let told = ["team in (a", "team=a=b", "team notin (", ",", "a,", "!a=b", "a>b", "a b"]
            .map(|selector| {
                let query: String = selector.bytes().map(|byte| format!("%{byte:02X}")).collect();
                let path = format!("/api/v1/namespaces/default/configmaps?labelSelector={query}");
                match place.call(Request::get(path)) {
                    Ok(_) => format!("{selector}: taken"),
                    Err(failure) => format!("{selector}: {}", failure.message()),
                }
            });
        snapshot!(told.join("\n"), @r#"
        team in (a: unable to parse requirement: found '', expected: ',' or ')'
        team=a=b: found '=', expected: ',' or 'end of string'
        team notin (: unable to parse requirement: found '', expected: ',', ')' or identifier
        ,: found ',', expected: !, identifier, or 'end of string'
        a,: found '', expected: identifier after ','
        !a=b: found '=', expected: ',' or 'end of string'
        a>b: unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer
        a b: unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt
        "#);
    }
}
