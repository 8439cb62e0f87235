use crate::workload::error::Code;
use std::{fs, os::unix::fs::symlink};

use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read_from(folder: &TempDir, paths: &[&str]) -> Result<Vec<SourceFile>, Vec<Error>> {
    let paths: Vec<_> = paths.iter().map(|&path| path.to_owned()).collect();
    let env = Env::for_test(&[], folder.path());
    read(&paths, &ChartOptions::default(), &env, &b"from stdin"[..])
}

fn names(folder: &TempDir, paths: &[&str]) -> Vec<String> {
    read_from(folder, paths).unwrap().into_iter().map(|file| file.name).collect()
}

fn code(folder: &TempDir, paths: &[&str]) -> &'static str {
    read_from(folder, paths).expect_err(&format!("{paths:?}"))[0].code.word()
}

#[test]
fn folders_give_their_manifests_in_order() {
    let folder = folder(&[
        ("k8s/b.yaml", "b"),
        ("k8s/a.yml", "a"),
        ("k8s/c.json", "c"),
        ("k8s/README.md", "x"),
        ("k8s/.hidden.yaml", "x"),
        ("k8s/.git/config.yaml", "x"),
        ("k8s/sub/d.yaml", "d"),
        ("one.txt", "one"),
    ]);
    symlink("..", folder.path().join("k8s/sub/loop")).unwrap();
    symlink("../one.txt", folder.path().join("k8s/link.yaml")).unwrap();
    symlink("nowhere", folder.path().join("k8s/dangling")).unwrap();
    let expected = ["k8s/a.yml", "k8s/b.yaml", "k8s/c.json", "k8s/link.yaml", "k8s/sub/d.yaml"];
    assert_eq!(names(&folder, &["k8s"]), expected);
    assert_eq!(names(&folder, &["k8s/"]), expected);
    assert_eq!(
        names(&folder, &["./one.txt", "-", "k8s/sub/d.yaml"]),
        ["./one.txt", "-", "k8s/sub/d.yaml"]
    );
    let absolute = folder.path().join("one.txt").display().to_string();
    assert_eq!(read_from(&folder, &[&absolute]).unwrap()[0].text, "one".into());
    assert_eq!(read_from(&folder, &["-"]).unwrap()[0].text, "from stdin".into());
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = folder(&[
        ("empty/README.md", ""),
        ("chart/Chart.yaml", "apiVersion: v2"),
        ("around/chart/Chart.yaml", "apiVersion: v2"),
        ("over/overlays/dev/kustomization.yaml", ""),
        ("k/kustomization.yml", "resources: [missing.yaml]"),
    ]);
    for (paths, expected) in [
        (&["missing.yaml"][..], "no-such-source"),
        (&[""], "no-such-source"),
        (&["empty"], "empty-folder"),
        (&["-", "-"], "stdin-twice"),
        (&["http://example.com/a.yaml"], "unsupported-source"),
        (&["chart/Chart.yaml"], "helm-chart"),
        (&["around"], "helm-chart"),
        (&["over"], "kustomization"),
        (&["k/kustomization.yml"], "kustomization"),
    ] {
        assert_eq!(code(&folder, paths), expected, "{paths:?}");
    }
    symlink("nowhere.yaml", folder.path().join("empty/a.yaml")).unwrap();
    assert_eq!(code(&folder, &["empty"]), "no-such-source");
    let error = read_from(&folder, &["over"]).unwrap_err().remove(0);
    assert_eq!(error.hint.as_deref(), Some("name it by itself: over/overlays/dev"));
}

/// Links multiply: a few folders may be a hundred thousand.
#[test]
fn a_folder_has_an_end() {
    let folder = folder(&[("f5/a.yaml", "a: 1"), ("f0/broken.yaml", "\0")]);
    for level in 0..5 {
        let above = folder.path().join(format!("f{level}"));
        fs::create_dir_all(&above).unwrap();
        for number in 0..10 {
            symlink(format!("../f{}", level + 1), above.join(number.to_string())).unwrap();
        }
    }
    assert_eq!(names(&folder, &["f3"]).len(), 100);
    let errors = read_from(&folder, &["f0"]).unwrap_err();
    let told: Vec<_> = errors.iter().map(|error| (error.code.word(), &*error.message)).collect();
    assert_eq!(told, [("too-large", "there are more than 100000 files and folders in f0")]);
}

#[test]
fn texts_are_decoded() {
    let le: Vec<u8> = "\u{feff}a: é\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = "\u{feff}a: é\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [le, be, "a: é\n".into()] {
        assert_eq!(text::decode("a", bytes).unwrap(), "a: é\n");
    }
    for (bytes, message) in [
        (&b"a\nb\xff"[..], "a is not a text: line 2 has bytes that are not UTF-8"),
        (b"a\nb\0", "a is not a text: line 2 has a NUL byte"),
        (b"\xff\xfea", "a is not a text: its byte order mark promises UTF-16, which it is not"),
        (
            b"\xff\xfe\x00\xd8",
            "a is not a text: its byte order mark promises UTF-16, which it is not",
        ),
    ] {
        assert_eq!(text::decode("a", bytes.to_vec()).unwrap_err().message, message);
    }
    let endless = std::io::repeat(b' ');
    assert_eq!(text::read("-", endless).unwrap_err().code, Code::TooLarge);
}

#[test]
fn what_the_installed_program_makes_of_a_folder() {
    let built = |script: &str| {
        let output = std::process::Command::new("sh").args(["-c", script]).output().unwrap();
        let name = "k8s (kustomize)".to_owned();
        tool::text_of(name, "kubectl kustomize k8s", Code::KustomizeFailed, Ok(output))
    };
    let file = built("echo a: 1").unwrap();
    assert_eq!(file, SourceFile { name: "k8s (kustomize)".into(), text: "a: 1\n".into() });
    let error = built("echo no >&2; exit 3").unwrap_err();
    assert_eq!((error.code.word(), error.causes), ("kustomize-failed", vec!["no".to_owned()]));
}
