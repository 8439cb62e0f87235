//! Which kinds a cluster serves: aggregated discovery in two requests, with a fallback for
//! servers that do not have it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{api::Api, failure::Failure, pool::SharedDiscovery, request::Request};
use crate::workload::{
    error::{Code, Error, ErrorKind, Result},
    object::split_api_version,
};

/// Asks for aggregated discovery, and takes the old lists from servers without it.
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// How long what was read counts for others too: a kind may go.
const FRESH: Duration = Duration::from_secs(60);

/// Gives what was read a moment ago, and reads it anew where there is none or `take`, which is given
/// the documents, answers that they do not do. Who comes while it is read waits for that answer.
///
/// # Errors
/// Those of [`read`].
pub(crate) async fn read_shared(
    shared: &SharedDiscovery,
    api: &Api,
    mut take: impl FnMut(&[Value]) -> bool,
) -> Result<()> {
    let mut known = shared.lock().await;
    if let Some((at, documents)) = &*known
        && at.elapsed() < FRESH
        && take(documents)
    {
        return Ok(());
    }
    let documents = read(api).await?;
    take(&documents);
    *known = Some((Instant::now(), documents));
    Ok(())
}

/// Reads the discovery of a cluster: documents of the kind `APIGroupDiscoveryList`.
///
/// # Errors
/// Whatever the server answers. A group whose server does not answer is marked as stale and is
/// no failure.
async fn read(api: &Api) -> Result<Vec<Value>> {
    let explain = |failure: Failure| {
        let doing = "cannot learn the kinds of the cluster";
        match (failure.of_the_server(), failure) {
            (Some(error), _) if error.kind == ErrorKind::Runtime => error.while_doing(doing),
            (_, Failure::NoAnswer(error)) => error.while_doing(doing),
            (_, failure) => Error::runtime(Code::Discovery, doing).cause(failure.message()),
        }
    };
    let ask = |path: &'static str| api.send(Request { accept: AGGREGATED, ..Request::get(path) });
    let (core, groups) =
        futures::future::try_join(ask("/api"), ask("/apis")).await.map_err(explain)?;
    // A server that does not know v2 (before 1.30) answers with its old lists instead of
    // an error.
    if [&core, &groups].iter().all(|answer| answer.body["kind"] == "APIGroupDiscoveryList") {
        return Ok(vec![core.body, groups.body]);
    }
    Ok(vec![legacy(api, &groups.body).await])
}

/// Builds the document from the lists of each group and version.
async fn legacy(api: &Api, groups: &Value) -> Value {
    // The core group does not stand in /apis.
    let mut versions: Vec<(String, String)> = vec![(String::new(), "v1".to_owned())];
    for group in groups["groups"].as_array().into_iter().flatten() {
        for version in group["versions"].as_array().into_iter().flatten() {
            let (name, version) =
                split_api_version(version["groupVersion"].as_str().unwrap_or_default());
            versions.push((name.to_owned(), version.to_owned()));
        }
    }
    let lists = versions.iter().map(|(group, version)| async move {
        let path = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        api.send(Request::get(path)).await.map(|answer| answer.body)
    });
    let lists = futures::future::join_all(lists.collect::<Vec<_>>()).await;
    let mut items: Vec<Value> = Vec::new();
    for ((group, version), list) in versions.iter().zip(lists) {
        let described = match list {
            Ok(list) => {
                json!({"version": version, "freshness": "Current", "resources": resources(group, version, &list)})
            }
            // One dead APIService must not hide the kinds of all others.
            Err(_) => json!({"version": version, "freshness": "Stale"}),
        };
        match items.iter_mut().find(|item| item["metadata"]["name"] == **group) {
            Some(item) => item["versions"].as_array_mut().expect("made below").push(described),
            None => items.push(json!({"metadata": {"name": group}, "versions": [described]})),
        }
    }
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items})
}

fn resources(group: &str, version: &str, list: &Value) -> Vec<Value> {
    let all = || list["resources"].as_array().into_iter().flatten();
    let subresources = |plural: &str| -> Vec<Value> {
        all()
            .filter_map(|resource| {
                resource["name"].as_str()?.strip_prefix(plural)?.strip_prefix('/')
            })
            .map(|name| json!({"subresource": name}))
            .collect()
    };
    all()
        .filter_map(|resource| {
            let plural = resource["name"].as_str().filter(|name| !name.contains('/'))?;
            // A list names group and version only of what differs from its own, such as a Scale.
            let or = |field: &str, other: &str| resource[field].as_str().unwrap_or(other).to_owned();
            Some(json!({
                "resource": plural,
                "responseKind": {"group": or("group", group), "version": or("version", version), "kind": resource["kind"]},
                "scope": if resource["namespaced"] == true { "Namespaced" } else { "Cluster" },
                "singularResource": resource["singularName"],
                "shortNames": resource["shortNames"],
                "verbs": resource["verbs"],
                "subresources": subresources(plural),
            }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_lists_become_the_aggregated_form() {
        let list = json!({"resources": [
            {"name": "deployments", "kind": "Deployment", "namespaced": true, "singularName": "deployment",
             "shortNames": ["deploy"], "verbs": ["get", "patch"]},
            {"name": "deployments/status", "kind": "Deployment", "namespaced": true},
        ]});
        let resources = resources("apps", "v1", &list);
        assert_eq!(resources.len(), 1);
        assert_eq!(resources[0]["scope"], "Namespaced");
        assert_eq!(resources[0]["responseKind"]["group"], "apps");
        assert_eq!(resources[0]["subresources"], json!([{"subresource": "status"}]));
    }
}
