//! Faults hit the calls that they are meant for, and no others.

use super::*;

fn fault(path: &str, when: When, effect: Effect) -> Arc<Fault> {
    let matches = Matches { path: Some(path.to_owned()), ..Matches::default() };
    Arc::new(Fault::new(matches, when, effect))
}

#[test]
fn the_kth_call_is_refused() {
    let slow_down = fault("configmaps", When::Nth(2), Effect::TooManyRequests(7));
    let cluster = TestCluster::with(vec![Arc::clone(&slow_down)]);
    let maps = "/api/v1/namespaces/default/configmaps";
    assert_eq!([cluster.code(maps), cluster.code("/version")], [200, 200]);
    let (code, headers, _) = cluster.raw("GET", maps, "", &Value::Null).unwrap();
    assert_eq!((code, headers["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!((cluster.code(maps), slow_down.seen()), (200, 3));
}

#[test]
fn a_reset_comes_before_or_after_the_effect() {
    let maps = "/api/v1/namespaces/default/configmaps";
    for (effect, there) in [(Effect::ResetBefore, 404), (Effect::ResetAfter, 200)] {
        let cluster = TestCluster::with(vec![fault("configmaps", When::Nth(1), effect)]);
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        assert!(cluster.raw("POST", maps, "application/json", &body).is_err());
        assert_eq!(cluster.code(&format!("{maps}/a")), there);
    }
}

#[test]
fn rates_are_seeded() {
    let count = |seed| {
        let cluster = TestCluster::with(vec![fault(
            "version",
            When::PerMille { rate: 300, seed },
            Effect::Unavailable,
        )]);
        (0..100).map(|_| cluster.code("/version")).collect::<Vec<_>>()
    };
    let hit = count(1);
    assert_eq!(hit, count(1));
    assert_ne!(hit, count(2));
    let refused = hit.iter().filter(|code| **code == 503).count();
    assert!((15..45).contains(&refused), "{refused}");
}

#[test]
fn a_stale_group_has_no_resources() {
    let cluster =
        TestCluster::with(vec![fault("/apis", When::Always, Effect::StaleGroup("apps".into()))]);
    let request = Request::get("/apis")
        .header("accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
        .body(Full::new(Bytes::new()))
        .unwrap();
    let mut sandbox = cluster.sandbox.clone();
    let body = cluster.runtime.block_on(async move {
        sandbox.call(request).await.unwrap().into_body().collect().await.unwrap().to_bytes()
    });
    let body: Value = serde_json::from_slice(&body).unwrap();
    let apps = body["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["metadata"]["name"] == "apps")
        .unwrap();
    assert_eq!(apps["versions"][0]["freshness"], "Stale");
}

#[test]
fn watches_break_or_expire() {
    let path = "/api/v1/namespaces/default/configmaps?watch=1";
    let dropped = TestCluster::with(vec![fault("configmaps", When::Always, Effect::DropWatch)]);
    assert!(dropped.raw("GET", path, "", &Value::Null).is_err());
    let gone = TestCluster::with(vec![fault("configmaps", When::Always, Effect::Gone)]);
    assert_eq!(gone.get(path)["object"]["code"], 410);
}
