//! Reading manifests: what reaches the cluster is what kubectl would have sent for the same bytes.
//!
//! Texts become objects, Lists are taken apart, what kubectl would send wrongly or lose is refused
//! with file, line and column, all at once. Whether a kind exists is judged elsewhere, since it
//! takes a schema or a cluster.

mod check;
mod field;
mod foreign;
mod list;
mod merge;
mod render;
mod secret;
mod text;

use std::sync::Arc;

use merge::Seen;

pub(in crate::workload) use foreign::{Foreign, foreign};
use list::RawObject;
pub(in crate::workload) use list::{describe, describe_kind};
pub(crate) use render::{JsonList, YamlDocuments};
pub(in crate::workload) use secret::encode_string_data;

use super::{
    definition::{Content, SourceFile},
    error::{Code, Error, Result},
    hooks,
    object::{Object, ObjectId, Origin},
    yaml,
};

/// An object of the sources that is not part of the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub id: ObjectId,
    /// Where it stands.
    pub origin: Origin,
    /// Why it was left out, as a clause: `it runs only on helm.sh/hook test`.
    pub reason: String,
}

/// What was read from sources.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Loaded {
    /// The objects and the texts.
    pub content: Content,
    /// What was left out, to be listed to the user.
    pub left_out: Vec<LeftOut>,
    /// What the user should heed.
    pub warnings: Vec<String>,
}

impl Loaded {
    /// Refuses content without a single object.
    ///
    /// # Errors
    /// Code 2, naming the files and what was left out.
    pub(crate) fn require_objects(self) -> Result<Self> {
        if !self.content.objects.is_empty() {
            return Ok(self);
        }
        let names: Vec<_> = self.content.files.iter().map(|file| &*file.name).collect();
        let mut error =
            Error::usage(Code::NoObjects, format!("no objects in {}", names.join(", ")));
        if self.left_out.is_empty() {
            error = error.cause("there is nothing but comments and empty documents");
        }
        if names.contains(&"-") {
            error = error.hint("did the command before the pipe fail?");
        }
        Err(self.left_out.iter().fold(error, |error, LeftOut { id, origin, reason }| {
            error.cause(format!("{id} ({origin}) was left out: {reason}"))
        }))
    }
}

/// Reads objects from texts.
///
/// # Errors
/// Everything that is wrong with the texts, in their order, each with its place.
pub(crate) fn load(files: Vec<SourceFile>) -> Result<Loaded, Vec<Error>> {
    let mut objects = Vec::new();
    let mut keep = |mut object: Object| {
        object.body.rest();
        objects.push(object);
    };
    let mut loaded = read_each(files, &mut keep)?;
    loaded.content.objects = objects;
    Ok(loaded)
}

/// Reads objects from texts and gives each away, in place of keeping it: an object takes many times
/// the memory of its text. What was given away counts only where there is no error.
///
/// # Errors
/// Those of [`load`].
pub(crate) fn read_each(
    files: Vec<SourceFile>,
    take: &mut dyn FnMut(Object),
) -> Result<Loaded, Vec<Error>> {
    let loaded = Loaded::default();
    let mut reader = SetReader { loaded, seen: Seen::default(), contradictions: Vec::new(), take };
    let mut errors: Vec<_> = files.iter().flat_map(|file| reader.read(file)).collect();
    let SetReader { mut loaded, mut contradictions, .. } = reader;
    yaml::limit(&mut contradictions);
    errors.extend(contradictions);
    loaded.content.files = files;
    if errors.is_empty() { Ok(loaded) } else { Err(errors) }
}

/// Reads texts one after the other.
struct SetReader<'t> {
    loaded: Loaded,
    seen: Seen,
    /// Objects that contradict each other.
    contradictions: Vec<Error>,
    take: &'t mut dyn FnMut(Object),
}

impl SetReader<'_> {
    /// Reads the objects of a text, and gives what is wrong with it in the order of the text.
    fn read(&mut self, SourceFile { name, text }: &SourceFile) -> Vec<Error> {
        let file: Arc<str> = name.as_str().into();
        let mut errors = Vec::new();
        let problems = yaml::read_apart(text, &mut |mut document| {
            let value = std::mem::take(&mut document.value);
            let of_items = document.items(&mut |item, node| {
                self.take(list::of_list(&value, item, node, &file), &mut errors);
            });
            errors.extend(of_items.into_iter().map(|problem| problem.into_error(&file)));
            for found in list::flatten(value, document.root(), &file) {
                self.take(found, &mut errors);
            }
        });
        errors.extend(problems.into_iter().map(|problem| problem.into_error(&file)));
        let place = |origin: &Origin| (origin.line, origin.column);
        // Problems of the text and of its objects are found one after the other.
        errors.sort_by_key(|error| error.origin.as_ref().map(place));
        yaml::limit(&mut errors);
        errors
    }

    /// Checks an object that was found; of what is wrong, no more is kept than is told.
    fn take(&mut self, found: Result<RawObject<'_>, Vec<Error>>, errors: &mut Vec<Error>) {
        match found.and_then(|found| check::object(found, &mut self.loaded.warnings)) {
            Ok(object) => self.add(object),
            Err(problems) if errors.len() < yaml::PROBLEM_LIMIT => errors.extend(problems),
            Err(_) => {}
        }
    }

    fn add(&mut self, mut object: Object) {
        if let Some(reason) = hooks::reason_to_leave_out(&object) {
            let (id, origin) = (object.id(), object.origin);
            return self.loaded.left_out.push(LeftOut { id, origin, reason });
        }
        object.body.write();
        match self.seen.admit(&object) {
            Ok(true) => (self.take)(object),
            Ok(false) => {}
            Err(error) if self.contradictions.len() < yaml::PROBLEM_LIMIT => {
                self.contradictions.push(error);
            }
            Err(_) => {}
        }
    }
}

/// Makes one error of several: the only one itself, else one that lists them as its causes.
///
/// # Panics
/// Without any error.
pub(crate) fn combine(mut errors: Vec<Error>) -> Error {
    let count = errors.len();
    if count == 1 {
        return errors.remove(0);
    }
    let first = errors.first().expect("there is an error to tell");
    let mut all = Error::new(first.kind, first.code, format!("{count} errors in the manifests"));
    all.origin.clone_from(&first.origin);
    let is_shared = errors.iter().all(|error| error.hint == first.hint);
    if is_shared {
        all.hint.clone_from(&first.hint);
    }
    all.causes(errors.iter().map(|error| entry(error, !is_shared)))
}

/// Tells one error of several: where, what, and what helps with this one alone.
fn entry(error: &Error, hinted: bool) -> String {
    let place = error.origin.as_ref().map(|origin| format!("{origin}: ")).unwrap_or_default();
    let text = error.to_string();
    let mut text = text.strip_prefix(&place).unwrap_or(&text).to_owned();
    if let Some(object) = error.object.as_ref().filter(|object| !text.contains(&***object)) {
        text = format!("{object}: {text}");
    }
    if let Some(origin) = error.origin.as_ref().filter(|origin| !text.contains(&*origin.file)) {
        text = format!("{origin}: {text}");
    }
    match error.hint.as_ref().filter(|_| hinted) {
        Some(hint) => format!("{text}; {hint}"),
        None => text,
    }
}

#[cfg(test)]
mod tests;
