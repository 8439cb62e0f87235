//! The embedded schemas and discovery are what the running server tells of itself.

use std::{path::Path, process::Command};

use tempfile::TempDir;

use crate::harness::Place;

#[test]
fn the_embedded_schemas_are_the_servers() {
    // Fails without a cluster, saying how to run it.
    let _place = Place::control_plane("schema");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let written = TempDir::new().unwrap();
    let status =
        Command::new(root.join("tests/control-plane/schema")).arg(written.path()).status().unwrap();
    assert!(status.success());
    for entry in std::fs::read_dir(written.path()).unwrap() {
        let name = entry.unwrap().file_name();
        let embedded = std::fs::read(root.join("src/schema").join(&name)).unwrap();
        let served = std::fs::read(written.path().join(&name)).unwrap();
        assert!(
            embedded == served,
            "{} differs: tests/control-plane/run -- tests/control-plane/schema writes it anew",
            name.display()
        );
    }
}
