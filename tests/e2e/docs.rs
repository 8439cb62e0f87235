//! The commands of the pages in docs/, as they stand there: those of a page one after the other in
//! one home, each with the exit code that it is said to have.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::harness::{Outcome, Place, variable};

/// Lists the commands of the page's `sh` blocks, with their exit codes (`# exits with 4`; else 0).
fn commands(page: &str) -> Vec<(String, i32)> {
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
    let program = PathBuf::from(env!("CARGO_BIN_EXE_workloadctl"));
    let mut shell = Command::new("sh");
    let surroundings = place.command("");
    shell.args(["-c", line]).env_clear().current_dir(surroundings.get_current_dir().unwrap());
    for (name, value) in surroundings.get_envs() {
        shell.env(name, value.unwrap());
    }
    let path = variable("PATH").unwrap_or_default();
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

on_both! {
    fn every_command_of_the_reference_does_what_it_says(place) {
        let count = run_page("docs/cli.md", place);
        assert!(count >= 30, "{count}");
    }

    fn the_commands_of_troubleshooting_do_what_they_say(place) {
        assert!(run_page("docs/troubleshooting.md", place) >= 1);
    }
}
