//! How an instance is reached from outside its cluster: what its Ingresses serve, the addresses of
//! its load balancers and, where a node is this machine, the ports of its nodes.

use super::sanitize::one_line;
use crate::{
    ops::view::{ObjectView, Operation},
    workload::{
        readiness::State,
        runtime::{SANDBOX, is_kind_like},
    },
};

/// How the ports of nodes are told in the details of a Service.
const NODE_PORT: &str = "node port ";

/// Gives a line for each way; none where nothing leads there.
pub(super) fn lines(operation: &Operation) -> String {
    let runtime = operation.instance.runtime.as_deref().unwrap_or_default();
    let objects = operation.objects.iter().filter(|object| object.state == Some(State::Ready));
    let ways = objects.flat_map(|object| {
        ways(object, runtime).map(|way| format!("reach it: {way} ({})", object.id))
    });
    ways.map(|line| one_line(&line).into_owned() + "\n").collect()
}

/// Gives the command that leads to an instance where nothing else does: where it has Services, and
/// runs.
pub(super) fn hint(operation: &Operation) -> Option<String> {
    let Operation { instance, objects, .. } = operation;
    let runs = |object: &ObjectView| object.state == Some(State::Ready);
    let has_service = objects.iter().any(|object| object.id.is("", "Service") && runs(object));
    let is_sandbox = instance.runtime.as_deref() == Some(SANDBOX);
    (has_service && !is_sandbox && lines(operation).is_empty())
        .then(|| format!("`workloadctl forward {}` leads to it", instance.name))
}

fn ways<'a>(object: &'a ObjectView, runtime: &'a str) -> impl Iterator<Item = &'a String> {
    // Any host is no address.
    let hosts = object.details.hosts.iter().filter(|url| !url.contains("://*"));
    let inside = object.id.namespace.as_deref();
    let inside = inside.map(|namespace| format!("{}.{namespace}.svc:", object.id.name));
    let is_outside = move |address: &&String| {
        let is_inside = inside.as_ref().is_some_and(|it| address.starts_with(it));
        match address.starts_with(NODE_PORT) {
            true => is_kind_like(runtime),
            // What has no port is another name for something elsewhere.
            false => address.contains(':') && !is_inside,
        }
    };
    let addresses = object.details.addresses.iter().filter(is_outside);
    hosts.chain(addresses)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        ops::view::InstanceView,
        workload::{details::reached_by, object::ObjectId},
    };

    #[test]
    fn what_leads_there_is_told() {
        let ingress = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"tls": [{"hosts": ["a.example.com"]}], "rules": [
                {"host": "a.example.com", "http": {"paths": [{"path": "/"}]}},
                {"http": {"paths": [{"path": "/any"}]}}]}});
        let balanced = json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "lb", "namespace": "shop"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}]}}});
        let inner = json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "db", "namespace": "shop"}, "spec": {"ports": [{"port": 5432}]}});
        let operation = |runtime: &str, state: State, bodies: &[&Value]| {
            let objects = bodies.iter().map(|body| ObjectView {
                state: Some(state),
                details: reached_by(body).into(),
                ..ObjectView::new(ObjectId::of(body), "v1")
            });
            let runtime = Some(runtime.to_owned());
            let instance = InstanceView { name: "web".into(), runtime, ..InstanceView::default() };
            Operation { instance, objects: objects.collect(), ..Operation::default() }
        };
        let all = [&ingress, &balanced, &inner];
        let told = |runtime: &str, state: State| lines(&operation(runtime, state, &all));
        let far = "reach it: https://a.example.com/ (Ingress/web)\n\
                   reach it: 198.51.100.7:80 (Service/lb)\n";
        assert_eq!(told("prod", State::Ready), far);
        let near = "reach it: https://a.example.com/ (Ingress/web)\n\
                    reach it: node port 30080 (Service/lb)\n\
                    reach it: 198.51.100.7:80 (Service/lb)\n";
        assert_eq!(told("kind-dev", State::Ready), near);
        assert_eq!(told("prod", State::Waiting), "");
        // Where nothing leads there, a command does.
        let hinted =
            |runtime: &str, state, bodies: &[&Value]| hint(&operation(runtime, state, bodies));
        let command = Some("`workloadctl forward web` leads to it".to_owned());
        assert_eq!(hinted("prod", State::Ready, &[&inner]), command);
        assert_eq!(hinted("prod", State::Ready, &all), None);
        assert_eq!(hinted("prod", State::Waiting, &[&inner]), None);
        assert_eq!(hinted("sandbox", State::Ready, &[&inner]), None);
    }
}
