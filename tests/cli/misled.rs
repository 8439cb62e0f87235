//! Advice that would lead astray: values that are not the ones that were typed, names that are
//! there, files that are not.

use crate::program::Program;

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1'}]}
";

#[test]
fn a_value_that_yaml_changed_is_not_given_back() {
    let program = Program::new();
    program.write(
        "c.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cc}\ndata: {v: a}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: pw}\n",
    );
    program.write(
        "w.yaml",
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: c}\nspec:\n  manifests: [c.yaml]\n  \
         instances: [{name: c, sets: {'ConfigMap/cc:data.v': 1.10}}]\n",
    );
    snapshot!(program.told(&[
        "plan c -f c.yaml --runtime sandbox --set ConfigMap/cc:data.v=1.10",
        "plan c -f c.yaml --runtime sandbox --set ConfigMap/cc:data.v=0644",
        "plan c -f c.yaml --runtime sandbox --set ConfigMap/cc:data.v=yes",
        "plan c -f c.yaml --runtime sandbox --set Secret/pw:stringData.pin=123456",
        "plan -f w.yaml --runtime sandbox",
    ]), @r#"
    $ workloadctl plan c -f c.yaml --runtime sandbox --set ConfigMap/cc:data.v=1.10
    exit code 2
    --- stderr
    error: --set ConfigMap/cc:data.v: data.v takes a text, not a number
    hint: --set 'ConfigMap/cc:data.v="1.10"'

    $ workloadctl plan c -f c.yaml --runtime sandbox --set ConfigMap/cc:data.v=0644
    exit code 2
    --- stderr
    error: --set ConfigMap/cc:data.v: data.v takes a text, not a number
    hint: --set 'ConfigMap/cc:data.v="0644"'

    $ workloadctl plan c -f c.yaml --runtime sandbox --set ConfigMap/cc:data.v=yes
    exit code 2
    --- stderr
    error: --set ConfigMap/cc:data.v: data.v takes a text, not a boolean
    hint: --set 'ConfigMap/cc:data.v="yes"'

    $ workloadctl plan c -f c.yaml --runtime sandbox --set Secret/pw:stringData.pin=123456
    exit code 2
    --- stderr
    error: --set Secret/pw:stringData.pin: stringData.pin takes a text, not a number
    hint: put the value in quotes that YAML sees too: `'OBJECT:PATH="VALUE"'` as a flag, `"VALUE"` in a workload file

    $ workloadctl plan -f w.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: w.yaml:6:32: spec.instances[0].sets[ConfigMap/cc:data.v]: data.v takes a text, not a number
    hint: put it in quotes: `"1.10"`
    "#);
}

#[test]
fn what_was_never_deployed_is_there_all_the_same() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    program.call("definition apply web -f web.yaml");
    program.call("instance create web --runtime sandbox");
    snapshot!(program.told(&["logs web", "forward web", "open web"]), @"
    $ workloadctl logs web
    exit code 1
    --- stderr
    error: `web` was never deployed
    hint: workloadctl deploy web

    $ workloadctl forward web
    exit code 1
    --- stderr
    error: `web` was never deployed
    hint: workloadctl deploy web

    $ workloadctl open web
    exit code 1
    --- stderr
    error: `web` was never deployed
    hint: workloadctl deploy web
    ");
}

#[test]
fn a_dependency_that_is_not_there_did_not_fail() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    program.write(
        "w.yaml",
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: web}\nspec:\n  manifests: [web.yaml]\n  \
         instances:\n  - {name: web-a, runtime: sandbox}\n  - {name: web-b, runtime: sandbox, dependsOn: [web-a]}\n",
    );
    snapshot!(program.told(&["deploy -f w.yaml web-b"]), @"
    $ workloadctl deploy -f w.yaml web-b
    exit code 1
    --- stderr
    error: `web-b` was not begun: it depends on `web-a`
      there is no instance `web-a`
    hint: workloadctl deploy -f w.yaml web-a web-b
    ");
}

#[test]
fn a_definition_that_is_not_there_leads_to_the_nearest() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    program.call("definition apply web -f web.yaml");
    snapshot!(program.told(&[
        "deploy wbe --runtime sandbox",
        "plan wbe --runtime sandbox",
        "deploy web2 --definition wbe --runtime sandbox",
        "deploy other --runtime sandbox",
    ]), @"
    $ workloadctl deploy wbe --runtime sandbox
    exit code 1
    --- stderr
    error: there is no definition `wbe`
    hint: did you mean `web`?

    $ workloadctl plan wbe --runtime sandbox
    exit code 1
    --- stderr
    error: there is no definition `wbe`
    hint: did you mean `web`?

    $ workloadctl deploy web2 --definition wbe --runtime sandbox
    exit code 1
    --- stderr
    error: there is no definition `wbe`
    hint: did you mean `web`?

    $ workloadctl deploy other --runtime sandbox
    exit code 1
    --- stderr
    error: there is no definition `other`
    hint: `workloadctl deploy other -f PATH` makes definition and instance in one go
    ");
}

#[test]
fn a_file_that_is_not_there_needs_no_name() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    snapshot!(program.told(&[
        "deploy -f wrkload.yaml",
        "plan -f wrkload.yaml",
        "plan -f web.yaml",
    ]), @"
    $ workloadctl deploy -f wrkload.yaml
    exit code 2
    --- stderr
    error: there is no file or folder wrkload.yaml
    hint: a source is a file, a folder, a Helm chart, a URL or `-`

    $ workloadctl plan -f wrkload.yaml
    exit code 2
    --- stderr
    error: there is no file or folder wrkload.yaml
    hint: a source is a file, a folder, a Helm chart, a URL or `-`

    $ workloadctl plan -f web.yaml
    exit code 2
    --- stderr
    error: -f needs the name of the instance
    hint: workloadctl plan NAME -f web.yaml
    ");
}

#[test]
fn a_filter_that_nothing_fits_is_told_from_an_empty_database() {
    let program = Program::new();
    program.write("web.yaml", WEB);
    program.call("definition apply web -f web.yaml");
    program.call("instance create web --runtime sandbox");
    snapshot!(program.told(&["list -n nope", "list --runtime nope", "list --definition nope"]), @"
    $ workloadctl list -n nope
    exit code 0
    --- stderr
    no instances fit; `workloadctl list` shows what there is

    $ workloadctl list --runtime nope
    exit code 0
    --- stderr
    no instances fit; `workloadctl list` shows what there is

    $ workloadctl list --definition nope
    exit code 1
    --- stderr
    error: there is no definition `nope`
    hint: `workloadctl definition list` shows what there is
    ");
}
