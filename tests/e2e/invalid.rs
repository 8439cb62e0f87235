//! What the API server finds wrong, the sandbox finds too, in the same words.

use serde_json::{Value, json};
use workloadctl::testing::{Apply, Failure, Request};

use crate::harness::Place;

/// Applies an object in a dry run, and gives what the server has to say against it.
fn faults(place: &Place, collection: &str, body: &Value) -> Vec<String> {
    let name = body["metadata"]["name"].as_str().unwrap();
    let how = Apply { manager: "test", force: false, dry_run: true };
    match place.call(Request::apply(&format!("{collection}/{name}"), body, &how)) {
        Ok(_) => Vec::new(),
        Err(Failure::Status(status)) => status.reasons(),
        Err(other) => panic!("{}", other.message()),
    }
}

fn object(version: &str, kind: &str, rest: Value) -> Value {
    let mut body =
        json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x.test.example"}});
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    body
}

fn service(spec: Value) -> Value {
    let mut body = object("v1", "Service", json!({"spec": spec}));
    body["metadata"]["name"] = json!("x");
    body
}

on_both! {
    fn faults_of_meaning_have_the_servers_words(place) {
        const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
        const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
        const BINDINGS: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
        const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        const SERVICES: &str = "/api/v1/namespaces/default/services";
        const SECRETS: &str = "/api/v1/namespaces/default/secrets";
        const INGRESSES: &str = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
        const CLAIMS: &str = "/api/v1/namespaces/default/persistentvolumeclaims";
        const PODS: &str = "/api/v1/namespaces/default/pods";
        const SETS: &str = "/apis/apps/v1/namespaces/default";
        const TIMERS: &str = "/apis/batch/v1/namespaces/default/cronjobs";
        let timer = |schedule: &str, zone: &str| {
            let pod = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "c"}]}});
            object("batch/v1", "CronJob", json!({"spec": {"schedule": schedule, "timeZone": zone, "jobTemplate": {"spec": {"template": pod}}}}))
        };
        let schedules = [
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("0 0 L * *", "failed to parse int from L: strconv.Atoi: parsing \"L\": invalid syntax"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("@dayly", "unrecognized descriptor: @dayly"),
            ("@every 1d", "failed to parse duration @every 1d: time: unknown unit \"d\" in duration \"1d\""),
            ("CRON_TZ=UTC 0 0 * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
        ];
        let zones = [
            ("Europe/Berln", "unknown time zone Europe/Berln"),
            ("UTC/../UTC", "unknown time zone UTC/../UTC"),
            ("", "timeZone must be nil or non-empty string"),
        ];
        let admission = "admissionregistration.k8s.io/v1";
        let webhook = |webhook: Value| object(admission, "ValidatingWebhookConfiguration", json!({"webhooks": [webhook]}));
        let ingress = |host: &str| object("networking.k8s.io/v1", "Ingress", json!({"spec": {"rules": [{"host": host}]}}));
        let pod = json!({"containers": [{"name": "a", "image": "a", "readinessProbe": {"httpGet": {"port": 70000}}}]});
        let ports = json!([{"port": 80}]);
        let subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
        let (stateful, daemons) = (format!("{SETS}/statefulsets"), format!("{SETS}/daemonsets"));
        let cases: Vec<(&str, Value, Vec<String>)> = vec![
            (WEBHOOKS, webhook(json!({"name": "a.test.example"})), vec![
                "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun".into(),
                "webhooks[0].clientConfig: Required value: exactly one of url or service is required".into(),
                "webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1".into(),
            ]),
            (WEBHOOKS, webhook(json!({"name": "a.test.example", "sideEffects": "Some", "admissionReviewVersions": ["v1"], "clientConfig": {"url": "https://example.com/hook"}})), vec![
                "webhooks[0].sideEffects: Unsupported value: \"Some\": supported values: \"None\", \"NoneOnDryRun\"".into(),
            ]),
            (WEBHOOKS, webhook(json!({"name": "a.test.example", "sideEffects": "None", "admissionReviewVersions": ["v1"], "clientConfig": {"url": "https://example.com/hook"}})), vec![]),
            (POLICIES, object(admission, "ValidatingAdmissionPolicy", json!({"spec": {}})), vec![
                "spec.matchConstraints: Required value".into(),
                "spec.validations: Required value: validations or auditAnnotations must contain at least one item".into(),
                "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item".into(),
            ]),
            (BINDINGS, object(admission, "ValidatingAdmissionPolicyBinding", json!({"spec": {}})), vec![
                "spec.policyName: Required value".into(),
                "spec.validationActions: Required value: at least one validation action is required".into(),
            ]),
            (DEFINITIONS, object("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({"spec": {}})), vec![
                "metadata.name: Invalid value: \"x.test.example\": must be spec.names.plural+\".\"+spec.group".into(),
                "spec.group: Required value".into(),
                "spec.scope: Required value".into(),
                "spec.versions: Invalid value: null: must have exactly one version marked as storage version".into(),
                "spec.names.plural: Required value".into(),
                "spec.names.singular: Required value".into(),
                "spec.names.kind: Required value".into(),
                "spec.names.listKind: Required value".into(),
                "status.storedVersions: Invalid value: null: must have at least one stored version".into(),
            ]),
            (SERVICES, service(json!({"ports": [{"port": 80, "nodePort": 30999}]})), vec![
                "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'".into(),
            ]),
            (SERVICES, service(json!({"ports": ports, "externalTrafficPolicy": "Local", "loadBalancerClass": "x.com/y", "allocateLoadBalancerNodePorts": false, "loadBalancerSourceRanges": ["1.0.0.0/8"], "healthCheckNodePort": 30111})), vec![
                "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'".into(),
                "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'".into(),
                "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'".into(),
                "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services".into(),
                "spec.healthCheckNodePort: Invalid value: 30111: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'".into(),
            ]),
            (SERVICES, service(json!({"ports": ports, "ipFamilies": ["IPv6"]})), vec![
                "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster".into(),
            ]),
            (SERVICES, service(json!({"ports": ports, "clusterIP": "1.2.3.4"})), vec![
                "spec.clusterIPs: Invalid value: [\"1.2.3.4\"]: failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.96.0.0/16".into(),
            ]),
            (SECRETS, object("v1", "Secret", json!({"type": "kubernetes.io/basic-auth"})), vec![
                "data[username]: Required value".into(), "data[password]: Required value".into(),
            ]),
            (SECRETS, object("v1", "Secret", json!({"type": "kubernetes.io/tls", "data": {"tls.crt": ""}})), vec![
                "data[tls.key]: Required value".into(),
            ]),
            (INGRESSES, ingress("*.example.com"), vec![]),
            (INGRESSES, ingress("maps.{{DOMAIN}}"), vec![
                format!("spec.rules[0].host: Invalid value: \"maps.{{{{DOMAIN}}}}\": {subdomain}"),
            ]),
            (INGRESSES, ingress("10.0.0.1"), vec![
                "spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, not an IP address".into(),
            ]),
            (CLAIMS, object("v1", "PersistentVolumeClaim", json!({"spec": {"storageClassName": "My Class", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}})), vec![
                format!("spec.storageClassName: Invalid value: \"My Class\": {subdomain}"),
            ]),
            (PODS, object("v1", "Pod", json!({"spec": pod})), vec![
                "spec.containers[0].readinessProbe.httpGet.port: Invalid value: 70000: must be between 1 and 65535, inclusive".into(),
            ]),
            (PODS, object("v1", "Pod", json!({"spec": {"containers": [{"name": "a", "image": "a", "lifecycle": {"preStop": {"exec": {}}}}]}})), vec![
                "spec.containers[0].lifecycle.preStop.exec.command: Required value".into(),
            ]),
            (PODS, object("v1", "Pod", json!({"spec": {"containers": [{"name": "a", "image": "a", "securityContext": {"seccompProfile": {}}}]}})), vec![
                "spec.containers[0].securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set".into(),
            ]),
            (PODS, object("v1", "Pod", json!({"spec": {"containers": [{"name": "a", "image": "a", "env": [{"name": "A", "valueFrom": {}}]}]}})), vec![
                "spec.containers[0].env[0].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`".into(),
            ]),
            (&stateful, object("apps/v1", "StatefulSet", json!({"spec": {"serviceName": "a", "template": {"spec": {"containers": [{"name": "a", "image": "a"}]}}}})), vec![
                "metadata.name: Invalid value: \"x.test.example\": must not contain dots".into(),
                "spec.selector: Required value".into(),
                "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`".into(),
            ]),
            (&daemons, object("apps/v1", "DaemonSet", json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "a"}]}}}})), vec![
                "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`".into(),
            ]),
        ];
        for (collection, body, wanted) in cases {
            assert_eq!(faults(place, collection, &body), wanted, "{body}");
        }
        for (schedule, why) in schedules {
            let wanted = format!("spec.schedule: Invalid value: {schedule:?}: {why}");
            assert_eq!(faults(place, TIMERS, &timer(schedule, "Etc/UTC")), [wanted]);
        }
        for (zone, why) in zones {
            let wanted = format!("spec.timeZone: Invalid value: {zone:?}: {why}");
            assert_eq!(faults(place, TIMERS, &timer("*/5 0-6/2 1,15 jan-MAR mon", zone)), [wanted]);
        }
        for schedule in ["@hourly", "@every -1.5h", "* * ? * SUN", ", *-9 5/10 * *"] {
            assert_eq!(faults(place, TIMERS, &timer(schedule, "America/New_York")), [""; 0], "{schedule}");
        }
        let jobs = "/apis/batch/v1/namespaces/default/jobs";
        let pod = |label: &str| {
            json!({"metadata": {"labels": {label: "b"}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "c"}]}})
        };
        let long = "a".repeat(64);
        let mut job = object("batch/v1", "Job", json!({"spec": {"template": pod("a")}}));
        job["metadata"] = json!({"name": long, "labels": {"a": "b"}});
        // The server makes two labels of the name.
        let wanted = format!("spec.template.labels: Invalid value: {long:?}: must be no more than 63 bytes");
        assert_eq!(faults(place, jobs, &job), [wanted.clone(), wanted]);
        let wrong = "Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
        let mut job = object("batch/v1", "Job", json!({"spec": {"template": pod("a b")}}));
        job["metadata"]["labels"] = json!({"a": "b"});
        assert_eq!(faults(place, jobs, &job), [format!("spec.template.labels: {wrong}")]);
        let mut timed = timer("@hourly", "Etc/UTC");
        timed["spec"]["jobTemplate"]["spec"]["template"] = pod("a b");
        assert_eq!(faults(place, TIMERS, &timed), [format!("spec.jobTemplate.spec.template.labels: {wrong}")]);
        let mut owned = object("v1", "ConfigMap", json!({}));
        owned["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": ""}]);
        assert_eq!(
            faults(place, "/api/v1/namespaces/default/configmaps", &owned),
            ["metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"]
        );
    }
}
