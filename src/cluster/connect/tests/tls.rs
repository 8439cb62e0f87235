//! Certificates: whom we trust, and what we show.

use super::*;

#[tokio::test]
async fn a_server_is_trusted_by_its_certificate() {
    let good = tls_stub().await;
    let elsewhere = Stub::https(stub::SERVER_ELSEWHERE, |_| stub::answer(200, "", "{}")).await;
    let expired = Stub::https(stub::SERVER_EXPIRED, |_| stub::answer(200, "", "{}")).await;
    let itself = Stub::https(stub::SERVER_ITSELF, |_| stub::answer(200, "", "{}")).await;
    let plain = Stub::http(|_| stub::answer(200, "", "{}")).await;
    let by_itself = trusting(itself.address, stub::SERVER_ITSELF);
    let names = "is for another name: it is for localhost, cluster.example, 127.0.0.1";
    let two = format!("{}\nnonsense\n{}", stub::OTHER_CA, stub::CA);
    let with = |address, more: &str| trusting(address, stub::CA).replace('}', more);
    for (cluster, expected) in [
        (trusting(good.address, stub::CA), Ok(200)),
        (trusting(good.address, &two), Ok(200)),
        (with(good.address, ", tls-server-name: cluster.example}"), Ok(200)),
        (with(elsewhere.address, ", tls-server-name: elsewhere.example}"), Ok(200)),
        (by_itself.clone(), Ok(200)),
        (
            by_itself.replace('}', ", tls-server-name: other}"),
            Err("it is for 127.0.0.1, cluster.example"),
        ),
        (trusting(itself.address, stub::CA), Err("is not valid: CaUsedAsEndEntity")),
        (
            trusting(expired.address, stub::SERVER_EXPIRED),
            Err("has expired: it was valid until 2021-01-01T00:00:00Z"),
        ),
        (with(expired.address, ", insecure-skip-tls-verify: true}"), Ok(200)),
        (format!("{{server: '{}', insecure-skip-tls-verify: true}}", elsewhere.address), Ok(200)),
        (
            trusting(good.address, stub::OTHER_CA),
            Err("is not from a certificate authority that is trusted"),
        ),
        (
            trusting(elsewhere.address, stub::CA),
            Err("is for another name: it is for elsewhere.example"),
        ),
        (with(good.address, ", tls-server-name: other}"), Err(names)),
        (
            trusting(expired.address, stub::CA),
            Err("has expired: it was valid until 2021-01-01T00:00:00Z"),
        ),
        (
            trusting(plain.address, stub::CA),
            Err("does not speak TLS: received corrupt message of type InvalidContentType"),
        ),
    ] {
        match (ask(&cluster, "null").await, expected) {
            (Ok(status), Ok(expected)) => assert_eq!(status, expected, "{cluster}"),
            (Err(error), Err(expected)) => {
                assert_eq!((error.kind.exit_code(), error.code.word()), (7, "tls"), "{error}");
                assert!(error.to_string().ends_with(expected), "{error}");
                assert!(error.message.contains("https://127.0.0.1:"), "{error}");
                assert!(error.hint.is_some(), "{error}");
            }
            (found, _) => panic!("{cluster}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_named() {
    let stub = tls_stub().await;
    let trusted = trusting(stub.address, stub::CA);
    let user = certified(stub::CLIENT, stub::CLIENT_KEY);
    let p521 = certified(stub::CLIENT, stub::P521_KEY);
    let wrong = certified(stub::CLIENT, include_str!("../../stub/server.key"));
    let swapped = certified(stub::CLIENT_KEY, stub::CLIENT_KEY);
    let nonsense = trusting(stub.address, "nonsense");
    let (user_u, cluster_k) =
        ("cannot use user `u` of the kubeconfig", "cannot use cluster `k` of the kubeconfig");
    let no_file = "No such file or directory (os error 2)";
    for (cluster, user, exit, text) in [
        (
            &*trusted,
            &*p521,
            7,
            format!("{user_u}: the client key is on the curve P-521, which is not supported"),
        ),
        (
            &trusted,
            &wrong,
            7,
            format!("{user_u}: the client key does not belong to the client certificate"),
        ),
        (&trusted, &swapped, 7, format!("{user_u}: the client certificate holds no certificate")),
        (
            &trusted,
            "{client-key-data: eA==}",
            2,
            format!("{user_u}: it has a client key and no certificate"),
        ),
        (
            &trusted,
            "{client-certificate-data: eA==}",
            2,
            format!("{user_u}: it has a client certificate and no key"),
        ),
        (
            &trusted,
            "{client-certificate-data: '!'}",
            2,
            format!(
                "{user_u}: the client certificate in the kubeconfig is not valid base64: Invalid symbol 33, offset 0."
            ),
        ),
        (
            &trusted,
            "{client-certificate: /none}",
            2,
            format!("{user_u}: cannot read the client certificate /none: {no_file}"),
        ),
        (
            &nonsense,
            &user,
            7,
            format!("{cluster_k}: the certificate authority holds no usable certificate"),
        ),
        (
            "{server: 'https://x', certificate-authority: /none}",
            "null",
            2,
            format!("{cluster_k}: cannot read the certificate authority /none: {no_file}"),
        ),
        (
            "{server: 'x/y'}",
            "null",
            2,
            format!("{cluster_k}: \"x/y\" is not a server's URL: it has a path but no scheme"),
        ),
        ("{}", "null", 2, "cluster `k` of the kubeconfig has no server".to_owned()),
        (
            "{server: 'https://x', tls-server-name: 'a b', insecure-skip-tls-verify: true}",
            "null",
            2,
            "tls-server-name \"a b\" is no host name".to_owned(),
        ),
    ] {
        let error = Setup::new(&[], cluster, user).connect().await.err().expect(&text);
        assert_eq!((error.kind.exit_code(), error.to_string()), (exit, text));
    }
}

#[tokio::test]
async fn version_1_certificates_and_keys_in_files_are_shown() {
    let stub = tls_stub().await;
    let cluster = trusting(stub.address, stub::CA);
    ask(&cluster, &certified(stub::CLIENT_V1, stub::CLIENT_KEY)).await.unwrap();
    let files = [("c.pem", stub::CLIENT), ("k.pem", stub::CLIENT_KEY), ("ca.pem", stub::CA)];
    let cluster = format!("{{server: '{}', certificate-authority: ca.pem}}", stub.address);
    let user = "{client-certificate: c.pem, client-key: k.pem}";
    let setup = Setup::with_files(&files, &[], &cluster, user);
    get(&setup.connect().await.unwrap()).await.unwrap();
    assert_eq!(stub.seen().len(), 2, "host:port alone is https where a CA is configured");
    assert!(stub.seen().iter().all(|seen| seen.certified));
}

#[tokio::test]
async fn the_digest_is_of_the_certificates_and_not_of_their_text() {
    let digest = async |ca: &str| {
        let cluster = trusting("127.0.0.1:1".parse().unwrap(), ca);
        Setup::new(&[], &cluster, "null").connect().await.unwrap().ca_digest.unwrap()
    };
    let one = digest(stub::CA).await;
    let same = format!("# a comment\r\n{}\n\n", stub::CA.replace('\n', "\r\n"));
    assert_eq!(one, digest(&same).await);
    assert_ne!(one, digest(stub::OTHER_CA).await);
    let plain = Setup::new(&[], "{server: 'http://localhost:1'}", "null").connect().await.unwrap();
    assert_eq!(plain.ca_digest, None);
}
