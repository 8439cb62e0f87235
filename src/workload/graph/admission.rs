//! Webhook configurations, admission policies and their bindings: a set never blocks itself, so
//! they come after every object of the set that they could match. Only custom resources come after
//! a webhook that the set itself serves: their operator's webhook is there to default them.
//!
//! What they could match is told from the placed objects alone. Where that is not known (match
//! conditions, labels that others may set) they could.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Milestone, Reason,
    builder::{Builder, Prerequisite},
};
use crate::workload::{
    kinds::{
        Kinds,
        references::{items, text},
    },
    placement::Placed,
    readiness::field::label,
};

const GROUP: &str = "admissionregistration.k8s.io";
/// The label that every namespace has, with its name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Adds the edges around webhook configurations, admission policies and bindings.
pub(super) fn add(builder: &mut Builder<'_>, kinds: &Kinds) {
    let objects = builder.objects;
    let mut sides = Sides::default();
    let judges = objects.iter().enumerate().filter(|(_, object)| is_admission(object));
    let judges: Vec<(usize, Vec<Matcher<'_>>)> =
        judges.map(|(node, object)| (node, matchers(builder, object))).collect();
    if judges.iter().all(|(_, matchers)| matchers.is_empty()) {
        return;
    }
    let ordered = builder.pairs();
    let judged: Vec<Judged<'_>> = objects
        .iter()
        .enumerate()
        // The server asks no webhook and no policy about these.
        .filter(|(_, object)| !is_admission(object))
        .map(|(node, object)| Judged::new(builder, kinds, node, object))
        .collect();
    for (judge, matchers) in judges {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for object in &judged {
            let mut matching = matchers.iter().filter(|matcher| matcher.could_match(object));
            let Some(first) = matching.next() else { continue };
            if object.is_custom && (first.serves(object) || matching.any(|it| it.serves(object))) {
                after.push(object.node);
            // A Job that makes a webhook's certificate changes its configuration.
            } else if !ordered.contains(&(judge, object.node)) {
                before.push(object.node);
            }
        }
        sides.judged_first.entry(before).or_default().push(judge);
        sides.judged_later.entry(after).or_default().push(judge);
    }
    sides.gate(builder);
}

/// Tells the kinds that judge others, and are judged by none.
fn is_admission(object: &Placed) -> bool {
    object.id.group == GROUP
}

/// The objects that come before judges, and behind them, each with its judges: policies by the
/// dozen match the same objects by the thousand.
#[derive(Default)]
struct Sides {
    judged_first: BTreeMap<Vec<usize>, Vec<usize>>,
    judged_later: BTreeMap<Vec<usize>, Vec<usize>>,
}

impl Sides {
    fn gate(self, builder: &mut Builder<'_>) {
        let all = |nodes: &[usize], reason| -> Vec<Prerequisite> {
            let first = |&node| Prerequisite { node, until: Milestone::Applied, reason };
            nodes.iter().map(first).collect()
        };
        for (objects, judges) in &self.judged_first {
            builder.gate(&all(objects, Reason::Judged), judges);
        }
        for (objects, judges) in &self.judged_later {
            builder.gate(&all(judges, Reason::Admission), objects);
        }
    }
}

/// An object that may be judged.
struct Judged<'a> {
    node: usize,
    object: &'a Placed,
    /// The name of its kind in URLs; none where it is not known.
    plural: Option<&'a str>,
    is_custom: bool,
    /// Its Namespace, where the set brings it.
    namespace: Option<&'a Placed>,
}

impl<'a> Judged<'a> {
    fn new(builder: &Builder<'a>, kinds: &'a Kinds, node: usize, object: &'a Placed) -> Self {
        let namespace = object.id.namespace.as_deref();
        let namespace = namespace.and_then(|name| builder.find(("", "Namespace", "", name)));
        Self {
            node,
            object,
            plural: kinds.of(&object.id).map(|info| &*info.plural),
            is_custom: kinds.is_custom(&object.id.group, &object.id.kind),
            namespace: namespace.map(|namespace| &builder.objects[namespace]),
        }
    }

    /// Gives a label of its namespace as far as it is known.
    fn namespace_label(&self, key: &str) -> Option<&'a str> {
        let is_namespace = self.object.id.is("", "Namespace");
        if key == NAMESPACE_NAME {
            return if is_namespace {
                Some(&*self.object.id.name)
            } else {
                self.object.id.namespace.as_deref()
            };
        }
        label(&if is_namespace { self.object } else { self.namespace? }.body, key)
    }

    /// Tells whether a namespace's selector says anything about it.
    fn has_namespace(&self) -> bool {
        self.object.id.namespace.is_some() || self.object.id.is("", "Namespace")
    }
}

/// One webhook, or the match rules of a policy or binding. All of it has to match.
struct Matcher<'a> {
    /// Webhook, match constraints or match resources. A binding has its policy's beside its own.
    parts: Vec<&'a Value>,
    /// The lists of rules are called otherwise in policies.
    rules: &'static str,
    /// Whether the set has the Service that answers.
    is_served: bool,
}

fn matchers<'a>(builder: &Builder<'a>, object: &'a Placed) -> Vec<Matcher<'a>> {
    let policy = |parts| vec![Matcher { parts, rules: "/resourceRules", is_served: false }];
    match &*object.id.kind {
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            let webhooks = items(&object.body, "/webhooks");
            webhooks.map(|webhook| webhook_matcher(builder, webhook)).collect()
        }
        "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy" => {
            policy(object.body.pointer("/spec/matchConstraints").into_iter().collect())
        }
        "ValidatingAdmissionPolicyBinding" => {
            policy(bound(builder, object, "ValidatingAdmissionPolicy"))
        }
        "MutatingAdmissionPolicyBinding" => {
            policy(bound(builder, object, "MutatingAdmissionPolicy"))
        }
        _ => Vec::new(),
    }
}

fn webhook_matcher<'a>(builder: &Builder<'a>, webhook: &'a Value) -> Matcher<'a> {
    let service = webhook.pointer("/clientConfig/service");
    let key =
        service.and_then(|it| Some(("", "Service", text(it, "namespace")?, text(it, "name")?)));
    let is_served = key.is_some_and(|key| builder.find(key).is_some());
    Matcher { parts: vec![webhook], rules: "/rules", is_served }
}

/// Gives what limits a binding: its own rules, and those of its policy where the set has it.
fn bound<'a>(builder: &Builder<'a>, binding: &'a Placed, kind: &'static str) -> Vec<&'a Value> {
    let Some(spec) = binding.body.get("spec") else { return Vec::new() };
    let policy = text(spec, "policyName").and_then(|name| builder.find((GROUP, kind, "", name)));
    let constraints =
        policy.and_then(|policy| builder.objects[policy].body.pointer("/spec/matchConstraints"));
    spec.get("matchResources").into_iter().chain(constraints).collect()
}

impl Matcher<'_> {
    fn could_match(&self, object: &Judged<'_>) -> bool {
        self.parts.iter().all(|part| {
            self.rules_could_match(part, object)
                && could_select(part.get("objectSelector"), |key| label(&object.object.body, key))
                && (!object.has_namespace()
                    || could_select(part.get("namespaceSelector"), |key| {
                        object.namespace_label(key)
                    }))
        })
    }

    fn rules_could_match(&self, part: &Value, object: &Judged<'_>) -> bool {
        let exact = text(part, "matchPolicy") == Some("Exact");
        let mut rules = items(part, self.rules).peekable();
        // Match resources without rules leave what the policy matches, and a policy without any,
        // which matches nothing, is taken for one that could: it comes late for nothing. A webhook
        // without any is told what to match by somebody later, at its own risk.
        let is_binding_part = self.rules == "/resourceRules" && rules.peek().is_none();
        is_binding_part || rules.any(|rule| rule_could_match(rule, object, exact))
    }

    /// Tells whether it is a webhook of the set that names the object's group: with `*` alone
    /// the set would wait for a backend that waits for what it would judge.
    fn serves(&self, object: &Judged<'_>) -> bool {
        let rules = self.parts.iter().flat_map(|part| items(part, self.rules));
        let mut groups = rules.flat_map(|rule| items(rule, "/apiGroups"));
        self.is_served && groups.any(|group| group.as_str() == Some(&*object.object.id.group))
    }
}

fn rule_could_match(rule: &Value, object: &Judged<'_>, exact: bool) -> bool {
    let id = &object.object.id;
    let has = |list: &str, wanted: &str| {
        items(rule, list).filter_map(Value::as_str).any(|it| it == "*" || it == wanted)
    };
    let names = items(rule, "/resourceNames").filter_map(Value::as_str).collect::<Vec<_>>();
    let is_in_scope = match text(rule, "scope") {
        Some("Cluster") => id.namespace.is_none(),
        Some("Namespaced") => id.namespace.is_some(),
        _ => true,
    };
    // A recreation deletes as well; nothing of ours connects.
    let is_called = ["CREATE", "UPDATE", "DELETE"].iter().any(|verb| has("/operations", verb));
    // Unless it says Exact, the server converts to the version that a rule names.
    let is_version = !exact || has("/apiVersions", object.object.version());
    is_in_scope
        && is_called
        && is_version
        && has("/apiGroups", &id.group)
        && (names.is_empty() || names.contains(&&*id.name))
        && items(rule, "/resources").filter_map(Value::as_str).any(|it| is_resource(it, object))
}

/// Tells whether a rule's resource means the object itself: `pods`, `*`, `*/*`, `pods/*`, but no
/// `pods/status`.
fn is_resource(resource: &str, object: &Judged<'_>) -> bool {
    let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
    (part.is_empty() || part == "*")
        && (resource == "*" || object.plural.is_none_or(|plural| plural == resource))
}

/// Tells whether a label selector could select what has these labels, as far as they are known.
fn could_select<'l>(selector: Option<&Value>, known: impl Fn(&str) -> Option<&'l str>) -> bool {
    let Some(selector) = selector else { return true };
    let wanted = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut wanted = wanted.filter_map(|(key, value)| Some((known(key)?, value.as_str()?)));
    let mut expressions = items(selector, "/matchExpressions");
    wanted.all(|(known, wanted)| known == wanted)
        && expressions.all(|expression| {
            let Some(value) = text(expression, "key").and_then(&known) else { return true };
            let mut values = items(expression, "/values").filter_map(Value::as_str);
            match text(expression, "operator") {
                Some("In") => values.any(|one| one == value),
                Some("NotIn") => values.all(|one| one != value),
                Some("DoesNotExist") => false,
                _ => true,
            }
        })
}

#[cfg(test)]
mod tests;
