//! Who made an object that is not ours: the package that it belongs to, or its managers.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    INSTANCE_LABEL, MANAGED_LABEL, apply_entry, class::ManagerClass, class_of, entries, manager_of,
    subresource,
};

/// Says who made a foreign object; empty where nothing tells.
///
/// Helm, Argo CD, Flux and kapp mark what they made by labels and annotations; those are named
/// with the package. Everything else is named by its field managers.
pub(crate) fn made_by(live: &Value) -> String {
    let mut said = Vec::new();
    if let Some(package) = package_of(live) {
        said.push(package);
    }
    let managers = managers(live);
    if !managers.is_empty() {
        said.push(format!("made by {}", managers.join(", ")));
    }
    if said.is_empty() {
        said.extend(left_by(live));
    }
    said.join(", ")
}

/// Says that an instance left an object whose entry it took out: only its label tells.
fn left_by(live: &Value) -> Option<String> {
    let labels = live.get("metadata")?.get("labels")?;
    let said = |label: &str| labels.get(label)?.as_str();
    let of = match (said(INSTANCE_LABEL), said(MANAGED_LABEL)) {
        (Some(name), _) => format!("the workloadctl instance {name}"),
        (None, Some(_)) => "a workloadctl instance".to_owned(),
        (None, None) => return None,
    };
    Some(format!("by its label {of} had it, and holds it no more"))
}

/// Tells whether a manager's apply made an object: it has applied it since it was created.
pub(crate) fn is_created_by(live: &Value, manager: &str) -> bool {
    let time = |value: Option<&Value>| value?.as_str()?.parse::<Timestamp>().ok();
    let created = live.get("metadata").and_then(|metadata| time(metadata.get("creationTimestamp")));
    let applied = apply_entry(live, manager).and_then(|entry| time(entry.get("time")));
    // The server takes the two times one after the other, in whole seconds.
    created
        .zip(applied)
        .is_some_and(|(created, applied)| applied.duration_since(created).as_secs().abs() <= 1)
}

/// Says what else holds an object that is adopted, in a sentence after its name: a GitOps
/// controller that goes on applying it, or a Helm release that still lists it.
pub(crate) fn kept_by(live: &Value) -> Option<String> {
    let tool = entries(live).find_map(|entry| match class_of(manager_of(entry)) {
        ManagerClass::GitOps(tool) => Some(tool),
        _ => None,
    });
    if let Some(tool) = tool {
        return Some(format!(
            "{tool} applies it too, and changes it back until it is taken out there"
        ));
    }
    let release =
        live.get("metadata")?.get("annotations")?.get("meta.helm.sh/release-name")?.as_str()?;
    Some(format!("Helm release {release} still lists it: `helm uninstall` would delete it"))
}

/// Names the package of a tool that marks its objects.
fn package_of(live: &Value) -> Option<String> {
    let mark = |map: &str, key: &str| live.get("metadata")?.get(map)?.get(key)?.as_str();
    let annotation = |key: &str| mark("annotations", key);
    let label = |key: &str| mark("labels", key);
    let within = |name: &str, namespace: Option<&str>| match namespace {
        Some(namespace) => format!("{name} in namespace {namespace}"),
        None => name.to_owned(),
    };
    if let Some(id) = annotation("argocd.argoproj.io/tracking-id") {
        // `APPLICATION:GROUP/KIND:NAMESPACE/NAME`.
        let application = id.split(':').next().unwrap_or(id);
        return Some(format!("Argo CD application {application}"));
    }
    if let Some(application) = label("argocd.argoproj.io/instance") {
        return Some(format!("Argo CD application {application}"));
    }
    // Before Helm: what Flux's helm-controller installs carries Helm's annotations too.
    for (tool, what) in [("kustomize", "Flux Kustomization"), ("helm", "Flux HelmRelease")] {
        if let Some(name) = label(&format!("{tool}.toolkit.fluxcd.io/name")) {
            let namespace = label(&format!("{tool}.toolkit.fluxcd.io/namespace"));
            return Some(format!("{what} {}", within(name, namespace)));
        }
    }
    if let Some(release) = annotation("meta.helm.sh/release-name") {
        let namespace = annotation("meta.helm.sh/release-namespace");
        return Some(format!("Helm release {}", within(release, namespace)));
    }
    if label("kapp.k14s.io/app").is_some() {
        return Some("a kapp application".to_owned());
    }
    // Anybody may set it, and charts do: it comes last.
    label("app.kubernetes.io/managed-by").map(|tool| format!("managed by {tool}"))
}

/// Lists the managers of the object itself, each once, GitOps controllers as what they are.
fn managers(live: &Value) -> Vec<String> {
    let mut managers: Vec<String> = Vec::new();
    for entry in entries(live).filter(|entry| subresource(entry).is_empty()) {
        let manager = manager_of(entry);
        let named = match class_of(manager) {
            ManagerClass::Yielded => continue,
            ManagerClass::GitOps(tool) => format!("{manager} ({tool})"),
            ManagerClass::Person
            | ManagerClass::Instance
            | ManagerClass::Aggregator
            | ManagerClass::Other => manager.to_owned(),
        };
        if !named.is_empty() && !managers.contains(&named) {
            managers.push(named);
        }
    }
    managers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packages_are_named_before_managers() {
        let made = |labels: Value, annotations: Value, managers: &[(&str, &str)]| {
            let fields: Vec<Value> = managers
                .iter()
                .map(|(name, subresource)| json!({"manager": name, "subresource": subresource}))
                .collect();
            made_by(
                &json!({"metadata": {"labels": labels, "annotations": annotations, "managedFields": fields}}),
            )
        };
        let none = || json!({});
        for (labels, annotations, managers, said) in [
            (none(), none(), &[][..], ""),
            (
                json!({"workloadctl/managed": "true"}),
                none(),
                &[],
                "by its label a workloadctl instance had it, and holds it no more",
            ),
            (
                json!({"workloadctl/instance": "web"}),
                none(),
                &[],
                "by its label the workloadctl instance web had it, and holds it no more",
            ),
            (
                json!({"workloadctl/instance": "web"}),
                none(),
                &[("kubectl-create", "")],
                "made by kubectl-create",
            ),
            (
                none(),
                none(),
                &[
                    ("kubectl-create", ""),
                    ("kubectl-edit", ""),
                    ("kubectl-create", ""),
                    ("x", "status"),
                ],
                "made by kubectl-create, kubectl-edit",
            ),
            (
                json!({"app.kubernetes.io/managed-by": "Helm"}),
                json!({"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "apps"}),
                &[("helm", "")],
                "Helm release shop in namespace apps, made by helm",
            ),
            (
                json!({"app.kubernetes.io/managed-by": "Helm"}),
                none(),
                &[("helm", "")],
                "managed by Helm, made by helm",
            ),
            (
                none(),
                json!({"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:ns/web"}),
                &[("argocd-controller", "")],
                "Argo CD application shop, made by argocd-controller (Argo CD)",
            ),
            (
                json!({"argocd.argoproj.io/instance": "shop"}),
                none(),
                &[],
                "Argo CD application shop",
            ),
            (
                json!({"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}),
                none(),
                &[("kustomize-controller", "")],
                "Flux Kustomization apps in namespace flux-system, made by kustomize-controller (Flux)",
            ),
            (
                json!({"helm.toolkit.fluxcd.io/name": "db"}),
                json!({"meta.helm.sh/release-name": "db"}),
                &[],
                "Flux HelmRelease db",
            ),
            (
                json!({"kapp.k14s.io/app": "1"}),
                none(),
                &[("kapp", "")],
                "a kapp application, made by kapp",
            ),
        ] {
            assert_eq!(made(labels, annotations, managers), said);
        }
    }
}
