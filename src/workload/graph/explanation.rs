//! Why an object has its place in the order: what comes before it up to what waits for nothing,
//! what waits for it, and the field that says so.

use std::collections::{BTreeSet, VecDeque};

use serde::Serialize;

use super::{Edge, Graph, Milestone, field::field_of};
use crate::workload::{
    definition::SourceFile,
    object::{ObjectId, Origin},
    overrides::Path,
    placement::Placed,
    validate::{Field, places_of},
};

/// Why an object has its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    /// The object.
    pub object: ObjectId,
    /// Where it stands in the sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Origin>,
    /// All that comes before it: first what it waits for itself, then what that waits for.
    pub after: Vec<Wait>,
    /// What waits for it itself.
    pub before: Vec<Wait>,
}

/// One object that waits for another.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wait {
    /// The one that waits.
    pub object: ObjectId,
    /// It is the second turn of that one that waits: of a hook that runs before and after all others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub second_turn: bool,
    /// The one that is waited for.
    pub waits_for: ObjectId,
    /// It is the second turn of that one that is waited for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub waits_for_second_turn: bool,
    /// How far that must have come.
    pub until: Milestone,
    /// Why, as words that follow the name of what is waited for.
    pub reason: String,
    /// The field that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where the field stands in the sources; the object's line where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Origin>,
}

impl Graph {
    /// Explains the place of an object. `objects` are those that the graph was built of, `files` what
    /// they were read from.
    pub(crate) fn explain(
        &self,
        object: usize,
        objects: &[Placed],
        files: &[SourceFile],
    ) -> Explanation {
        let mut edges = Vec::new();
        let mut seen = BTreeSet::from([object]);
        let mut open: VecDeque<usize> = self.turns_of(object).collect();
        while let Some(node) = open.pop_front() {
            for edge in self.waits_of(node) {
                let first = self.first_turn(edge.from).unwrap_or(edge.from);
                if seen.insert(first) {
                    open.extend(self.turns_of(first));
                }
                edges.push(edge);
            }
        }
        let count = edges.len();
        edges.extend(self.turns_of(object).flat_map(|node| self.waiting_for(node)));
        let mut after = self.waits(&edges, objects, files);
        let mut before = after.split_off(count);
        let Placed { id, origin, .. } = &objects[object];
        // Its second turn waits for its first.
        after.retain(|wait| wait.object != wait.waits_for);
        before.retain(|wait| wait.object != *id);
        Explanation { object: id.clone(), source: origin.clone(), after, before }
    }

    /// Puts edges into words; each file is read once.
    fn waits(&self, edges: &[Edge], objects: &[Placed], files: &[SourceFile]) -> Vec<Wait> {
        let of = |node| &objects[self.first_turn(node).unwrap_or(node)];
        let fields = edges.iter().map(|edge| field_of(edge.reason, of(edge.from), of(edge.to)));
        let fields: Vec<Option<(&Placed, Path)>> = fields.collect();
        let asked = fields.iter().flatten().map(|(object, path)| Field {
            id: object.declared().clone(),
            origin: object.origin.clone(),
            path: path.clone(),
        });
        let mut places = places_of(asked, files).into_iter();
        let wait = |(edge, field): (&Edge, Option<(&Placed, Path)>)| {
            let then = of(edge.to);
            let source = match &field {
                Some(_) => places.next().flatten(),
                None => then.origin.clone(),
            };
            Wait {
                object: then.id.clone(),
                second_turn: self.first_turn(edge.to).is_some(),
                waits_for: of(edge.from).id.clone(),
                waits_for_second_turn: self.first_turn(edge.from).is_some(),
                until: edge.until,
                reason: edge.reason.to_string(),
                field: field.map(|(_, path)| path.to_string()),
                source,
            }
        };
        edges.iter().zip(fields.clone()).map(wait).collect()
    }

    /// Gives the nodes of an object: one for each turn.
    fn turns_of(&self, object: usize) -> impl Iterator<Item = usize> {
        let second = self.second.iter().position(|twice| *twice == object);
        [Some(object), second.map(|place| self.objects + place)].into_iter().flatten()
    }

    /// Gives what a node waits for, in source order, through joins.
    pub(super) fn waits_of(&self, node: usize) -> Vec<Edge> {
        let mut found = Vec::new();
        let mut open = vec![node];
        while let Some(at) = open.pop() {
            for edge in self.incoming[at].iter().map(|index| self.edges[*index]) {
                match self.is_applied(edge.from) {
                    true => found.push(Edge { to: node, ..edge }),
                    false => open.push(edge.from),
                }
            }
        }
        found.sort_by_key(|edge| (edge.from, std::cmp::Reverse(edge.until)));
        found.dedup_by_key(|edge| edge.from);
        found
    }

    /// Gives what waits for a node, in source order, through joins.
    fn waiting_for(&self, node: usize) -> Vec<Edge> {
        let mut found = Vec::new();
        for first in self.outgoing[node].iter().map(|index| self.edges[*index]) {
            let mut open = vec![first.to];
            while let Some(at) = open.pop() {
                match self.is_applied(at) {
                    true => found.push(Edge { to: at, ..first }),
                    false => open.extend(self.outgoing[at].iter().map(|it| self.edges[*it].to)),
                }
            }
        }
        found.sort_by_key(|edge| (edge.to, std::cmp::Reverse(edge.until)));
        found.dedup_by_key(|edge| edge.to);
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::workload::graph::tests::build;

    /// Tells the direct reasons of an object: `Kind/name field`.
    fn fields(text: &str, object: &str) -> Vec<String> {
        let (objects, graph) = build(text);
        let node = objects.iter().position(|placed| placed.id.to_string() == object).unwrap();
        let told = graph.unwrap().explain(node, &objects, &[]);
        let own = told.after.into_iter().filter(|wait| wait.object == told.object);
        own.map(|wait| format!("{} {}", wait.waits_for, wait.field.unwrap_or_default())).collect()
    }

    #[test]
    fn each_reason_names_its_field() {
        let crd = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, \
                   metadata: {name: gears.example.com}, spec: {group: example.com, scope: Namespaced, \
                   names: {kind: Gear, plural: gears}, versions: [{name: v1, served: true, storage: true}]}}";
        let gear = "{apiVersion: example.com/v1, kind: Gear, metadata: {name: g}}";
        assert_eq!(
            fields(&format!("{crd}\n---\n{gear}"), "Gear/g"),
            [
                "Namespace/web metadata.namespace",
                "CustomResourceDefinition/gears.example.com spec.names.kind"
            ]
        );
        let web = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: \
                   {metadata: {labels: {app: web}}, spec: {serviceAccountName: runner, containers: \
                   [{name: a}, {name: b, env: [{name: A, valueFrom: {secretKeyRef: {name: key, key: a}}}]}]}}}}";
        let others = "{apiVersion: v1, kind: Secret, metadata: {name: key}}\n---\n\
                      {apiVersion: v1, kind: ResourceQuota, metadata: {name: quota}}\n---\n\
                      {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: rights}, \
                      subjects: [{kind: User, name: runner}, {kind: ServiceAccount, name: runner}]}\n---\n\
                      {apiVersion: v1, kind: Service, metadata: {name: hook}, spec: {selector: {app: web}}}";
        let hook = "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, \
                    metadata: {name: hook}, webhooks: [{name: a, clientConfig: {service: {namespace: web, \
                    name: hook}}, rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], \
                    resources: [secrets]}]}]}";
        let set = format!("{web}\n---\n{others}\n---\n{hook}");
        assert_eq!(
            fields(&set, "Deployment/web"),
            [
                "Namespace/web metadata.namespace",
                "Secret/key spec.template.spec.containers[1].env[0].valueFrom.secretKeyRef.name",
                "ResourceQuota/quota metadata.namespace",
                "RoleBinding/rights subjects[1].name",
            ]
        );
        assert_eq!(
            fields(&set, "ValidatingWebhookConfiguration/hook"),
            [
                "Deployment/web webhooks[0].clientConfig.service",
                "Secret/key webhooks[0].rules",
                "Service/hook webhooks[0].clientConfig.service",
            ]
        );
        let hooks = "{apiVersion: v1, kind: ConfigMap, metadata: {name: first, annotations: \
                     {helm.sh/hook: pre-install}}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: \
                     {name: rest}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: last, \
                     annotations: {helm.sh/hook: post-install}}}";
        let hook = |name: &str| format!("ConfigMap/{name} metadata.annotations[\"helm.sh/hook\"]");
        let namespace = || "Namespace/web metadata.namespace".to_owned();
        assert_eq!(fields(hooks, "ConfigMap/rest"), [namespace(), hook("first")]);
        // That it is ready says more than that it takes objects.
        let ready = "Namespace/web metadata.annotations[\"helm.sh/hook\"]".to_owned();
        assert_eq!(fields(hooks, "ConfigMap/last"), [ready, hook("first"), hook("rest")]);
    }
}
