//! kubectl's answers to hard inputs: what it sends for them, or that it refuses them. Each line
//! of `data/yaml-golden.jsonl` is one case, recorded from kubectl 1.36.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::workload::{definition::SourceFile, manifest, yaml};

/// Where we refuse what kubectl sends, with the code of our error: data would be lost or changed
/// without a word.
const STRICTER: [(&str, &str); 17] = [
    ("-9223372036854775809", "inexact-number"),
    ("18446744073709551615", "inexact-number"),
    ("{y: 1, n: 2}", "invalid-key"),
    ("key yes", "invalid-key"),
    ("key y", "invalid-key"),
    ("key n", "invalid-key"),
    ("key 0644", "invalid-key"),
    ("key 0x10", "invalid-key"),
    ("key 1.0", "invalid-key"),
    ("key 123456789.125", "invalid-key"),
    ("dup keys", "duplicate-key"),
    ("dup keys int/str", "duplicate-key"),
    ("dup top-level kind", "duplicate-key"),
    ("dup in flow map", "duplicate-key"),
    ("merge after key", "merge-order"),
    ("... then doc w/o ---", "dropped-content"),
    ("JSON dup keys", "duplicate-key"),
];

/// Reads a line, by our own reader where serde_json refuses the depth of nesting.
fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| yaml::read(line).documents.remove(0).value)
}

#[test]
fn every_case_is_answered_as_kubectl_answers_it() {
    let stricter = BTreeMap::from(STRICTER);
    let cases = include_str!("data/yaml-golden.jsonl");
    let mut wrong = Vec::new();
    let mut strict = Vec::new();
    for line in cases.lines() {
        let case = parse(line);
        let name = case["name"].as_str().expect("every case has a name");
        let text = case["input"].as_str().expect("every case has an input").to_owned();
        let expected = case["accepted"].as_bool().expect("known").then(|| case["objects"].clone());
        let files = vec![SourceFile { name: name.to_owned(), text: text.into() }];
        let loaded = manifest::load(files)
            .and_then(|loaded| loaded.require_objects().map_err(|error| vec![error]));
        let found = match &loaded {
            Ok(loaded) => Some(loaded.content.objects.iter().map(|o| (*o.body).clone()).collect()),
            Err(_) => None,
        };
        match (stricter.get(name), expected == found) {
            (None, true) => {}
            (Some(code), false) if found.is_none() => {
                let errors = loaded.expect_err("nothing was found");
                strict.push(name.to_owned());
                if errors[0].code.word() != *code {
                    wrong.push(format!("{name}: {errors:?} instead of {code}"));
                }
            }
            _ => {
                wrong.push(format!("{name}: {found:?} instead of {expected:?}: {:?}", loaded.err()))
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(strict.len(), stricter.len(), "a name of the table is in no case, or in several");
}

/// Mutations of hard inputs with what the YAML reader of kubectl's libraries (apimachinery 0.36,
/// sigs.k8s.io/yaml 1.6) makes of each: its documents, or nothing where it refuses. `stricter` is
/// the code of our problem where we refuse what it takes.
#[test]
fn mutations_are_read_as_kubectl_reads_them() {
    let wrong: Vec<_> = include_str!("data/yaml-mutations.jsonl")
        .lines()
        .map(parse)
        .filter_map(|case| {
            let reading = yaml::read(case["input"].as_str().expect("every case has an input"));
            let found: Vec<_> = reading.documents.into_iter().map(|d| d.value).collect();
            let codes: Vec<_> =
                reading.problems.iter().map(|problem| problem.code.word()).collect();
            let right = match (case["stricter"].as_str(), &case["docs"]) {
                (Some(code), _) => codes.first() == Some(&code),
                (None, Value::Null) => !codes.is_empty(),
                (None, documents) => codes.is_empty() && *documents == Value::Array(found.clone()),
            };
            (!right).then(|| format!("{case}: {found:?} {codes:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
