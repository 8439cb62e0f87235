//! The sandbox from outside: requests in, answers out, on a clock that the tests move.

use std::{cell::Cell, sync::Arc};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::Service as _;

use super::{Effect, Fault, Matches, Options, Sandbox, Settings, When};

mod faults;
mod figures;
mod layout;
mod lifecycle;
mod protocol;
mod workloads;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(1_800_000_000_000) };
}

fn clock() -> Timestamp {
    Timestamp::from_millisecond(NOW.get()).unwrap()
}

/// A sandbox with a client's few words.
struct TestCluster {
    sandbox: Sandbox,
    _folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl TestCluster {
    fn new() -> Self {
        Self::with(Vec::new())
    }

    fn with(faults: Vec<Arc<Fault>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { clock, ..Settings::default() };
        let options = Options { settings, faults };
        let sandbox = Sandbox::open(&folder.path().join("sandbox.db"), options).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { sandbox, _folder: folder, runtime }
    }

    fn raw(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &Value,
    ) -> Result<(u16, http::HeaderMap, Vec<u8>), String> {
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .header("user-agent", "test/1")
            .body(Full::new(bytes))
            .unwrap();
        let mut sandbox = self.sandbox.clone();
        self.runtime.block_on(async move {
            let response = sandbox.call(request).await.map_err(|error| error.to_string())?;
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
            Ok((parts.status.as_u16(), parts.headers, bytes.to_vec()))
        })
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let (code, _, bytes) = self.raw(method, path, kind, body).unwrap();
        let value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        (code, value)
    }

    fn get(&self, path: &str) -> Value {
        self.send("GET", path, "", &Value::Null).1
    }

    fn code(&self, path: &str) -> u16 {
        self.send("GET", path, "", &Value::Null).0
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send("POST", path, "application/json", body)
    }

    fn apply(&self, path: &str, manager: &str, body: &Value) -> (u16, Value) {
        let path = format!("{path}?fieldManager={manager}");
        self.send("PATCH", &path, "application/apply-patch+yaml", body)
    }

    fn merge(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send("PATCH", path, "application/merge-patch+json", body)
    }

    fn delete(&self, path: &str, propagation: &str) -> (u16, Value) {
        self.send("DELETE", path, "application/json", &json!({"propagationPolicy": propagation}))
    }

    /// Lets time pass, in steps in which the controllers work.
    fn pass(&self, millis: i64) {
        let end = NOW.get() + millis;
        while NOW.get() < end {
            NOW.set((NOW.get() + 50).min(end));
            self.get("/version");
        }
    }

    /// Lets time pass until something holds, a minute at the most.
    fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let start = NOW.get();
        while !holds() {
            assert!(NOW.get() - start < 60_000, "{what} did not happen");
            self.pass(50);
        }
    }
}

fn has(object: &Value, kind: &str) -> bool {
    super::custom::has_condition(object, kind)
}

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}})
}

fn deployment(replicas: i64, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template(image)},
    })
}
