//! What the repository says of itself is true: the README's set-up commands, the changelog's
//! form, the architecture's modules.

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_readme_has_its_two_commands_and_ci_runs_the_second() {
    let readme = read("README.md");
    let commands: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert_eq!(commands[0], "cargo run -- deploy web -f examples/web --runtime sandbox");
    assert_eq!(commands[1], "cargo test");
    assert!(read(".ci/run").lines().any(|line| line == commands[1]));
}

#[test]
fn the_pages_tell_every_exit_code() {
    for page in ["docs/cli.md", "docs/guides/ci.md"] {
        let page = read(page);
        for code in ["0", "1", "2", "3", "4", "5", "6", "7", "130, 143"] {
            assert!(page.contains(&format!("\n| {code} | ")), "{code}");
        }
    }
}

#[test]
fn the_readme_is_one_screen() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 60, "{lines} lines");
}

#[test]
fn the_changelog_keeps_its_form() {
    let text = read("CHANGELOG.md");
    let versions: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(versions[0], "[Unreleased]");
    let known = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    for heading in text.lines().filter_map(|line| line.strip_prefix("### ")) {
        assert!(known.contains(&heading), "{heading}");
    }
}

#[test]
fn the_architecture_is_one_page_and_names_every_module() {
    let text = read("ARCHITECTURE.md");
    assert!(text.lines().count() <= 80, "one page");
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        if !["main", "lib"].contains(&module) {
            assert!(text.contains(&format!("`{module}")), "{module} is not named");
        }
    }
}

#[test]
fn every_file_of_the_end_to_end_suite_is_declared() {
    let main = read("tests/e2e/main.rs");
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs") else { continue };
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{name}");
    }
}

/// Finds what a pattern's first group is in a file.
fn found(file: &str, pattern: &str) -> BTreeSet<String> {
    let text = read(file);
    let all = Regex::new(pattern).unwrap();
    all.captures_iter(&text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn all_name_the_same_tools() {
    let rust = found("Cargo.toml", r#"rust-version = "([0-9.]+)""#);
    assert_eq!(rust.len(), 1);
    for file in ["README.md", "CONTRIBUTING.md", ".ci/run"] {
        assert_eq!(found(file, r"Rust ([0-9]+\.[0-9]+)"), rust, "{file}");
    }
    let go = found("tests/control-plane/go.mod", r"(?m)^go ([0-9]+\.[0-9]+)");
    assert_eq!(go.len(), 1);
    for (file, pattern) in [
        ("CONTRIBUTING.md", r"Go ([0-9]+\.[0-9]+)"),
        (".ci/run", r"Go ([0-9]+\.[0-9]+)"),
        (".github/workflows/ci.yml", r#"go-version: "([0-9.]+)""#),
    ] {
        assert_eq!(found(file, pattern), go, "{file}");
    }
}

#[test]
fn every_step_of_ci_is_in_one_of_its_jobs() {
    let steps = found(".ci/run", r"(?m)^all=\((.*)\)$");
    let steps: BTreeSet<&str> = steps.iter().flat_map(|steps| steps.split(' ')).collect();
    let run = found(".github/workflows/ci.yml", r"(?m)- run: \.ci/run (.+)$");
    let run: Vec<&str> = run.iter().flat_map(|steps| steps.split(' ')).collect();
    assert_eq!(run.iter().copied().collect::<BTreeSet<_>>(), steps);
    assert_eq!(run.len(), steps.len(), "each once");
}

#[test]
fn the_files_that_the_walks_name_are_there() {
    for path in found("CONTRIBUTING.md", r"`(\.?[a-z]+/[a-zA-Z0-9_./-]+)`") {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path).exists(), "{path}");
    }
}

#[test]
fn the_release_workflow_packs_what_is_there() {
    let workflow = read(".github/workflows/release.yml");
    for line in
        [".ci/package ${{ matrix.target }} dist", "--target ${{ matrix.target }}", "SHA256SUMS"]
    {
        assert!(workflow.contains(line), "{line}");
    }
    let package = read(".ci/package");
    let copied = package.lines().find_map(|line| line.strip_prefix("cp \"$program\" ")).unwrap();
    for file in copied.split(' ').filter(|word| !word.starts_with('"')) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "{file}");
    }
}

#[test]
fn what_ci_systems_are_given_uses_flags_that_there_are() {
    // The global ones stand in the reference alone.
    let known = read("tests/cli/help/deploy.txt") + &read("docs/cli.md");
    for file in [".github/actions/deploy/action.yml", "docs/guides/ci.md"] {
        let text = read(file);
        let lines = text.lines().filter(|line| line.contains("workloadctl deploy "));
        let flags: BTreeSet<&str> = lines
            .flat_map(str::split_whitespace)
            .map(|word| word.trim_matches(['`', '.', ',', ':', ')', '(']))
            .filter(|word| word.starts_with("--") && word.len() > 2)
            .collect();
        assert!(flags.contains("--junit"), "{file}: {flags:?}");
        for flag in flags {
            assert!(known.contains(flag), "{file}: {flag}");
        }
    }
    // As Actions reads it.
    let action: serde_json::Value =
        serde_yaml::from_str(&read(".github/actions/deploy/action.yml")).unwrap();
    assert_eq!(action["runs"]["using"], "composite");
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(step["shell"].is_string() && step["run"].is_string(), "{step}");
    }
}
