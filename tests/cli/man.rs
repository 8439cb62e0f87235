//! The manual pages in the repository are those of the program.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    help::{COMMANDS, update},
    program::Program,
};

fn pages(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    let page = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(page).collect()
}

#[test]
fn the_files_are_what_the_program_writes() {
    let program = Program::new();
    let written = program.call("man --to pages");
    assert_eq!((written.code, written.stderr.as_str()), (0, ""));
    let pages_now = pages(&program.home().join("pages"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/man");
    let stored = pages(&folder);
    if update() {
        let stale = stored.keys().filter(|name| !pages_now.contains_key(*name));
        stale.for_each(|name| fs::remove_file(folder.join(name)).unwrap());
        pages_now.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
    }
    let names = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
    let how = "UPDATE_HELP=1 cargo test --test cli writes them";
    assert_eq!(names(&pages_now), names(&stored), "{how}");
    let old: Vec<_> = stored.keys().filter(|name| pages_now[*name] != stored[*name]).collect();
    assert_eq!(old, Vec::<&String>::new(), "{how}");
    let mut commands: Vec<String> = COMMANDS
        .iter()
        .map(|command| format!("workloadctl {command}").trim_end().replace(' ', "-") + ".1")
        .collect();
    commands.sort();
    assert_eq!(names(&pages_now), commands);
}

#[test]
fn a_page_is_printed() {
    let program = Program::new();
    let page = program.call("man definition apply");
    assert_eq!((page.code, page.stderr.as_str()), (0, ""));
    assert!(page.stdout.contains("\n.TH workloadctl-definition-apply 1 "), "{}", page.stdout);
    assert!(page.stdout.contains("\\fBworkloadctl definition apply\\fR"), "{}", page.stdout);
    assert_eq!(program.call("man").stdout, fs_page(&program));
    snapshot!(program.told(&["man nonsense"]), @"
    $ workloadctl man nonsense
    exit code 2
    --- stderr
    error: there is no command `nonsense`
    hint: workloadctl --help
    ");
}

fn fs_page(program: &Program) -> String {
    assert_eq!(program.call("man --to pages").code, 0);
    fs::read_to_string(program.home().join("pages/workloadctl.1")).unwrap()
}
