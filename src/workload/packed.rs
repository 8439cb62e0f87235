//! Objects that are kept as text: a body takes many times the memory of its text, and of a large set
//! all are needed, but only one at a time.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{
    body::Body,
    definition::{Content, SourceFile},
    kinds::is_definition,
    object::{Object, ObjectId, Origin},
    versioning::is_versioned,
};

/// An object, in about the size of its text.
#[derive(Debug, Clone)]
pub(crate) struct PackedObject {
    body: Body,
    id: ObjectId,
    api_version: Box<str>,
    is_definition: bool,
    is_versioned: bool,
    origin: Origin,
}

/// A content of packed objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct PackedContent {
    pub objects: Vec<PackedObject>,
    pub files: Vec<SourceFile>,
}

impl PackedContent {
    /// Tells whether an object is called after its content, so that others follow.
    pub(crate) fn has_versioned(&self) -> bool {
        self.objects.iter().any(|object| object.is_versioned)
    }

    /// Gives the content back.
    pub(crate) fn unpack(self) -> Content {
        let Self { objects, files } = self;
        Content { objects: objects.into_iter().map(PackedObject::unpack).collect(), files }
    }
}

/// A content that is packed until somebody needs it, and shared by all that do.
#[derive(Debug, Clone)]
pub(crate) struct LazyContent(Arc<Lazy>);

#[derive(Debug)]
struct Lazy {
    namespaces: Vec<String>,
    packed: Mutex<Option<PackedContent>>,
    whole: OnceLock<Content>,
}

impl LazyContent {
    /// Gives the content.
    pub(crate) fn get(&self) -> &Content {
        let Lazy { packed, whole, .. } = &*self.0;
        whole.get_or_init(|| {
            let packed = packed.lock().unwrap_or_else(PoisonError::into_inner).take();
            packed.unwrap_or_default().unpack()
        })
    }

    /// Lists the namespaces that the content brings, as [`Content::brought_namespaces`] does.
    pub(crate) fn brought_namespaces(&self) -> &[String] {
        &self.0.namespaces
    }
}

impl From<PackedContent> for LazyContent {
    fn from(packed: PackedContent) -> Self {
        let namespaces = packed.objects.iter().filter(|object| object.id.is("", "Namespace"));
        let namespaces = namespaces.map(|object| object.id.name.clone()).collect();
        let packed = Mutex::new(Some(packed));
        Self(Arc::new(Lazy { namespaces, packed, whole: OnceLock::new() }))
    }
}

impl From<Content> for LazyContent {
    fn from(content: Content) -> Self {
        let namespaces = content.brought_namespaces();
        let packed = Mutex::new(None);
        Self(Arc::new(Lazy { namespaces, packed, whole: content.into() }))
    }
}

impl PackedObject {
    /// Packs an object.
    pub(crate) fn of(object: &Object) -> Self {
        let Object { body, origin } = object;
        let (is_definition, is_versioned) = (is_definition(body), is_versioned(body));
        let (id, api_version) = (object.id(), object.api_version().into());
        let mut body = body.clone();
        body.rest();
        Self { body, id, api_version, is_definition, is_versioned, origin: origin.clone() }
    }

    /// Gives the identity, as it was read.
    pub(crate) fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Gives `apiVersion`; empty where it is missing.
    pub(crate) fn api_version(&self) -> &str {
        &self.api_version
    }

    /// Tells where it stands.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Tells whether it is a CustomResourceDefinition.
    pub(crate) fn is_definition(&self) -> bool {
        self.is_definition
    }

    /// Gives the object back.
    pub(crate) fn unpack(self) -> Object {
        let Self { body, origin, .. } = self;
        Object { body, origin }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_content_is_unpacked_for_all_that_share_it() {
        let named = |kind: &str, name: &str| Object {
            body: json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}).into(),
            origin: Origin::line("a.yaml", 1),
        };
        let objects =
            vec![named("Namespace", "one"), named("ConfigMap", "a"), named("Namespace", "b")];
        let content = Content { objects, files: Vec::new() };
        let packed = content.objects.iter().map(PackedObject::of).collect();
        let packed: LazyContent = PackedContent { objects: packed, files: Vec::new() }.into();
        for lazy in [packed.clone(), packed, content.clone().into()] {
            assert_eq!(lazy.brought_namespaces(), content.brought_namespaces());
            assert_eq!(*lazy.get(), content);
        }
    }

    #[test]
    fn an_object_comes_back_as_it_was() {
        let deep = (0..400).fold(json!("x"), |inner, _| json!([inner]));
        for body in [
            json!({"a": [1, -1, 1.0, 1e300, -0.0, u64::MAX, null, true], "b": "\u{0}\u{2028}ä"}),
            json!({"kind": "Gear", "spec": deep}),
        ] {
            let object = Object { body: body.into(), origin: Origin::line("a.yaml", 7) };
            let back = PackedObject::of(&object).unpack();
            assert_eq!(back, object);
            assert_eq!(back.body.to_string(), object.body.to_string());
        }
    }
}
