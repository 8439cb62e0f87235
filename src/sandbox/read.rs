//! Reading: one object, lists in pages, metadata alone.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    registry::Resource,
    request::{ApiRequest, Reply},
    selector::Selector,
    status::{StatusError, StatusResult},
    storage::{ObjectKey, Row},
    table::Tables,
    world::World,
};

/// An object as the client asked for it: whole, or its metadata.
pub(super) fn shown(request: &ApiRequest, object: &Value) -> Value {
    if request.metadata_only() && object["kind"] != "Status" {
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
    } else {
        object.clone()
    }
}

pub(super) fn get(world: &World<'_>, resource: &Resource, key: &ObjectKey) -> StatusResult<Value> {
    let absent = || resource.not_found(&key.name);
    world.get_as(resource, key)?.ok_or_else(absent)
}

/// The selector that a request asks for.
pub(super) fn selector(request: &ApiRequest, resource: &Resource) -> StatusResult<Selector> {
    let selector =
        Selector::parse(request.parameter("labelSelector"), request.parameter("fieldSelector"))?;
    let custom =
        resource.custom.as_ref().map(|custom| custom.selectable.clone()).unwrap_or_default();
    selector.check_fields(&resource.kind, &custom)?;
    Ok(selector)
}

/// Tells whether a stored object is selected, reading as little of it as possible.
pub(super) fn selects(selector: &Selector, row: &Row) -> bool {
    if selector.is_empty() {
        return true;
    }
    // Labels and names are in the first of the two texts; the second is longer by far.
    if selector.needs_body() {
        return selector.matches(&row.object());
    }
    selector.matches(&json!({"metadata": row.metadata()}))
}

/// The JSON of a stored object, put together without parsing it.
pub(super) fn text_of(resource: &Resource, row: &Row, metadata_only: bool, typed: bool) -> String {
    if metadata_only {
        return format!(
            "{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{}}}",
            row.meta
        );
    }
    let head = if typed {
        format!(
            "\"kind\":{},\"apiVersion\":{},",
            json!(resource.kind),
            json!(resource.api_version())
        )
    } else {
        String::new()
    };
    let rest = row.rest.strip_prefix('{').unwrap_or("}");
    let comma = if rest == "}" { "" } else { "," };
    format!("{{{head}\"metadata\":{}{comma}{rest}", row.meta)
}

/// One page of a list, as it is collected.
#[derive(Default)]
struct Page {
    items: Vec<String>,
    /// Namespace and name of the last item.
    last: Option<(String, String)>,
    /// How many selected objects come after it; with a selector, at least so many.
    remaining: usize,
}

/// A list, of one namespace or of all.
pub(super) fn list(
    world: &World<'_>,
    resource: &Resource,
    namespace: Option<&str>,
    request: &ApiRequest,
) -> StatusResult<Reply> {
    let selector = selector(request, resource)?;
    let limit: usize = request.parameter("limit").parse().unwrap_or(0);
    let current = world.storage.version()?;
    let (version, start) = match request.parameter("continue") {
        "" => (current, (String::new(), String::new())),
        token => resume(token)?,
    };
    let metadata_only = request.metadata_only();
    // Items of custom resources carry apiVersion and kind, those of built-in kinds do not, unless
    // they stand alone in the row of a table.
    let typed = resource.custom.is_some() || Tables::wanted(request).is_some();
    let mut page = Page::default();
    let mut visit = |row: Row| {
        if !selects(&selector, &row) {
            return true;
        }
        if limit > 0 && page.items.len() == limit {
            page.remaining += 1;
            // With a selector the number of the rest is not told, so one is enough.
            return selector.is_empty();
        }
        page.items.push(text_of(resource, &row, metadata_only, typed));
        page.last = Some((row.namespace, row.name));
        true
    };
    // A later page shows what the first one would have shown.
    let (storage, start) = (resource.storage(), (&*start.0, &*start.1));
    if version == current {
        world.storage.list(&storage, namespace, start, &mut visit)?;
    } else if version < world.storage.setting("compacted")?
        || !world.storage.list_at(version, &storage, namespace, start, &mut visit)?
    {
        return Err(StatusError::expired(
            "The provided continue parameter is too old to display a consistent list result. You \
             can start a new list without the continue parameter.",
        ));
    }
    let body = match Tables::wanted(request) {
        Some(tables) => page.table(resource, &tables, world, version).to_string(),
        None => page.body(resource, metadata_only, version, selector.is_empty()),
    };
    Ok(Reply { code: 200, body: body.into_bytes(), ..Reply::default() })
}

impl Page {
    /// The metadata of the list.
    fn metadata(&self, version: i64, counted: bool) -> Value {
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if self.remaining > 0
            && let Some((namespace, name)) = &self.last
        {
            let token = json!({"v": "meta.k8s.io/v1", "rv": version, "start": [namespace, name]});
            metadata["continue"] = json!(URL_SAFE_NO_PAD.encode(token.to_string()));
            if counted {
                metadata["remainingItemCount"] = json!(self.remaining);
            }
        }
        metadata
    }

    /// The list as a table.
    fn table(self, resource: &Resource, tables: &Tables, world: &World<'_>, version: i64) -> Value {
        let metadata = self.metadata(version, false);
        let objects: Vec<Value> =
            self.items.iter().filter_map(|item| serde_json::from_str(item).ok()).collect();
        tables.of(resource, world.now, &objects, &metadata)
    }

    /// The list object, put together without parsing its items.
    fn body(self, resource: &Resource, metadata_only: bool, version: i64, counted: bool) -> String {
        let metadata = self.metadata(version, counted);
        let (kind, api_version) = if metadata_only {
            ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned())
        } else {
            (format!("{}List", resource.kind), resource.api_version())
        };
        format!(
            "{{\"kind\":{},\"apiVersion\":{},\"metadata\":{metadata},\"items\":[{}]}}",
            json!(kind),
            json!(api_version),
            self.items.join(",")
        )
    }
}

/// Where a paged list goes on: the resourceVersion of the first page, and after which object.
fn resume(token: &str) -> StatusResult<(i64, (String, String))> {
    let parsed: Option<Value> =
        URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let parsed = parsed.ok_or_else(|| StatusError::bad_request("continue key is not valid"))?;
    let version = parsed["rv"].as_i64().unwrap_or(0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok((version, (text(&parsed["start"][0]), text(&parsed["start"][1]))))
}
