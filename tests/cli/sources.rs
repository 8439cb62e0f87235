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
    hint: https://helm.sh/docs/intro/install/, or `-f -` behind a `helm template`

    $ workloadctl render web -f charts/web-1.tgz
    exit code 2
    --- stderr
    error: charts/web-1.tgz is a Helm chart, and helm is not installed
    hint: https://helm.sh/docs/intro/install/, or `-f -` behind a `helm template`

    $ workloadctl render web -f charts/web-2.tgz
    exit code 2
    --- stderr
    error: there is no file or folder charts/web-2.tgz
    hint: `-f` takes a file, a folder, a URL or `-`

    $ workloadctl render web -f oci://charts.example/web
    exit code 2
    --- stderr
    error: `helm template web oci://charts.example/web` failed: exit status: 3
      Error: missing in charts/ directory: db

    $ workloadctl render web -f charts
    exit code 2
    --- stderr
    error: charts/web is a Helm chart inside a folder of manifests
    hint: name it by itself: `-f charts/web`

    $ workloadctl render web -f charts/web/Chart.yaml
    exit code 2
    --- stderr
    error: charts/web/Chart.yaml is a part of a Helm chart, not a manifest
    hint: name its folder: `-f charts/web`

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
    let kubectl = program.write("bin/kubectl", "#!/bin/sh\necho 'error: no resource' >&2; exit 1\n");
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
