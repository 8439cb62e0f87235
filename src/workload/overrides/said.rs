//! Where overrides were said: how a flag was typed, or where it stands in a workload file.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{Overrides, edit::outside_brackets};
use crate::workload::{
    definition::SourceFile,
    error::Error,
    object::Origin,
    yaml::{self, YamlNode},
};

/// Where overrides were said, as far as that is known: what is stored has lost it. It is no part of
/// what they are: all are equal.
#[derive(Debug, Clone, Default)]
pub struct Sayings(BTreeMap<(&'static str, String), Saying>);

impl PartialEq for Sayings {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// How an override was said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Saying {
    /// The value of its flag, as it was typed.
    Typed(String),
    /// In a workload file.
    InFile(FilePlace),
}

/// A value in a workload file.
#[derive(Debug, Clone)]
pub(crate) struct FilePlace {
    pub source: Arc<SourceFile>,
    /// The number of its document.
    pub document: usize,
    /// The way to it: fields, and items by their number.
    pub steps: Vec<String>,
    /// How many of the steps lead to the instance.
    pub of_instance: usize,
    /// Whether it is a text in which overrides stand, such as a `KustomizeOverlay`.
    pub is_embedded: bool,
}

impl PartialEq for FilePlace {
    fn eq(&self, other: &Self) -> bool {
        (&self.source.name, self.document, &self.steps)
            == (&other.source.name, other.document, &other.steps)
    }
}

impl Eq for FilePlace {}

impl Sayings {
    /// Notes how an override was said, `--set` and `Deployment/web:spec.replicas`; none: as far as is
    /// known not at all.
    pub(super) fn note(&mut self, flag: &'static str, key: String, saying: Option<Saying>) {
        match saying {
            Some(saying) => drop(self.0.insert((flag, key), saying)),
            None => drop(self.0.remove(&(flag, key))),
        }
    }

    /// Notes where a patch stands.
    pub(crate) fn note_patch(&mut self, patch: &Value, place: FilePlace) {
        self.note("--patch", patch.to_string(), Some(Saying::InFile(place)));
    }

    pub(super) fn of(&self, flag: &'static str, key: &str) -> Option<&Saying> {
        self.0.get(&(flag, key.to_owned()))
    }

    /// Gives an error the place of the override that it is about, where that stands in a file: that
    /// is where it is mended, and not in the manifests. `shown` is what its message calls the override.
    pub(super) fn place(&self, error: Error, flag: &'static str, key: &str, shown: &str) -> Error {
        let Some(Saying::InFile(place)) = self.of(flag, key) else {
            return Error { origin: None, ..error };
        };
        let origin = place.origin();
        let message = error.message.replacen(shown, &place.key(), 1);
        // What removes a stored override has no power over a file.
        let hint = error.hint.clone().filter(|hint| !hint.contains("where it was stored"));
        Error { message: format!("{origin}: {message}"), hint, ..error }.at(&origin)
    }

    /// Says how a value is written that is to be a text, where it is known how it was.
    pub(super) fn in_quotes(&self, place: &str) -> Option<String> {
        match self.of("--set", place)? {
            Saying::Typed(text) => {
                let equals = outside_brackets(text, '=').next()?;
                let (key, value) = (text[..equals].trim(), text[equals + 1..].trim());
                (!text.contains('\'')).then(|| format!("--set '{key}=\"{value}\"'"))
            }
            Saying::InFile(place) if place.is_embedded => {
                Some("put the value in quotes".to_owned())
            }
            Saying::InFile(place) => {
                let value = place.look(|_, value| value.text().map(str::to_owned))??;
                Some(format!("put it in quotes: `\"{value}\"`"))
            }
        }
    }
}

impl Overrides {
    /// Notes that all of it stands in one text of a workload file.
    #[must_use]
    pub(crate) fn embedded(mut self, place: &FilePlace) -> Self {
        let saying = || Some(Saying::InFile(FilePlace { is_embedded: true, ..place.clone() }));
        let Self { images, replicas, patches, sets, said, .. } = &mut self;
        let patches = patches.iter().map(|patch| ("--patch", patch.to_string()));
        let images = images.keys().map(|key| ("--image", key.clone()));
        let replicas = replicas.keys().map(|key| ("--replicas", key.clone()));
        let sets = sets.keys().map(|key| ("--set", key.clone()));
        for (flag, key) in patches.chain(images).chain(replicas).chain(sets) {
            said.note(flag, key, saying());
        }
        self
    }
}

impl FilePlace {
    /// Gives the way to it, as mistakes in the file have it:
    /// `spec.instances[0].sets[Deployment/web:spec.replicas]`.
    pub(crate) fn key(&self) -> String {
        let mut key = String::new();
        for (index, step) in self.steps.iter().enumerate() {
            let is_entry = index == self.of_instance + 1 || step.parse::<usize>().is_ok();
            key.push_str(&match (is_entry, index) {
                (true, _) => format!("[{step}]"),
                (false, 0) => step.clone(),
                (false, _) => format!(".{step}"),
            });
        }
        key
    }

    /// Looks at it: at its key, where it has one, and at its value.
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(Option<YamlNode<'_>>, YamlNode<'_>) -> T,
    ) -> Option<T> {
        let reading = yaml::read(&self.source.text);
        let mut at = (None, reading.documents.get(self.document)?.root());
        for step in &self.steps {
            let item = || at.1.items().get(step.parse::<usize>().ok()?).map(|item| (None, *item));
            at = at.1.pair(step).map(|(key, value)| (Some(key), value)).or_else(item)?;
        }
        Some(look(at.0, at.1))
    }

    /// Gives the place of its key, or of an item.
    fn origin(&self) -> Origin {
        let at = self.look(|key, value| key.unwrap_or(value).position());
        let file = self.source.name.as_str().into();
        match at {
            Some(at) => Origin { file, line: at.line, column: Some(at.column) },
            None => Origin { file, line: 1, column: None },
        }
    }
}
