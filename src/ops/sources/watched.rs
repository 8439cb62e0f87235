//! What a deploy reads from the disk, as it is at one moment: every file with the digest of its
//! content, so that only what would be read otherwise counts as a change.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{helm, kustomize, text, web};
use crate::workload::file;

/// How many files of the sources are looked at; more are no manifests that somebody edits.
const MOST_FILES: usize = 20_000;

/// The files that a deploy reads, and the folders in which others could appear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    /// By path, with the digest; `None` where a file cannot be read.
    files: BTreeMap<PathBuf, Option<[u8; 32]>>,
    folders: BTreeSet<PathBuf>,
}

impl Watched {
    /// Looks at sources as the user named them, and at files beside them (values, patches). URLs and
    /// registries are passed over: nobody tells when they change.
    pub(crate) fn look(sources: &[String], current_dir: &Path) -> Self {
        let mut watched = Self::default();
        for source in sources.iter().filter(|source| is_on_disk(source)) {
            watched.source(&current_dir.join(source), current_dir);
        }
        watched
    }

    /// Gives the folders whose changes are to be told.
    pub(crate) fn folders(&self) -> &BTreeSet<PathBuf> {
        &self.folders
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
        if path.is_dir() {
            return self.folder(path, false);
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
    fn folder(&mut self, path: &Path, everything: bool) {
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
            if path.is_dir() {
                self.folder(&path, everything);
            } else if everything || is_manifest(&path) {
                self.file(&path);
            }
        }
        if let Some(kustomization) = kustomization {
            self.named_by(&kustomization, path);
        }
    }

    /// Looks at what a kustomization names: every text of it that is a path from its folder.
    fn named_by(&mut self, kustomization: &Path, folder: &Path) {
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
                Ok(found) if found.is_dir() => self.folder(&path, true),
                Ok(found) if found.is_file() => self.file(&path),
                _ => {}
            }
        }
    }

    fn file(&mut self, path: &Path) {
        if self.files.len() >= MOST_FILES {
            return;
        }
        // The folder tells of the file also where an editor puts another one in its place.
        if let Some(folder) = path.parent().and_then(|folder| folder.canonicalize().ok()) {
            self.folders.insert(folder);
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
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn files(watched: &Watched, folder: &Path) -> Vec<String> {
        let names = watched.files.keys().map(|path| {
            let path = path.canonicalize().unwrap();
            path.strip_prefix(folder).unwrap().display().to_string()
        });
        names.collect()
    }

    fn look(folder: &Path, sources: &[&str]) -> Watched {
        let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
        Watched::look(&sources, folder)
    }

    #[test]
    fn each_kind_of_source_is_what_is_read_of_it() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().canonicalize().unwrap();
        for (name, text) in [
            ("k8s/web.yaml", "a: 1"),
            ("k8s/more/db.json", "{}"),
            ("k8s/.web.yaml.swp", "x"),
            ("k8s/web.yaml~", "x"),
            ("k8s/4913", "x"),
            ("k8s/README.md", "x"),
            ("base/kustomization.yaml", "resources: [web.yaml]"),
            ("base/web.yaml", "a: 1"),
            (
                "over/kustomization.yaml",
                "resources: [../base]\nconfigMapGenerator: [{files: [a=../conf/app.conf]}]",
            ),
            ("conf/app.conf", "x"),
            ("conf/other.conf", "x"),
            ("chart/Chart.yaml", "name: web"),
            ("chart/templates/_helpers.tpl", "x"),
            ("prod.yaml", "a: 1"),
            (
                "app.yaml",
                "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: web}\nspec: {manifests: [k8s/]}\n",
            ),
        ] {
            write(&folder, name, text);
        }
        for (sources, expected) in [
            (&["k8s"][..], &["k8s/more/db.json", "k8s/web.yaml"][..]),
            (
                &["prod.yaml", "https://example.com/x.yaml", "oci://example.com/x", "-"],
                &["prod.yaml"],
            ),
            (
                &["over"],
                &[
                    "base/kustomization.yaml",
                    "base/web.yaml",
                    "conf/app.conf",
                    "over/kustomization.yaml",
                ],
            ),
            (&["chart"], &["chart/Chart.yaml", "chart/templates/_helpers.tpl"]),
            (&["app.yaml"], &["app.yaml", "k8s/more/db.json", "k8s/web.yaml"]),
        ] {
            let mut found = files(&look(&folder, sources), &folder);
            found.sort();
            assert_eq!(found, expected, "{sources:?}");
        }
    }

    #[test]
    fn only_another_content_is_a_change() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path();
        write(folder, "k8s/web.yaml", "a: 1");
        let before = look(folder, &["k8s"]);
        // As an editor does it: beside, and then in its place.
        write(folder, "k8s/.web.yaml.new", "a: 1");
        fs::rename(folder.join("k8s/.web.yaml.new"), folder.join("k8s/web.yaml")).unwrap();
        assert_eq!(look(folder, &["k8s"]), before);
        write(folder, "k8s/web.yaml", "a: 2");
        write(folder, "k8s/more/db.yaml", "a: 1");
        let after = look(folder, &["k8s"]);
        let changed: Vec<_> =
            after.changed(&before).into_iter().map(|it| it.file_name().unwrap()).collect();
        assert_eq!(changed, ["db.yaml", "web.yaml"]);
        fs::remove_file(folder.join("k8s/more/db.yaml")).unwrap();
        assert_eq!(look(folder, &["k8s"]).changed(&after).len(), 1);
        // What is gone is waited for, not forgotten.
        fs::remove_file(folder.join("k8s/web.yaml")).unwrap();
        assert!(!look(folder, &["k8s/web.yaml"]).folders().is_empty());
    }

    #[test]
    fn links_in_a_circle_end() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), "k8s/web.yaml", "a: 1");
        std::os::unix::fs::symlink("..", home.path().join("k8s/up")).unwrap();
        assert_eq!(look(home.path(), &["k8s"]).files.len(), 1);
    }
}
