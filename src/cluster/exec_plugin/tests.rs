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

#[tokio::test]
async fn an_expired_login_is_renewed() {
    let exec = Exec {
        command: "sh".to_owned(),
        args: vec!["-c".to_owned(), "echo 'status: {token: new}'".to_owned()],
        ..Exec::default()
    };
    let plugin = ExecPlugin::new(&exec, "u".to_owned(), &Cluster::default(), None, false);
    let now = Timestamp::now();
    for (renew_at, expected) in [
        (None, "Bearer old"),
        (Some(now + SignedDuration::from_hours(1)), "Bearer old"),
        (Some(now - SignedDuration::from_secs(1)), "Bearer new"),
    ] {
        let header = Some(HeaderValue::from_static("Bearer old"));
        let old = Login { header, identity: None, renew_at, doubtful: false.into() };
        *plugin.login.lock().await = Some(Arc::new(old));
        let login = plugin.login().await.unwrap();
        assert_eq!(login.header.as_ref().unwrap(), expected, "{renew_at:?}");
    }
}

#[tokio::test]
async fn a_login_that_others_renewed_is_not_renewed_again() {
    let exec = Exec { command: "no-such-program".to_owned(), ..Exec::default() };
    let plugin = ExecPlugin::new(&exec, "u".to_owned(), &Cluster::default(), None, false);
    let login = |text| {
        let header = Some(HeaderValue::from_static(text));
        Arc::new(Login { header, identity: None, renew_at: None, doubtful: false.into() })
    };
    let (old, new) = (login("old"), login("new"));
    *plugin.login.lock().await = Some(new.clone());
    let renewed = plugin.renew(&old).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&renewed, &new));
    assert!(plugin.renew(&new).await.is_err(), "this one does run the program");
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
