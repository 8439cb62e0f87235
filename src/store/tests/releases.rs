//! Releases: begun, ended, taken in.

use super::*;
use crate::store::releases::End;
use crate::workload::error::Code;
use crate::workload::{
    body::Body,
    evidence::{Evidence, Unready},
    object::ObjectId,
    release::{Action, Deed},
};

fn with_instance() -> Store {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    store.create_instance(&instance("web", "web")).unwrap();
    store
}

fn outcomes(store: &Store) -> Vec<(String, Outcome)> {
    let releases = store.releases(&name("web")).unwrap();
    releases.into_iter().map(|release| (release.id, release.outcome)).collect()
}

#[test]
fn a_release_is_begun_and_ended() {
    let mut store = with_instance();
    let web = name("web");
    let begun = Release {
        overrides: Overrides {
            images: [("a".to_owned(), "b".to_owned())].into(),
            ..Overrides::default()
        },
        ..release("r1", 1, Outcome::InFlight)
    };
    let rendered = [json!({"kind": "ConfigMap"}), json!({"kind": "Secret", "data": {"a": "Yg=="}})];
    store.begin_release(&web, &begun, &rendered.clone().map(Body::from)).unwrap();
    assert_eq!(store.latest_release(&web).unwrap(), Some(begun.clone()));
    assert_eq!(store.rendered(&web, "r1").unwrap().unwrap(), rendered);
    assert_eq!(store.deeds(&web, "r1").unwrap(), []);

    let deeds = [
        Deed {
            id: ObjectId::new("apps", "Deployment", Some("web"), "web"),
            action: Action::Create,
            applied_at: Some(minute(2)),
            ready_at: Some(minute(3)),
        },
        Deed {
            id: ObjectId::new("", "Namespace", None, "web"),
            action: Action::Prune,
            applied_at: None,
            ready_at: None,
        },
    ];
    let unready = [Unready {
        id: ObjectId::new("apps", "Deployment", Some("web"), "web"),
        message: "its pods crash".to_owned(),
        evidence: Some(Evidence { logs: vec!["no".to_owned()], ..Evidence::default() }),
    }];
    assert_eq!(store.unready(&web, "r1").unwrap(), []);
    let end = End {
        outcome: Outcome::Failed,
        reason: Some("it broke"),
        at: minute(4),
        deeds: &deeds,
        unready: &unready,
    };
    store.end_release(&web, "r1", &end).unwrap();
    assert_eq!(store.unready(&web, "r1").unwrap(), unready);
    let ended = Release {
        outcome: Outcome::Failed,
        reason: Some("it broke".into()),
        ended_at: Some(minute(4)),
        ..begun
    };
    assert_eq!(store.latest_release(&web).unwrap(), Some(ended));
    assert_eq!(store.deeds(&web, "r1").unwrap(), deeds);
}

#[test]
fn what_is_not_there_is_an_error() {
    let mut store = with_instance();
    let end =
        End { outcome: Outcome::Ready, reason: None, at: minute(1), deeds: &[], unready: &[] };
    let error = store.end_release(&name("web"), "r9", &end).unwrap_err();
    assert_eq!(error.to_string(), "`web` has no release r9 here");
    assert_eq!(store.rendered(&name("web"), "r9").unwrap_err().code, Code::NoSuchRelease);
    let error = store.begin_release(&name("wep"), &release("r1", 1, Outcome::InFlight), &[]);
    assert_eq!(error.unwrap_err().code, Code::NoSuchInstance);
}

#[test]
fn one_release_at_a_time_is_in_flight() {
    let mut store = with_instance();
    let web = name("web");
    store.begin_release(&web, &release("died", 1, Outcome::InFlight), &[]).unwrap();
    store.begin_release(&web, &release("next", 2, Outcome::InFlight), &[]).unwrap();
    assert_eq!(
        outcomes(&store),
        [("next".to_owned(), Outcome::InFlight), ("died".to_owned(), Outcome::Interrupted)]
    );
    store.apply("db", &version(3), 0);
    store.create_instance(&instance("db", "db")).unwrap();
    store.begin_release(&name("db"), &release("other", 1, Outcome::InFlight), &[]).unwrap();
    assert_eq!(outcomes(&store)[0].1, Outcome::InFlight, "another instance's are left alone");
}

#[test]
fn releases_are_followed_by_id_and_not_by_number() {
    let mut store = with_instance();
    let web = name("web");
    store
        .begin_release(&web, &release("ours", 1, Outcome::InFlight), &[json!({"a": 1}).into()])
        .unwrap();
    let theirs = release("theirs", 1, Outcome::Ready);
    let ours = release("ours", 1, Outcome::Failed);
    for _ in 0..2 {
        store.take_in(&instance("web", "web"), &[], &[theirs.clone(), ours.clone()]).unwrap();
    }
    assert_eq!(
        outcomes(&store),
        [("theirs".to_owned(), Outcome::Ready), ("ours".to_owned(), Outcome::Failed)]
    );
    assert_eq!(store.rendered(&web, "ours").unwrap(), Some(vec![json!({"a": 1})]));
    assert_eq!(store.rendered(&web, "theirs").unwrap(), None);
    assert_eq!(store.deeds(&web, "theirs").unwrap(), []);
}

#[test]
fn numbers_go_on_from_the_highest_known() {
    let mut store = with_instance();
    let web = name("web");
    assert_eq!(store.next_release_number(&web).unwrap(), 1);
    assert_eq!(store.next_release_number(&name("new")).unwrap(), 1);
    store.take_in(&instance("web", "web"), &[], &[release("a", 9, Outcome::Ready)]).unwrap();
    store.take_in(&instance("web", "web"), &[], &[release("b", 2, Outcome::Ready)]).unwrap();
    assert_eq!(store.next_release_number(&web).unwrap(), 10);
    assert_eq!(store.latest_release(&web).unwrap().unwrap().id, "a");
}
