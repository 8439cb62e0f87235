//! What goes when the database is freed of what is old, and what stays.

use super::*;
use crate::store::prune::Pruned;

fn numbers(store: &Store, instance: &str) -> Vec<u64> {
    let releases = store.releases(&name(instance)).unwrap();
    releases.into_iter().map(|release| release.number).collect()
}

fn revisions(store: &Store) -> Vec<u64> {
    let revisions = store.revisions(&definition("web"), Some(&name("web"))).unwrap();
    revisions.into_iter().map(|revision| revision.number).collect()
}

/// Five revisions; releases of the first four of them, which ended like this.
fn filled(outcomes: &[Outcome]) -> Store {
    let mut store = Store::in_memory().unwrap();
    for n in 1..=5 {
        store.apply("web", &version(n), i64::try_from(n).unwrap());
    }
    store.create_instance(&instance("web", "web")).unwrap();
    for (number, outcome) in (1..).zip(outcomes) {
        let release = Release {
            revision: number,
            digest: version(number).digest(),
            ..release(&format!("r{number}"), number, *outcome)
        };
        store.take_in(&instance("web", "web"), &[], &[release]).unwrap();
    }
    store
}

#[test]
fn the_newest_and_what_a_rollback_returns_to_stay() {
    use Outcome::{Failed, InFlight, Interrupted, NotReady, Ready};
    for (outcomes, keep, stay, revisions_stay) in [
        (&[Ready, Ready, Ready, Ready][..], 1, vec![4, 3], vec![5, 4, 3]),
        (&[Ready, Ready, Ready, Ready], 3, vec![4, 3, 2], vec![5, 4, 3, 2]),
        (&[Ready, Ready, Failed, NotReady], 1, vec![4, 2, 1], vec![5, 4, 2, 1]),
        (&[Interrupted, InFlight, Failed, Failed], 1, vec![4, 2], vec![5, 4, 2]),
        (&[], 2, vec![], vec![5, 4]),
    ] {
        let mut store = filled(outcomes);
        let before = store.prunable(keep).unwrap();
        assert_eq!(store.prune(keep).unwrap(), before);
        assert_eq!(numbers(&store, "web"), stay, "{outcomes:?}");
        assert_eq!(revisions(&store), revisions_stay, "{outcomes:?}");
        assert_eq!(store.prune(keep).unwrap(), Pruned::default(), "a second time");
    }
}

#[test]
fn what_began_here_stays_beside_newer_ones_from_elsewhere() {
    let mut store = filled(&[]);
    let ours = Release { digest: version(1).digest(), ..release("ours", 1, Outcome::Failed) };
    store.begin_release(&name("web"), &ours, &[json!({"a": 1}).into()]).unwrap();
    let theirs: Vec<Release> =
        (2..=4).map(|n| release(&format!("r{n}"), n, Outcome::Ready)).collect();
    store.take_in(&instance("web", "web"), &[], &theirs).unwrap();
    store.prune(1).unwrap();
    assert_eq!(numbers(&store, "web"), [4, 3, 1]);
}

#[test]
fn revisions_that_were_taken_in_stay_while_they_are_next() {
    let mut store = filled(&[]);
    let newer = version(7);
    let older = version(6);
    let taken = [
        (revision("web", 9, &newer, minute(9)), newer.clone()),
        (revision("web", 8, &older, minute(8)), older.clone()),
    ];
    store.take_in(&instance("web", "web"), &taken, &[]).unwrap();
    store.prune(1).unwrap();
    assert_eq!(revisions(&store), [9, 5]);
    assert_eq!(store.newest("web", Some("web")), Some(9));
    assert_eq!(store.newest("web", None), Some(5));
    assert_eq!(store.next_number(&definition("web")).unwrap(), 10);
}
