//! Sources: files, folders and standard input become named texts for the loader.
//!
//! A folder means all its manifests, those of its folders too, in the order of their names; or,
//! where it is a kustomization, what `kubectl kustomize` makes of it, and where it is a chart, what
//! `helm template` does, as of archives and registries of charts. A URL is downloaded.

pub(crate) mod changes;
mod folder;
mod helm;
mod kustomize;
mod text;
mod tool;
pub(crate) mod watched;
mod web;

pub(crate) use helm::ChartOptions;

use std::{
    io::Read,
    path::{Component, Path, PathBuf},
};

use crate::{
    env::Env,
    workload::{
        definition::SourceFile,
        error::{Code, Error, Result},
        shell::quoted,
    },
};

/// Reads what the user named by `-f`, in that order: files, folders, URLs, and `-` for standard
/// input. Relative paths are relative to the current folder; texts are named as the user named them.
///
/// # Errors
/// Everything that is wrong, always with code 2: a source that is not there, cannot be read, is too
/// large or no text, holds no manifests, or is named twice (`-`), and what a program that has to build
/// it, or the server that has it, fails with. Scripts tell these apart by their words.
pub(crate) fn read(
    paths: &[String],
    chart: &ChartOptions,
    env: &Env,
    mut stdin: impl Read,
) -> Result<Vec<SourceFile>, Vec<Error>> {
    let mut found = Vec::new();
    let mut stdin_read = false;
    for path in paths {
        if path == "-" {
            if std::mem::replace(&mut stdin_read, true) {
                let message = "standard input (`-`) is read only once";
                found.push(Err(Error::usage(Code::StdinTwice, message)));
            } else {
                found.push(text::read(path, &mut stdin));
            }
        } else if helm::is_chart(path, &env.current_dir) {
            found.push(helm::render(path, chart, &env.current_dir));
        } else if web::is_url(path) {
            found.push(web::read(path, env));
        } else {
            match at_path(path, &env.current_dir) {
                Ok(files) => found.extend(files),
                Err(error) => found.push(Err(error)),
            }
        }
    }
    let has_values = !chart.values.is_empty() || !chart.set.is_empty();
    if has_values && !have_chart(paths, env) {
        let message = "--values and --helm-set are for Helm charts, and no `-f` is one";
        found.push(Err(Error::usage(Code::InvalidFlag, message)));
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
    if web::is_url(file) {
        let message = format!("{file} names {source}, and of a URL only URLs are read");
        return Err(Error::usage(Code::UnsupportedSource, message));
    }
    // An absolute path stays one.
    let joined = Path::new(file).parent().unwrap_or(Path::new("")).join(source);
    let clean: PathBuf = joined.components().filter(|part| *part != Component::CurDir).collect();
    let is_here = clean.as_os_str().is_empty();
    Ok(if is_here { ".".to_owned() } else { clean.display().to_string() })
}

/// Tells whether one of the sources is a Helm chart.
pub(crate) fn have_chart(paths: &[String], env: &Env) -> bool {
    paths.iter().any(|path| helm::is_chart(path, &env.current_dir))
}

/// Reads a file or a folder; what of a folder cannot be read stands among its files.
fn at_path(name: &str, current_dir: &Path) -> Result<Vec<Result<SourceFile>>> {
    if name.is_empty() {
        return Err(Error::usage(Code::NoSuchSource, "an empty path was given"));
    }
    let path = current_dir.join(name);
    let metadata = path.metadata().map_err(|error| unreadable(name, &error))?;
    if metadata.is_dir() {
        return Ok(folder::read(name, &path));
    }
    let file_name = path.file_name().unwrap_or_default();
    let (code, what) = match file_name {
        file_name if kustomize::is_kustomization(file_name) => {
            (Code::Kustomization, "a kustomization")
        }
        file_name if file_name == helm::CHART => (Code::HelmChart, "a part of a Helm chart"),
        _ => return Ok(vec![text::open(name, &path)]),
    };
    let folder = Path::new(name).parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.map_or(".".to_owned(), |parent| parent.display().to_string());
    let hint = format!("name its folder: {}", quoted(&folder));
    Err(Error::usage(code, format!("{name} is {what}, not a manifest")).hint(hint))
}

/// Says why a path cannot be read.
fn unreadable(name: &str, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            let message = format!("there is no file or folder {name}");
            Error::usage(Code::NoSuchSource, message)
                .hint("a source is a file, a folder, a Helm chart, a URL or `-`")
        }
        _ => Error::usage(Code::UnreadableSource, format!("cannot read {name}"))
            .cause(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
