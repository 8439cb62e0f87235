//! Tests of which nodes an event touches.

use super::*;

const DEPLOYMENT: usize = 0;
const DAEMON_SET: usize = 1;
const JOB: usize = 2;

fn id(group: &str, kind: &str, name: &str) -> ObjectId {
    ObjectId::new(group, kind, Some("ns"), name)
}

fn object(api_version: &str, kind: &str, name: &str, owner: Option<&str>) -> Value {
    let owners: Vec<Value> =
        owner.into_iter().map(|uid| json!({"uid": uid, "controller": true})).collect();
    json!({"apiVersion": api_version, "kind": kind, "metadata": {
        "namespace": "ns", "name": name, "uid": format!("{kind}-{name}"), "ownerReferences": owners,
    }})
}

fn event(uid: &str) -> Value {
    let mut event = object("v1", "Event", uid, None);
    event["type"] = "Warning".into();
    event["involvedObject"] = json!({"uid": uid});
    event
}

fn collection(path: &str, api_version: &str, kind: &str) -> Collection {
    let (path, query) = (path.to_owned(), String::new());
    Collection { path, query, api_version: api_version.to_owned(), kind: kind.to_owned() }
}

/// A Deployment with a replica set and a pod, a DaemonSet and a Job, all seen and judged.
fn shown() -> Shown {
    let mut shown = Shown::new();
    let nodes = WatchNeeds { nodes: true, ..WatchNeeds::default() };
    shown.await_object(DEPLOYMENT, &id("apps", "Deployment", "web"), None, WatchNeeds::default());
    shown.await_object(DAEMON_SET, &id("apps", "DaemonSet", "agent"), None, nodes);
    let job = id("batch", "Job", "once");
    shown.await_object(JOB, &job, Some("Job-once"), WatchNeeds::default());
    shown.keep(object("apps/v1", "Deployment", "web", None));
    shown.keep(object("apps/v1", "DaemonSet", "agent", None));
    shown.keep(object("apps/v1", "ReplicaSet", "web-1", Some("Deployment-web")));
    shown.keep(object("v1", "Pod", "web-1-a", Some("ReplicaSet-web-1")));
    assert_eq!(touched(&mut shown), [DEPLOYMENT, DAEMON_SET, JOB]);
    shown
}

fn touched(shown: &mut Shown) -> Vec<usize> {
    shown.take_touched().into_iter().collect()
}

#[test]
fn an_event_touches_those_that_are_judged_by_it() {
    type Change = fn(&mut Shown);
    let cases: [(&str, Change, &[usize]); 12] = [
        ("itself", |it| it.keep(object("apps/v1", "Deployment", "web", None)), &[DEPLOYMENT]),
        (
            "its replica set",
            |it| it.keep(object("apps/v1", "ReplicaSet", "web-1", Some("Deployment-web"))),
            &[DEPLOYMENT],
        ),
        (
            "a pod of it",
            |it| it.keep(object("v1", "Pod", "web-1-b", Some("ReplicaSet-web-1"))),
            &[DEPLOYMENT],
        ),
        (
            "a pod that is gone",
            |it| it.gone(object("v1", "Pod", "web-1-a", Some("ReplicaSet-web-1"))),
            &[DEPLOYMENT],
        ),
        ("an event about a pod", |it| it.keep(event("Pod-web-1-a")), &[DEPLOYMENT]),
        ("an event about it", |it| it.keep(event("DaemonSet-agent")), &[DAEMON_SET]),
        ("an event about what was never seen", |it| it.keep(event("Job-once")), &[JOB]),
        ("a node", |it| it.keep(object("v1", "Node", "node-1", None)), &[DAEMON_SET]),
        ("a pod of others", |it| it.keep(object("v1", "Pod", "x", Some("Job-other"))), &[]),
        ("an object of others", |it| it.keep(object("apps/v1", "Deployment", "x", None)), &[]),
        (
            "a list without the pod",
            |it| {
                let pods = collection("/api/v1/namespaces/ns/pods", "v1", "Pod");
                it.list(place_of(&pods), &pods, Vec::new());
            },
            &[DEPLOYMENT],
        ),
        (
            "a first list without it",
            |it| {
                let path = "/apis/batch/v1/namespaces/ns/jobs";
                let jobs = collection(path, "batch/v1", "Job");
                it.list(place_of(&jobs), &jobs, Vec::new());
                assert_eq!(it.of(&id("batch", "Job", "once")), Some(None));
            },
            &[JOB],
        ),
    ];
    for (what, change, expected) in cases {
        let mut shown = shown();
        change(&mut shown);
        assert_eq!(touched(&mut shown), expected, "{what}");
        assert!(!shown.is_touched());
    }
}

#[test]
fn a_circle_of_owners_ends() {
    let mut shown = shown();
    shown.keep(object("v1", "Pod", "one", Some("Pod-other")));
    shown.keep(object("v1", "Pod", "other", Some("Pod-one")));
    shown.keep(event("Pod-one"));
    assert!(!shown.is_touched());
}

#[test]
fn a_second_turn_is_touched_with_the_first() {
    let mut shown = shown();
    let job = id("batch", "Job", "once");
    shown.await_object(7, &job, Some("Job-again"), WatchNeeds::default());
    assert_eq!(touched(&mut shown), [7]);
    shown.keep(object("batch/v1", "Job", "once", None));
    assert_eq!(touched(&mut shown), [JOB, 7]);
}
