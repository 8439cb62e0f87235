//! That no change of the sources is lost, whatever takes whose place. The system's word alone counts
//! here: what only the look now and then sees comes too late.

use std::{fs, os::unix::fs::symlink};

use super::*;

/// A folder of sources, and what is told of them.
struct Place {
    home: tempfile::TempDir,
    changes: Changes,
}

impl Place {
    async fn new(prepare: impl FnOnce(&Path), sources: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        prepare(home.path());
        let sources = sources.iter().map(|source| (*source).to_owned()).collect();
        let changes = Changes::of(sources, home.path()).unwrap();
        Self { home, changes }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn write(&self, name: &str, text: &str) {
        write(self.home.path(), name, text);
    }

    /// Waits until what is deployed from a file is this text.
    async fn becomes(&mut self, name: &str, text: &str) {
        let until_told = async {
            loop {
                let changed = self.changes.next().await.unwrap();
                assert!(changed.contains(&self.path(name)), "{changed:?}");
                if fs::read_to_string(self.path(name)).is_ok_and(|read| read == text) {
                    return;
                }
            }
        };
        let told = time::timeout(UNTOLD - Duration::from_secs(1), until_told).await;
        told.unwrap_or_else(|_| panic!("nobody told that {name} is {text}"));
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[tokio::test]
async fn a_folder_that_is_renamed_away_and_made_anew_is_watched() {
    let prepare = |home: &Path| write(home, "deep/k8s/conf.yaml", "1");
    let mut place = Place::new(prepare, &["deep/k8s"]).await;
    for round in 0..10 {
        place.rename("deep/k8s", &format!("old-{round}"));
        place.write("deep/k8s/conf.yaml", &format!("{round} anew"));
        place.becomes("deep/k8s/conf.yaml", &format!("{round} anew")).await;
        place.write("deep/k8s/conf.yaml", &format!("{round} again"));
        place.becomes("deep/k8s/conf.yaml", &format!("{round} again")).await;
        // What went tells of its end late, and means no folder that is there.
        fs::remove_dir_all(place.path(&format!("old-{round}"))).unwrap();
        place.write("deep/k8s/conf.yaml", &format!("{round} still"));
        place.becomes("deep/k8s/conf.yaml", &format!("{round} still")).await;
    }
}

#[tokio::test]
async fn a_folder_above_may_be_renamed_and_deleted() {
    let prepare = |home: &Path| write(home, "a/b/k8s/conf.yaml", "1");
    let mut place = Place::new(prepare, &["a/b/k8s"]).await;
    place.rename("a", "old");
    place.write("a/b/k8s/conf.yaml", "2");
    place.becomes("a/b/k8s/conf.yaml", "2").await;
    fs::remove_dir_all(place.path("a")).unwrap();
    let gone = place.changes.next().await.unwrap();
    assert!(gone.contains(&place.path("a/b/k8s/conf.yaml")), "{gone:?}");
    place.write("a/b/k8s/conf.yaml", "3");
    place.becomes("a/b/k8s/conf.yaml", "3").await;
}

#[tokio::test]
async fn a_file_may_be_replaced_and_a_link_may_lead_elsewhere() {
    let prepare = |home: &Path| {
        write(home, "prod.yaml", "1");
        // As the kubelet writes a volume of a ConfigMap.
        write(home, "volume/..1/conf.yaml", "1");
        symlink("..1", home.join("volume/..data")).unwrap();
        symlink("..data/conf.yaml", home.join("volume/conf.yaml")).unwrap();
        write(home, "releases/1/conf.yaml", "1");
        symlink("releases/1", home.join("current")).unwrap();
        write(home, "elsewhere/linked.yaml", "1");
        write(home, "k8s/other.yaml", "1");
        symlink("../elsewhere/linked.yaml", home.join("k8s/linked.yaml")).unwrap();
    };
    let mut place = Place::new(prepare, &["prod.yaml", "volume", "current", "k8s"]).await;
    for round in 2..6 {
        let text = round.to_string();
        place.write("prod.yaml.new", &text);
        place.rename("prod.yaml.new", "prod.yaml");
        place.becomes("prod.yaml", &text).await;

        place.write(&format!("volume/..{round}/conf.yaml"), &text);
        symlink(format!("..{round}"), place.path("volume/..data_tmp")).unwrap();
        place.rename("volume/..data_tmp", "volume/..data");
        place.becomes("volume/conf.yaml", &text).await;

        place.write(&format!("releases/{round}/conf.yaml"), &text);
        symlink(format!("releases/{round}"), place.path("next")).unwrap();
        place.rename("next", "current");
        place.becomes("current/conf.yaml", &text).await;

        place.write("elsewhere/linked.yaml", &text);
        place.becomes("k8s/linked.yaml", &text).await;
    }
}

#[tokio::test]
async fn what_nobody_told_is_seen_by_a_look() {
    let prepare = |home: &Path| write(home, "k8s/conf.yaml", "1");
    let mut place = Place::new(prepare, &["k8s"]).await;
    place.changes.watcher = None;
    place.changes.untold = Duration::from_millis(1);
    place.write("k8s/conf.yaml", "2");
    let changed = place.changes.next().await.unwrap();
    assert!(changed.contains(&place.path("k8s/conf.yaml")), "{changed:?}");
}

#[tokio::test]
async fn what_lies_beside_a_source_is_no_business_of_it() {
    let prepare = |home: &Path| write(home, "k8s/conf.yaml", "1");
    let place = Place::new(prepare, &["k8s", "prod.yaml"]).await;
    let home = place.home.path().canonicalize().unwrap();
    let concerns = |name: &str| place.changes.seen.concerns(&home.join(name));
    assert_eq!(["k8s", "k8s/new.yaml", "prod.yaml"].map(concerns), [true; 3]);
    assert_eq!(["build.log", "target", "target/k8s"].map(concerns), [false; 3]);
}

#[tokio::test]
async fn a_link_on_the_way_may_lead_elsewhere() {
    let prepare = |home: &Path| {
        write(home, "releases/1/k8s/conf.yaml", "1");
        write(home, "releases/2/k8s/conf.yaml", "2");
        symlink("releases/1", home.join("current")).unwrap();
    };
    let mut place = Place::new(prepare, &["current/k8s"]).await;
    symlink("releases/2", place.path("next")).unwrap();
    place.rename("next", "current");
    place.becomes("current/k8s/conf.yaml", "2").await;
    place.write("releases/2/k8s/conf.yaml", "3");
    place.becomes("current/k8s/conf.yaml", "3").await;
}
