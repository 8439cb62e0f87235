//! A folder: its manifests and those of its folders, by name.

use std::{
    ffi::OsStr,
    fs::{self, DirEntry},
    io,
    path::{Path, PathBuf},
};

use super::{helm, kustomize, text, unreadable};
use crate::workload::{
    definition::SourceFile,
    error::{Code, Error, Result},
    shell::quoted,
};

/// Reads a folder that the user named; what of it cannot be read stands among its files.
pub(super) fn read(name: &str, path: &Path) -> Vec<Result<SourceFile>> {
    if has_kustomization(path) {
        return vec![kustomize::build(name, path)];
    }
    let mut files = Vec::new();
    walk(name, path, &mut Vec::new(), &mut files);
    if files.is_empty() {
        let message = format!("no .yaml, .yml or .json file in {name}");
        files.push(Err(Error::usage(Code::EmptyFolder, message)));
    }
    files
}

/// Reads a folder's files and folders. `above` are the folders around it, links resolved.
fn walk(name: &str, path: &Path, above: &mut Vec<PathBuf>, files: &mut Vec<Result<SourceFile>>) {
    let entries = || -> io::Result<(PathBuf, Vec<DirEntry>)> {
        Ok((path.canonicalize()?, fs::read_dir(path)?.collect::<Result<_, _>>()?))
    };
    let (real, mut entries) = match entries() {
        Ok(found) => found,
        Err(error) => return files.push(Err(unreadable(name, &error))),
    };
    // A link to a folder above would go round for ever.
    if above.contains(&real) {
        return;
    }
    above.push(real);
    // The system's order differs from machine to machine, and would make another revision.
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        let file_name = entry.file_name();
        let file_name = file_name.to_string_lossy();
        if !file_name.starts_with('.') {
            let name = format!("{}/{file_name}", name.trim_end_matches('/'));
            visit(&name, &entry.path(), above, files);
        }
    }
    above.pop();
}

fn visit(name: &str, path: &Path, above: &mut Vec<PathBuf>, files: &mut Vec<Result<SourceFile>>) {
    let manifest = path.extension().and_then(OsStr::to_str);
    let manifest = matches!(manifest, Some("yaml" | "yml" | "json"));
    let refused = |code, what: &str| {
        let hint = format!("name it by itself: {}", quoted(name));
        Err(Error::usage(code, format!("{name} is {what}")).hint(hint))
    };
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            // Its files would be read as plain manifests, without what the kustomization does to
            // them.
            if has_kustomization(path) {
                let what = "a kustomization inside a folder of manifests";
                return files.push(refused(Code::Kustomization, what));
            }
            // Its templates are no YAML before Helm has filled them in.
            if helm::is_chart_folder(path) {
                let what = "a Helm chart inside a folder of manifests";
                return files.push(refused(Code::HelmChart, what));
            }
            walk(name, path, above, files);
        }
        // Also a dangling link that nobody would have read.
        _ if !manifest => {}
        Ok(metadata) if metadata.is_file() => files.push(text::open(name, path)),
        // It would be missed in silence, or waited for.
        Ok(_) => {
            files.push(refused(Code::UnreadableSource, "no file, and a folder gives its files"))
        }
        Err(error) => files.push(Err(unreadable(name, &error))),
    }
}

fn has_kustomization(path: &Path) -> bool {
    kustomize::NAMES.iter().any(|name| path.join(name).is_file())
}
