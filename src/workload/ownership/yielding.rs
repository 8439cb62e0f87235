//! Fields that are left to their holders: replicas that somebody scales, a `caBundle` that
//! somebody injects, the resources that a vertical autoscaler sets, and what was left before.
//!
//! To leave a field is to send the body without it: who else holds it keeps its value. Where we
//! alone hold it, leaving it out would remove it (replicas fall to 1), so that it is handed over
//! first, to a second manager of ours.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    ManagerClass, apply_entry, class, class_of, entries, fields, is_apply_of, is_autoscaler,
    manager_of, subresource,
};
use crate::workload::object::{ObjectId, split_api_version};

/// The manager that holds the replicas which we alone held, until an autoscaler scales. It is
/// ours: what it holds is taken back without a question.
pub(crate) const YIELDED_MANAGER: &str = "workloadctl-yielded";
/// The one field that is handed over.
pub(crate) const REPLICAS: &str = "spec.replicas";

/// A field that is left to its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Yielded {
    /// The path as the server writes it, without the dot at its beginning (`spec.replicas`).
    pub field: String,
    /// The manager that holds it.
    pub manager: String,
    /// The autoscaler that it is left to, as `Kind/name`, where one targets the object.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub autoscaler: Option<String>,
    /// Whether the definition dropped it: it stays, since its holder held it beside us.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub dropped: bool,
}

impl Yielded {
    /// Says it in a sentence without its subject: `spec.replicas is left to "kubectl"`.
    pub(crate) fn told(&self) -> String {
        let Self { field, manager, autoscaler, dropped } = self;
        match autoscaler {
            None if *dropped => format!("{field} stays, since {manager:?} holds it too"),
            Some(autoscaler) => format!("{field} is left to {autoscaler}"),
            None => format!("{field} is left to {manager:?}, which holds it"),
        }
    }
}

/// What decides about the fields of one object that are left to others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Yields<'a> {
    /// The body as it is wanted.
    pub body: &'a Value,
    /// Our manager.
    pub manager: &'a str,
    /// What was left before.
    pub recorded: &'a [Yielded],
    /// The autoscaler that targets the object, as `Kind/name`.
    pub autoscaler: Option<&'a str>,
    /// Whether Kubernetes' autoscaler scaled it, and none is there any more: nothing else writes
    /// replicas through the scale subresource under its controllers' name.
    pub abandoned: bool,
    /// Whether fields are left by the class of their managers; if not, replicas that we alone
    /// hold are all that is left to an autoscaler.
    pub by_class: bool,
}

impl Yields<'_> {
    /// Lists the fields of the body that are left to others, by a live object's metadata.
    ///
    /// Left are: what was left before and the same manager still holds (replicas that were left
    /// to an autoscaler only as long as there is one); what is held through the scale
    /// subresource; `spec.replicas` that an autoscaler holds, or that one targets; a `caBundle`
    /// that no packager holds; resources of containers that an autoscaler holds; annotations in
    /// which Kubernetes' own controllers keep their notes.
    pub(crate) fn of(&self, live: &Value) -> Vec<Yielded> {
        let mut all: Vec<Yielded> = Vec::new();
        let others = entries(live).filter(|entry| !is_apply_of(entry, self.manager));
        for entry in others.filter(|_| self.by_class) {
            for member in fields::members(&entry["fieldsV1"]) {
                if member.is_whole || !fields::is_in(self.body, &member.path) {
                    continue;
                }
                let field = fields::shown(&member.path);
                if self.leaves(entry, &field) && all.iter().all(|left| left.field != field) {
                    // Only replicas are left to the autoscaler that targets the object: they are
                    // taken back when it goes.
                    let autoscaler = (is_scale(entry) || field == REPLICAS)
                        .then(|| self.autoscaler.map(str::to_owned))
                        .flatten();
                    let manager = manager_of(entry).to_owned();
                    all.push(Yielded { field, manager, autoscaler, dropped: false });
                }
            }
        }
        let targeted = self.autoscaler.filter(|_| {
            fields::find(self.body, REPLICAS).is_some()
                && all.iter().all(|left| left.field != REPLICAS)
                && (self.by_class || is_in_nobodys_way(live, self.manager))
        });
        all.extend(targeted.map(|autoscaler| Yielded {
            field: REPLICAS.to_owned(),
            manager: YIELDED_MANAGER.to_owned(),
            autoscaler: Some(autoscaler.to_owned()),
            dropped: false,
        }));
        all
    }

    fn leaves(&self, entry: &Value, field: &str) -> bool {
        let manager = manager_of(entry);
        // No autoscaler is there any more, and it alone writes like this: nobody's number is lost.
        if self.abandoned && field == REPLICAS && scales_for_autoscalers(entry) {
            return false;
        }
        let recorded = self.recorded.iter().find(|left| left.field == field && !left.dropped);
        if let Some(left) = recorded {
            // Nobody scales any more: it is ours again.
            if left.autoscaler.is_some() && self.autoscaler.is_none() {
                return false;
            }
            if left.manager == manager {
                return true;
            }
        }
        // What our second manager holds is nobody's once no autoscaler is there.
        if class_of(manager) == ManagerClass::Yielded {
            return self.autoscaler.is_some();
        }
        is_left(field, manager, entry["operation"] == "Apply", is_scale(entry))
    }
}

/// Tells whether a field is left to its holder by what they are: `applies` where it holds the
/// field by server-side apply, `scales` where it does through the scale subresource.
pub(crate) fn is_left(field: &str, manager: &str, applies: bool, scales: bool) -> bool {
    // cert-manager and operators write their certificate into a `caBundle` that the manifest leaves
    // open or fills with a dummy; a packager's is what its chart says.
    let is_injected = is_injected(field)
        && class_of(manager) != ManagerClass::Instance
        && !class::defines_objects(manager, applies);
    let is_autoscaled = (field == REPLICAS || is_resource(field)) && is_autoscaler(manager);
    scales || is_injected || is_autoscaled || is_note(field, manager)
}

fn is_scale(entry: &Value) -> bool {
    subresource(entry) == "scale"
}

/// Tells an annotation in which Kubernetes' own controllers keep their notes, such as the revision
/// of a Deployment: exported manifests have them.
fn is_note(field: &str, manager: &str) -> bool {
    field.starts_with("metadata.annotations.") && manager == "kube-controller-manager"
}

/// Tells a field that somebody else's certificate is written into, of webhooks, CRDs and
/// APIServices; in other places a key may be called so.
fn is_injected(field: &str) -> bool {
    let is_placed = field.starts_with("webhooks[") || field.starts_with("spec.");
    is_placed && field.rsplit('.').next() == Some("caBundle")
}

/// Tells a field in the resources of a container.
fn is_resource(field: &str) -> bool {
    field
        // `containers[` and `initContainers[`.
        .split_once("ontainers[")
        .and_then(|(_, rest)| rest.split_once(']'))
        .is_some_and(|(_, rest)| rest == ".resources" || rest.starts_with(".resources."))
}

/// Tells whether somebody scaled an object, or we handed its replicas over.
pub(crate) fn is_scaled_by_others(live: &Value) -> bool {
    entries(live).any(|entry| is_scale(entry) || manager_of(entry) == YIELDED_MANAGER)
}

/// Tells the entry in which Kubernetes keeps what its autoscaler set.
pub(super) fn scales_for_autoscalers(entry: &Value) -> bool {
    // A HorizontalPodAutoscaler runs in it and writes through the scale subresource; kubectl scale
    // writes there as `kubectl`.
    is_scale(entry) && manager_of(entry) == "kube-controller-manager"
}

/// Tells whether Kubernetes' autoscaler holds an object's replicas.
pub(crate) fn is_scaled_by_controller(live: &Value) -> bool {
    entries(live).any(|entry| scales_for_autoscalers(entry) && holds_replicas(entry))
}

fn holds_replicas(entry: &Value) -> bool {
    let path = ["spec", "replicas"].map(|name| fields::OwnedPathElement::Field(name.to_owned()));
    fields::has(&entry["fieldsV1"], &path)
}

/// Tells whether an object's replicas are held by us, or by our manager for autoscalers, and by
/// nobody else.
fn is_in_nobodys_way(live: &Value, manager: &str) -> bool {
    let mut holders = entries(live).filter(|entry| holds_replicas(entry)).peekable();
    holders.peek().is_some()
        && holders.all(|entry| {
            is_apply_of(entry, manager) || class_of(manager_of(entry)) == ManagerClass::Yielded
        })
}

/// Tells whether nobody but we holds an object's replicas, so that leaving them out would remove
/// them.
pub(crate) fn holds_replicas_alone(live: &Value, manager: &str) -> bool {
    apply_entry(live, manager).is_some_and(holds_replicas)
        && !entries(live).any(|entry| !is_apply_of(entry, manager) && holds_replicas(entry))
}

/// Gives the entry that is to hold the replicas of an object which is made anew: of who holds them,
/// and else, with `scaled` or where nobody does, of our manager for autoscalers. `left` tells to
/// whom they are left, where the body sets them; otherwise whoever holds them keeps them. Of a scale
/// of replicas that nobody held the server keeps no entry.
pub(crate) fn kept_replicas(
    live: &Value,
    manager: &str,
    left: Option<&Yielded>,
    scaled: bool,
) -> Option<Value> {
    let holder = entries(live).find(|entry| {
        !is_apply_of(entry, manager)
            && holds_replicas(entry)
            && left.is_none_or(|left| left.manager == manager_of(entry))
    });
    let is_nobodys = left.is_none() && !apply_entry(live, manager).is_some_and(holds_replicas);
    let mut entry = match holder {
        Some(holder) => holder.clone(),
        None if scaled || is_nobodys => json!({
            "manager": YIELDED_MANAGER,
            "operation": "Apply",
            "apiVersion": apply_entry(live, manager)?["apiVersion"],
            "fieldsType": "FieldsV1",
        }),
        None => return None,
    };
    entry["fieldsV1"] = json!({"f:spec": {"f:replicas": {}}});
    Some(entry)
}

/// Gives the managedFields of an object with its replicas in `holder`'s entry, no longer in ours;
/// `None` where we do not hold them.
pub(crate) fn given_back(live: &Value, manager: &str, holder: &Value) -> Option<Value> {
    let mut given = None;
    let mut all: Vec<Value> = Vec::new();
    for entry in entries(live) {
        let mut entry = entry.clone();
        if is_apply_of(&entry, manager) {
            let (gone, rest) =
                fields::split(&entry["fieldsV1"], &mut |path, _| fields::shown(path) == REPLICAS);
            given = gone;
            entry["fieldsV1"] = rest?;
        }
        all.push(entry);
    }
    all.push(holder.clone());
    given.map(|_| Value::Array(all))
}

/// Tells whether an object is an autoscaler of replicas: a HorizontalPodAutoscaler, or KEDA's
/// ScaledObject, which makes one.
pub(crate) fn scales_others(id: &ObjectId) -> bool {
    id.is("autoscaling", "HorizontalPodAutoscaler") || is_keda(id)
}

fn is_keda(id: &ObjectId) -> bool {
    id.is("keda.sh", "ScaledObject")
}

/// Gives the object whose replicas an autoscaler sets, read off the autoscaler's body.
pub(crate) fn scale_target(autoscaler: &Value) -> Option<ObjectId> {
    let id = ObjectId::of(autoscaler);
    if !scales_others(&id) {
        return None;
    }
    let target = autoscaler.pointer("/spec/scaleTargetRef")?;
    let text =
        |field: &str| target.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = text("kind").or_else(|| is_keda(&id).then_some("Deployment"))?;
    let group = match text("apiVersion") {
        Some(api_version) => split_api_version(api_version).0,
        None if kind == "ReplicationController" => "",
        None => "apps",
    };
    Some(ObjectId::new(group, kind, id.namespace.as_deref(), text("name")?))
}

#[cfg(test)]
mod tests;
