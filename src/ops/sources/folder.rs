//! A folder: its manifests and those of its folders, by name.

use std::{
    ffi::OsStr,
    fs::{self, DirEntry},
    path::{Path, PathBuf},
};

use super::{helm, kustomize, text, unreadable};
use crate::workload::{
    definition::SourceFile,
    error::{Code, Error, Result},
};

/// Reads a folder that the user named.
pub(super) fn read(name: &str, path: &Path) -> Result<Vec<Result<SourceFile>>> {
    if has_kustomization(path) {
        return Ok(vec![kustomize::build(name, path)]);
    }
    let mut files = Vec::new();
    walk(name, path, &mut Vec::new(), &mut files)?;
    if files.is_empty() {
        let message = format!("no .yaml, .yml or .json file in {name}");
        return Err(Error::usage(Code::EmptyFolder, message));
    }
    Ok(files)
}

/// Reads a folder's files and folders. `above` are the folders around it, links resolved.
fn walk(
    name: &str,
    path: &Path,
    above: &mut Vec<PathBuf>,
    files: &mut Vec<Result<SourceFile>>,
) -> Result<()> {
    let failed = |error| unreadable(name, &error);
    let real = path.canonicalize().map_err(failed)?;
    // A link to a folder above would go round for ever.
    if above.contains(&real) {
        return Ok(());
    }
    above.push(real);
    let entries: Result<Vec<DirEntry>, _> = fs::read_dir(path).map_err(failed)?.collect();
    let mut entries = entries.map_err(failed)?;
    // The system's order differs from machine to machine, and would make another revision.
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        let file_name = entry.file_name();
        let file_name = file_name.to_string_lossy();
        if !file_name.starts_with('.') {
            visit(
                &format!("{}/{file_name}", name.trim_end_matches('/')),
                &entry.path(),
                above,
                files,
            )?;
        }
    }
    above.pop();
    Ok(())
}

fn visit(
    name: &str,
    path: &Path,
    above: &mut Vec<PathBuf>,
    files: &mut Vec<Result<SourceFile>>,
) -> Result<()> {
    let manifest = path.extension().and_then(OsStr::to_str);
    let manifest = matches!(manifest, Some("yaml" | "yml" | "json"));
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        // A dangling link that nobody would have read.
        Err(_) if !manifest => return Ok(()),
        Err(error) => {
            files.push(Err(unreadable(name, &error)));
            return Ok(());
        }
    };
    if metadata.is_dir() {
        if has_kustomization(path) {
            // Its files would be read as plain manifests, without what the kustomization does to
            // them.
            let message = format!("{name} is a kustomization inside a folder of manifests");
            let hint = format!("name its folder by itself: `-f {name}`");
            return Err(Error::usage(Code::Kustomization, message).hint(hint));
        }
        if helm::is_chart(path) {
            // Its templates are no YAML before Helm has filled them in.
            let message = format!("{name} is a Helm chart inside a folder of manifests");
            let hint = format!("name its folder by itself: `-f {name}`");
            return Err(Error::usage(Code::HelmChart, message).hint(hint));
        }
        return walk(name, path, above, files);
    }
    if manifest && metadata.is_file() {
        files.push(text::open(name, path));
    }
    Ok(())
}

fn has_kustomization(path: &Path) -> bool {
    kustomize::NAMES.iter().any(|name| path.join(name).is_file())
}
