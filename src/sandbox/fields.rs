//! A set of fields of an object: who owns what. The tree mirrors `FieldsV1`: every node is a step
//! of a path, and may be a member of the set itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::schema::Schema;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PathElement {
    /// A field of an object.
    Field(String),
    /// An item of a list of objects, by its keys: canonical JSON.
    Key(String),
    /// An item of a set: canonical JSON.
    Item(String),
    /// An item by its place.
    Index(usize),
}

impl PathElement {
    pub(super) fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    /// Reads a step off a key of `FieldsV1`: `f:name`, `k:{…}`, `v:…`, `i:0`.
    fn parse(text: &str) -> Option<Self> {
        let canonical =
            |json: &str| serde_json::from_str::<Value>(json).ok().map(|v| v.to_string());
        match text.split_at_checked(2)? {
            ("f:", name) => Some(Self::field(name)),
            ("k:", json) => canonical(json).map(Self::Key),
            ("v:", json) => canonical(json).map(Self::Item),
            ("i:", index) => index.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(json) => format!("k:{json}"),
            Self::Item(json) => format!("v:{json}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// The step as it is named in messages: `.name`, `[port=80,protocol="TCP"]`, `[="x"]`, `[0]`.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Field(name) => format!(".{name}"),
            Self::Key(json) => {
                let keys: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
                let keys: Vec<_> =
                    keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                format!("[{}]", keys.join(","))
            }
            Self::Item(json) => format!("[={json}]"),
            Self::Index(index) => format!("[{index}]"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct SetNode {
    member: bool,
    children: FieldSet,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FieldSet(BTreeMap<PathElement, SetNode>);

impl FieldSet {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else { return };
        let node = self.0.entry(first.clone()).or_default();
        if rest.is_empty() {
            node.member = true;
        } else {
            node.children.insert(rest);
        }
    }

    /// Tells whether the step itself is a member.
    pub(super) fn has(&self, step: &PathElement) -> bool {
        self.0.get(step).is_some_and(|node| node.member)
    }

    /// What the set holds below a step.
    pub(super) fn below(&self, step: &PathElement) -> Option<&Self> {
        self.0.get(step).map(|node| &node.children).filter(|children| !children.is_empty())
    }

    /// Drops a top-level field and all below it.
    pub(super) fn remove_field(&mut self, name: &str) {
        self.0.remove(&PathElement::field(name));
    }

    pub(super) fn union(&mut self, other: &Self) {
        for (step, node) in &other.0 {
            let own = self.0.entry(step.clone()).or_default();
            own.member |= node.member;
            own.children.union(&node.children);
        }
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        self.combine(|step, node| {
            let theirs = other.0.get(step);
            SetNode {
                member: node.member && theirs.is_some_and(|theirs| theirs.member),
                children: theirs
                    .map(|theirs| node.children.intersection(&theirs.children))
                    .unwrap_or_default(),
            }
        })
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        self.combine(|step, node| match other.0.get(step) {
            Some(theirs) => SetNode {
                member: node.member && !theirs.member,
                children: node.children.difference(&theirs.children),
            },
            None => node.clone(),
        })
    }

    fn combine(&self, change: impl Fn(&PathElement, &SetNode) -> SetNode) -> Self {
        let nodes = self.0.iter().map(|(step, node)| (step.clone(), change(step, node)));
        Self(nodes.filter(|(_, node)| node.member || !node.children.is_empty()).collect())
    }

    /// Adds the declared fields that the set only leads through: a set with `a.b` gets `a`.
    pub(super) fn with_named_fields(&self, schema: Option<&Schema>) -> Self {
        let resolved = schema.map(Schema::resolved);
        let nodes = self.0.iter().map(|(step, node)| {
            let (declared, below) = match step {
                PathElement::Field(name) => (
                    resolved.is_some_and(|schema| schema.properties.contains_key(name.as_str())),
                    resolved.and_then(|schema| schema.field(name)),
                ),
                PathElement::Key(_) => (false, resolved.and_then(Schema::item)),
                PathElement::Item(_) | PathElement::Index(_) => (false, None),
            };
            let children = node.children.with_named_fields(below);
            let member = node.member || (declared && !node.children.is_empty());
            (step.clone(), SetNode { member, children })
        });
        Self(nodes.collect())
    }

    /// All members as they are named in messages.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect("", &mut found);
        found
    }

    fn collect(&self, prefix: &str, found: &mut Vec<String>) {
        for (step, node) in &self.0 {
            let path = format!("{prefix}{}", step.shown());
            if node.member {
                found.push(path.clone());
            }
            node.children.collect(&path, found);
        }
    }

    /// Writes `FieldsV1`.
    pub(super) fn encode(&self) -> Value {
        let fields = self.0.iter().map(|(step, node)| {
            let mut below = match node.children.encode() {
                Value::Object(below) => below,
                _ => Map::new(),
            };
            // A leaf is `{}`; what is a member and leads further says so with a dot.
            if node.member && !node.children.is_empty() {
                below.insert(".".to_owned(), Value::Object(Map::new()));
            }
            (step.encode(), Value::Object(below))
        });
        Value::Object(fields.collect())
    }

    /// Reads `FieldsV1`; none if a step in it is malformed.
    pub(super) fn decode(value: &Value) -> Option<Self> {
        let mut set = Self::default();
        for (key, below) in value.as_object()? {
            if key == "." {
                continue;
            }
            let below_fields = below.as_object()?;
            let member = below_fields.is_empty() || below_fields.contains_key(".");
            let children = Self::decode(below)?;
            set.0.insert(PathElement::parse(key)?, SetNode { member, children });
        }
        Some(set)
    }
}
