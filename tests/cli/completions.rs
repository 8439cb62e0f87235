//! The completions in the repository are those of the program.

use std::{fs, path::Path};

use crate::program::Program;

#[test]
fn the_files_are_what_the_program_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in
        [("bash", "workloadctl.bash"), ("zsh", "_workloadctl"), ("fish", "workloadctl.fish")]
    {
        let outcome = Program::new().call(&format!("completions {shell}"));
        let stored = fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert!(
            outcome.stdout == stored,
            "out of date: cargo run -- completions {shell} > completions/{file}"
        );
    }
}

#[test]
fn completions_open_nothing() {
    let program = Program::new();
    let outcome = program.call("completions bash --db /nonexistent/x --kubeconfig /nonexistent/y");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert_eq!(fs::read_dir(program.home()).unwrap().count(), 0);
}
