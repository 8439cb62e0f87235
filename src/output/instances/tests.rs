use super::*;
use crate::workload::instance::NamespaceMode;

pub(in crate::output) fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub(in crate::output) fn web() -> InstanceView {
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
        outcome: Some(OperationOutcome::Ready),
        created_at: Some("2026-11-20T12:00:00Z".parse().unwrap()),
        deployed_at: Some("2026-11-24T09:00:00Z".parse().unwrap()),
        deployed_by: Some("ci@runner".into()),
        ..InstanceView::default()
    }
}

#[test]
fn lists_are_tables() {
    let plain = Printer::plain(Format::Table);
    let new = InstanceView { name: "new".into(), ..InstanceView::default() };
    let mut outlines = Outlines::new(now());
    [web(), new].iter().for_each(|instance| outlines.add(instance.outline()));
    assert_eq!(
        outlines.rows.show(&plain),
        "NAME  DEFINITION  REVISION      RELEASE  RUNTIME   NAMESPACE  STATUS       AGE\n\
         web   shop        2 (newest 3)  7        kind-dev  web        Reconciling  3 h\n\
         new   -           -             -        -         -          -            -\n"
    );
    let wide = wide(&[web()], &plain, now());
    assert!(
        wide.lines()
            .nth(1)
            .unwrap()
            .ends_with("Reconciling  3 h  10 s  ready    ci@runner    1 of 3 pods are ready")
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
