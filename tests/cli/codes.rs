//! Error codes have one spelling each, all of them are made somewhere, and docs/troubleshooting.md
//! lists them with the exit codes that they come with.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use regex::Regex;

use crate::layering::sources;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Lists the variants of `Code` with their words.
fn declared() -> Vec<(String, String)> {
    let text = read("src/workload/error/code.rs");
    let list = text.split("\ncodes! {").nth(1).unwrap();
    let entry = Regex::new(r#"(\w+) "([^"]+)","#).unwrap();
    entry.captures_iter(list).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

/// Lists the codes that the program names, with the exit codes that can be told from the text
/// before: `Error::usage(Code::…`, `ErrorKind::Locked, Code::…`.
fn made() -> BTreeMap<String, BTreeSet<u8>> {
    let code = Regex::new(r"\bCode::(\w+)").unwrap();
    let class = Regex::new(r"(Error::|Self::|ErrorKind::|Problem::)(\w+)(\(|,)$").unwrap();
    let mut made: BTreeMap<String, BTreeSet<u8>> = BTreeMap::new();
    for source in sources().iter().filter(|source| source.path != "workload/error/code.rs") {
        for found in code.captures_iter(&source.code) {
            let exits = made.entry(found[1].to_owned()).or_default();
            let before = source.code[..found.get(0).unwrap().start()].trim_end();
            let Some(class) = class.captures(before) else { continue };
            exits.extend(match &class[2] {
                "failed" | "Failed" => Some(1),
                "usage" | "Usage" => Some(2),
                // What is wrong at a place of a text is always a mistake in the input.
                "new" if &class[1] == "Problem::" => Some(2),
                "NotReady" => Some(3),
                "refused" | "Refused" => Some(5),
                "Locked" => Some(6),
                "runtime" | "Runtime" => Some(7),
                "Interrupted" => Some(130),
                "Terminated" => Some(143),
                _ => None,
            });
        }
    }
    made
}

/// Lists the rows of the page: the word, the exit codes, and the columns of text.
fn rows() -> Vec<(String, BTreeSet<u8>, [String; 2])> {
    let page = read("docs/troubleshooting.md");
    let tables = page.split("\n## Error codes").nth(1).unwrap();
    let rows = tables.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [word, exits, when, what] = cells[..] else { panic!("four columns: {row}") };
        let exits = exits.split(", ").map(|exit| exit.parse().unwrap()).collect();
        (word.trim_matches('`').to_owned(), exits, [when.to_owned(), what.to_owned()])
    })
    .collect()
}

#[test]
fn a_word_is_spelled_as_its_variant() {
    let capital = Regex::new("[A-Z]").unwrap();
    let mut words = BTreeSet::new();
    for (variant, word) in declared() {
        let kebab = capital.replace_all(&variant, "-$0").to_lowercase();
        assert_eq!(kebab.trim_start_matches('-'), word, "{variant}");
        assert!(words.insert(word.clone()), "{word} is there twice");
    }
    assert!(words.len() > 100, "{}", words.len());
}

#[test]
fn every_code_is_made() {
    let made = made();
    let idle: Vec<_> =
        declared().into_iter().filter(|(variant, _)| !made.contains_key(variant)).collect();
    assert!(idle.is_empty(), "never made: {idle:?}");
}

#[test]
fn the_page_lists_every_code_once_and_no_other() {
    let rows = rows();
    let listed: Vec<&str> = rows.iter().map(|(word, ..)| &**word).collect();
    let unique: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(unique.len(), listed.len(), "a code is there twice: {listed:?}");
    let declared = declared();
    let words: BTreeSet<&str> = declared.iter().map(|(_, word)| &**word).collect();
    assert_eq!(unique, words);
    for (word, _, [when, _]) in &rows {
        assert!(!when.is_empty(), "{word}: when does it come?");
    }
}

#[test]
fn the_page_has_the_exit_codes_that_are_made() {
    let (made, declared) = (made(), declared());
    for (word, exits, _) in rows() {
        let (variant, _) = declared.iter().find(|(_, known)| *known == word).unwrap();
        let missing: Vec<_> = made[variant].difference(&exits).collect();
        assert!(missing.is_empty(), "{word} comes with {missing:?}, too");
    }
}
