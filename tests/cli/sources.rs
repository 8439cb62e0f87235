//! Sources beside files and folders: Helm charts through the installed program, and URLs.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    thread,
};

use crate::program::{Outcome, Program, outcome};

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";

/// A home with a chart and a program called helm that notes how it was called.
fn home(script: &str) -> Program {
    let program = Program::new();
    program.write("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    program.write("charts/web/templates/conf.yaml", "name: {{ .Release.Name }}\n");
    let helm = program.write("bin/helm", &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(helm, fs::Permissions::from_mode(0o755)).unwrap();
    program.write("charts/web-1.tgz", "an archive");
    program.write("empty/README.md", "");
    program
}

/// Calls the program with the programs of one folder alone.
fn call(program: &Program, line: &str, folder: &str) -> Outcome {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let path = program.home().join(folder);
    outcome(program.command(&arguments).env("PATH", path).output().unwrap())
}

fn told(program: &Program, line: &str, folder: &str) -> String {
    let shown = call(program, line, folder).shown(line);
    shown.replace(program.home().to_str().unwrap(), "~")
}

#[test]
fn a_chart_is_what_helm_makes_of_it() {
    let notes = "printf '%s\\n' \"$*\" >> called; printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: conf}\\n'";
    let program = home(notes);
    program.write(
        "app/app.yaml",
        "apiVersion: workloadctl/v1alpha1
kind: Workload
metadata: {name: shop}
spec: {manifests: [../charts/web-1.tgz, 'oci://charts.example/db'], instances: [{name: shop-eu}]}
",
    );
    for line in [
        "render -f charts/web -o name",
        "render web -f charts/web --values a.yaml --values b.yaml --helm-set a=1 --helm-set b.c=2 -o name",
        "render web -f charts/web -n shop -o name",
        "definition apply web -f charts/web/",
        "deploy web-eu --definition web -f charts/web -n shop --runtime sandbox --progress none",
        "deploy web-eu --definition web -f charts/web --runtime sandbox --progress none",
        "render web -f charts/web-1.tgz -o name",
        "render web -f oci://charts.example/web:1.2.3 --helm-set a=1 -o name",
        "render web -f https://charts.example/web-1.tgz -o name",
        "plan -f app/app.yaml --runtime sandbox",
    ] {
        let outcome = call(&program, line, "bin");
        assert_eq!(outcome.code, 0, "{line}: {}", outcome.stderr);
    }
    let called = fs::read_to_string(program.home().join("called")).unwrap();
    // The namespace is the one where it goes, also where it is not said again.
    insta::assert_snapshot!(called.replace(program.home().to_str().unwrap(), "~"), @r"
    template --include-crds --namespace release-name -- release-name ~/charts/web
    template --include-crds --namespace web --values a.yaml --values b.yaml --set a=1 --set b.c=2 -- web ~/charts/web
    template --include-crds --namespace shop -- web ~/charts/web
    template --include-crds --namespace web -- web ~/charts/web/
    template --include-crds --namespace shop -- web-eu ~/charts/web
    template --include-crds --namespace shop -- web-eu ~/charts/web
    template --include-crds --namespace web -- web ~/charts/web-1.tgz
    template --include-crds --namespace web --set a=1 -- web oci://charts.example/web:1.2.3
    template --include-crds --namespace web -- web https://charts.example/web-1.tgz
    template --include-crds --namespace shop -- shop ~/app/../charts/web-1.tgz
    template --include-crds --namespace shop -- shop oci://charts.example/db
    ");
}

#[test]
fn a_chart_that_cannot_be_rendered() {
    let program = home("echo 'Error: missing in charts/ directory: db' >&2; exit 3");
    let lines = [
        ("render web -f charts/web", "bin"),
        ("render web -f charts/web", "empty"),
        ("render web -f charts/web-1.tgz", "empty"),
        ("render web -f charts/web-2.tgz", "bin"),
        ("render web -f oci://charts.example/web", "bin"),
        ("render web -f charts", "bin"),
        ("render web -f charts/web/Chart.yaml", "bin"),
        ("render web -f charts/web/templates --values a.yaml", "bin"),
        ("render web --values a.yaml", "bin"),
        ("render web -f charts/web --values a.yaml,-", "bin"),
    ];
    let told: Vec<String> =
        lines.iter().map(|(line, folder)| told(&program, line, folder)).collect();
    snapshot!(told.join("\n"), @"
    $ workloadctl render web -f charts/web
    exit code 2
    --- stderr
    error: `helm template web charts/web` failed: exit status: 3
      Error: missing in charts/ directory: db
    hint: helm dependency build charts/web

    $ workloadctl render web -f charts/web
    exit code 2
    --- stderr
    error: charts/web is a Helm chart, and helm is not installed
    hint: https://helm.sh/docs/intro/install/, or name `-` behind a `helm template`

    $ workloadctl render web -f charts/web-1.tgz
    exit code 2
    --- stderr
    error: charts/web-1.tgz is a Helm chart, and helm is not installed
    hint: https://helm.sh/docs/intro/install/, or name `-` behind a `helm template`

    $ workloadctl render web -f charts/web-2.tgz
    exit code 2
    --- stderr
    error: there is no file or folder charts/web-2.tgz
    hint: a source is a file, a folder, a Helm chart, a URL or `-`

    $ workloadctl render web -f oci://charts.example/web
    exit code 2
    --- stderr
    error: `helm template web oci://charts.example/web` failed: exit status: 3
      Error: missing in charts/ directory: db

    $ workloadctl render web -f charts
    exit code 2
    --- stderr
    error: charts/web is a Helm chart inside a folder of manifests
    hint: name it by itself: charts/web

    $ workloadctl render web -f charts/web/Chart.yaml
    exit code 2
    --- stderr
    error: charts/web/Chart.yaml is a part of a Helm chart, not a manifest
    hint: name its folder: charts/web

    $ workloadctl render web -f charts/web/templates --values a.yaml
    exit code 2
    --- stderr
    error: --values and --helm-set are for Helm charts, and no `-f` is one

    $ workloadctl render web --values a.yaml
    exit code 2
    --- stderr
    error: the following required arguments were not provided:
      --file <PATH>

    Usage: workloadctl render --file <PATH> --values <FILE> <INSTANCE>

    For more information, try '--help'.

    $ workloadctl render web -f charts/web --values a.yaml,-
    exit code 2
    --- stderr
    error: `--values -` would read standard input: it takes files
    ");
}

#[test]
fn a_source_that_cannot_be_had_is_wrong_input_whatever_it_is() {
    let program = home("echo 'Error: open nope.yaml: no such file or directory' >&2; exit 1");
    let kubectl =
        program.write("bin/kubectl", "#!/bin/sh\necho 'error: no resource' >&2; exit 1\n");
    fs::set_permissions(kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    program.write("base/kustomization.yaml", "resources: [nope.yaml]\n");
    program.write("page.yaml", "<html>");
    let down = serve("HTTP/1.1 503 Down\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    let sources = [
        ("nope.yaml", "no-such-source"),
        ("empty", "empty-folder"),
        ("empty/README.md", "no-objects"),
        ("charts/web", "helm-failed"),
        ("oci://charts.example/web", "helm-failed"),
        ("base", "kustomize-failed"),
        (&format!("{down}/web.yaml"), "download-failed"),
        ("http://127.0.0.1:1/web.yaml", "download-failed"),
        ("page.yaml", "not-an-object"),
    ];
    for (source, code) in sources {
        for line in [
            format!("definition validate {source} -o json"),
            format!("definition apply web -f {source} -o json"),
            format!("render -f {source} -o json"),
            format!("render web -f {source} -o json"),
            format!("plan web -f {source} --runtime sandbox -o json"),
            format!("diff web -f {source} --runtime sandbox -o json"),
            format!("deploy web -f {source} --runtime sandbox -o json"),
        ] {
            let outcome = call(&program, &line, "bin");
            let answer: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
            assert_eq!((outcome.code, &answer["error"]["code"]), (2, &code.into()), "{line}");
        }
    }
    let values = call(&program, "render web -f charts/web --values nope.yaml", "bin");
    assert_eq!(values.code, 2, "{}", values.stderr);
}

/// Answers every request with the same, and gives the address.
fn serve(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            // A client that is gone is the test's own failure.
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_url_is_read_like_a_file() {
    let program = home("");
    let body: &'static str = Box::leak(
        format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{CONF}",
            CONF.len()
        )
        .into(),
    );
    let url = serve(body);
    let read = program.call(&format!("render -f {url}/conf.yaml -o name"));
    assert_eq!((read.code, &*read.stdout), (0, "ConfigMap/conf\n"), "{}", read.stderr);
    let gone =
        serve("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 8\r\n\r\nno such\n");
    let lines = [
        format!("render -f {gone}/conf.yaml"),
        "render -f http://files.example/conf.yaml".to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    snapshot!(program.told(&lines), @r"
    $ workloadctl render -f http://127.0.0.1:PORT/conf.yaml
    exit code 2
    --- stderr
    error: cannot read http://127.0.0.1:PORT/conf.yaml
      the server answers 404 Not Found
      no such

    $ workloadctl render -f http://files.example/conf.yaml
    exit code 2
    --- stderr
    error: http://files.example/conf.yaml is not https
    hint: plain http is read of this machine only
    ");
    // It is stored under the name that was given.
    assert_eq!(program.call(&format!("definition apply web -f {url}/conf.yaml")).code, 0);
    let source = program.call("definition show web --field source");
    assert_eq!(source.stdout.trim(), format!("{url}/conf.yaml"));
}

#[test]
fn a_hint_can_be_pasted_whatever_a_path_is_called() {
    let program = home("echo 'Error: missing in charts/ directory: db' >&2; exit 1");
    program.write("my app/app.yaml", "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: a}\nspec: {manifests: [conf.yaml], instances: [{name: a}, {name: b}]}\n");
    program.write("my app/conf.yaml", CONF);
    program.write("my app/chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    program.write("it's/kustomization.yaml", "");
    fs::write(program.home().join("my app/latin.yml"), b"a: \xe9").unwrap();
    let lines = [
        &["deploy", "my app/conf.yaml"][..],
        &["deploy", "-f", "my app/conf.yaml", "-f", "it's.yaml", "--values", "$x"],
        &["definition", "apply", "-f", "my app/conf.yaml"],
        &["definition", "validate", "my app/app.yaml", "my app/conf.yaml"],
        &["definition", "validate", "it's/kustomization.yaml"],
        &["definition", "validate", "my app/latin.yml", "my app/chart", "-", "-", ""],
        &["delete", "-f", "my app/app.yaml"],
        &["deploy", "-f", "my app/app.yaml", "--runtime", "prod", "--runtime", "x"],
        &["deploy", "-f", "my app/app.yaml", "--replicas", "Deployment/a=1"],
        &["diff", "web", "my app/conf.yaml"],
        &["deploy", "web", "-f", "my app/conf.yaml", "--set", "Deployment/a:spec.x[0]=1"],
    ];
    let told: Vec<String> = lines
        .iter()
        .map(|arguments| {
            let path = program.home().join("bin");
            let done = outcome(program.command(arguments).env("PATH", path).output().unwrap());
            done.shown(&arguments.join(" "))
        })
        .collect();
    snapshot!(told.join("\n"), @r#"
    $ workloadctl deploy my app/conf.yaml
    exit code 2
    --- stderr
    error: "my app/conf.yaml" is a path, and no instance name
    hint: workloadctl deploy NAME -f 'my app/conf.yaml'

    $ workloadctl deploy -f my app/conf.yaml -f it's.yaml --values $x
    exit code 2
    --- stderr
    error: there is no file or folder it's.yaml
    hint: a source is a file, a folder, a Helm chart, a URL or `-`
    error: --values and --helm-set are for Helm charts, and no `-f` is one

    $ workloadctl definition apply -f my app/conf.yaml
    exit code 2
    --- stderr
    error: -f needs the name of the definition
    hint: workloadctl definition apply NAME -f 'my app/conf.yaml'

    $ workloadctl definition validate my app/app.yaml my app/conf.yaml
    exit code 2
    --- stderr
    error: my app/app.yaml:1:1: a workload file cannot stand among manifests
    hint: move it to another folder; by itself it is deployed with `workloadctl deploy -f 'my app/app.yaml'`

    $ workloadctl definition validate it's/kustomization.yaml
    exit code 2
    --- stderr
    error: it's/kustomization.yaml is a kustomization, not a manifest
    hint: name its folder: 'it'\''s'

    $ workloadctl definition validate my app/latin.yml my app/chart - - 
    exit code 2
    --- stderr
    error: my app/latin.yml is not a text: line 1 has bytes that are not UTF-8
    hint: `iconv -f ENCODING -t UTF-8 'my app/latin.yml'` decodes it, by the encoding that it has: WINDOWS-1252, ISO-8859-1
    error: `helm template release-name 'my app/chart'` failed: exit status: 1
      Error: missing in charts/ directory: db
    hint: helm dependency build 'my app/chart'
    error: standard input (`-`) is read only once
    error: an empty path was given

    $ workloadctl delete -f my app/app.yaml
    exit code 2
    --- stderr
    error: deleting what my app/app.yaml names needs `--yes` where nobody can be asked
    hint: workloadctl delete -f 'my app/app.yaml' --yes

    $ workloadctl deploy -f my app/app.yaml --runtime prod --runtime x
    exit code 2
    --- stderr
    error: --runtime may be given several times for `deploy` and `plan` of one definition alone

    $ workloadctl deploy -f my app/app.yaml --replicas Deployment/a=1
    exit code 2
    --- stderr
    error: --replicas needs exactly one instance, and my app/app.yaml has 2
    hint: name one: `-f 'my app/app.yaml' a`

    $ workloadctl diff web my app/conf.yaml
    exit code 2
    --- stderr
    error: "my app/conf.yaml" is not a valid instance name: ' ' is not a lower-case letter, a digit or `-`
    hint: manifests stand behind `-f`: `-f 'my app/conf.yaml'`

    $ workloadctl deploy web -f my app/conf.yaml --set Deployment/a:spec.x[0]=1
    exit code 2
    --- stderr
    error: --set Deployment/a:spec.x[0]: it matches no single object
      there is no object Deployment/a
    "#);
}
