//! Commands that only look, on a disk where nothing was written yet: the sandbox makes its folder.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::program::Program;

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: b}\n";

#[test]
fn the_sandbox_makes_its_folder() {
    for (line, code) in [
        ("plan web -f conf.yaml --runtime sandbox", 0),
        ("deploy web -f conf.yaml --runtime sandbox --dry-run", 0),
        ("definition validate conf.yaml --against sandbox", 0),
        ("runtime check sandbox", 0),
        ("status --runtime sandbox", 0),
        ("sandbox fail Deployment/web crash -n web", 0),
    ] {
        let program = Program::new();
        program.write("conf.yaml", MAP);
        let outcome = program.call(line);
        assert_eq!(outcome.code, code, "{line}: {}", outcome.stderr);
        let folder = program.home().join(".config/workloadctl");
        let mode = fs::metadata(&folder).expect(line).permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{line}");
    }
}
