//! The sandbox against a real API server: seeded random operations go to both, and the answers are
//! compared. Runs where `WORKLOADCTL_E2E` is set (`tests/control-plane/run -- cargo test --test
//! differential`); `DIFFERENTIAL_SEED` and `DIFFERENTIAL_STEPS` choose another run.

#![allow(missing_docs)]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::too_many_lines, reason = "a test may be one long table")]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use http::{Method, Request};
use http_body_util::BodyExt as _;
use kube::{Client, client::Body};
use serde_json::{Value, json};
use workloadctl::testing::{Options, Sandbox};

mod bodies;

/// splitmix64
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[derive(Debug, Clone)]
struct Call {
    method: Method,
    path: String,
    content_type: &'static str,
    accept: &'static str,
    body: Option<Value>,
}

async fn send(client: &Client, call: &Call) -> (u16, Value) {
    let mut request = Request::builder().method(call.method.clone()).uri(&call.path);
    request = request.header("user-agent", "differential/1").header("accept", call.accept);
    let body = match &call.body {
        Some(body) => {
            request = request.header("content-type", call.content_type);
            Body::from(body.to_string().into_bytes())
        }
        None => Body::empty(),
    };
    let response = client.send(request.body(body).unwrap()).await.unwrap();
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let value = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes).trim()));
    (code, value)
}

/// What differs on purpose or by nature is taken out.
fn comparable(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            const UNLIKE: [&str; 12] = [
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "time",
                "deletionTimestamp",
                "clusterIP",
                "clusterIPs",
                "nodePort",
                "healthCheckNodePort",
                "controller-uid",
                "batch.kubernetes.io/controller-uid",
                "deployment.kubernetes.io/revision",
            ];
            fields.retain(|name, _| !UNLIKE.contains(&name.as_str()));
            if let Some(Value::Array(entries)) = fields.get_mut("managedFields") {
                entries.retain(|entry| {
                    !matches!(
                        entry["manager"].as_str(),
                        Some(
                            "kube-controller-manager"
                                | "kwok"
                                | "kube-apiserver"
                                | "kubelet"
                                | "kube-scheduler"
                                | "workloadctl-sandbox"
                        )
                    )
                });
                entries.sort_by_key(|entry| {
                    format!("{}{}{}", entry["manager"], entry["operation"], entry["subresource"])
                });
            }
            if let Some(Value::Array(causes)) = fields.get_mut("causes") {
                causes.iter_mut().for_each(comparable);
                causes.sort_by_key(ToString::to_string);
                // The server says some things twice.
                causes.dedup();
            }
            // Controllers write while we look.
            if fields.contains_key("metadata") && fields.contains_key("spec") {
                fields.remove("status");
            }
            if let Some(Value::Object(annotations)) = fields.get_mut("annotations") {
                annotations.retain(|name, _| {
                    // Shown in some views of a DaemonSet and not in others.
                    name != "deprecated.daemonset.template.generation"
                        && !name.contains("storage-provisioner")
                        && !name.starts_with("pv.kubernetes.io")
                        && name != "deployment.kubernetes.io/revision"
                });
            }
            if fields.get("annotations") == Some(&json!({})) {
                fields.remove("annotations");
            }
            if fields.get("continue") == Some(&json!("")) {
                fields.remove("continue");
            }
            if fields.get("items").is_some_and(Value::is_null) {
                fields.insert("items".into(), json!([]));
            }
            for name in ["storageClassName", "volumeName"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(comparable);
        }
        Value::Array(items) => items.iter_mut().for_each(comparable),
        Value::String(text) => *text = plain(text),
        _ => {}
    }
}

/// A message without what is the server's inner life: Go's dumps of structs, diffs of them, paths
/// in its store, uids.
fn plain(text: &str) -> String {
    let mut text = text.split("\n@@").next().unwrap().trim_end_matches(']').to_owned();
    // The server stops at the first undeclared field that it meets, in no order.
    if text.contains("field not declared in schema")
        && let Some((head, _)) = text.split_once("): ")
    {
        return format!("{head}): …");
    }
    for (open, close) in [("Invalid value: {", "}: "), ("Invalid value: \"{", "}\": ")] {
        while let Some(start) = text.find(open) {
            let rest = &text[start..];
            let end = rest.find(close).map_or(rest.len(), |end| end + close.len() - 2);
            text.replace_range(start..start + end, "Invalid value: …");
        }
    }
    // Nor in what order faults are found in a custom resource.
    if text.contains(" is invalid: [") {
        let mut words: Vec<_> =
            text.split(' ').map(|word| word.trim_matches([',', '[', ']'])).collect();
        words.sort_unstable();
        return words.join(" ");
    }
    // In what order a message lists conflicts, or fields of a wrong type, is left to chance.
    if text.starts_with("Apply failed with") || text.starts_with("failed to create typed") {
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        return lines.join("\n");
    }
    let words = text.split_inclusive(' ').map(|word| {
        let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_uid = core.len() == 36 && core.matches('-').count() == 4;
        // With its prefix, or as the server's cache calls it.
        let stored = word.starts_with("/registry/")
            || (word.starts_with('/') && text.contains(&format!("Key: {word}")));
        if is_uid || stored { "… ".to_owned() } else { word.to_owned() }
    });
    words.collect::<String>().trim_end().to_owned()
}

/// The places where two values differ.
fn differences(path: &str, real: &Value, ours: &Value, found: &mut Vec<String>) {
    match (real, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                let none = json!("<absent>");
                let (x, y) = (a.get(name).unwrap_or(&none), b.get(name).unwrap_or(&none));
                differences(&format!("{path}/{name}"), x, y, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (x, y)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}/{index}"), x, y, found);
            }
        }
        _ if real != ours => found.push(format!("{path}: real {real} ours {ours}")),
        _ => {}
    }
}

fn random_call(random: &mut Random, namespace: &str) -> (String, Call) {
    let kinds = bodies::kinds();
    let kind = random.pick(&kinds);
    let name = format!("{}-{}", kind.kind.to_lowercase(), random.below(2));
    let scope = if kind.namespaced { format!("/namespaces/{namespace}") } else { String::new() };
    let name = if kind.namespaced { name } else { format!("{namespace}-{name}") };
    let collection = format!("{}{scope}/{}", kind.prefix, kind.plural);
    let object = format!("{collection}/{name}");
    let mut body = kind.body.clone();
    body["metadata"] = json!({"name": name, "labels": {"app": "x"}});
    for _ in 0..random.below(3) {
        workloadctl::testing::merge::json(&mut body, random.pick(&kind.variants));
    }
    // Another uid makes a job's labels wrong as well.
    if random.chance(10) && kind.kind != "Job" && kind.kind != "Widget" {
        workloadctl::testing::merge::json(&mut body, random.pick(&bodies::metadata_variants()));
    }
    let dry = if random.chance(10) { "&dryRun=All" } else { "" };
    let strict = *random.pick(&["", "&fieldValidation=Strict", "&fieldValidation=Ignore"]);
    let call = |method: Method, path: String, content_type, body| Call {
        method,
        path,
        content_type,
        accept: "application/json",
        body,
    };
    let (what, call) = match random.below(100) {
        0..15 => {
            let path = format!("{collection}?fieldManager=creator{dry}{strict}");
            ("create", call(Method::POST, path, "application/json", Some(body)))
        }
        15..60 => {
            let manager = random.pick(&["one", "two", "three"]);
            let force = if random.chance(40) { "&force=true" } else { "" };
            if random.chance(15) {
                body["metadata"]["resourceVersion"] = json!("1");
            }
            let path = format!("{object}?fieldManager={manager}{force}{dry}{strict}");
            ("apply", call(Method::PATCH, path, "application/apply-patch+yaml", Some(body)))
        }
        60..70 => {
            let patch = random.pick(&kind.variants).clone();
            let path = format!("{object}?fieldManager=merger{dry}{strict}");
            ("merge", call(Method::PATCH, path, "application/merge-patch+json", Some(patch)))
        }
        70..76 => {
            let patch = random.pick(&kind.variants).clone();
            let path = format!("{object}?fieldManager=strategist{dry}{strict}");
            (
                "strategic",
                call(Method::PATCH, path, "application/strategic-merge-patch+json", Some(patch)),
            )
        }
        // Their controllers write whenever they like, and then own fields or not.
        76..80 if !matches!(kind.kind, "PodDisruptionBudget" | "HorizontalPodAutoscaler") => {
            let patch = random.pick(&bodies::json_patches()).clone();
            let path = format!("{object}?fieldManager=jsoner{dry}");
            ("json", call(Method::PATCH, path, "application/json-patch+json", Some(patch)))
        }
        80..85 => {
            let path = format!("{object}?fieldManager=putter{dry}{strict}");
            ("put", call(Method::PUT, path, "application/json", Some(body)))
        }
        85..92 => {
            // The server's garbage collector learns of a new custom kind half a minute late.
            let policies = match kind.kind {
                "Widget" => ["Background"; 3],
                _ => ["Background", "Background", "Foreground"],
            };
            let options = json!({"propagationPolicy": random.pick(&policies)});
            ("delete", call(Method::DELETE, object, "application/json", Some(options)))
        }
        92..97 => ("get", call(Method::GET, object, "", None)),
        _ if kind.kind == "ClusterRole" => ("get", call(Method::GET, object, "", None)),
        _ => {
            let mut list = call(
                Method::GET,
                format!("{collection}?labelSelector=app%3Dx,tier!%3Dz"),
                "",
                None,
            );
            if random.chance(50) {
                list.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
            }
            ("list", list)
        }
    };
    (format!("{what} {}", kind.kind), call)
}

/// Sends a call until it is answered with this code, for half a minute at most.
async fn until(client: &Client, call: &Call, wanted: u16, what: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let (code, body) = send(client, call).await;
        if code == wanted {
            return;
        }
        let (method, path) = (&call.method, &call.path);
        assert!(
            Instant::now() < end,
            "waited in vain for {what}: {method} {path} answered {code}, not {wanted}: {body}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Both have the custom kind before it is used.
async fn settle(client: &Client, plural: &str) {
    let list = json_call(Method::GET, format!("/apis/differential.test/v1/{plural}"), None);
    until(client, &list, 200, "the custom kind to be served").await;
}

/// Waits until a deleted object is gone, or only its own finalizer holds it.
async fn gone(client: &Client, path: &str) {
    for _ in 0..200 {
        let call = Call {
            method: Method::GET,
            path: path.to_owned(),
            content_type: "",
            accept: "application/json",
            body: None,
        };
        let (code, body) = send(client, &call).await;
        let held = body["metadata"]["finalizers"] == json!(["differential.test/hold"]);
        if code != 200 || held || body["metadata"]["deletionTimestamp"].is_null() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "current_thread")]
#[expect(clippy::print_stderr, reason = "the counts are the result")]
async fn the_sandbox_answers_as_a_real_server() {
    let environment = workloadctl::env::Env::read();
    if environment.variable("WORKLOADCTL_E2E").is_none() {
        eprintln!("skipped: there is no control plane (tests/control-plane/run)");
        return;
    }
    let number = |name: &str, default: u64| {
        environment.variable(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (seed, steps) = (number("DIFFERENTIAL_SEED", 1), number("DIFFERENTIAL_STEPS", 600));
    let real = Client::try_default().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::open(&folder.path().join("sandbox.db"), Options::default()).unwrap();
    let ours = Client::new(sandbox, "default");
    let namespace = format!("differential-{seed}-{}", std::process::id());
    let mut random = Random(seed);
    for client in [&real, &ours] {
        for (path, body) in [
            (
                "/api/v1/namespaces".to_owned(),
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
            ),
            (
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned(),
                bodies::definition(),
            ),
        ] {
            let call = Call {
                method: Method::POST,
                path,
                content_type: "application/json",
                accept: "application/json",
                body: Some(body),
            };
            let (code, body) = send(client, &call).await;
            assert!(matches!(code, 201 | 409), "{body}");
        }
        settle(client, "widgets").await;
    }
    let mut counts: BTreeMap<(String, u16), u64> = BTreeMap::new();
    let mut differing = 0;
    for step in 0..steps {
        let (what, call) = random_call(&mut random, &namespace);
        let (code, mut expected) = send(&real, &call).await;
        let (our_code, mut found) = send(&ours, &call).await;
        *counts.entry((what.split(' ').next().unwrap().to_owned(), code)).or_default() += 1;
        if call.method == Method::DELETE {
            gone(&real, &call.path).await;
            gone(&ours, &call.path).await;
        }
        comparable(&mut expected);
        comparable(&mut found);
        // Two ports without a name, which is wrong, meet in one node port first.
        if expected["message"].as_str().is_some_and(|text| text.starts_with("duplicate nodePort")) {
            continue;
        }
        let mut list = Vec::new();
        if code != our_code {
            list.push(format!("code: real {code} ours {our_code}"));
        }
        differences("", &expected, &found, &mut list);
        if !list.is_empty() {
            differing += 1;
            eprintln!("#{step} {what} {} {}", call.method, call.path);
            if let Some(body) = &call.body {
                eprintln!("   body {body}");
            }
            for line in list.iter().take(6) {
                eprintln!("   {line}");
            }
        }
    }
    for ((what, code), count) in &counts {
        eprintln!("{what} {code}: {count}");
    }
    eprintln!("seed {seed}: {steps} operations, {differing} with differences");
    assert_eq!(differing, 0);
}

/// A real server and a sandbox, where there is a control plane.
async fn both() -> Option<([Client; 2], tempfile::TempDir)> {
    workloadctl::env::Env::read().variable("WORKLOADCTL_E2E")?;
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::open(&folder.path().join("sandbox.db"), Options::default()).unwrap();
    let real = Client::try_default().await.unwrap();
    Some(([real, Client::new(sandbox, "default")], folder))
}

fn json_call(method: Method, path: String, body: Option<Value>) -> Call {
    Call { method, path, content_type: "application/json", accept: "application/json", body }
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_definition_forbids_is_told_alike() {
    let Some((clients, _folder)) = both().await else { return };
    let mut answers: Vec<Vec<Value>> = Vec::new();
    for client in &clients {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned();
        let make = json_call(Method::POST, path, Some(bodies::custom::definition()));
        let (code, body) = send(client, &make).await;
        assert!(matches!(code, 201 | 409), "{body}");
        settle(client, "gears").await;
        let mut told = Vec::new();
        for spec in bodies::custom::specs() {
            let body = json!({"apiVersion": "differential.test/v1", "kind": "Gear", "metadata": {"name": "a"}, "spec": spec});
            let path = "/apis/differential.test/v1/namespaces/default/gears?dryRun=All".to_owned();
            let (code, mut answer) = send(client, &json_call(Method::POST, path, Some(body))).await;
            comparable(&mut answer);
            told.push(json!({"code": code, "answer": answer}));
        }
        answers.push(told);
    }
    let mut found = Vec::new();
    for (index, spec) in bodies::custom::specs().iter().enumerate() {
        differences(&spec.to_string(), &answers[0][index], &answers[1][index], &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "current_thread")]
async fn an_old_fault_is_let_be_where_a_definition_becomes_stricter() {
    let Some((clients, _folder)) = both().await else { return };
    let number = std::process::id();
    let definition = |spec: Value| {
        let mut definition = bodies::custom::definition();
        let (plural, kind) = (format!("old{number}s"), format!("Old{number}"));
        definition["metadata"]["name"] = json!(format!("{plural}.differential.test"));
        definition["spec"]["names"] =
            json!({"plural": plural, "singular": format!("old{number}"), "kind": kind});
        definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = spec;
        definition
    };
    let text = json!({"type": "string"});
    let loose = json!({"type": "object", "properties": {"a": text, "b": text, "list": {"type": "array", "items": text},
        "deep": {"type": "object", "properties": {"c": text, "d": text}},
        "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
            "items": {"type": "object", "required": ["id"], "properties": {"id": text, "v": text}}}}});
    let strict = json!({"type": "object", "required": ["b"], "properties": {
        "a": {"type": "string", "pattern": "^x"}, "b": {"type": "string", "maxLength": 3},
        "list": {"type": "array", "maxItems": 1, "items": {"type": "string", "enum": ["x"]}},
        "deep": {"type": "object", "properties": {"c": text, "d": text}, "oneOf": [{"required": ["c"]}, {"required": ["d"]}]},
        "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
            "items": {"type": "object", "required": ["id"], "properties": {"id": text, "v": {"type": "string", "maxLength": 1}}}}}});
    let mut answers: Vec<Vec<Value>> = Vec::new();
    for client in &clients {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned();
        let plural = format!("old{number}s");
        let named = format!("{path}/{plural}.differential.test");
        let made = json_call(Method::POST, path, Some(definition(loose.clone())));
        assert_eq!(send(client, &made).await.0, 201);
        settle(client, &plural).await;
        let collection = format!("/apis/differential.test/v1/namespaces/default/{plural}");
        let object = |name: &str, spec: &Value| json!({"apiVersion": "differential.test/v1", "kind": format!("Old{number}"), "metadata": {"name": name}, "spec": spec});
        let specs = [
            json!({"a": "old", "b": "long", "list": ["y", "z"], "deep": {}, "parts": [{"id": "1", "v": "long"}]}),
            json!({"a": "old"}),
        ];
        for (name, spec) in ["one", "two"].iter().zip(&specs) {
            let call = json_call(Method::POST, collection.clone(), Some(object(name, spec)));
            assert_eq!(send(client, &call).await.0, 201);
        }
        let merge = |path: String, body: Value| Call {
            content_type: "application/merge-patch+json",
            ..json_call(Method::PATCH, path, Some(body))
        };
        let change = json!({"spec": {"versions": definition(strict.clone())["spec"]["versions"]}});
        assert_eq!(send(client, &merge(named.clone(), change)).await.0, 200);
        // The new schema is in force when it refuses.
        let probe = json_call(
            Method::POST,
            format!("{collection}?dryRun=All"),
            Some(object("p", &specs[1])),
        );
        until(client, &probe, 422, "the stricter schema to be in force").await;
        let mut told = Vec::new();
        for (name, patch) in [
            ("one", json!({"metadata": {"labels": {"a": "b"}}})),
            ("one", json!({"spec": {"a": "other"}})),
            ("one", json!({"spec": {"b": "longer"}})),
            ("one", json!({"spec": {"list": ["y", "z", "x"]}})),
            ("one", json!({"spec": {"a": "x"}})),
            ("one", json!({"spec": {"parts": [{"id": "0", "v": "a"}, {"id": "1", "v": "long"}]}})),
            ("one", json!({"spec": {"parts": [{"id": "0", "v": "ab"}, {"id": "1", "v": "long"}]}})),
            ("two", json!({"metadata": {"labels": {"a": "b"}}})),
        ] {
            let (code, mut answer) =
                send(client, &merge(format!("{collection}/{name}"), patch)).await;
            comparable(&mut answer);
            told.push(json!({"code": code, "answer": answer}));
        }
        answers.push(told);
        send(client, &json_call(Method::DELETE, named, None)).await;
    }
    let mut found = Vec::new();
    differences("", &json!(answers[0]), &json!(answers[1]), &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "current_thread")]
async fn pages_are_of_one_state() {
    let Some((clients, _folder)) = both().await else { return };
    let namespace = format!("pages-{}", std::process::id());
    let mut answers: Vec<Value> = Vec::new();
    for client in &clients {
        let body =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        let made = json_call(Method::POST, "/api/v1/namespaces".into(), Some(body));
        assert_eq!(send(client, &made).await.0, 201);
        let maps = format!("/api/v1/namespaces/{namespace}/configmaps");
        let map = |name: &str, data: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"page": "yes"}}, "data": {"k": data}});
        let post = async |name: &str, data: &str| {
            let call = json_call(Method::POST, maps.clone(), Some(map(name, data)));
            assert_eq!(send(client, &call).await.0, 201);
        };
        let delete = async |name: &str| {
            let call = json_call(Method::DELETE, format!("{maps}/{name}"), None);
            assert_eq!(send(client, &call).await.0, 200);
        };
        for name in ["b", "d", "f", "h", "j"] {
            post(name, "old").await;
        }
        let page = async |rest: String| {
            let path = format!("{maps}?labelSelector=page%3Dyes&limit=2{rest}");
            send(client, &json_call(Method::GET, path, None)).await
        };
        let (_, first) = page(String::new()).await;
        let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
        let put = json_call(Method::PUT, format!("{maps}/f"), Some(map("f", "new")));
        assert_eq!(send(client, &put).await.0, 200);
        delete("h").await;
        delete("j").await;
        post("j", "again").await;
        post("g", "late").await;
        post("a", "late").await;
        let (code, second) = page(format!("&continue={token}")).await;
        let token = second["metadata"]["continue"].as_str().unwrap().to_owned();
        let (_, third) = page(format!("&continue={token}")).await;
        for page in [&second, &third] {
            assert_eq!(page["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
        }
        let nonsense = page("&continue=nonsense".into()).await;
        let mut told = json!([code, first, second, third, nonsense.0]);
        comparable(&mut told);
        for page in told.as_array_mut().unwrap() {
            if let Some(metadata) = page.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("continue");
            }
        }
        answers.push(told);
        let end = json_call(Method::DELETE, format!("/api/v1/namespaces/{namespace}"), None);
        send(client, &end).await;
    }
    let mut found = Vec::new();
    differences("", &answers[0], &answers[1], &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A status without times, names and addresses.
fn outcome(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !name.ends_with("Time")
                    && !name.ends_with("At")
                    && !name.ends_with("Revision")
                    && !matches!(
                        name.as_str(),
                        "hostIP"
                            | "hostIPs"
                            | "podIP"
                            | "podIPs"
                            | "ip"
                            | "containerID"
                            | "imageID"
                    )
            });
            if let Some(Value::Array(conditions)) = fields.get_mut("conditions") {
                conditions.sort_by_key(|condition| condition["type"].to_string());
            }
            fields.values_mut().for_each(outcome);
        }
        Value::Array(items) => items.iter_mut().for_each(outcome),
        Value::String(text) => {
            // Generated names.
            let words = text.split(' ').map(|word| {
                if word.contains("good-") || word.contains("bad-") || word.contains("(") {
                    "…"
                } else {
                    word
                }
            });
            *text = words.collect::<Vec<_>>().join(" ");
        }
        _ => {}
    }
}

#[tokio::test(flavor = "current_thread")]
#[expect(clippy::print_stderr, reason = "the differences are the result")]
async fn workloads_come_to_the_same_end() {
    let environment = workloadctl::env::Env::read();
    if environment.variable("WORKLOADCTL_E2E").is_none() {
        eprintln!("skipped: there is no control plane (tests/control-plane/run)");
        return;
    }
    let real = Client::try_default().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::open(&folder.path().join("sandbox.db"), Options::default()).unwrap();
    let ours = Client::new(sandbox, "default");
    let namespace = format!("ends-{}", std::process::id());
    let call = |method: Method, path: String, body: Option<Value>| Call {
        method,
        path,
        content_type: "application/apply-patch+yaml",
        accept: "application/json",
        body,
    };
    let mut ends: Vec<Vec<Value>> = Vec::new();
    for client in [&real, &ours] {
        let body =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        let path = format!("/api/v1/namespaces/{namespace}?fieldManager=end");
        assert_eq!(send(client, &call(Method::PATCH, path, Some(body))).await.0, 201);
        let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        let account = call(Method::GET, account, None);
        until(client, &account, 200, "the namespace's service account").await;
        for (place, body, ..) in bodies::workloads::all() {
            let [prefix, kind, plural, name] =
                place.split('|').collect::<Vec<_>>().try_into().unwrap();
            let mut body = body;
            body["apiVersion"] =
                json!(prefix.trim_start_matches("/apis/").trim_start_matches("/api/"));
            body["kind"] = json!(kind);
            body["metadata"] = json!({"name": name, "annotations": body["metadata"]["annotations"], "labels": body["metadata"]["labels"]});
            let path = format!("{prefix}/namespaces/{namespace}/{plural}/{name}?fieldManager=end");
            let (code, answer) = send(client, &call(Method::PATCH, path, Some(body))).await;
            assert_eq!(code, 201, "{answer}");
        }
        let mut list = Vec::new();
        for (place, _, pointer, wanted) in bodies::workloads::all() {
            let [prefix, _, plural, name] =
                place.split('|').collect::<Vec<_>>().try_into().unwrap();
            let path = format!("{prefix}/namespaces/{namespace}/{plural}/{name}");
            let mut object = Value::Null;
            for _ in 0..600 {
                object = send(client, &call(Method::GET, path.clone(), None)).await.1;
                if object.pointer(pointer) == Some(&wanted) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(object.pointer(pointer), Some(&wanted), "{place} {}", object["status"]);
            outcome(&mut object["status"]);
            list.push(object["status"].take());
        }
        ends.push(list);
    }
    let mut found = Vec::new();
    for ((place, ..), (expected, status)) in
        bodies::workloads::all().iter().zip(ends[0].iter().zip(&ends[1]))
    {
        differences(place, expected, status, &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
