//! Which flag brought a value: of objects that were overridden, not everything stands in the
//! sources.

use std::ops::Range;

use serde_json::Value;

use super::{
    FilePlace, Overrides, Saying, Sayings,
    apply::{ids, patch_target, set_target, target},
    edit::{outside_brackets, patch_key},
    path::{Path, PathStep},
};
use crate::workload::{
    kinds::{Kinds, pod_template},
    mask,
    object::{Object, Origin},
};

/// Overrides with what they override.
pub(crate) struct Overriding<'a> {
    pub overrides: &'a Overrides,
    /// The objects as read.
    pub objects: &'a [Object],
    pub kinds: &'a Kinds,
}

/// The key by which a strategic merge patch replaces or deletes.
const DIRECTIVE: &str = "$patch";
/// The longest part of a patch that is shown, in characters.
const PART_LIMIT: usize = 80;

/// A flag as it is typed; of a patch, which is typed as a file, the object and the part that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flag {
    /// `--set Deployment/web:spec.replicas=3`, `--patch Deployment/web (spec.replicas=3)`; the values
    /// of Secrets are masked.
    pub text: String,
    /// Where its value stands, in characters.
    pub value: Range<usize>,
    /// Where it stands instead in a workload file; the text is the way to it from its instance.
    pub file: Option<FilePlace>,
}

/// A place in an overridden object.
pub(crate) struct Overridden<'a> {
    /// Where the object stands.
    pub origin: &'a Origin,
    /// The object as it has become.
    pub body: &'a Value,
    /// The steps to the place: fields, and items by their number.
    pub steps: &'a [String],
    /// A key or a value in the map at the place.
    pub entry: Option<&'a str>,
}

impl Overriding<'_> {
    /// Finds the flag that brought what is at a place.
    pub(crate) fn flag(&self, place: &Overridden<'_>) -> Option<Flag> {
        let Self { overrides, objects, kinds } = self;
        if overrides.is_empty() {
            return None;
        }
        let ids = ids(objects, kinds);
        let here = |index: usize| objects[index].origin == *place.origin;
        // The last one that was applied has the word.
        let set = overrides.sets.iter().rev().find(|(name, _)| {
            set_target(name, &ids, kinds)
                .is_ok_and(|(index, path)| here(index) && leads_to(&path, place))
        });
        if let Some((name, value)) = set {
            let value = match value {
                _ if mask::is_secret(name) => "***".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            return Some(self.brought("--set", name, &value));
        }
        let patches = overrides.patches.iter().rev();
        let patched = patches
            .filter(|patch| patch_target(patch, &ids, kinds).is_ok_and(here))
            .find_map(|patch| patched(patch, place, &overrides.said));
        if patched.is_some() {
            return patched;
        }
        let replicas = overrides.replicas.iter().find(|(object, _)| {
            place.steps == ["spec", "replicas"]
                && target(object, &ids, kinds, "--replicas").is_ok_and(here)
        });
        if let Some((object, count)) = replicas {
            return Some(self.brought("--replicas", object, &count.to_string()));
        }
        let image = text_at(place.body, place.steps)?;
        let is_image = place.steps.last().is_some_and(|last| last == "image")
            && objects.iter().zip(&ids).any(|(object, id)| {
                object.origin == *place.origin && pod_template::template(id, place.body).is_some()
            });
        let brought = overrides.images.iter().find(|(_, brought)| is_image && *brought == image);
        brought.map(|(name, image)| self.brought("--image", name, image))
    }

    /// Gives a flag as it was said, as far as that is known.
    fn brought(&self, flag: &'static str, key: &str, value: &str) -> Flag {
        let typed = |text: &str| {
            let equals = outside_brackets(text, '=').next()?;
            Some(Flag::new(flag, &text[..equals], &text[equals + 1..]))
        };
        let said = match self.overrides.said.of(flag, key) {
            Some(Saying::InFile(place)) => Some(Flag::in_file(place.clone())),
            Some(Saying::Typed(text)) if !mask::is_secret(key) => typed(text),
            Some(Saying::Typed(_)) | None => None,
        };
        said.unwrap_or_else(|| Flag::new(flag, key, value))
    }
}

impl Flag {
    fn in_file(place: FilePlace) -> Self {
        Self { text: place.key(), value: 0..0, file: Some(place) }
    }

    fn new(flag: &str, name: &str, value: &str) -> Self {
        Self::around(&format!("{flag} {name}="), value, "")
    }

    fn around(before: &str, value: &str, after: &str) -> Self {
        // In one line: a part of it is underlined.
        let line = |text: &str| -> String {
            let shown = |c: char| match c.is_control() {
                true => c.escape_default().collect(),
                false => String::from(c),
            };
            text.chars().map(shown).collect()
        };
        let (before, value) = (line(before), line(value));
        let start = before.chars().count();
        Self {
            value: start..start + value.chars().count(),
            text: format!("{before}{value}{}", line(after)),
            file: None,
        }
    }
}

/// The part of a patch that is about a place.
struct Part<'a> {
    value: &'a Value,
    /// As it may be shown.
    shown: Value,
    /// The way to it in the object.
    path: Path,
    /// The way to it in the patch.
    within: Vec<String>,
    /// What is at the place.
    there: Option<&'a Value>,
    /// Whether it is a directive, which takes away what it does not name.
    takes: bool,
}

impl<'a> Part<'a> {
    fn at(patch: &'a Value, place: &Overridden<'a>) -> Option<Self> {
        let mut at = Self {
            value: patch,
            shown: mask::object(patch),
            path: Path(Vec::new()),
            within: Vec::new(),
            there: Some(place.body),
            takes: false,
        };
        for step in place.steps {
            if at.value.get(step).is_none() && at.value.get(DIRECTIVE).is_some() {
                at.takes = true;
                break;
            }
            at.enter(step)?;
        }
        let items = at.value.as_array().into_iter().flatten();
        let mut directives = items.filter(|item| item.get(DIRECTIVE).is_some());
        at.takes |= place.entry.is_none() && directives.next().is_some();
        Some(at)
    }

    fn enter(&mut self, step: &str) -> Option<()> {
        match (self.value, self.there) {
            (Value::Array(items), Some(Value::Array(all))) => {
                let index: usize = step.parse().ok()?;
                let made = all.get(index)?;
                let brought = items.iter().position(|item| holds(made, item))?;
                self.path.0.push(PathStep::Index(index));
                self.within.push(brought.to_string());
                self.shown = self.shown.get_mut(brought)?.take();
                self.value = &items[brought];
            }
            (part, _) => {
                self.path.0.push(PathStep::Key(step.to_owned()));
                self.within.push(step.to_owned());
                self.value = part.get(step)?;
                self.shown = self.shown.get_mut(step)?.take();
            }
        }
        self.there = self.there.and_then(|there| below(there, step));
        Some(())
    }

    fn has_brought(&self, entry: Option<&str>) -> bool {
        match (entry, self.there) {
            _ if self.takes => true,
            (Some(entry), there) => match self.value {
                Value::Object(fields) => {
                    let mut fields = fields.iter();
                    fields.any(|(key, value)| key == entry || value.as_str() == Some(entry))
                }
                part => there == Some(part),
            },
            (None, Some(there)) => there == self.value,
            // It took away what has to be there.
            (None, None) => self.value.is_null(),
        }
    }
}

/// Gives the part of a patch that brought what is at a place: all of it, or the entry that is meant.
fn patched(patch: &Value, place: &Overridden<'_>, said: &Sayings) -> Option<Flag> {
    let part = Part::at(patch, place)?;
    let key = patch_key(patch).ok().filter(|_| part.has_brought(place.entry))?;
    let Part { value, shown, path, within, there: _, takes: _ } = part;
    if let Some(Saying::InFile(file)) = said.of("--patch", &patch.to_string()) {
        let mut file = file.clone();
        if !file.is_embedded {
            let entry = place.entry.filter(|entry| value.get(entry).is_some()).map(str::to_owned);
            file.steps.extend(within.into_iter().chain(entry));
        }
        return Some(Flag::in_file(file));
    }
    let mut value = match shown {
        Value::String(text) => text,
        other => other.to_string(),
    };
    if let Some((end, _)) = value.char_indices().nth(PART_LIMIT) {
        value.truncate(end);
        value.push('…');
    }
    Some(Flag::around(&format!("--patch {key} ({path}="), &value, ")"))
}

/// Tells whether a merge of a part may have made that of something: whether it holds all of it.
fn holds(made: &Value, part: &Value) -> bool {
    match (made, part) {
        (Value::Object(made), Value::Object(part)) => part.iter().all(|(key, part)| {
            part.is_null()
                || key.starts_with('$') && part != "delete"
                || made.get(key).is_some_and(|made| holds(made, part))
        }),
        (Value::Array(made), Value::Array(part)) => {
            part.iter().all(|part| made.iter().any(|made| holds(made, part)))
        }
        (made, part) => made == part,
    }
}

/// Tells whether what a path sets holds the place, or is the entry that is meant of it.
fn leads_to(path: &Path, place: &Overridden<'_>) -> bool {
    let Overridden { body, steps, entry, .. } = *place;
    let mut value = Some(body);
    for (depth, step) in path.0.iter().enumerate() {
        let Some(wanted) = steps.get(depth) else {
            let set = value.and_then(|value| text_of(step, value));
            let last = depth + 1 == path.0.len();
            return last && entry.is_some_and(|entry| is_key(step, entry) || set == Some(entry));
        };
        let fits = match step {
            PathStep::Select { field, text } => {
                let item = value.and_then(|value| value.get(wanted.parse::<usize>().ok()?));
                item.and_then(|item| item.get(field)).and_then(Value::as_str) == Some(text)
            }
            step => is_key(step, wanted),
        };
        if !fits {
            return false;
        }
        value = value.and_then(|value| below(value, wanted));
    }
    true
}

fn is_key(step: &PathStep, wanted: &str) -> bool {
    match step {
        PathStep::Key(key) => key == wanted,
        PathStep::Index(index) => index.to_string() == wanted,
        PathStep::Select { .. } => false,
    }
}

fn text_of<'v>(step: &PathStep, value: &'v Value) -> Option<&'v str> {
    match step {
        PathStep::Key(key) => value.get(key)?.as_str(),
        PathStep::Index(_) | PathStep::Select { .. } => None,
    }
}

fn below<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    }
}

fn text_at<'v>(body: &'v Value, steps: &[String]) -> Option<&'v str> {
    steps.iter().try_fold(body, |value, step| below(value, step))?.as_str()
}
