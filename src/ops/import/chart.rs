//! The objects of a release of Helm, as they run: Helm's record of it tells which they are.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::{super::target::Target, Found};
use crate::{
    cluster::{
        api::IN_FLIGHT,
        request::{Request, encode_query},
    },
    workload::{
        definition::SourceFile,
        error::{Code, Error, Result},
        import::{
            helm::{self, HelmRelease},
            is_as_sent, reason_to_leave,
        },
        manifest,
        object::{GroupKind, Object, ObjectId, split_api_version},
    },
};

/// Looks at the objects of the deployed release of a name.
///
/// # Errors
/// `no-such-release` (1); a release that cannot be read; a failed GET or LIST.
pub(super) async fn look(target: &Target, namespace: &str, name: &str) -> Result<Found> {
    let mut found = Found::default();
    let release = release(target, namespace, name, &mut found).await?;
    let HelmRelease { name, version, manifest, hooks } = release;
    let source = format!("Helm release {name} (revision {version})");
    let file = SourceFile { name: source, text: manifest.into() };
    let loaded = manifest::load(vec![file]).map_err(manifest::combine)?;
    for hook in hooks {
        let reason = format!("a hook of Helm: {}", hook.events.join(","));
        found.leave(format!("{}/{}", hook.kind, hook.name), reason);
    }
    for left in loaded.left_out {
        found.leave(&left.id, left.reason);
    }
    let reads = loaded.content.objects.iter().map(|sent| read(target, namespace, sent));
    let lives: Vec<Result<Value, String>> =
        stream::iter(reads).buffered(IN_FLIGHT).try_collect().await?;
    for (sent, live) in loaded.content.objects.iter().zip(lives) {
        let live = match live {
            Ok(live) => live,
            Err(reason) => {
                found.leave(sent.id(), reason);
                continue;
            }
        };
        if let Some(reason) = reason_to_leave(&live) {
            found.leave(sent.id(), reason);
            continue;
        }
        if !is_as_sent(&live, &sent.body) {
            found.changed.push(ObjectId::of(&live));
        }
        found.taken.push(live);
    }
    Ok(found)
}

/// Reads what Helm keeps of a release that is deployed; tells where a later revision is not.
async fn release(
    target: &Target,
    namespace: &str,
    name: &str,
    found: &mut Found,
) -> Result<HelmRelease> {
    let collection = format!("/api/v1/namespaces/{namespace}/secrets");
    let selector = format!("owner=helm,name={name}");
    let query = format!("&labelSelector={}", encode_query(&selector));
    let list = target.api.list(&collection, &query).await.map_err(|failure| {
        let doing = format!("cannot look for Helm release {name}");
        failure.explain_list(doing, &GroupKind::new("", "Secret"), Some(namespace))
    })?;
    let label = |secret: &Value, label: &str| {
        secret["metadata"]["labels"][label].as_str().unwrap_or_default().to_owned()
    };
    let number = |secret: &&Value| label(secret, "version").parse::<u64>().unwrap_or_default();
    let deployed = list.items.iter().filter(|secret| label(secret, "status") == "deployed");
    let newest = list.items.iter().max_by_key(number);
    let newest = newest.map(|secret| (number(&secret), label(secret, "status")));
    let none = || {
        let message = format!("Helm has no deployed release {name} in namespace {namespace}");
        Error::failed(Code::NoSuchRelease, message)
    };
    match (deployed.max_by_key(number), newest) {
        (Some(deployed), newest) => {
            let release = helm::read(deployed)?;
            let version = release.version;
            if let Some((number, status)) = newest.filter(|(number, _)| *number > version) {
                found.remarks.push(format!(
                    "revision {number} of Helm release {name} is {status}: taken is what \
                     revision {version} sent, as it runs"
                ));
            }
            Ok(release)
        }
        (None, Some((number, status))) => Err(none()
            .cause(format!("its revision {number} is {status}"))
            .hint(format!("`-l app.kubernetes.io/instance={name}` takes what runs by its labels"))),
        (None, None) => {
            target.require_namespace(namespace).await?;
            Err(none().hint(format!("`helm list --namespace {namespace}` shows those there are")))
        }
    }
}

/// Reads an object as it runs, or says why it is left.
async fn read(target: &Target, namespace: &str, sent: &Object) -> Result<Result<Value, String>> {
    let mut id = sent.id();
    let Some(info) = target.kinds.of(&id) else {
        return Ok(Err("the cluster does not serve its kind".to_owned()));
    };
    if info.namespaced {
        let there = id.namespace.get_or_insert_with(|| namespace.to_owned());
        if there != namespace {
            return Ok(Err(format!("it is in namespace {there}")));
        }
    }
    let (_, version) = split_api_version(sent.api_version());
    let Some(path) = target.path(&id, version) else {
        return Ok(Err("the cluster does not serve its kind".to_owned()));
    };
    match target.api.find(Request::get(path)).await {
        Ok(Some(live)) => Ok(Ok(live)),
        Ok(None) => Ok(Err("it is not on the cluster".to_owned())),
        Err(failure) => Err(failure.explain("get", "cannot look at", &id, None)),
    }
}
