//! What a holder makes of a head that is not as it was written last.

use std::{path::Path, sync::Arc};

use serde_json::Value;

use super::*;
use crate::{
    cluster::{
        connect::{ConnectOptions, connect},
        kubeconfig::Kubeconfig,
        stub::{ReceivedRequest, Stub, answer},
    },
    env::Env,
    workload::{
        error::{Code, ErrorKind},
        instance::NamespaceMode,
        runtime::RuntimeName,
    },
};

/// The only Secret of a server.
#[derive(Default)]
struct Server {
    head: Option<Value>,
    version: u32,
}

impl Server {
    fn head(&self) -> Option<Value> {
        let mut head = self.head.clone()?;
        head["metadata"]["resourceVersion"] = json!(self.version.to_string());
        Some(head)
    }

    /// Writes the head as somebody else, or as this process itself did when nobody waited for
    /// the answer any more.
    fn write(&mut self, holder: Option<&Value>) {
        self.version += 1;
        if let (Some(holder), Some(head)) = (holder, &mut self.head) {
            head["data"]["holder"] = holder.clone();
        }
    }

    fn answer(&mut self, seen: &ReceivedRequest) -> String {
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let based = |pointer: &str| body.pointer(pointer) == Some(&json!(self.version.to_string()));
        let code = match seen.line.split(' ').next().unwrap() {
            "GET" if seen.line.contains("labelSelector") => {
                return answer(200, "", r#"{"kind": "SecretList", "metadata": {}, "items": []}"#);
            }
            "POST" => {
                self.head = Some(body);
                200
            }
            _ if self.head.is_none() => 404,
            "PATCH" if !based("/metadata/resourceVersion") => 409,
            "DELETE" if !based("/preconditions/resourceVersion") => 409,
            "PATCH" => {
                self.write(body.pointer("/data/holder"));
                200
            }
            "DELETE" => {
                self.head = None;
                return answer(200, "", r#"{"kind": "Status"}"#);
            }
            _ => 200,
        };
        let reason = if code == 404 { "NotFound" } else { "Conflict" };
        let status = json!({
            "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": "no",
        });
        let object = self.head().filter(|_| code == 200).unwrap_or(status);
        answer(code, "", &object.to_string())
    }
}

/// Begins to hold an instance on a server.
async fn begin() -> (Keeper, Arc<std::sync::Mutex<Server>>) {
    let server: Arc<std::sync::Mutex<Server>> = Arc::default();
    let behind = Arc::clone(&server);
    let stub = Stub::http(move |seen| behind.lock().unwrap().answer(seen)).await;
    let folder = tempfile::TempDir::new().unwrap();
    let text = format!(
        "contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
         clusters: [{{name: k, cluster: {{server: 'http://{}'}}}}]\nusers: [{{name: u, user: {{}}}}]\n",
        stub.address
    );
    std::fs::write(folder.path().join("config"), text).unwrap();
    let env = Env::for_test(&[], folder.path());
    let kubeconfig = Kubeconfig::load(&env, Some(Path::new("config"))).unwrap();
    let runtime = RuntimeName::Context("c".to_owned());
    let connection = connect(&kubeconfig, &runtime, &ConnectOptions::default()).await.unwrap();
    let api = Api::new(connection, Duration::from_secs(5));
    let claim = Claim { id: "mine".into(), who: "me@here".into(), command: "delete web".into() };
    let record = Record::new("team", &"web".parse().unwrap(), NamespaceMode::Given);
    let keeper = Keeper::begin(&api, None, record, claim).await.unwrap().unwrap();
    (keeper, server)
}

fn somebody() -> Value {
    let now = Timestamp::UNIX_EPOCH;
    let (id, who, command) = ("theirs".to_owned(), "they@there".to_owned(), "deploy".to_owned());
    json!(encode_holder(Some(&Holder { id, who, command, since: now, expires: now })))
}

#[tokio::test]
async fn a_renewal_that_nobody_waited_for_does_not_keep_the_record() {
    let (keeper, server) = begin().await;
    server.lock().unwrap().write(None);
    keeper.remove().await.unwrap();
    assert!(server.lock().unwrap().head.is_none());
}

#[tokio::test]
async fn the_record_of_somebody_who_took_over_is_not_removed() {
    let (keeper, server) = begin().await;
    server.lock().unwrap().write(Some(&somebody()));
    assert_eq!(keeper.remove().await.unwrap_err().code, Code::HolderLost);
    assert!(server.lock().unwrap().head.is_some());
}

#[tokio::test]
async fn a_deleted_record_is_told_from_one_that_was_taken_over() {
    for (taken_over, code, kind) in
        [(true, "holder-lost", ErrorKind::Locked), (false, "record-deleted", ErrorKind::Failed)]
    {
        let (keeper, server) = begin().await;
        if taken_over {
            server.lock().unwrap().write(Some(&somebody()));
        } else {
            server.lock().unwrap().head = None;
        }
        let error = keeper.renew().await.unwrap_err();
        assert_eq!((error.code.word(), error.kind), (code, kind), "{error}");
        // Every write that waits at the fence says the same.
        assert_eq!(keeper.fence().pass().await.unwrap_err(), error);
        assert_eq!(keeper.let_go(keeper.record().await).await.unwrap_err(), error);
    }
}
