//! From a path in the API server's words (`spec.containers[0].image`) to the steps that lead there,
//! as far as they lead.

use std::fmt;

use serde_json::Value;

/// One step into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStep {
    Key(String),
    Index(usize),
}

/// A place in an object: what there is of it, and the rest that is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub steps: Vec<PathStep>,
    /// What the object does not have any more.
    pub rest: Option<String>,
}

impl Found {
    /// Follows a path into an object. Keys may have dots and brackets, or be empty: the longest that
    /// fits counts.
    pub(super) fn at(body: &Value, path: &str) -> Self {
        let (mut steps, mut value, mut rest) = (Vec::new(), body, path);
        loop {
            if rest.is_empty() {
                return Self { steps, rest: None };
            }
            let inner = rest.strip_prefix('.').unwrap_or(rest);
            // A key of the object itself may begin with a dot.
            let whole = steps.is_empty().then(|| step(value, rest)).flatten();
            let Some((step, next, behind)) = whole.or_else(|| step(value, inner)) else {
                let rest = (!inner.is_empty()).then(|| inner.to_owned());
                return Self { steps, rest };
            };
            steps.push(step);
            (value, rest) = (next, behind);
        }
    }

    /// Gives the value there.
    pub(super) fn value<'v>(&self, body: &'v Value) -> Option<&'v Value> {
        if self.rest.is_some() {
            return None;
        }
        self.steps.iter().try_fold(body, |value, step| match step {
            PathStep::Key(key) => value.get(key),
            PathStep::Index(index) => value.get(index),
        })
    }

    /// Gives the value there, to change it.
    pub(super) fn value_mut<'v>(&self, body: &'v mut Value) -> Option<&'v mut Value> {
        self.steps.iter().try_fold(body, |value, step| match step {
            PathStep::Key(key) => value.get_mut(key),
            PathStep::Index(index) => value.get_mut(index),
        })
    }

    /// Gives the steps as texts, what is missing included.
    pub(super) fn texts(&self) -> Vec<String> {
        let there = self.steps.iter().map(|step| match step {
            PathStep::Key(key) => key.clone(),
            PathStep::Index(index) => index.to_string(),
        });
        let rest = self.rest.iter().flat_map(|rest| rest.split('.')).map(str::to_owned);
        there.chain(rest).collect()
    }

    /// Tells whether this place is the other one, or inside of it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        other.rest.is_none() && self.steps.starts_with(&other.steps)
    }

    /// Tells whether this place is right in the one to which the steps lead.
    pub(super) fn is_in(&self, steps: &[PathStep]) -> bool {
        self.steps.split_last().is_some_and(|(_, above)| above == steps)
    }

    /// Gives the place of a missing field beside this one.
    pub(super) fn beside(&self, name: &str) -> Option<Self> {
        let (_, above) = self.steps.split_last()?;
        Some(Self { steps: above.to_vec(), rest: Some(name.to_owned()) })
    }
}

fn step<'v, 'p>(value: &'v Value, path: &'p str) -> Option<(PathStep, &'v Value, &'p str)> {
    let fields = value.as_object().into_iter().flatten();
    let fits = fields.filter_map(|(key, value)| {
        let behind = path.strip_prefix(key.as_str())?;
        (behind.is_empty() || behind.starts_with(['.', '['])).then_some((key, value, behind))
    });
    let literal = fits.max_by_key(|(key, ..)| key.len());
    // The empty key fits everything.
    if let Some((key, value, behind)) =
        literal.filter(|(key, ..)| !key.is_empty() || path.is_empty())
    {
        return Some((PathStep::Key(key.clone()), value, behind));
    }
    let (name, behind) = path.strip_prefix('[')?.split_once(']')?;
    let Value::Array(items) = value else {
        return Some((PathStep::Key(name.to_owned()), value.get(name)?, behind));
    };
    let index = name.parse().ok()?;
    Some((PathStep::Index(index), items.get(index)?, behind))
}

/// Written as API servers do: `spec.containers[0].image`, `metadata.labels[example.com/a]`.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.steps.iter().enumerate() {
            match step {
                PathStep::Index(index) => write!(f, "[{index}]")?,
                PathStep::Key(key) if key.is_empty() || key.contains(['.', '/', '[']) => {
                    write!(f, "[{key}]")?
                }
                PathStep::Key(key) if depth == 0 => f.write_str(key)?,
                PathStep::Key(key) => write!(f, ".{key}")?,
            }
        }
        match &self.rest {
            Some(rest) if self.steps.is_empty() || rest.starts_with('[') => f.write_str(rest),
            Some(rest) => write!(f, ".{rest}"),
            None => Ok(()),
        }
    }
}
