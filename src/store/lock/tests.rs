use crate::workload::error::Code;
use std::{fs, os::unix::fs::PermissionsExt as _};

use tempfile::TempDir;

use super::*;

fn web() -> InstanceName {
    "web".parse().unwrap()
}

fn content(command: &str, release_id: Option<&str>) -> LockContent {
    LockContent {
        pid: 4711,
        command: command.to_owned(),
        started: Timestamp::UNIX_EPOCH,
        releases: release_id.map(str::to_owned).into_iter().collect(),
        writer: None,
    }
}

fn got(database: &Path) -> (InstanceLock, Option<LockContent>) {
    match InstanceLock::try_acquire(database, &web()).unwrap() {
        Acquired::Got { lock, left } => (lock, left),
        Acquired::Held(by) => panic!("held by {by:?}"),
    }
}

fn held(database: &Path) -> Option<LockContent> {
    match InstanceLock::try_acquire(database, &web()).unwrap() {
        Acquired::Got { left, .. } => panic!("free, left {left:?}"),
        Acquired::Held(by) => by,
    }
}

#[test]
fn one_holds_and_the_other_is_told_by_whom() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("workloadctl.db");
    let (mut lock, left) = got(&database);
    assert_eq!(left, None);
    assert_eq!(held(&database), None);
    for each in [content("deploy web", None), content("deploy web", Some("r1")), content("d", None)]
    {
        lock.write(&each).unwrap();
        assert_eq!(held(&database), Some(each));
    }
    lock.release().unwrap();
    assert_eq!(got(&database).1, None);
}

#[test]
fn what_a_dead_predecessor_left_is_handed_over() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("workloadctl.db");
    let left = content("deploy web", Some("r1"));
    let (mut lock, _) = got(&database);
    lock.write(&left).unwrap();
    drop(lock);
    let (lock, found) = got(&database);
    assert_eq!(found, Some(left.clone()));
    // One that dies before it writes hands on what it was left.
    drop(lock);
    let (lock, found) = got(&database);
    assert_eq!(found, Some(left));
    lock.release().unwrap();
    assert_eq!(got(&database).1, None);
}

#[test]
fn a_content_that_was_cut_short_or_is_none_counts_as_absent() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("workloadctl.db");
    let path = lock_path(&database, &web());
    let whole = r#"{"pid":1,"command":"deploy web","started":"1970-01-01T00:00:00Z"}"#;
    drop(got(&database));
    for (text, expected) in [
        ("", None),
        ("{\"pid\":", None),
        ("garbage", None),
        ("[1]", None),
        (whole, Some(LockContent { pid: 1, ..content("deploy web", None) })),
        // The rest of a longer one, which was not cut off in time.
        (
            &format!("{whole}leaseId\":\"r1\"}}"),
            Some(LockContent { pid: 1, ..content("deploy web", None) }),
        ),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(got(&database).1, expected, "{text}");
    }
}

#[test]
fn locks_are_apart_by_instance_and_by_database() {
    let home = TempDir::new().unwrap();
    let (one, two) = (home.path().join("one.db"), home.path().join("two.db"));
    let _first = got(&one);
    let _second = got(&two);
    let other = InstanceLock::try_acquire(&one, &"web-2".parse().unwrap()).unwrap();
    assert!(matches!(other, Acquired::Got { .. }));
    held(&one);
}

#[test]
fn a_database_has_one_lock_however_it_is_named() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("workloadctl.db");
    fs::write(&database, "").unwrap();
    let link = home.path().join("link.db");
    std::os::unix::fs::symlink(&database, &link).unwrap();
    let _lock = got(&link);
    held(&database);
    held(&home.path().join("./workloadctl.db"));
}

#[test]
fn the_files_are_private_and_stay() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("workloadctl.db");
    let (lock, _) = got(&database);
    let path = lock_path(&database, &web());
    lock.release().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let error = InstanceLock::try_acquire(&home.path().join("file/db"), &web()).unwrap_err();
    assert_eq!(error.code, Code::CannotLock);
}

#[test]
fn one_of_many_gets_it() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("workloadctl.db");
    let start = std::sync::Barrier::new(8);
    let winners: Vec<InstanceLock> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    match InstanceLock::try_acquire(&database, &web()).unwrap() {
                        Acquired::Got { lock, .. } => Some(lock),
                        Acquired::Held(_) => None,
                    }
                })
            })
            .collect();
        tries.into_iter().filter_map(|each| each.join().unwrap()).collect()
    });
    assert_eq!(winners.len(), 1);
}

#[test]
fn only_the_writer_of_this_file_that_is_dead_is_a_dead_predecessor() {
    let home = TempDir::new().unwrap();
    let machine = |host: &str, boot: Option<&str>| Machine {
        host: host.to_owned(),
        boot: boot.map(str::to_owned),
    };
    let (lock, _) = got(&home.path().join("one.db"));
    let (copy, _) = got(&home.path().join("two.db"));
    let here = lock.writer(&machine("a", Some("1"))).unwrap();
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let alive = child.id();
    let releases = |pid: u32, writer: Option<Writer>, here: &Writer| {
        let content = LockContent { pid, writer, ..content("deploy web", Some("r1")) };
        content.releases_of_the_dead(here)
    };
    // One that is alive wrote it, whatever became of its lock.
    assert!(releases(alive, Some(here.clone()), &here).is_empty());
    child.kill().unwrap();
    let ended = || fs::read_to_string(format!("/proc/{alive}/stat")).unwrap().contains(") Z ");
    while cfg!(target_os = "linux") && !ended() {
        std::thread::yield_now();
    }
    // Nobody has waited for it yet, and then somebody has.
    if cfg!(target_os = "linux") {
        assert_eq!(releases(alive, Some(here.clone()), &here), ["r1"]);
    }
    child.wait().unwrap();
    assert_eq!(releases(alive, Some(here.clone()), &here), ["r1"]);
    for writer in [
        None,
        Some(copy.writer(&machine("a", Some("1"))).unwrap()),
        Some(lock.writer(&machine("b", Some("1"))).unwrap()),
        Some(lock.writer(&machine("a", Some("2"))).unwrap()),
    ] {
        assert!(releases(alive, writer.clone(), &here).is_empty(), "{writer:?}");
    }
    // A system that does not tell of its starts proves nothing.
    let here = lock.writer(&machine("a", None)).unwrap();
    assert!(releases(alive, Some(here.clone()), &here).is_empty());
}

#[test]
fn nothing_but_a_file_of_ours_is_a_lock() {
    let home = TempDir::new().unwrap();
    let database = home.path().join("workloadctl.db");
    let path = lock_path(&database, &web());
    let refused = || InstanceLock::try_acquire(&database, &web()).unwrap_err().code;
    fs::create_dir_all(&path).unwrap();
    assert_eq!(refused(), Code::CannotLock);
    fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink(home.path().join("absent"), &path).unwrap();
    assert_eq!(refused(), Code::CannotLock);
    assert!(!home.path().join("absent").exists());
}
