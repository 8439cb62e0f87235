//! Ingresses: the URLs that they serve.

use serde_json::Value;

use super::ObjectDetails;
use crate::workload::readiness::field::{list, text};

pub(super) fn add(details: &mut ObjectDetails, ingress: &Value) {
    let secured: Vec<&str> = list(ingress, "/spec/tls")
        .iter()
        .flat_map(|tls| list(tls, "/hosts"))
        .filter_map(Value::as_str)
        .collect();
    for rule in list(ingress, "/spec/rules") {
        let host = text(rule, "/host");
        let scheme = if secured.contains(&host) { "https" } else { "http" };
        let host = if host.is_empty() { "*" } else { host };
        let paths = list(rule, "/http/paths").iter().map(|path| text(path, "/path"));
        let mut urls: Vec<String> = paths.map(|path| format!("{scheme}://{host}{path}")).collect();
        if urls.is_empty() {
            urls.push(format!("{scheme}://{host}"));
        }
        details.hosts.append(&mut urls);
    }
}
