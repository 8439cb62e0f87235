//! Watching: what happens to the objects of a resource, read off the history.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    read::{selector, selects, text_of},
    registry::Resource,
    request::ApiRequest,
    selector::Selector,
    status::{FieldError, StatusError, StatusResult},
    storage::{Row, WatchEvent},
    table::Tables,
    world::World,
};

/// A watch between two looks at the history.
#[derive(Debug, Clone)]
pub(super) struct Watcher {
    storage: String,
    group: String,
    version: String,
    plural: String,
    namespace: Option<String>,
    selector: Selector,
    metadata_only: bool,
    tables: Option<Tables>,
    bookmarks: bool,
    /// The resourceVersion up to which everything was said.
    seen: i64,
    /// When the last bookmark was sent, in milliseconds.
    marked: i64,
    /// When the watch ends by itself, in milliseconds.
    pub(super) ends: i64,
}

/// How often a quiet watch says where it is.
const BOOKMARK_MILLIS: i64 = 10_000;

impl Watcher {
    /// Begins a watch; gives it with the lines that come first.
    pub(super) fn begin(
        world: &World<'_>,
        resource: &Resource,
        namespace: Option<&str>,
        request: &ApiRequest,
    ) -> StatusResult<(Self, String)> {
        let asked = request.parameter("resourceVersion");
        let current = world.storage.version()?;
        let initial = request.flag("sendInitialEvents") || matches!(asked, "" | "0");
        let from = resource_version(asked)?;
        // The server draws from half an hour to an hour where nothing is asked.
        let seconds: i64 = request.parameter("timeoutSeconds").parse().unwrap_or(1800);
        let mut watch = Self {
            storage: resource.storage(),
            group: resource.group.clone(),
            version: resource.version.clone(),
            plural: resource.plural.clone(),
            namespace: namespace.map(str::to_owned),
            selector: selector(request, resource)?,
            metadata_only: request.metadata_only(),
            tables: Tables::wanted(request),
            bookmarks: request.flag("allowWatchBookmarks"),
            seen: from,
            marked: world.millis(),
            ends: world.millis() + seconds * 1000,
        };
        let mut lines = String::new();
        if initial {
            world.storage.list(&watch.storage, namespace, ("", ""), |row| {
                if selects(&watch.selector, &row) {
                    lines.push_str(&line("ADDED", &watch.object(world, resource, &row)));
                }
                true
            })?;
            watch.seen = current;
            if request.flag("sendInitialEvents") && watch.bookmarks {
                lines.push_str(&watch.bookmark(resource, true));
            }
        } else if from < world.storage.setting("compacted")? {
            lines.push_str(&expired(from, current));
            watch.ends = 0;
        }
        Ok((watch, lines))
    }

    /// The lines for what happened since the last look.
    pub(super) fn advance(&mut self, world: &World<'_>) -> StatusResult<String> {
        let mut lines = String::new();
        let compacted = world.storage.setting("compacted")?;
        let current = world.storage.version()?;
        // 410 ends every watch that slept too long; the client lists anew.
        if self.seen < compacted {
            self.ends = 0;
            return Ok(expired(self.seen, current));
        }
        // Its definition is gone, or serves this version no more.
        let Some(resource) = world.registry.get(&self.group, &self.version, &self.plural) else {
            self.ends = 0;
            return Ok(lines);
        };
        let events = world.storage.events(&self.storage, self.seen)?;
        // `events` gives so many at most: beyond the last of them nothing is known yet.
        let complete = events.len() < 1000;
        for event in events {
            self.seen = event.row.version;
            lines.push_str(&self.told(world, &resource, &event));
        }
        if complete {
            // Other resources moved the counter: a bookmark may say so.
            self.seen = self.seen.max(current);
        }
        if self.bookmarks && world.millis() - self.marked > BOOKMARK_MILLIS {
            self.marked = world.millis();
            lines.push_str(&self.bookmark(&resource, false));
        }
        Ok(lines)
    }

    /// An event as this watch tells it: what leaves the selection is deleted for it.
    fn told(&self, world: &World<'_>, resource: &Resource, event: &WatchEvent) -> String {
        if self.namespace.as_ref().is_some_and(|namespace| *namespace != event.row.namespace) {
            return String::new();
        }
        let mut kind = event.kind.as_str();
        if !self.selector.is_empty() {
            let now = selects(&self.selector, &event.row);
            let before = event.before.as_ref().is_some_and(|meta| {
                let metadata: Value = serde_json::from_str(meta).unwrap_or_default();
                // Of the state before, the history keeps only the metadata.
                if self.selector.needs_body() {
                    now
                } else {
                    self.selector.matches(&json!({"metadata": metadata}))
                }
            });
            kind = match (kind, before, now) {
                ("DELETED", _, true) => "DELETED",
                ("DELETED", _, false) | (_, false, false) => return String::new(),
                (_, false, true) => "ADDED",
                (_, true, false) => "DELETED",
                (_, true, true) => "MODIFIED",
            };
        }
        line(kind, &self.object(world, resource, &event.row))
    }

    /// An object as this watch shows it.
    fn object(&self, world: &World<'_>, resource: &Resource, row: &Row) -> String {
        let text = text_of(resource, row, self.metadata_only, true);
        let Some(tables) = &self.tables else { return text };
        let object: Value = serde_json::from_str(&text).unwrap_or_default();
        let metadata = json!({"resourceVersion": row.version.to_string()});
        tables.of(resource, world.now, &[object], &metadata).to_string()
    }

    fn bookmark(&self, resource: &Resource, initial: bool) -> String {
        let mut metadata = json!({"resourceVersion": self.seen.to_string()});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = if self.metadata_only {
            json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
        } else {
            json!({"kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata})
        };
        let object = match &self.tables {
            // In a row of its own; nobody shows it.
            Some(tables) => tables.of(resource, Timestamp::UNIX_EPOCH, &[object], &metadata),
            None => object,
        };
        line("BOOKMARK", &object.to_string())
    }
}

/// From where a watch is asked to begin.
fn resource_version(asked: &str) -> StatusResult<i64> {
    if asked.is_empty() {
        return Ok(0);
    }
    let not_a_number = || FieldError::invalid("resourceVersion", &json!(asked), "must be a number");
    asked
        .parse()
        .map_err(|_| StatusError::invalid("meta.k8s.io", "ListOptions", "", &[not_a_number()]))
}

fn line(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}

/// The last line of a watch that cannot go on.
pub(super) fn expired(from: i64, current: i64) -> String {
    let failure = StatusError::expired(format!("too old resource version: {from} ({current})"));
    line("ERROR", &failure.status.unwrap_or_default().to_string())
}
