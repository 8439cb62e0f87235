//! A folder with a kustomization, built by the installed `kubectl` or `kustomize`.

use std::{
    ffi::OsStr,
    io::ErrorKind,
    path::Path,
    process::{Command, Stdio},
};

use super::tool;
use crate::workload::{
    definition::SourceFile,
    error::{Code, Error, Result},
    shell::quoted,
};

/// The names that a kustomization may have.
pub(super) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// The commands that build one, in the order in which they are tried.
const BUILDERS: [[&str; 2]; 2] = [["kubectl", "kustomize"], ["kustomize", "build"]];

/// Tells whether a file of that name is a kustomization.
pub(super) fn is_kustomization(name: &OsStr) -> bool {
    NAMES.iter().any(|known| name == *known)
}

/// Builds the folder's kustomization into one text.
pub(super) fn build(name: &str, path: &Path) -> Result<SourceFile> {
    for [program, verb] in BUILDERS {
        let command = format!("{program} {verb} {}", quoted(name));
        let run = Command::new(program).arg(verb).arg(path).stdin(Stdio::null()).output();
        match run {
            // Not installed: the next one may be.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            run => {
                let name = format!("{name} (kustomize)");
                return tool::text_of(name, &command, Code::KustomizeFailed, run);
            }
        }
    }
    let message =
        format!("{name} is a kustomization, and neither kubectl nor kustomize is installed");
    Err(Error::usage(Code::NoKustomize, message)
        .hint("https://kubectl.docs.kubernetes.io/installation/kustomize/"))
}
