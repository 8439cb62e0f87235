//! Strict validation, offline: what an API server would refuse of objects, all of it at once and
//! with its place in the sources.
//!
//! Never stricter than a server-side apply with `fieldValidation=Strict`; what only a server can
//! know (quotas, webhooks, expressions) is left to it. A kind that neither the embedded schemas nor
//! a CustomResourceDefinition of the set describes is not judged.

mod builtin;
mod custom;
mod deprecated;
mod fault;
mod field_place;
mod judge;
mod place;
mod source;

use serde_json::Value;

use self::{
    custom::CustomSchemas,
    fault::{Fault, ShownBy},
    place::Found,
};
use super::{
    definition::Content,
    error::{Code, Error, Mistake},
    kinds::Kinds,
    object::{ObjectId, Origin},
    overrides::{Flag, Overrides, Overriding},
    placement::Placed,
};
use crate::schema::{Gvk, KUBERNETES_MINOR, openapi};

pub(in crate::workload) use field_place::{Field, places_of};
pub(crate) use judge::{Judge, RenderedJudge};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Report {
    /// What would be refused, in the order of the objects.
    pub mistakes: Vec<Mistake>,
    /// What will be refused one day, or by newer servers.
    pub warnings: Vec<String>,
}

impl Report {
    /// Adds what another one has beside it: instances of one definition have much in common.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { mistakes, warnings } = other;
        // They may be many thousands, and mostly there is one instance.
        let (known, told) =
            (std::mem::take(&mut self.mistakes), std::mem::take(&mut self.warnings));
        let is_new = |mistake: &Mistake| known.is_empty() || !known.contains(mistake);
        let more: Vec<Mistake> = mistakes.into_iter().filter(is_new).collect();
        self.mistakes = known.into_iter().chain(more).collect();
        let more: Vec<String> = warnings.into_iter().filter(|it| !told.contains(it)).collect();
        self.warnings = told.into_iter().chain(more).collect();
    }
}

/// Validates the objects of a definition as they were read, their kinds included.
#[cfg(any(test, fuzzing))]
pub(crate) fn content(content: &Content) -> Report {
    let mut judge = Judge::new();
    content.objects.iter().for_each(|object| judge.look_at(object));
    judge.finish(&content.files)
}

/// Validates objects as they would be sent. `content` is what they were made of, by `overrides`:
/// what those brought is shown with its flag. `unknown` is what [`Kinds::check`] has found of them.
pub(crate) fn rendered(
    placed: &[Placed],
    content: &Content,
    overrides: &Overrides,
    kinds: &Kinds,
    unknown: &[Error],
) -> Report {
    let bodies = placed.iter().filter(|placed| is_crd(placed)).map(|placed| &*placed.body);
    let overriding = Overriding { overrides, objects: &content.objects, kinds };
    let mut judge = RenderedJudge::new(bodies, unknown, Some(overriding));
    placed.iter().for_each(|placed| judge.look_at(placed));
    judge.finish(&content.files)
}

/// Validates what the placement itself has made or named, of objects with which nothing was wrong as
/// they were read.
pub(crate) fn renamed(placed: &[Placed]) -> Report {
    let bodies = placed.iter().filter(|placed| is_crd(placed)).map(|placed| &*placed.body);
    let mut judge = RenderedJudge::new(bodies, &[], None);
    let is_new =
        |placed: &&Placed| placed.origin.is_none() || placed.declared().name != placed.id.name;
    placed.iter().filter(is_new).for_each(|placed| judge.look_at(placed));
    judge.finish(&[])
}

fn is_crd(placed: &Placed) -> bool {
    placed.id.is("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// Lists what is wrong with one object, a line each; `definitions` describe custom resources.
pub fn mistakes(body: &Value, definitions: &[Value]) -> Vec<String> {
    let faults = faults(body, &Gvk::of(body), &CustomSchemas::of(definitions.iter()));
    faults.into_iter().map(|fault| fault.message).collect()
}

impl Report {
    /// Turns what a newer API server may see otherwise into warnings: it knows more fields, kinds
    /// and values than are embedded here. `minor` is the server's version of Kubernetes 1.
    pub(crate) fn for_server(&mut self, minor: u32) {
        if minor <= KUBERNETES_MINOR {
            return;
        }
        let (open, sure) = std::mem::take(&mut self.mistakes)
            .into_iter()
            .partition(|mistake: &Mistake| mistake.outdates);
        let open: Vec<Mistake> = open;
        self.mistakes = sure;
        self.warnings.extend(open.iter().map(Mistake::line));
    }
}

/// An object with what is wrong with it.
struct Judged {
    /// Its place among the objects.
    number: usize,
    id: ObjectId,
    origin: Option<Origin>,
    /// Each with the flag that brought it.
    faults: Vec<(Fault, Option<Flag>)>,
}

fn faults(body: &Value, gvk: &Gvk, schemas: &CustomSchemas) -> Vec<Fault> {
    match openapi().of(gvk) {
        Some(schema) => builtin::faults(body, gvk, schema),
        None => schemas.faults(body, gvk),
    }
}

fn unknown_kind(body: &Value, error: &Error) -> Fault {
    let Error { code, message, hint, .. } = error;
    let field = if *code == Code::UnknownVersion { "apiVersion" } else { "kind" };
    let suggestion = hint.as_ref().and_then(|hint| hint.strip_prefix("write `")?.strip_suffix('`'));
    let suggestion = suggestion.map(str::to_owned);
    Fault {
        at: Found::at(body, field),
        message: message.clone(),
        expected: None,
        suggestion,
        shown_by: ShownBy::Value,
        outdates: true,
        twice: false,
    }
}

fn old_version(gvk: &Gvk, id: &ObjectId, origin: Option<&Origin>) -> Option<String> {
    let old = deprecated::of(gvk)?;
    let place = origin.map_or(String::new(), |origin| format!("{origin}: "));
    Some(format!("{place}{id}: {}", old.message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::object::Object;

    /// Of objects that were judged before, only what the placement has made of them is.
    #[test]
    fn what_the_placement_names_is_judged_again() {
        let placed = |name: &str, declared: Option<&str>, origin: Option<Origin>| {
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "date": {},
                "metadata": {"name": name, "namespace": "n"}});
            let id = ObjectId::of(&body);
            let declared = declared.map(|name| ObjectId::new("", "ConfigMap", None, name));
            Placed { id, declared, body: body.into(), origin }
        };
        let there = Some(Origin::line("a.yaml", 1));
        for (placed, is_judged) in [
            (placed("a", None, there.clone()), false),
            (placed("a", Some("a"), there.clone()), false),
            (placed("a-1", Some("a"), there), true),
            (placed("a", None, None), true),
        ] {
            let report = renamed(std::slice::from_ref(&placed));
            assert_eq!(!report.mistakes.is_empty(), is_judged, "{placed:?}");
        }
    }

    /// A Deployment with a value at a pointer into its pods, and what is wrong with it.
    fn of_pods(pointer: &str, value: &Value) -> Vec<String> {
        let container = json!({"name": "c", "image": "i"});
        let mut body = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}}});
        let spec = &mut body["spec"]["template"]["spec"];
        let place = match pointer.strip_prefix("c/") {
            Some(field) => &mut spec["containers"][0][field],
            None => &mut spec[pointer],
        };
        place.clone_from(value);
        mistakes(&body, &[])
    }

    #[test]
    fn what_a_server_does_not_look_at_is_no_mistake() {
        let lifecycle = json!({"stopSignal": "SIGFOO"});
        assert_eq!(of_pods("c/lifecycle", &lifecycle), [""; 0]);
    }

    /// What a real server was seen to refuse of pods, each beside what it takes.
    #[test]
    fn fields_of_pods_have_the_servers_forms() {
        let term = |terms: Value| json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}});
        let near = |key: &str| json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": key}]}});
        let spread = |skew: i64| json!([{"maxSkew": skew, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]);
        let items = |item: Value| {
            let mut item = item;
            item["key"] = json!("a");
            json!([{"name": "v", "configMap": {"name": "c", "items": [item]}}])
        };
        let long = "a".repeat(64);
        for (field, wrong, right) in [
            ("hostname", json!("A_b"), json!("a-b")),
            ("hostname", json!(long), json!(long[1..])),
            ("subdomain", json!("a.b"), json!("a")),
            ("nodeName", json!("A_b"), json!("a.b")),
            ("priorityClassName", json!("A_b"), json!("a.b")),
            ("os", json!({"name": "mac"}), json!({"name": "linux"})),
            ("affinity", term(json!([])), term(json!([{}]))),
            ("affinity", near(""), near("zone")),
            ("tolerations", json!([{"key": "a b"}]), json!([{"key": "a/b"}])),
            ("tolerations", json!([{"value": "x"}]), json!([{"operator": "Exists"}])),
            (
                "tolerations",
                json!([{"key": "a", "operator": "Exists", "value": "x"}]),
                json!([{"key": "a", "operator": "Equal", "value": "x"}]),
            ),
            (
                "tolerations",
                json!([{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 1}]),
                json!([{"key": "a", "effect": "NoExecute", "tolerationSeconds": 1}]),
            ),
            (
                "affinity",
                term(json!([{"matchExpressions": [{"key": "a", "operator": "In"}]}])),
                term(json!([{"matchExpressions": [{"key": "a", "operator": "Exists"}]}])),
            ),
            ("topologySpreadConstraints", spread(0), spread(1)),
            ("dnsPolicy", json!("None"), json!("Default")),
            ("securityContext", json!({"runAsUser": -1}), json!({"runAsUser": 0})),
            (
                "c/securityContext",
                json!({"privileged": true, "allowPrivilegeEscalation": false}),
                json!({"privileged": true, "allowPrivilegeEscalation": true}),
            ),
            (
                "c/ports",
                json!([{"containerPort": 1, "hostPort": 8}, {"containerPort": 2, "hostPort": 8}]),
                json!([{"containerPort": 1, "hostPort": 8}, {"containerPort": 2, "hostPort": 8, "protocol": "UDP"}]),
            ),
            ("volumes", items(json!({"path": "../b"})), items(json!({"path": "a..b"}))),
            ("volumes", items(json!({"path": "/b"})), items(json!({"path": "b/c"}))),
            (
                "volumes",
                items(json!({"path": "b", "mode": 512})),
                items(json!({"path": "b", "mode": 511})),
            ),
            (
                "initContainers",
                json!([{"name": "i", "image": "i", "livenessProbe": {"tcpSocket": {"port": 1}}}]),
                json!([{"name": "i", "image": "i", "restartPolicy": "Always",
                    "livenessProbe": {"tcpSocket": {"port": 1}}}]),
            ),
            (
                "c/livenessProbe",
                json!({"tcpSocket": {"port": 1}, "exec": {"command": ["a"]}}),
                json!({"tcpSocket": {"port": 1}}),
            ),
            (
                "c/livenessProbe",
                json!({"tcpSocket": {"port": 1}, "periodSeconds": -1}),
                json!({"tcpSocket": {"port": 1}, "periodSeconds": 0}),
            ),
            (
                "c/startupProbe",
                json!({"tcpSocket": {"port": 1}, "successThreshold": 2}),
                json!({"tcpSocket": {"port": 1}, "successThreshold": 0}),
            ),
            (
                "c/lifecycle",
                json!({"preStop": {"sleep": {"seconds": 1}, "exec": {"command": ["a"]}}}),
                json!({"preStop": {"sleep": {"seconds": 1}}}),
            ),
            (
                "c/envFrom",
                json!([{"prefix": "1=", "configMapRef": {"name": "x"}}]),
                json!([{"prefix": "1", "configMapRef": {"name": "x"}}]),
            ),
            (
                "c/resizePolicy",
                json!([{"resourceName": "cpu", "restartPolicy": "x"}]),
                json!([{"resourceName": "cpu", "restartPolicy": "NotRequired"}]),
            ),
        ] {
            assert_eq!(of_pods(field, &wrong).len(), 1, "{field}: {wrong}");
            assert_eq!(of_pods(field, &right), [""; 0], "{field}: {right}");
        }
    }

    /// What can be judged at once need not be kept until the set is complete.
    #[test]
    fn only_what_the_set_may_say_more_of_is_kept() {
        for (api_version, kind, spec, kept, wrong) in [
            ("v1", "Namespace", json!({}), 0, false),
            ("v1", "Namespace", json!({"finalisers": []}), 0, true),
            ("apps/v1", "Deployment", json!({"replicas": "2"}), 0, true),
            ("apps/v1beta1", "Deployment", json!({}), 1, false),
            ("apps/v1", "Deploymint", json!({}), 1, true),
            ("v1", "Status", json!({}), 1, true),
            ("example.com/v1", "Gear", json!({}), 1, false),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({}), 1, true),
        ] {
            let body = json!({
                "apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec,
            });
            let object = Object { body: body.into(), origin: Origin::line("a.yaml", 1) };
            let mut judge = Judge::new();
            judge.look_at(&object);
            assert_eq!(judge.kept(), kept, "{api_version} {kind}");
            let mistakes = judge.finish(&[]).mistakes;
            assert_eq!(!mistakes.is_empty(), wrong, "{api_version} {kind}: {mistakes:?}");
        }
    }
}
