//! What clients rely on: codes, messages, preconditions, pages, watches.

use super::*;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

#[test]
fn preconditions_inside_an_apply() {
    let cluster = TestCluster::new();
    let path = format!("{MAPS}/a");
    let with = |field: &str, value: &Value| {
        let mut body = map("a", json!({"k": "v"}));
        body["metadata"][field] = value.clone();
        body
    };
    let create_only = with("resourceVersion", &json!("1"));
    assert_eq!(cluster.apply(&path, "me", &with("uid", &json!("x"))).0, 409);
    let (code, made) = cluster.apply(&path, "me", &create_only);
    assert_eq!(code, 201);
    assert_eq!(cluster.apply(&path, "me", &create_only).0, 409);
    assert_eq!(cluster.apply(&path, "me", &with("uid", &json!("x"))).0, 422);
    let (code, same) = cluster.apply(&path, "me", &with("uid", &made["metadata"]["uid"]));
    assert_eq!(
        (code, &same["metadata"]["resourceVersion"]),
        (200, &made["metadata"]["resourceVersion"])
    );
    assert_eq!(cluster.apply(&path, "me", &with("managedFields", &json!([]))).0, 400);
    assert_eq!(cluster.apply(&path, &"m".repeat(129), &map("a", json!({}))).0, 422);
}

#[test]
fn conflicts_name_field_and_owner() {
    let cluster = TestCluster::new();
    let path = format!("{MAPS}/a");
    cluster.apply(&path, "one", &map("a", json!({"k": "1", "gone": "x"})));
    let (code, refused) = cluster.apply(&path, "two", &map("a", json!({"k": "2"})));
    assert_eq!(code, 409);
    assert_eq!(
        refused["details"]["causes"],
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"one\"", "field": ".data.k"}])
    );
    assert_eq!(refused["message"], "Apply failed with 1 conflict: conflict with \"one\": .data.k");
    let forced_path = format!("{path}?force=true&fieldManager=two");
    let (code, _) = cluster.send(
        "PATCH",
        &forced_path,
        "application/apply-patch+yaml",
        &map("a", json!({"k": "2"})),
    );
    assert_eq!(code, 200);
    let (_, pruned) = cluster.apply(&path, "one", &map("a", json!({})));
    assert_eq!(pruned["data"], json!({"k": "2"}));
}

#[test]
fn lists_come_in_pages_and_by_label() {
    let cluster = TestCluster::new();
    for number in 0..5 {
        let mut body = map(&format!("m{number}"), json!({}));
        body["metadata"]["labels"] = json!({"odd": (number % 2 == 1).to_string()});
        cluster.post(MAPS, &body);
    }
    let odd = cluster.get(&format!("{MAPS}?labelSelector=odd%20in%20(true)"));
    assert_eq!(odd["items"].as_array().unwrap().len(), 2);
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = cluster.get(&format!("{MAPS}?limit=2&continue={token}"));
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].clone()),
        );
        match page["metadata"]["continue"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 6);
}

#[test]
fn later_pages_show_what_the_first_one_would_have_shown() {
    let cluster = TestCluster::new();
    for name in ["b", "d", "f", "h"] {
        cluster.post(MAPS, &map(name, json!({"k": "old"})));
    }
    let first = cluster.get(&format!("{MAPS}?limit=1"));
    let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    cluster.merge(&format!("{MAPS}/d"), &json!({"data": {"k": "new"}}));
    cluster.merge(&format!("{MAPS}/d"), &json!({"data": {"k": "newer"}}));
    cluster.delete(&format!("{MAPS}/f"), "Background");
    for name in ["a", "c", "z"] {
        cluster.post(MAPS, &map(name, json!({})));
    }
    cluster.delete(&format!("{MAPS}/h"), "Background");
    cluster.post(MAPS, &map("h", json!({"k": "again"})));
    let page = cluster.get(&format!("{MAPS}?continue={token}"));
    let shown: Vec<(&str, &str)> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["metadata"]["name"] != "kube-root-ca.crt")
        .map(|item| {
            (item["metadata"]["name"].as_str().unwrap(), item["data"]["k"].as_str().unwrap())
        })
        .collect();
    assert_eq!(shown, [("d", "old"), ("f", "old"), ("h", "old")]);
    assert_eq!(page["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    // What the history does not hold any more is 410, here and on a real server.
    let server = &cluster.sandbox.server;
    server
        .transact(&mut server.state(), true, |world| {
            Ok(world.storage.compact(world.storage.version()?)?)
        })
        .unwrap();
    assert_eq!(cluster.code(&format!("{MAPS}?continue={token}")), 410);
}

#[test]
fn a_watch_tells_what_happens_after_a_version() {
    let cluster = TestCluster::new();
    let version = cluster.get(MAPS)["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let mut body = map("a", json!({"k": "1"}));
    body["metadata"]["labels"] = json!({"app": "x"});
    cluster.post(MAPS, &body);
    cluster.merge(&format!("{MAPS}/a"), &json!({"data": {"k": "2"}}));
    cluster.merge(&format!("{MAPS}/a"), &json!({"metadata": {"labels": {"app": "y"}}}));
    let watch = format!(
        "{MAPS}?watch=true&resourceVersion={version}&timeoutSeconds=0&labelSelector=app%3Dx"
    );
    // The first look is at once; then the time is up.
    let sandbox = cluster.sandbox.clone();
    let lines = cluster.runtime.block_on(async move {
        let mut sandbox = sandbox;
        let request = Request::get(watch.replace("timeoutSeconds=0", "timeoutSeconds=60"))
            .body(Full::new(Bytes::new()))
            .unwrap();
        let mut body = sandbox.call(request).await.unwrap().into_body();
        let frame = body.frame().await.unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    });
    let kinds: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].clone())
        .collect();
    assert_eq!(kinds, ["ADDED", "MODIFIED", "DELETED"]);
    let old = format!("{MAPS}?watch=true&resourceVersion=1");
    cluster
        .sandbox
        .server
        .transact(&mut cluster.sandbox.server.state(), true, |world| {
            Ok(world.storage.compact(5)?)
        })
        .unwrap();
    let (code, error) = cluster.send("GET", &old, "", &Value::Null);
    assert_eq!((code, error["object"]["code"].clone()), (200, json!(410)));
}

#[test]
fn answers_carry_the_servers_headers_and_limits() {
    let cluster = TestCluster::new();
    let (code, headers, _) = cluster
        .raw(
            "POST",
            MAPS,
            "application/json",
            &json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "nonsense": 1}),
        )
        .unwrap();
    assert_eq!(
        (code, headers["warning"].to_str().unwrap()),
        (201, "299 - \"unknown field \\\"nonsense\\\"\"")
    );
    assert!(headers["date"].to_str().unwrap().ends_with(" GMT"));
    let (code, _) = cluster.post(MAPS, &map("big", json!({"k": "x".repeat(3 * 1024 * 1024)})));
    assert_eq!(code, 413);
    let (code, _) = cluster.post(MAPS, &map("large", json!({"k": "x".repeat(1_048_577)})));
    assert_eq!(code, 422);
    let (code, text) = cluster.send("GET", "/apis/nope.example.com/v1/things", "", &Value::Null);
    assert_eq!((code, text), (404, json!("404 page not found\n")));
    assert_eq!(cluster.post(&format!("{MAPS}?dryRun=All"), &map("dry", json!({}))).0, 201);
    assert_eq!(cluster.code(&format!("{MAPS}/dry")), 404);
}
