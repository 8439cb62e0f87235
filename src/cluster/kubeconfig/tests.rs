//! Kubeconfigs as people have them.

use std::fs;

use tempfile::TempDir;

use super::*;

struct Home(TempDir);

impl Home {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let home = TempDir::new().unwrap();
        for (name, content) in files {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self(home)
    }

    fn load(&self, list: Option<&str>, flag: Option<&str>) -> Result<Kubeconfig> {
        let variables: Vec<_> = list.iter().map(|list| ("KUBECONFIG", *list)).collect();
        Kubeconfig::load(&Env::for_test(&variables, self.0.path()), flag.map(Path::new))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Loads one file of that content.
fn loaded(content: &[u8]) -> Result<Kubeconfig> {
    Home::new(&[(".kube/config", content)]).load(None, None)
}

const A: &[u8] = br#"
current-context: ""
contexts:
- {name: c1, context: {cluster: k1, user: u1}}
clusters:
- {name: k1, cluster: {server: "https://a", tls-server-name: a}}
users:
- {name: u1, user: {token: aaa, tokenFile: tokens/t, exec: {command: bin/login}}}
"#;
const B: &[u8] = br#"
current-context: c2
contexts:
- {name: c1, context: {cluster: k2, namespace: bns}}
- {name: c2, context: {user: u2}}
clusters:
- {name: k1, cluster: {server: "https://b", proxy-url: "http://x:1"}}
- {name: k2, cluster: {certificate-authority: ca.pem}}
users:
- {name: u1, user: {username: bob}}
- {name: u2, user: {client-certificate: ../c.pem, client-key: /abs/k.pem, exec: {command: aws}}}
"#;

#[test]
fn files_are_merged_and_the_first_wins_per_name() {
    let home = Home::new(&[("a", A), ("sub/b", B)]);
    // a missing file and an empty entry are skipped, and a file counts once
    let kubeconfig = home.load(Some("a:missing::sub/b:a"), None).unwrap();
    assert_eq!(kubeconfig.current_context(), Some("c2"));
    let all: Vec<_> = kubeconfig
        .contexts()
        .into_iter()
        .map(|c| (c.name, c.server, c.user, c.namespace))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        all,
        [
            ("c1".to_owned(), some("https://a"), some("u1"), None),
            ("c2".to_owned(), None, some("u2"), None)
        ]
    );
    let c1 = kubeconfig.resolve("c1").unwrap();
    assert_eq!(
        (c1.cluster.proxy_url, c1.user.username),
        (None, None),
        "nothing of the second file"
    );
    assert_eq!(c1.cluster.tls_server_name.as_deref(), Some("a"));
    let looked = ["a", "missing", "sub/b"].map(|name| home.0.path().join(name));
    assert_eq!(kubeconfig.files_looked_at, looked);
}

#[test]
fn relative_paths_are_relative_to_their_file() {
    let home = Home::new(&[("a", A), ("sub/b", B)]);
    let kubeconfig = home.load(Some("a:sub/b"), None).unwrap();
    let user = |name: &str| &kubeconfig.users[name];
    assert_eq!(user("u1").token_file, Some(home.path("tokens/t")));
    assert_eq!(user("u1").exec.as_ref().unwrap().command, home.path("bin/login"));
    assert_eq!(user("u2").client_certificate, Some(home.path("sub/../c.pem")));
    assert_eq!(user("u2").client_key.as_deref(), Some("/abs/k.pem"));
    assert_eq!(user("u2").exec.as_ref().unwrap().command, "aws", "looked up in PATH");
    assert_eq!(kubeconfig.clusters["k2"].certificate_authority, Some(home.path("sub/ca.pem")));
}

#[test]
fn the_flag_comes_before_the_variable_and_the_variable_before_home() {
    let home = Home::new(&[("a", A), ("b", B), (".kube/config", b"current-context: home")]);
    for (list, flag, expected) in [
        (Some("a"), Some("b"), Some("c2")),
        (Some("b"), None, Some("c2")),
        (Some(""), None, Some("home")),
        (None, None, Some("home")),
        (Some("missing"), None, None),
    ] {
        let kubeconfig = home.load(list, flag).unwrap();
        assert_eq!(kubeconfig.current_context(), expected, "{list:?} {flag:?}");
    }
    let error = home.load(None, Some("missing")).unwrap_err();
    assert_eq!(error.kind.exit_code(), 2);
    assert_eq!(error.message, format!("kubeconfig {} does not exist", home.path("missing")));
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(unit).collect()
}

#[test]
fn what_kubectl_tolerates_is_tolerated() {
    let text =
        "contexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: s}}]";
    let cases: [(&str, Vec<u8>); 11] = [
        ("plain", text.into()),
        ("byte order mark", format!("\u{feff}{text}").into()),
        ("UTF-16 LE", utf16(text, u16::to_le_bytes)),
        ("UTF-16 BE", utf16(text, u16::to_be_bytes)),
        ("unknown keys", format!("{text}\npreferences: {{colors: true}}\nother: [1]\nkind: Config").into()),
        ("keys twice", format!("contexts: []\nusers: null\n{text}\nusers: null").into()),
        ("later documents", format!("# first\n---\n{text}\n---\ncontexts: [{{name: x}}]\n").into()),
        ("CRLF", text.replace('\n', "\r\n").into()),
        (
            "JSON with tabs",
            b"{\n\t\"contexts\": [{\"name\": \"c\", \"context\": {\"cluster\": \"k\"}}],\n\t\"clusters\":\t[{\"name\": \"k\", \"cluster\": {\"server\": \"s\"}}]}".to_vec(),
        ),
        (
            "merge keys",
            b"x: &x {server: s}\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {<<: *x}}]".to_vec(),
        ),
        (
            "a flow mapping that is no JSON",
            b"{contexts: [{name: c, context: {cluster: k}}], clusters: [{name: k, cluster: {server: s}}]}".to_vec(),
        ),
    ];
    for (what, content) in cases {
        let kubeconfig = loaded(&content).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(kubeconfig.contexts().len(), 1, "{what}");
        assert_eq!(kubeconfig.resolve("c").unwrap().cluster.server.as_deref(), Some("s"), "{what}");
    }
    for nothing in ["", "# only this\n", "---\n", "{}", "null", "contexts:\nclusters:\nusers:\n"] {
        assert!(loaded(nothing.as_bytes()).unwrap().contexts().is_empty(), "{nothing:?}");
    }
}

#[test]
fn odd_values_are_read() {
    let kubeconfig = loaded(
        b"contexts:\n- {name: 12, context: {cluster: k, user: u, namespace: ''}}\n- {name: none, context: null}\n- name: bare\n\
          clusters: [{name: k, cluster: {insecure-skip-tls-verify: yes, disable-compression: }}]\n\
          users: [{name: u, user: {token: 123, as: a, as-groups: [1, g], as-user-extra: {k: [v], n: null}}}]",
    )
    .unwrap();
    let twelve = kubeconfig.resolve("12").unwrap();
    assert_eq!(twelve.namespace, None);
    assert_eq!(twelve.user.token, Some(Secret("123".to_owned())));
    assert_eq!(twelve.user.impersonate_groups, ["1", "g"]);
    assert_eq!(twelve.user.impersonate_extra["k"], ["v"]);
    assert_eq!(twelve.cluster.server, None);
    assert!(twelve.cluster.insecure_skip_tls_verify && !twelve.cluster.disable_compression);
    assert_eq!(kubeconfig.contexts().len(), 3);
    assert!(!format!("{kubeconfig:?}").contains("123"), "secrets are never shown");
}

#[test]
fn what_is_broken_is_named_with_file_and_line() {
    for (content, expected) in [
        (&b"contexts:\n- name: [x\n"[..], "line 3 column 1"),
        (b"contexts: []\n\tusers: []\n", "line 2 column 1"),
        (b"contexts: []\nusers: [\xff]\n", "line 2 is not valid UTF-8"),
        (b"- a\n", "it is not a mapping"),
        (b"text", "it is not a mapping"),
        (b"contexts: {name: x}", "contexts: a list is needed"),
        (
            b"clusters: [{name: k, cluster: {server: [x]}}]",
            "clusters[k]: a text is needed, not a list",
        ),
        (b"contexts: [{name: c}, {name: d}, {name: c}]", "context `c` stands in it twice"),
        (b"users: [{name: c}, {name: c}]", "user `c` stands in it twice"),
        (
            b"users: [{}, {user: {exec: 7}}]",
            "users[1]: invalid type: integer `7`, expected struct Exec",
        ),
        (
            b"users: [{name: u, user: {exec: 's3cret'}}]",
            "users[u]: invalid type: string, expected struct Exec",
        ),
        (
            b"clusters: [{name: k, cluster: {insecure-skip-tls-verify: maybe}}]",
            "clusters[k]: neither true nor false",
        ),
        (b"current-context: {}", "current-context: a text is needed, not a mapping"),
        (b"\xff\xfe\x00\xd8", "it is not valid UTF-16"),
    ] {
        let home = Home::new(&[("k", content)]);
        let error = home.load(Some("k"), None).unwrap_err();
        assert_eq!(error.kind.exit_code(), 2);
        assert_eq!(error.message, format!("kubeconfig {} is broken", home.path("k")));
        assert!(error.causes[0].contains(expected), "{error}");
    }
    let home = Home::new(&[("folder/x", b"")]);
    let error = home.load(Some("folder"), None).unwrap_err();
    assert_eq!(error.message, format!("cannot read kubeconfig {}", home.path("folder")));
}

#[test]
fn a_broken_file_does_not_show_its_secrets() {
    for content in ["users: [{name: u, user: {token: s3cret, exec: s3cret}}]", "users: s3cret"] {
        let error = loaded(content.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn a_context_that_cannot_be_used_is_an_error_when_it_is_used() {
    let kubeconfig = loaded(
        b"contexts:\n- {name: kind-dev, context: {cluster: k, user: gone}}\n- {name: empty, context: {}}\n\
          - {name: lost, context: {cluster: gone}}\nclusters: [{name: k, cluster: {server: s}}]",
    )
    .unwrap();
    assert_eq!(kubeconfig.resolve("kind-dev").unwrap().user, User::default(), "anonymous");
    for (name, code, message, hint) in [
        (
            "kind-dve",
            "unknown-context",
            "context `kind-dve` is not in the kubeconfig (",
            Some("did you mean `kind-dev`?"),
        ),
        (
            "sanbox",
            "unknown-context",
            "context `sanbox` is not in the kubeconfig (",
            Some("did you mean `sandbox`?"),
        ),
        (
            "prod",
            "unknown-context",
            "context `prod` is not in the kubeconfig (",
            Some("workloadctl runtime list"),
        ),
        ("empty", "kubeconfig", "context `empty` of the kubeconfig has no cluster", None),
        ("lost", "kubeconfig", "cluster `gone` of context `lost` is not in the kubeconfig", None),
    ] {
        let error = kubeconfig.resolve(name).unwrap_err();
        assert_eq!(
            (error.kind.exit_code(), error.code.word(), error.hint.as_deref()),
            (2, code, hint),
            "{name}"
        );
        assert!(error.message.starts_with(message), "{error}");
    }
}

#[test]
fn no_kubeconfig_at_all_is_said_with_the_places() {
    let home = Home::new(&[]);
    let kubeconfig = home.load(None, None).unwrap();
    assert_eq!((kubeconfig.contexts(), kubeconfig.current_context()), (vec![], None));
    for error in [kubeconfig.missing(), kubeconfig.resolve("x").unwrap_err()] {
        assert_eq!((error.kind.exit_code(), error.code.word()), (2, "no-kubeconfig"));
        assert!(error.to_string().contains(&home.path(".kube/config")), "{error}");
        assert!(error.hint.unwrap().contains("--runtime sandbox"));
    }
    let near = kubeconfig.resolve("sandbx").unwrap_err();
    assert_eq!(near.hint.as_deref(), Some("did you mean `sandbox`?"));
}
