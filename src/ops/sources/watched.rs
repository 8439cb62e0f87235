//! What a deploy reads from the disk, as it is at one moment: every file with the digest of its
//! content, so that only what would be read otherwise counts as a change.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{helm, kustomize, text, web};
use crate::workload::file;

/// How many files of the sources are looked at; more are no manifests that somebody edits.
const MOST_FILES: usize = 20_000;

/// How many links a path may lead through, as for the system.
const MOST_LINKS: usize = 40;

/// The files that a deploy reads, and the folders in which others could appear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    /// By path, with the digest; `None` where a file cannot be read.
    files: BTreeMap<PathBuf, Option<[u8; 32]>>,
    /// Every entry of these counts. By their real paths, as all that follows.
    folders: BTreeSet<PathBuf>,
    /// Entries of other folders, on the way to what is read: links, and folders that may be renamed
    /// or made anew.
    steps: BTreeSet<PathBuf>,
}

impl Watched {
    /// Looks at sources as the user named them, and at files beside them (values, patches). URLs and
    /// registries are passed over: nobody tells when they change.
    pub(crate) fn look(sources: &[String], current_dir: &Path) -> Self {
        let mut watched = Self::default();
        let base = current_dir.canonicalize().unwrap_or_else(|_| current_dir.to_owned());
        for source in sources.iter().filter(|source| is_on_disk(source)) {
            watched.source(&current_dir.join(source), &base);
        }
        watched
    }

    /// Gives the folders whose changes are to be told.
    pub(crate) fn folders(&self) -> BTreeSet<&Path> {
        let around = self.steps.iter().filter_map(|step| step.parent());
        self.folders.iter().map(PathBuf::as_path).chain(around).collect()
    }

    /// Tells whether a change at a path may be one of what is read: beside a source lies much else.
    pub(crate) fn concerns(&self, path: &Path) -> bool {
        let is_in = path.parent().is_some_and(|folder| self.folders.contains(folder));
        is_in || self.folders.contains(path) || self.steps.contains(path)
    }

    /// Gives the files that came, went or changed since an earlier look.
    pub(crate) fn changed<'a>(&'a self, before: &'a Self) -> BTreeSet<&'a Path> {
        let differs = |one: &'a Self, other: &'a Self| {
            let files = one.files.iter();
            files
                .filter(|(path, digest)| other.files.get(*path) != Some(digest))
                .map(|(path, _)| path.as_path())
        };
        differs(self, before).chain(differs(before, self)).collect()
    }

    fn source(&mut self, path: &Path, current_dir: &Path) {
        self.way_to(path, current_dir);
        if path.is_dir() {
            return self.folder(path, false, current_dir);
        }
        self.file(path);
        // A workload file names further sources; a broken one is mended in itself.
        let name = path.display().to_string();
        let read = text::open(&name, path).ok().filter(file::is_workload_file);
        let Some(workload) = read.and_then(|text| file::read(&text).ok()) else { return };
        for (source, _) in workload.definitions.iter().flat_map(|it| &it.manifests) {
            if let Some(source) = super::beside(&name, source).ok().filter(|it| is_on_disk(it)) {
                self.source(&current_dir.join(source), current_dir);
            }
        }
    }

    /// Looks at a folder and its folders; `everything` where any file may be read, not manifests alone.
    fn folder(&mut self, path: &Path, everything: bool, current_dir: &Path) {
        // A link to a folder above is one that was seen already.
        let Ok(real) = path.canonicalize() else { return };
        if !self.folders.insert(real) {
            return;
        }
        let kustomization =
            kustomize::NAMES.iter().map(|name| path.join(name)).find(|it| it.is_file());
        let everything = everything || kustomization.is_some() || helm::is_chart_folder(path);
        for entry in fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            let name = entry.file_name();
            if is_of_an_editor(&name) {
                continue;
            }
            if path.is_symlink() {
                self.way_to(&path, current_dir);
            }
            if path.is_dir() {
                self.folder(&path, everything, current_dir);
            } else if everything || is_manifest(&path) {
                self.file(&path);
            }
        }
        if let Some(kustomization) = kustomization {
            self.named_by(&kustomization, path, current_dir);
        }
    }

    /// Looks at what a kustomization names: every text of it that is a path from its folder.
    fn named_by(&mut self, kustomization: &Path, folder: &Path, current_dir: &Path) {
        let read = fs::read_to_string(kustomization).ok();
        let Some(value) = read.and_then(|text| serde_yaml::from_str(&text).ok()) else { return };
        let mut texts = Vec::new();
        strings(&value, &mut texts);
        for text in texts {
            // `files: [app.conf=conf/app.conf]` of a generator.
            let named = text.rsplit('=').next().unwrap_or_default();
            let path = folder.join(named);
            if named.is_empty() || named.contains("://") || Path::new(named).is_absolute() {
                continue;
            }
            match fs::metadata(&path) {
                Ok(found) if found.is_dir() => self.folder(&path, true, current_dir),
                Ok(found) if found.is_file() => self.file(&path),
                _ => continue,
            }
            self.way_to(&path, current_dir);
        }
    }

    /// Takes in the steps by which a path leads to what it names: what is watched is a folder itself,
    /// and goes along where that is renamed; the folder around it tells that another took its place,
    /// and the one around a link that it leads elsewhere.
    fn way_to(&mut self, path: &Path, current_dir: &Path) {
        let (mut real, rest) = match path.strip_prefix(current_dir) {
            Ok(rest) => (current_dir.to_owned(), rest),
            Err(_) => (PathBuf::new(), path),
        };
        let mut left: VecDeque<OsString> = rest.iter().map(OsStr::to_owned).collect();
        let mut links = 0;
        while let Some(name) = left.pop_front() {
            if name == ".." {
                real.pop();
                continue;
            }
            let step = real.join(&name);
            if let Ok(target) = fs::read_link(&step) {
                links += 1;
                self.steps.insert(step);
                if links > MOST_LINKS {
                    return;
                }
                target.iter().rev().for_each(|name| left.push_front(name.to_owned()));
                continue;
            }
            // Folders above where the user is stay.
            if left.is_empty() || real.starts_with(current_dir) {
                self.steps.insert(step.clone());
            }
            // What is not there is told by the nearest folder that is.
            if !step.exists() {
                self.steps.insert(step);
                return;
            }
            real = step;
        }
    }

    fn file(&mut self, path: &Path) {
        if self.files.len() >= MOST_FILES {
            return;
        }
        self.files.insert(path.to_owned(), digest(path).ok());
    }
}

/// Tells whether a source lies on the disk.
pub(crate) fn is_on_disk(source: &str) -> bool {
    source != "-" && !web::is_url(source) && !source.starts_with("oci://")
}

fn digest(path: &Path) -> io::Result<[u8; 32]> {
    // A pipe would be waited for.
    if !path.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(Sha256::digest(fs::read(path)?).into())
}

fn is_manifest(path: &Path) -> bool {
    matches!(path.extension().and_then(OsStr::to_str), Some("yaml" | "yml" | "json"))
}

/// Tells whether a file is hidden, or one that an editor keeps beside what it edits.
fn is_of_an_editor(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_numbered = name.parse::<u32>().is_ok();
    name.starts_with(['.', '#']) || name.ends_with(['~', '#']) || is_numbered
}

fn strings<'v>(value: &'v serde_yaml::Value, found: &mut Vec<&'v str>) {
    match value {
        serde_yaml::Value::String(text) => found.push(text),
        serde_yaml::Value::Sequence(items) => items.iter().for_each(|item| strings(item, found)),
        serde_yaml::Value::Mapping(map) => map.values().for_each(|value| strings(value, found)),
        serde_yaml::Value::Tagged(tagged) => strings(&tagged.value, found),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
