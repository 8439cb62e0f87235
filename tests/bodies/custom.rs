//! A definition that says something of everything that a schema can say, and specs that heed it
//! or do not.

use serde_json::{Value, json};

pub(crate) fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gears.differential.test"},
        "spec": {
            "group": "differential.test", "scope": "Namespaced",
            "names": {"plural": "gears", "singular": "gear", "kind": "Gear"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec()}}},
            }],
        },
    })
}

fn spec() -> Value {
    let text = json!({"type": "string"});
    let whole = json!({"type": "integer"});
    json!({"type": "object", "properties": {
        "code": {"type": "string", "pattern": "^[a-z]+-[0-9]{2}$", "minLength": 4, "maxLength": 8},
        "words": {"type": "array", "items": {"type": "string", "pattern": "^\\w+$"}},
        "over": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
        "under": {"type": "number", "maximum": 1, "exclusiveMaximum": true},
        "step": {"type": "number", "minimum": 0.5, "maximum": 9.5, "multipleOf": 0.25},
        "few": {"type": "array", "minItems": 1, "maxItems": 2, "items": text},
        "small": {"type": "object", "minProperties": 1, "maxProperties": 2, "additionalProperties": whole},
        "level": {"type": "integer", "enum": [1, 2, 3]},
        "mode": {"type": "string", "enum": ["on", "off"], "maxLength": 3},
        "when": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "host": {"type": "string", "format": "ipv4"},
        "host6": {"type": "string", "format": "ipv6"},
        "id": {"type": "string", "format": "uuid"},
        "source": {
            "type": "object",
            "properties": {"git": {"type": "object", "properties": {"url": text}}, "image": text, "tag": text},
            "oneOf": [{"required": ["git"]}, {"required": ["image", "tag"]}],
        },
        "target": {
            "type": "object", "properties": {"name": text, "port": whole},
            "anyOf": [
                {"required": ["name"], "properties": {"name": {"pattern": "^[a-z]+$"}}},
                {"required": ["port"], "properties": {"port": {"minimum": 1024}}},
            ],
        },
        "plain": {"type": "string", "not": {"enum": ["none", "null"]}},
        "odd": {"type": "object", "properties": {"a": whole, "b": whole}, "not": {"required": ["a", "b"]}},
        "both": {"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "z$"}]},
        "list": {"type": "array", "items": {
            "type": "object", "properties": {"x": whole, "y": whole},
            "oneOf": [{"required": ["x"]}, {"required": ["y"]}],
        }},
        "share": {
            "x-kubernetes-int-or-string": true, "pattern": "^[0-9]+%$",
            "anyOf": [{"type": "integer"}, {"type": "string"}],
        },
    }})
}

/// Specs, each for an object of its own.
pub(crate) fn specs() -> Vec<Value> {
    vec![
        json!({"code": "ab-12", "over": 0.5, "under": 0.5, "step": 1.75, "few": ["a"], "small": {"a": 1}}),
        json!({"code": "AB-12"}),
        json!({"code": "a-1"}),
        json!({"code": "abcdefg-12"}),
        json!({"code": 12}),
        json!({"code": "", "mode": "loud"}),
        json!({"words": ["fine", "not fine", "x-y"]}),
        json!({"over": 0}),
        json!({"over": -1}),
        json!({"under": 1}),
        json!({"under": 1.5}),
        json!({"step": 0.3}),
        json!({"step": 10.25}),
        json!({"step": 9.5}),
        json!({"few": []}),
        json!({"few": ["a", "b", "c"]}),
        json!({"few": ["a", 1]}),
        json!({"small": {}}),
        json!({"small": {"a": 1, "b": 2, "c": 3}}),
        json!({"small": {"a": "x"}}),
        json!({"level": 4}),
        json!({"level": "1"}),
        json!({"mode": true}),
        json!({"mode": "auto"}),
        json!({"when": "2026-11-24T17:48:22Z"}),
        json!({"when": "soon"}),
        json!({"day": "2026-11-24"}),
        json!({"day": "24.11.2026"}),
        json!({"host": "10.0.0.1"}),
        json!({"host": "10.0.0.256"}),
        json!({"host6": "::1"}),
        json!({"host6": "10.0.0.1"}),
        json!({"id": "936da01f-9abd-4d9d-80c7-02af85c822a8"}),
        json!({"id": "936da01f"}),
        json!({"source": {}}),
        json!({"source": {"git": {"url": "x"}}}),
        json!({"source": {"image": "x"}}),
        json!({"source": {"image": "x", "tag": "1"}}),
        json!({"source": {"image": "x", "tag": "1", "git": {}}}),
        json!({"target": {}}),
        json!({"target": {"name": "abc"}}),
        json!({"target": {"name": "ABC"}}),
        json!({"target": {"name": "ABC", "port": 8080}}),
        json!({"target": {"name": "ABC", "port": 80}}),
        json!({"plain": "none"}),
        json!({"plain": "some"}),
        json!({"odd": {"a": 1}}),
        json!({"odd": {"a": 1, "b": 2}}),
        json!({"both": "a-z"}),
        json!({"both": "a-y"}),
        json!({"both": "b-y"}),
        json!({"list": [{"x": 1}, {"y": 1}, {}, {"x": 1, "y": 2}]}),
        json!({"share": 5}),
        json!({"share": "5%"}),
        json!({"share": "many"}),
        json!({"share": true}),
        json!({"code": "X", "few": [], "source": {}, "plain": "null", "level": 9}),
    ]
}
