//! Data flows one way: an arrow between rooms that ARCHITECTURE.md does not draw, a circle between
//! files, a print outside `output/`, or I/O in the pure domain fails here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

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
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) code: String,
}

impl Source {
    fn top(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Reads every source file that is compiled into the program.
pub(crate) fn sources() -> Vec<Source> {
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

/// Cuts what is behind `#[cfg(test)] mod tests {`, which stands last in a file (`mod tests;` may
/// stand at its head), the door for the suites in `tests/`, and comments.
fn without_tests_and_comments(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let (before, door) = text[..end].split_once("pub mod testing {").unwrap_or((&text[..end], ""));
    let after = door.split_once("\n}\n").map_or("", |(_, after)| after);
    let lines = before.lines().chain(after.lines());
    lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// A module's path: `ops`, `deploy`, `prepare`.
type Module = Vec<String>;

impl Source {
    /// Gives the module that the file is.
    fn module(&self) -> Module {
        let path = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').filter(|part| *part != "lib").map(str::to_owned).collect()
    }

    /// Lists every path that the file names after `crate::`, `super::` or `self::`, from the root.
    fn named(&self) -> BTreeSet<Module> {
        let mut named = BTreeSet::new();
        for (start, up) in [("crate::", None), ("self::", Some(0)), ("super::", Some(1))] {
            for (at, _) in self.code.match_indices(start) {
                if self.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                {
                    continue;
                }
                let mut rest = &self.code[at + start.len()..];
                let mut base = self.module();
                match up {
                    None => base.clear(),
                    Some(up) => base.truncate(base.len().saturating_sub(up)),
                }
                while let Some(after) = rest.strip_prefix("super::") {
                    (rest, _) = (after, base.pop());
                }
                let mut leaves = Vec::new();
                tree(rest, &base, &mut leaves);
                named.extend(leaves);
            }
        }
        named
    }
}

/// The arrows between files: who names whom. What a file names of its own parents is left out: a
/// room and its door are one.
fn arrows(sources: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let files: BTreeMap<Module, &str> =
        sources.iter().map(|source| (source.module(), &*source.path)).collect();
    let mut arrows = BTreeMap::new();
    for source in sources {
        let module = source.module();
        let targets = source.named().into_iter().filter_map(|path| {
            let lengths = (1..=path.len()).rev();
            let mut found = lengths.filter_map(|length| files.get_key_value(&path[..length]));
            let (target, file) = found.next()?;
            (!module.starts_with(target)).then_some(*file)
        });
        arrows.insert(&*source.path, targets.collect::<BTreeSet<_>>());
    }
    arrows
}

/// Takes away whoever names nobody that is left, and whom nobody names that is left: what remains
/// goes in circles.
fn circles<'a>(mut arrows: BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<String> {
    loop {
        let named: BTreeSet<&str> = arrows.values().flatten().copied().collect();
        let here: BTreeSet<&str> = arrows.keys().copied().collect();
        let before = arrows.len();
        arrows.retain(|file, targets| {
            targets.retain(|target| here.contains(target));
            !targets.is_empty() && named.contains(file)
        });
        if arrows.len() == before {
            let told = |(file, targets): (&str, BTreeSet<&str>)| {
                format!("{file} -> {}", targets.into_iter().collect::<Vec<_>>().join(", "))
            };
            return arrows.into_iter().map(told).collect();
        }
    }
}

/// Reads the arrows between the top-level modules that ARCHITECTURE.md draws, a line for each
/// module: `store → workload`; of a file or of single files, `a/b.rs → c` and `a → b/{c, d}`.
fn drawn() -> BTreeSet<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = fs::read_to_string(page).unwrap();
    let mut drawn = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("    ")) {
        let Some((from, targets)) = line.split_once(" → ") else { continue };
        let (from, targets) = (from.trim(), targets.split(" (").next().unwrap());
        for target in targets.split(", ") {
            drawn.insert((from.to_owned(), target.trim().to_owned()));
        }
    }
    drawn
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
fn the_arrows_are_those_that_the_architecture_draws() {
    let sources = sources();
    let drawn = drawn();
    let mut found = BTreeSet::new();
    for (file, targets) in arrows(&sources) {
        let top = |path: &str| path.split(['/', '.']).next().unwrap().to_owned();
        for target in targets {
            // As it is drawn: file to room, room to file, or room to room.
            let ways = [
                (file.to_owned(), top(target)),
                (top(file), target.to_owned()),
                (top(file), top(target)),
            ];
            let way = ways.iter().find(|way| drawn.contains(way)).unwrap_or(&ways[2]);
            if way.0 != way.1 {
                found.insert(way.clone());
            }
        }
    }
    assert_eq!(found, drawn, "left: the code; right: ARCHITECTURE.md");
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    let sources = sources();
    assert_eq!(circles(arrows(&sources)), Vec::<String>::new());
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
                workload};\nuse super::super::a::{self, B};\nfn x() { self::c::y(super::z) }";
    let source = Source { path: "ops/deploy/start.rs".to_owned(), code: code.to_owned() };
    let names: Vec<String> = source.named().into_iter().map(|path| path.join("::")).collect();
    assert_eq!(
        names,
        [
            "ops::a::B",
            "ops::a::self",
            "ops::deploy::start::c::y",
            "ops::deploy::z",
            "ops::report::Ask",
            "ops::report::Event",
            "ops::view::Operation",
            "store::Store",
            "workload"
        ]
    );
}

#[test]
fn circles_are_found() {
    let of = |arrows: &[(&'static str, &[&'static str])]| {
        circles(arrows.iter().map(|(file, to)| (*file, to.iter().copied().collect())).collect())
    };
    assert_eq!(of(&[("a", &["b"]), ("b", &["c"]), ("c", &[])]), Vec::<String>::new());
    assert_eq!(of(&[("a", &["b", "d"]), ("b", &["a"]), ("d", &[])]), ["a -> b", "b -> a"]);
}
