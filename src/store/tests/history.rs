//! What a list of releases shows: noted as they begin, summed up where an earlier version did not.

use super::*;
use crate::{
    store::{releases, tests::open::of_version},
    workload::{body::Body, history::ImageChange},
};

fn with_instance() -> Store {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    store.create_instance(&instance("web", "web")).unwrap();
    store
}

fn pod(image: &str) -> Body {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
           "spec": {"containers": [{"name": "web", "image": image}]}})
    .into()
}

/// The change of the one container; `None` where it has none, or had none before.
fn change(from: Option<&str>, to: Option<&str>) -> ImageChange {
    let [from, to] = [from, to].map(|image| image.map(str::to_owned));
    ImageChange { object: "Pod/web".into(), container: "web".into(), from, to }
}

/// What each release changed, the newest first.
fn changes(store: &Store) -> Vec<Option<Vec<ImageChange>>> {
    let kept = store.history(&name("web")).unwrap();
    kept.into_iter().map(|kept| kept.images_changed).collect()
}

#[test]
fn a_release_notes_which_images_it_changes() {
    let mut store = with_instance();
    let web = name("web");
    assert_eq!(store.sent_images(&web).unwrap(), None);
    for (number, image) in [(1, "a:1"), (2, "a:1"), (3, "a:2")] {
        let begun = release(&format!("r{number}"), number, Outcome::InFlight);
        store.begin_release(&web, &begun, &[pod(image)]).unwrap();
    }
    let first = change(None, Some("a:1"));
    let third = change(Some("a:1"), Some("a:2"));
    let until_3 = [Some(vec![third]), Some(vec![]), Some(vec![first])];
    assert_eq!(changes(&store), until_3);
    assert_eq!(store.sent_images(&web).unwrap().unwrap()[0].image, "a:2");

    // What another machine sent is not known, nor then what the next one changes.
    let theirs = release("theirs", 4, Outcome::Ready);
    store.take_in(&instance("web", "web"), &[], &[theirs]).unwrap();
    for (id, number, objects) in [("r5", 5, &[pod("a:3")][..]), ("r6", 6, &[])] {
        store.begin_release(&web, &release(id, number, Outcome::InFlight), objects).unwrap();
    }
    let gone = Some(vec![change(Some("a:3"), None)]);
    assert_eq!(changes(&store), [&[gone, None, None][..], &until_3].concat());
    assert_eq!(store.sent_images(&web).unwrap(), Some(vec![]));
}

/// The rows of many releases are large, and so is sorting them.
#[test]
fn a_list_of_releases_reads_nothing_but_its_index() {
    let store = with_instance();
    let query = format!("EXPLAIN QUERY PLAN {}", releases::of_instance());
    let plan = store.rows(&query, ["web"], |row| row.get(3));
    let plan: Vec<String> = plan.unwrap();
    assert_eq!(
        plan[1..],
        ["SEARCH release USING COVERING INDEX release_shown (instance_id=?)"],
        "{plan:?}"
    );
}

#[test]
fn what_earlier_versions_kept_is_summed_up_bit_by_bit() {
    let home = tempfile::TempDir::new().unwrap();
    let path = home.path().join("db");
    of_version(&path, 4);
    let connection = rusqlite::Connection::open(&path).unwrap();
    // Release 4 is there, and nothing is known of it. Of the later ones each tenth has another image,
    // and of one what is kept is damaged.
    let images =
        |image: &str| format!(r#"[{{"object":"Pod/web","container":"web","image":"{image}"}}]"#);
    for number in 5..=255 {
        let images =
            if number == 77 { "[".to_owned() } else { images(&format!("a:{}", number / 10)) };
        connection
            .execute(
                "INSERT INTO release (instance_id, id, number, deployer, started_at, outcome,
                     definition, revision, digest, revision_created_at, overrides, images, counts)
                 SELECT instance_id, 'r' || ?1, ?1, deployer, started_at, outcome, definition,
                     revision, digest, revision_created_at, overrides, ?2, '{\"update\":1}'
                 FROM release WHERE number = 4",
                rusqlite::params![number, images],
            )
            .unwrap();
    }
    drop(connection);

    let known = || {
        let store = Store::open(&path).unwrap();
        assert_eq!(store.sent_images(&name("web")).unwrap().unwrap()[0].image, "a:25");
        changes(&store)
    };
    let known_at_start =
        |changes: &[Option<_>]| changes.iter().take_while(|it| it.is_some()).count();
    assert_eq!(known_at_start(&known()), 100);
    known();
    let all = known();
    assert_eq!(all.len(), 252);
    for (number, found) in (4..=255_u64).rev().zip(all) {
        let image = |number: u64| format!("a:{}", number / 10);
        let expected = match number {
            // Nothing is known of it, or of the one before.
            4 | 5 | 77 | 78 => None,
            _ if image(number) == image(number - 1) => Some(vec![]),
            _ => Some(vec![change(Some(&image(number - 1)), Some(&image(number)))]),
        };
        assert_eq!(found, expected, "{number}");
    }
    // Done once, and nothing is left to look through.
    let mut store = Store::open(&path).unwrap();
    let before = changes(&store);
    store.sum_up().unwrap();
    assert_eq!(changes(&store), before);
    let left: i64 = store
        .row("SELECT count(*) FROM release WHERE images IS NOT NULL", [], |row| row.get(0))
        .unwrap()
        .unwrap();
    assert_eq!(left, 0);
}
