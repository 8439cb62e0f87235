//! How pods read ConfigMaps and Secrets, and which of them still run with what was there before.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    kinds::{data_references::OF_PODS, pod_template::pod_spec},
    object::ObjectId,
    readiness::{
        Related,
        field::{created, is_deleting, list, text},
    },
    sent_content::ContentTimes,
};

/// How the pods of a workload read a ConfigMap or Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// When a container starts: environment variables, and mounts of a `subPath`.
    AtStart,
    /// From a volume, whose files the kubelet brings up to date.
    Refreshed,
}

/// Finds out how the pods of a workload read a ConfigMap or Secret of their namespace; none where
/// nothing of them changes with it.
pub(crate) fn reading_of(id: &ObjectId, workload: &Value, read: &ObjectId) -> Option<Reading> {
    let is_near = read.group.is_empty() && id.namespace == read.namespace;
    pod_spec(id, workload).filter(|_| is_near).and_then(|spec| reading_in(spec, read))
}

/// Finds it out of the pods' `spec`, which are in the namespace of what they read.
fn reading_in(spec: &Value, read: &ObjectId) -> Option<Reading> {
    let names = match &*read.kind {
        "ConfigMap" => ["/configMapRef/name", "/configMapKeyRef/name", "/configMap/name"],
        "Secret" => ["/secretRef/name", "/secretKeyRef/name", "/secret/name"],
        _ => return None,
    };
    let is_named = |body: &Value, pointer: &str| text(body, pointer) == read.name;
    let containers =
        || ["/initContainers", "/containers"].into_iter().flat_map(|field| list(spec, field));
    let is_env = containers().any(|container| {
        list(container, "/envFrom").iter().any(|from| is_named(from, names[0]))
            || list(container, "/env")
                .iter()
                .filter_map(|variable| variable.get("valueFrom"))
                .any(|from| is_named(from, names[1]))
    });
    if is_env {
        return Some(Reading::AtStart);
    }
    let holds = |volume: &&Value| {
        is_named(volume, names[2])
            // A volume of a Secret calls it otherwise than all others do.
            || (read.kind == "Secret" && is_named(volume, "/secret/secretName"))
            || list(volume, "/projected/sources").iter().any(|source| is_named(source, names[2]))
    };
    let volumes: Vec<&str> =
        list(spec, "/volumes").iter().filter(holds).map(|volume| text(volume, "/name")).collect();
    let mounts = containers()
        .flat_map(|container| list(container, "/volumeMounts"))
        .filter(|mount| volumes.contains(&text(mount, "/name")));
    // The kubelet binds the file of a `subPath` once and does not follow it.
    let is_part = |mount: &Value| {
        !text(mount, "/subPath").is_empty() || !text(mount, "/subPathExpr").is_empty()
    };
    mounts
        .map(|mount| if is_part(mount) { Reading::AtStart } else { Reading::Refreshed })
        .min_by_key(|reading| match reading {
            Reading::AtStart => 0,
            Reading::Refreshed => 1,
        })
}

/// Names the ConfigMaps and Secrets that the pods of a live object need: its own, or those that it is
/// about to make. What has ended, goes or wants no pods needs none.
pub(crate) fn needed_by(id: &ObjectId, object: &Value) -> BTreeSet<ObjectId> {
    let is_over = match &*id.kind {
        "Pod" => ["Succeeded", "Failed"].contains(&text(object, "/status/phase")),
        "Job" => list(object, "/status/conditions").iter().any(|condition| {
            ["Complete", "Failed"].contains(&text(condition, "/type"))
                && text(condition, "/status") == "True"
        }),
        _ => object.pointer("/spec/replicas").and_then(Value::as_i64) == Some(0),
    };
    let mut needed = BTreeSet::new();
    let spec = pod_spec(id, object).filter(|_| !is_over && !is_deleting(object));
    for reference in OF_PODS {
        spec.into_iter().for_each(|spec| {
            reference.read(spec, &mut |_, name| {
                needed.insert(ObjectId::new("", reference.kind, id.namespace.as_deref(), name));
            });
        });
    }
    needed
}

/// Finds what a workload runs with an old content of: a pod of it is older, which read it only at its
/// start; one that is older than the template may not read it at all. `reads` are
/// ConfigMaps and Secrets with the times when they were what they are. A Job's pods run to their end with
/// what they began with.
pub(crate) fn stale_reads<'a>(
    (reader, body): (&ObjectId, &Value),
    reads: &[(&'a ObjectId, ContentTimes)],
    around: &Related,
    uid: &str,
) -> Vec<&'a ObjectId> {
    if reader.is("batch", "Job") {
        return Vec::new();
    }
    // One that is going is on its way to be a new one.
    let pods = around.pods_below(uid).filter(|pod| !is_deleting(pod));
    let pods: Vec<_> = pods.filter_map(|pod| Some((created(pod)?, pod.get("spec")?))).collect();
    let Some(oldest) = pods.iter().map(|(created, _)| *created).min() else { return Vec::new() };
    // First what costs least: of a large set nearly everything is older than every pod.
    let is_stale = |(read, times): &&(&ObjectId, ContentTimes)| {
        oldest < times.newest()
            && reading_of(reader, body, read) == Some(Reading::AtStart)
            && pods.iter().any(|(created, spec)| {
                times.was_other_at(*created) && reading_in(spec, read) == Some(Reading::AtStart)
            })
    };
    reads.iter().filter(is_stale).map(|(read, _)| *read).collect()
}

/// Says that a workload's pods read what has changed since.
pub(crate) fn remark(reader: &ObjectId, read: &ObjectId, how: Reading, instance: &str) -> String {
    match how {
        Reading::AtStart => {
            format!(
                "{reader} still runs with the old {read}: `workloadctl deploy {instance} --restart-stale` restarts it"
            )
        }
        Reading::Refreshed => format!(
            "{reader} finds the new {read} in its volume within minutes; what it reads only at its \
             start needs `workloadctl deploy {instance} --restart`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_template_reads() {
        use Reading::{AtStart, Refreshed};
        let map = ("ConfigMap", "conf");
        let secret = ("Secret", "key");
        for (read, spec, expected) in [
            (map, "containers: [{envFrom: [{configMapRef: {name: conf}}]}]", Some(AtStart)),
            (map, "containers: [{envFrom: [{secretRef: {name: conf}}]}]", None),
            (
                map,
                "initContainers: [{env: [{name: A, valueFrom: {configMapKeyRef: {name: conf, key: a}}}]}]",
                Some(AtStart),
            ),
            (
                map,
                "containers: [{volumeMounts: [{name: v, mountPath: /a}]}], volumes: [{name: v, configMap: {name: conf}}]",
                Some(Refreshed),
            ),
            (
                map,
                "containers: [{volumeMounts: [{name: v, mountPath: /a}, {name: v, subPath: x}]}], volumes: [{name: v, configMap: {name: conf}}]",
                Some(AtStart),
            ),
            (map, "containers: [{}], volumes: [{name: v, configMap: {name: conf}}]", None),
            (
                secret,
                "containers: [{volumeMounts: [{name: v}]}], volumes: [{name: v, secret: {secretName: key}}]",
                Some(Refreshed),
            ),
            (
                secret,
                "containers: [{volumeMounts: [{name: v}]}], volumes: [{name: v, projected: {sources: [{secret: {name: key}}]}}]",
                Some(Refreshed),
            ),
            (secret, "imagePullSecrets: [{name: key}], containers: [{}]", None),
        ] {
            let text = format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: a}},
                   spec: {{template: {{spec: {{{spec}}}}}}}}}"
            );
            let body: Value = serde_yaml::from_str(&text).unwrap();
            let read = ObjectId::new("", read.0, Some("a"), read.1);
            assert_eq!(reading_of(&ObjectId::of(&body), &body, &read), expected, "{spec}");
        }
    }

    #[test]
    fn what_has_ended_or_goes_needs_nothing() {
        let template = "template: {spec: {containers: [{env: [{valueFrom: {secretKeyRef: {name: key}}}]}], volumes: [{configMap: {name: conf}}]}}";
        let spec = "containers: [{envFrom: [{configMapRef: {name: conf}}]}], imagePullSecrets: [{name: key}]";
        for (kind, body, needs) in [
            (("", "Pod"), format!("spec: {{{spec}}}, status: {{phase: Pending}}"), true),
            (("", "Pod"), format!("spec: {{{spec}}}, status: {{phase: Running}}"), true),
            (("", "Pod"), format!("spec: {{{spec}}}, status: {{phase: Failed}}"), false),
            (
                ("", "Pod"),
                format!(
                    "metadata: {{deletionTimestamp: '2026-01-01T00:00:00Z'}}, spec: {{{spec}}}"
                ),
                false,
            ),
            (("apps", "ReplicaSet"), format!("spec: {{replicas: 1, {template}}}"), true),
            // One pod, where nothing says how many.
            (("apps", "ReplicaSet"), format!("spec: {{{template}}}"), true),
            (("apps", "ReplicaSet"), format!("spec: {{replicas: 0, {template}}}"), false),
            (("batch", "Job"), format!("spec: {{{template}}}"), true),
            (
                ("batch", "Job"),
                format!(
                    "spec: {{{template}}}, status: {{conditions: [{{type: Complete, status: 'False'}}]}}"
                ),
                true,
            ),
            (
                ("batch", "Job"),
                format!(
                    "spec: {{{template}}}, status: {{conditions: [{{type: Failed, status: 'True'}}]}}"
                ),
                false,
            ),
        ] {
            let object: Value = serde_yaml::from_str(&format!("{{{body}}}")).unwrap();
            let needed = needed_by(&ObjectId::new(kind.0, kind.1, Some("a"), ""), &object);
            let named = [("ConfigMap", "conf"), ("Secret", "key")];
            let expected = named.map(|(kind, name)| ObjectId::new("", kind, Some("a"), name));
            let expected: BTreeSet<ObjectId> = expected.into_iter().filter(|_| needs).collect();
            assert_eq!(needed, expected, "{kind:?} {body}");
        }
    }

    #[test]
    fn of_the_same_second_nothing_is_known() {
        let body: Value = serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "a"},
            "spec": {"template": {"spec": {"containers": [{"envFrom": [{"configMapRef": {"name": "conf"}}]}]}}},
        });
        let spec = &body["spec"]["template"]["spec"];
        let pod = serde_json::json!({
            "apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": {
                "name": "web-1", "namespace": "a", "uid": "p", "creationTimestamp": "2026-01-01T00:00:00Z",
                "ownerReferences": [{"kind": "ReplicaSet", "uid": "w", "controller": true}],
            },
        });
        let mut around = Related::default();
        around.upsert(pod);
        let conf = ObjectId::new("", "ConfigMap", Some("a"), "conf");
        let other = ObjectId::new("", "ConfigMap", Some("a"), "other");
        let found = |at: &str| {
            let changed = ContentTimes::since(at.parse().unwrap(), None);
            let reads = [(&other, changed.clone()), (&conf, changed)];
            stale_reads((&ObjectId::of(&body), &body), &reads, &around, "w").len()
        };
        assert_eq!(found("2026-01-01T00:00:00Z"), 0);
        assert_eq!(found("2026-01-01T00:00:01Z"), 1);
    }

    #[test]
    fn an_older_pod_counts_by_what_it_reads_itself() {
        let map = |name: &str| serde_json::json!({"containers": [{"envFrom": [{"configMapRef": {"name": name}}]}]});
        let body = serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "a"},
            "spec": {"template": {"spec": map("new")}},
        });
        let pod = |name: &str, created: &str, reads: &str| {
            serde_json::json!({
                "apiVersion": "v1", "kind": "Pod", "spec": map(reads),
                "metadata": {
                    "name": name, "namespace": "a", "uid": name, "creationTimestamp": created,
                    "ownerReferences": [{"kind": "ReplicaSet", "uid": "w", "controller": true}],
                },
            })
        };
        let new = ObjectId::new("", "ConfigMap", Some("a"), "new");
        let found = |pods: &[Value], changed: &str| {
            let mut around = Related::default();
            pods.iter().for_each(|pod| around.upsert(pod.clone()));
            let reads = [(&new, ContentTimes::since(changed.parse().unwrap(), None))];
            stale_reads((&ObjectId::of(&body), &body), &reads, &around, "w").len()
        };
        // Amid a rollout: the new map came after the old pod, which reads another.
        let pods =
            [pod("old", "2026-01-01T00:00:00Z", "old"), pod("next", "2026-01-01T00:00:09Z", "new")];
        assert_eq!(found(&pods, "2026-01-01T00:00:05Z"), 0);
        assert_eq!(found(&pods, "2026-01-01T00:00:10Z"), 1);
    }
}
