//! Jobs and CronJobs.

use super::{after, around, said, yaml};
use crate::workload::readiness::{is_ahead_of_pods, judge_gone};

fn job(spec: &str, status: &str) -> String {
    format!(
        r#"
apiVersion: batch/v1
kind: Job
metadata: {{name: migrate, uid: j, generation: 1}}
spec: {{completions: 1, backoffLimit: 2{spec}}}
status: {status}
"#
    )
}

fn pod(name: &str, policy: &str, status: &str) -> String {
    format!(
        r#"
---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  uid: {name}
  creationTimestamp: DURING
  ownerReferences: [{{kind: Job, name: migrate, uid: j, controller: true}}]
spec: {{nodeName: node-1, restartPolicy: {policy}, containers: [{{name: main, image: "m:1"}}]}}
status: {status}
"#
    )
}

const FAILED: &str = "{phase: Failed, containerStatuses: [{name: main, restartCount: 0, state: {terminated: {exitCode: 3, reason: Error}}}]}";
const RUNNING: &str = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: main, ready: true, state: {running: {startedAt: DURING}}}]}";
const CRASHING: &str = "{phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: main, restartCount: 9, lastState: {terminated: {exitCode: 3, reason: Error}}, state: {waiting: {reason: CrashLoopBackOff}}}]}";
const NOT_FOUND: &str = "{phase: Pending, containerStatuses: [{name: main, state: {waiting: {reason: ErrImagePull, message: 'm:1: not found'}}}]}";

#[test]
fn ok() {
    let complete = "{succeeded: 1, conditions: [{type: SuccessCriteriaMet, status: 'True'}, {type: Complete, status: 'True'}]}";
    assert_eq!(said(&job("", complete), "", after(10)), "Ready");
    let suspended = job(", suspend: true", "{conditions: [{type: Suspended, status: 'True'}]}")
        .replace(
            "generation: 1",
            "generation: 1, managedFields: [{manager: 'workloadctl:a/web', operation: Apply, fieldsV1: {'f:spec': {'f:suspend': {}}}}]",
        );
    assert_eq!(said(&suspended, "", after(10)), "Ready: suspended by its manifest");
}

#[test]
fn pending() {
    let cases = [
        ("", "{}", "", "Waiting Progressing: 0 of 1 completions done"),
        ("", "{active: 1}", RUNNING, "Waiting Progressing: 0 of 1 completions done, 1 active"),
        (
            "",
            "{active: 1, ready: 1, failed: 1}",
            FAILED,
            "Waiting Progressing: 0 of 1 completions done, 1 active, 1 failed (backoffLimit 2): pod p on node-1: container main ended with exit code 3",
        ),
        (
            "",
            "{succeeded: 1, conditions: [{type: SuccessCriteriaMet, status: 'True'}]}",
            "",
            "Waiting SuccessCriteriaMet: it has succeeded, its last pods are ending",
        ),
        (", suspend: true", "{}", "", "Waiting Suspended: it is suspended"),
    ];
    for (spec, status, pods, text) in cases {
        let pods =
            if pods.is_empty() { String::new() } else { pod("p", "Never", pods)[5..].to_owned() };
        assert_eq!(said(&job(spec, status), &pods, after(10)), text, "{status}");
    }
    let queued = job(", suspend: true", "{}")
        .replace("uid: j,", "uid: j, labels: {kueue.x-k8s.io/queue-name: q},");
    assert_eq!(
        said(&queued, "", after(10)),
        "Waiting Suspended: it is suspended until its queue lets it run"
    );
}

#[test]
fn crashes_are_the_jobs_own_affair_pending() {
    assert_eq!(
        said(&job("", "{active: 1}"), &pod("p", "OnFailure", CRASHING)[5..], after(200)),
        "Waiting CrashLoopBackOff: 0 of 1 completions done, 1 active: pod p on node-1: container main ended with exit code 3, restarted 9 times"
    );
}

#[test]
fn failed() {
    let status = "{failed: 3, conditions: [{type: FailureTarget, status: 'True', reason: BackoffLimitExceeded}, {type: Failed, status: 'True', reason: BackoffLimitExceeded, message: Job has reached the specified backoff limit}]}";
    assert_eq!(
        said(&job("", status), &pod("p", "Never", FAILED)[5..], after(10)),
        "Failed BackoffLimitExceeded: Job has reached the specified backoff limit: pod p on node-1: container main ended with exit code 3"
    );
    let deadline = "{conditions: [{type: FailureTarget, status: 'True', reason: DeadlineExceeded, message: Job was active longer than specified deadline}]}";
    assert_eq!(
        said(&job("", deadline), "", after(10)),
        "Failed DeadlineExceeded: Job was active longer than specified deadline"
    );
    assert_eq!(
        said(&job("", "{active: 1}"), &pod("p", "Never", NOT_FOUND)[5..], after(10)),
        "Failed ErrImagePull: 0 of 1 completions done, 1 active: pod p on node-1: container main cannot pull image \"m:1\": not found"
    );
}

#[test]
fn the_reason_of_a_failed_job_may_be_under_way() {
    let target = "{conditions: [{type: FailureTarget, status: 'True'}]}";
    let failed = "{conditions: [{type: Failed, status: 'True'}]}";
    for (status, pod_status, expected) in [
        (target, RUNNING, true),
        (failed, RUNNING, true),
        (failed, FAILED, false),
        ("{active: 1}", RUNNING, false),
    ] {
        let pods = around(&pod("p", "Never", pod_status)[5..]);
        assert_eq!(is_ahead_of_pods(&yaml(&job("", status)), &pods), expected, "{status}");
    }
    assert!(!is_ahead_of_pods(&yaml(&job("", failed)), &around("")));
}

#[test]
fn a_cron_job_is_ready_once_applied_ok() {
    let cron = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {schedule: '* * * * *', suspend: false}}";
    assert_eq!(said(cron, "", after(1)), "Ready");
    assert_eq!(said(&cron.replace("false", "true"), "", after(1)), "Ready: it is suspended");
}

#[test]
fn a_job_whose_time_to_live_is_over_is_judged_by_its_end() {
    let leaving = job(
        ", ttlSecondsAfterFinished: 0",
        "{succeeded: 1, conditions: [{type: Complete, status: 'True'}]}",
    )
    .replace("uid: j", "uid: j, deletionTimestamp: DURING, finalizers: [foregroundDeletion]");
    assert_eq!(said(&leaving, "", after(10)), "Ready");

    let event = |reason: &str, kind: &str| {
        format!(
            "{{apiVersion: v1, kind: Event, metadata: {{uid: e}}, type: {}, reason: {reason}, message: it says, involvedObject: {{kind: Job, uid: j}}}}",
            kind
        )
    };
    let cases = [
        (
            "spec: {ttlSecondsAfterFinished: 0}",
            event("Completed", "Normal"),
            "Ready : it completed",
        ),
        (
            "spec: {ttlSecondsAfterFinished: 0}",
            event("BackoffLimitExceeded", "Warning"),
            "Failed BackoffLimitExceeded: it says",
        ),
        (
            "spec: {ttlSecondsAfterFinished: 0}",
            event("SuccessfulCreate", "Normal"),
            "Missing NotFound: it is gone, and nobody saw how it ended: ttlSecondsAfterFinished removes it",
        ),
        ("spec: {}", event("Completed", "Normal"), "Missing NotFound: it is not on the cluster"),
    ];
    for (body, events, expected) in cases {
        let verdict = judge_gone(&yaml(body), Some("j"), &around(&events));
        let told = format!("{:?} {}: {}", verdict.state, verdict.reason, verdict.message);
        assert_eq!(told, expected, "{body} {events}");
    }
}
