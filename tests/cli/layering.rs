//! Data flows one way: a `use` that points the wrong way, a print outside `output/`, or I/O in
//! the pure domain fails here.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Which top-level modules a top-level module may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("lib", &["cli", "commands", "env", "output", "workload"]),
    ("main", &[]),
    ("env", &["workload"]),
    ("cli", &["commands", "output"]),
    ("commands", &["cli", "env", "ops", "store", "output", "workload"]),
    ("output", &["workload", "ops::events", "ops::view", "ops::stop"]),
    ("ops", &["workload", "store", "cluster", "env"]),
    ("store", &["workload"]),
    ("cluster", &["workload", "env"]),
    ("workload", &["schema"]),
    ("sandbox", &["schema"]),
    ("schema", &[]),
];

/// What the pure domain must not touch.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
    "tokio::",
    "kube::",
    "rusqlite",
    "async fn",
    "Uuid::",
];

/// A source file: its path from `src/`, and its code without tests and comments.
struct Source {
    path: String,
    code: String,
}

impl Source {
    fn top(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    files.sort();
    files
        .iter()
        .map(|path| (path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(path, _)| !is_test(path))
        .map(|(path, file)| Source {
            path,
            code: without_tests_and_comments(&fs::read_to_string(file).unwrap()),
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Tells whether a file is compiled only for tests.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| ["tests", "tests.rs", "stub", "stub.rs"].contains(&part))
}

/// Cuts what is behind `#[cfg(test)] mod tests`, which stands last in a file, the door for the
/// suites in `tests/`, and comments.
fn without_tests_and_comments(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let (before, door) = text[..end].split_once("pub mod testing {").unwrap_or((&text[..end], ""));
    let after = door.split_once("\n}\n").map_or("", |(_, after)| after);
    before
        .lines()
        .chain(after.lines())
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Finds what is named after `crate::`, as far as two segments: `ops`, `ops::view`.
fn named(code: &str) -> BTreeSet<(String, Option<String>)> {
    let mut leaves = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        tree(&code[at + "crate::".len()..], &[], &mut leaves);
    }
    leaves.into_iter().map(|path| (path[0].clone(), path.get(1).cloned())).collect()
}

/// Expands the tree of paths at the start of a text; gives where it ends.
fn tree(text: &str, prefix: &[String], leaves: &mut Vec<Vec<String>>) -> usize {
    let start = text.len() - text.trim_start().len();
    if let Some(inner) = text[start..].strip_prefix('{') {
        let end = start + 1 + closing(inner);
        let mut at = start + 1;
        while at < end {
            at += tree(&text[at..end], prefix, leaves) + 1;
        }
        return end + 1;
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '*';
    let length = text[start..].find(|c| !is_name(c)).unwrap_or(text.len() - start);
    let mut path = prefix.to_vec();
    path.push(text[start..start + length].to_owned());
    let after = start + length;
    if text[after..].starts_with("::") {
        return after + 2 + tree(&text[after + 2..], &path, leaves);
    }
    if length > 0 {
        leaves.push(path);
    }
    // As far as the comma: `name as other`, blanks.
    after + text[after..].find([',', ';', '}']).unwrap_or(text.len() - after)
}

/// Finds the brace that closes the one before the text.
fn closing(inner: &str) -> usize {
    let mut depth = 1;
    for (at, c) in inner.char_indices() {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        if depth == 0 {
            return at;
        }
    }
    inner.len()
}

#[test]
fn nothing_points_the_wrong_way() {
    let mut wrong = Vec::new();
    for source in sources() {
        let top = source.top();
        let Some((_, may)) = MAY_NAME.iter().find(|(module, _)| *module == top) else {
            wrong.push(format!("{}: the module {top} has no place in the order", source.path));
            continue;
        };
        for (module, second) in named(&source.code) {
            let both = format!("{module}::{}", second.unwrap_or_default());
            let known = MAY_NAME.iter().any(|(known, _)| *known == module);
            let connects = module == "sandbox" && source.path == "cluster/connect.rs";
            let allowed = may.contains(&module.as_str()) || may.contains(&both.as_str());
            if known && module != top && !connects && !allowed {
                wrong.push(format!("{}: names crate::{both}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_output_prints() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.top() != "output") {
        for word in ["println!", "print!", "io::stdout", "io::stderr", "dbg!"] {
            if source.code.contains(word) {
                wrong.push(format!("{}: {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| ["workload", "schema"].contains(&source.top())) {
        for word in IMPURE {
            if source.code.contains(word) {
                wrong.push(format!("{}: {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = sources()
        .into_iter()
        .map(|source| source.path)
        .filter(|path| !fs::read_to_string(root().join(path)).unwrap().starts_with("//!"))
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn paths_are_expanded() {
    let code = "use crate::{ops::{report::{Ask, Event as E}, view::Operation}, store::Store, \
                workload};\nfn x() { crate::cluster::connect::y() }";
    let names: Vec<String> = named(code)
        .into_iter()
        .map(|(one, two)| two.map_or(one.clone(), |two| format!("{one}::{two}")))
        .collect();
    assert_eq!(names, ["cluster::connect", "ops::report", "ops::view", "store::Store", "workload"]);
}
