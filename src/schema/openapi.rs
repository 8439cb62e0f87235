//! The condensed OpenAPI schemas of the built-in kinds, and the lookups over them.
//!
//! The files are written by `tests/control-plane/schema` from a running API server; nothing in
//! them is edited by hand. Schemas of custom resources are read with the same reader.

mod parse;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    io::Read,
    sync::OnceLock,
};

use flate2::read::GzDecoder;
use serde_json::{Map, Value};

use super::Gvk;

/// What kind of value a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaType {
    /// Any value; objects in it are merged field by field.
    Any,
    /// Any value, replaced as a whole (`RawExtension`).
    Opaque,
    /// An object with declared fields or a map.
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    /// A quantity such as `500m`: a string or a number.
    Quantity,
    /// A number or a string, as in a port (`IntOrString`).
    IntOrString,
    Time,
    /// A time with exactly six digits of a second, such as a lease's.
    MicroTime,
}

/// How the items of a list are told apart in a merge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum ListType {
    /// The list is replaced as a whole.
    #[default]
    Atomic,
    /// Items are scalars, each at most once.
    Set,
    /// Items are objects, told apart by these fields.
    Map(Vec<String>),
}

/// What a strategic merge patch does with a field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PatchRule {
    /// Lists are merged, not replaced.
    pub merge: bool,
    /// Fields that the patch does not name are dropped.
    pub retain_keys: bool,
    /// The field that tells the items of a merged list apart.
    pub key: Option<String>,
}

/// What Go's encoding does with a field that has its zero value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Zero {
    /// It is left out.
    #[default]
    Dropped,
    /// It stays when it was given (a pointer).
    Kept,
    /// It is always written.
    Always,
}

/// The name of the schema that another one means, and where it lies once somebody has asked.
#[derive(Clone)]
pub(crate) struct Reference {
    name: Box<str>,
    /// Where in the name its last part begins.
    last: usize,
    target: OnceLock<Option<&'static Schema>>,
}

impl Reference {
    fn new(name: &str) -> Self {
        let last = name.rfind('.').map_or(0, |dot| dot + 1);
        Self { name: name.into(), last, target: OnceLock::new() }
    }

    /// The name, such as `io.k8s.api.core.v1.Pod`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The name alone: schemas refer to each other in circles.
impl fmt::Debug for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(formatter)
    }
}

/// One schema: of a kind, of a field, of a list's items.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    /// The schema that this one refers to.
    pub reference: Option<Reference>,
    /// What kind of value it describes.
    pub kind: SchemaType,
    /// `int32`, `int64`, `byte`, `date-time`, …
    pub format: Option<Box<str>>,
    pub properties: BTreeMap<Box<str>, Schema>,
    /// The schema of undeclared fields: of the values of a map.
    pub additional: Option<Box<Schema>>,
    pub items: Option<Box<Schema>>,
    /// How a list is merged.
    pub list: ListType,
    /// An object that is replaced as a whole.
    pub atomic: bool,
    /// The value of a field that is not given.
    pub default: Option<Value>,
    /// The only values allowed, if any.
    pub allowed: Vec<Value>,
    pub required: Vec<Box<str>>,
    /// What a strategic merge patch does.
    pub patch: PatchRule,
    /// What becomes of a zero value.
    pub zero: Zero,
    /// A struct that is written even when empty.
    pub always_struct: bool,
    /// Undeclared fields are kept (custom resources).
    pub preserves_unknown: bool,
    /// `null` is a value (custom resources).
    pub nullable: bool,
    /// The object has apiVersion, kind and metadata of its own (custom resources).
    pub embedded: bool,
    /// All other rules, as they were written: limits, patterns, `oneOf` (custom resources).
    pub rules: Map<String, Value>,
    /// What is written into each object of it, known once somebody has asked.
    pub filled: Filled,
}

/// Fields of an object with the values that they get where nobody gives any.
pub(crate) type Fills = Vec<(Box<str>, Value)>;

/// What follows from a schema for every object of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filled {
    /// By Go's encoding.
    pub unasked: OnceLock<Fills>,
    /// By the defaults of its type.
    pub defaults: OnceLock<Fills>,
}

impl Schema {
    /// Follows the reference, if it is one, to the schema it means.
    pub(crate) fn resolved(&self) -> &Self {
        match &self.reference {
            Some(Reference { name, target, .. }) => {
                target.get_or_init(|| openapi().get(name)).unwrap_or(self)
            }
            None => self,
        }
    }

    /// Tells whether an object of this schema is replaced as a whole.
    pub(crate) fn is_atomic(&self) -> bool {
        self.atomic || self.resolved().atomic
    }

    /// The schema of a field, declared or of a map's values; none where there is no such field.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        let this = self.resolved();
        this.properties.get(name).or(this.additional.as_deref())
    }

    pub(crate) fn item(&self) -> Option<&Self> {
        self.resolved().items.as_deref()
    }

    /// Tells whether an object of this schema may have fields that are not declared.
    pub(crate) fn is_open(&self) -> bool {
        let this = self.resolved();
        this.preserves_unknown
            || match this.kind {
                SchemaType::Any | SchemaType::Opaque => true,
                SchemaType::Object => this.properties.is_empty() && this.additional.is_none(),
                _ => false,
            }
    }

    /// The name of the Go type behind it, the last part of the schema's name.
    pub(crate) fn go_name(&self) -> &str {
        self.reference.as_ref().map_or("", |reference| &reference.name[reference.last..])
    }
}

#[derive(Debug)]
pub(crate) struct Schemas {
    by_name: HashMap<Box<str>, Published>,
    by_kind: HashMap<Gvk, Box<str>>,
}

/// A schema as it is written, which becomes one when somebody asks for it: of some seven hundred a
/// command looks at a few.
#[derive(Debug)]
struct Published {
    text: Value,
    /// What Go's types say of it that the published schemas do not.
    zeros: Value,
    schema: OnceLock<Schema>,
}

impl Published {
    fn schema(&self, name: &str) -> &Schema {
        self.schema.get_or_init(|| {
            let mut schema = Schema::parse(&self.text);
            match name.rsplit('.').next() {
                Some("Quantity") => schema.kind = SchemaType::Quantity,
                Some("RawExtension") => schema.kind = SchemaType::Opaque,
                Some("MicroTime") => schema.kind = SchemaType::MicroTime,
                _ => {}
            }
            apply_zeros(&mut schema, &self.zeros);
            schema
        })
    }
}

impl Schemas {
    /// A schema by its name, such as `io.k8s.api.core.v1.Pod`.
    pub(crate) fn get(&self, name: &str) -> Option<&Schema> {
        self.by_name.get(name).map(|published| published.schema(name))
    }

    /// The name of the schema of a built-in kind.
    pub(crate) fn name_of(&self, gvk: &Gvk) -> Option<&str> {
        self.by_kind.get(gvk).map(AsRef::as_ref)
    }

    pub(crate) fn of(&self, gvk: &Gvk) -> Option<&Schema> {
        self.get(self.name_of(gvk)?)
    }

    /// All built-in kinds.
    #[cfg(test)]
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Gvk> {
        self.by_kind.keys()
    }

    /// The schema at a path in a built-in kind: field names, and for list items any number
    /// (`["spec", "containers", "0", "image"]`).
    pub(crate) fn at<'a>(
        &self,
        gvk: &Gvk,
        path: impl IntoIterator<Item = &'a str>,
    ) -> Option<&Schema> {
        let mut schema = self.of(gvk)?;
        for step in path {
            schema = match schema.resolved().kind {
                SchemaType::Array => schema.item()?,
                _ => schema.field(step)?,
            };
        }
        Some(schema)
    }
}

/// Reads an embedded file.
pub(super) fn unpack(data: &[u8]) -> Value {
    let mut text = Vec::new();
    GzDecoder::new(data).read_to_end(&mut text).expect("the embedded file is gzip");
    serde_json::from_slice(&text).expect("the embedded file is JSON")
}

fn load() -> Schemas {
    let mut document = published();
    let mut zeros = unpack(include_bytes!("zeros.json.gz"));
    let mut schemas = Schemas { by_name: HashMap::new(), by_kind: HashMap::new() };
    let Value::Object(texts) = document["schemas"].take() else { return schemas };
    for (name, text) in texts {
        let kinds = text["x-kubernetes-group-version-kind"].as_array();
        let is_object = !text["properties"]["metadata"].is_null();
        for kind in kinds.into_iter().flatten().filter(|_| is_object) {
            let text = |key: &str| kind[key].as_str().unwrap_or_default();
            let gvk = Gvk::new(text("group"), text("version"), text("kind"));
            schemas.by_kind.insert(gvk, name.as_str().into());
        }
        let zeros = zeros.get_mut(&name).map(Value::take).unwrap_or_default();
        schemas.by_name.insert(name.into(), Published { text, zeros, schema: OnceLock::new() });
    }
    schemas
}

fn apply_zeros(schema: &mut Schema, zeros: &Value) {
    let mut mark = |key: &str, change: &dyn Fn(&mut Schema)| {
        for name in zeros[key].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Some(field) = schema.properties.get_mut(name) {
                change(field);
            }
        }
    };
    // The published schemas do not say which fields are pointers in Go, or bear omitempty: that was
    // read off the types.
    mark("kept", &|field| field.zero = Zero::Kept);
    mark("always", &|field| field.zero = Zero::Always);
    mark("empty", &|field| field.always_struct = false);
}

/// The embedded schemas as they are written, under `schemas`.
pub(crate) fn published() -> Value {
    unpack(include_bytes!("openapi.json.gz"))
}

/// The embedded schemas of the built-in kinds, read at the first use.
pub(crate) fn openapi() -> &'static Schemas {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    SCHEMAS.get_or_init(load)
}
