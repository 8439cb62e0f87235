//! The commands of the README and of the pages in docs/, as they stand there: those of a page one
//! after the other in one home, each with the exit code that it is said to have, and where a `text`
//! block follows, with that answer. `UPDATE_DOCS=1` writes the answers anew.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use regex::Regex;
use serde_json::json;
use workloadctl::testing::Request;

use crate::{
    harness::{Outcome, Place, variable},
    imported, snapshot,
};

/// Lists the commands of the page's `sh` blocks, with their exit codes (`# exits with 4`; else 0).
pub(crate) fn commands(page: &str) -> Vec<(String, i32)> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).filter(|line| !line.trim().is_empty());
    lines
        .map(|line| match line.split_once("   # exits with ") {
            Some((command, code)) => (command.to_owned(), code.parse().unwrap()),
            None => (line.to_owned(), 0),
        })
        .collect()
}

/// Runs a script in a shell that finds the program, as a reader of the page would.
pub(crate) fn run(place: &Place, line: &str) -> Outcome {
    run_beside(place, &variable("PATH").unwrap_or_default(), line)
}

/// Runs it with other programs beside it.
pub(crate) fn run_beside(place: &Place, path: &str, line: &str) -> Outcome {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_workloadctl"));
    let mut shell = Command::new("/bin/sh");
    let surroundings = place.command("");
    shell.args(["-c", line]).env_clear().current_dir(surroundings.get_current_dir().unwrap());
    for (name, value) in surroundings.get_envs() {
        shell.env(name, value.unwrap());
    }
    shell.env("PATH", format!("{}:{path}", program.parent().unwrap().display()));
    Outcome::of(line, shell.output().unwrap())
}

/// Runs the commands of a page with names of the test's own, for the cluster is shared; returns how
/// many there are.
fn run_page(page: &str, place: &Place) -> usize {
    place.example("web");
    let (name, second) = (place.instance(""), place.instance("-2"));
    let all = commands(page);
    for (line, code) in &all {
        assert!(line.starts_with("workloadctl "), "{line}");
        let words = line.split(' ').map(|word| match word {
            "web" => name.clone(),
            "web-2" => second.clone(),
            "examples/web" => "web".to_owned(),
            "sandbox" if !line.contains(" reset ") => place.runtime.clone(),
            other => match other.strip_prefix("web@") {
                Some(number) => format!("{name}@{number}"),
                None => other.to_owned(),
            },
        });
        let said = words.collect::<Vec<_>>().join(" ");
        let Outcome { line: _, code: exit, stdout, stderr } = run(place, &said);
        assert_eq!(exit, *code, "{line}\nstdout:\n{stdout}\nstderr:\n{stderr}");
    }
    all.len()
}

/// A block of a page: a script, how it ends, and what it answers where the page says so.
struct Block {
    written: String,
    script: String,
    code: i32,
    answer: Option<String>,
}

/// Reads the `sh` blocks of a page with the `text` blocks that follow them.
fn blocks(page: &str) -> Vec<Block> {
    let block = Regex::new(r"(?s)```sh\n(.*?)```\n(?:\n```text\n(.*?)```)?").unwrap();
    let exit = Regex::new(r" +# exits with ([0-9]+)\n$").unwrap();
    let all = block.captures_iter(page).map(|found| Block {
        written: found[1].to_owned(),
        script: exit.replace(&found[1], "\n").into_owned(),
        code: exit.captures(&found[1]).map_or(0, |code| code[1].parse().unwrap()),
        answer: found.get(2).map(|answer| answer.as_str().to_owned()),
    });
    all.collect()
}

/// What a page calls `web` and `web-…`, `sandbox` and `ann@laptop` is called otherwise where it runs.
struct Words<'p> {
    place: &'p Place,
    name: String,
    word: Regex,
}

impl<'p> Words<'p> {
    fn new(place: &'p Place) -> Self {
        let name = place.instance("");
        for suffix in ["-2", "-dev", "-prod", "-pr17"] {
            place.instance(suffix);
        }
        let word = r"(?P<before>^|[ \n{\['])(?:web(?P<suffix>-[a-z0-9]+)?|(?P<runtime>sandbox))(?P<after>[ \n}\]@,'])";
        Self { place, name, word: Regex::new(word).unwrap() }
    }

    /// Puts a script of the page into the words of the place.
    fn of_the_place(&self, script: &str) -> String {
        let replace = |text: &str| {
            let said = self.word.replace_all(text, |found: &regex::Captures<'_>| {
                let word = match (found.name("runtime"), found.name("suffix")) {
                    (Some(_), _) => self.place.runtime.clone(),
                    (None, Some(suffix)) => format!("{}{}", self.name, suffix.as_str()),
                    (None, None) => self.name.clone(),
                };
                format!("{}{word}{}", &found["before"], &found["after"])
            });
            said.into_owned()
        };
        // Words that stand side by side share what is between them.
        replace(&replace(script))
    }

    /// Puts an answer of the place into the words of the page.
    fn of_the_page(&self, answer: &str) -> String {
        let text = answer.replace(&self.name, "web").replace(&self.place.runtime, "sandbox");
        Regex::new(r"\btester@[A-Za-z0-9.-]+")
            .unwrap()
            .replace_all(&text, "ann@laptop")
            .into_owned()
    }
}

/// Takes out of an answer what differs from run to run: times, ends of names, widths of columns.
fn steady(place: &Place, text: &str) -> String {
    let mut text = place.named(text);
    let columns = [
        (r"\b[0-9]+(\.[0-9]+)? (ms|s|min)\b", "N s"),
        // Their controller comes after the pods.
        (r"\b[0-9]+ ready endpoints?\b", "N ready endpoints"),
        (r"(\S) {2,}", "$1  "),
    ];
    for (pattern, shown) in snapshot::filters().into_iter().chain(columns) {
        text = Regex::new(pattern).unwrap().replace_all(&text, shown).into_owned();
    }
    let lines = text.lines().map(str::trim_end);
    lines.map(|line| format!("{line}\n")).collect::<String>()
}

/// Runs the blocks of a page, and compares their answers; returns how many there are.
fn answer_page(page: &str, place: &Place, words: &Words<'_>) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(page);
    let mut text = std::fs::read_to_string(&path).unwrap();
    // A page is written as for somebody in the repository's folder.
    let _ = std::os::unix::fs::symlink(root.join("examples"), place.path("examples"));
    let mut wrong = String::new();
    let all = blocks(&text);
    for Block { written, script, code, answer } in &all {
        let outcome = run(place, &words.of_the_place(script));
        let said = words.of_the_page(&outcome.stdout);
        let is_right =
            answer.as_ref().is_none_or(|answer| steady(place, answer) == steady(place, &said));
        if outcome.code != *code {
            panic!("{page}: {script}exit code {}\n{said}{}", outcome.code, outcome.stderr);
        }
        if let (false, Some(answer)) = (is_right, answer) {
            wrong += &format!("{script}answers\n{said}in place of\n{answer}{}\n", outcome.stderr);
            let block = |answer: &str| format!("{written}```\n\n```text\n{answer}```");
            text = text.replacen(&block(answer), &block(&said), 1);
        }
    }
    if variable("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
    } else {
        assert!(wrong.is_empty(), "UPDATE_DOCS=1 writes it anew: {page}\n{wrong}");
    }
    all.len()
}

/// Makes what another tool has deployed: `web` in namespace `web-prod`, with its manifests in `k8s`.
fn prepare_other_tool(place: &Place, tool: &str, name: &str) {
    let home = imported::live_in(place, "-prod");
    let mut manifest = String::new();
    for object in imported::application() {
        writeln!(manifest, "---\n{object}").unwrap();
    }
    place.write("k8s/web.yaml", &manifest);
    if tool == "helm" {
        imported::put_helm_release(place, &home, (name, 1, "deployed"), &manifest);
    }
    imported::create(place, &home, tool, |_| {});
    imported::await_ready(place, &home);
}

/// Makes what docs/scripts.md begins with.
fn prepare_scripts(place: &Place, name: &str, second: &str) {
    let manifest = place.example("web").join("web.yaml");
    place.run(&format!("deploy {name} -f web")).expect(0);
    place
        .run(&format!("deploy {name} --image web=nginxinc/nginx-unprivileged:1.29-alpine"))
        .expect(0);
    let crash = "--set Deployment/web:spec.template.metadata.annotations[\"test.workloadctl/fail\"]=crash-loop";
    place.run(&format!("deploy {second} --definition {name} {crash}")).expect(3);
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(manifest, text.replace("Deployed with", "Brought by")).unwrap();
    place.run(&format!("definition apply {name} -f web")).expect(0);
    place.run("definition apply spare -f web").expect(0);
    let content = format!("/api/v1/namespaces/{name}/configmaps/web-content");
    let edit = json!({"data": {"index.html": "edited"}});
    place
        .call(Request::merge_patch(format!("{content}?fieldManager=kubectl-edit"), &edit))
        .unwrap();
}

on_both! {
    fn every_command_of_the_reference_does_what_it_says(place) {
        let count = run_page("docs/cli.md", place);
        assert!(count >= 30, "{count}");
    }

    fn the_commands_of_troubleshooting_do_what_they_say(place) {
        assert!(run_page("docs/troubleshooting.md", place) >= 1);
    }

    fn the_tour_of_the_readme_works(place) {
        assert!(answer_page("README.md", place, &Words::new(place)) >= 1);
    }

    fn the_tour_goes_as_it_is_told(place) {
        assert!(answer_page("docs/tour.md", place, &Words::new(place)) >= 8);
    }

    fn the_guides_do_what_they_say(place) {
        for (guide, count) in [
            ("ci", 4),
            ("kind", 1),
            ("several-clusters", 2),
            ("from-kubectl", 1),
            ("from-kapp", 2),
            ("from-helm", 3),
        ] {
            let place = place.aside();
            let words = Words::new(&place);
            match guide {
                "from-kapp" => prepare_other_tool(&place, "kapp", &words.name),
                "from-helm" => prepare_other_tool(&place, "helm", &words.name),
                _ => {}
            }
            let said = answer_page(&format!("docs/guides/{guide}.md"), &place, &words);
            assert_eq!(said, count, "{guide}");
        }
    }

    fn every_question_of_a_script_gets_its_answer(place) {
        let words = Words::new(place);
        prepare_scripts(place, &words.name, &place.instance("-2"));
        assert!(answer_page("docs/scripts.md", place, &words) >= 20);
    }
}
