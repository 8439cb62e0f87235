//! What stands around workloads: Ingresses, autoscalers, policies, claims, timers, rights, definitions.

use crate::program::Program;

#[test]
fn every_mistake_is_told_with_its_line() {
    let program = Program::new();
    program.write("kinds.yaml", include_str!("kinds.yaml"));
    let line = "definition validate kinds.yaml";
    snapshot!(program.call(line).shown(line), @r#"
    $ workloadctl definition validate kinds.yaml
    exit code 2
    --- stderr
    error: 30 mistakes in the objects
      kinds.yaml:6:11: Ingress/web: `spec.rules[0].host` cannot be the text "Example.com": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')
        6 |   - host: Example.com
          |           ^^^^^^^^^^^
      kinds.yaml:10:9: Ingress/web: there is no field `spec.rules[0].http.paths[0].pathtype`
        10 |         pathtype: Prefix
           |         ^^^^^^^^ did you mean `pathType`?
      kinds.yaml:11:46: Ingress/web: `spec.rules[0].http.paths[0].backend.service.port` takes a mapping, not the number 80
        11 |         backend: {service: {name: web, port: 80}}
           |                                              ^^
      kinds.yaml:13:12: Ingress/web: `spec.tls[0].hosts` takes a list, not the text "example.com"
        13 |   - hosts: example.com
           |            ^^^^^^^^^^^
      kinds.yaml:21:16: HorizontalPodAutoscaler/web: `spec.maxReplicas` cannot be the number 2: must be greater than or equal to `minReplicas`
        21 |   maxReplicas: 2
           |                ^
      kinds.yaml:24:75: HorizontalPodAutoscaler/web: `spec.metrics[0].resource.target.averageUtilization` takes a whole number, not the text "80"
        24 |     resource: {name: cpu, target: {type: Utilization, averageUtilization: "80"}}
           |                                                                           ^^^^ did you mean `80`?
      kinds.yaml:25:11: HorizontalPodAutoscaler/web: `spec.metrics[1].type` cannot be the text "Resorce"
        25 |   - type: Resorce
           |           ^^^^^^^ did you mean `Resource`?
      kinds.yaml:32:17: NetworkPolicy/np: `spec.policyTypes[0]` cannot be the text "ingress"
        32 |   policyTypes: [ingress]
           |                 ^^^^^^^ did you mean `Ingress`?
      kinds.yaml:35:23: NetworkPolicy/np: `spec.ingress[0].from[0].ipBlock.cidr` cannot be the text "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
        35 |     - ipBlock: {cidr: 10.0.0.0/33}
           |                       ^^^^^^^^^^^
      kinds.yaml:36:21: NetworkPolicy/np: there is no field `spec.ingress[0].from[1].podSelector.matchlabels`
        36 |     - podSelector: {matchlabels: {app: x}}
           |                     ^^^^^^^^^^^ did you mean `matchLabels`?
      kinds.yaml:37:20: NetworkPolicy/np: `spec.ingress[0].ports[0].port` cannot be the number 70000: must be between 1 and 65535, inclusive
        37 |     ports: [{port: 70000, protocol: tcp}]
           |                    ^^^^^
      kinds.yaml:37:37: NetworkPolicy/np: `spec.ingress[0].ports[0].protocol` cannot be the text "tcp"
        37 |     ports: [{port: 70000, protocol: tcp}]
           |                                     ^^^ did you mean `TCP`?
      kinds.yaml:51:31: StatefulSet/db: `spec.template.spec.containers[0].volumeMounts[0].name` cannot be the text "dta": there is no volume of that name
        51 |         volumeMounts: [{name: dta, mountPath: /data}]
           |                               ^^^ did you mean `data`?
      kinds.yaml:55:21: StatefulSet/db: `spec.volumeClaimTemplates[0].spec.accessModes[0]` cannot be the text "ReadWriteOne"
        55 |       accessModes: [ReadWriteOne]
           |                     ^^^^^^^^^^^^ did you mean `ReadWriteOnce`?
      kinds.yaml:56:39: StatefulSet/db: `spec.volumeClaimTemplates[0].spec.resources.requests.storage` cannot be the text "10GB"
        56 |       resources: {requests: {storage: 10GB}}
           |                                       ^^^^ expected a quantity, such as 500m or 1Gi
      kinds.yaml:57:7: StatefulSet/db: there is no field `spec.volumeClaimTemplates[0].spec.storageClassname`
        57 |       storageClassname: fast
           |       ^^^^^^^^^^^^^^^^ did you mean `storageClassName`?
      kinds.yaml:63:13: CronJob/c: `spec.schedule` cannot be the text "every day": expected exactly 5 fields, found 2: [every day]
        63 |   schedule: "every day"
           |             ^^^^^^^^^^^
      kinds.yaml:64:22: CronJob/c: `spec.concurrencyPolicy` cannot be the text "forbid"
        64 |   concurrencyPolicy: forbid
           |                      ^^^^^^ did you mean `Forbid`?
      kinds.yaml:65:31: CronJob/c: `spec.successfulJobsHistoryLimit` cannot be the number -1: must be greater than or equal to 0
        65 |   successfulJobsHistoryLimit: -1
           |                               ^^
      kinds.yaml:66:13: CronJob/c: `spec.timeZone` cannot be the text "Mars/Base": unknown time zone Mars/Base
        66 |   timeZone: Mars/Base
           |             ^^^^^^^^^
      kinds.yaml:71:26: CronJob/c: `spec.jobTemplate.spec.template.spec.restartPolicy`: valid values: "OnFailure", "Never"
        71 |           restartPolicy: Always
           |                          ^^^^^^
      kinds.yaml:72:53: CronJob/c: `spec.jobTemplate.spec.template.spec.containers[0].command` takes a list, not the text "run"
        72 |           containers: [{name: c, image: c, command: run}]
           |                                                     ^^^
      kinds.yaml:79:3: Role/r: there is no field `rules[0].resource`
        79 |   resource: [pods]
           |   ^^^^^^^^ did you mean `resources`?
      kinds.yaml:80:10: Role/r: `rules[0].verbs` takes a list, not the text "get"
        80 |   verbs: get
           |          ^^^
      kinds.yaml:81:14: Role/r: `rules[1].apiGroups` takes a list, not the text ""
        81 | - apiGroups: ""
           |              ^^
      kinds.yaml:90:10: RoleBinding/r: `subjects[0].kind` cannot be the text "ServiceAccont"
        90 | - {kind: ServiceAccont, name: a}
           |          ^^^^^^^^^^^^^ did you mean `ServiceAccount`?
      kinds.yaml:95:18: CustomResourceDefinition/gear.example.com: `metadata.name` cannot be the text "gear.example.com": must be spec.names.plural+"."+spec.group
        95 | metadata: {name: gear.example.com}
           |                  ^^^^^^^^^^^^^^^^
      kinds.yaml:98:10: CustomResourceDefinition/gear.example.com: `spec.scope` cannot be the text "Namespace"
        98 |   scope: Namespace
           |          ^^^^^^^^^ did you mean `Namespaced`?
      kinds.yaml:100:3: CustomResourceDefinition/gear.example.com: `spec.versions`: must have exactly one version marked as storage version
        100 |   versions:
            |   ^^^^^^^^
      kinds.yaml:113:28: CustomResourceDefinition/gear.example.com: `spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.type` cannot be the text "strng"
        113 |               size: {type: strng}
            |                            ^^^^^ did you mean `string`?
    "#);
}
