//! The custom resources of a CustomResourceDefinition, looked at live: they go with it, in the whole
//! cluster, whoever made them.

use serde_json::Value;

use super::target::is_list_forbidden;
use crate::{
    cluster::{api::Api, request::Request},
    workload::{error::Result, object::ObjectId, ownership::is_ours, plan::is_kept, record::Entry},
};

/// Tells whether an object is a CustomResourceDefinition.
pub(crate) fn is_definition(id: &ObjectId) -> bool {
    id.is("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// What there is of a CustomResourceDefinition.
pub(crate) struct CustomResources {
    group: String,
    kind: String,
    /// Their metadata; `None` where they may not be listed.
    items: Option<Vec<Value>>,
}

/// Lists the custom resources of a definition.
///
/// # Errors
/// A request that failed, but for a missing right to list them.
pub(crate) async fn of(api: &Api, id: &ObjectId, path: &str) -> Result<CustomResources> {
    let definition = api
        .find(Request::get(path))
        .await
        .map_err(|failure| failure.explain("get", "cannot look at", id, None))?
        .unwrap_or_default();
    let text =
        |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (group, kind) = (text("/spec/group").to_owned(), text("/spec/names/kind").to_owned());
    let served = definition["spec"]["versions"]
        .as_array()
        .into_iter()
        .flatten()
        // One version shows all: the same objects are served in each.
        .find(|version| version["served"] == true)
        .and_then(|version| version["name"].as_str());
    let Some(version) = served else {
        return Ok(CustomResources { group, kind, items: Some(Vec::new()) });
    };
    let collection = format!("/apis/{group}/{version}/{}", text("/spec/names/plural"));
    let items = match api.list_metadata(&collection, "").await {
        Ok(list) => Some(list.items),
        // 404 in plain text: the CRD is not served yet or not any more, and has no objects that
        // could be lost.
        Err(failure) if failure.is_not_found() => Some(Vec::new()),
        Err(failure) if is_list_forbidden(&failure) => None,
        Err(failure) => {
            let kind = ObjectId::new(&group, &kind, None, &id.name);
            return Err(failure.explain(
                "list",
                "cannot look for custom resources of",
                &kind,
                None,
            ));
        }
    };
    Ok(CustomResources { group, kind, items })
}

impl CustomResources {
    /// Gives them, named; none where they may not be listed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ObjectId, &Value)> {
        self.items.iter().flatten().map(|item| {
            let text = |field: &str| item["metadata"][field].as_str();
            let name = text("name").unwrap_or_default();
            (ObjectId::new(&self.group, &self.kind, text("namespace"), name), item)
        })
    }

    /// Tells whether they may not be listed.
    pub(crate) fn is_hidden(&self) -> bool {
        self.items.is_none()
    }

    /// Gives their kind.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// Says why their definition must stay: `staying` is what the instance goes on with. Those
    /// of ours that are neither in it nor kept are being removed. It stays ours all the same:
    /// whose custom resources they are is not whose definition it is.
    pub(crate) fn why_definition_stays(&self, manager: &str, staying: &[Entry]) -> Option<String> {
        // What the release has of it counts although it is not made yet.
        let is_needed = |entry: &&Entry| {
            entry.wanted && entry.id.group == self.group && entry.id.kind == self.kind
        };
        let mut needed = staying.iter().filter(is_needed);
        if let Some(first) = needed.next() {
            return Some(match needed.count() {
                0 => format!("{} of it is still in the definition", first.id),
                more => format!("{} and {more} more of it are still in the definition", first.id),
            });
        }
        // Who cannot be asked counts as alive (docs/design.md, Absence).
        let Some(items) = &self.items else {
            return Some(format!(
                "whether others have custom resources of it cannot be seen: forbidden: list {}",
                self.kind
            ));
        };
        let (ours, others): (Vec<_>, Vec<_>) =
            items.iter().partition(|item| is_ours(item, manager, None));
        // Without waiting, those of ours may not be gone yet.
        let kept = ours.into_iter().filter(|item| is_kept(item)).count();
        let (count, one, many) = match (others.len(), kept) {
            (0, 0) => return None,
            (0, kept) => (kept, "asks to be kept", "ask to be kept"),
            (others, _) => (others, "is not ours", "are not ours"),
        };
        Some(match count {
            1 => format!("1 custom resource of it {one}"),
            _ => format!("{count} custom resources of it {many}"),
        })
    }
}
