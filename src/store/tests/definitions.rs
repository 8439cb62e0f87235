//! Definitions: which content makes a revision, and which revision goes where.

use jiff::SignedDuration;

use super::*;

#[test]
fn a_digest_makes_a_revision_once() {
    let mut store = Store::in_memory().unwrap();
    assert_eq!(store.apply("web", &version(1), 0), (1, true));
    assert_eq!(store.apply("web", &version(1), 1), (1, false));
    assert_eq!(store.apply("web", &version(2), 2), (2, true));
    let mut other_text = version(2);
    other_text.files[0].text = "other comments".into();
    assert_eq!(store.apply("web", &other_text, 3), (2, false));
    // What was there before is not what is newest: going back is a revision of its own.
    assert_eq!(store.apply("web", &version(1), 4), (3, true));

    let row = store.definition(&definition("web")).unwrap().unwrap();
    assert_eq!((row.newest.number, row.instances), (3, 0));
    assert_eq!((row.created_at, row.updated_at), (minute(0), minute(4)));
    let numbers: Vec<u64> =
        store.revisions(&row.name, None).unwrap().iter().map(|each| each.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let found = store.revision_by_digest(&row.name, &version(1).digest()).unwrap().unwrap();
    assert_eq!(found.number, 3);
    assert_eq!(store.revision_by_digest(&row.name, "none").unwrap(), None);
}

#[test]
fn first_and_fresh_are_told() {
    let mut store = Store::in_memory().unwrap();
    let mut apply = |content| {
        let applied =
            store.apply_definition(&definition("web"), &content, "k8s", None, minute(0)).unwrap();
        (applied.first, applied.fresh)
    };
    assert_eq!(apply(version(1)), (true, true));
    assert_eq!(apply(version(2)), (false, true));
    assert_eq!(apply(version(2)), (false, false));
}

#[test]
fn content_comes_back_as_it_was() {
    let mut store = Store::in_memory().unwrap();
    let body = json!({
        "kind": "X", "text": "\u{0}\u{1b}[31m ä 日本 \u{1F600}", "empty": {}, "list": [null, true, ""],
        "big": u64::MAX, "small": i64::MIN, "tenth": 0.1, "third": 0.333_333_333_333_333_3, "e": 1e300,
        "kilo": 1000.0, "minus": -0.0,
    });
    let odd = content(body);
    let large = Content {
        objects: (0..2000).flat_map(|n| version(n).objects).collect(),
        files: vec![SourceFile { name: "-".into(), text: "x".repeat(5_000_000).into() }],
    };
    for (at, each) in [odd, large, Content::default()].into_iter().enumerate() {
        store.apply("web", &each, at as i64);
        let newest = store.newest_revision(&definition("web"), None).unwrap().unwrap();
        let read = store.content(&newest).unwrap();
        assert!(read == each, "revision {}", newest.number);
        assert_eq!(read.digest(), newest.digest);
        assert_eq!(newest.object_count, each.objects.len());
    }
}

#[test]
fn a_revision_that_could_not_be_read_back_is_refused() {
    let nested = |levels: usize| (0..levels).fold(json!("[{\"]"), |inner, _| json!([inner]));
    let mut store = Store::in_memory().unwrap();
    let deep = content(nested(200));
    let error =
        store.apply_definition(&definition("web"), &deep, "k8s", None, minute(0)).unwrap_err();
    assert_eq!((error.code.word(), error.kind.exit_code()), ("too-deep", 2));
    assert!(store.definitions().unwrap().is_empty(), "nothing is left of it");
    assert_eq!(store.apply("web", &content(nested(100)), 0), (1, true));
}

#[test]
fn a_content_that_is_not_here_is_said() {
    let store = Store::in_memory().unwrap();
    let error = store.content(&revision("web", 4, &version(1), minute(0))).unwrap_err();
    assert_eq!(error.to_string(), "web has no revision 4 here");
}

#[test]
fn what_a_record_brings_is_for_its_instance_alone() {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    store.create_instance(&instance("mine", "web")).unwrap();
    let theirs = revision("web", 9, &version(9), minute(5));
    store.take_in(&instance("shared", "web"), &[(theirs.clone(), version(9))], &[]).unwrap();

    assert_eq!(store.newest("web", None), Some(1));
    assert_eq!(store.newest("web", Some("mine")), Some(1));
    assert_eq!(store.newest("web", Some("new")), Some(1));
    assert_eq!(store.newest("web", Some("shared")), Some(9));
    assert_eq!(store.content(&theirs).unwrap(), version(9));
    assert_eq!(store.revisions(&definition("web"), None).unwrap().len(), 1);
    assert_eq!(store.revisions(&definition("web"), Some(&name("shared"))).unwrap().len(), 2);

    // A newer one of ours moves it again, and counts on from what is known.
    assert_eq!(store.apply("web", &version(2), 6), (10, true));
    assert_eq!(store.newest("web", Some("shared")), Some(10));
    // An older record does not.
    let older = revision("web", 3, &version(3), minute(2));
    store.take_in(&instance("shared", "web"), &[(older, version(3))], &[]).unwrap();
    assert_eq!(store.newest("web", Some("shared")), Some(10));
}

#[test]
fn a_record_of_our_own_revision_brings_nothing() {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    let ours = store.newest_revision(&definition("web"), None).unwrap().unwrap();
    for _ in 0..2 {
        store.take_in(&instance("web", "web"), &[(ours.clone(), version(1))], &[]).unwrap();
    }
    assert_eq!(store.revisions(&definition("web"), Some(&name("web"))).unwrap(), [ours]);
}

#[test]
fn taking_in_twice_changes_nothing() {
    let mut store = Store::in_memory().unwrap();
    let theirs = revision("web", 9, &version(9), minute(5));
    for _ in 0..2 {
        store.take_in(&instance("web", "web"), &[(theirs.clone(), version(9))], &[]).unwrap();
    }
    assert_eq!(store.revisions(&definition("web"), Some(&name("web"))).unwrap(), [theirs]);
}

#[test]
fn an_empty_disk_goes_on_with_the_revision_of_the_record() {
    let mut store = Store::in_memory().unwrap();
    let theirs = revision("web", 9, &version(9), minute(5));
    store.take_in(&instance("web", "web"), &[(theirs, version(9))], &[]).unwrap();
    // The same manifests again: revision 9 it stays, and it is the definition's own from now on.
    assert_eq!(store.apply_for("web", &version(9), "web", 6), (9, false));
    assert_eq!(store.newest("web", Some("other")), Some(9));
    let own = store.revisions(&definition("web"), None).unwrap();
    assert_eq!((own.len(), own[0].source.as_str()), (1, "k8s"));
    assert!(!store.content(&own[0]).unwrap().files.is_empty(), "the text is known now");
    assert_eq!(store.apply_for("web", &version(10), "web", 7), (10, true));
}

#[test]
fn what_is_applied_for_an_instance_is_what_it_then_gets() {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    let theirs = revision("web", 1, &version(9), minute(5));
    store.take_in(&instance("web", "web"), &[(theirs, version(9))], &[]).unwrap();
    // The definition has this content, but the instance has moved on elsewhere.
    assert_eq!(store.apply_for("web", &version(1), "web", 6), (2, true));
    assert_eq!(store.newest("web", Some("web")), Some(2));

    // A number that is taken is not given twice.
    let theirs = revision("web", 1, &version(7), minute(8));
    store.take_in(&instance("web", "web"), &[(theirs, version(7))], &[]).unwrap();
    assert_eq!(store.apply_for("web", &version(7), "web", 9), (3, false));
    assert_eq!(store.newest("web", None), Some(3));
}

#[test]
fn what_is_planned_is_what_is_kept() {
    let mut store = Store::in_memory().unwrap();
    let (web, to) = (definition("web"), name("web"));
    let theirs = revision("web", 9, &version(9), minute(5));
    store.take_in(&instance("web", "web"), &[(theirs, version(9))], &[]).unwrap();
    for (at, content) in [(6, version(9)), (7, version(1)), (8, version(1)), (1, version(2))] {
        let plan = |store: &Store| {
            store.planned_revision(&web, &content, "k8s", Some(&to), minute(at)).unwrap()
        };
        let planned = plan(&store);
        assert_eq!(plan(&store), planned, "planning changes nothing");
        let kept = store.keep_revision(&planned, &content, Some(&to)).unwrap().revision;
        assert_eq!(kept, planned);
        assert_eq!(store.newest_revision(&web, Some(&to)).unwrap(), Some(planned.clone()));
        // The record that now holds it brings nothing new, nor one that was written a bit earlier.
        let earlier =
            Revision { created_at: kept.created_at - SignedDuration::from_nanos(1), ..kept };
        for record in [planned, earlier] {
            let known = store.revisions(&web, Some(&to)).unwrap();
            store.take_in(&instance("web", "web"), &[(record, content.clone())], &[]).unwrap();
            assert_eq!(store.revisions(&web, Some(&to)).unwrap(), known);
        }
    }
}

#[test]
fn what_was_planned_gives_way_to_who_was_faster() {
    let mut store = Store::in_memory().unwrap();
    let web = definition("web");
    let planned = store.planned_revision(&web, &version(1), "k8s", None, minute(1)).unwrap();
    store.apply("web", &version(2), 5);
    let kept = store.keep_revision(&planned, &version(1), None).unwrap();
    assert_eq!((planned.number, kept.revision.number, kept.fresh), (1, 2, true));
    assert_eq!(store.newest("web", None), Some(2), "what was given last is newest");
}

#[test]
fn a_clock_that_was_ahead_does_not_hide_a_later_revision() {
    let mut store = Store::in_memory().unwrap();
    let ahead = revision("web", 4, &version(4), minute(60));
    store.take_in(&instance("web", "web"), &[(ahead, version(4))], &[]).unwrap();
    assert_eq!(store.apply_for("web", &version(5), "web", 1), (5, true));
    assert_eq!(store.newest("web", Some("web")), Some(5));
    // Ours went back: two revisions of one moment are still ordered.
    assert_eq!(store.apply("web", &version(6), 0), (6, true));
    assert_eq!(store.apply("web", &version(7), 0), (7, true));
    assert_eq!(store.newest("web", None), Some(7));
}

#[test]
fn a_definition_known_from_a_record_serves_new_instances() {
    let mut store = Store::in_memory().unwrap();
    let theirs = revision("web", 9, &version(9), minute(5));
    store.take_in(&instance("web", "web"), &[(theirs, version(9))], &[]).unwrap();
    assert_eq!(store.newest("web", Some("web-2")), Some(9));
    store.create_instance(&instance("web-2", "web")).unwrap();
    // From now on the other instance's record does not move it.
    let later = revision("web", 10, &version(10), minute(6));
    store.take_in(&instance("web", "web"), &[(later, version(10))], &[]).unwrap();
    assert_eq!(store.newest("web", Some("web-2")), Some(9));
    assert_eq!(store.newest("web", Some("web")), Some(10));
}

#[test]
fn an_instance_from_a_record_goes_by_a_revision_of_its_own() {
    let mut store = Store::in_memory().unwrap();
    let theirs = revision("web", 9, &version(9), minute(5));
    store.take_in(&instance("web", "web"), &[(theirs, version(9))], &[]).unwrap();
    store.take_in(&instance("web-2", "web"), &[], &[]).unwrap();
    let later = revision("web", 10, &version(10), minute(6));
    store.take_in(&instance("web", "web"), &[(later, version(10))], &[]).unwrap();
    assert_eq!(store.newest("web", Some("web-2")), Some(9));
}

#[test]
fn a_definition_outlives_the_instance_whose_record_brought_it() {
    let mut store = Store::in_memory().unwrap();
    let theirs = revision("web", 9, &version(9), minute(5));
    store.take_in(&instance("web", "web"), &[(theirs, version(9))], &[]).unwrap();
    store.delete_instance(&name("web")).unwrap();
    assert_eq!(store.newest("web", None), Some(9));
    assert_eq!(store.definition(&definition("web")).unwrap().unwrap().instances, 0);
}

#[test]
fn a_definition_in_use_is_not_deleted() {
    let mut store = Store::in_memory().unwrap();
    store.apply("web", &version(1), 0);
    store.create_instance(&instance("web-2", "web")).unwrap();
    store.create_instance(&instance("web-1", "web")).unwrap();
    let error = store.delete_definition(&definition("web")).unwrap_err();
    assert_eq!(error.kind.exit_code(), 5);
    assert_eq!(error.message, "definition `web` has 2 instances: web-1, web-2");
    assert_eq!(error.hint.as_deref(), Some("`workloadctl delete web-1 web-2` removes them first"));

    store.delete_instance(&name("web-1")).unwrap();
    store.delete_instance(&name("web-2")).unwrap();
    store.delete_definition(&definition("web")).unwrap();
    assert_eq!(store.definition(&definition("web")).unwrap(), None);
    assert_eq!(store.newest("web", None), None);
}

#[test]
fn a_name_that_is_not_there_is_told_with_the_nearest() {
    let mut store = Store::in_memory().unwrap();
    let hint = |store: &mut Store, of: &str| {
        let error = store.delete_definition(&definition(of)).unwrap_err();
        assert_eq!((error.code.word(), error.kind.exit_code()), ("no-such-definition", 1));
        error.hint.unwrap()
    };
    assert_eq!(hint(&mut store, "wbe"), "`workloadctl definition list` shows what there is");
    store.apply("web", &version(1), 0);
    assert_eq!(hint(&mut store, "wep"), "did you mean `web`?");
}

#[test]
fn definitions_are_listed_by_name() {
    let mut store = Store::in_memory().unwrap();
    for (at, each) in ["web", "api", "db-1", "db"].into_iter().enumerate() {
        store.apply(each, &version(1), at as i64);
    }
    let listed = store.definitions().unwrap();
    let names: Vec<&str> = listed.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["api", "db", "db-1", "web"]);
}
