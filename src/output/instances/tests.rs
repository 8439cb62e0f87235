use super::*;
use crate::workload::{error::Error, instance::NamespaceMode, object::ObjectId};

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn web() -> InstanceView {
    InstanceView {
        name: "web".into(),
        definition: Some("shop".into()),
        revision: Some(2),
        latest_revision: Some(3),
        runtime: Some("kind-dev".into()),
        namespace: Some("web".into()),
        namespace_mode: Some(NamespaceMode::Managed),
        status: Some(Status::Reconciling),
        reason: Some("1 of 3 pods are ready".into()),
        status_at: Some("2026-11-24T11:59:50Z".parse().unwrap()),
        release: Some(7),
        outcome: Some("ready".into()),
        created_at: Some("2026-11-20T12:00:00Z".parse().unwrap()),
        deployed_at: Some("2026-11-24T09:00:00Z".parse().unwrap()),
        deployed_by: Some("ci@runner".into()),
        ..InstanceView::default()
    }
}

fn object(kind: &str, state: State, reason: &str, message: &str) -> ObjectView {
    ObjectView {
        id: ObjectId::new("", kind, Some("web"), "web"),
        version: "v1".into(),
        uid: None,
        action: None,
        state: Some(state),
        reason: reason.into(),
        message: message.into(),
        images: Vec::new(),
        restarts: None,
        source: None,
    }
}

fn live() -> Operation {
    Operation {
        instance: web(),
        objects: vec![
            object("Service", State::Ready, "", ""),
            object("Pod", State::Failed, "CrashLoopBackOff", "container web ended with code 1"),
            object("Job", State::Waiting, "Running", "Running since 3 s"),
        ],
        ..Operation::default()
    }
}

#[test]
fn lists_are_tables() {
    let plain = Printer::plain(Format::Table);
    let new = InstanceView { name: "new".into(), ..InstanceView::default() };
    assert_eq!(
        table(&[web(), new], &plain, now(), false),
        "NAME  DEFINITION  REVISION      RELEASE  RUNTIME   NAMESPACE  STATUS       AGE\n\
         web   shop        2 (newest 3)  7        kind-dev  web        Reconciling  3 h\n\
         new   -           -             -        -         -          -            -\n"
    );
    let wide = table(&[web()], &plain, now(), true);
    assert!(
        wide.lines()
            .nth(1)
            .unwrap()
            .ends_with("Reconciling  3 h  10 s  1 of 3 pods are ready  ready    ci@runner")
    );
}

#[test]
fn one_instance_is_the_tree_of_its_objects() {
    assert_eq!(
        tree(&live(), &Printer::plain(Format::Table), now()),
        "web: Reconciling, 1 of 3 pods are ready\n\
         shop revision 2 · release 7 by ci@runner 3 h ago · runtime kind-dev · namespace web \
         (managed)\n\
         OBJECT          NAMESPACE  STATE    REASON\n\
         ├─ Service/web  web        ready    -\n\
         ├─ Pod/web      web        failed   CrashLoopBackOff: container web ended with code 1\n\
         └─ Job/web      web        waiting  Running since 3 s\n"
    );
}

#[test]
fn a_sheet_leaves_out_what_is_absent() {
    let instance = InstanceView {
        name: "web".into(),
        created_at: Some("2026-11-20T12:00:00.123Z".parse().unwrap()),
        ..InstanceView::default()
    };
    assert_eq!(
        sheet(&instance, &Printer::plain(Format::Table), now()),
        "name             web\ncreated          2026-11-20T12:00:00Z (3 d ago)\n"
    );
}

#[test]
fn the_document_of_a_status_has_objects_and_the_error() {
    let mut live = live();
    live.objects.truncate(1);
    live.error = Some(Error::runtime("unreachable", "no answer"));
    let document = Document::new("Instance", LiveDocument::from(&live));
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["name"], "web");
    assert_eq!(json["status"], "Reconciling");
    assert_eq!(json["namespaceMode"], "managed");
    assert_eq!(json["objects"][0]["state"], "ready");
    assert_eq!(json["error"]["exitCode"], 7);
}
