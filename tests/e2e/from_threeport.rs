//! docs/from-threeport.md: our commands in it work, and none of `tptctl` is missing.

use std::path::Path;

use regex::Regex;

use crate::{
    docs,
    harness::{Outcome, Place},
};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/from-threeport.md");
    std::fs::read_to_string(path).unwrap()
}

/// Lists what is written as code.
fn spans(text: &str) -> Vec<String> {
    let span = Regex::new("`([^`]+)`").unwrap();
    span.captures_iter(text).map(|found| found[1].replace(r"\|", "|")).collect()
}

/// Reads the table of commands: what `tptctl` has, and what is here.
fn rows(page: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let (_, commands) = page.split_once("## Commands\n").unwrap();
    let (table, _) = commands.split_once("\n## ").unwrap();
    let cells = table.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let rows = cells.map(|(theirs, ours)| (spans(theirs), spans(ours)));
    rows.filter(|(theirs, _)| !theirs.is_empty()).collect()
}

/// Completes what is written as flags alone by the command before it.
fn complete(ours: &[String]) -> Vec<String> {
    let mut head = "list".to_owned();
    let said = ours.iter().map(|span| {
        if span.starts_with("--") {
            return format!("{head} {span}");
        }
        head = span.split(" -").next().unwrap().to_owned();
        span.clone()
    });
    said.collect()
}

/// A definition, an instance of it, and both in one, in files of Threeport.
struct Samples<'p> {
    place: &'p Place,
    name: String,
}

impl<'p> Samples<'p> {
    fn new(place: &'p Place) -> Self {
        let name = place.instance("");
        for suffix in ["-i", "-h"] {
            place.instance(suffix);
        }
        place.write("m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        let of =
            |root: &str, name: &str, more: &str| format!("{root}:\n  Name: {name}\n  {more}\n");
        place.write("workload.yaml", &of("Workload", &name, "YAMLDocument: m.yaml"));
        let definition = format!("{name}-d");
        place.write(
            "definition.yaml",
            &of("WorkloadDefinition", &definition, "YAMLDocument: m.yaml"),
        );
        let reference = format!("WorkloadDefinition:\n    Name: {definition}");
        place.write("instance.yaml", &of("WorkloadInstance", &format!("{name}-i"), &reference));
        Self { place, name }
    }

    /// Brings about what a command finds. What is created is not there at the page's beginning.
    fn prepare(&self, theirs: &str, ours: &str) {
        let run = |line: &str| self.place.run(line).expect(0);
        let is_new = ours.starts_with("instance create");
        if is_new || theirs.starts_with("delete workload-definition") {
            run("delete -f instance.yaml --yes --ignore-not-found");
        }
        if theirs.starts_with("create ") {
            return;
        }
        run("definition apply -f definition.yaml");
        if !theirs.starts_with("delete workload-definition") {
            run("deploy -f instance.yaml");
            run("deploy -f workload.yaml");
        }
    }

    /// Runs a command of the page.
    fn run(&self, theirs: &str, ours: &str) -> Outcome {
        let file = match theirs {
            _ if theirs.contains("-definition") => "definition.yaml",
            _ if theirs.contains("-instance") => "instance.yaml",
            _ => "workload.yaml",
        };
        let suffix = match ours {
            _ if ours.starts_with("definition ") => "-d",
            _ if ours.starts_with("helm ") => "-h",
            _ => "-i",
        };
        let said = ours
            .replace("--db FILE", "--db other.db")
            .replace("FILE", file)
            .replace("NAME", &format!("{}{suffix}", self.name))
            .replace("FIELD", "namespace")
            .replace("helm template …", "cat m.yaml");
        let asks = said.starts_with("delete ") || said.starts_with("definition delete ");
        let said = if asks { format!("{said} --yes") } else { said };
        let is_pipe = said.contains('|');
        docs::run(self.place, &if is_pipe { said } else { format!("workloadctl {said}") })
    }
}

/// The commands of `tptctl`, in both of its spellings.
fn tptctl() -> Vec<String> {
    let mut all: Vec<String> =
        ["up", "down", "config current-control-plane", "get events"].map(str::to_owned).into();
    let others = [
        "kubernetes-runtime",
        "helm-workload",
        "gateway",
        "domain-name",
        "secret",
        "aws-account",
        "aws-relational-database",
        "aws-object-storage-bucket",
    ];
    for verb in ["get", "create", "describe", "replace", "delete"] {
        let plural = if verb == "get" { "s" } else { "" };
        for kind in others.into_iter().chain(["workload"]) {
            for part in ["", "-definition", "-instance"] {
                // The one that it does not have.
                if (verb, kind, part) != ("describe", "workload", "") {
                    all.push(format!("{verb} {kind}{part}{plural}"));
                }
            }
        }
    }
    all
}

#[test]
fn every_command_of_tptctl_is_in_the_table() {
    let rows = rows(&page());
    let theirs = rows.iter().flat_map(|(theirs, _)| theirs).filter(|span| !span.starts_with('-'));
    let patterns: Vec<Regex> = theirs
        .map(|span| {
            let words = regex::escape(span.split(" -").next().unwrap()).replace('…', ".*");
            Regex::new(&format!("^{words}$")).unwrap()
        })
        .collect();
    let is_missing = |command: &String| !patterns.iter().any(|pattern| pattern.is_match(command));
    let missing: Vec<String> = tptctl().into_iter().filter(is_missing).collect();
    assert_eq!(missing, Vec::<String>::new());
    // And none is there that it does not have.
    let all = tptctl();
    let unknown = patterns.iter().filter(|pattern| !all.iter().any(|it| pattern.is_match(it)));
    assert_eq!(unknown.map(Regex::as_str).collect::<Vec<_>>(), Vec::<&str>::new());
}

/// What is written elsewhere on the page is made of words of the command line.
#[test]
fn every_word_of_ours_is_one_of_the_command_line() {
    let place = &Place::sandbox("words_from_threeport");
    let flag = Regex::new("(?:^| )(--?[a-z-]+)").unwrap();
    let mut checked = 0;
    let page = page();
    let (before, rest) = page.split_once("## Commands\n").unwrap();
    let (_, after) = rest.split_once("\n## ").unwrap();
    let told = rows(&page).into_iter().flat_map(|(_, ours)| complete(&ours));
    for span in told.chain(spans(before)).chain(spans(after)) {
        let command = match span.split_once("workloadctl ") {
            Some((_, command)) => command,
            None => &span,
        };
        let head = command.split(' ').next().unwrap();
        let verbs = ["deploy", "delete", "definition", "instance", "runtime", "status", "list"];
        if !verbs.contains(&head) && !head.starts_with("--") {
            continue;
        }
        let is_word = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        let mut words: Vec<&str> = command.split(' ').take_while(is_word).collect();
        match (words.is_empty(), head) {
            (false, _) => {}
            (true, "--field") => words.extend(["instance", "show"]),
            (true, _) => words.push("deploy"),
        }
        let help = place.run(&format!("{} --help", words.join(" "))).expect(0).stdout;
        for found in flag.captures_iter(command) {
            let written = Regex::new(&format!(r"(?m)^ .*(^|\s){}([ ,=\[]|$)", &found[1])).unwrap();
            assert!(written.is_match(&help), "`{span}`: {} is no flag of {words:?}", &found[1]);
        }
        checked += 1;
    }
    assert!(checked >= 25, "{checked}");
}

on_both! {
    fn every_command_of_ours_does_what_it_says(place) {
        let samples = Samples::new(place);
        let mut ran = 0;
        for (theirs, ours) in rows(&page()) {
            for ours in complete(&ours) {
                samples.prepare(&theirs[0], &ours);
                let outcome = samples.run(&theirs[0], &ours);
                assert_eq!(outcome.code, 0, "{theirs:?}: {ours}\n{}{}", outcome.stdout, outcome.stderr);
                ran += 1;
            }
        }
        assert!(ran >= 20, "{ran}");
        place.run(&format!("delete {}-h --yes", samples.name)).expect(0);
    }
}
