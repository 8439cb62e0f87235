//! From a request to its handler: the path names a resource, an object or a part of one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    delete::{self, ApiDeleteOptions},
    follow::Follow,
    groups, openapi, read,
    registry::Resource,
    request::{ApiRequest, Reply},
    scale,
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    stream::StreamSource,
    table::Tables,
    watch::Watcher,
    world::World,
    write::{self, WriteTarget},
};

/// What a request leads to.
pub(super) enum Handled {
    Done(Reply),
    /// What goes on, and the lines that come first.
    Streaming(StreamSource, String),
}

struct Route {
    resource: Arc<Resource>,
    namespace: Option<String>,
    name: Option<String>,
    subresource: String,
}

/// Tells whether a request may write, and so needs the write lock from its beginning.
pub(super) fn writes(request: &ApiRequest) -> bool {
    request.method != "GET" && request.method != "HEAD"
}

pub(super) fn handle(world: &World<'_>, request: &ApiRequest) -> StatusResult<Handled> {
    let path: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
    if request.method == "GET"
        && let Some(reply) = groups::answer(world, request, &path)?
    {
        return Ok(Handled::Done(reply));
    }
    if let Some(reply) = openapi::answer(world, &path)? {
        return Ok(Handled::Done(reply));
    }
    let (group, version, rest) = match path.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(StatusError::plain(404, "404 page not found")),
    };
    // The aggregator answers for a server that is not there, in plain text.
    if groups::is_stale(world, group, version)? {
        return Err(StatusError::plain(503, "service unavailable"));
    }
    if !world.registry.has_version(group, version) {
        return Err(StatusError::plain(404, "404 page not found"));
    }
    let route = route(world, group, version, rest)?;
    dispatch(world, request, &route)
}

fn route(world: &World<'_>, group: &str, version: &str, rest: &[&str]) -> StatusResult<Route> {
    let (namespace, rest) = match rest {
        // `/namespaces/x/status` is the namespace's own subresource, all else is inside it.
        ["namespaces", name, third, ..]
            if !(group.is_empty() && matches!(*third, "status" | "finalize")) =>
        {
            (Some((*name).to_owned()), &rest[2..])
        }
        _ => (None, rest),
    };
    let (plural, rest) = rest.split_first().ok_or_else(StatusError::no_such_resource)?;
    let Some(resource) = world.registry.get(group, version, plural) else {
        // The handler of definitions answers in plain text, the built-in ones with a Status;
        // clients that wait for a new kind see the former (docs/design.md).
        let custom =
            world.registry.all().iter().any(|known| known.group == group && known.custom.is_some());
        return Err(if custom {
            StatusError::plain(404, "404 page not found")
        } else {
            StatusError::no_such_resource()
        });
    };
    if namespace.is_some() && !resource.namespaced {
        return Err(StatusError::no_such_resource());
    }
    let name = rest.first().map(|name| (*name).to_owned());
    // Lists go over all namespaces, an object is in one.
    if name.is_some() && resource.namespaced && namespace.is_none() {
        return Err(StatusError::no_such_resource());
    }
    let subresource = rest.get(1..).unwrap_or_default().join("/");
    if !subresource.is_empty() && !resource.has(&subresource) {
        return Err(StatusError::no_such_resource());
    }
    Ok(Route { resource, namespace, name, subresource })
}

fn dispatch(world: &World<'_>, request: &ApiRequest, route: &Route) -> StatusResult<Handled> {
    let Some(name) = &route.name else { return on_collection(world, request, route) };
    let resource = &route.resource;
    let namespace = route.namespace.as_deref();
    let key = ObjectKey::new(&resource.storage(), namespace.unwrap_or_default(), name);
    match (request.method.as_str(), route.subresource.as_str()) {
        ("GET", "" | "status") if request.flag("watch") => {
            watch(world, request, resource, namespace)
        }
        ("GET", "" | "status") => {
            let object = read::get(world, resource, &key)?;
            let shown = match Tables::wanted(request) {
                Some(tables) => {
                    let metadata =
                        json!({"resourceVersion": object["metadata"]["resourceVersion"]});
                    tables.of(resource, world.now, &[object], &metadata)
                }
                None => read::shown(request, &object),
            };
            Ok(Handled::Done(Reply::json(200, &shown)))
        }
        ("GET", "log") => log(world, request, &key),
        ("GET" | "PUT" | "PATCH", "scale") => {
            scale::handle(world, request, resource, key).map(Handled::Done)
        }
        ("PUT", "" | "status") => {
            let target = WriteTarget { resource, key, subresource: &route.subresource, request };
            let mut warnings = Vec::new();
            let (code, object) = write::update(world, &target, &mut warnings)?;
            Ok(done(request, code, &object, warnings))
        }
        ("PUT", "finalize") => finalize(world, request, resource, &key).map(Handled::Done),
        ("PATCH", "" | "status") => {
            let mut target =
                WriteTarget { resource, key, subresource: &route.subresource, request };
            let mut warnings = Vec::new();
            let (code, object) = super::patch::patch(world, &mut target, &mut warnings)?;
            Ok(done(request, code, &object, warnings))
        }
        ("POST", "eviction") => {
            delete::delete(world, resource, &key, &ApiDeleteOptions::background())?;
            let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
            Ok(Handled::Done(Reply::json(201, &body)))
        }
        ("GET" | "POST", "exec" | "attach" | "portforward") => {
            let message =
                format!("pods of the sandbox run nothing: there is no {}", route.subresource);
            Err(StatusError::status(405, "MethodNotAllowed", message, json!({})))
        }
        ("DELETE", "") => remove(world, request, resource, &key).map(Handled::Done),
        _ => Err(StatusError::method_not_allowed()),
    }
}

fn on_collection(world: &World<'_>, request: &ApiRequest, route: &Route) -> StatusResult<Handled> {
    let (resource, namespace) = (&route.resource, route.namespace.as_deref());
    match request.method.as_str() {
        "GET" if request.flag("watch") => watch(world, request, resource, namespace),
        "GET" => Ok(Handled::Done(read::list(world, resource, namespace, request)?)),
        "POST" => create(world, request, route).map(Handled::Done),
        "DELETE" => delete_collection(world, request, resource, namespace).map(Handled::Done),
        _ => Err(StatusError::method_not_allowed()),
    }
}

fn log(world: &World<'_>, request: &ApiRequest, key: &ObjectKey) -> StatusResult<Handled> {
    let reply = super::controllers::logs(world, request, key)?;
    if !request.flag("follow") {
        return Ok(Handled::Done(reply));
    }
    let log = Follow::begin(world, key, request.parameter("container"))?;
    let written = String::from_utf8_lossy(&reply.body).into_owned();
    Ok(Handled::Streaming(StreamSource::Log(Box::new(log)), written))
}

fn done(request: &ApiRequest, code: u16, object: &Value, warnings: Vec<String>) -> Handled {
    Handled::Done(Reply { warnings, ..Reply::json(code, &read::shown(request, object)) })
}

fn watch(
    world: &World<'_>,
    request: &ApiRequest,
    resource: &Resource,
    namespace: Option<&str>,
) -> StatusResult<Handled> {
    let (watch, lines) = Watcher::begin(world, resource, namespace, request)?;
    Ok(Handled::Streaming(StreamSource::Watch(Box::new(watch)), lines))
}

fn create(world: &World<'_>, request: &ApiRequest, route: &Route) -> StatusResult<Reply> {
    let resource = &route.resource;
    if matches!(resource.group.as_str(), "authorization.k8s.io" | "authentication.k8s.io") {
        return review(request, resource);
    }
    if !resource.verbs.iter().any(|verb| verb == "create")
        || resource.namespaced != route.namespace.is_some()
    {
        return Err(StatusError::method_not_allowed());
    }
    let namespace = route.namespace.as_deref().unwrap_or_default();
    let key = ObjectKey::new(&resource.storage(), namespace, "");
    let mut target = WriteTarget { resource, key, subresource: "", request };
    let mut warnings = Vec::new();
    let object = write::create(world, &mut target, &mut warnings)?;
    Ok(Reply { warnings, ..Reply::json(201, &read::shown(request, &object)) })
}

/// Questions about rights: everybody may do everything here.
fn review(request: &ApiRequest, resource: &Resource) -> StatusResult<Reply> {
    let mut object = request.value(&resource.kind)?;
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
    request: &ApiRequest,
    resource: &Resource,
    key: &ObjectKey,
) -> StatusResult<Reply> {
    let options = ApiDeleteOptions::read(request)?;
    let world = &world.dry(options.dry_run);
    let (object, gone) = delete::delete(world, resource, key, &options)?;
    // A warning, so that nobody is surprised; it is only given where no policy was sent.
    let orphaning = resource.is("batch", "Job")
        && object["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|list| list.iter().any(|f| f == "orphan"))
        && request.body.is_empty();
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
    // `ReturnDeletedObject` of the generic store.
    if !gone || delete::answers_object(resource) {
        return Ok(Reply { warnings, ..Reply::json(200, &read::shown(request, &object)) });
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
    request: &ApiRequest,
    resource: &Resource,
    namespace: Option<&str>,
) -> StatusResult<Reply> {
    if !resource.verbs.iter().any(|verb| verb == "deletecollection") {
        return Err(StatusError::method_not_allowed());
    }
    let options = ApiDeleteOptions::read(request)?;
    let selector = read::selector(request, resource)?;
    let mut keys = Vec::new();
    world.storage.list(&resource.storage(), namespace, ("", ""), |row| {
        if read::selects(&selector, &row) {
            keys.push(ObjectKey::new(&resource.storage(), &row.namespace, &row.name));
        }
        true
    })?;
    let mut items = Vec::new();
    // Collected first: the list must not be read while it shrinks.
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
    request: &ApiRequest,
    resource: &Resource,
    key: &ObjectKey,
) -> StatusResult<Reply> {
    let body = request.value(&resource.kind)?;
    let mut object = read::get(world, resource, key)?;
    match body["spec"]["finalizers"].as_array() {
        Some(list) if !list.is_empty() => object["spec"]["finalizers"] = json!(list),
        // The last one goes: `put_or_remove` then lets go of the namespace.
        _ => {
            object["spec"] = json!({});
        }
    }
    let stored = world.put_or_remove(resource, key, object)?;
    Ok(Reply::json(200, &stored))
}
