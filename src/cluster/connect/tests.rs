//! Each fact about kubeconfigs and transports, once, against real sockets.

use std::path::Path;

use kube::client::Body;
use tempfile::TempDir;

use super::*;
use crate::cluster::{
    kubeconfig::Kubeconfig,
    stub::{self, Stub},
};

/// Writes a kubeconfig with one context `c` and loads it.
fn kubeconfig(folder: &Path, variables: &[(&str, &str)], cluster: &str, user: &str) -> Kubeconfig {
    let text = format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u, namespace: n}}}}]\n\
         clusters: [{{name: k, cluster: {cluster}}}]\nusers: [{{name: u, user: {user}}}]\n"
    );
    std::fs::write(folder.join("config"), text).unwrap();
    Kubeconfig::load(&Env::for_test(variables, folder), Some(Path::new("config"))).unwrap()
}

async fn connection(cluster: &str, user: &str) -> Result<Connection> {
    let folder = TempDir::new().unwrap();
    let kubeconfig = kubeconfig(folder.path(), &[], cluster, user);
    connect(&kubeconfig, &runtime(), &ConnectOptions::default()).await
}

fn runtime() -> RuntimeName {
    RuntimeName::Context("c".to_owned())
}

async fn get(connection: &Connection) -> Result<u16> {
    let request = http::Request::get("/version").body(Body::empty()).unwrap();
    let answer =
        connection.client.send(request).await.map_err(|error| connection.explain(&error))?;
    Ok(answer.status().as_u16())
}

fn b64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn plain_contexts_connect() {
    let stub = Stub::https(stub::SERVER, |_| stub::answer(200, "", "{}")).await;
    let cluster = format!(
        "{{server: 'https://{}', certificate-authority-data: {}}}",
        stub.address,
        b64(stub::CA)
    );
    let certificate = format!(
        "{{client-certificate-data: {}, client-key-data: {}}}",
        b64(stub::CLIENT),
        b64(stub::CLIENT_KEY)
    );
    for (user, authorization, certified) in [
        ("{token: abc}", Some("Bearer abc"), false),
        ("{username: u, password: p}", Some("Basic dTpw"), false),
        ("null", None, false),
        (certificate.as_str(), None, true),
    ] {
        let connection = connection(&cluster, user).await.unwrap();
        assert_eq!(get(&connection).await.unwrap(), 200, "{user}");
        let seen = stub.seen().pop().unwrap();
        assert_eq!(seen.line, "GET /version HTTP/1.1");
        assert_eq!(seen.header("authorization").as_deref(), authorization, "{user}");
        assert_eq!(seen.certified, certified, "{user}");
        assert_eq!(seen.header("user-agent").unwrap(), user_agent());
        assert_eq!(seen.header("host").unwrap(), stub.address.to_string());
        assert_eq!(connection.requests(), 1);
        assert_eq!(connection.kubeconfig_user.as_deref(), Some("u"));
        assert_eq!(connection.namespace.as_deref(), Some("n"));
        assert_eq!(connection.ca_digest.as_ref().map(String::len), Some(64));
    }
}
