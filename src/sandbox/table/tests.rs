//! The small parts of tables; the whole is compared with a real server's (`tests/e2e/clients.rs`).

use serde_json::json;

use super::{age, path, row};

#[test]
fn spans_are_those_of_kubectl() {
    for (seconds, expected) in [
        (-5, "<invalid>"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (179 * 60, "179m"),
        (180 * 60, "3h"),
        (7 * 3600 + 60, "7h1m"),
        (47 * 3600, "47h"),
        (49 * 3600, "2d1h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (731 * 86400, "2y1d"),
        (3000 * 86400, "8y"),
    ] {
        assert_eq!(age::span(seconds), expected, "{seconds}");
    }
}

#[test]
fn paths_find_what_they_name() {
    let object = json!({
        "metadata": {"labels": {"a.b/c": "d"}}, "list": [{"n": 1, "k": "x]y"}, {"n": 2}],
    });
    for (text, expected) in [
        (".list[0].n", json!([1])),
        (".list[*].n", json!([1, 2])),
        (".list[?(@.n==2)].n", json!([2])),
        (".list[?(@.k==\"x]y\")].n", json!([1])),
        (".metadata.labels.a\\.b/c", json!(["d"])),
        (".metadata.labels['a.b/c']", json!(["d"])),
        (".nothing.there", json!([])),
        (".list[7]", json!([])),
        (".list[", json!([])),
    ] {
        assert_eq!(json!(path::find(&object, text)), expected, "{text}");
    }
}

#[test]
fn selectors_are_written_as_they_are_typed() {
    let selector = json!({
        "matchLabels": {"b": "1"},
        "matchExpressions": [
            {"key": "c", "operator": "In", "values": ["z", "y"]},
            {"key": "a", "operator": "DoesNotExist"},
        ],
    });
    assert_eq!(row::selector(&selector), "!a,b=1,c in (y,z)");
    assert_eq!(row::selector(&json!({})), "<none>");
}
