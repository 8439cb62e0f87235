//! Services: ready once applied, but for the address of a load balancer.

use serde_json::Value;

use super::{
    Verdict,
    field::{list, shorten, text, uid},
    related::{Related, happened},
    window::Window,
};

/// Tells whether a Service waits for the address of a load balancer.
pub(super) fn has_load_balancer(service: &Value) -> bool {
    text(service, "/spec/type") == "LoadBalancer"
}

/// Judges a Service. On kind-like runtimes nothing gives load balancers an address.
pub(crate) fn judge(service: &Value, around: &Related, window: &Window) -> Verdict {
    if !has_load_balancer(service)
        || !list(service, "/status/loadBalancer/ingress").is_empty()
        || !list(service, "/spec/externalIPs").is_empty()
    {
        return Verdict::ready();
    }
    if window.is_kind_like() {
        return Verdict::ready_saying("no load balancer gives it an address on this runtime");
    }
    let failure = around
        .events_of(uid(service))
        .filter(|event| text(event, "/type") == "Warning" && window.covers(happened(event)))
        .max_by_key(|event| happened(event));
    match failure {
        Some(event) => Verdict::waiting(
            text(event, "/reason"),
            format!("no load balancer address yet: {}", shorten(text(event, "/message"))),
        ),
        None => Verdict::waiting("Pending", "no load balancer has given it an address yet"),
    }
}
