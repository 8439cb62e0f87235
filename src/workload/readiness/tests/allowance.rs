//! What a manifest says of how far it is waited for: `wait`, `ready-at` and `timeout`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Related, Verdict, after, yaml};
use crate::workload::{
    object::{Object, Origin},
    readiness::{Allowance, WrongAnnotation, check_annotations, judge, judge_part},
};

fn workload(kind: &str, ready_at: &str, spec: &Value, status: &Value) -> Value {
    let annotations = json!({"workloadctl/ready-at": ready_at});
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": "web", "uid": "w", "generation": 2, "annotations": annotations},
        "spec": spec, "status": status,
    })
}

fn said(object: &Value, around: &str) -> String {
    let Verdict { state, reason, message } =
        judge(Some(object), &super::around(around), &after(10));
    format!("{state:?} {reason}: {message}")
}

/// Pods that belong to the workload: so many well, so many without hope.
fn pods(well: usize, hopeless: usize) -> String {
    let pod = |index: usize, status: &str| {
        format!(
            "\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web-{index}, uid: p{index}, creationTimestamp: DURING, \
             ownerReferences: [{{uid: w, controller: true}}]}}\nspec: {{restartPolicy: Always, nodeName: n{index}, containers: [{{name: app, image: \"web:2\"}}]}}\nstatus: {status}"
        )
    };
    let ready = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: app, ready: true, state: {running: {startedAt: BEFORE}}}]}";
    let denied = "{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ErrImagePull, message: 'pull access denied'}}}]}";
    let all = (0..well).map(|index| pod(index, ready));
    all.chain((well..well + hopeless).map(|index| pod(index, denied)))
        .collect::<String>()
        .trim_start_matches("\n---\n")
        .to_owned()
}

fn deployment(ready_at: &str, spec: &Value, counts: [i64; 4]) -> String {
    let [desired, total, updated, available] = counts;
    let mut spec = spec.clone();
    spec["replicas"] = desired.into();
    let status = json!({"observedGeneration": 2, "replicas": total, "updatedReplicas": updated, "availableReplicas": available});
    said(&workload("Deployment", ready_at, &spec, &status), "")
}

#[test]
fn a_deployment_is_ready_at_as_many_of_its_new_pods_as_it_says() {
    let rolling = |share: Value| json!({"strategy": {"rollingUpdate": {"maxUnavailable": share}}});
    let none = json!({});
    // What it says, its strategy; desired, all, updated, available; whether that is enough.
    let cases = [
        ("90%", &none, [10, 10, 10, 9], Some(9)),
        ("90%", &none, [10, 10, 10, 8], None),
        // Rounded up: 3 of 3.
        ("90%", &none, [3, 3, 3, 2], None),
        ("50%", &none, [3, 3, 3, 2], Some(2)),
        // Old pods are not the new ones: of 13, 3 are not available, and they may all be new.
        ("50%", &none, [10, 13, 5, 10], None),
        ("50%", &none, [10, 13, 8, 10], Some(5)),
        ("1%", &none, [10, 10, 0, 10], None),
        ("1%", &none, [2, 2, 2, 0], None),
        ("50%", &none, [0, 2, 2, 2], None),
        ("maxUnavailable", &none, [4, 4, 4, 3], Some(3)),
        // A quarter of three, rounded down: none.
        ("maxUnavailable", &none, [3, 3, 3, 2], None),
        ("maxUnavailable", &rolling(json!("50%")), [4, 4, 4, 2], Some(2)),
        ("maxUnavailable", &rolling(json!(1)), [4, 4, 4, 3], Some(3)),
        ("maxUnavailable", &rolling(json!(1)), [4, 4, 4, 2], None),
        // Not even all of them: none is none.
        ("maxUnavailable", &rolling(json!("100%")), [4, 4, 4, 0], None),
        ("maxUnavailable", &rolling(json!("100%")), [4, 4, 4, 1], Some(1)),
    ];
    for (ready_at, spec, counts, enough) in cases {
        let text = deployment(ready_at, spec, counts);
        let ready = enough.map(|counted: i64| {
            let of = counts[0];
            format!("Ready : {counted} of {of} pods available, enough for workloadctl/ready-at: {ready_at}")
        });
        assert_eq!(
            text.starts_with("Ready").then(|| text.clone()),
            ready,
            "{ready_at} {spec} {counts:?}: {text}"
        );
    }
    let complete = deployment("90%", &none, [10, 10, 10, 10]);
    assert_eq!(complete, "Ready : ", "what is complete needs no excuse");
}

#[test]
fn a_status_of_an_older_generation_is_never_enough() {
    let status = json!({"observedGeneration": 1, "replicas": 10, "updatedReplicas": 10, "availableReplicas": 9});
    let object = workload("Deployment", "50%", &json!({"replicas": 10}), &status);
    assert!(said(&object, "").starts_with("Waiting"), "{object}");
}

#[test]
fn a_stateful_set_counts_what_its_partition_leaves_to_be_updated() {
    let set = |partition: i64, updated: i64, available: i64| {
        let spec =
            json!({"replicas": 4, "updateStrategy": {"rollingUpdate": {"partition": partition}}});
        let status = json!({"observedGeneration": 2, "replicas": 4, "updatedReplicas": updated,
            "availableReplicas": available, "currentRevision": "a", "updateRevision": "b"});
        said(&workload("StatefulSet", "maxUnavailable", &spec, &status), "")
    };
    let enough = "Ready : 3 of 4 pods available, enough for workloadctl/ready-at: maxUnavailable";
    assert_eq!(set(0, 4, 3), enough);
    assert!(
        set(0, 3, 3).starts_with("Waiting"),
        "one of the three new ones may be what is missing"
    );
    assert_eq!(set(2, 2, 3), enough);
    assert!(set(2, 1, 3).starts_with("Waiting"));
    assert!(set(0, 4, 2).starts_with("Waiting"));
}

#[test]
fn a_daemon_set_fails_when_more_pods_are_hopeless_than_it_can_spare() {
    let set = |well: usize, hopeless: usize, ready_at: &str| {
        let desired = well + hopeless;
        let status = json!({"observedGeneration": 2, "desiredNumberScheduled": desired,
            "currentNumberScheduled": desired, "updatedNumberScheduled": desired,
            "numberAvailable": well});
        let object = workload("DaemonSet", ready_at, &json!({}), &status);
        said(&object, &pods(well, hopeless))
    };
    assert_eq!(
        set(4, 1, "80%"),
        "Ready : 4 of 5 pods available, enough for workloadctl/ready-at: 80%"
    );
    assert!(set(3, 2, "80%").starts_with("Failed ErrImagePull"), "{}", set(3, 2, "80%"));
    assert!(set(4, 1, "100%").starts_with("Failed ErrImagePull"));
}

#[test]
fn pods_that_are_seen_not_to_be_well_do_not_count() {
    let status = json!({"observedGeneration": 2, "replicas": 4, "updatedReplicas": 4,
        "availableReplicas": 3, "currentRevision": "b", "updateRevision": "b"});
    let set = workload("StatefulSet", "50%", &json!({"replicas": 4}), &status);
    assert!(said(&set, &pods(3, 1)).starts_with("Ready"));
    assert!(said(&set, &pods(1, 3)).starts_with("Failed"), "{}", said(&set, &pods(1, 3)));
}

#[test]
fn what_is_not_waited_for_is_no_fault_of_its_instance() {
    let around = Related::default();
    let object = |wait: &str| {
        let mut object = workload(
            "Deployment",
            "100%",
            &json!({"replicas": 2}),
            &json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2}),
        );
        object["metadata"]["annotations"] = json!({"workloadctl/wait": wait});
        object
    };
    let waiting = Verdict::waiting("Progressing", "0 of 2 pods available");
    let ready = Verdict::ready_saying("not waited for (workloadctl/wait): 0 of 2 pods available");
    assert_eq!(judge_part(Some(&object("true")), &around, &after(10)), waiting);
    assert_eq!(judge_part(Some(&object("false")), &around, &after(10)), ready);
    // What the order of a release waits for is judged as ever.
    assert_eq!(judge(Some(&object("false")), &around, &after(10)), waiting);
    assert_eq!(judge_part(None, &around, &after(10)), Verdict::missing());
}

#[test]
fn what_takes_longer_than_it_says_has_failed() {
    let allowance =
        Allowance::of(&json!({"metadata": {"annotations": {"workloadctl/timeout": "1h30m5s"}}}));
    let waiting = || Verdict::waiting("Progressing", "0 of 2 pods available");
    assert_eq!(allowance.expire(waiting(), Duration::from_secs(5404)), waiting());
    let late = allowance.expire(waiting(), Duration::from_secs(5405));
    assert_eq!(
        late,
        Verdict::failed(
            "Timeout",
            "not ready within 1h30m5s (workloadctl/timeout): 0 of 2 pods available"
        )
    );
    let hour = Duration::from_hours(2);
    assert_eq!(allowance.expire(Verdict::ready(), hour), Verdict::ready());
    assert_eq!(
        allowance.expire(Verdict::failed("BackOff", "no"), hour),
        Verdict::failed("BackOff", "no")
    );
    assert_eq!(Allowance::of(&json!({})).expire(waiting(), hour), waiting());
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_nearest() {
    let said = |kind: &str, annotation: &str, value: &str, spec: &str| {
        let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
        let body = yaml(&format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: a, annotations: {{workloadctl/{annotation}: {value:?}}}}}, spec: {spec}}}"
        ));
        let object = Object { body: body.into(), origin: Origin::line("k8s/w.yaml", 7) };
        match check_annotations(&object).pop() {
            None => "fine".to_owned(),
            Some(WrongAnnotation { error, .. }) => {
                assert_eq!(error.kind.exit_code(), 2);
                assert_eq!(error.origin.as_ref().map(|origin| origin.line), Some(7));
                format!("{} | {}", error.message, error.hint.unwrap_or_default())
            }
        }
    };
    let recreate = "{strategy: {type: Recreate}}";
    let of_pods = |name: &str| {
        format!("{{template: {{metadata: {{annotations: {{workloadctl/{name}: 'false'}}}}}}}}")
    };
    let (of_pods, restarted) = (&*of_pods("wait"), &*of_pods("restartedAt"));
    let cases = [
        ("Deployment", "wait", "true", restarted, "fine"),
        (
            "Job",
            "wait",
            "true",
            of_pods,
            "annotation workloadctl/wait does nothing on a pod template | write it below `metadata` of the Job itself",
        ),
        ("Deployment", "wait", "false", "{}", "fine"),
        ("Deployment", "wait", "true", "{}", "fine"),
        ("Deployment", "timeout", "30m", "{}", "fine"),
        ("Job", "timeout", "1h30m", "{}", "fine"),
        ("Job", "timeout", "0", "{}", "fine"),
        ("Deployment", "ready-at", "90%", "{}", "fine"),
        ("DaemonSet", "ready-at", "maxUnavailable", "{}", "fine"),
        ("Deployment", "ready-at", "90%", recreate, "fine"),
        (
            "Deployment",
            "wait",
            "flase",
            "{}",
            "annotation workloadctl/wait is \"flase\": true or false | did you mean `workloadctl/wait: \"false\"`?",
        ),
        (
            "Deployment",
            "wait",
            "no",
            "{}",
            "annotation workloadctl/wait is \"no\": true or false | there are: \"true\", \"false\"",
        ),
        (
            "Deployment",
            "ready-at",
            "90",
            "{}",
            "annotation workloadctl/ready-at is \"90\": a share of the pods, 1% to 100%, or maxUnavailable | write it like `workloadctl/ready-at: 90%`",
        ),
        (
            "Deployment",
            "ready-at",
            "0%",
            "{}",
            "annotation workloadctl/ready-at is \"0%\": a share of the pods, 1% to 100%, or maxUnavailable | write it like `workloadctl/ready-at: 90%`",
        ),
        (
            "Deployment",
            "ready-at",
            "maxUnavailible",
            "{}",
            "annotation workloadctl/ready-at is \"maxUnavailible\": a share of the pods, 1% to 100%, or maxUnavailable | did you mean `workloadctl/ready-at: maxUnavailable`?",
        ),
        (
            "Job",
            "ready-at",
            "90%",
            "{}",
            "annotation workloadctl/ready-at is for Deployments, StatefulSets and DaemonSets | `workloadctl/ready-when` says when another object is ready",
        ),
        (
            "Deployment",
            "ready-at",
            "maxUnavailable",
            recreate,
            "annotation workloadctl/ready-at is maxUnavailable, which the strategy Recreate has not | write a share of the pods, such as `workloadctl/ready-at: 90%`",
        ),
        (
            "Deployment",
            "timeout",
            "30",
            "{}",
            "annotation workloadctl/timeout: cannot read \"30\": the unit after 30 is missing; write it like 90s, 5m, 1h30m or 0 | ",
        ),
        (
            "Deployment",
            "redy-at",
            "90%",
            "{}",
            "there is no annotation workloadctl/redy-at | did you mean `workloadctl/ready-at`?",
        ),
        ("Job", "on-remove", "keep", "{}", "fine"),
        ("Job", "on-remove", "delete", "{}", "fine"),
        (
            "Job",
            "on-remove",
            "Keep",
            "{}",
            "annotation workloadctl/on-remove is \"Keep\": keep or delete | did you mean `workloadctl/on-remove: keep`?",
        ),
        (
            "Job",
            "on-remove",
            "KEEP",
            "{}",
            "annotation workloadctl/on-remove is \"KEEP\": keep or delete | did you mean `workloadctl/on-remove: keep`?",
        ),
        (
            "Job",
            "on-remove",
            "kep",
            "{}",
            "annotation workloadctl/on-remove is \"kep\": keep or delete | did you mean `workloadctl/on-remove: keep`?",
        ),
        (
            "Job",
            "on-remove",
            "true",
            "{}",
            "annotation workloadctl/on-remove is \"true\": keep or delete | there are: keep, delete",
        ),
        (
            "Deployment",
            "priority",
            "9",
            "{}",
            "there is no annotation workloadctl/priority | there are: failed-when, on-remove, ready-at, ready-when, restartedAt, timeout, versioned, wait",
        ),
    ];
    for (kind, annotation, value, spec, expected) in cases {
        assert_eq!(said(kind, annotation, value, spec), expected, "{kind} {annotation} {value}");
    }
}
