//! An object as it was read from a manifest, and the identity that it keeps for life.
//!
//! Identity is group + kind + namespace + name; the API version is never part of it.

use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ops::{Deref, DerefMut},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::Body;

/// Where something stands in the sources. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file as the user named it, or `-` for standard input.
    pub file: Arc<str>,
    pub line: u32,
    /// The column, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u32>,
}

impl Origin {
    /// Makes the place of a whole line.
    pub fn line(file: impl Into<Arc<str>>, line: u32) -> Self {
        Self { file: file.into(), line, column: None }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{}:{}:{column}", self.file, self.line),
            None => write!(f, "{}:{}", self.file, self.line),
        }
    }
}

/// A group and a kind: what an object is, whatever version it is written in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind, such as `Deployment`.
    pub kind: String,
}

impl GroupKind {
    pub fn new(group: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { group: group.into(), kind: kind.into() }
    }

    /// Tells whether this is the built-in kind of that group.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.kind)
        } else {
            write!(f, "{}.{}", self.kind, self.group)
        }
    }
}

/// The identity of an object on a cluster. Cheap to clone: whoever speaks of an object holds one.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(Arc<Identity>);

/// What an object is told apart by: group, kind, namespace and name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identity {
    /// The API group; empty for the core group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// As it is written in manifests, such as `Deployment`.
    pub kind: String,
    /// The namespace; none for cluster-scoped objects (and, before placement, for objects that
    /// name none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// Whether it is told with its namespace ([`tell_apart`]); no part of the identity.
    #[serde(skip)]
    pub(crate) qualified: bool,
}

impl Deref for ObjectId {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}

/// Who changes an identity that others hold too gets a copy of its own.
impl DerefMut for ObjectId {
    fn deref_mut(&mut self) -> &mut Identity {
        Arc::make_mut(&mut self.0)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ObjectId {
    /// Makes an identity.
    pub fn new(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self(Arc::new(Identity {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            qualified: false,
        }))
    }

    /// Gives `Kind/name`, where the namespace stands beside it.
    pub fn short(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    fn key(&self) -> (&str, &str, Option<&str>, &str) {
        (&self.group, &self.kind, self.namespace.as_deref(), &self.name)
    }

    /// Reads the identity off a body. Fields that are missing read as empty.
    pub fn of(body: &Value) -> Self {
        let text = |pointer: &str| field_at(body, pointer).and_then(Value::as_str);
        Self::new(
            split_api_version(text("/apiVersion").unwrap_or_default()).0,
            text("/kind").unwrap_or_default(),
            text("/metadata/namespace").filter(|namespace| !namespace.is_empty()),
            text("/metadata/name").unwrap_or_default(),
        )
    }

    /// Reads the identity off a body, of one at rest without making its tree.
    pub(crate) fn of_body(body: &Body) -> Self {
        match body.resting_text().map(serde_json::from_str::<Head>) {
            Some(Ok(Head { api_version, kind, metadata })) => Self::new(
                split_api_version(&api_version).0,
                &kind,
                metadata.namespace.as_deref().filter(|namespace| !namespace.is_empty()),
                &metadata.name,
            ),
            // What has another form is read as far as it goes.
            Some(Err(_)) | None => Self::of(&body.look()),
        }
    }

    /// Gives the group and kind.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind::new(&*self.group, &*self.kind)
    }

    /// Tells whether the object is of that built-in kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

/// What of a body its identity is read off.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    metadata: HeadMetadata<'a>,
}

#[derive(Default, Deserialize)]
struct HeadMetadata<'a> {
    #[serde(default)]
    namespace: Option<String>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

/// An identity without owning it: group, kind, namespace (empty: none), name.
pub(crate) type BorrowedObjectId<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Shown as `Kind/name`, the form that people type, where the context says the namespace; as
/// `namespace/Kind/name` where it does not.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_deref().filter(|_| self.qualified) {
            Some(namespace) => write!(f, "{namespace}/{}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

impl PartialEq for ObjectId {
    fn eq(&self, other: &Self) -> bool {
        // The name first: it is what mostly differs.
        Arc::ptr_eq(&self.0, &other.0) || (self.name == other.name && self.key() == other.key())
    }
}

impl Eq for ObjectId {}

impl Hash for ObjectId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Few objects of one name and kind differ in the rest.
        (&self.name, &self.kind).hash(state);
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Lets the objects of an instance be told with their namespaces, where they and others of it lie in
/// several.
pub(crate) fn tell_apart<'a>(
    ids: impl IntoIterator<Item = &'a mut ObjectId>,
    others: impl IntoIterator<Item = &'a ObjectId>,
) {
    let ids: Vec<&mut ObjectId> = ids.into_iter().collect();
    let others = others.into_iter().filter_map(|id| id.namespace.as_deref());
    let mut namespaces = ids.iter().filter_map(|id| id.namespace.as_deref()).chain(others);
    let first = namespaces.next();
    if namespaces.any(|namespace| Some(namespace) != first) {
        ids.into_iter().for_each(|id| id.qualified = true);
    }
}

/// Follows a JSON pointer as [`Value::pointer`] does, which copies each of its names.
pub(crate) fn field_at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    if pointer.contains('~') {
        return value.pointer(pointer);
    }
    pointer.split('/').skip(1).try_fold(value, |value, name| match value {
        Value::Array(_) => value.pointer(&format!("/{name}")),
        value => value.get(name),
    })
}

/// Splits `apps/v1` into (`apps`, `v1`) and `v1` into (``, `v1`).
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Joins what [`split_api_version`] splits.
pub(crate) fn join_api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// An object as read: its body, and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Object {
    /// The whole body, as kubectl would have sent it.
    pub body: Body,
    /// The first line of the object in its source.
    pub origin: Origin,
}

impl Object {
    /// Reads the identity off the body.
    pub(crate) fn id(&self) -> ObjectId {
        ObjectId::of_body(&self.body)
    }

    /// Gives `apiVersion`; empty where it is missing.
    pub(crate) fn api_version(&self) -> &str {
        self.body.get("apiVersion").and_then(Value::as_str).unwrap_or_default()
    }

    /// Gives `kind`; empty where it is missing.
    pub(crate) fn kind(&self) -> &str {
        self.body.get("kind").and_then(Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
