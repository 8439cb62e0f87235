//! Discovery: which groups, versions and resources are served, in the old form and the aggregated
//! one, and `/version`.

use serde_json::{Value, json};

use super::{
    custom::has_condition,
    registry::Resource,
    request::{ApiRequest, Reply},
    status::StatusResult,
    world::World,
};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// A group that another server is to serve and does not.
struct Stale {
    group: String,
    version: String,
}

/// The groups of APIServices whose service is not available.
fn stale(world: &World<'_>) -> StatusResult<Vec<Stale>> {
    let services = world.storage.all("apiregistration.k8s.io/apiservices", None)?;
    let broken = services
        .iter()
        .filter(|api| api["spec"]["service"].is_object() && !has_condition(api, "Available"));
    Ok(broken
        .map(|api| Stale {
            group: api["spec"]["group"].as_str().unwrap_or_default().to_owned(),
            version: api["spec"]["version"].as_str().unwrap_or_default().to_owned(),
        })
        .collect())
}

/// The groups with their versions, in the order of preference. The core group is the empty one.
fn groups(world: &World<'_>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for resource in world.registry.all() {
        match groups.iter_mut().find(|(name, _)| *name == resource.group) {
            // The embedded discovery has them in the order of preference already.
            Some((_, versions)) if versions.contains(&resource.version) => {}
            Some((_, versions)) => versions.push(resource.version.clone()),
            None => groups.push((resource.group.clone(), vec![resource.version.clone()])),
        }
    }
    groups
}

/// Answers a discovery path, if it is one.
pub(super) fn answer(
    world: &World<'_>,
    request: &ApiRequest,
    path: &[&str],
) -> StatusResult<Option<Reply>> {
    let aggregated = request.accept.contains("g=apidiscovery.k8s.io");
    let body = match path {
        ["version"] => version(),
        ["api"] if aggregated => return Ok(Some(aggregate(world, true)?)),
        ["apis"] if aggregated => return Ok(Some(aggregate(world, false)?)),
        ["api"] => json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "sandbox"}],
        }),
        ["apis"] => {
            let mut list: Vec<Value> = groups(world)
                .iter()
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, versions)| group(name, versions))
                .collect();
            // The aggregator lists a group whose server does not answer all the same.
            for stale in stale(world)? {
                list.push(group(&stale.group, &[stale.version]));
            }
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": list})
        }
        ["apis", name] => {
            let groups = groups(world);
            let Some((name, versions)) = groups.iter().find(|(known, _)| known == name) else {
                return Ok(None);
            };
            let mut body = group(name, versions);
            body["kind"] = json!("APIGroup");
            body["apiVersion"] = json!("v1");
            body
        }
        ["api", version] => return Ok(resources(world, "", version)),
        ["apis", group, version] => {
            if stale(world)?.iter().any(|s| s.group == *group && s.version == *version) {
                return Ok(Some(Reply::text(503, "service unavailable\n")));
            }
            return Ok(resources(world, group, version));
        }
        ["healthz" | "livez" | "readyz"] => return Ok(Some(Reply::text(200, "ok"))),
        _ => return Ok(None),
    };
    Ok(Some(Reply::json(200, &body)))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.3+sandbox", "gitCommit": "",
        "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "",
        "compiler": "", "platform": "",
    })
}

fn group(name: &str, versions: &[String]) -> Value {
    let versions: Vec<_> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions.first()})
}

fn resources(world: &World<'_>, group: &str, version: &str) -> Option<Reply> {
    let mut list = Vec::new();
    let known = world.registry.all().iter();
    for resource in known.filter(|known| known.group == group && known.version == version) {
        list.extend(legacy(resource));
    }
    if list.is_empty() {
        return None;
    }
    let group_version =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let body = json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list,
    });
    Some(Reply::json(200, &body))
}

/// A resource and its subresources in the old form.
fn legacy(resource: &Resource) -> Vec<Value> {
    let entry = &resource.entry;
    let mut main = json!({
        "name": resource.plural, "singularName": entry["singularResource"],
        "namespaced": resource.namespaced, "kind": resource.kind, "verbs": entry["verbs"],
    });
    for key in ["shortNames", "categories"] {
        if entry[key].is_array() {
            main[key] = entry[key].clone();
        }
    }
    let mut list = vec![main];
    for sub in entry["subresources"].as_array().into_iter().flatten() {
        let mut item = json!({
            "name": format!("{}/{}", resource.plural, sub["subresource"].as_str().unwrap_or_default()),
            "singularName": "", "namespaced": resource.namespaced,
            "kind": sub["responseKind"]["kind"], "verbs": sub["verbs"],
        });
        for key in ["group", "version"] {
            if sub["responseKind"][key]
                .as_str()
                .is_some_and(|text| !text.is_empty() && text != resource.group)
            {
                item[key] = sub["responseKind"][key].clone();
            }
        }
        list.push(item);
    }
    list
}

fn aggregate(world: &World<'_>, core: bool) -> StatusResult<Reply> {
    let mut items: Vec<Value> = Vec::new();
    for (name, versions) in groups(world).iter().filter(|(name, _)| name.is_empty() == core) {
        let versions: Vec<_> = versions
            .iter()
            .map(|version| {
                let known = world.registry.all().iter();
                let resources: Vec<_> = known
                    .filter(|known| known.group == *name && known.version == *version)
                    .map(|known| known.entry.clone())
                    .collect();
                json!({"version": version, "freshness": "Current", "resources": resources})
            })
            .collect();
        // The core group has no name; `/api` has it alone, `/apis` all others.
        let metadata = if core { json!({}) } else { json!({"name": name}) };
        items.push(json!({"metadata": metadata, "versions": versions}));
    }
    if !core {
        for stale in stale(world)? {
            items.push(json!({
                "metadata": {"name": stale.group},
                "versions": [{"version": stale.version, "freshness": "Stale"}],
            }));
        }
    }
    let body = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
        "items": items,
    });
    Ok(Reply { content_type: Some(AGGREGATED), ..Reply::json(200, &body) })
}

/// Tells whether requests to a group go to a server that is not there.
pub(super) fn is_stale(world: &World<'_>, group: &str, version: &str) -> StatusResult<bool> {
    Ok(stale(world)?.iter().any(|stale| stale.group == group && stale.version == version))
}
