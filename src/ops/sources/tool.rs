//! What an installed program makes of a folder.

use std::{io, process::Output};

use super::text;
use crate::workload::{
    definition::SourceFile,
    error::{Code, Error, Result},
};

/// Gives what a command wrote, under that name.
///
/// # Errors
/// Code 2: it cannot be run, or it failed, in its own words; those of a text.
pub(super) fn text_of(
    name: String,
    command: &str,
    code: Code,
    run: io::Result<Output>,
) -> Result<SourceFile> {
    let Output { status, stdout, stderr } = run.map_err(|error| {
        Error::usage(code, format!("cannot run `{command}`")).cause(error.to_string())
    })?;
    if !status.success() {
        let lines: Vec<_> = String::from_utf8_lossy(&stderr).lines().map(str::to_owned).collect();
        return Err(Error::usage(code, format!("`{command}` failed: {status}")).causes(lines));
    }
    text::read_made(&name, &*stdout)
}
