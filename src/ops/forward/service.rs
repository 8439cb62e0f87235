//! What of a Service is forwarded: its TCP ports, each to a ready pod that it selects.

use serde_json::Value;

use crate::{
    cluster::{
        api::Api,
        forward::PodPort,
        request::{Request, encode_query},
    },
    workload::{
        error::{Code, Error, Result},
        object::GroupKind,
    },
};

/// A port of a Service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServicePort {
    pub namespace: String,
    pub service: String,
    pub port: u16,
    /// `http` or `https`, where its name or number tells.
    pub scheme: Option<&'static str>,
    /// The label selector of its pods, as a query has it.
    selector: String,
    /// A number, or the name of a container's port.
    target: Value,
}

/// Gives the TCP ports of a Service that selects pods.
pub(super) fn ports_of(service: &Value) -> Vec<ServicePort> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let selector = service["spec"]["selector"].as_object();
    let selector =
        selector.into_iter().flatten().map(|(key, value)| format!("{key}={}", text(value)));
    let selector: Vec<String> = selector.collect();
    if selector.is_empty() || service["spec"]["type"] == "ExternalName" {
        return Vec::new();
    }
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let tcp = ports.filter(|port| matches!(port["protocol"].as_str(), None | Some("TCP")));
    tcp.filter_map(|port| {
        let number = port["port"].as_u64().and_then(|number| u16::try_from(number).ok())?;
        let target = match &port["targetPort"] {
            Value::Null => port["port"].clone(),
            target => target.clone(),
        };
        Some(ServicePort {
            namespace: text(&service["metadata"]["namespace"]),
            service: text(&service["metadata"]["name"]),
            port: number,
            scheme: scheme(port, number),
            selector: encode_query(&selector.join(",")),
            target,
        })
    })
    .collect()
}

fn scheme(port: &Value, number: u16) -> Option<&'static str> {
    let words = ["appProtocol", "name"].into_iter().filter_map(|key| port[key].as_str());
    let said = words.filter(|word| word.starts_with("http")).map(|word| word.starts_with("https"));
    match (said.into_iter().next(), number) {
        (Some(true), _) | (None, 443 | 8443) => Some("https"),
        (Some(false), _) | (None, 80 | 8000 | 8080) => Some("http"),
        (None, _) => None,
    }
}

impl ServicePort {
    /// Finds a pod that is ready now.
    ///
    /// # Errors
    /// Code 1: there is none, or pods may not be read.
    pub(super) async fn pod(&self, api: &Api) -> Result<PodPort> {
        let Self { namespace, service, selector, .. } = self;
        let path = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={selector}");
        let list = api.send(Request::get(path)).await.map_err(|failure| {
            let doing = format!("cannot find the pods of Service/{service}");
            failure.explain_list(doing, &GroupKind::new("", "Pod"), Some(namespace))
        })?;
        let pods = list.body["items"].as_array().into_iter().flatten();
        let found = pods.filter(|pod| is_ready(pod)).find_map(|pod| self.in_pod(pod));
        found.ok_or_else(|| {
            Error::failed(Code::Forward, format!("Service/{service} has no ready pod"))
        })
    }

    fn in_pod(&self, pod: &Value) -> Option<PodPort> {
        let number = match &self.target {
            Value::String(name) => {
                let containers = pod["spec"]["containers"].as_array()?.iter();
                let mut ports = containers.filter_map(|it| it["ports"].as_array()).flatten();
                ports.find(|port| port["name"] == name.as_str())?["containerPort"].as_u64()?
            }
            number => number.as_u64()?,
        };
        Some(PodPort {
            namespace: self.namespace.clone(),
            pod: pod["metadata"]["name"].as_str()?.to_owned(),
            port: u16::try_from(number).ok()?,
        })
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    pod["metadata"]["deletionTimestamp"].is_null()
        && conditions.into_iter().any(|it| it["type"] == "Ready" && it["status"] == "True")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ports_lead_to_pods() {
        let service =
            |spec: Value| json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec});
        let spec = json!({"selector": {"app": "web", "tier": "a/b"}, "ports": [
            {"port": 80, "targetPort": "main"},
            {"port": 53, "protocol": "UDP"},
            {"port": 5432},
            {"port": 9000, "name": "https-admin", "targetPort": 9443},
        ]});
        let ports = ports_of(&service(spec));
        let pod = json!({"metadata": {"name": "web-1"}, "spec": {"containers": [
            {"ports": [{"name": "main", "containerPort": 8080}]}]}});
        let told: Vec<_> = ports
            .iter()
            .map(|port| (port.port, port.scheme, port.in_pod(&pod).map(|found| found.port)))
            .collect();
        assert_eq!(
            told,
            [
                (80, Some("http"), Some(8080)),
                (5432, None, Some(5432)),
                (9000, Some("https"), Some(9443)),
            ]
        );
        assert_eq!(ports[0].selector, encode_query("app=web,tier=a/b"));
        for spec in [json!({"ports": [{"port": 80}]}), json!({"type": "ExternalName"})] {
            assert_eq!(ports_of(&service(spec)), []);
        }
    }

    #[test]
    fn a_pod_that_leaves_is_not_ready() {
        let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        let mut leaving = ready.clone();
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        let waiting = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
        assert_eq!([&ready, &leaving, &waiting].map(is_ready), [true, false, false]);
    }
}
