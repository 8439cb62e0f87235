//! Which files are looked at, what counts as a change, and where changes are told from.

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
        (&["prod.yaml", "https://example.com/x.yaml", "oci://example.com/x", "-"], &["prod.yaml"]),
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

#[test]
fn each_link_on_the_way_is_watched() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().canonicalize().unwrap();
    write(&folder, "releases/1/k8s/web.yaml", "a: 1");
    let link =
        |target: &str, name: &str| std::os::unix::fs::symlink(target, folder.join(name)).unwrap();
    link("releases", "all");
    link("all/1", "next");
    link(folder.join("next").to_str().unwrap(), "current");
    let real = |names: &[&str]| names.iter().map(|name| folder.join(name)).collect::<Vec<_>>();
    for source in ["current/k8s", "current/k8s/web.yaml", "releases/../current/k8s"] {
        let watched = look(&folder, &[source]);
        assert_eq!(files(&watched, &folder), ["releases/1/k8s/web.yaml"]);
        for step in real(&["current", "next", "all", "releases", "releases/1", "releases/1/k8s"]) {
            assert!(watched.concerns(&step), "{source}: {}", step.display());
        }
        for around in real(&["", "releases", "releases/1"]) {
            let around = around.components().as_path().to_owned();
            assert!(watched.folders().contains(&*around), "{source}: {}", around.display());
        }
    }
    // What leads nowhere is watched where the way ends.
    link("ring", "ring");
    for (source, step) in [("ring/k8s", "ring"), ("none/k8s", "none")] {
        assert!(look(&folder, &[source]).concerns(&folder.join(step)), "{source}");
    }
}
