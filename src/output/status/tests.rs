use super::*;
use crate::{
    output::instances::tests::{now, web},
    workload::{
        error::{Code, Error},
        object::ObjectId,
    },
};

fn object(kind: &str, state: State, reason: &str, message: &str) -> ObjectView {
    ObjectView {
        state: Some(state),
        reason: reason.into(),
        message: message.into(),
        ..ObjectView::new(ObjectId::new("", kind, Some("web"), "web"), "v1")
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
fn the_document_of_a_status_has_objects_and_the_error() {
    let mut live = live();
    live.objects.truncate(1);
    live.error = Some(Error::runtime(Code::Unreachable, "no answer"));
    let document = Document::new("Instance", LiveDocument::from(&live));
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["name"], "web");
    assert_eq!(json["status"], "Reconciling");
    assert_eq!(json["namespaceMode"], "managed");
    assert_eq!(json["objects"][0]["state"], "ready");
    assert_eq!(json["error"]["exitCode"], 7);
}
