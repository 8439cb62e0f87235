//! When a plugin is run again, and what it is told.

use super::*;

#[test]
fn a_login_is_renewed_before_it_expires() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for (expiry, expected) in [
        ("2026-01-01T01:00:00Z", Some("2026-01-01T00:59:00Z")),
        ("2026-01-01T00:00:40Z", Some("2026-01-01T00:00:30Z")),
        ("2026-01-01T00:00:00Z", None),
        ("2025-01-01T00:00:00Z", None),
    ] {
        let expected = expected.map(|at| at.parse().unwrap());
        assert_eq!(renewal(now, expiry.parse().unwrap()), expected, "{expiry}");
    }
}

#[test]
fn a_plugin_is_told_about_its_cluster() {
    let cluster: Cluster = parse(
        "{server: 'https://x', tls-server-name: y, certificate-authority: /ignored,
          extensions: [{name: other, extension: 1},
                       {name: client.authentication.k8s.io/exec, extension: {audience: z}}]}",
    )
    .unwrap();
    assert_eq!(
        describe(&cluster, Some(b"pem")),
        json!({"server": "https://x", "tls-server-name": "y",
               "certificate-authority-data": "cGVt", "config": {"audience": "z"}})
    );
}
