//! A place inside an object: the value there and the path that leads to it.

use std::fmt;

use serde_json::Value;

use crate::workload::yaml::YamlNode;

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueStep<'v> {
    Key(&'v str),
    Index(usize),
}

/// A value inside an object, with its path.
#[derive(Debug, Clone)]
pub(super) struct At<'v> {
    pub(super) value: &'v Value,
    path: Vec<ValueStep<'v>>,
}

impl<'v> At<'v> {
    /// Begins at the outermost value.
    pub(super) fn root(value: &'v Value) -> Self {
        Self { value, path: Vec::new() }
    }

    /// Goes to a field of a mapping.
    pub(super) fn field(&self, key: &'v str) -> Option<Self> {
        self.value.get(key).map(|value| self.step(ValueStep::Key(key), value))
    }

    /// Goes through fields, one inside the other.
    pub(super) fn fields(&self, keys: &[&'v str]) -> Option<Self> {
        let value = keys.iter().try_fold(self.value, |value, key| value.get(key))?;
        let steps = keys.iter().map(|key| ValueStep::Key(key));
        Some(Self { value, path: self.path.iter().copied().chain(steps).collect() })
    }

    /// Gives the values of a mapping that are wanted; of the others no place is made.
    pub(super) fn entries(&self, wanted: impl Fn(&Value) -> bool) -> impl Iterator<Item = Self> {
        let entries = self.value.as_object().into_iter().flatten();
        entries
            .filter(move |(_, value)| wanted(value))
            .map(|(key, value)| self.step(ValueStep::Key(key), value))
    }

    /// Gives the items of a list that are wanted, as [`At::entries`] does.
    pub(super) fn items(&self, wanted: impl Fn(&Value) -> bool) -> impl Iterator<Item = Self> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items
            .filter(move |(_, value)| wanted(value))
            .map(|(index, value)| self.step(ValueStep::Index(index), value))
    }

    /// Finds the node of the text that the value was read from, or the last one on the way.
    pub(super) fn node<'t>(&self, root: YamlNode<'t>) -> YamlNode<'t> {
        self.path
            .iter()
            .scan(root, |node, step| {
                *node = match step {
                    ValueStep::Key(key) => node.field(key)?,
                    ValueStep::Index(index) => *node.items().get(*index)?,
                };
                Some(*node)
            })
            .last()
            .unwrap_or(root)
    }

    fn step(&self, step: ValueStep<'v>, value: &'v Value) -> Self {
        let mut path = Vec::with_capacity(self.path.len() + 1);
        path.extend_from_slice(&self.path);
        path.push(step);
        Self { value, path }
    }
}

/// Written as API servers do: `spec.containers[0].image`, `metadata.labels[example.com/a]`.
impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.iter().enumerate().try_for_each(|(depth, step)| match step {
            ValueStep::Index(index) => write!(f, "[{index}]"),
            ValueStep::Key(key) if key.contains(['.', '/', '[']) => write!(f, "[{key}]"),
            ValueStep::Key(key) if depth == 0 => f.write_str(key),
            ValueStep::Key(key) => write!(f, ".{key}"),
        })
    }
}
