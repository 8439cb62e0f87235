use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::workload::yaml;

fn read(text: &str) -> Value {
    let reading = yaml::read(text);
    assert_eq!(reading.problems, [], "{text}");
    let mut documents = reading.documents;
    assert!(documents.len() < 2, "{text}");
    documents.pop().map_or(Value::Null, |document| document.value)
}

#[test]
fn objects_look_as_people_write_them() {
    let value = json!({
        "data": {"a": "x\ny\n", "b": "x\ny", "c": "x\n\ny\n\n\n", "d": "", "e": "- x", "f": "a: b"},
        "kind": "A", "metadata": {"name": "a", "labels": {}}, "apiVersion": "v1",
        "list": [1, [2, [3]], {"a": true, "b": [null]}, [], "x\ny"], "n": 1.5,
    });
    let expected = r#"apiVersion: v1
kind: A
metadata:
  labels: {}
  name: a
data:
  a: |
    x
    y
  b: |-
    x
    y
  c: |+
    x

    y


  d: ""
  e: '- x'
  f: 'a: b'
list:
- 1
- - 2
  - - 3
- a: true
  b:
  - null
- []
- |-
  x
  y
"n": 1.5
"#;
    assert_eq!(emit(&value), expected);
    assert_eq!(read(expected), value);
}

#[test]
fn texts_are_quoted_where_a_reader_could_mistake_them() {
    for (text, expected) in [
        ("a", "a"),
        ("a b", "a b"),
        ("nginx:1.27", "nginx:1.27"),
        ("1.2.3", "1.2.3"),
        ("--flag=x", "--flag=x"),
        ("-1", "\"-1\""),
        ("yes", "\"yes\""),
        ("N", "\"N\""),
        ("~", "\"~\""),
        ("1_000", "\"1_000\""),
        ("0b+1", "\"0b+1\""),
        ("1e3", "\"1e3\""),
        ("0o7", "\"0o7\""),
        (".5", "\".5\""),
        (".inf", "\".inf\""),
        ("1:30", "\"1:30\""),
        ("2001-01-01", "\"2001-01-01\""),
        ("<<", "\"<<\""),
        ("=", "\"=\""),
        ("1e400", "\"1e400\""),
        ("", "\"\""),
        (" a", "' a'"),
        ("a ", "'a '"),
        ("a:", "'a:'"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("it's", "it's"),
        ("'a", "'''a'"),
        ("{{ x }}", "'{{ x }}'"),
        ("*", "'*'"),
        ("---", "'---'"),
        ("-", "'-'"),
        ("a\tb", "\"a\\tb\""),
        ("a\u{7f}", "\"a\\u007f\""),
        ("\u{feff}a", "\"\\ufeffa\""),
        ("é😀", "é😀"),
    ] {
        assert_eq!(scalar_text(text), expected);
        assert_eq!(read(&emit(&json!({ "k": text }))), json!({ "k": text }));
        assert_eq!(read(&emit(&json!({ text: text }))), json!({ text: text }));
        assert_eq!(read(&emit(&json!(text))), json!(text));
    }
    let long = "k".repeat(2000);
    assert_eq!(read(&emit(&json!([{ &*long: [long] }]))), json!([{ &*long: [long] }]));
}

/// Texts made of what YAML gives a meaning, and of anything else.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        8 => proptest::sample::select(vec![
            " ", "  ", "\n", "\n\n", "\t", "\r", "-", "- ", "?", ":", ": ", " #", "#", "'", "\"", "\\",
            "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "~", "<<", "=", ".", "+",
            "_", "0", "1", "9", "x", "o", "b", "e", "yes", "No", "null", "true", "---", "...", "é",
            "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}", "\u{0}", "\u{7f}", "😀", "word",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter_map("JSON has no such number", yaml::number::number)
            .prop_map(Value::Number),
        (-100i32..100)
            .prop_map(|n| json!(f64::from(n) / 8.0))
            .prop_map(|n| n.as_f64().and_then(yaml::number::number).map_or(n, Value::Number)),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        2 => numbers(),
        6 => texts().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::btree_map(texts(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_written_is_read_back_unchanged(value in values()) {
        prop_assert_eq!(read(&emit(&value)), value);
    }

    #[test]
    fn documents_survive_beside_each_other(values in proptest::collection::vec(values(), 1..4)) {
        let texts: Vec<_> = values.iter().map(emit).collect();
        // A text that begins with `{` is JSON to kubectl, all of it.
        let text = format!("---\n{}", texts.join("---\n"));
        let reading = yaml::read(&text);
        prop_assert_eq!(&reading.problems, &[], "{}", text);
        let found: Vec<_> = reading.documents.into_iter().map(|document| document.value).collect();
        let expected: Vec<_> = values.into_iter().filter(|value| !value.is_null()).collect();
        prop_assert_eq!(found, expected, "{}", text);
    }
}
