//! Each fact about kubeconfigs and transports, once, against real sockets.

use std::path::Path;

use kube::client::Body;
use tempfile::TempDir;

use super::*;
use crate::{
    cluster::stub::{self, Stub},
    env::Env,
};

mod login;
mod oidc;
mod reach;
mod time;
mod tls;

/// A kubeconfig with one context, `c`, in a folder of its own.
struct Setup {
    folder: TempDir,
    kubeconfig: Kubeconfig,
    options: ConnectOptions,
}

impl Setup {
    fn new(variables: &[(&str, &str)], cluster: &str, user: &str) -> Self {
        Self::with_files(&[], variables, cluster, user)
    }

    fn with_files(
        files: &[(&str, &str)],
        variables: &[(&str, &str)],
        cluster: &str,
        user: &str,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        for (name, content) in files {
            write(folder.path(), name, content);
        }
        let text = format!(
            "contexts:\n- {{name: c, context: {{cluster: k, user: u, namespace: n}}}}\n\
             - {{name: d, context: {{cluster: k, user: u}}}}\n\
             clusters: [{{name: k, cluster: {cluster}}}]\nusers: [{{name: u, user: {user}}}]\n"
        );
        write(folder.path(), "config", &text);
        let env = Env::for_test(variables, folder.path());
        let kubeconfig = Kubeconfig::load(&env, Some(Path::new("config"))).unwrap();
        Self { folder, kubeconfig, options: ConnectOptions::default() }
    }

    async fn connect(&self) -> Result<Connection> {
        self.connect_to("c").await
    }

    async fn connect_to(&self, context: &str) -> Result<Connection> {
        let runtime = RuntimeName::Context(context.to_owned());
        connect(&self.kubeconfig, &runtime, &self.options).await
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

/// Writes a file that may be run. It is copied by another process: were it open for writing here
/// while another test starts a program, it could not be run ("text file busy").
fn write(folder: &Path, name: &str, content: &str) {
    use std::os::unix::fs::PermissionsExt;
    let draft = folder.join("draft");
    std::fs::write(&draft, content).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
    let copied = std::process::Command::new("cp").args([&draft, &folder.join(name)]).status();
    assert!(copied.unwrap().success());
}

/// Connects with nothing in the environment and sends one request.
async fn ask(cluster: &str, user: &str) -> Result<u16> {
    get(&Setup::new(&[], cluster, user).connect().await?).await
}

async fn get(connection: &Connection) -> Result<u16> {
    let request = http::Request::get("/version?x=1").body(Body::empty()).unwrap();
    let answer = connection.client.send(request).await;
    Ok(answer.map_err(|error| connection.explain(&error))?.status().as_u16())
}

async fn body(connection: &Connection) -> String {
    let request = http::Request::get("/api").body(Body::empty()).unwrap();
    let answer = connection.client.send(request).await.unwrap();
    String::from_utf8(answer.into_body().collect_bytes().await.unwrap().to_vec()).unwrap()
}

fn b64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Writes the user of a client certificate.
fn certified(chain: &str, key: &str) -> String {
    format!("{{client-certificate-data: {}, client-key-data: {}}}", b64(chain), b64(key))
}

/// Writes the cluster of a TLS server with a CA.
fn trusting(address: std::net::SocketAddr, ca: &str) -> String {
    format!("{{server: 'https://{address}', certificate-authority-data: {}}}", b64(ca))
}

async fn tls_stub() -> Stub {
    Stub::https(stub::SERVER, |_| stub::answer(200, "", "{}")).await
}

#[tokio::test]
async fn plain_contexts_connect() {
    let stub = tls_stub().await;
    let cluster = trusting(stub.address, stub::CA);
    let certificate = certified(stub::CLIENT, stub::CLIENT_KEY);
    for (user, authorization, certified) in [
        ("{token: abc}", Some("Bearer abc"), false),
        ("{username: u, password: p}", Some("Basic dTpw"), false),
        ("{username: u}", Some("Basic dTo="), false),
        ("null", None, false),
        (certificate.as_str(), None, true),
    ] {
        let connection = Setup::new(&[], &cluster, user).connect().await.unwrap();
        assert_eq!(get(&connection).await.unwrap(), 200, "{user}");
        let seen = stub.seen().pop().unwrap();
        assert_eq!(seen.line, "GET /version?x=1 HTTP/1.1");
        assert_eq!(seen.header("authorization").as_deref(), authorization, "{user}");
        assert_eq!(seen.certified, certified, "{user}");
        assert_eq!(seen.header("user-agent").unwrap(), user_agent());
        assert_eq!(seen.header("host").unwrap(), stub.address.to_string());
        assert_eq!(connection.requests(), 1);
        assert_eq!(connection.server, format!("https://{}", stub.address));
        assert_eq!(connection.kubeconfig_user.as_deref(), Some("u"));
        assert_eq!(connection.client.default_namespace(), "n");
        assert_eq!(connection.ca_digest.as_ref().map(String::len), Some(64));
    }
}

#[tokio::test]
async fn the_user_agent_names_the_program() {
    assert!(user_agent().starts_with(concat!("workloadctl/", env!("CARGO_PKG_VERSION"), " (")));
}

#[tokio::test]
async fn requests_share_kept_alive_connections_and_are_reported() {
    let stub = Stub::http(|_| stub::answer(200, "", "{}")).await;
    let setup = Setup::new(&[], &format!("{{server: '{}'}}", stub.address), "null");
    let reported: Arc<std::sync::Mutex<Vec<_>>> = Arc::default();
    let sink = reported.clone();
    let options = ConnectOptions {
        on_request: Some(Arc::new(move |seen| sink.lock().unwrap().push(seen))),
        ..ConnectOptions::default()
    };
    let runtime = RuntimeName::Context("c".to_owned());
    let connection = connect(&setup.kubeconfig, &runtime, &options).await.unwrap();
    for _ in 0..3 {
        assert_eq!(body(&connection).await, "{}");
    }
    assert!(stub.seen().iter().all(|seen| seen.connection == 0));
    assert_eq!(connection.requests(), 3);
    let reported = reported.lock().unwrap();
    assert_eq!(reported.len(), 3);
    assert_eq!(
        (reported[0].method.as_str(), reported[0].path.as_str(), reported[0].status),
        ("GET", "/api", 200)
    );
}

#[tokio::test]
async fn nothing_is_retried_behind_our_back() {
    for status in [429, 500, 503, 504] {
        let stub = Stub::http(move |_| stub::answer(status, "Retry-After: 1", "{}")).await;
        let cluster = format!("{{server: '{}'}}", stub.address);
        assert_eq!(ask(&cluster, "null").await.unwrap(), status);
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn answers_tell_warnings_and_the_clock() {
    let headers =
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nWarning: 299 - \"old\"\r\nWarning: 299 - \"older\"";
    let stub = Stub::http(move |_| stub::answer(200, headers, "{}")).await;
    let setup = Setup::new(&[], &format!("{{server: '{}'}}", stub.address), "null");
    let connection = setup.connect().await.unwrap();
    get(&connection).await.unwrap();
    assert!(connection.warnings().is_empty(), "of what is only looked at");
    for _ in 0..2 {
        let write = http::Request::post("/api").body(Body::empty()).unwrap();
        connection.client.send(write).await.unwrap();
    }
    assert_eq!(connection.warnings(), ["old", "older"]);
    assert!(connection.warnings().is_empty());
    assert!(connection.server_now().to_string().starts_with("1994-11-06T08:"));
}

#[tokio::test]
async fn answers_come_compressed_unless_the_kubeconfig_says_no() {
    let stub = Stub::http(|seen| {
        stub::answer(200, "", &seen.header("accept-encoding").unwrap_or_default())
    })
    .await;
    for (flag, expected) in [("false", "gzip"), ("true", "")] {
        let cluster = format!("{{server: '{}', disable-compression: {flag}}}", stub.address);
        let setup = Setup::new(&[], &cluster, "null");
        assert_eq!(body(&setup.connect().await.unwrap()).await, expected);
    }
}

#[tokio::test]
async fn a_path_before_the_api_is_kept() {
    let stub = Stub::http(|_| stub::answer(200, "", "{}")).await;
    let cluster = format!("{{server: 'http://{}/k8s/clusters/c-1/'}}", stub.address);
    ask(&cluster, "null").await.unwrap();
    assert_eq!(stub.seen()[0].line, "GET /k8s/clusters/c-1/version?x=1 HTTP/1.1");
}

#[tokio::test]
async fn a_service_of_this_process_is_a_connection_too() {
    use http_body_util::BodyExt;
    let wire = Wire::new(tower::service_fn(|request: http::Request<Body>| async move {
        let agent = request.headers()[USER_AGENT].clone();
        let body = http_body_util::Full::from(request.uri().to_string());
        let answer = http::Response::new(body.map_err(|never| match never {}).boxed_unsync());
        assert_eq!(agent, user_agent());
        Ok::<_, BoxError>(answer)
    }));
    let options = ConnectOptions::default();
    let wire = options.pool.wire(&RuntimeName::Sandbox, CONNECT_LIMIT, || Ok(wire)).unwrap();
    let connection = over(wire, "sandbox", &RuntimeName::Sandbox, &options).unwrap();
    assert_eq!(body(&connection).await, "/api");
    assert_eq!(connection.requests(), 1);
}
