//! What extends the API: CRDs are established, APIServices available.

use serde_json::Value;

use super::{Verdict, condition::Condition, related::Related, window::Window};

/// Judges a CRD. Names that are taken fail it; that its versions are served is seen in discovery,
/// not here.
pub(crate) fn judge_definition(definition: &Value, _: &Related, _: &Window) -> Verdict {
    // Another CRD has the names: this one is never Established (docs/design.md).
    if let Some(condition) = Condition::denied(definition, "NamesAccepted") {
        let message = format!("its names are not accepted: {}", condition.why());
        return Verdict::failed(condition.reason_or("NamesNotAccepted"), message);
    }
    match Condition::of(definition, "Established") {
        Some(condition) if condition.status() == "True" => Verdict::ready(),
        Some(condition) => {
            let message = format!("it is not established yet: {}", condition.why());
            Verdict::waiting(condition.reason_or("Installing"), message)
        }
        None => Verdict::waiting("Installing", "it is not established yet"),
    }
}

/// Judges an APIService. It never fails: its backend may come up.
pub(crate) fn judge_service(service: &Value, _: &Related, _: &Window) -> Verdict {
    match Condition::of(service, "Available") {
        Some(condition) if condition.status() == "True" => Verdict::ready(),
        Some(condition) => {
            let message = format!("it is not available: {}", condition.why());
            Verdict::waiting(condition.reason_or("NotAvailable"), message)
        }
        None => Verdict::waiting("NotAvailable", "nobody has tried whether it is available yet"),
    }
}
