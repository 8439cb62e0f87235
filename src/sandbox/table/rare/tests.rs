//! What only a cluster's controllers or its logins would fill; the rest is compared with a real
//! server's (`tests/e2e/clients.rs`).

use super::*;

fn cells(kind: &str, mut object: Value) -> Vec<Value> {
    object["metadata"] = json!({"name": "n", "creationTimestamp": "2026-01-01T00:00:00Z"});
    let now = "2026-01-01T00:00:07Z".parse().unwrap();
    let printed = TABLES.iter().find(|known| known.kind == kind).unwrap();
    let cells = (printed.cells)(&Row { object: &object, now });
    assert_eq!(cells.len(), printed.columns.split(',').count(), "{kind}");
    cells
}

#[test]
fn what_others_fill_is_shown_as_the_server_shows_it() {
    let condition = |kind: &str| json!({"conditions": [{"type": kind, "status": "True"}]});
    let issued = json!({"conditions": [{"type": "Approved"}], "certificate": "Yw=="});
    let addresses = json!([{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]);
    for (kind, object, expected) in [
        (
            "ResourceQuota",
            json!({"status": {"hard": {"limits.cpu": "2", "pods": "3"}, "used": {"pods": "1"}}}),
            json!(["n", "pods: 1/3", "limits.cpu: 0/2", "7s"]),
        ),
        ("Endpoints", json!({}), json!(["n", "<none>", "7s"])),
        (
            "Endpoints",
            json!({"subsets": [{"addresses": addresses, "ports": [{"port": 80}, {"port": 81}]}]}),
            json!(["n", "192.0.2.1:80,[2001:db8::1]:80,192.0.2.1:81 + 1 more...", "7s"]),
        ),
        (
            "FlowSchema",
            json!({"spec": {"matchingPrecedence": 1}, "status": condition("Dangling")}),
            json!(["n", "", 1, "<none>", "7s", "True"]),
        ),
        (
            "CertificateSigningRequest",
            json!({"spec": {"signerName": "a/b", "username": "u"}, "status": issued}),
            json!(["n", "7s", "a/b", "u", "<none>", "Approved,Issued"]),
        ),
        (
            "CertificateSigningRequest",
            json!({"spec": {"expirationSeconds": 600}, "status": condition("Failed")}),
            json!(["n", "7s", "<none>", "", "10m", "Pending,Failed"]),
        ),
        (
            "ResourceClaim",
            json!({"status": {"allocation": {}, "reservedFor": [{}]}}),
            json!(["n", "allocated,reserved", "7s"]),
        ),
        (
            "MutatingAdmissionPolicy",
            json!({"spec": {"paramKind": {"apiVersion": "v1", "kind": "K"}, "mutations": [{}]}}),
            json!(["n", 1, "v1/K", "7s"]),
        ),
        (
            "EndpointSlice",
            json!({"ports": [{}, {"name": "http"}], "endpoints": []}),
            json!(["n", "", "*,http", "<unset>", "7s"]),
        ),
    ] {
        assert_eq!(json!(cells(kind, object)), expected, "{kind}");
    }
}
