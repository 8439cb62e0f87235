//! Sources: files, folders and standard input become named texts for the loader.
//!
//! A folder means all its manifests, those of its folders too, in the order of their names; or,
//! where it is a kustomization, what `kubectl kustomize` makes of it.

mod folder;
mod kustomize;
mod text;

use std::{
    io::Read,
    path::{Component, Path, PathBuf},
};

use crate::workload::{
    definition::SourceFile,
    error::{Code, Error, Result},
};

/// Reads what the user named by `-f`, in that order: files, folders, and `-` for standard input.
/// Relative paths are relative to `current_dir`; texts are named as the user named them.
///
/// # Errors
/// Everything that is wrong. Code 2: what does not exist, cannot be read, is too large or no text,
/// holds no manifests, or is named twice (`-`). Code 1: a kustomization that cannot be built.
pub(crate) fn read(
    paths: &[String],
    current_dir: &Path,
    mut stdin: impl Read,
) -> Result<Vec<SourceFile>, Vec<Error>> {
    let mut found = Vec::new();
    let mut stdin_read = false;
    for path in paths {
        if path == "-" {
            if std::mem::replace(&mut stdin_read, true) {
                let message = "`-f -` reads standard input only once";
                found.push(Err(Error::usage(Code::StdinTwice, message)));
            } else {
                found.push(text::read(path, &mut stdin));
            }
        } else if path.starts_with("https://") || path.starts_with("http://") {
            let message = format!("URLs are not supported yet: {path}");
            let hint = format!("curl -fsSL {path} | workloadctl deploy NAME -f -");
            found.push(Err(Error::usage(Code::UnsupportedSource, message).hint(hint)));
        } else {
            match at_path(path, current_dir) {
                Ok(files) => found.extend(files),
                Err(error) => found.push(Err(error)),
            }
        }
    }
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for file in found {
        match file {
            Ok(file) => files.push(file),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

/// Gives a source that a workload file names, as it is named from where the user is.
///
/// # Errors
/// Code 2 for standard input: what a file says must not depend on who reads it.
pub(crate) fn beside(file: &str, source: &str) -> Result<String> {
    if source == "-" {
        let message = format!("{file} names `-` as a source: it takes files and folders");
        return Err(Error::usage(Code::UnsupportedSource, message));
    }
    if source.contains("://") {
        return Ok(source.to_owned());
    }
    // An absolute path stays one.
    let joined = Path::new(file).parent().unwrap_or(Path::new("")).join(source);
    let clean: PathBuf = joined.components().filter(|part| *part != Component::CurDir).collect();
    let is_here = clean.as_os_str().is_empty();
    Ok(if is_here { ".".to_owned() } else { clean.display().to_string() })
}

/// Reads a file or a folder; what of a folder cannot be read stands among its files.
fn at_path(name: &str, current_dir: &Path) -> Result<Vec<Result<SourceFile>>> {
    if name.is_empty() {
        return Err(Error::usage(Code::NoSuchSource, "an empty path was given to `-f`"));
    }
    let path = current_dir.join(name);
    let metadata = path.metadata().map_err(|error| unreadable(name, &error))?;
    if metadata.is_dir() {
        return folder::read(name, &path);
    }
    if path.file_name().is_some_and(kustomize::is_kustomization) {
        let folder = Path::new(name).parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.map_or(".".to_owned(), |parent| parent.display().to_string());
        let message = format!("{name} is a kustomization, not a manifest");
        let hint = format!("name its folder: `-f {folder}`");
        return Err(Error::usage(Code::Kustomization, message).hint(hint));
    }
    Ok(vec![text::open(name, &path)])
}

/// Says why a path cannot be read.
fn unreadable(name: &str, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            let message = format!("there is no file or folder {name}");
            Error::usage(Code::NoSuchSource, message).hint("`-f` takes a file, a folder or `-`")
        }
        _ => Error::usage(Code::UnreadableSource, format!("cannot read {name}"))
            .cause(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
