//! Mistakes in objects: each is told with its place, its line and what was probably meant, before
//! anything is stored or sent.

use crate::program::Program;

mod custom;
mod kinds;
mod others;
mod pods;

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
";
const BAD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replica: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
";
const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: s}
data: {a: eA==, b: \"hunter2!\"}
";
const ANCHOR: &str = "\
x: &c {name: web, imge: nginx}
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - *c
  - <<: *c
    name: two
";
const LIST: &str = r##"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"dta":{}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk":"v"},"imutable":true}]}"##;

/// Calls the program with several lines, and shows all answers.
fn told(program: &Program, lines: &[&str], stdin: &str) -> String {
    let answers = lines.iter().map(|line| program.call_with(line, stdin).shown(line));
    answers.collect::<Vec<_>>().join("\n")
}

#[test]
fn mistakes_are_refused_told_or_not_looked_at() {
    let program = Program::new();
    program.write("web.yaml", BAD);
    let lines = [
        "definition apply web -f web.yaml",
        "definition list",
        "definition apply web -f web.yaml --validate warn",
        "definition apply web -f web.yaml --validate ignore",
        "render -f web.yaml -o name",
        "render web -o name",
        "render web -o name --validate warn",
    ];
    snapshot!(told(&program, &lines, ""), @r##"
    $ workloadctl definition apply web -f web.yaml
    exit code 2
    --- stderr
    error: web.yaml:5:3: Deployment/web: there is no field `spec.replica`
      5 |   replica: 3
        |   ^^^^^^^ did you mean `replicas`?
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl definition list
    exit code 0
    --- stderr
    no definitions; `workloadctl definition apply NAME -f PATH` makes one

    $ workloadctl definition apply web -f web.yaml --validate warn
    exit code 0
    --- stdout
    definition web created: revision 1, 1 object
    --- stderr
    warning: web.yaml:5:3: Deployment/web: there is no field `spec.replica`; did you mean `replicas`?

    $ workloadctl definition apply web -f web.yaml --validate ignore
    exit code 0
    --- stdout
    definition web unchanged (revision 1)

    $ workloadctl render -f web.yaml -o name
    exit code 2
    --- stderr
    error: web.yaml:5:3: Deployment/web: there is no field `spec.replica`
      5 |   replica: 3
        |   ^^^^^^^ did you mean `replicas`?
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl render web -o name
    exit code 2
    --- stderr
    error: web.yaml:5:3: Deployment/web: there is no field `spec.replica`
      5 |   replica: 3
        |   ^^^^^^^ did you mean `replicas`?
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl render web -o name --validate warn
    exit code 0
    --- stdout
    Namespace/web
    Deployment/web
    --- stderr
    warning: web.yaml:5:3: Deployment/web: there is no field `spec.replica`; did you mean `replicas`?
    "##);
}

#[test]
fn programs_get_the_same_list() {
    let program = Program::new();
    program.write("web.yaml", &BAD.replace("nginx}", "nginx, imagePullPolicy: always}"));
    let lines = ["definition validate web.yaml -o json"];
    snapshot!(told(&program, &lines, ""), @r##"
    $ workloadctl definition validate web.yaml -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "invalid-manifest",
        "exitCode": 2,
        "message": "2 mistakes in the objects",
        "errors": [
          {
            "object": "Deployment/web",
            "path": "spec.replica",
            "source": {
              "file": "web.yaml",
              "line": 5,
              "column": 3
            },
            "message": "there is no field `spec.replica`",
            "suggestion": "replicas"
          },
          {
            "object": "Deployment/web",
            "path": "spec.template.spec.containers[0].imagePullPolicy",
            "source": {
              "file": "web.yaml",
              "line": 9,
              "column": 68
            },
            "message": "`spec.template.spec.containers[0].imagePullPolicy` cannot be the text \"always\"",
            "expected": "one of Always, IfNotPresent, Never",
            "suggestion": "Always"
          }
        ]
      }
    }
    --- stderr
    error: 2 mistakes in the objects
      web.yaml:5:3: Deployment/web: there is no field `spec.replica`
        5 |   replica: 3
          |   ^^^^^^^ did you mean `replicas`?
      web.yaml:9:68: Deployment/web: `spec.template.spec.containers[0].imagePullPolicy` cannot be the text "always"
        9 |     spec: {containers: [{name: web, image: nginx, imagePullPolicy: always}]}
          |                                                                    ^^^^^^ did you mean `Always`?
    "##);
}

#[test]
fn what_an_override_brought_is_shown_with_its_flag() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    let lines = [
        "definition apply web -f web.yaml",
        "instance create web --runtime sandbox --set Deployment/web:spec.replica=3 --set Deployment/web:metadata.labels={app:-x} --set Deployment/web:spec.template.spec.restartPolicy=Never",
        "render web -o name",
    ];
    snapshot!(told(&program, &lines, ""), @r##"
    $ workloadctl definition apply web -f web.yaml
    exit code 0
    --- stdout
    definition web created: revision 1, 1 object

    $ workloadctl instance create web --runtime sandbox --set Deployment/web:spec.replica=3 --set Deployment/web:metadata.labels={app:-x} --set Deployment/web:spec.template.spec.restartPolicy=Never
    exit code 0
    --- stdout
    instance web created: definition web on sandbox
    --- stderr
    runtime sandbox: --runtime
    hint: workloadctl deploy web

    $ workloadctl render web -o name
    exit code 2
    --- stderr
    error: 3 mistakes in the objects
      --set Deployment/web:spec.replica=3: Deployment/web: there is no field `spec.replica`
         | --set Deployment/web:spec.replica=3
         |                           ^^^^^^^ did you mean `replicas`?
      --set Deployment/web:metadata.labels={"app:-x":null}: Deployment/web: `metadata.labels` cannot be the text "app:-x": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc')
         | --set Deployment/web:metadata.labels={"app:-x":null}
         |                                      ^^^^^^^^^^^^^^^
      --set Deployment/web:spec.template.spec.restartPolicy=Never: Deployment/web: `spec.template.spec.restartPolicy` cannot be the text "Never"
         | --set Deployment/web:spec.template.spec.restartPolicy=Never
         |                                                       ^^^^^ expected Always
    hint: `--validate warn` leaves the decision to the server
    "##);
}

/// Where it is mended: the flag as it was typed, or the key of the file.
#[test]
fn what_a_command_or_a_file_overrides_is_shown_as_it_was_said() {
    let program = Program::new();
    program.write(
        "web.yaml",
        &format!("{WEB}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\n"),
    );
    program.write(
        "w.yaml",
        "apiVersion: workloadctl/v1alpha1
kind: Workload
metadata: {name: web}
spec:
  manifests: [web.yaml]
  instances:
  - name: web-dev
    sets:
      Deployment/web:spec.replica: 3
      Deployment/web:spec.template.spec.restartPolicy: Never
    patches:
    - kind: Deployment
      metadata: {name: web}
      spec:
        minReadySeconds: 'ten'
        template: {spec: {containers: [{name: web, imagePullPolicy: Allways}]}}
  - {name: web-b, images: {wbe: 'nginx:3'}}
  - {name: web-c, sets: {'ConfigMap/conf:data.v': 1.10}}
  - {name: web-d, replicas: {Deployment/wbe: 2}}
  - name: web-e
    patches: [{kind: Deployment, metadata: {name: nope}, spec: {replicas: 2}}]
",
    );
    let lines = [
        "plan web -f web.yaml --runtime sandbox --set deploy/web:spec.replica=1 --set deploy/web:spec.strategy=07",
        "plan web -f web.yaml --runtime sandbox --set cm/conf:data.v=1.10",
        "render web-dev -f w.yaml -o name",
        "render web-b -f w.yaml",
        "render web-c -f w.yaml",
        "render web-d -f w.yaml",
        "render web-e -f w.yaml",
    ];
    snapshot!(told(&program, &lines, ""), @r#"
    $ workloadctl plan web -f web.yaml --runtime sandbox --set deploy/web:spec.replica=1 --set deploy/web:spec.strategy=07
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      --set deploy/web:spec.replica=1: Deployment/web: there is no field `spec.replica`
         | --set deploy/web:spec.replica=1
         |                       ^^^^^^^ did you mean `replicas`?
      --set deploy/web:spec.strategy=07: Deployment/web: `spec.strategy` takes a mapping, not the number 7
         | --set deploy/web:spec.strategy=07
         |                                ^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan web -f web.yaml --runtime sandbox --set cm/conf:data.v=1.10
    exit code 2
    --- stderr
    error: --set ConfigMap/conf:data.v: data.v takes a text, not a number
    hint: --set 'cm/conf:data.v="1.10"'

    $ workloadctl render web-dev -f w.yaml -o name
    exit code 2
    --- stderr
    error: 4 mistakes in the objects
      w.yaml:9:7: spec.instances[0].sets[Deployment/web:spec.replica]: Deployment/web: there is no field `spec.replica`
        9 |       Deployment/web:spec.replica: 3
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean `replicas`?
      w.yaml:10:56: spec.instances[0].sets[Deployment/web:spec.template.spec.restartPolicy]: Deployment/web: `spec.template.spec.restartPolicy` cannot be the text "Never"
        10 |       Deployment/web:spec.template.spec.restartPolicy: Never
           |                                                        ^^^^^ expected Always
      w.yaml:15:26: spec.instances[0].patches[0].spec.minReadySeconds: Deployment/web: `spec.minReadySeconds` takes a whole number, not the text "ten"
        15 |         minReadySeconds: 'ten'
           |                          ^^^^^
      w.yaml:16:69: spec.instances[0].patches[0].spec.template.spec.containers[0].imagePullPolicy: Deployment/web: `spec.template.spec.containers[0].imagePullPolicy` cannot be the text "Allways"
        16 |         template: {spec: {containers: [{name: web, imagePullPolicy: Allways}]}}
           |                                                                     ^^^^^^^ did you mean `Always`?
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl render web-b -f w.yaml
    exit code 2
    --- stderr
    error: w.yaml:17:28: spec.instances[1].images[wbe]: no container and no image repository is wbe
      the nearest is web

    $ workloadctl render web-c -f w.yaml
    exit code 2
    --- stderr
    error: w.yaml:18:26: spec.instances[2].sets[ConfigMap/conf:data.v]: data.v takes a text, not a number
    hint: put it in quotes: `"1.10"`

    $ workloadctl render web-d -f w.yaml
    exit code 2
    --- stderr
    error: w.yaml:19:30: spec.instances[3].replicas[Deployment/wbe]: it matches no single object
      there is no object Deployment/wbe
      write `Deployment/web`

    $ workloadctl render web-e -f w.yaml
    exit code 2
    --- stderr
    error: w.yaml:21:15: spec.instances[4].patches[0] of Deployment/nope matches no single object
      there is no object Deployment/nope
    hint: write `Deployment/web`
    "#);
}

#[test]
fn a_flag_of_several_lines_is_shown_in_one() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    let place = "Deployment/web:spec.template.spec.dnsPolicy";
    assert_eq!(program.call("definition apply web -f web.yaml").code, 0);
    let set = format!("--set={place}=\"a\\nb\"");
    let create = ["instance", "create", "web", "--runtime", "sandbox", &set];
    assert!(program.command(&create).output().unwrap().status.success());
    snapshot!(program.call("render web").shown("render web"), @r#"
    $ workloadctl render web
    exit code 2
    --- stderr
    error: --set Deployment/web:spec.template.spec.dnsPolicy=a\nb: Deployment/web: `spec.template.spec.dnsPolicy` cannot be the text "a\nb"
       | --set Deployment/web:spec.template.spec.dnsPolicy=a\nb
       |                                                   ^^^^ expected one of ClusterFirstWithHostNet, ClusterFirst, Default, None
    hint: `--validate warn` leaves the decision to the server
    "#);
}

#[test]
fn what_is_in_a_secret_is_not_shown() {
    let program = Program::new();
    program.write("s.yaml", SECRET);
    let lines = [
        "definition validate s.yaml",
        "definition apply s -f s.yaml --validate warn",
        r##"instance create s --runtime sandbox --set Secret/s:data.b="hunter3!""##,
        "render s -o name",
    ];
    snapshot!(told(&program, &lines, ""), @r##"
    $ workloadctl definition validate s.yaml
    exit code 2
    --- stderr
    error: s.yaml:4:20: Secret/s: `data.b`: illegal base64 data at input byte 7

    $ workloadctl definition apply s -f s.yaml --validate warn
    exit code 0
    --- stdout
    definition s created: revision 1, 1 object
    --- stderr
    warning: s.yaml:4:20: Secret/s: `data.b`: illegal base64 data at input byte 7

    $ workloadctl instance create s --runtime sandbox --set Secret/s:data.b="hunter3!"
    exit code 0
    --- stdout
    instance s created: definition s on sandbox
    --- stderr
    runtime sandbox: --runtime
    hint: workloadctl deploy s

    $ workloadctl render s -o name
    exit code 2
    --- stderr
    error: --set Secret/s:data.b=***: Secret/s: `data.b`: illegal base64 data at input byte 7
    hint: `--validate warn` leaves the decision to the server
    "##);
}

#[test]
fn what_of_a_secret_is_no_text_is_not_shown() {
    let program = Program::new();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
    let text =
        format!("{secret}stringData:\n  pin: 987654\n  flag: yes\n  hex: 0x1F\n  list: [987654]\n");
    program.write("text.yaml", &text);
    let indented = secret.replace('\n', "\n  ");
    program.write(
        "list.yaml",
        &format!("apiVersion: v1\nkind: List\nitems:\n- {indented}data: {{pin: 987654}}\n"),
    );
    program.write("map.yaml", &format!("{secret}data: 987654\n"));
    program.write("typo.yaml", &format!("{secret}stringDat: {{pin: 987654}}\ntype: 987654\n"));
    program.write("s.yaml", secret);
    program.write("full.yaml", &format!("{secret}data: {{pin: OTg3NjU0}}\n"));
    program.write("patch.yaml", "kind: Secret\nmetadata: {name: s}\nstringData: {pin: 987654}\n");
    let lines = [
        "plan s -f text.yaml --runtime sandbox",
        "render -f text.yaml -o json",
        "render -f list.yaml",
        "render -f map.yaml",
        "render -f typo.yaml",
        "plan s --runtime sandbox -f s.yaml --set Secret/s:stringData.pin=987654",
        "plan s --runtime sandbox -f s.yaml --set Secret/s:data=987654",
        "plan s --runtime sandbox -f s.yaml --set Secret/s:data.pin[0]=987654",
        "plan s --runtime sandbox -f full.yaml --set Secret/s:data.pin.x=1",
        "plan s --runtime sandbox -f s.yaml --set Secret/s:data.pin=[987654",
        "plan s -f s.yaml --runtime sandbox --patch patch.yaml",
        "plan s -f s.yaml --runtime sandbox --set Secret/s:stringData={\"pin\":987654}",
    ];
    let told = told(&program, &lines, "");
    let shown: Vec<&str> = told.lines().filter(|line| !line.starts_with('$')).collect();
    let shown = shown.join("\n");
    assert!(
        !["987654", "OTg3NjU0", "yes", "0x1F", "31"].iter().any(|value| shown.contains(value)),
        "{shown}"
    );
    snapshot!(told, @r#"
    $ workloadctl plan s -f text.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: text.yaml:5:8: Secret data must be text, but `stringData.pin: ***` is a number
    error: text.yaml:6:9: Secret data must be text, but `stringData.flag: ***` is a boolean
    error: text.yaml:7:8: Secret data must be text, but `stringData.hex: ***` is a number
    hint: quote it
    error: text.yaml:8:9: Secret data must be text, but `stringData.list` is a list

    $ workloadctl render -f text.yaml -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "not-a-string",
        "exitCode": 2,
        "message": "text.yaml:5:8: Secret data must be text, but `stringData.pin: ***` is a number",
        "hint": "quote it",
        "object": "Secret/s",
        "source": {
          "file": "text.yaml",
          "line": 5,
          "column": 8
        }
      },
      "errors": [
        {
          "code": "not-a-string",
          "exitCode": 2,
          "message": "text.yaml:5:8: Secret data must be text, but `stringData.pin: ***` is a number",
          "hint": "quote it",
          "object": "Secret/s",
          "source": {
            "file": "text.yaml",
            "line": 5,
            "column": 8
          }
        },
        {
          "code": "not-a-string",
          "exitCode": 2,
          "message": "text.yaml:6:9: Secret data must be text, but `stringData.flag: ***` is a boolean",
          "hint": "quote it",
          "object": "Secret/s",
          "source": {
            "file": "text.yaml",
            "line": 6,
            "column": 9
          }
        },
        {
          "code": "not-a-string",
          "exitCode": 2,
          "message": "text.yaml:7:8: Secret data must be text, but `stringData.hex: ***` is a number",
          "hint": "quote it",
          "object": "Secret/s",
          "source": {
            "file": "text.yaml",
            "line": 7,
            "column": 8
          }
        },
        {
          "code": "not-a-string",
          "exitCode": 2,
          "message": "text.yaml:8:9: Secret data must be text, but `stringData.list` is a list",
          "object": "Secret/s",
          "source": {
            "file": "text.yaml",
            "line": 8,
            "column": 9
          }
        }
      ]
    }
    --- stderr
    error: text.yaml:5:8: Secret data must be text, but `stringData.pin: ***` is a number
    error: text.yaml:6:9: Secret data must be text, but `stringData.flag: ***` is a boolean
    error: text.yaml:7:8: Secret data must be text, but `stringData.hex: ***` is a number
    hint: quote it
    error: text.yaml:8:9: Secret data must be text, but `stringData.list` is a list

    $ workloadctl render -f list.yaml
    exit code 2
    --- stderr
    error: list.yaml:7:15: Secret data must be text, but `data.pin: ***` is a number
    hint: quote it

    $ workloadctl render -f map.yaml
    exit code 2
    --- stderr
    error: map.yaml:4:7: Secret/s: `data` takes a mapping, not a number
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl render -f typo.yaml
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      typo.yaml:4:1: Secret/s: there is no field `stringDat`
        did you mean `stringData`?
      typo.yaml:5:7: Secret/s: `type` takes text, not a number
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan s --runtime sandbox -f s.yaml --set Secret/s:stringData.pin=987654
    exit code 2
    --- stderr
    error: --set Secret/s:stringData.pin: stringData.pin takes a text, not a number
    hint: put the value in quotes that YAML sees too: `'OBJECT:PATH="VALUE"'` as a flag, `"VALUE"` in a workload file

    $ workloadctl plan s --runtime sandbox -f s.yaml --set Secret/s:data=987654
    exit code 2
    --- stderr
    error: --set Secret/s:data=***: Secret/s: `data` takes a mapping, not a number
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan s --runtime sandbox -f s.yaml --set Secret/s:data.pin[0]=987654
    exit code 2
    --- stderr
    error: --set Secret/s:data.pin[0]: data.pin is not there

    $ workloadctl plan s --runtime sandbox -f full.yaml --set Secret/s:data.pin.x=1
    exit code 2
    --- stderr
    error: --set Secret/s:data.pin.x: data.pin is a text, which has no fields

    $ workloadctl plan s --runtime sandbox -f s.yaml --set Secret/s:data.pin=[987654
    exit code 2
    --- stderr
    error: --set "Secret/s:data.pin=***": the value is not YAML
    hint: the form is OBJECT:PATH=VALUE, such as `--set 'Ingress/web:spec.rules[0].host=example.com'`

    $ workloadctl plan s -f s.yaml --runtime sandbox --patch patch.yaml
    exit code 2
    --- stderr
    error: --patch Secret/s (stringData.pin=***): Secret/s: `stringData.pin` takes text, not a number
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan s -f s.yaml --runtime sandbox --set Secret/s:stringData={"pin":987654}
    exit code 2
    --- stderr
    error: --set Secret/s:stringData=***: Secret/s: `stringData.pin` takes text, not a number
    hint: `--validate warn` leaves the decision to the server
    "#);
}

#[test]
fn what_is_fine_is_said() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    let lines = [
        "definition validate web.yaml",
        "definition validate web.yaml -o json",
        "definition validate -",
        "definition validate web.yaml --against nowhere",
    ];
    snapshot!(told(&program, &lines, WEB), @r##"
    $ workloadctl definition validate web.yaml
    exit code 0
    --- stdout
    1 object, nothing is wrong

    $ workloadctl definition validate web.yaml -o json
    exit code 0
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Validation",
      "objectCount": 1,
      "unjudgedCount": 0,
    }

    $ workloadctl definition validate -
    exit code 0
    --- stdout
    1 object, nothing is wrong

    $ workloadctl definition validate web.yaml --against nowhere
    exit code 2
    --- stderr
    error: cannot use context `nowhere`
      there is no kubeconfig with a context: looked at ~/.kube/config
    hint: set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`
    "##);
}

/// Several objects may begin on one line, and have one name.
#[test]
fn a_mistake_stands_in_its_own_object() {
    let program = Program::new();
    let object = |kind: &str, wrong: &str| {
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":{kind:?},\"metadata\":{{\"name\":\"a\"}},{wrong:?}:{{}}}}"
        )
    };
    let (map, account) = (object("ConfigMap", "x"), object("ServiceAccount", "x"));
    program.write("list.json", &format!("{{\"items\":[{map},{account}]}}\n"));
    snapshot!(told(&program, &["definition validate list.json"], ""), @r#"
    $ workloadctl definition validate list.json
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      list.json:1:73: ConfigMap/a: there is no field `x`
        1 | …nd":"ConfigMap","metadata":{"name":"a"},"x":{}},{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"a"},"x":{…
          |                                          ^^^ expected one of apiVersion, binaryData, data, immutable, kind, metadata
      list.json:1:148: ServiceAccount/a: there is no field `x`
        1 | …ServiceAccount","metadata":{"name":"a"},"x":{}}]}
          |                                          ^^^ expected one of apiVersion, automountServiceAccountToken, imagePullSecrets, kind, metadata, secrets
    "#);
}

/// Names that are none, and those that look like a path.
#[test]
fn fields_may_be_called_anything() {
    let program = Program::new();
    program.write(
        "odd.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: odd}\n.pec: 1\n'': 2\n'a.b': 1\n'[0]': 3\n'.': 1\n'a[1]': 2\n'x..y': 1\nspec:\n  '': 1\n  .type: x\n  '[ports]': 2\n  ports: [{'': 1, '[0]': 2, port: 1}]\n",
    );
    snapshot!(told(&program, &["definition validate odd.yaml"], ""), @"
    $ workloadctl definition validate odd.yaml
    exit code 2
    --- stderr
    error: 12 mistakes in the objects
      odd.yaml:4:1: Service/odd: there is no field `[.pec]`
        4 | .pec: 1
          | ^^^^ did you mean `spec`?
      odd.yaml:5:1: Service/odd: there is no field `[]`
        5 | '': 2
          | ^^ did you mean `kind`?
      odd.yaml:6:1: Service/odd: there is no field `[a.b]`
        6 | 'a.b': 1
          | ^^^^^ expected one of apiVersion, kind, metadata, spec, status
      odd.yaml:7:1: Service/odd: there is no field `[[0]]`
        7 | '[0]': 3
          | ^^^^^ expected one of apiVersion, kind, metadata, spec, status
      odd.yaml:8:1: Service/odd: there is no field `[.]`
        8 | '.': 1
          | ^^^ expected one of apiVersion, kind, metadata, spec, status
      odd.yaml:9:1: Service/odd: there is no field `[a[1]]`
        9 | 'a[1]': 2
          | ^^^^^^ expected one of apiVersion, kind, metadata, spec, status
      odd.yaml:10:1: Service/odd: there is no field `[x..y]`
        10 | 'x..y': 1
           | ^^^^^^ expected one of apiVersion, kind, metadata, spec, status
      odd.yaml:12:3: Service/odd: there is no field `spec[]`
        12 |   '': 1
           |   ^^ did you mean `type`?
      odd.yaml:13:3: Service/odd: there is no field `spec[.type]`
        13 |   .type: x
           |   ^^^^^ did you mean `type`?
      odd.yaml:14:3: Service/odd: there is no field `spec[[ports]]`
        14 |   '[ports]': 2
           |   ^^^^^^^^^ did you mean `ports`?
      odd.yaml:15:12: Service/odd: there is no field `spec.ports[0][]`
        15 |   ports: [{'': 1, '[0]': 2, port: 1}]
           |            ^^ did you mean `name`?
      odd.yaml:15:19: Service/odd: there is no field `spec.ports[0][[0]]`
        15 |   ports: [{'': 1, '[0]': 2, port: 1}]
           |                   ^^^^^ expected one of appProtocol, name, nodePort, port, protocol, targetPort
    ");
}

#[test]
fn places_are_found_in_lists_and_behind_anchors() {
    let program = Program::new();
    program.write("list.json", LIST);
    program.write("anchor.yaml", ANCHOR);
    let lines = ["definition validate list.json", "definition validate anchor.yaml"];
    snapshot!(told(&program, &lines, ""), @r##"
    $ workloadctl definition validate list.json
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      list.json:1:105: ConfigMap/a: there is no field `dta`
        1 | …nd":"ConfigMap","metadata":{"name":"a"},"dta":{}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{…
          |                                          ^^^^^ did you mean `data`?
      list.json:1:343: ConfigMap/b: there is no field `imutable`
        1 | …kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk":"v"},"imutable":true}]}
          |                                          ^^^^^^^^^^ did you mean `immutable`?

    $ workloadctl definition validate anchor.yaml
    exit code 2
    --- stderr
    error: 3 mistakes in the objects
      anchor.yaml:1:1: Pod/p: there is no field `x`
        1 | x: &c {name: web, imge: nginx}
          | ^ expected one of apiVersion, kind, metadata, spec, status
      anchor.yaml:1:19: Pod/p: there is no field `spec.containers[0].imge`
        1 | x: &c {name: web, imge: nginx}
          |                   ^^^^ did you mean `image`?
      anchor.yaml:1:19: Pod/p: there is no field `spec.containers[1].imge`
        1 | x: &c {name: web, imge: nginx}
          |                   ^^^^ did you mean `image`?
    "##);
}

/// What a patch brings stands in none of the manifests.
#[test]
fn what_a_patch_brings_is_shown_with_its_flag() {
    let program = Program::new();
    let web = |rest: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: \
             {{a: b}}}}\n  template:\n    metadata: {{labels: {{a: b}}}}\n    spec:\n      containers:\n      \
             - {{name: first, image: 'a:1'}}\n      - {{name: web, image: 'web:1'}}\n{rest}"
        )
    };
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: key}\n";
    program.write("a.yaml", &web(secret));
    program.write(
        "fields.yaml",
        "kind: Deployment\nmetadata: {name: web, labels: {tier: 'a b'}}\nspec:\n  replicsa: 3\n  template: {spec: \
         {containers: [{name: web, imagePullPolicy: always, ports: [{containerPort: http}]}], \
         terminationGracePeriodSeconds: x}}\n---\nkind: Secret\nmetadata: {name: key}\n\
         data: {token: not base64}\n",
    );
    program.write("one.yaml", "kind: Deployment\nmetadata: {name: web}\nspec: {replicsa: 3}\n");
    program.write("less.yaml", "kind: Deployment\nmetadata: {name: web}\nspec: {selector: null}\n");
    // What the manifest has wrong beside it stays where it is.
    program.write("b.yaml", &web("").replace("image: 'web:1'", "image: 'web:1', tyt: true"));
    snapshot!(
        program.told(&[
            "plan web -f a.yaml --runtime sandbox --patch fields.yaml",
            "plan web -f a.yaml --runtime sandbox --patch less.yaml",
            "plan web -f b.yaml --runtime sandbox --patch one.yaml",
            "plan web -f a.yaml --runtime sandbox --patch nofile.yaml",
        ]),
        @r#"
    $ workloadctl plan web -f a.yaml --runtime sandbox --patch fields.yaml
    exit code 2
    --- stderr
    error: 6 mistakes in the objects
      --patch Deployment/web (spec.replicsa=3): Deployment/web: there is no field `spec.replicsa`
         | --patch Deployment/web (spec.replicsa=3)
         |                              ^^^^^^^^ did you mean `replicas`?
      --patch Deployment/web (spec.template.spec.containers[1].ports[0].containerPort=http): Deployment/web: `spec.template.spec.containers[1].ports[0].containerPort` takes a whole number, not the text "http"
         | --patch Deployment/web (spec.template.spec.containers[1].ports[0].containerPort=http)
         |                                                                                 ^^^^
      --patch Deployment/web (spec.template.spec.terminationGracePeriodSeconds=x): Deployment/web: `spec.template.spec.terminationGracePeriodSeconds` takes a whole number, not the text "x"
         | --patch Deployment/web (spec.template.spec.terminationGracePeriodSeconds=x)
         |                                                                          ^
      --patch Deployment/web (metadata.labels={"tier":"a b"}): Deployment/web: `metadata.labels` cannot be the text "a b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345')
         | --patch Deployment/web (metadata.labels={"tier":"a b"})
         |                                         ^^^^^^^^^^^^^^
      --patch Deployment/web (spec.template.spec.containers[1].imagePullPolicy=always): Deployment/web: `spec.template.spec.containers[1].imagePullPolicy` cannot be the text "always"
         | --patch Deployment/web (spec.template.spec.containers[1].imagePullPolicy=always)
         |                                                                          ^^^^^^ did you mean `Always`?
      --patch Secret/key (data.token=***): Secret/key: `data.token`: illegal base64 data at input byte 3
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan web -f a.yaml --runtime sandbox --patch less.yaml
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      --patch Deployment/web (spec.selector=null): Deployment/web: `spec.selector` is missing
         | --patch Deployment/web (spec.selector=null)
         |                                       ^^^^
      a.yaml:7:16: Deployment/web: `spec.template.metadata.labels`: `selector` does not match template `labels`
        7 |     metadata: {labels: {a: b}}
          |                ^^^^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan web -f b.yaml --runtime sandbox --patch one.yaml
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      --patch Deployment/web (spec.replicsa=3): Deployment/web: there is no field `spec.replicsa`
         | --patch Deployment/web (spec.replicsa=3)
         |                              ^^^^^^^^ did you mean `replicas`?
      b.yaml:11:37: Deployment/web: there is no field `spec.template.spec.containers[1].tyt`
        11 |       - {name: web, image: 'web:1', tyt: true}
           |                                     ^^^ did you mean `tty`?
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan web -f a.yaml --runtime sandbox --patch nofile.yaml
    exit code 2
    --- stderr
    error: there is no file or folder nofile.yaml
    hint: `--patch` takes a file of partial objects, and `--patch OBJECT-` drops those of an object
    "#
    );
}

/// What a directive of a strategic merge takes away is missed where the manifest has it.
#[test]
fn what_a_patch_takes_away_is_a_mistake_of_the_patch() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    let patch = |name: &str, of_pod: &str| {
        let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n";
        program.write(name, &format!("{head}spec: {{template: {{spec: {of_pod}}}}}\n"));
    };
    patch("last.yaml", "{containers: [{name: web, $patch: delete}]}");
    patch("list.yaml", "{containers: [{$patch: replace}]}");
    patch("all.yaml", "{$patch: replace, hostname: a}");
    patch(
        "kept.yaml",
        "{$setElementOrder/containers: [{name: web}], containers: [{name: web, $patch: replace, image: 1}]}",
    );
    let app = "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: web}\nspec:\n  manifests: [web.yaml]\n  instances:\n  - name: web\n    patches:\n    - kind: Deployment\n      apiVersion: apps/v1\n      metadata: {name: web}\n      spec: {template: {spec: {containers: [{name: web, $patch: delete}]}}}\n";
    program.write("app.yaml", app);
    let lines = [
        "plan web -f web.yaml --runtime sandbox --patch last.yaml",
        "plan web -f web.yaml --runtime sandbox --patch list.yaml",
        "plan web -f web.yaml --runtime sandbox --patch all.yaml",
        "plan web -f web.yaml --runtime sandbox --patch kept.yaml",
        "plan -f app.yaml --runtime sandbox",
    ];
    snapshot!(told(&program, &lines, ""), @r#"
    $ workloadctl plan web -f web.yaml --runtime sandbox --patch last.yaml
    exit code 2
    --- stderr
    error: --patch Deployment.apps/web (spec.template.spec.containers=[{"$patch":"delete","name":"web"}]): Deployment/web: `spec.template.spec.containers` is empty
       | --patch Deployment.apps/web (spec.template.spec.containers=[{"$patch":"delete","name":"web"}])
       |                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan web -f web.yaml --runtime sandbox --patch list.yaml
    exit code 2
    --- stderr
    error: --patch Deployment.apps/web (spec.template.spec.containers=[{"$patch":"replace"}]): Deployment/web: `spec.template.spec.containers` is empty
       | --patch Deployment.apps/web (spec.template.spec.containers=[{"$patch":"replace"}])
       |                                                            ^^^^^^^^^^^^^^^^^^^^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan web -f web.yaml --runtime sandbox --patch all.yaml
    exit code 2
    --- stderr
    error: --patch Deployment.apps/web (spec.template.spec={"$patch":"replace","hostname":"a"}): Deployment/web: `spec.template.spec.containers` is missing
       | --patch Deployment.apps/web (spec.template.spec={"$patch":"replace","hostname":"a"})
       |                                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan web -f web.yaml --runtime sandbox --patch kept.yaml
    exit code 2
    --- stderr
    error: --patch Deployment.apps/web (spec.template.spec.containers=[{"$patch":"replace","image":1,"name":"web"}]): Deployment/web: `spec.template.spec.containers` is empty
       | --patch Deployment.apps/web (spec.template.spec.containers=[{"$patch":"replace","image":1,"name":"web"}])
       |                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan -f app.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: app.yaml:12:32: spec.instances[0].patches[0].spec.template.spec.containers: Deployment/web: `spec.template.spec.containers` is empty
      12 |       spec: {template: {spec: {containers: [{name: web, $patch: delete}]}}}
         |                                ^^^^^^^^^^
    hint: `--validate warn` leaves the decision to the server
    "#);
}

/// What a Threeport file overrides is a text in it: its key is the place.
#[test]
fn a_mistake_in_an_overlay_is_one_of_its_file() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    let overlay = |name: &str, text: &str| {
        let indented: String = text.lines().map(|line| format!("      {line}\n")).collect();
        let head = "KubernetesWorkload:\n  Name: web\n  YAMLDocument: web.yaml\n";
        program.write(name, &format!("{head}  KustomizeOverlay: |\n{indented}"));
    };
    let patch = |text: &str| {
        format!(
            "patches:\n- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: web}}\n    {text}\n"
        )
    };
    overlay("field.yaml", &patch("spec: {replcas: 2, minReadySeconds: soon}"));
    overlay("name.yaml", &patch("spec: {replicas: 2}").replace("name: web", "name: wbe"));
    overlay("image.yaml", "images: [{name: shop/wbe, newTag: '2'}]\n");
    let target = "patches:\n- target: {kind: Deployment, name: web}\n  patch: |-\n    ";
    overlay("value.yaml", &format!("{target}- {{op: add, path: /spec/replicas, value: many}}\n"));
    overlay(
        "text.yaml",
        &format!("{target}- {{op: add, path: /metadata/labels/a, value: 1.10}}\n"),
    );
    let lines = ["field", "name", "image", "value", "text"]
        .map(|name| format!("plan -f {name}.yaml --runtime sandbox"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    snapshot!(told(&program, &lines, ""), @r#"
    $ workloadctl plan -f field.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      field.yaml:4:3: KubernetesWorkload.KustomizeOverlay: Deployment/web: `spec.minReadySeconds` takes a whole number, not the text "soon"
        4 |   KustomizeOverlay: |
          |   ^^^^^^^^^^^^^^^^
      field.yaml:4:3: KubernetesWorkload.KustomizeOverlay: Deployment/web: there is no field `spec.replcas`
        4 |   KustomizeOverlay: |
          |   ^^^^^^^^^^^^^^^^ did you mean `replicas`?
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan -f name.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: name.yaml:4:3: KubernetesWorkload.KustomizeOverlay of Deployment.apps/wbe matches no single object
      there is no object Deployment.apps/wbe
    hint: write `Deployment/web`

    $ workloadctl plan -f image.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: image.yaml:4:3: KubernetesWorkload.KustomizeOverlay: no container and no image repository is shop/wbe
      there are nginx, web

    $ workloadctl plan -f value.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: value.yaml:4:3: KubernetesWorkload.KustomizeOverlay: Deployment/web: `spec.replicas` takes a whole number, not the text "many"
      4 |   KustomizeOverlay: |
        |   ^^^^^^^^^^^^^^^^
    hint: `--validate warn` leaves the decision to the server

    $ workloadctl plan -f text.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: text.yaml:4:3: KubernetesWorkload.KustomizeOverlay: metadata.labels.a takes a text, not a number
    hint: put the value in quotes
    "#);
}

/// What the instances of a workload file would send is looked at, and each mistake is told once.
#[test]
fn a_workload_file_is_validated_with_what_it_overrides() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    program.write("bad.yaml", BAD);
    let file = |name: &str, manifest: &str, instances: &str| {
        let head = "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: web}\n";
        program.write(
            name,
            &format!("{head}spec:\n  manifests: [{manifest}]\n  instances: [{instances}]\n"),
        );
    };
    file("good.yaml", "web.yaml", "{name: a}, {name: b, namespace: shop}");
    file("twice.yaml", "bad.yaml", "{name: a}, {name: b}");
    file("none.yaml", "bad.yaml", "");
    file(
        "set.yaml",
        "web.yaml",
        "{name: a, sets: {'Deployment/web:spec.replicas': many}}, {name: b, images: {wbe: x}}",
    );
    file("gone.yaml", "nope.yaml", "{name: a}");
    let lines = [
        "definition validate good.yaml",
        "definition validate twice.yaml",
        "definition validate none.yaml",
        "definition validate set.yaml",
        "definition validate gone.yaml",
        "definition validate good.yaml --against sandbox",
        "definition validate web.yaml --runtime sandbox",
    ];
    snapshot!(told(&program, &lines, ""), @r#"
    $ workloadctl definition validate good.yaml
    exit code 0
    --- stdout
    1 object, nothing is wrong

    $ workloadctl definition validate twice.yaml
    exit code 2
    --- stderr
    error: bad.yaml:5:3: Deployment/web: there is no field `spec.replica`
      5 |   replica: 3
        |   ^^^^^^^ did you mean `replicas`?

    $ workloadctl definition validate none.yaml
    exit code 2
    --- stderr
    error: bad.yaml:5:3: Deployment/web: there is no field `spec.replica`
      5 |   replica: 3
        |   ^^^^^^^ did you mean `replicas`?

    $ workloadctl definition validate set.yaml
    exit code 2
    --- stderr
    error: set.yaml:6:64: spec.instances[0].sets[Deployment/web:spec.replicas]: Deployment/web: `spec.replicas` takes a whole number, not the text "many"
      6 |   instances: [{name: a, sets: {'Deployment/web:spec.replicas': many}}, {name: b, images: {wbe: x}}]
        |                                                                ^^^^
    error: set.yaml:6:91: spec.instances[1].images[wbe]: no container and no image repository is wbe
      the nearest is web

    $ workloadctl definition validate gone.yaml
    exit code 2
    --- stderr
    error: there is no file or folder nope.yaml
      gone.yaml:5:15 names it
    hint: sources are relative to the folder of gone.yaml

    $ workloadctl definition validate good.yaml --against sandbox
    exit code 2
    --- stderr
    error: --against is for manifests, and a workload file names its runtimes itself
    hint: `workloadctl plan -f good.yaml` asks them

    $ workloadctl definition validate web.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: --runtime: `definition validate` contacts no cluster by itself
    hint: `--against sandbox` asks its server, too
    "#);
}

/// What a Job is called becomes a label of its pods; labels of pods are looked at in Jobs too.
#[test]
fn names_and_labels_of_jobs_are_those_of_pods() {
    let program = Program::new();
    let spec = "{restartPolicy: Never, containers: [{name: c, image: c}]}";
    let template = format!("template:\n    metadata: {{labels: {{a b: c}}}}\n    spec: {spec}\n");
    let name = "a".repeat(64);
    program.write(
        "job.yaml",
        &format!("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\nspec:\n  {template}"),
    );
    let template = template.replace("\n", "\n    ");
    program.write(
        "timer.yaml",
        &format!("apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: c}}\nspec:\n  schedule: '@dayly'\n  timeZone: Europe/Berln\n  jobTemplate:\n   spec:\n    {template}"),
    );
    let lines = ["definition validate job.yaml", "definition validate timer.yaml"];
    snapshot!(told(&program, &lines, ""), @r#"
    $ workloadctl definition validate job.yaml
    exit code 2
    --- stderr
    error: 2 mistakes in the objects
      job.yaml:4:9: Job/DIGEST: `metadata.name` cannot be the text "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…": must be no more than 63 bytes: it becomes a label of the Job's pods
        4 |   name: DIGEST
          |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      job.yaml:7:25: Job/DIGEST: `spec.template.metadata.labels` cannot be the text "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc')
        7 |     metadata: {labels: {a b: c}}
          |                         ^^^

    $ workloadctl definition validate timer.yaml
    exit code 2
    --- stderr
    error: 3 mistakes in the objects
      timer.yaml:5:13: CronJob/c: `spec.schedule` cannot be the text "@dayly": unrecognized descriptor: @dayly
        5 |   schedule: '@dayly'
          |             ^^^^^^^^ did you mean `@daily`?
      timer.yaml:6:13: CronJob/c: `spec.timeZone` cannot be the text "Europe/Berln": unknown time zone Europe/Berln
        6 |   timeZone: Europe/Berln
          |             ^^^^^^^^^^^^ did you mean `Europe/Berlin`?
      timer.yaml:10:29: CronJob/c: `spec.jobTemplate.spec.template.metadata.labels` cannot be the text "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc')
        10 |         metadata: {labels: {a b: c}}
           |                             ^^^
    "#);
}
