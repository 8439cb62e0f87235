//! Services, configuration, storage, rights, and kinds that are not there.

use crate::program::Program;

#[test]
fn every_mistake_is_told_with_its_line() {
    let program = Program::new();
    program.write("others.yaml", include_str!("others.yaml"));
    let line = "definition validate others.yaml";
    snapshot!(program.call(line).shown(line), @r##"
    $ workloadctl definition validate others.yaml
    exit code 2
    --- stderr
    warning: others.yaml:92: PodDisruptionBudget/old: Kubernetes 1.25 and newer do not serve policy/v1beta1 PodDisruptionBudget: write policy/v1
    warning: others.yaml:97: Endpoints/old: v1 Endpoints is deprecated: write discovery.k8s.io/v1 EndpointSlice
    error: 32 mistakes in the objects
      others.yaml:5:9: Service/web: `spec.type` cannot be the text "Loadbalancer"
        5 |   type: Loadbalancer
          |         ^^^^^^^^^^^^ did you mean `LoadBalancer`?
      others.yaml:6:19: Service/web: `spec.selector` cannot be the text "a b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345')
        6 |   selector: {app: "a b"}
          |                   ^^^^^
      others.yaml:8:6: Service/web: `spec.ports[0].name` is missing
        8 |   - {port: 0, targetPort: http}
          |      ^^^^
      others.yaml:8:12: Service/web: `spec.ports[0].port` cannot be the number 0: must be between 1 and 65535, inclusive
        8 |   - {port: 0, targetPort: http}
          |            ^
      others.yaml:9:12: Service/web: `spec.ports[1].name` cannot be the text "HTTP": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc')
        9 |   - {name: HTTP, port: 80, nodeport: 30000}
          |            ^^^^
      others.yaml:9:28: Service/web: there is no field `spec.ports[1].nodeport`
        9 |   - {name: HTTP, port: 80, nodeport: 30000}
          |                            ^^^^^^^^ did you mean `nodePort`?
      others.yaml:10:23: Service/web: `spec.ports[2].port` takes a whole number, not the number 80.5
        10 |   - {name: two, port: 80.5}
           |                       ^^^^
      others.yaml:11:12: Service/web: `spec.ports[3].name` is there twice: the text "two"
        11 |   - {name: two, port: 81, targetPort: 70000}
           |            ^^^
      others.yaml:11:39: Service/web: `spec.ports[3].targetPort` cannot be the number 70000: must be between 1 and 65535, inclusive
        11 |   - {name: two, port: 81, targetPort: 70000}
           |                                       ^^^^^
      others.yaml:16:31: Service/headless: `spec.externalTrafficPolicy` cannot be the text "Local": may only be set for externally-accessible services
        16 | spec: {externalTrafficPolicy: Local, ports: [{port: 80}]}
           |                               ^^^^^
      others.yaml:21:1: Service/away: `spec.externalName` is missing
        21 | spec: {type: ExternalName}
           | ^^^^
      others.yaml:26:8: ConfigMap/conf: `data[a/b]` cannot be the text "a/b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name')
        26 | data: {"a/b": c}
           |        ^^^^^
      others.yaml:27:1: ConfigMap/conf: there is no field `datas`
        27 | datas: {}
           | ^^^^^ did you mean `data`?
      others.yaml:28:12: ConfigMap/conf: `immutable` takes true or false, not the text "true"
        28 | immutable: "true"
           |            ^^^^^^ did you mean `true`?
      others.yaml:33:1: ConfigMap/list: `data` takes a mapping, not a list
        33 | data: [a]
           | ^^^^
      others.yaml:38:14: Secret/pass: `data.word`: illegal base64 data at input byte 3
      others.yaml:38:26: Secret/pass: `data.a b` cannot be that text: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name')
      others.yaml:44:1: Secret/cert: `data[tls.key]` is missing
      others.yaml:49:22: PersistentVolumeClaim/data: `spec.accessModes` cannot be the text "ReadWriteOnec"
        49 | spec: {accessModes: [ReadWriteOnec], resources: {requests: {storag: 1Gi}}}
           |                      ^^^^^^^^^^^^^ did you mean `ReadWriteOnce`?
      others.yaml:49:38: PersistentVolumeClaim/data: `spec.resources[storage]` is missing
        49 | spec: {accessModes: [ReadWriteOnec], resources: {requests: {storag: 1Gi}}}
           |                                      ^^^^^^^^^
      others.yaml:56:11: Ingress/web: `spec.rules[0].host` cannot be the text "Example.com": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')
        56 |   - host: "Example.com"
           |           ^^^^^^^^^^^^^
      others.yaml:57:42: Ingress/web: `spec.rules[0].http.paths[0].pathType` cannot be the text "prefix"
        57 |     http: {paths: [{path: web, pathType: prefix, backend: {service: {name: web, port: {number: 80}}}}]}
           |                                          ^^^^^^ did you mean `Prefix`?
      others.yaml:62:8: NetworkPolicy/open: there is no field `spec.podselector`
        62 | spec: {podselector: {}, policyTypes: [Ingres]}
           |        ^^^^^^^^^^^ did you mean `podSelector`?
      others.yaml:62:39: NetworkPolicy/open: `spec.policyTypes[0]` cannot be the text "Ingres"
        62 | spec: {podselector: {}, policyTypes: [Ingres]}
           |                                       ^^^^^^ did you mean `Ingress`?
      others.yaml:67:54: RoleBinding/web: `roleRef.kind` cannot be the text "Rol"
        67 | roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Rol, name: web}
           |                                                      ^^^ did you mean `Role`?
      others.yaml:68:19: RoleBinding/web: `subjects[0].kind` cannot be the text "ServiceAcount"
        68 | subjects: [{kind: ServiceAcount, name: web}]
           |                   ^^^^^^^^^^^^^ did you mean `ServiceAccount`?
      others.yaml:73:37: HorizontalPodAutoscaler/web: `spec.maxReplicas` cannot be the number 3: must be greater than or equal to `minReplicas`
        73 | spec: {minReplicas: 5, maxReplicas: 3, scaleTargetRef: {kind: Deployment}}
           |                                     ^
      others.yaml:73:40: HorizontalPodAutoscaler/web: `spec.scaleTargetRef.name` is missing
        73 | spec: {minReplicas: 5, maxReplicas: 3, scaleTargetRef: {kind: Deployment}}
           |                                        ^^^^^^^^^^^^^^
      others.yaml:78:1: PodDisruptionBudget/web: `spec`: minAvailable and maxUnavailable cannot be both set
        78 | spec: {minAvailable: 1, maxUnavailable: 1, selector: {matchLabels: {a: b}}}
           | ^^^^
      others.yaml:81:7: Deploymnt/misspelt: there is no kind "Deploymnt" in apps/v1
        81 | kind: Deploymnt
           |       ^^^^^^^^^ did you mean `kind: Deployment`?
      others.yaml:85:7: Deployment/wrong-group: there is no kind "Deployment" in v1
        85 | kind: Deployment
           |       ^^^^^^^^^^ did you mean `apiVersion: apps/v1`?
      others.yaml:88:13: Deployment/no-version: Deployment is not served as apps/v2
        88 | apiVersion: apps/v2
           |             ^^^^^^^ did you mean `apiVersion: apps/v1`?
    "##);
}
