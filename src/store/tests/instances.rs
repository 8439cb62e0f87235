//! Instances, and what is known of runtimes.

use super::*;
use crate::workload::error::Code;
use crate::{
    store::{InstanceFilter, KnownRuntime},
    workload::instance::{NamespaceMode, Observed, Status},
};

fn full() -> Instance {
    Instance {
        namespace: Some("team".into()),
        namespace_mode: Some(NamespaceMode::Given),
        cluster_uid: Some("uid-1".into()),
        runtime: "arn:aws:eks:eu-1:1:cluster/prod 'x' \u{e9}".into(),
        overrides: Overrides {
            images: [("web".to_owned(), "web:2".to_owned())].into(),
            replicas: [("Deployment/web".to_owned(), 3)].into(),
            patches: vec![json!({"kind": "Deployment", "spec": null})],
            sets: [("Deployment/web:spec.paused".to_owned(), json!(true))].into(),
            restarted_at: Some("2026-01-01T00:00:00Z".into()),
            restarts: [("Deployment/web".into(), "2026-01-02T00:00:00Z".into())].into(),
            ..Overrides::default()
        },
        observed: Some(Observed {
            status: Status::Unhealthy,
            reason: "a pod crashes".into(),
            at: minute(7),
        }),
        ..instance("web", "web")
    }
}

fn with_definitions() -> Store {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    store.apply("db", &version(2), 0);
    store
}

#[test]
fn an_instance_comes_back_as_it_was() {
    let mut store = with_definitions();
    for each in [full(), instance("bare", "web")] {
        store.create_instance(&each).unwrap();
        assert_eq!(store.instance(&each.name).unwrap(), Some(each));
    }
}

#[test]
fn a_name_is_given_once() {
    let mut store = with_definitions();
    store.create_instance(&full()).unwrap();
    let error = store.create_instance(&instance("web", "db")).unwrap_err();
    assert_eq!((error.code.word(), error.kind.exit_code()), ("instance-exists", 5));
    assert_eq!(store.instance(&name("web")).unwrap(), Some(full()), "the first one stays");
    let error = store.create_instance(&instance("new", "wbe")).unwrap_err();
    assert_eq!(error.code, Code::NoSuchDefinition);
    assert_eq!(store.instance(&name("new")).unwrap(), None);
}

#[test]
fn an_update_overwrites_all_but_the_birth() {
    let mut store = with_definitions();
    store.create_instance(&instance("web", "db")).unwrap();
    store.update_instance(&Instance { created_at: minute(99), ..full() }).unwrap();
    assert_eq!(store.instance(&name("web")).unwrap(), Some(full()));
    store.update_instance(&instance("web", "web")).unwrap();
    assert_eq!(store.instance(&name("web")).unwrap(), Some(instance("web", "web")));
    let error = store.update_instance(&instance("wep", "web")).unwrap_err();
    assert_eq!(
        (error.code.word(), error.hint.as_deref()),
        ("no-such-instance", Some("did you mean `web`?"))
    );
}

#[test]
fn instances_are_filtered_and_sorted() {
    let mut store = with_definitions();
    for (each, of, runtime) in [("w2", "web", "b"), ("w1", "web", "a"), ("d1", "db", "a")] {
        let each = Instance { runtime: runtime.into(), ..instance(each, of) };
        store.create_instance(&each).unwrap();
    }
    let web = definition("web");
    for (definition, runtime, expected) in [
        (None, None, vec!["d1", "w1", "w2"]),
        (Some(&web), None, vec!["w1", "w2"]),
        (None, Some("a"), vec!["d1", "w1"]),
        (Some(&web), Some("a"), vec!["w1"]),
        (None, Some("c"), vec![]),
    ] {
        let found = store.instances(&InstanceFilter { definition, runtime }).unwrap();
        let names: Vec<&str> = found.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn the_observed_status_is_noted() {
    let mut store = with_definitions();
    store.create_instance(&instance("web", "web")).unwrap();
    let seen = Observed { status: Status::Down, reason: "no pod runs".into(), at: minute(3) };
    store.set_observed(&name("web"), &seen).unwrap();
    store.set_observed(&name("gone"), &seen).unwrap();
    assert_eq!(store.instance(&name("web")).unwrap().unwrap().observed, Some(seen));
}

#[test]
fn deleting_takes_the_releases_along_and_leaves_the_definition() {
    let mut store = with_definitions();
    store.create_instance(&full()).unwrap();
    store.begin_release(&name("web"), &release("r1", 1, Outcome::InFlight), &[]).unwrap();
    store.delete_instance(&name("web")).unwrap();
    assert_eq!(store.instance(&name("web")).unwrap(), None);
    assert_eq!(store.releases(&name("web")).unwrap(), []);
    assert_eq!(store.newest("web", None), Some(1));
    let error = store.delete_instance(&name("web")).unwrap_err();
    assert_eq!((error.code.word(), error.kind.exit_code()), ("no-such-instance", 1));
    // One of the same name starts anew.
    store.create_instance(&instance("web", "web")).unwrap();
    assert_eq!(store.next_release_number(&name("web")).unwrap(), 1);
}

#[test]
fn a_record_makes_the_instance_or_brings_it_up_to_date() {
    let mut store = Store::in_memory().unwrap();
    let theirs = (revision("web", 9, &version(9), minute(5)), version(9));
    let seen = Instance { created_at: minute(5), observed: None, ..full() };
    store.take_in(&seen, std::slice::from_ref(&theirs), &[]).unwrap();
    assert_eq!(store.instance(&seen.name).unwrap(), Some(seen.clone()));

    let observed = full().observed;
    store.set_observed(&seen.name, observed.as_ref().unwrap()).unwrap();
    let later = Instance { runtime: "renamed".into(), created_at: minute(8), ..seen.clone() };
    store.take_in(&later, &[theirs], &[]).unwrap();
    let expected = Instance { runtime: "renamed".into(), observed, ..seen };
    assert_eq!(store.instance(&expected.name).unwrap(), Some(expected));
}

#[test]
fn the_default_runtime_is_set_and_cleared() {
    let mut store = Store::in_memory().unwrap();
    for wanted in [None, Some("kind-dev"), Some("admin@prod"), None, None] {
        store.set_default_runtime(wanted).unwrap();
        assert_eq!(store.default_runtime().unwrap().as_deref(), wanted);
    }
}

#[test]
fn a_runtime_is_known_until_it_is_forgotten() {
    let mut store = Store::in_memory().unwrap();
    let first = KnownRuntime {
        name: "kind-dev".into(),
        cluster_uid: Some("uid-1".into()),
        server: Some("https://127.0.0.1:6443".into()),
        ca_digest: Some("aa".into()),
        seen_at: minute(1),
    };
    let second =
        KnownRuntime { cluster_uid: None, ca_digest: None, seen_at: minute(2), ..first.clone() };
    assert_eq!(store.runtime("kind-dev").unwrap(), None);
    for each in [first, second] {
        store.remember_runtime(&each).unwrap();
        assert_eq!(store.runtime("kind-dev").unwrap(), Some(each));
    }
    assert!(store.forget_runtime("kind-dev").unwrap());
    assert!(!store.forget_runtime("kind-dev").unwrap());
    assert_eq!(store.runtime("kind-dev").unwrap(), None);
}
