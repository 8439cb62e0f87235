//! `diff` without a cluster: revisions of definitions, and manifests against them.

use crate::program::Program;

fn set(image: &str, password: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec:\n      containers:\n      - {{name: web, image: '{image}'}}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {{name: login}}\nstringData: {{password: {password}}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {more}}}\n"
    )
}

/// A home with definition `web` in two revisions.
fn home() -> Program {
    let program = Program::new();
    for (image, password, more) in [("web:1", "old", "one"), ("web:2", "new", "two")] {
        program.write("k8s/set.yaml", &set(image, password, more));
        assert_eq!(program.call("definition apply web -f k8s").code, 0);
    }
    program
}

#[test]
fn revisions_differ_in_fields_and_objects() {
    let lines = [
        "diff --definition web@1 web",
        "diff --definition web@1 web@2 --diff fields --exit-code",
        "diff --definition web@2 web@1 --diff none",
        "diff --definition web@1 web -o name",
        "diff --definition web@2 web --exit-code",
        "diff --definition web -f k8s",
    ];
    snapshot!(home().told(&lines), @"
    $ workloadctl diff --definition web@1 web
    exit code 0
    --- stdout
    --- web revision 1
    +++ web revision 2
    Deployment/web
      @@ spec.template.metadata.labels @@
                app: web
            spec:
              containers:
      -       - image: web:1
      +       - image: web:2
                name: web
    Secret/login
      @@ . @@
        metadata:
          name: login
        data:
      -   password: '*** (before)'
      +   password: '*** (after)'
    added ConfigMap/two
    removed ConfigMap/one

    $ workloadctl diff --definition web@1 web@2 --diff fields --exit-code
    exit code 4
    --- stdout
    --- web revision 1
    +++ web revision 2
    Deployment/web
      ~ spec.template.spec.containers[name=web].image: web:1 -> web:2
    Secret/login
      ~ data.password: *** (before) -> *** (after)
    added ConfigMap/two
    removed ConfigMap/one

    $ workloadctl diff --definition web@2 web@1 --diff none
    exit code 0
    --- stdout
    --- web revision 2
    +++ web revision 1
    changed Deployment/web
    changed Secret/login
    added ConfigMap/one
    removed ConfigMap/two

    $ workloadctl diff --definition web@1 web -o name
    exit code 0
    --- stdout
    Deployment/web
    Secret/login
    ConfigMap/two
    ConfigMap/one

    $ workloadctl diff --definition web@2 web --exit-code
    exit code 0
    --- stdout
    no difference between web revision 2 and web revision 2

    $ workloadctl diff --definition web -f k8s
    exit code 0
    --- stdout
    no difference between web revision 2 and k8s
    ");
}

#[test]
fn a_definition_tells_what_it_was() {
    let program = home();
    assert_eq!(program.call("instance create web-2 --definition web --runtime sandbox").code, 0);
    let lines = [
        "definition history web",
        "definition history web -o name",
        "definition show web --revision 1 --field digest",
        "definition show web --revision 1 -o yaml",
        "definition show web --revision 3",
        "definition history wbe",
    ];
    snapshot!(program.told(&lines), @"
    $ workloadctl definition history web
    exit code 0
    --- stdout
    REVISION  AGE  OBJECTS  DIGEST        SOURCE  RUN BY  RELEASES
    2         N s  3        200bb22bbff3  k8s     -       -
    1         N s  3        69ee2b97bda9  k8s     -       -

    $ workloadctl definition history web -o name
    exit code 0
    --- stdout
    2
    1

    $ workloadctl definition show web --revision 1 --field digest
    exit code 0
    --- stdout
    DIGEST

    $ workloadctl definition show web --revision 1 -o yaml
    exit code 0
    --- stdout
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
    spec:
      selector:
        matchLabels:
          app: web
      template:
        metadata:
          labels:
            app: web
        spec:
          containers:
          - image: web:1
            name: web
    ---
    apiVersion: v1
    kind: Secret
    metadata:
      name: login
    data:
      password: '***'
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: one

    $ workloadctl definition show web --revision 3
    exit code 1
    --- stderr
    error: definition `web` has no revision 3 here
    hint: `workloadctl definition show web` lists those there are

    $ workloadctl definition history wbe
    exit code 1
    --- stderr
    error: there is no definition `wbe`
    hint: did you mean `web`?
    ");
}

#[test]
fn two_revisions_at_once_are_refused() {
    let lines = [
        "deploy web --definition web@1 --revision 2",
        "deploy web --definition web@1 -f k8s",
        "deploy web --definition web@one",
        "deploy web --like web-2 --revision 2",
        "deploy web --like web-2 -f k8s",
        "deploy web --like web-2 --definition web",
        "deploy web --like web-2 --with-overrides --image web=web:3",
        "deploy web --with-overrides",
        "plan web --like Web",
    ];
    snapshot!(home().told(&lines), @r#"
    $ workloadctl deploy web --definition web@1 --revision 2
    exit code 2
    --- stderr
    error: --revision cannot be used with a revision, `@1`

    $ workloadctl deploy web --definition web@1 -f k8s
    exit code 2
    --- stderr
    error: -f cannot be used with a revision, `@1`

    $ workloadctl deploy web --definition web@one
    exit code 2
    --- stderr
    error: "web@one": behind `@` stands a number, not "one"

    $ workloadctl deploy web --like web-2 --revision 2
    exit code 2
    --- stderr
    error: the argument '--like <INSTANCE>' cannot be used with '--revision <N>'

    Usage: workloadctl deploy --like <INSTANCE> <INSTANCE>...

    For more information, try '--help'.

    $ workloadctl deploy web --like web-2 -f k8s
    exit code 2
    --- stderr
    error: the argument '--like <INSTANCE>' cannot be used with '--file <PATH>'

    Usage: workloadctl deploy --like <INSTANCE> <INSTANCE>...

    For more information, try '--help'.

    $ workloadctl deploy web --like web-2 --definition web
    exit code 2
    --- stderr
    error: the argument '--like <INSTANCE>' cannot be used with '--definition <NAME>'

    Usage: workloadctl deploy --like <INSTANCE> <INSTANCE>...

    For more information, try '--help'.

    $ workloadctl deploy web --like web-2 --with-overrides --image web=web:3
    exit code 2
    --- stderr
    error: the argument '--with-overrides' cannot be used with '--image <NAME=IMAGE>'

    Usage: workloadctl deploy --like <INSTANCE> --with-overrides <INSTANCE>...

    For more information, try '--help'.

    $ workloadctl deploy web --with-overrides
    exit code 2
    --- stderr
    error: the following required arguments were not provided:
      --like <INSTANCE>

    Usage: workloadctl deploy --like <INSTANCE> --with-overrides <INSTANCE>...

    For more information, try '--help'.

    $ workloadctl plan web --like Web
    exit code 2
    --- stderr
    error: "Web" is not a valid instance name: 'W' is not a lower-case letter, a digit or `-`
    hint: use `web`
    "#);
}

#[test]
fn a_document_has_each_field() {
    let lines = ["diff --definition web@1 web@2 -o json", "diff --definition web@2 web -o yaml"];
    snapshot!(home().told(&lines), @r#"
    $ workloadctl diff --definition web@1 web@2 -o json
    exit code 0
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Diff",
      "from": {
        "definition": "web",
        "revision": 1
      },
      "to": {
        "definition": "web",
        "revision": 2
      },
      "objects": [
        {
          "group": "apps",
          "kind": "Deployment",
          "name": "web",
          "change": "changed",
          "changes": [
            {
              "path": "spec.template.spec.containers[name=web].image",
              "old": "web:1",
              "new": "web:2"
            }
          ]
        },
        {
          "kind": "Secret",
          "name": "login",
          "change": "changed",
          "changes": [
            {
              "path": "data.password",
              "old": "*** (before)",
              "new": "*** (after)"
            }
          ]
        },
        {
          "kind": "ConfigMap",
          "name": "two",
          "change": "added"
        },
        {
          "kind": "ConfigMap",
          "name": "one",
          "change": "removed"
        }
      ]
    }

    $ workloadctl diff --definition web@2 web -o yaml
    exit code 0
    --- stdout
    apiVersion: workloadctl/v1alpha1
    kind: Diff
    from:
      definition: web
      revision: 2
    objects: []
    to:
      definition: web
      revision: 2
    "#);
}

#[test]
fn a_side_that_is_not_there_is_named() {
    let program = home();
    assert_eq!(program.call("instance create web --runtime sandbox").code, 0);
    program.write(
        "app.yaml",
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: web}\nspec:\n  \
         manifests: [k8s/]\n  instances: [{name: web, images: {web: 'web:3'}}]\n",
    );
    let lines = [
        "diff web@x web",
        "diff web",
        "diff web web@1",
        "diff wbe web",
        "diff --definition web@7 web",
        "diff --definition wbe web",
        "diff web web --newest",
        "diff web --newest -f k8s",
        "diff web -f app.yaml",
        "diff other -f app.yaml",
        "diff --definition web -f app.yaml",
        "diff web app.yaml",
        "diff web ./k8s",
    ];
    snapshot!(program.told(&lines), @r#"
    $ workloadctl diff web@x web
    exit code 2
    --- stderr
    error: "web@x": behind `@` stands a number, not "x"

    $ workloadctl diff web
    exit code 1
    --- stderr
    error: `web` was never deployed
    hint: workloadctl deploy web

    $ workloadctl diff web web@1
    exit code 1
    --- stderr
    error: `web` was never deployed
    hint: workloadctl deploy web

    $ workloadctl diff wbe web
    exit code 1
    --- stderr
    error: there is no instance `wbe`
    hint: did you mean `web`?

    $ workloadctl diff --definition web@7 web
    exit code 1
    --- stderr
    error: definition `web` has no revision 7 here
    hint: `workloadctl definition show web` lists those there are

    $ workloadctl diff --definition wbe web
    exit code 1
    --- stderr
    error: there is no definition `wbe`
    hint: did you mean `web`?

    $ workloadctl diff web web --newest
    exit code 2
    --- stderr
    error: the argument '[SIDE]' cannot be used with '--newest'

    Usage: workloadctl diff <SIDE> <SIDE>

    For more information, try '--help'.

    $ workloadctl diff web --newest -f k8s
    exit code 2
    --- stderr
    error: the argument '--newest' cannot be used with '--file <PATH>'

    Usage: workloadctl diff --newest <SIDE> [SIDE]

    For more information, try '--help'.

    $ workloadctl diff web -f app.yaml
    exit code 1
    --- stderr
    error: `web` was never deployed
    hint: workloadctl deploy web

    $ workloadctl diff other -f app.yaml
    exit code 2
    --- stderr
    error: `other` is no instance of app.yaml
    hint: its instances are: web

    $ workloadctl diff --definition web -f app.yaml
    exit code 0
    --- stdout
    no difference between web revision 2 and app.yaml

    $ workloadctl diff web app.yaml
    exit code 2
    --- stderr
    error: "app.yaml" is not a valid instance name: '.' is not a lower-case letter, a digit or `-`
    hint: manifests stand behind `-f`: `-f app.yaml`

    $ workloadctl diff web ./k8s
    exit code 2
    --- stderr
    error: "./k8s" is not a valid instance name: '.' is not a lower-case letter, a digit or `-`
    hint: manifests stand behind `-f`: `-f ./k8s`
    "#);
}
