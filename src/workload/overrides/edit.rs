//! The override flags of one command, and how they change what is stored.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{FilePlace, Overrides, Saying};
use crate::workload::{
    error::{Code, Error, Result},
    kinds::Kinds,
    mask,
    object::split_api_version,
    shell::quoted,
    yaml,
};

const SET_FORM: &str =
    "OBJECT:PATH=VALUE, such as `--set 'Ingress/web:spec.rules[0].host=example.com'`";

/// What is wrong with a value that cannot be read.
const NO_YAML: &str = "the value is not YAML";

/// One change of the overrides; a value that is none removes the entry (`--image web-`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OverrideEdit {
    Image {
        /// Container name, or image repository.
        name: String,
        image: Option<String>,
        /// Where it was said, if it is not as its flag would be typed.
        said: Option<Saying>,
    },
    Replicas {
        object: String,
        /// How many.
        count: Option<u32>,
        /// How it was said, if that is known.
        said: Option<Saying>,
    },
    Set {
        /// `OBJECT:PATH`.
        place: String,
        /// The value; null in it deletes the field.
        value: Option<Value>,
        /// How it was said, if that is known.
        said: Option<Saying>,
    },
    /// Partial objects, which take the place of those that are there for the same objects.
    Patches(Vec<Value>),
    /// No patch of this object any more: `KIND/NAME`.
    NoPatch(String),
}

impl OverrideEdit {
    /// Tells whether an error advises to remove what this edit asks for: what a command says is not
    /// stored yet.
    pub(crate) fn is_advised_against(&self, error: &Error) -> bool {
        let flags = match self {
            Self::Image { name, .. } => vec![format!("--image {name}")],
            Self::Replicas { object, .. } => {
                vec![format!("--replicas {}", spelt(object, &Kinds::builtin()))]
            }
            Self::Set { place, .. } => vec![format!("--set {}", spelt(place, &Kinds::builtin()))],
            Self::Patches(patches) => {
                let keys = patches.iter().filter_map(|patch| patch_key(patch).ok());
                keys.map(|key| format!("--patch {key}")).collect()
            }
            Self::NoPatch(_) => Vec::new(),
        };
        let advises = |flag: &String| {
            error
                .hint
                .as_ref()
                .is_some_and(|hint| hint.starts_with(&format!("`{}`", removal(flag))))
        };
        flags.iter().any(advises)
    }
}

/// Parses the value of `--image`: `NAME=IMAGE`, or `NAME-`.
///
/// # Errors
/// Code 2 where it is neither.
pub(crate) fn parse_image(text: &str) -> Result<OverrideEdit> {
    let wrong =
        |why: &str| wrong("--image", text, why, "NAME=IMAGE, such as `--image web=nginx:1.29`");
    match text.split_once('=') {
        Some((name, image)) => {
            let (name, image) = (name.trim(), image.trim());
            if name.is_empty() {
                return Err(wrong("the name is empty"));
            }
            if image.is_empty() || image.contains(char::is_whitespace) {
                return Err(wrong("the image is empty or has blanks in it"));
            }
            Ok(OverrideEdit::Image {
                name: name.to_owned(),
                image: Some(image.to_owned()),
                said: None,
            })
        }
        None => {
            let name = removed(text).ok_or_else(|| wrong("there is no `=`"))?;
            Ok(OverrideEdit::Image { name: name.to_owned(), image: None, said: None })
        }
    }
}

/// Parses the value of `--replicas`: `OBJECT=N`, or `OBJECT-`.
///
/// # Errors
/// Code 2 where it is neither.
pub(crate) fn parse_replicas(text: &str) -> Result<OverrideEdit> {
    let wrong = |why: &str| {
        wrong("--replicas", text, why, "OBJECT=N, such as `--replicas Deployment/web=3`")
    };
    let (object, count) = match text.split_once('=') {
        Some((object, count)) => {
            // Kubernetes counts replicas in 32 signed bits.
            let count = count.trim().parse::<u32>().ok().filter(|count| *count <= i32::MAX as u32);
            (object.trim(), Some(count.ok_or_else(|| wrong("N is not a number of replicas"))?))
        }
        None => (removed(text).ok_or_else(|| wrong("there is no `=`"))?, None),
    };
    if !object.contains('/') {
        return Err(wrong("OBJECT is KIND/NAME"));
    }
    Ok(OverrideEdit::Replicas { object: object.to_owned(), count, said: typed(text) })
}

/// Parses the value of `--set`: `OBJECT:PATH=VALUE` with a value in YAML, or `OBJECT:PATH-`.
///
/// # Errors
/// Code 2 where it is neither, or the value is not YAML or reads as nothing.
pub(crate) fn parse_set(text: &str) -> Result<OverrideEdit> {
    let equals = outside_brackets(text, '=').next();
    let hidden = equals.filter(|_| mask::is_secret(text)).map(|position| &text[..position]);
    let shown = hidden.map_or_else(|| text.to_owned(), |place| format!("{place}={}", mask::MASK));
    let wrong = |why: &str| {
        // The problem quotes what is no YAML.
        let is_quoted = hidden.is_some() && why.starts_with(NO_YAML);
        let why = if is_quoted { NO_YAML } else { why };
        wrong("--set", &shown, why, SET_FORM)
    };
    let (place, value) = match equals {
        Some(position) => {
            let value = parse_value(&text[position + 1..]).map_err(|why| wrong(&why))?;
            (text[..position].trim(), Some(value))
        }
        None => (removed(text).ok_or_else(|| wrong("there is no `=`"))?, None),
    };
    check_place(place, &shown)?;
    Ok(OverrideEdit::Set { place: place.to_owned(), value, said: typed(text) })
}

/// Checks where a value goes: `OBJECT:PATH`.
///
/// # Errors
/// Code 2 where it is something else.
pub(crate) fn check_set_place(place: &str) -> Result<()> {
    check_place(place, place)
}

fn check_place(place: &str, text: &str) -> Result<()> {
    if !place.contains('/') || outside_brackets(place, ':').next().is_none() {
        let why = "OBJECT is KIND/NAME, and a `:` comes before the path";
        return Err(wrong("--set", text, why, SET_FORM));
    }
    Ok(())
}

/// Names the object that a patch is for: `[NAMESPACE/]KIND[.GROUP]/NAME`.
///
/// # Errors
/// Code 2 where it names none.
pub(crate) fn patch_key(patch: &Value) -> Result<String> {
    let text = |pointer: &str| patch.pointer(pointer).and_then(Value::as_str);
    let (Some(kind), Some(name)) = (text("/kind"), text("/metadata/name")) else {
        return Err(Error::usage(Code::InvalidPatch, "a patch does not name its object")
            .cause("it needs `kind` and `metadata.name`"));
    };
    let group = text("/apiVersion").map(|version| match split_api_version(version).0 {
        "" => "core",
        group => group,
    });
    let kind = group.map_or(kind.to_owned(), |group| format!("{kind}.{group}"));
    Ok(match text("/metadata/namespace") {
        Some(namespace) => format!("{namespace}/{kind}/{name}"),
        None => format!("{kind}/{name}"),
    })
}

/// Names the object that a patch is for, in one spelling.
fn target(patch: &Value, kinds: &Kinds) -> Option<String> {
    patch_key(patch).ok().map(|key| qualified(&key, kinds))
}

/// Writes the kind in `[NAMESPACE/]KIND[.GROUP]/NAME` with its group, where it is built in.
pub(super) fn qualified(key: &str, kinds: &Kinds) -> String {
    let mut parts: Vec<String> = key.split('/').map(str::to_owned).collect();
    if let Some(kind) = parts.len().checked_sub(2)
        && let [resolved] = &kinds.resolve(&parts[kind])[..]
    {
        parts[kind] = resolved.to_string();
    }
    parts.join("/")
}

/// Changes stored overrides by the flags of a command, key by key; the last word counts. Kinds
/// are written as Kubernetes does, so that `deploy/web` and `Deployment/web` are one key.
pub(crate) fn merge(base: &Overrides, edits: &[OverrideEdit]) -> Overrides {
    let kinds = Kinds::builtin();
    let spell = |key: &String| spelt(key, &kinds);
    let mut merged = Overrides {
        images: base.images.clone(),
        replicas: base.replicas.iter().map(|(key, count)| (spell(key), *count)).collect(),
        patches: base.patches.clone(),
        sets: base.sets.iter().map(|(key, value)| (spell(key), value.clone())).collect(),
        restarted_at: base.restarted_at.clone(),
        restarts: base.restarts.clone(),
        said: base.said.clone(),
    };
    for edit in edits {
        match edit {
            OverrideEdit::Image { name, image, said } => {
                put(&mut merged.images, name.clone(), image.clone());
                merged.said.note("--image", name.clone(), said.clone());
            }
            OverrideEdit::Replicas { object, count, said } => {
                put(&mut merged.replicas, spell(object), *count);
                merged.said.note("--replicas", spell(object), said.clone());
            }
            OverrideEdit::Set { place, value, said } => {
                put(&mut merged.sets, spell(place), value.clone());
                merged.said.note("--set", spell(place), said.clone());
            }
            OverrideEdit::Patches(patches) => {
                let targets: Vec<_> = patches.iter().map(|patch| target(patch, &kinds)).collect();
                merged.patches.retain(|old| !targets.contains(&target(old, &kinds)));
                merged.patches.extend(patches.iter().cloned());
            }
            OverrideEdit::NoPatch(object) => {
                let gone = Some(qualified(object, &kinds));
                merged.patches.retain(|old| target(old, &kinds) != gone);
            }
        }
    }
    merged
}

fn typed(text: &str) -> Option<Saying> {
    Some(Saying::Typed(text.to_owned()))
}

impl OverrideEdit {
    /// Gives it with the place in a workload file where it stands.
    #[must_use]
    pub(crate) fn in_file(mut self, place: FilePlace) -> Self {
        match &mut self {
            Self::Image { said, .. } | Self::Replicas { said, .. } | Self::Set { said, .. } => {
                *said = Some(Saying::InFile(place));
            }
            Self::Patches(_) | Self::NoPatch(_) => {}
        }
        self
    }
}

/// Writes the flag that removes an override for a shell: of `--set PLACE` `--set 'PLACE-'`.
pub(super) fn removal(flag: &str) -> String {
    let (flag, key) = flag.split_once(' ').unwrap_or((flag, ""));
    format!("{flag} {}", quoted(&format!("{key}-")))
}

/// Sets or removes an entry.
fn put<T>(entries: &mut BTreeMap<String, T>, key: String, value: Option<T>) {
    match value {
        Some(value) => drop(entries.insert(key, value)),
        None => drop(entries.remove(&key)),
    }
}

fn wrong(flag: &str, text: &str, why: &str, form: &str) -> Error {
    Error::usage(Code::InvalidOverride, format!("{flag} {text:?}: {why}"))
        .hint(format!("the form is {form}"))
}

/// Gives the key of `KEY-`.
fn removed(text: &str) -> Option<&str> {
    text.trim().strip_suffix('-').filter(|key| !key.is_empty())
}

/// Finds a character outside of `[…]` and of quotes within.
pub(super) fn outside_brackets(text: &str, wanted: char) -> impl Iterator<Item = usize> {
    let (mut inside, mut quote) = (false, None);
    text.char_indices().filter_map(move |(position, c)| {
        match (inside, quote) {
            (true, Some(open)) if c == open => quote = None,
            (true, None) if matches!(c, '"' | '\'') => quote = Some(c),
            (true, None) if c == ']' => inside = false,
            (false, _) if c == '[' => inside = true,
            (false, _) if c == wanted => return Some(position),
            _ => {}
        }
        None
    })
}

/// Reads a value as YAML. What reads as nothing without being called `null` is refused: `#fff` is
/// a comment, and an empty text rarely means null.
fn parse_value(text: &str) -> Result<Value, String> {
    // As an item of a list, so that `---`, `key: value` and text of several lines are read as one
    // value.
    let reading = yaml::read(&format!("- {}\n", text.replace('\n', "\n  ")));
    if let Some(problem) = reading.problems.first() {
        return Err(format!("{NO_YAML}: {}", problem.message));
    }
    let value = match reading.documents.as_slice() {
        [document] => match document.value.as_array().map(Vec::as_slice) {
            Some([value]) => value.clone(),
            _ => return Err("the value is not one YAML value".to_owned()),
        },
        _ => return Err("the value is not one YAML value".to_owned()),
    };
    if value.is_null() && !matches!(text.trim(), "null" | "Null" | "NULL" | "~") {
        return Err(
            "the value reads as nothing: put it in quotes, or write `null` to delete".to_owned()
        );
    }
    Ok(value)
}

/// Writes the kind in `[NAMESPACE/]KIND[.GROUP]/NAME…` as Kubernetes does, where it is built in.
pub(super) fn spelt(key: &str, kinds: &Kinds) -> String {
    let object = &key[..outside_brackets(key, ':').next().unwrap_or(key.len())];
    let mut parts: Vec<&str> = object.split('/').collect();
    let kind = match parts.len() {
        2 => 0,
        3 => 1,
        _ => return key.to_owned(),
    };
    let [resolved] = &kinds.resolve(parts[kind])[..] else { return key.to_owned() };
    let spelt =
        if parts[kind].contains('.') { resolved.to_string() } else { resolved.kind.clone() };
    parts[kind] = &spelt;
    format!("{}{}", parts.join("/"), &key[object.len()..])
}
