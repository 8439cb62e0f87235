//! Custom resources: what their controllers say in the conditions that most of them share.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Verdict,
    condition::Condition,
    field::{count, created, list, text, time},
    intent,
    related::Related,
    unseen,
    window::Window,
};
use crate::workload::object::split_api_version;

/// How long a controller has to report a first status, in seconds.
const FIRST_STATUS_SECONDS: i64 = 10;

/// Judges a custom resource: by its conditions, else ready once applied. Where its CRD declares a
/// status and none is reported, its controller is given 10 s after our apply.
pub(crate) fn judge(object: &Value, around: &Related, window: &Window) -> Verdict {
    if let Some(verdict) = by_conditions(object) {
        return verdict;
    }
    let reported = object.get("status").is_some_and(|status| match status {
        Value::Object(fields) => !fields.is_empty(),
        Value::Null => false,
        _ => true,
    });
    // Its controller has been there, though what its status means is not known here.
    if reported || !has_status(object, around) {
        return Verdict::ready();
    }
    let age = applied_at(object).map(|applied| window.now.duration_since(applied).as_secs());
    if age.is_some_and(|age| age < FIRST_STATUS_SECONDS) {
        return Verdict::waiting("NoStatus", "its controller has not reported a status yet");
    }
    Verdict::ready_saying("no status was reported")
}

/// Judges by the conditions that controllers share: `Stalled`, `Reconciling` and `Ready`. None
/// where the object has neither these nor an older generation's status.
pub(crate) fn by_conditions(object: &Value) -> Option<Verdict> {
    if let Some(verdict) = unseen(object) {
        return Some(verdict);
    }
    // The two abnormal conditions of kstatus (sigs.k8s.io/cli-utils): there only while True.
    let (reconciling, stalled) =
        (Condition::of(object, "Reconciling"), Condition::of(object, "Stalled"));
    if let Some(condition) = stalled.filter(|condition| condition.status() == "True") {
        return Some(Verdict::failed(condition.reason_or("Stalled"), condition.why()));
    }
    if let Some(condition) = reconciling.filter(|condition| condition.status() == "True") {
        return Some(Verdict::waiting(condition.reason_or("Reconciling"), condition.why()));
    }
    let condition = Condition::of(object, "Ready")?;
    let generation = count(object, "/metadata/generation");
    if condition.observed_generation().is_some_and(|observed| observed < generation) {
        let message = "its controller has not judged the newest change yet";
        return Some(Verdict::waiting("Progressing", message));
    }
    // Many controllers say Ready False while they are at work: it is no failure.
    Some(match condition.status() {
        "True" => Verdict::ready(),
        status => Verdict::waiting(
            condition.reason_or("NotReady"),
            format!("its condition Ready is {status}: {}", condition.why()),
        ),
    })
}

/// Tells whether the object's kind has a status; where its CRD is not known, it may have one.
fn has_status(object: &Value, around: &Related) -> bool {
    let (group, version) = split_api_version(text(object, "/apiVersion"));
    let Some(definition) = around.definition(group, text(object, "/kind")) else { return true };
    list(definition, "/spec/versions")
        .iter()
        .find(|served| text(served, "/name") == version)
        .is_none_or(|served| served.pointer("/subresources/status").is_some())
}

/// Gives the time of our last apply that changed something, else that of the creation.
fn applied_at(object: &Value) -> Option<Timestamp> {
    intent::entries(object)
        .filter_map(|entry| time(entry, "/time"))
        .max()
        .or_else(|| created(object))
}
