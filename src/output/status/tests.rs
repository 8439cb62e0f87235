use super::*;
use crate::{
    ops::view::ObjectView,
    output::instances::tests::{now, web},
    workload::{
        details::{ObjectDetails, PodDetails, ReplicaSetDetails},
        error::{Code, Error},
        object::ObjectId,
        readiness::State,
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
        tree(&live()),
        "web: Reconciling, 1 of 3 pods are ready\n\
         shop revision 2 · release 7 by ci@runner 3 h ago · runtime kind-dev · namespace web \
         (managed)\n\
         OBJECT          STATE    REASON\n\
         ├─ Service/web  ready    -\n\
         ├─ Pod/web      failed   CrashLoopBackOff: container web ended with code 1\n\
         └─ Job/web      waiting  Running since 3 s\n"
    );
}

fn tree(live: &Operation) -> String {
    let printer = Printer::plain(Format::Table);
    heading(&live.instance, &printer, now()) + &tree::rows(live, &printer, now())
}

fn pod(name: &str, set: Option<&str>, state: State, reason: &str) -> PodDetails {
    PodDetails {
        name: name.into(),
        replica_set: set.map(str::to_owned),
        node: (state == State::Ready).then(|| "node-1".to_owned()),
        ready: state == State::Ready,
        state,
        restarts: 0,
        reason: reason.into(),
        message: String::new(),
        created_at: Some(now() - jiff::SignedDuration::from_secs(90)),
        age: Some(90),
    }
}

#[test]
fn below_a_workload_stand_its_replica_sets_and_pods() {
    let set = |name: &str, ready, desired| ReplicaSetDetails {
        name: name.into(),
        ready,
        desired,
        created_at: Some(now() - jiff::SignedDuration::from_secs(100)),
    };
    let mut live = live();
    live.objects.truncate(2);
    live.objects[0].id.kind = "Deployment".into();
    live.objects[0].details = ObjectDetails {
        ready: Some(1),
        desired: Some(2),
        replica_sets: vec![set("web-2", 0, 1), set("web-1", 1, 1)],
        pods: vec![
            pod("web-2-a", Some("web-2"), State::Failed, "ErrImagePull"),
            pod("web-1-a", Some("web-1"), State::Ready, ""),
            pod("stray", None, State::Waiting, "Pending"),
        ],
        ..ObjectDetails::default()
    }
    .into();
    live.objects[1] = object("Service", State::Ready, "", "");
    live.objects[1].id.namespace = Some("other".into());
    live.objects[1].details = ObjectDetails {
        endpoints: Some(1),
        addresses: vec!["web.other.svc:80".into(), "node port 30080".into()],
        ..ObjectDetails::default()
    }
    .into();
    live.instance.failure = Some(FailedRelease {
        release: 7,
        outcome: OperationOutcome::TimedOut,
        reason: "Deployment/web: no such image".into(),
    });
    let text = tree(&live);
    insta::assert_snapshot!(text, @"
    web: Reconciling, 1 of 3 pods are ready
    release 7 ran out of time: Deployment/web: no such image
    shop revision 2 · release 7 by ci@runner 3 h ago · runtime kind-dev · namespace web (managed)
    OBJECT                  NAMESPACE  READY  STATE    RESTARTS  NODE    AGE    REASON
    ├─ Deployment/web       web        1/2    ready    -         -       -      -
    │  ├─ ReplicaSet/web-2  -          0/1    -        -         -       100 s  -
    │  │  └─ Pod/web-2-a    -          -      failed   0         -       90 s   ErrImagePull
    │  ├─ ReplicaSet/web-1  -          1/1    -        -         -       100 s  -
    │  │  └─ Pod/web-1-a    -          -      ready    0         node-1  90 s   -
    │  └─ Pod/stray         -          -      waiting  0         -       90 s   Pending
    └─ Service/web          other      -      ready    -         -       -      1 ready endpoint, web.other.svc:80, node port 30080
    ");
    // What the status says already is not said twice.
    live.instance.reason = Some("Deployment/web: no such image".into());
    assert!(!tree(&live).contains("ran out of time"));
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
