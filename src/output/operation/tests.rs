use crate::workload::error::Code;
use serde_json::json;

use super::*;
use crate::output::difference::DiffStyle;
use crate::{ops::view::ObjectView, output::format::Format, workload::object::ObjectId};

fn operation(outcome: OperationOutcome, counts: Counts) -> Operation {
    Operation {
        instance: InstanceView {
            name: "web".into(),
            definition: Some("shop".into()),
            revision: Some(2),
            runtime: Some("kind-dev".into()),
            namespace: Some("web".into()),
            release: Some(3),
            outcome: Some(outcome),
            ..InstanceView::default()
        },
        counts,
        duration_seconds: 4.2,
        ..Operation::default()
    }
}

fn object(action: Action, kind: &str, message: &str) -> ObjectView {
    ObjectView {
        action: Some(action),
        message: message.into(),
        ..ObjectView::new(ObjectId::new("", kind, Some("web"), "web"), "v1")
    }
}

#[test]
fn a_deploy_is_a_sentence_and_its_namespace() {
    let printer = Printer::plain(Format::Table);
    let some = Counts { create: 3, update: 1, unchanged: 5, ..Counts::default() };
    let none = Counts::default();
    for (outcome, counts, line) in [
        (
            OperationOutcome::Ready,
            some,
            "web deployed to kind-dev (release 3, shop revision 2): 3 created, 1 updated, \
             5 unchanged; ready in 4.2 s\nnamespace web\n",
        ),
        (
            OperationOutcome::Applied,
            some,
            "web applied to kind-dev (release 3, shop revision 2): 3 created, 1 updated, \
             5 unchanged; in 4.2 s, not waited for\nnamespace web\n",
        ),
        (
            OperationOutcome::NotReady,
            none,
            "web is not ready on kind-dev (release 3, shop revision 2); after 4.2 s\n\
             namespace web\n",
        ),
        (OperationOutcome::Unchanged, none, "web unchanged (release 3, ready)\nnamespace web\n"),
        (OperationOutcome::Refused, none, ""),
    ] {
        assert_eq!(text(Verb::Deploy { waits: true }, &operation(outcome, counts), &printer), line);
    }
    let mut unchanged = operation(OperationOutcome::Unchanged, none);
    unchanged.remarks.push("Deployment/web still runs with the old ConfigMap/web-conf".into());
    assert_eq!(
        text(Verb::Deploy { waits: false }, &unchanged, &printer),
        "web unchanged (release 3)\n\
         Deployment/web still runs with the old ConfigMap/web-conf\nnamespace web\n"
    );
}

#[test]
fn a_delete_counts_what_went() {
    let counts = Counts { delete: 4, ..Counts::default() };
    assert_eq!(
        text(
            Verb::Delete { forgets: false },
            &operation(OperationOutcome::Deleted, counts),
            &Printer::plain(Format::Table)
        ),
        "web deleted from kind-dev: 4 deleted; in 4.2 s\n"
    );
}

#[test]
fn a_failure_tells_what_was_done_and_nothing_where_nothing_was_written() {
    let done = Counts { create: 2, unchanged: 1, ..Counts::default() };
    for outcome in [OperationOutcome::Failed, OperationOutcome::Interrupted] {
        let mut failed = operation(outcome, done);
        failed.error = Some(Error::failed(Code::Rejected, "no"));
        let told = |operation: &Operation| {
            text(Verb::Deploy { waits: true }, operation, &Printer::plain(Format::Table))
        };
        assert_eq!(told(&failed), "");
        failed.wrote = true;
        assert_eq!(
            told(&failed),
            format!(
                "web {} on kind-dev (release 3, shop revision 2): 2 created, 1 unchanged; after \
                 4.2 s\nnamespace web\n",
                outcome.word()
            )
        );
    }
}

#[test]
fn what_is_forgotten_was_not_deleted() {
    let mut forgotten = operation(OperationOutcome::Deleted, Counts::default());
    forgotten.remarks.push("may be left: Pod/x".into());
    assert_eq!(
        text(Verb::Delete { forgets: true }, &forgotten, &Printer::plain(Format::Table)),
        "web forgotten; kind-dev was not contacted\nmay be left: Pod/x\n"
    );
}

#[test]
fn a_plan_is_a_table_and_a_count() {
    let counts = Counts { create: 1, blocked: 1, ..Counts::default() };
    let mut operation = operation(OperationOutcome::Planned, counts);
    operation.objects = vec![
        object(Action::Create, "ConfigMap", ""),
        object(Action::Blocked, "Service", "it is\u{1b}[2J not ours"),
    ];
    assert_eq!(
        text(Verb::Plan(DiffStyle::None), &operation, &Printer::plain(Format::Table)),
        "ACTION   OBJECT         NAMESPACE  REASON\n\
         create   ConfigMap/web  web        -\n\
         blocked  Service/web    web        it is\\u{1b}[2J not ours\n\
         web on kind-dev: 1 to create, 1 blocked\n"
    );
}

#[test]
fn the_document_has_the_fields_of_the_contract() {
    let mut operation =
        operation(OperationOutcome::Failed, Counts { create: 1, ..Counts::default() });
    operation.objects = vec![object(Action::Create, "ConfigMap", "")];
    operation.duration_seconds = 1.234_567;
    operation.error = Some(Error::failed(Code::Rejected, "no"));
    let document = Document::new("Deploy", OperationDocument::from(&operation));
    assert_eq!(
        serde_json::to_value(&document).unwrap(),
        json!({
            "apiVersion": "workloadctl/v1alpha1",
            "kind": "Deploy",
            "name": "web",
            "definition": "shop",
            "revision": 2,
            "runtime": "kind-dev",
            "namespace": "web",
            "release": 3,
            "outcome": "failed",
            "counts": {
                "create": 1, "update": 0, "unchanged": 0, "recreate": 0, "adopt": 0,
                "prune": 0, "delete": 0, "blocked": 0,
            },
            "objects": [{
                "kind": "ConfigMap", "namespace": "web", "name": "web", "version": "v1",
                "action": "create",
            }],
            "durationSeconds": 1.235,
            "warnings": [],
            "error": {"code": "rejected", "exitCode": 1, "message": "no"},
        })
    );
}

fn fails(kind: ErrorKind, code: Code) -> Option<Error> {
    Some(Error::new(kind, code, "no"))
}

/// Gives one that went well, and what was to return it.
fn returned(error: Option<Error>, wrote: bool) -> Operation {
    let back = Operation { error, wrote, ..operation(OperationOutcome::Ready, Counts::default()) };
    let rollback = Some(Box::new(back));
    Operation { rollback, ..operation(OperationOutcome::Ready, Counts::default()) }
}

#[test]
fn the_sum_counts_what_became_of_each() {
    let of = |outcome| operation(outcome, Counts::default());
    let deploy = |waits| move |all: &[Operation]| sum::of(Verb::Deploy { waits }, all);
    let delete = |all: &[Operation]| sum::of(Verb::Delete { forgets: false }, all);
    let stopped = || fails(ErrorKind::Terminated, Code::Interrupted);
    let begun = Operation { error: stopped(), ..of(OperationOutcome::Interrupted) };
    let left = Operation { not_begun: true, ..begun.clone() };
    let back = [
        returned(None, true),
        returned(fails(ErrorKind::Failed, Code::Rejected), true),
        returned(fails(ErrorKind::Refused, Code::NotOurs), false),
        returned(stopped(), true),
        returned(stopped(), false),
    ];
    insta::assert_snapshot!([
        deploy(true)(&[of(OperationOutcome::Ready), of(OperationOutcome::Unchanged)]),
        deploy(false)(&[
            of(OperationOutcome::Ready),
            of(OperationOutcome::Applied),
            of(OperationOutcome::Ready),
            of(OperationOutcome::Unchanged),
        ]),
        delete(&[
            of(OperationOutcome::Applied),
            of(OperationOutcome::Deleted),
            of(OperationOutcome::Unchanged),
        ]),
        deploy(true)(&[begun, left]),
        deploy(true)(&back),
    ].join("\n"), @"
    2 ready
    2 ready, 1 applied, 1 unchanged
    1 being deleted, 1 deleted, 1 not there
    1 interrupted, 1 not begun
    1 rolled back, 2 failed, 1 interrupted, 1 ready
    ");
}

#[test]
fn a_signal_that_stops_a_return_is_the_end_of_the_command() {
    let failed = Operation {
        error: fails(ErrorKind::NotReady, Code::NotReady),
        ..operation(OperationOutcome::NotReady, Counts::default())
    };
    for (kind, code, end) in [
        (ErrorKind::Interrupted, Code::Interrupted, ErrorKind::Interrupted),
        (ErrorKind::Terminated, Code::Interrupted, ErrorKind::Terminated),
        (ErrorKind::Failed, Code::NoSuchRelease, ErrorKind::NotReady),
    ] {
        let all = [failed.clone(), returned(fails(kind, code), true)];
        assert_eq!(errors::exit_kind(sum::failures(&all)), Some(end));
    }
}
