use crate::workload::error::Code;
use serde_json::{Value, json};

use super::*;

fn values(text: &str) -> Vec<Value> {
    let Reading { documents, problems } = read(text);
    assert_eq!(problems, [], "{text:?}");
    documents.into_iter().map(|document| document.value).collect()
}

fn problems(text: &str) -> Vec<(&'static str, String)> {
    read(text).problems.into_iter().map(|p| (p.code.word(), p.position.to_string())).collect()
}

#[test]
fn documents_become_values() {
    for (text, expected) in [
        ("", json!([])),
        ("# c\n", json!([])),
        ("---\n---\n~\n", json!([])),
        ("a: 1\n---\nb: yes\n", json!([{"a": 1}, {"b": true}])),
        ("a: 1.0\nb: 1e3\nc: 0.5\nd: -0.0\n", json!([{"a": 1, "b": 1000, "c": 0.5, "d": 0}])),
        (
            "a: &x {b: c}\nd: *x\ne:\n  <<: *x\n  f: g\n",
            json!([{"a": {"b": "c"}, "d": {"b": "c"}, "e": {"b": "c", "f": "g"}}]),
        ),
        ("a:\n  <<: [{b: 1}, {b: 2, c: 3}]\n", json!([{"a": {"b": 1, "c": 3}}])),
        ("a:\n  <<: {b: 1}\n  b: 2\n", json!([{"a": {"b": 2}}])),
        ("a:\n  b: 1\n  <<: {b: 1, c: 2}\n", json!([{"a": {"b": 1, "c": 2}}])),
        ("80: x\n1.5: w\ntrue: z\n", json!([{"80": "x", "1.5": "w", "true": "z"}])),
        (
            "a: !!binary aGk=\nb: !!str 1\nc: !x 1\nd: !!int '1'\n",
            json!([{"a": "hi", "b": "1", "c": "1", "d": 1}]),
        ),
        ("a: |+\n  x\n\nb: >-\n  y\n  z", json!([{"a": "x\n\n", "b": "y z"}])),
        ("a: 1e20\nb: 1e23\n", json!([{"a": 1e20, "b": 1e23}])),
        ("{\"a\":1}{\"b\":\"\\ud83d\\ude00\\n\"} null", json!([{"a": 1}, {"b": "😀\n"}])),
        // What begins with `{` and is no JSON is YAML; `---` behind one JSON value ends the JSON.
        ("{\n  a: 1,\n  b: [x,], # c\n}\n---\n{a: 2}\n", json!([{"a": 1, "b": ["x"]}, {"a": 2}])),
        ("{\"a\": 1}\n---\n", json!([{"a": 1}])),
        (
            "{\"a\":1}\r\n--- # c\r\nb: yes\r\n---\n{\"c\": 3}",
            json!([{"a": 1}, {"b": true}, {"c": 3}]),
        ),
        ("{\"a\":1} ---\nb: yes\n", json!([{"a": 1}, {"b": true}])),
        ("{\"a\":1}\n{b: 2}\n", json!([{"a": 1}, {"b": 2}])),
        (
            "{\"a\":\"\\ud83dx\",\"b\":1.0,\"c\":1e3,\"d\":-0}",
            json!([{"a": "\u{fffd}x", "b": 1, "c": 1000, "d": 0}]),
        ),
    ] {
        assert_eq!(Value::Array(values(text)), expected, "{text:?}");
    }
}

#[test]
fn what_would_be_lost_is_a_problem_with_its_place() {
    for (text, expected) in [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", vec![("duplicate-key", "4:3")]),
        ("a: 1\n'a': 2\na: 3\n", vec![("duplicate-key", "2:1"), ("duplicate-key", "3:1")]),
        ("1: x\n\"1\": y\n", vec![("duplicate-key", "2:1")]),
        ("{\"a\":1,\n \"a\":2}", vec![("duplicate-key", "2:2")]),
        ("y: 1\n", vec![("invalid-key", "1:1")]),
        ("a: {on: 1}\n", vec![("invalid-key", "1:5")]),
        ("0644: 1\n", vec![("invalid-key", "1:1")]),
        ("1.20: 1\n", vec![("invalid-key", "1:1")]),
        ("~: 1\n", vec![("invalid-key", "1:1")]),
        ("[a]: 1\n", vec![("invalid-key", "1:1")]),
        ("18446744073709551615: 1\n", vec![("invalid-key", "1:1")]),
        ("a: 18446744073709551615\n", vec![("inexact-number", "1:4")]),
        ("a: 0xFFFFFFFFFFFFFFFF\n", vec![("inexact-number", "1:4")]),
        ("{\"a\": 18446744073709551615}\n", vec![("inexact-number", "1:7")]),
        ("a: .nan\n", vec![("invalid-number", "1:4")]),
        ("{\"a\": 1e400}", vec![("invalid-number", "1:7")]),
        ("a: 1\n...\nb: 2\n", vec![("dropped-content", "3:1")]),
        ("{a: 1}\nb: 2\n", vec![("dropped-content", "2:1")]),
        ("# c\n{a: 1}\nb: 2\n", vec![("dropped-content", "3:1")]),
        ("a:\n  b: 1\n  <<: {b: 2}\n", vec![("merge-order", "3:3")]),
        ("a:\n  <<: 1\n", vec![("invalid-yaml", "2:3")]),
        ("a: *x\n", vec![("unknown-anchor", "1:4")]),
        ("a: &x [*x]\n", vec![("invalid-yaml", "1:8")]),
        ("a: !!int x\n", vec![("invalid-yaml", "1:4")]),
        ("a: !!binary /w==\n", vec![("lost-bytes", "1:4")]),
        (
            "a: 1\n--- b\nc: 1\n---\nd: [\n",
            vec![("invalid-separator", "2:5"), ("invalid-yaml", "6:1")],
        ),
        ("a: \"\u{1}\"\n", vec![("invalid-yaml", "1:5")]),
        ("{\"a\": 1}\n{\"b\": 2}\n---\nc: 3\n", vec![("invalid-json", "3:1")]),
        ("{\"a\": 1}\n---", vec![]),
        ("{\"a\": 1}---", vec![("invalid-json", "1:9")]),
        ("{a}", vec![("invalid-json", "1:2")]),
        (
            "{\"a\": 1}\n---\nb: [\n---\nc: 1\nc: 2\n",
            vec![("invalid-yaml", "4:1"), ("duplicate-key", "6:1")],
        ),
        ("{\"a\": 1 \"b\": 2}", vec![("invalid-json", "1:9")]),
        ("{\"a\": 1, \"a\": 2,}", vec![("duplicate-key", "1:10")]),
        ("{\n  # c\n  a: [1\n}\n", vec![("invalid-yaml", "4:1")]),
        ("{\"é\": x}}", vec![("dropped-content", "1:9")]),
        ("{\"é\": 1} --- b\n", vec![("invalid-separator", "1:14")]),
        ("{\"a\": \"\\q\"}", vec![("invalid-json", "1:8")]),
        ("{\"a\": \"", vec![("invalid-json", "1:8")]),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(code, place)| (code, place.to_owned())).collect();
        assert_eq!(problems(text), expected, "{text:?}");
    }
}

#[test]
fn templates_are_named() {
    for (text, place, shown) in [
        ("a: {{ .Values.x }}\n", "1:4", "{{ .Values.x }}"),
        ("a: {{ .Values.x }}-y\nb: 1\n", "1:4", "{{ .Values.x }}"),
        ("a: 1\n{{- if .b }}\nc: 2\n{{- end }}\n", "2:1", "{{- if .b }}"),
        ("{{- if .b }}\nc: 2\n{{- end }}\n", "1:1", "{{- if .b }}"),
        ("a:\n  {{- toYaml .x | nindent 2 }}\n", "2:3", "{{- toYaml .x | nindent 2 }}"),
        ("a: [x, {{ y }}]\n", "1:8", "{{ y }}"),
        ("{\"a\": {{ .x }}}", "1:7", "{{ .x }}"),
        ("a: {{ include \"x\" . | quote }}\n", "1:4", "{{ include \"x\" . | quote }}"),
    ] {
        let problem = read(text).problems.remove(0);
        assert_eq!(problem.code, Code::UnfilledTemplate, "{text:?}: {problem:?}");
        assert_eq!(problem.position.to_string(), place, "{text:?}");
        assert_eq!(problem.message, format!("unfilled template `{shown}`"));
    }
    let other = "a:\n  b: |\n    {{ x }}\n c: '{{ x }}'\n d: 1 # {{ x }}\n";
    assert_eq!(problems(other), [("invalid-yaml", "4:2".to_owned())]);
    for text in ["a: '{{ x }}'\n", "a: |\n  {{ x }}\n", "a: 1 # {{ x }}\n", "a: x-{{ y }}\n"] {
        assert_eq!(problems(text), [], "{text:?}");
    }
}

#[test]
fn bombs_and_absurd_sizes_are_refused() {
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        let previous = vec![format!("*a{}", level - 1); 9].join(",");
        bomb.push_str(&format!("a{level}: &a{level} [{previous}]\n"));
    }
    assert_eq!(problems(&bomb)[0].0, "expansion-bomb");

    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 65].join(", "));
    assert_eq!(problems(&long)[0].0, "expansion-bomb");

    let deep = |depth| format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(problems(&deep(DEPTH_LIMIT - 1)), []);
    assert_eq!(problems(&deep(100_000))[0].0, "too-deep");
    let json = format!("{{\"a\":{}", "[".repeat(100_000));
    assert_eq!(problems(&json)[0].0, "too-deep");
    let mut chain = format!("a0: &a0 {}{}\n", "[".repeat(400), "]".repeat(400));
    chain.push_str(&format!("b: {}*a0{}\n", "[".repeat(400), "]".repeat(400)));
    assert_eq!(problems(&chain), [("too-deep", "1:120".to_owned())]);

    assert_eq!(problems(&" ".repeat(TEXT_LIMIT + 1))[0].0, "too-large");
    let repeated = "a: 1\n".repeat(1000);
    assert_eq!(problems(&repeated).len(), PROBLEM_LIMIT);
}

#[test]
fn nodes_know_their_places() {
    let text = "# c\na: &x\n- b: 1\n---\nc:\n  <<: {d: 2}\n  é: [1, 'f']\n";
    let Reading { documents, .. } = read(text);
    let place = |node: YamlNode<'_>| node.position().to_string();
    let first = documents[0].root();
    assert_eq!(place(first), "2:1");
    assert_eq!(place(first.field("a").unwrap().items()[0]), "3:3");
    let c = documents[1].root().field("c").unwrap();
    assert_eq!(place(c.field("d").unwrap()), "6:11");
    let items = c.field("é").unwrap().items();
    assert_eq!(place(items[1]), "7:10");
    assert_eq!(items[1].text(), Some("f"));
}

/// A list whose items are given one by one is the same list.
#[test]
fn items_one_by_one_are_those_of_the_whole() {
    for text in [
        "{\"kind\": \"List\", \"items\": [{\"a\": 1}, null, [2], {\"a\": 1, \"a\": 2}], \"items\": []}",
        "items:\n- a: 1\n- b: {c: d}\nkind: PodList\n",
        "items: []\n---\nitems: {a: 1}\n---\nitems: x\n---\nitems:\n",
        "items:\n- &a {b: 1}\n- *a\n",
        "items: &a\n- b: 1\nmore: *a\n",
        "items:\n- {a: 1, a: 2}\n- {? [x] : y}\n- 1.00000000000000000001\n",
        "kind: SecretList\nitems:\n- {password: x, password: y}\n",
    ] {
        let Reading { documents, problems } = read(text);
        let whole: Vec<Value> = documents.into_iter().map(|document| document.value).collect();
        let (mut parts, mut told) = (Vec::new(), Vec::new());
        told.extend(read_apart(text, &mut |mut document| {
            let mut items = Vec::new();
            let problems = document.items(&mut |item, node| {
                assert!(node.position() >= document.root().position());
                items.push(item);
            });
            if !items.is_empty() && problems.is_empty() {
                document.value["items"] = items.into();
            }
            parts.push((document.value, problems));
        }));
        let (parts, of_items): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        told.extend(of_items.into_iter().flatten());
        told.sort_by_key(|problem| problem.position);
        assert_eq!(told, problems, "{text}");
        assert!(parts == whole || !problems.is_empty(), "{text}: {parts:?} {whole:?}");
    }
}
