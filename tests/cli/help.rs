//! The help of every command, as text in `tests/cli/help/`: reviewers read it in the diff.

use std::{collections::BTreeSet, fs, path::Path};

use crate::program::Program;

pub(crate) const COMMANDS: [&str; 44] = [
    "",
    "deploy",
    "plan",
    "status",
    "list",
    "render",
    "diff",
    "logs",
    "history",
    "report",
    "rollback",
    "delete",
    "definition",
    "definition apply",
    "definition list",
    "definition show",
    "definition history",
    "definition validate",
    "definition delete",
    "instance",
    "instance create",
    "instance list",
    "instance show",
    "runtime",
    "runtime list",
    "runtime use",
    "runtime check",
    "db",
    "db check",
    "db backup",
    "db rebuild",
    "db prune",
    "sandbox",
    "sandbox serve",
    "sandbox fail",
    "sandbox reset",
    "import",
    "init",
    "schema",
    "forward",
    "open",
    "kubectl",
    "completions",
    "man",
];

fn stored(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help").join(name)
}

/// The long help of a command, without the global options, which are told once, at the top.
fn help(program: &Program, command: &str) -> String {
    let outcome = program.call(&format!("{command} --help"));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{command}");
    let text = outcome.stdout.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
    if command.is_empty() {
        return text;
    }
    let (before, rest) = text.split_once("\nGlobal options:\n").unwrap();
    let (_, after) = rest.split_once("          Answer every question with yes\n").unwrap();
    format!("{before}{after}")
}

#[expect(clippy::disallowed_methods, reason = "the tester says it, not the program's user")]
pub(crate) fn update() -> bool {
    std::env::var_os("UPDATE_HELP").is_some()
}

#[test]
fn help_is_what_reviewers_have_read() {
    let program = Program::new();
    let mut names = BTreeSet::new();
    let mut changed = Vec::new();
    for command in COMMANDS {
        let name = match command {
            "" => "workloadctl.txt".to_owned(),
            command => format!("{}.txt", command.replace(' ', "-")),
        };
        let text = help(&program, command);
        if fs::read_to_string(stored(&name)).unwrap_or_default() != text {
            if update() {
                fs::write(stored(&name), text).unwrap();
            }
            changed.push(name.clone());
        }
        names.insert(name);
    }
    let present: BTreeSet<String> = fs::read_dir(stored(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(changed, Vec::<String>::new(), "UPDATE_HELP=1 cargo test --test cli writes them");
    assert_eq!(names, present);
}

#[test]
fn short_help_fits_the_screen_and_knows_every_command() {
    let outcome = Program::new().call("-h");
    assert!(outcome.stdout.lines().count() < 50, "{}", outcome.stdout);
    for command in COMMANDS.iter().filter(|command| !command.is_empty() && !command.contains(' ')) {
        assert!(outcome.stdout.contains(&format!("\n  {command} ")), "{command}");
    }
}
