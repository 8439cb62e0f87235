//! Workloads and their pods.

use crate::program::Program;

#[test]
fn every_mistake_is_told_with_its_line() {
    let program = Program::new();
    program.write("pods.yaml", include_str!("pods.yaml"));
    let line = "definition validate pods.yaml";
    snapshot!(program.call(line).shown(line), @r##"
    $ workloadctl definition validate pods.yaml
    exit code 2
    --- stderr
    error: 53 mistakes in the objects
      pods.yaml:4:9: Deployment/Web: `metadata.name` cannot be the text "Web": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')
        4 |   name: Web
          |         ^^^
      pods.yaml:5:17: Deployment/Web: `metadata.labels` cannot be the text "b@d": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345')
        5 |   labels: {app: "b@d", -tier: x}
          |                 ^^^^^
      pods.yaml:5:24: Deployment/Web: `metadata.labels` cannot be the text "-tier": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc')
        5 |   labels: {app: "b@d", -tier: x}
          |                        ^^^^^
      pods.yaml:6:17: Deployment/Web: `metadata.annotations` cannot be the text "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc')
        6 |   annotations: {"a b": c}
          |                 ^^^^^
      pods.yaml:8:3: Deployment/Web: there is no field `spec.replica`
        8 |   replica: 3
          |   ^^^^^^^ did you mean `replicas`?
      pods.yaml:9:13: Deployment/Web: `spec.replicas` takes a whole number, not the text "3"
        9 |   replicas: "3"
          |             ^^^ did you mean `3`?
      pods.yaml:10:20: Deployment/Web: `spec.minReadySeconds` cannot be the number -1: must be greater than or equal to 0
        10 |   minReadySeconds: -1
           |                    ^^
      pods.yaml:11:11: Deployment/Web: `spec.paused` takes true or false, not the text "yes"
        11 |   paused: "yes"
           |           ^^^^^ did you mean `true`?
      pods.yaml:12:20: Deployment/Web: `spec.strategy.type` cannot be the text "Rolling"
        12 |   strategy: {type: Rolling}
           |                    ^^^^^^^ did you mean `RollingUpdate`?
      pods.yaml:15:16: Deployment/Web: `spec.template.metadata.labels`: `selector` does not match template `labels`
        15 |     metadata: {labels: {app: wab}}
           |                ^^^^^^
      pods.yaml:17:22: Deployment/Web: `spec.template.spec.restartPolicy` cannot be the text "never"
        17 |       restartPolicy: never
           |                      ^^^^^ expected Always
      pods.yaml:18:18: Deployment/Web: `spec.template.spec.dnsPolicy` cannot be the text "ClusterfirstWithHostNet"
        18 |       dnsPolicy: ClusterfirstWithHostNet
           |                  ^^^^^^^^^^^^^^^^^^^^^^^ did you mean `ClusterFirstWithHostNet`?
      pods.yaml:19:7: Deployment/Web: there is no field `spec.template.spec.replicas`
        19 |       replicas: 1
           |       ^^^^^^^^ did you mean `spec.replicas`?
      pods.yaml:20:38: Deployment/Web: `spec.template.spec.terminationGracePeriodSeconds` takes a whole number, not the number 1.5
        20 |       terminationGracePeriodSeconds: 1.5
           |                                      ^^^
      pods.yaml:24:9: Deployment/Web: `spec.template.spec.volumes[0].hostPath` is forbidden: may not specify more than 1 volume type
        24 |         hostPath: {path: /x}
           |         ^^^^^^^^
      pods.yaml:25:15: Deployment/Web: `spec.template.spec.volumes[1].name` is there twice: the text "data"
        25 |       - name: data
           |               ^^^^
      pods.yaml:27:7: Deployment/Web: `spec.template.spec.tolerations` takes a list, not a mapping
        27 |       tolerations: {key: a}
           |       ^^^^^^^^^^^
      pods.yaml:28:20: Deployment/Web: `spec.template.spec.hostNetwork` takes true or false, not the number 1
        28 |       hostNetwork: 1
           |                    ^
      pods.yaml:30:15: Deployment/Web: `spec.template.spec.containers[0].name` cannot be the text "web_1": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc')
        30 |       - name: web_1
           |               ^^^^^
      pods.yaml:31:9: Deployment/Web: there is no field `spec.template.spec.containers[0].imge`
        31 |         imge: nginx
           |         ^^^^ did you mean `image`?
      pods.yaml:33:26: Deployment/Web: `spec.template.spec.containers[0].ports[0].containerPort` cannot be the number 80800: must be between 1 and 65535, inclusive
        33 |         - containerPort: 80800
           |                          ^^^^^
      pods.yaml:34:11: Deployment/Web: there is no field `spec.template.spec.containers[0].ports[0].protocl`
        34 |           protocl: TCP
           |           ^^^^^^^ did you mean `protocol`?
      pods.yaml:35:41: Deployment/Web: `spec.template.spec.containers[0].ports[1].protocol` cannot be the text "tcp"
        35 |         - {containerPort: 81, protocol: tcp}
           |                                         ^^^ did you mean `TCP`?
      pods.yaml:36:12: Deployment/Web: `spec.template.spec.containers[0].ports[2].containerPort` is missing
        36 |         - {name: http}
           |            ^^^^
      pods.yaml:38:25: Deployment/Web: `spec.template.spec.containers[0].resources.limits.cpu` cannot be the text "1x"
        38 |           limits: {cpu: 1x, memory: 128mb}
           |                         ^^ expected a quantity, such as 500m or 1Gi
      pods.yaml:38:37: Deployment/Web: `spec.template.spec.containers[0].resources.limits.memory` cannot be the text "128mb"
        38 |           limits: {cpu: 1x, memory: 128mb}
           |                                     ^^^^^ expected a quantity, such as 500m or 1Gi
      pods.yaml:39:27: Deployment/Web: `spec.template.spec.containers[0].resources.requests.cpu` cannot be the text "500 m"
        39 |           requests: {cpu: 500 m}
           |                           ^^^^^ expected a quantity, such as 500m or 1Gi
      pods.yaml:41:18: Deployment/Web: `spec.template.spec.containers[0].volumeMounts[0].name` cannot be the text "dat": there is no volume of that name
        41 |         - {name: dat, mountPath: /d}
           |                  ^^^ did you mean `data`?
      pods.yaml:42:12: Deployment/Web: `spec.template.spec.containers[0].volumeMounts[1].mountPath` is missing
        42 |         - {name: data}
           |            ^^^^
      pods.yaml:45:12: Deployment/Web: `spec.template.spec.containers[0].env[1]` has `name: A` like an item before it
        45 |         - {name: A, value: b}
           |            ^^^^
      pods.yaml:46:12: Deployment/Web: `spec.template.spec.containers[0].env[2].name` is missing
        46 |         - {value: x}
           |            ^^^^^
      pods.yaml:47:31: Deployment/Web: `spec.template.spec.containers[0].env[3].valueFrom`: may not be specified when `value` is not empty
        47 |         - {name: B, value: b, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
           |                               ^^^^^^^^^
      pods.yaml:48:33: Deployment/Web: `spec.template.spec.containers[0].env[4].valueFrom.secretKeyRef.key` is missing
        48 |         - {name: C, valueFrom: {secretKeyRef: {name: s}}}
           |                                 ^^^^^^^^^^^^
      pods.yaml:49:21: Deployment/Web: `spec.template.spec.containers[0].env[5].valueFrom`: must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`
        49 |         - {name: D, valueFrom: {}}
           |                     ^^^^^^^^^
      pods.yaml:51:48: Deployment/Web: `spec.template.spec.containers[0].livenessProbe.httpGet.scheme` cannot be the text "http"
        51 |           httpGet: {path: /, port: 80, scheme: http}
           |                                                ^^^^ did you mean `HTTP`?
      pods.yaml:52:9: Deployment/Web: `spec.template.spec.containers[0].readinessProbe`: must specify a handler type
        52 |         readinessProbe: {periodSeconds: 5}
           |         ^^^^^^^^^^^^^^
      pods.yaml:53:42: Deployment/Web: `spec.template.spec.containers[0].startupProbe.tcpSocket.port` cannot be the number 0: must be between 1 and 65535, inclusive
        53 |         startupProbe: {tcpSocket: {port: 0}}
           |                                          ^
      pods.yaml:54:26: Deployment/Web: `spec.template.spec.containers[0].imagePullPolicy` cannot be the text "IfNotPresnt"
        54 |         imagePullPolicy: IfNotPresnt
           |                          ^^^^^^^^^^^ did you mean `IfNotPresent`?
      pods.yaml:55:38: Deployment/Web: `spec.template.spec.containers[0].lifecycle.preStop.exec.command` is empty
        55 |         lifecycle: {preStop: {exec: {command: []}}}
           |                                      ^^^^^^^
      pods.yaml:56:15: Deployment/Web: `spec.template.spec.containers[0].args` takes a list, not the text "--port=80"
        56 |         args: --port=80
           |               ^^^^^^^^^
      pods.yaml:57:9: Deployment/Web: `spec.template.spec.containers[1].image` is missing
        57 |       - name: noimage
           |         ^^^^
      pods.yaml:58:15: Deployment/Web: `spec.template.spec.containers[2].name` is there twice: the text "noimage"
        58 |       - name: noimage
           |               ^^^^^^^
      pods.yaml:63:18: StatefulSet/db.1: `metadata.name` cannot be the text "db.1": must not contain dots
        63 | metadata: {name: db.1}
           |                  ^^^^
      pods.yaml:65:24: StatefulSet/db.1: `spec.podManagementPolicy` cannot be the text "parallel"
        65 |   podManagementPolicy: parallel
           |                        ^^^^^^^^ did you mean `Parallel`?
      pods.yaml:66:3: StatefulSet/db.1: `spec.selector`: empty selector is invalid for statefulset
        66 |   selector: {}
           |   ^^^^^^^^
      pods.yaml:67:14: StatefulSet/db.1: `spec.template.spec.containers` is missing
        67 |   template: {spec: {}}
           |              ^^^^
      pods.yaml:72:30: DaemonSet/agent: `spec.template.metadata.labels`: `selector` does not match template `labels`
        72 | spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}
           |                              ^^^^^^
      pods.yaml:78:17: Job/once: `spec.backoffLimit` cannot be the number -1: must be greater than or equal to 0
        78 |   backoffLimit: -1
           |                 ^^
      pods.yaml:79:14: Job/once: `spec.template.spec.restartPolicy` is missing: valid values: "OnFailure", "Never"
        79 |   template: {spec: {containers: [{name: a, image: a}]}}
           |              ^^^^
      pods.yaml:85:13: CronJob/nightly: `spec.schedule` cannot be the text "* * * *": expected exactly 5 fields, found 4: [* * * *]
        85 |   schedule: "* * * *"
           |             ^^^^^^^^^
      pods.yaml:86:22: CronJob/nightly: `spec.concurrencyPolicy` cannot be the text "Forbidden"
        86 |   concurrencyPolicy: Forbidden
           |                      ^^^^^^^^^ did you mean `Forbid`?
      pods.yaml:87:57: CronJob/nightly: `spec.jobTemplate.spec.template.spec.restartPolicy`: valid values: "OnFailure", "Never"
        87 |   jobTemplate: {spec: {template: {spec: {restartPolicy: Always, containers: []}}}}
           |                                                         ^^^^^^
      pods.yaml:87:65: CronJob/nightly: `spec.jobTemplate.spec.template.spec.containers` is empty
        87 |   jobTemplate: {spec: {template: {spec: {restartPolicy: Always, containers: []}}}}
           |                                                                 ^^^^^^^^^^
    "##);
}
