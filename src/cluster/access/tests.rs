//! What a kubeconfig says about a server and a user, as tables.

use super::*;

#[test]
fn a_server_without_scheme_is_completed_as_kubectl_does() {
    for (text, tls, expected) in [
        ("https://x:6443", false, "https://x:6443/"),
        ("HTTPS://X:6443/", false, "https://X:6443/"),
        (" https://x/k8s/clusters/c-1 ", false, "https://x/k8s/clusters/c-1"),
        ("127.0.0.1:8080", false, "http://127.0.0.1:8080/"),
        ("127.0.0.1:6443", true, "https://127.0.0.1:6443/"),
        ("localhost", false, "http://localhost/"),
        ("localhost:8080/", false, "http://localhost:8080/"),
        ("[::1]:6443", true, "https://[::1]:6443/"),
        ("https://user:password@x", false, "https://x/"),
        ("https://x/?a=b#c", false, "https://x/"),
    ] {
        assert_eq!(server_url(text, tls).unwrap().to_string(), expected, "{text}");
    }
    for (text, why) in [
        ("127.0.0.1:6443/path", "it has a path but no scheme"),
        ("ftp://x", "its scheme is `ftp`, not http or https"),
        ("unix:///run/x", "its scheme is `unix`, not http or https"),
        ("https:///path", "it cannot be parsed"),
        ("https://x:port", "its port is no number"),
        ("https://x:", "its port is no number"),
        ("https://x:99999", "its port is no number"),
        ("https://a b", "it cannot be parsed"),
        ("", "it cannot be parsed"),
    ] {
        let error = server_url(text, false).unwrap_err();
        assert_eq!(error.message, format!("{text:?} is not a server's URL: {why}"));
        assert_eq!(error.kind.exit_code(), 2);
    }
}

#[test]
fn impersonation_becomes_headers() {
    let user = User {
        impersonate: Some("jane".to_owned()),
        impersonate_uid: Some("7".to_owned()),
        impersonate_groups: vec!["a".to_owned(), "b".to_owned()],
        impersonate_extra: [("acme.com/p%".to_owned(), vec!["1".to_owned(), "2".to_owned()])]
            .into(),
        ..User::default()
    };
    let headers: Vec<_> = impersonation(&user, "u")
        .unwrap()
        .into_iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    assert_eq!(
        headers,
        [
            "impersonate-user: jane",
            "impersonate-uid: 7",
            "impersonate-group: a",
            "impersonate-group: b",
            "impersonate-extra-acme.com%2fp%25: 1",
            "impersonate-extra-acme.com%2fp%25: 2",
        ]
    );
    let nobody = User { impersonate: None, ..user.clone() };
    assert_eq!(
        impersonation(&nobody, "u").unwrap_err().message,
        "user `u` of the kubeconfig has a uid, groups or extra values to impersonate, but no `as`"
    );
    let broken = User { impersonate: Some("a\nb".to_owned()), ..user };
    assert_eq!(impersonation(&broken, "u").unwrap_err().kind.exit_code(), 2);
    assert!(impersonation(&User::default(), "u").unwrap().is_empty());
}
