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

/// The conditions by which objects say that they do their work, where they have no `Ready`: all that are
/// there have to hold. The first three are those of the Gateway API, the last two those of what runs
/// to an end.
const WORKING: [&str; 6] =
    ["Accepted", "ResolvedRefs", "Programmed", "Available", "Complete", "Succeeded"];

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

/// Judges by the conditions that controllers share: `Stalled`, `Reconciling`, `Failed` and `Ready`, or
/// else those of [`WORKING`]. None where the object has neither these nor an older generation's
/// status.
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
    if let Some(condition) = Condition::of(object, "Failed").filter(|it| it.status() == "True") {
        return Some(Verdict::failed(condition.reason_or("Failed"), condition.why()));
    }
    if let Some(condition) = Condition::of(object, "Ready") {
        return Some(by_condition(object, "Ready", condition));
    }
    worst(object, list(object, "/status/conditions")).or_else(|| by_parents(object))
}

/// Judges by those of the conditions that tell of work: by the first that does not hold.
fn worst(object: &Value, conditions: &[Value]) -> Option<Verdict> {
    let told = WORKING.iter().filter_map(|kind| Some((kind, Condition::among(conditions, kind)?)));
    let verdicts = told.map(|(kind, condition)| by_condition(object, kind, condition));
    verdicts.reduce(|first, next| if first.is_ready() { next } else { first })
}

/// Judges what has conditions for each of the objects that it is attached to: a route of the Gateway
/// API, or a policy.
fn by_parents(object: &Value) -> Option<Verdict> {
    let (parents, reference) =
        [("/status/parents", "/parentRef"), ("/status/ancestors", "/ancestorRef")]
            .into_iter()
            .find(|(parents, _)| object.pointer(parents).is_some_and(Value::is_array))?;
    let parents = list(object, parents);
    if parents.is_empty() {
        return Some(Verdict::waiting(
            "NotAccepted",
            "nothing that it is attached to has accepted it yet",
        ));
    }
    let verdicts = parents.iter().filter_map(|parent| {
        let verdict = worst(object, list(parent, "/conditions"))?;
        let name = text(parent, &format!("{reference}/name"));
        Some(Verdict { message: format!("attached to {name}: {}", verdict.message), ..verdict })
    });
    let verdict = verdicts.reduce(|first, next| if first.is_ready() { next } else { first })?;
    Some(if verdict.is_ready() { Verdict::ready() } else { verdict })
}

fn by_condition(object: &Value, kind: &str, condition: Condition<'_>) -> Verdict {
    let generation = count(object, "/metadata/generation");
    if condition.observed_generation().is_some_and(|observed| observed < generation) {
        let message = "its controller has not judged the newest change yet";
        return Verdict::waiting("Progressing", message);
    }
    let why = condition.why();
    // Many controllers say Ready False while they are at work: it is no failure. What has run to its
    // end and did not succeed does not begin anew.
    match (kind, condition.status()) {
        (_, "True") => Verdict::ready(),
        ("Succeeded", "False") => Verdict::failed(condition.reason_or("Failed"), why),
        (_, status) => Verdict::waiting(
            condition.reason_or("NotReady"),
            format!("its condition {kind} is {status}: {why}"),
        ),
    }
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
