//! A file of patches: partial objects that name themselves.

use std::sync::Arc;

use serde_json::Value;

use super::patch_key;
use crate::workload::{
    definition::SourceFile,
    error::{Code, Error},
    yaml::{self, Position, Problem},
};

/// Reads the partial objects of a text.
///
/// # Errors
/// Code 2: broken YAML, a document that names no object, no document at all; each with its place.
pub(crate) fn read_patches(source: &SourceFile) -> Result<Vec<Value>, Vec<Error>> {
    let file: Arc<str> = source.name.as_str().into();
    let yaml::Reading { documents, mut problems } = yaml::read(&source.text);
    for document in &documents {
        if let Err(error) = patch_key(&document.value) {
            let message = error.to_string();
            problems.push(Problem::new(error.code, document.root().position(), message));
        }
    }
    if documents.is_empty() && problems.is_empty() {
        let start = Position::new(1, 1);
        problems.push(Problem::new(Code::InvalidPatch, start, "there is no patch in this file"));
    }
    if problems.is_empty() {
        return Ok(documents.into_iter().map(|document| document.value).collect());
    }
    Err(problems.into_iter().map(|problem| problem.into_error(&file)).collect())
}
