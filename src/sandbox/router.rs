//! From a request to its handler: the path names a resource, an object or a part of one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    answer::Failure,
    call::{Call, Reply},
    delete::{self, Options},
    follow::Follow,
    groups, read,
    registry::Resource,
    scale,
    storage::Key,
    watch::Watch,
    world::World,
    write::{self, Target},
};

/// What a request leads to.
pub(super) enum Outcome {
    Done(Reply),
    /// A watch, and the lines that come first.
    Watching(Box<Watch>, String),
    /// A log that is followed, and what is in it already.
    Following(Box<Follow>, Vec<u8>),
}

struct Route {
    resource: Arc<Resource>,
    namespace: Option<String>,
    name: Option<String>,
    subresource: String,
}

/// Tells whether a request may write, and so needs the write lock from its beginning.
pub(super) fn writes(call: &Call) -> bool {
    call.method != "GET" && call.method != "HEAD"
}

/// Answers a request.
pub(super) fn handle(world: &World<'_>, call: &Call) -> Result<Outcome, Failure> {
    let path: Vec<&str> = call.path.split('/').filter(|segment| !segment.is_empty()).collect();
    if call.method == "GET"
        && let Some(reply) = groups::answer(world, call, &path)?
    {
        return Ok(Outcome::Done(reply));
    }
    let (group, version, rest) = match path.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(Failure::plain(404, "404 page not found")),
    };
    if groups::is_stale(world, group, version)? {
        return Err(Failure::plain(503, "service unavailable"));
    }
    if !world.registry.has_version(group, version) {
        return Err(Failure::plain(404, "404 page not found"));
    }
    let route = route(world, group, version, rest)?;
    dispatch(world, call, &route)
}

fn route(world: &World<'_>, group: &str, version: &str, rest: &[&str]) -> Result<Route, Failure> {
    let (namespace, rest) = match rest {
        ["namespaces", name, third, ..]
            if !(group.is_empty() && matches!(*third, "status" | "finalize")) =>
        {
            (Some((*name).to_owned()), &rest[2..])
        }
        _ => (None, rest),
    };
    let (plural, rest) = rest.split_first().ok_or_else(Failure::no_such_resource)?;
    let Some(resource) = world.registry.get(group, version, plural) else {
        let custom =
            world.registry.all().iter().any(|known| known.group == group && known.custom.is_some());
        return Err(if custom {
            Failure::plain(404, "404 page not found")
        } else {
            Failure::no_such_resource()
        });
    };
    if namespace.is_some() && !resource.namespaced {
        return Err(Failure::no_such_resource());
    }
    let name = rest.first().map(|name| (*name).to_owned());
    if name.is_some() && resource.namespaced && namespace.is_none() {
        return Err(Failure::no_such_resource());
    }
    let subresource = rest.get(1..).unwrap_or_default().join("/");
    if !subresource.is_empty() && !resource.has(&subresource) {
        return Err(Failure::no_such_resource());
    }
    Ok(Route { resource, namespace, name, subresource })
}

fn dispatch(world: &World<'_>, call: &Call, route: &Route) -> Result<Outcome, Failure> {
    let resource = &route.resource;
    let namespace = route.namespace.as_deref();
    let Some(name) = &route.name else {
        return match call.method.as_str() {
            "GET" if call.flag("watch") => watch(world, call, resource, namespace),
            "GET" => Ok(Outcome::Done(read::list(world, resource, namespace, call)?)),
            "POST" => create(world, call, route).map(Outcome::Done),
            "DELETE" => delete_collection(world, call, resource, namespace).map(Outcome::Done),
            _ => Err(Failure::method_not_allowed()),
        };
    };
    let key = Key::new(&resource.storage(), namespace.unwrap_or_default(), name);
    match (call.method.as_str(), route.subresource.as_str()) {
        ("GET", "" | "status") if call.flag("watch") => watch(world, call, resource, namespace),
        ("GET", "" | "status") => {
            let object = read::get(world, resource, &key)?;
            Ok(Outcome::Done(Reply::json(200, &read::shown(call, &object))))
        }
        ("GET", "log") => {
            let reply = super::controllers::logs(world, call, &key)?;
            Ok(if call.flag("follow") {
                Outcome::Following(Box::new(Follow::begin(world, &key)?), reply.body)
            } else {
                Outcome::Done(reply)
            })
        }
        ("GET" | "PUT" | "PATCH", "scale") => {
            scale::handle(world, call, resource, key).map(Outcome::Done)
        }
        ("PUT", "" | "status") => {
            let target = Target { resource, key, subresource: &route.subresource, call };
            let mut warnings = Vec::new();
            let (code, object) = write::update(world, &target, &mut warnings)?;
            Ok(done(call, code, &object, warnings))
        }
        ("PUT", "finalize") => finalize(world, call, resource, &key).map(Outcome::Done),
        ("PATCH", "" | "status") => {
            let mut target = Target { resource, key, subresource: &route.subresource, call };
            let mut warnings = Vec::new();
            let (code, object) = super::patch::patch(world, &mut target, &mut warnings)?;
            Ok(done(call, code, &object, warnings))
        }
        ("POST", "eviction") => {
            delete::delete(world, resource, &key, &Options::background())?;
            let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
            Ok(Outcome::Done(Reply::json(201, &body)))
        }
        ("DELETE", "") => remove(world, call, resource, &key).map(Outcome::Done),
        _ => Err(Failure::method_not_allowed()),
    }
}

fn done(call: &Call, code: u16, object: &Value, warnings: Vec<String>) -> Outcome {
    Outcome::Done(Reply { warnings, ..Reply::json(code, &read::shown(call, object)) })
}

fn watch(
    world: &World<'_>,
    call: &Call,
    resource: &Resource,
    namespace: Option<&str>,
) -> Result<Outcome, Failure> {
    let (watch, lines) = Watch::begin(world, resource, namespace, call)?;
    Ok(Outcome::Watching(Box::new(watch), lines))
}

fn create(world: &World<'_>, call: &Call, route: &Route) -> Result<Reply, Failure> {
    let resource = &route.resource;
    if matches!(resource.group.as_str(), "authorization.k8s.io" | "authentication.k8s.io") {
        return review(call, resource);
    }
    if !resource.verbs.iter().any(|verb| verb == "create")
        || resource.namespaced != route.namespace.is_some()
    {
        return Err(Failure::method_not_allowed());
    }
    let namespace = route.namespace.as_deref().unwrap_or_default();
    let key = Key::new(&resource.storage(), namespace, "");
    let mut target = Target { resource, key, subresource: "", call };
    let mut warnings = Vec::new();
    let object = write::create(world, &mut target, &mut warnings)?;
    Ok(Reply { warnings, ..Reply::json(201, &read::shown(call, &object)) })
}

/// Questions about rights: everybody may do everything here.
fn review(call: &Call, resource: &Resource) -> Result<Reply, Failure> {
    let mut object = call.value(&resource.kind)?;
    object["status"] = match resource.kind.as_str() {
        "SelfSubjectReview" => {
            json!({"userInfo": {"username": "sandbox", "groups": ["system:masters"]}})
        }
        "TokenReview" => json!({"authenticated": true, "user": {"username": "sandbox"}}),
        "SelfSubjectRulesReview" => json!({
            "incomplete": false, "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        }),
        _ => json!({"allowed": true}),
    };
    Ok(Reply::json(201, &object))
}

fn remove(
    world: &World<'_>,
    call: &Call,
    resource: &Resource,
    key: &Key,
) -> Result<Reply, Failure> {
    let options = Options::read(call)?;
    let world = &World {
        dry_run: options.dry_run,
        storage: world.storage.again(),
        registry: Arc::clone(&world.registry),
        ..*world
    };
    let (object, gone) = delete::delete(world, resource, key, &options)?;
    let orphaning = resource.is("batch", "Job")
        && object["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|list| list.iter().any(|f| f == "orphan"))
        && call.body.is_empty();
    let warnings = if orphaning {
        vec![
            "child pods are preserved by default when jobs are deleted; set \
              propagationPolicy=Background to remove them or set propagationPolicy=Orphan to \
              suppress this warning"
                .to_owned(),
        ]
    } else {
        Vec::new()
    };
    if !gone || delete::answers_object(resource) {
        return Ok(Reply { warnings, ..Reply::json(200, &read::shown(call, &object)) });
    }
    let mut details =
        json!({"name": key.name, "kind": resource.plural, "uid": object["metadata"]["uid"]});
    if !resource.group.is_empty() {
        details["group"] = json!(resource.group);
    }
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    });
    Ok(Reply { warnings, ..Reply::json(200, &body) })
}

fn delete_collection(
    world: &World<'_>,
    call: &Call,
    resource: &Resource,
    namespace: Option<&str>,
) -> Result<Reply, Failure> {
    if !resource.verbs.iter().any(|verb| verb == "deletecollection") {
        return Err(Failure::method_not_allowed());
    }
    let options = Options::read(call)?;
    let selector = read::selector(call, resource)?;
    let mut keys = Vec::new();
    world.storage.list(&resource.storage(), namespace, ("", ""), |row| {
        if read::selects(&selector, &row) {
            keys.push(Key::new(&resource.storage(), &row.namespace, &row.name));
        }
        true
    })?;
    let mut items = Vec::new();
    for key in keys {
        items.push(delete::delete(world, resource, &key, &options)?.0);
    }
    let body = json!({
        "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
        "metadata": {"resourceVersion": world.storage.version()?.to_string()}, "items": items,
    });
    Ok(Reply::json(200, &body))
}

/// Takes finalizers off a namespace.
fn finalize(
    world: &World<'_>,
    call: &Call,
    resource: &Resource,
    key: &Key,
) -> Result<Reply, Failure> {
    let body = call.value(&resource.kind)?;
    let mut object = read::get(world, resource, key)?;
    match body["spec"]["finalizers"].as_array() {
        Some(list) if !list.is_empty() => object["spec"]["finalizers"] = json!(list),
        _ => {
            object["spec"] = json!({});
        }
    }
    let stored = write::store(world, resource, key, object)?;
    Ok(Reply::json(200, &stored))
}
