//! docs/ says what is: docs/cli.md knows every command and every flag and no others, and whatever
//! refers to a heading of docs/ finds it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

use crate::{help::COMMANDS, program::Program};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// Finds the long flags in a text.
fn flags(text: &str) -> BTreeSet<String> {
    // Not in the middle of a word, nor the rule of a table.
    let flag = Regex::new(r"(?m)(?:^|[\s`(/])(--[a-z][a-z-]*)").unwrap();
    flag.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// Lists the long flags that the help of all commands has.
fn real_flags() -> BTreeSet<String> {
    let program = Program::new();
    let told = COMMANDS.iter().map(|command| program.call(&format!("{command} --help")).stdout);
    // What is indented further is what a flag means.
    let begins = |line: &str| line.len() - line.trim_start().len() <= 6;
    let lines: Vec<String> = told
        .flat_map(|help| help.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| begins(line) && line.trim_start().starts_with('-'))
        .collect();
    flags(&lines.join("\n"))
}

#[test]
fn the_reference_knows_every_flag_and_no_others() {
    let told = flags(&read("docs/cli.md"));
    let real = real_flags();
    assert!(real.len() > 30, "{real:?}");
    let missing: Vec<_> = real.difference(&told).collect();
    assert_eq!(missing, Vec::<&String>::new(), "not in docs/cli.md");
    // An alias that help does not show.
    assert_eq!(Program::new().call("list --context sandbox").code, 0);
    let invented: Vec<_> = told.difference(&real).filter(|flag| *flag != "--context").collect();
    assert_eq!(invented, Vec::<&String>::new(), "in docs/cli.md, but not in the program");
}

#[test]
fn the_reference_knows_every_command_and_no_others() {
    let text = read("docs/cli.md");
    let row = Regex::new(r"(?m)^\| `([a-z ]+)` \| (?:yes|no)").unwrap();
    let told: BTreeSet<String> = row.captures_iter(&text).map(|row| row[1].to_owned()).collect();
    // Groups do nothing by themselves.
    let is_group = |command: &str| COMMANDS.iter().any(|c| c.starts_with(&format!("{command} ")));
    let real: BTreeSet<String> = COMMANDS
        .iter()
        .filter(|command| !command.is_empty() && !is_group(command))
        .map(|command| (*command).to_owned())
        .collect();
    assert_eq!(told, real);
}

#[test]
fn the_reference_knows_every_exit_code() {
    let text = read("docs/cli.md");
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "130, 143"] {
        assert!(text.contains(&format!("\n| {code} | ")), "{code}");
    }
}

/// Lists the headings of a page.
fn headings(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim()).collect()
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

/// Gives a source file's comments as one text: references are broken where lines end.
fn comments(code: &str) -> String {
    let lines = code.lines().filter_map(|line| line.split_once("//"));
    lines.map(|(_, text)| text.trim_start_matches(['/', '!']).trim()).collect::<Vec<_>>().join(" ")
}

/// Says what is wrong with the references to docs/ in a text: `docs/cli.md, Status` has to be a
/// page and one of its headings.
fn dangling(text: &str) -> Vec<String> {
    let reference = Regex::new(r"docs/([a-z-]+\.md)(?:, (\S+ ?\S* ?\S* ?\S* ?\S*))?").unwrap();
    let mut wrong = Vec::new();
    for found in reference.captures_iter(text) {
        let page = format!("docs/{}", &found[1]);
        let Ok(page_text) = fs::read_to_string(root().join(&page)) else {
            wrong.push(format!("there is no {page}"));
            continue;
        };
        // What begins in lower case goes on with the sentence.
        let Some(rest) = found.get(2).map(|rest| rest.as_str()) else { continue };
        let names_heading = rest.starts_with(char::is_uppercase);
        let ends = |rest: &str| !rest.starts_with(char::is_alphanumeric);
        let is_heading = |heading: &&str| rest.strip_prefix(*heading).is_some_and(ends);
        if names_heading && !headings(&page_text).iter().any(is_heading) {
            wrong.push(format!("{page} has no heading {rest:?}"));
        }
    }
    wrong
}

#[test]
fn headings_that_comments_name_are_there() {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    collect(&root().join("tests"), &mut files);
    let mut wrong = Vec::new();
    // The cases below are none.
    for file in files.iter().filter(|file| !file.ends_with("tests/cli/documents.rs")) {
        for problem in dangling(&comments(&fs::read_to_string(file).unwrap())) {
            wrong.push(format!("{}: {problem}", file.strip_prefix(root()).unwrap().display()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_reference_that_dangles_is_found() {
    for (text, wrong) in [
        ("(docs/cli.md, Status). More", 0),
        ("(docs/cli.md, JSON: instance).", 0),
        ("see docs/design.md, Who owns a field, for why", 0),
        ("docs/design.md says it, and so on", 0),
        ("docs/cli.md, as it stands there", 0),
        ("docs/cli.md, Statuses", 1),
        ("docs/nowhere.md", 1),
    ] {
        assert_eq!(dangling(text).len(), wrong, "{text}");
    }
    assert_eq!(comments("let a; // see docs/cli.md,\n/// Status\n"), "see docs/cli.md, Status");
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:]*)(?:#([a-z-]+))?\)").unwrap();
    let mut pages: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec();
    for folder in ["docs", "docs/guides"] {
        let files = fs::read_dir(root().join(folder)).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        pages.extend(
            names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")),
        );
    }
    for page in &pages {
        for found in link.captures_iter(&read(page)) {
            let target = match &found[1] {
                "" => root().join(page),
                path => root().join(page).parent().unwrap().join(path),
            };
            assert!(target.exists(), "{page}: {}", &found[0]);
            let Some(anchor) = found.get(2) else { continue };
            let text = fs::read_to_string(&target).unwrap();
            let slug = |heading: &str| {
                let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -".contains(*c));
                kept.collect::<String>().to_lowercase().replace(' ', "-")
            };
            let known: Vec<String> = headings(&text).into_iter().map(slug).collect();
            assert!(known.iter().any(|known| known == anchor.as_str()), "{page}: {}", &found[0]);
        }
    }
}
