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
    yaml::TEXT_LIMIT,
};

/// How many files and folders are looked at: whoever names the whole disk means another folder.
const ENTRY_LIMIT: usize = 100_000;
/// How much text they may have together, in bytes.
const TOTAL_LIMIT: usize = 4 * TEXT_LIMIT;

/// Reads a folder that the user named; what of it cannot be read stands among its files.
pub(super) fn read(name: &str, path: &Path) -> Vec<Result<SourceFile>> {
    if has_kustomization(path) {
        return vec![kustomize::build(name, path)];
    }
    let mut reader = FolderReader::default();
    reader.walk(name, path);
    let FolderReader { mut files, entries, bytes, .. } = reader;
    let too_large = if entries > ENTRY_LIMIT {
        Some(format!("more than {ENTRY_LIMIT} files and folders"))
    } else if bytes > TOTAL_LIMIT {
        Some(format!("more than {} MB of manifests", TOTAL_LIMIT >> 20))
    } else {
        None
    };
    if let Some(what) = too_large {
        let error = Error::usage(Code::TooLarge, format!("there are {what} in {name}"));
        // What was wrong with some of them is beside the point.
        return vec![Err(error.hint("name the folder that has the manifests"))];
    }
    if files.is_empty() {
        let message = format!("no .yaml, .yml or .json file in {name}");
        files.push(Err(Error::usage(Code::EmptyFolder, message)));
    }
    files
}

#[derive(Default)]
struct FolderReader {
    files: Vec<Result<SourceFile>>,
    /// The folders around the one that is being read, links resolved.
    above: Vec<PathBuf>,
    /// How many were looked at.
    entries: usize,
    /// How much text was read.
    bytes: usize,
}

impl FolderReader {
    fn is_full(&self) -> bool {
        self.entries > ENTRY_LIMIT || self.bytes > TOTAL_LIMIT
    }

    /// Reads a folder's files and folders, until there are too many.
    fn walk(&mut self, name: &str, path: &Path) {
        // One folder may have more entries than there is room for.
        let room = (ENTRY_LIMIT + 1).saturating_sub(self.entries);
        let entries = || -> io::Result<(PathBuf, Vec<DirEntry>)> {
            let entries = fs::read_dir(path)?.take(room).collect::<Result<_, _>>()?;
            Ok((path.canonicalize()?, entries))
        };
        let (real, mut entries) = match entries() {
            Ok(found) => found,
            Err(error) => return self.files.push(Err(unreadable(name, &error))),
        };
        // A link to a folder above would go round for ever.
        if self.above.contains(&real) {
            return;
        }
        self.entries += entries.len();
        self.above.push(real);
        // The system's order differs from machine to machine, and would make another revision.
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            if self.is_full() {
                break;
            }
            let file_name = entry.file_name();
            let file_name = file_name.to_string_lossy();
            if !file_name.starts_with('.') {
                let name = format!("{}/{file_name}", name.trim_end_matches('/'));
                self.visit(&name, &entry.path());
            }
        }
        self.above.pop();
    }

    fn visit(&mut self, name: &str, path: &Path) {
        let found = match path.metadata() {
            Ok(metadata) if metadata.is_dir() => match folder_fault(name, path) {
                Some(error) => Err(error),
                None => return self.walk(name, path),
            },
            // Also a dangling link that nobody would have read.
            _ if !is_manifest(path) => return,
            Ok(metadata) if metadata.is_file() => text::open(name, path),
            // It would be missed in silence, or waited for.
            Ok(_) => {
                let what = "no file, and a folder gives its files";
                Err(refused(name, Code::UnreadableSource, what))
            }
            Err(error) => Err(unreadable(name, &error)),
        };
        self.bytes += found.as_ref().map_or(0, |file| file.text.len());
        self.files.push(found);
    }
}

fn is_manifest(path: &Path) -> bool {
    matches!(path.extension().and_then(OsStr::to_str), Some("yaml" | "yml" | "json"))
}

/// Says what a folder is that cannot be read as one of manifests.
fn folder_fault(name: &str, path: &Path) -> Option<Error> {
    // Its files would be read as plain manifests, without what the kustomization does to them.
    if has_kustomization(path) {
        let what = "a kustomization inside a folder of manifests";
        return Some(refused(name, Code::Kustomization, what));
    }
    // Its templates are no YAML before Helm has filled them in.
    helm::is_chart_folder(path)
        .then(|| refused(name, Code::HelmChart, "a Helm chart inside a folder of manifests"))
}

fn refused(name: &str, code: Code, what: &str) -> Error {
    let hint = format!("name it by itself: {}", quoted(name));
    Error::usage(code, format!("{name} is {what}")).hint(hint)
}

fn has_kustomization(path: &Path) -> bool {
    kustomize::NAMES.iter().any(|name| path.join(name).is_file())
}
