//! How many of its pods make a workload ready: the annotation `workloadctl/ready-at`.

use serde_json::Value;

use super::known::refuse;
use crate::workload::{
    error::{Code, Error, Result},
    name::nearest,
    object::split_api_version,
    readiness::{
        field::{annotation, text},
        verdict::Verdict,
    },
};

pub(super) const READY_AT: &str = "workloadctl/ready-at";
/// As many as the rolling update itself keeps available.
const MAX_UNAVAILABLE: &str = "maxUnavailable";

/// How many pods are enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quorum {
    /// That many in a hundred, rounded up.
    Percent(i64),
    /// All but those that may be unavailable during a rolling update.
    MaxUnavailable,
}

/// The pods of a workload, as its status counts them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub desired: i64,
    /// How many of them have to be of the newest template.
    pub to_update: i64,
    pub total: i64,
    pub updated: i64,
    pub available: i64,
    /// How many pods of the newest template are seen to be well; none where no pods are seen.
    pub healthy: Option<i64>,
}

impl Counted {
    /// Judges a workload that is not complete: ready where it has as many pods as it says are enough.
    pub(crate) fn suffices(self, workload: &Value) -> Option<Verdict> {
        let Self { desired, to_update, total, updated, available, healthy } = self;
        let spare = tolerated(workload, desired).filter(|_| desired > 0)?;
        // A status does not count how many of the newest are available: as many, at least, as there
        // are when all that are not available are of the newest.
        let newest = updated - (total - available).max(0);
        // One that restarted a moment ago counts as available, and has to show that it stays up.
        let newest = healthy.map_or(newest, |healthy| healthy.min(newest));
        let is_enough = available >= desired - spare && newest >= to_update - spare;
        // Old pods count where they are to stay: behind a partition.
        let counted = (newest + desired - to_update).min(available).clamp(0, desired);
        is_enough.then(|| {
            Verdict::ready_saying(format!(
                "{counted} of {desired} pods available, enough for {READY_AT}: {}",
                annotation(workload, READY_AT).unwrap_or_default()
            ))
        })
    }
}

/// Gives how many of the pods that are wanted may be missing; none where all are needed.
pub(crate) fn tolerated(workload: &Value, desired: i64) -> Option<i64> {
    let required = match Quorum::parse(annotation(workload, READY_AT)?).ok()? {
        Quorum::Percent(share) => share_of(desired, share, true),
        Quorum::MaxUnavailable => desired - max_unavailable(workload, desired),
    };
    // Where any are wanted, none of them is not enough.
    Some(desired - required.clamp(1.min(desired), desired))
}

impl Quorum {
    fn parse(text: &str) -> Result<Self, String> {
        if text == MAX_UNAVAILABLE {
            return Ok(Self::MaxUnavailable);
        }
        let share = text.strip_suffix('%').and_then(|share| share.parse().ok());
        match share {
            Some(share @ 1..=100) => Ok(Self::Percent(share)),
            _ => Err(format!("is {text:?}: a share of the pods, 1% to 100%, or {MAX_UNAVAILABLE}")),
        }
    }
}

fn share_of(count: i64, percent: i64, up: bool) -> i64 {
    count.saturating_mul(percent).saturating_add(if up { 99 } else { 0 }) / 100
}

/// Gives how many pods a rolling update may have unavailable, as its controller computes it.
fn max_unavailable(workload: &Value, desired: i64) -> i64 {
    let is_deployment = text(workload, "/kind") == "Deployment";
    let place = match is_deployment {
        true => "/spec/strategy/rollingUpdate/maxUnavailable",
        false => "/spec/updateStrategy/rollingUpdate/maxUnavailable",
    };
    match workload.pointer(place) {
        Some(Value::Number(count)) => count.as_i64().unwrap_or(0),
        Some(Value::String(share)) => {
            let share = share.strip_suffix('%').and_then(|share| share.parse().ok()).unwrap_or(0);
            // A Deployment rounds down, the others up.
            share_of(desired, share, !is_deployment)
        }
        // The server's defaults.
        _ if is_deployment => share_of(desired, 25, false),
        _ => 1,
    }
}

/// Checks what an object says.
///
/// # Errors
/// Code 2.
pub(super) fn check(object: &Value) -> Result<()> {
    let Some(value) = annotation(object, READY_AT) else { return Ok(()) };
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    let kind = text(object, "/kind");
    if group != "apps" || !["Deployment", "StatefulSet", "DaemonSet"].contains(&kind) {
        let message =
            format!("annotation {READY_AT} is for Deployments, StatefulSets and DaemonSets");
        return Err(Error::usage(Code::InvalidAnnotation, message)
            .hint("`workloadctl/ready-when` says when another object is ready"));
    }
    let quorum = Quorum::parse(value).map_err(|why| {
        let error = refuse(READY_AT, value, &why, [MAX_UNAVAILABLE]);
        // No share is near to another: which one is meant nobody knows.
        match nearest(value, [MAX_UNAVAILABLE]) {
            Some(_) => error,
            None => error.hint(format!("write it like `{READY_AT}: 90%`")),
        }
    })?;
    let strategy = match kind {
        "Deployment" => text(object, "/spec/strategy/type"),
        _ => text(object, "/spec/updateStrategy/type"),
    };
    if quorum == Quorum::MaxUnavailable && ["Recreate", "OnDelete"].contains(&strategy) {
        let message = format!(
            "annotation {READY_AT} is {MAX_UNAVAILABLE}, which the strategy {strategy} has not"
        );
        return Err(Error::usage(Code::InvalidAnnotation, message)
            .hint(format!("write a share of the pods, such as `{READY_AT}: 90%`")));
    }
    Ok(())
}
