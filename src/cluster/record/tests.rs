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
        record::{Holder, part_name},
        runtime::RuntimeName,
    },
};

/// The only Secret of a server.
#[derive(Default)]
struct Server {
    head: Option<Value>,
    version: u32,
    /// A part that a dead process left, and what its deletion is answered with.
    part: Option<(String, u16)>,
    /// What a list is answered with in place of the parts.
    list: Option<u16>,
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
            "GET" if seen.line.contains("labelSelector") => match self.list {
                Some(code) => code,
                None => {
                    let name = |(name, _): &(String, u16)| json!({"metadata": {"name": name}});
                    let items: Vec<Value> = self.part.iter().map(name).collect();
                    let list = json!({"kind": "SecretList", "metadata": {}, "items": items});
                    return answer(200, "", &list.to_string());
                }
            },
            "DELETE" if self.part.as_ref().is_some_and(|(name, _)| seen.line.contains(name)) => {
                self.part.as_ref().map_or(200, |(_, code)| *code)
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
        let reason = match code {
            404 => "NotFound",
            403 => "Forbidden",
            _ => "Conflict",
        };
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
    json!(encode_holder(Some(&Holder {
        id,
        who,
        command,
        since: now,
        expires: now,
        unanswered: None
    })))
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
async fn the_head_stays_while_a_part_may_be_left() {
    let part = part_name(&"web".parse().unwrap(), b"part");
    let cases = [
        (Some((part.clone(), 403)), None, true),
        (Some((part.clone(), 404)), None, false),
        (Some((part, 200)), None, false),
        (None, Some(422), true),
        // Nothing tells their names then.
        (None, Some(403), false),
    ];
    for (part, list, stays) in cases {
        let (keeper, server) = begin().await;
        server.lock().unwrap().part.clone_from(&part);
        server.lock().unwrap().list = list;
        let removed = keeper.remove().await;
        assert_eq!(removed.is_err(), stays, "{part:?}, {list:?}: {removed:?}");
        assert_eq!(server.lock().unwrap().head.is_some(), stays, "{part:?}, {list:?}");
    }
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
