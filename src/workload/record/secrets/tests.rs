//! The record, written as Secrets and read back.

use jiff::Timestamp;

use super::{
    super::{Holder, head::*},
    *,
};
use crate::workload::{
    definition::Content,
    object::{ObjectId, Origin},
    record::nothing_known,
    release::{Deployer, Outcome},
};

fn instance() -> InstanceName {
    "web".parse().unwrap()
}

fn deployed(id: &str, text: &str) -> Deployed {
    let objects = vec![Object {
        body: json!({"kind": "X", "v": text}).into(),
        origin: Origin::line("a.yaml", 4),
    }];
    let content = Content { objects, files: Vec::new() };
    Deployed {
        release: Release {
            deployer: Deployer { user: "ann".into(), host: "desk".into(), ..Deployer::default() },
            revision: 2,
            digest: content.digest(),
            ..Release::sample(id, 3, Outcome::InFlight)
        },
        objects: content.objects.into(),
    }
}

fn record() -> Record {
    let mut record = Record::new("ns", &instance(), NamespaceMode::Given);
    record.newest = Some(deployed("r2", "d1"));
    record.last_good = Some(deployed("r1", "d1"));
    record.inventory.push(Entry {
        id: ObjectId::new("apps", "Deployment", Some("ns"), "web"),
        version: "v1".into(),
        uid: Some("u".into()),
        body: None,
        seen: None,
        wanted: true,
        keep: false,
        completed: false,
        hook: false,
        orphans: Vec::new(),
        yielded: Vec::new(),
        unsettled: Some("2026-11-24T10:00:00Z".parse().unwrap()),
        content: None,
    });
    record
}

#[test]
fn comes_back_as_it_went() {
    let record = record();
    let bytes = record.encode().unwrap();
    assert_eq!(Record::decode(&bytes, "ns", &instance(), &nothing_known).unwrap(), record);
}

#[test]
fn a_copy_elsewhere_and_a_newer_format_are_refused() {
    let bytes = record().encode().unwrap();
    assert_eq!(
        Record::decode(&bytes, "other", &instance(), &nothing_known).unwrap_err().code,
        Code::CopiedRecord
    );
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(br#"{"format": 99, "everything": "else"}"#).unwrap();
    let newer = encoder.finish().unwrap();
    assert_eq!(
        Record::decode(&newer, "ns", &instance(), &nothing_known).unwrap_err().code,
        Code::NewerRecord
    );
    assert_eq!(
        Record::decode(b"rubbish", "ns", &instance(), &nothing_known).unwrap_err().code,
        Code::DamagedRecord
    );
    assert_eq!(
        Record::decode(&bytes[..20], "ns", &instance(), &nothing_known).unwrap_err().code,
        Code::DamagedRecord
    );
}

#[test]
fn a_head_carries_content_and_holder() {
    let record = record();
    let holder = Holder {
        id: "r2".into(),
        who: "ann@desk".into(),
        command: "workloadctl deploy web".into(),
        since: Timestamp::UNIX_EPOCH,
        expires: Timestamp::UNIX_EPOCH,
        unanswered: Some(Timestamp::UNIX_EPOCH),
    };
    let secret = head_secret(&record, &Encoded::of(&record).unwrap(), Some(&holder));
    let (content, read) = read_head(&secret).unwrap();
    assert_eq!(read, Some(holder));
    let HeadContent::Whole(bytes) = content else { panic!("it fits") };
    assert_eq!(Record::decode(&bytes, "ns", &instance(), &nothing_known).unwrap(), record);
    let (_, cleared) =
        read_head(&head_secret(&record, &Encoded::of(&record).unwrap(), None)).unwrap();
    assert_eq!(cleared, None);
    assert!(read_head(&json!({"type": "Opaque", "data": {}})).is_err());
}

#[test]
fn a_holder_that_nobody_can_read_has_a_way_out() {
    let record = record();
    let mut secret = head_secret(&record, &Encoded::of(&record).unwrap(), None);
    secret["data"]["holder"] = json!(STANDARD.encode("{}"));
    let error = read_head(&secret).unwrap_err();
    assert_eq!(error.code, Code::DamagedRecord);
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "where nobody does, take it out: `kubectl -n ns patch secret workloadctl.web --type merge -p '{\"data\":{\"holder\":null}}'`"
        )
    );
}

#[test]
fn a_head_names_no_other_secret_as_its_part() {
    let made = part_name(&instance(), b"content");
    for (name, is_part) in [
        (&*made, true),
        ("workloadctl.web", false),
        ("workloadctl.web.token", false),
        ("../../kube-system/secrets/workloadctl.web.00000000000000000000", false),
        ("workloadctl.other.00000000000000000000", false),
    ] {
        assert_eq!(is_part_name(&instance(), name), is_part, "{name}");
    }
}

#[test]
fn an_expiry_far_ahead_counts_as_one_of_90_seconds() {
    let at = |second| Timestamp::from_second(second).unwrap();
    for (expires, written, expected) in
        [(1090, 1000, 1090), (9_999_999, 1000, 1091), (1005, 1000, 1005)]
    {
        let (id, who, command) = ("r2".into(), "ann@desk".into(), "deploy".into());
        let mut holder =
            Holder { id, who, command, since: at(0), expires: at(expires), unanswered: None };
        holder.clamp(at(written));
        assert_eq!(holder.expires, at(expected));
    }
}

#[test]
fn what_does_not_fit_lies_in_parts_named_by_digest() {
    let content: Vec<u8> = (0..250u8).collect();
    let encoded = Encoded::spread(&content, "ns", &instance(), 100);
    assert_eq!(encoded.parts.len(), 3);
    let secret = json!({"type": HEAD_TYPE, "data": encoded.head});
    let (HeadContent::Parts(names), _) = read_head(&secret).unwrap() else { panic!("parts") };
    let whole: Vec<u8> = names
        .iter()
        .flat_map(|name| {
            let (_, body) = encoded.parts.iter().find(|(part, _)| part == name).unwrap();
            read_part(body).unwrap()
        })
        .collect();
    assert_eq!(whole, content);
    assert_eq!(Encoded::spread(&content, "ns", &instance(), 100), encoded);
}

#[test]
fn a_content_that_unpacks_without_end_is_refused() {
    // Harmless JSON behind which more follows than anybody may want to hold.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..=(UNPACKED_LIMIT >> 20) {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let error = Record::decode(&bomb, "ns", &instance(), &nothing_known).unwrap_err();
    assert_eq!(error.code, Code::DamagedRecord);
    assert_eq!(error.causes, ["it unpacks to more than 64 MiB"]);
}

#[test]
fn the_corpus_of_the_fuzzer_reaches_what_is_behind_the_first_check() {
    let valid = include_bytes!("../../../../fuzz/corpus/record/valid.json");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(valid).unwrap();
    let packed = encoder.finish().unwrap();
    Record::decode(&packed, "ns", &instance(), &nothing_known).unwrap();
}

mod random {
    use proptest::prelude::*;

    use super::*;
    use crate::workload::record::fuzzing::record as read_everything;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".{0,8}", inner, 0..6).prop_map(Value::from_iter),
            ]
        })
    }

    /// Lists the pointers to everything inside a value.
    fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        let step = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(key, value)| pointers(value, &step(key), found))
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    pointers(item, &step(&index.to_string()), found);
                }
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
            read_everything(&bytes);
        }

        #[test]
        fn json(value in any_json()) {
            read_everything(value.to_string().as_bytes());
        }

        #[test]
        fn a_record_of_which_one_thing_is_another(
            at in any::<prop::sample::Index>(), other in any_json()
        ) {
            let mut text = String::new();
            let valid = record().encode().unwrap();
            GzDecoder::new(&*valid).read_to_string(&mut text).unwrap();
            let mut value: Value = serde_json::from_str(&text).unwrap();
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            *value.pointer_mut(&all[at.index(all.len())]).unwrap() = other;
            read_everything(value.to_string().as_bytes());
        }

        #[test]
        fn a_record_of_which_some_bytes_are_others(
            at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()
        ) {
            let mut bytes = record().encode().unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if cut {
                bytes.truncate(at);
            }
            read_everything(&bytes);
        }
    }
}
