//! The order that kinds have among each other (docs/design.md, Deploy, Order).

use std::collections::HashMap;

use super::{
    Milestone, Reason,
    builder::{Builder, Prerequisite},
    links,
};
use crate::workload::{
    kinds::{
        Kinds, Trait, builtin_kind,
        pod_template::pod_spec,
        references::{items, text},
    },
    placement::Placed,
};

/// What comes before, and what comes after it.
type Gate = (Vec<Prerequisite>, Vec<usize>);

/// Adds the edges of all rules that look at one object, or at one namespace.
pub(super) fn add(builder: &mut Builder<'_>, kinds: &Kinds) {
    let definitions = definitions(builder.objects);
    for (node, object) in builder.objects.iter().enumerate() {
        namespace(builder, node, object);
        definition(builder, &definitions, node, object, kinds);
        named(builder, node, object);
        webhook_arguments(builder, node, object);
    }
    govern(builder);
    give_rights(builder);
}

/// Finds which node defines which group and kind.
fn definitions(objects: &[Placed]) -> HashMap<(&str, &str), usize> {
    let nodes = objects.iter().enumerate();
    nodes.filter_map(|(node, object)| Some((defined(object)?, node))).collect()
}

/// Gives the group and kind that a CustomResourceDefinition defines.
pub(super) fn defined(object: &Placed) -> Option<(&str, &str)> {
    if !object.id.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        return None;
    }
    let spec = object.body.get("spec")?;
    Some((text(spec, "group")?, text(spec.get("names")?, "kind")?))
}

fn namespace(builder: &mut Builder<'_>, node: usize, object: &Placed) {
    let Some(namespace) = object.id.namespace.as_deref() else { return };
    // The server refuses objects of a namespace that is not there.
    if let Some(before) = builder.find(("", "Namespace", "", namespace)) {
        let before =
            Prerequisite { node: before, until: Milestone::Active, reason: Reason::Namespace };
        builder.hard(before, node);
    }
}

fn definition(
    builder: &mut Builder<'_>,
    definitions: &HashMap<(&str, &str), usize>,
    node: usize,
    object: &Placed,
    kinds: &Kinds,
) {
    let (group, kind) = (&*object.id.group, &*object.id.kind);
    // A CRD of the set may bear the name of a built-in kind; that one is served already.
    if definitions.is_empty() || !kinds.is_custom(group, kind) {
        return;
    }
    // Until its CRD is Established a custom resource is "404 page not found" (docs/design.md).
    if let Some(&before) = definitions.get(&(group, kind)) {
        let before = Prerequisite {
            node: before,
            until: Milestone::Established,
            reason: Reason::Definition,
        };
        builder.hard(before, node);
    }
}

fn named(builder: &mut Builder<'_>, node: usize, object: &Placed) {
    for link in links::of(object) {
        if let Some(before) = builder.find(link.to) {
            let reason = Reason::Named(link.field);
            builder.soft(Prerequisite { node: before, until: Milestone::Applied, reason }, node);
        }
    }
}

/// Puts webhook configurations before Jobs that are told to change them, as charts do which make
/// their own certificates (`--webhook-name` of kube-webhook-certgen).
fn webhook_arguments(builder: &mut Builder<'_>, node: usize, object: &Placed) {
    if !object.id.is("batch", "Job") {
        return;
    }
    let Some(spec) = pod_spec(&object.id, &object.body) else { return };
    let arguments = items(spec, "/containers").flat_map(|container| items(container, "/args"));
    let names =
        arguments.filter_map(|it| it.as_str()).filter_map(|it| it.strip_prefix("--webhook-name="));
    for name in names {
        // The tool patches whichever of the two it is told to.
        for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
            if let Some(before) = builder.find(("admissionregistration.k8s.io", kind, "", name)) {
                let reason = Reason::Named("--webhook-name");
                builder
                    .soft(Prerequisite { node: before, until: Milestone::Applied, reason }, node);
            }
        }
    }
}

/// Puts policies, quotas and limits of a namespace before its pods.
fn govern(builder: &mut Builder<'_>) {
    let mut namespaces: HashMap<&str, Gate> = HashMap::new();
    for (node, object) in builder.objects.iter().enumerate() {
        let Some(namespace) = object.id.namespace.as_deref() else { continue };
        if builtin_kind(&object.id).is(Trait::GovernsPods) {
            let before = Prerequisite { node, until: Milestone::Applied, reason: Reason::Governs };
            namespaces.entry(namespace).or_default().0.push(before);
        // A pod is held to the quota and limits of the moment in which it is made.
        } else if pod_spec(&object.id, &object.body).is_some() {
            namespaces.entry(namespace).or_default().1.push(node);
        }
    }
    gate_all(builder, namespaces);
}

/// Puts the bindings of a service account before the pods that use it.
fn give_rights(builder: &mut Builder<'_>) {
    let mut accounts: HashMap<(&str, &str), Gate> = HashMap::new();
    for (node, object) in builder.objects.iter().enumerate() {
        if object.id.group == "rbac.authorization.k8s.io" {
            for subject in links::subjects(object) {
                let before =
                    Prerequisite { node, until: Milestone::Applied, reason: Reason::Rights };
                accounts.entry(subject).or_default().0.push(before);
            }
        } else if let (Some(account), Some(namespace)) =
            (links::service_account(object), object.id.namespace.as_deref())
        {
            accounts.entry((namespace, account)).or_default().1.push(node);
        }
    }
    gate_all(builder, accounts);
}

/// Adds the gates in the order of their first object, so that the same set makes the same graph.
fn gate_all<K>(builder: &mut Builder<'_>, gates: HashMap<K, Gate>) {
    let mut gates: Vec<_> = gates
        .into_values()
        .filter(|(before, after)| !before.is_empty() && !after.is_empty())
        .collect();
    gates.sort_by_key(|(before, after)| (before[0].node, after[0]));
    for (before, after) in gates {
        builder.gate(&before, &after);
    }
}
