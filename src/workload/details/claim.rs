//! PersistentVolumeClaims: their size and phase.

use serde_json::Value;

use super::ObjectDetails;
use crate::workload::readiness::field::text;

pub(super) fn add(details: &mut ObjectDetails, claim: &Value) {
    let said = |pointer| Some(text(claim, pointer)).filter(|it| !it.is_empty()).map(str::to_owned);
    // The volume may be larger than what was asked for.
    details.size =
        said("/status/capacity/storage").or_else(|| said("/spec/resources/requests/storage"));
    details.phase = said("/status/phase");
}
