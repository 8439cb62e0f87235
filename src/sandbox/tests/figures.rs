//! The figures that the sandbox is to meet, printed; only gross failures fail.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

use super::*;

#[test]
fn many_objects_are_listed_and_applied_in_time() {
    let cluster = TestCluster::new();
    let maps = "/api/v1/namespaces/default/configmaps";
    let body = |number: usize, value: &str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": format!("map-{number}"), "labels": {"app": "figures"}},
            "data": {"key": value, "text": "x".repeat(200)},
        })
    };
    let start = Instant::now();
    for number in 0..1000 {
        assert_eq!(cluster.apply(&format!("{maps}/map-{number}"), "me", &body(number, "a")).0, 201);
    }
    let applied = start.elapsed();
    let start = Instant::now();
    for number in 0..1000 {
        assert_eq!(cluster.apply(&format!("{maps}/map-{number}"), "me", &body(number, "a")).0, 200);
    }
    let again = start.elapsed();
    cluster
        .sandbox
        .server
        .transact(&mut cluster.sandbox.server.state(), true, |world| {
            for number in 1000..10_000 {
                let key = super::super::storage::ObjectKey::new(
                    "/configmaps",
                    "default",
                    &format!("map-{number}"),
                );
                world.put(&key, &mut body(number, "a"))?;
            }
            Ok(())
        })
        .unwrap();
    let start = Instant::now();
    let (code, _, bytes) = cluster
        .raw("GET", &format!("{maps}?labelSelector=app%3Dfigures"), "", &Value::Null)
        .unwrap();
    let listed = start.elapsed();
    assert_eq!(code, 200);
    writeln!(
        io::stderr(),
        "1,000 applies {applied:?}, again {again:?}; list of 10,000 {listed:?}, {} bytes",
        bytes.len()
    )
    .unwrap();
    assert!(listed < Duration::from_secs(5) && applied < Duration::from_secs(30));
}
