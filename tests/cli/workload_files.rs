//! Workload files without a cluster: every mistake with its place, what is stored, what is written.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::program::Program;

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
    selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    \
    spec: {containers: [{name: web, image: 'nginx:1'}]}\n";

fn workload(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {{name: {name}}}\nspec:\n  \
         manifests: [k8s]\n{rest}"
    )
}

/// A home with manifests, a context that leads nowhere, and a workload file.
fn home(file: &str) -> Program {
    let program = Program::new();
    program.write("k8s/conf.yaml", CONF);
    program.write("k8s/web.yaml", DEPLOYMENT);
    program.write(
        ".kube/config",
        "current-context: kind-dev\n\
         contexts: [{name: kind-dev, context: {cluster: k, user: u}}]\n\
         clusters: [{name: k, cluster: {server: 'http://127.0.0.1:1'}}]\n\
         users: [{name: u, user: {}}]\n",
    );
    program.write("app.yaml", file);
    program
}

const TWO: &str = "  instances:\n  - {name: web-dev}\n  - {name: web-prod, runtime: kind-dve, dependsOn: [web-dev]}\n";

#[test]
fn mistakes_in_a_file_are_told_all_at_once() {
    let program = home(&workload(
        "web",
        "  instances:\n  - {name: a, image: {web: x}, runtime: 5}\n  - {name: b}\n  - {name: b}\nextra: 1\n",
    ));
    snapshot!(program.told(&["deploy -f app.yaml"]), @r#"
    $ workloadctl deploy -f app.yaml
    exit code 2
    --- stderr
    error: app.yaml:7:15: unknown key spec.instances[0].image
    hint: did you mean `images`?
    error: app.yaml:7:41: spec.instances[0].runtime takes a text, this is the number 5
    hint: put it in quotes: "5"
    error: app.yaml:10:1: unknown key extra
    hint: known here: apiVersion, kind, metadata, spec
    "#);
    program.write(
        "app.yaml",
        &workload("web", "  instances: [{name: a, dependsOn: [b]}, {name: b, dependsOn: [a]}]\n"),
    );
    snapshot!(program.told(&["plan -f app.yaml"]), @"
    $ workloadctl plan -f app.yaml
    exit code 2
    --- stderr
    error: app.yaml:6:22: instances depend on each other in a circle
      a waits for b waits for a
    ");
    program.write(
        "app.yaml",
        &workload("web", "  instances: [{name: web}]\n").replace("[k8s]", "[k9s, '-']"),
    );
    snapshot!(program.told(&["deploy -f app.yaml", "delete -f app.yaml --forget --yes"]), @"
    $ workloadctl deploy -f app.yaml
    exit code 2
    --- stderr
    error: there is no file or folder k9s
      app.yaml:5:15 names it
    hint: sources are relative to the folder of app.yaml
    error: app.yaml names `-` as a source: it takes files and folders
      app.yaml:5:20 names it

    $ workloadctl delete -f app.yaml --forget --yes
    exit code 1
    --- stderr
    error: there is no instance `web`
    hint: `workloadctl list` shows what there is
    ");
    program.write("app.yaml", &format!("{}---\n{}", workload("web", ""), workload("web", "")));
    snapshot!(program.told(&["definition apply -f app.yaml"]), @"
    $ workloadctl definition apply -f app.yaml
    exit code 2
    --- stderr
    error: app.yaml:9:18: definition `web` is there twice, first at app.yaml:3:18
    ");
}

#[test]
fn flags_that_do_not_fit_a_file() {
    let program = home(&workload("web", TWO));
    program.write("none.yaml", &workload("web", ""));
    snapshot!(program.told(&[
        "deploy -f none.yaml",
        "deploy -f app.yaml wbe-dev",
        "deploy -f app.yaml --runtime kind-dev",
        "deploy -f app.yaml --replicas Deployment/web=2",
        "plan -f app.yaml --out kept",
        "deploy -f app.yaml --ask",
        "deploy -f app.yaml --definition web",
        "deploy -f app.yaml --image log=x --image web=y",
        "deploy -f app.yaml -f k8s web-dev",
        "deploy web -f k8s/../app.yaml",
        "status -f k8s/conf.yaml",
        "delete -f app.yaml",
    ]), @"
    $ workloadctl deploy -f none.yaml
    exit code 2
    --- stderr
    error: none.yaml names no instance
    hint: name one under `spec.instances`; `workloadctl definition apply -f none.yaml` stores the definition alone

    $ workloadctl deploy -f app.yaml wbe-dev
    exit code 2
    --- stderr
    error: `wbe-dev` is no instance of app.yaml
    hint: did you mean `web-dev`?

    $ workloadctl deploy -f app.yaml --runtime kind-dev
    exit code 2
    --- stderr
    error: --runtime needs exactly one instance, and app.yaml has 2
    hint: name one: `-f app.yaml web-dev`; or choose for all that name none: `workloadctl runtime use CONTEXT`

    $ workloadctl deploy -f app.yaml --replicas Deployment/web=2
    exit code 2
    --- stderr
    error: --replicas needs exactly one instance, and app.yaml has 2
    hint: name one: `-f app.yaml web-dev`

    $ workloadctl plan -f app.yaml --out kept
    exit code 2
    --- stderr
    error: --out needs exactly one instance, and app.yaml has 2
    hint: name one: `-f app.yaml web-dev`

    $ workloadctl deploy -f app.yaml --ask
    exit code 2
    --- stderr
    error: --ask needs exactly one instance, and app.yaml has 2
    hint: name one: `-f app.yaml web-dev`

    $ workloadctl deploy -f app.yaml --definition web
    exit code 2
    --- stderr
    error: --definition: app.yaml names its definitions itself

    $ workloadctl deploy -f app.yaml --image log=x --image web=y
    exit code 2
    --- stderr
    error: --image log=x: no instance of app.yaml has a container or an image repository log

    $ workloadctl deploy -f app.yaml -f k8s web-dev
    exit code 2
    --- stderr
    error: app.yaml:1:1: a workload file cannot stand among manifests
    hint: move it to another folder; by itself it is deployed with `workloadctl deploy -f app.yaml`

    $ workloadctl deploy web -f k8s/../app.yaml
    exit code 2
    --- stderr
    error: `web` is no instance of k8s/../app.yaml
    hint: did you mean `web-dev`?

    $ workloadctl status -f k8s/conf.yaml
    exit code 2
    --- stderr
    error: k8s/conf.yaml is no workload file
    hint: this command takes a workload file; of manifests name the instance

    $ workloadctl delete -f app.yaml
    exit code 2
    --- stderr
    error: deleting what app.yaml names needs `--yes` where nobody can be asked
    hint: workloadctl delete -f app.yaml --yes
    ");
}

#[test]
fn an_unknown_runtime_says_how_to_go_elsewhere() {
    let program = home(
        "WorkloadInstance:\n  Name: wp\n  WorkloadDefinition: {Name: wp}\n  KubernetesRuntimeInstance:\n    Name: eks\n",
    );
    program.write("two.yaml", &workload("web", TWO));
    snapshot!(program.told(&["deploy -f app.yaml", "plan -f two.yaml web-prod"]), @"
    $ workloadctl deploy -f app.yaml
    exit code 2
    --- stderr
    error: context `eks` is not in the kubeconfig (~/.kube/config)
      there is no definition `wp` either; `workloadctl definition list` shows what there is
      app.yaml:5:11 names it
    hint: workloadctl runtime list; `workloadctl deploy -f app.yaml --runtime CONTEXT` goes elsewhere

    $ workloadctl plan -f two.yaml web-prod
    exit code 2
    --- stderr
    error: context `kind-dve` is not in the kubeconfig (~/.kube/config)
      two.yaml:8:31 names it
    hint: did you mean `kind-dev`? `workloadctl deploy -f two.yaml web-prod --runtime CONTEXT` goes elsewhere
    ");
}

#[test]
fn a_workload_file_is_no_manifest() {
    let program = home("");
    program.write("k8s/app.yaml", &workload("web", "").replace("k8s", "."));
    snapshot!(program.told(&["deploy web -f k8s", "definition apply -f k8s/app.yaml"]), @"
    $ workloadctl deploy web -f k8s
    exit code 2
    --- stderr
    error: k8s/app.yaml:1:1: a workload file cannot stand among manifests
    hint: move it to another folder; by itself it is deployed with `workloadctl deploy -f k8s/app.yaml`

    $ workloadctl definition apply -f k8s/app.yaml
    exit code 2
    --- stderr
    error: k8s/app.yaml:1:1: a workload file cannot stand among manifests
    hint: move it out of that folder, or name the manifests one by one
    ");
}

#[test]
fn definitions_and_instances_are_stored_from_a_file() {
    let program = home(&format!("{}---\n{}", workload("web", TWO), workload("db", "")));
    snapshot!(program.told(&[
        "definition apply -f app.yaml",
        "definition apply db -f app.yaml -o name",
        "instance create web-dev -f app.yaml --replicas Deployment/web=2",
        "instance create -f app.yaml",
        "list",
    ]), @"
    $ workloadctl definition apply -f app.yaml
    exit code 0
    --- stdout
    definition web created: revision 1, 2 objects
    definition db created: revision 1, 2 objects

    $ workloadctl definition apply db -f app.yaml -o name
    exit code 0
    --- stdout
    db

    $ workloadctl instance create web-dev -f app.yaml --replicas Deployment/web=2
    exit code 0
    --- stdout
    instance web-dev created: definition web on kind-dev
    --- stderr
    runtime kind-dev: kubeconfig's current context
    hint: workloadctl deploy -f app.yaml

    $ workloadctl instance create -f app.yaml
    exit code 2
    --- stderr
    web-dev: runtime kind-dev: kubeconfig's current context
    error: context `kind-dve` is not in the kubeconfig (~/.kube/config)
      app.yaml:8:31 names it
    hint: did you mean `kind-dev`? `workloadctl deploy -f app.yaml web-prod --runtime CONTEXT` goes elsewhere

    $ workloadctl list
    exit code 0
    --- stdout
    NAME     DEFINITION  REVISION  RELEASE  RUNTIME   NAMESPACE  STATUS       AGE
    web-dev  web         -         -        kind-dev  -          NotDeployed  N s
    ");
}

#[test]
fn the_remote_sample_of_threeport_is_refused_with_all_its_members() {
    let program = home("");
    let sample =
        concat!(env!("CARGO_MANIFEST_DIR"), "/examples/threeport/wordpress-workload-remote.yaml");
    program.write("remote.yaml", &fs::read_to_string(sample).unwrap());
    snapshot!(program.told(&["deploy -f remote.yaml"]), @"
    $ workloadctl deploy -f remote.yaml
    exit code 2
    --- stderr
    error: remote.yaml:7:3: Workload.AwsRelationalDatabase needs Threeport's control plane
    error: remote.yaml:11:3: Workload.AwsObjectStorageBucket needs Threeport's control plane
    error: remote.yaml:14:3: Workload.DomainName needs Threeport's control plane
    error: remote.yaml:18:3: Workload.Secret needs Threeport's control plane
    error: remote.yaml:21:3: Workload.Gateway needs Threeport's control plane
    hint: take these members out; docs/from-threeport.md says what does their work here
    ");
}

#[test]
fn a_first_file_is_written_and_not_over_another() {
    let program = home("");
    program.write("other/conf.yaml", CONF);
    program.write("other/.hidden.yaml", "{");
    snapshot!(program.told(&[
        "init k8s --file -",
        "init k8s --file deploy.yaml",
        "init k8s --file deploy.yaml",
        "init other --file other/app.yaml",
        "definition apply -f other/app.yaml",
        "instance create -f deploy.yaml --image web=nginx:2 --set ConfigMap/conf:data.a=b",
        "init --from k8s --file k8s.yaml",
        "init --from nobody --file nobody.yaml",
    ]), @"
    $ workloadctl init k8s --file -
    exit code 0
    --- stdout
    # yaml-language-server: $schema=https://github.com/workloadctl/workloadctl/raw/main/docs/workload.schema.json
    apiVersion: workloadctl/v1alpha1
    kind: Workload
    metadata:
      name: k8s
    spec:
      manifests:
      - k8s
      instances:
        - name: k8s

    $ workloadctl init k8s --file deploy.yaml
    exit code 0
    --- stdout
    deploy.yaml written
    --- stderr
    hint: workloadctl deploy -f deploy.yaml

    $ workloadctl init k8s --file deploy.yaml
    exit code 5
    --- stderr
    error: deploy.yaml exists; no file is overwritten
    hint: `--file FILE` writes another one, `--file -` to standard output

    $ workloadctl init other --file other/app.yaml
    exit code 0
    --- stdout
    other/app.yaml written
    --- stderr
    hint: workloadctl deploy -f other/app.yaml

    $ workloadctl definition apply -f other/app.yaml
    exit code 0
    --- stdout
    definition other created: revision 1, 1 object

    $ workloadctl instance create -f deploy.yaml --image web=nginx:2 --set ConfigMap/conf:data.a=b
    exit code 0
    --- stdout
    instance k8s created: definition k8s on kind-dev
    --- stderr
    runtime kind-dev: kubeconfig's current context
    hint: workloadctl deploy -f deploy.yaml

    $ workloadctl init --from k8s --file k8s.yaml
    exit code 0
    --- stdout
    k8s.yaml written
    --- stderr
    hint: workloadctl deploy -f k8s.yaml

    $ workloadctl init --from nobody --file nobody.yaml
    exit code 1
    --- stderr
    error: there is no instance `nobody`
    hint: `workloadctl list` shows what there is
    ");
    snapshot!(fs::read_to_string(program.home().join("k8s.yaml")).unwrap(), @"
    # yaml-language-server: $schema=https://github.com/workloadctl/workloadctl/raw/main/docs/workload.schema.json
    apiVersion: workloadctl/v1alpha1
    kind: Workload
    metadata:
      name: k8s
    spec:
      manifests:
      - k8s
      instances:
        - name: k8s
          runtime: kind-dev
          images:
            web: nginx:2
          sets:
            ConfigMap/conf:data.a: b
    ");
    let mode =
        |file: &str| fs::metadata(program.home().join(file)).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode("k8s.yaml"), 0, "it may hold values of Secrets");
    // What was written into its own folder does not name itself.
    let inside = fs::read_to_string(program.home().join("other/app.yaml")).unwrap();
    snapshot!(inside, @"
    # yaml-language-server: $schema=https://github.com/workloadctl/workloadctl/raw/main/docs/workload.schema.json
    apiVersion: workloadctl/v1alpha1
    kind: Workload
    metadata:
      name: other
    spec:
      manifests:
      - conf.yaml
      instances:
        - name: other
    ");
    // Manifests that are gone are written from the database.
    fs::remove_dir_all(program.home().join("k8s")).unwrap();
    snapshot!(program.told(&[
        "init --from k8s --file again.yaml",
        "definition apply -f again.yaml",
    ]), @"
    $ workloadctl init --from k8s --file again.yaml
    exit code 0
    --- stdout
    again.yaml written
    --- stderr
    hint: workloadctl deploy -f again.yaml

    $ workloadctl definition apply -f again.yaml
    exit code 0
    --- stdout
    definition k8s unchanged (revision 1)
    ");
}

#[test]
fn patches_on_the_command_line() {
    let program = home("");
    program.write("p.yaml", "kind: Deployment\nmetadata: {name: web}\nspec: {paused: true}\n");
    program.write("bad.yaml", "kind: Deployment\n---\nkind: Job\nmetadata: {name: nobody}\n");
    program.write("lost.yaml", "kind: Job\nmetadata: {name: nobody}\n");
    snapshot!(program.told(&[
        "definition apply web -f k8s",
        "instance create web --runtime sandbox --patch bad.yaml",
        "instance create web --runtime sandbox --patch lost.yaml",
        "instance create web --runtime sandbox --patch -",
        "instance create web --runtime sandbox --patch p.yaml",
        "instance show web --field overrides.patches",
        "render web -o json",
    ]), @r#"
    $ workloadctl definition apply web -f k8s
    exit code 0
    --- stdout
    definition web created: revision 1, 2 objects

    $ workloadctl instance create web --runtime sandbox --patch bad.yaml
    exit code 2
    --- stderr
    error: bad.yaml:1:1: a patch does not name its object: it needs `kind` and `metadata.name`

    $ workloadctl instance create web --runtime sandbox --patch lost.yaml
    exit code 2
    --- stderr
    runtime sandbox: --runtime
    error: the patch of Job/nobody matches no single object
      there is no object Job/nobody
    hint: `--patch Job/nobody-` removes it where it was stored

    $ workloadctl instance create web --runtime sandbox --patch -
    exit code 2
    --- stderr
    error: `--patch` takes a file: standard input is for manifests

    $ workloadctl instance create web --runtime sandbox --patch p.yaml
    exit code 0
    --- stdout
    instance web created: definition web on sandbox
    --- stderr
    runtime sandbox: --runtime
    hint: workloadctl deploy web

    $ workloadctl instance show web --field overrides.patches
    exit code 0
    --- stdout
    [{"kind":"Deployment","metadata":{"name":"web"},"spec":{"paused":true}}]

    $ workloadctl render web -o json
    exit code 0
    --- stdout
    {
      "apiVersion": "v1",
      "items": [
        {
          "apiVersion": "v1",
          "kind": "Namespace",
          "metadata": {
            "labels": {
              "workloadctl/instance": "web"
            },
            "name": "web"
          }
        },
        {
          "apiVersion": "v1",
          "kind": "ConfigMap",
          "metadata": {
            "labels": {
              "workloadctl/instance": "web"
            },
            "name": "conf",
            "namespace": "web"
          }
        },
        {
          "apiVersion": "apps/v1",
          "kind": "Deployment",
          "metadata": {
            "labels": {
              "workloadctl/instance": "web"
            },
            "name": "web",
            "namespace": "web"
          },
          "spec": {
            "paused": true,
            "selector": {
              "matchLabels": {
                "a": "b"
              }
            },
            "template": {
              "metadata": {
                "labels": {
                  "a": "b"
                }
              },
              "spec": {
                "containers": [
                  {
                    "image": "nginx:1",
                    "name": "web"
                  }
                ]
              }
            }
          }
        }
      ],
      "kind": "List"
    }
    --- stderr
    Deployment/web: patched
    "#);
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_program() {
    let outcome = Program::new().call("schema");
    let stored = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/workload.schema.json");
    assert!(
        outcome.stdout == fs::read_to_string(stored).unwrap_or_default(),
        "out of date: cargo run -- schema > docs/workload.schema.json"
    );
}

#[test]
fn what_is_wrong_with_the_sources_of_several_instances_is_told_once() {
    let program = Program::new();
    program.write(
        "app.yaml",
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: web}\nspec:\n  manifests: [web.yaml]\n  \
         instances:\n  - {name: web-a, runtime: sandbox}\n  - {name: web-b, runtime: sandbox}\n  - {name: web-c, runtime: sandbox}\n  - {name: web-d, runtime: sandbox, images: {none: 'a:1'}}\n",
    );
    program.write(
        "web.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, imag: b}]}\n",
    );
    let lines =
        ["plan -f app.yaml --max-parallel 1", "deploy -f app.yaml web-c web-a --max-parallel 1"];
    snapshot!(program.told(&lines), @"
    $ workloadctl plan -f app.yaml --max-parallel 1
    exit code 2
    --- stdout
    app.yaml: 4 failed
    --- stderr
    error: web-a: web.yaml:4:31: Pod/web: there is no field `spec.containers[0].imag`
      4 | spec: {containers: [{name: a, imag: b}]}
        |                               ^^^^ did you mean `image`?
    hint: `--validate warn` leaves the decision to the server
    error: web-b: the same as with web-a
    error: web-c: the same as with web-a
    error: web-d: app.yaml:10:46: spec.instances[3].images[none]: no container and no image repository is none
      there are a

    $ workloadctl deploy -f app.yaml web-c web-a --max-parallel 1
    exit code 2
    --- stdout
    app.yaml: 2 failed
    --- stderr
    error: web-a: web.yaml:4:31: Pod/web: there is no field `spec.containers[0].imag`
      4 | spec: {containers: [{name: a, imag: b}]}
        |                               ^^^^ did you mean `image`?
    hint: `--validate warn` leaves the decision to the server
    error: web-c: the same as with web-a
    ");
    // A program reads each with its own.
    let call = program.call("plan -f app.yaml -o json");
    let answer: serde_json::Value = serde_json::from_str(&call.stdout).unwrap();
    let errors: Vec<_> =
        answer["deploys"].as_array().unwrap().iter().map(|it| &it["error"]["message"]).collect();
    assert_eq!(errors[0], errors[1]);
}

#[test]
fn sources_with_blanks_are_found_again_and_what_is_in_the_way_is_named() {
    let program = Program::new();
    program.write("my app/conf.yaml", CONF);
    let apply = ["definition", "apply", "web", "-f", "my app/conf.yaml"];
    assert!(program.command(&apply).status().unwrap().success());
    assert_eq!(program.call("instance create web --runtime sandbox").code, 0);
    let from = program.call("init --from web --file -").stdout;
    assert!(from.contains("\n  - my app/conf.yaml\n"), "{from}");
    fs::remove_dir_all(program.home().join("my app")).unwrap();
    program.write("web.manifests.yaml", CONF);
    snapshot!(program.told(&["init --from web --file -"]), @"
    $ workloadctl init --from web --file -
    exit code 5
    --- stderr
    error: web.manifests.yaml exists; no file is overwritten
    hint: move it away: what `web` consists of is written there
    ");
}
