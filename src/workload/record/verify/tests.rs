//! Records that somebody else may have written.

use serde_json::json;

use super::*;
use crate::workload::{object::Origin, record::Deployed, release::Outcome};

fn objects(text: &str) -> CowVec<Object> {
    let body = json!({"kind": "X", "v": text}).into();
    vec![Object { body, origin: Origin::line("a.yaml", 4) }].into()
}

fn deployed(number: u64, digest: String) -> Deployed {
    let release = Release { digest, ..Release::sample(number.to_string(), number, Outcome::Ready) };
    Deployed { release, objects: CowVec::default() }
}

fn record(mode: NamespaceMode) -> Record {
    Record::new("ns", &"web".parse().unwrap(), mode)
}

#[test]
fn contents_count_only_under_their_digest() {
    let (one, two) = (objects("one"), objects("two"));
    let (first, second) = (digest_of_objects(&one), digest_of_objects(&two));
    let known_two = |release: &Release| (release.digest == second).then(|| objects("two").to_vec());
    let contents = |pairs: &[(&String, &CowVec<Object>)]| -> BTreeMap<String, CowVec<Object>> {
        pairs.iter().map(|(digest, objects)| ((*digest).clone(), (*objects).clone())).collect()
    };
    let nothing: &KnownContents<'_> = &nothing_known;
    for (pairs, known, expected) in [
        (contents(&[(&first, &one), (&second, &two)]), nothing, None),
        (contents(&[(&first, &one)]), nothing, Some("the objects of release 2 are not in it")),
        (contents(&[]), nothing, Some("the objects of release 2 are not in it")),
        (contents(&[(&first, &one)]), &known_two, None),
        // What the database has counts before what the record says.
        (contents(&[(&first, &one), (&second, &one)]), &known_two, None),
        (
            contents(&[(&first, &one), (&second, &one)]),
            nothing,
            Some("the objects of release 2 are not those of its digest"),
        ),
        (
            contents(&[(&first, &CowVec::default()), (&second, &two)]),
            nothing,
            Some("the objects of release 1 are not those of its digest"),
        ),
    ] {
        let mut record = record(NamespaceMode::Given);
        record.newest = Some(deployed(2, second.clone()));
        record.last_good = Some(deployed(1, first.clone()));
        let shown = format!("{pairs:?}");
        match (verify(record, pairs, known), expected) {
            (Err(why), Some(expected)) => assert_eq!(why, expected, "{shown}"),
            (Ok(record), None) => {
                let read = [record.newest, record.last_good].map(|it| it.unwrap().objects);
                assert_eq!(read, [two.clone(), one.clone()], "{shown}");
            }
            (found, expected) => panic!("{shown}: {found:?}, not {expected:?}"),
        }
    }
    // Two releases of one revision share its objects.
    let mut both = record(NamespaceMode::Given);
    both.newest = Some(deployed(2, first.clone()));
    both.last_good = Some(deployed(1, first.clone()));
    let both = verify(both, contents(&[(&first, &one)]), nothing).unwrap();
    assert_eq!([both.newest, both.last_good].map(|it| it.unwrap().objects), [one.clone(), one]);
}

#[test]
fn the_inventory_names_only_what_can_be_of_the_instance() {
    use NamespaceMode::{Given, Managed, Own};
    let id = |kind, namespace, name| ObjectId::new("", kind, namespace, name);
    let set = |namespace| ObjectId::new("apps", "StatefulSet", Some(namespace), "db");
    let entry = |id| Entry::new(id, "v1");
    let with = |id, orphan: ObjectId| Entry {
        orphans: vec![Orphan { id: orphan, version: "v1".into(), uid: "u".into() }],
        ..Entry::new(id, "v1")
    };
    for (mode, entry, is_fine) in [
        (Given, entry(id("Secret", Some("ns"), "a")), true),
        (Given, entry(id("ClusterRole", None, "system:a")), true),
        (Given, entry(id("Secret", Some("kube-system"), "a")), false),
        (Managed, entry(id("Secret", Some("kube-system"), "a")), false),
        (Own, entry(id("Secret", Some("kube-system"), "a")), true),
        (Own, entry(id("Secret", Some(".."), "a")), false),
        (Given, entry(id("Secret", Some("ns"), "..")), false),
        (Given, entry(id("Secret", Some("ns"), "a/../../b")), false),
        (Given, entry(id("Secret", Some("ns"), "")), false),
        (Given, entry(id("", Some("ns"), "a")), false),
        (Given, entry(ObjectId::new("../x", "Secret", Some("ns"), "a")), false),
        (Given, Entry::new(id("Secret", Some("ns"), "a"), "v1/.."), false),
        (Given, with(set("ns"), id("Pod", Some("ns"), "db-0")), true),
        (Own, with(set("two"), id("Pod", Some("two"), "db-0")), true),
        (Own, with(set("two"), id("Pod", Some("kube-system"), "db-0")), false),
        (Own, with(set("ns"), id("Secret", Some("ns"), "token")), false),
        (Own, with(id("ConfigMap", Some("ns"), "a"), id("Pod", Some("ns"), "db-0")), false),
    ] {
        let mut record = record(mode);
        let shown = format!("{mode:?} {entry:?}");
        record.inventory.push(entry);
        let verified = verify(record, BTreeMap::new(), &nothing_known);
        assert_eq!(verified.is_ok(), is_fine, "{shown}: {verified:?}");
    }
}
