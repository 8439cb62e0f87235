//! Objects that become one where they go: equal ones are one object, others cannot be.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use super::{Placed, SourceObject, named, references::Moves};
use crate::workload::{
    definition::digest_of,
    error::{Code, Error, Result},
    object::{ObjectId, Origin},
};

/// The objects that were placed so far, of those that others may meet. The objects themselves need not
/// be kept.
pub(super) struct Collisions<'a> {
    moves: &'a Moves<'a>,
    /// Group, kind and name of objects that differ in nothing but their namespaces.
    shared: HashSet<Named<'a>>,
    seen: HashMap<ObjectId, Seen>,
    errors: Vec<Error>,
}

type Named<'a> = (&'a str, &'a str, &'a str);

fn name_of(id: &ObjectId) -> Named<'_> {
    (&id.group, &id.kind, &id.name)
}

struct Seen {
    digest: String,
    declared: Option<ObjectId>,
    origin: Option<Origin>,
}

impl<'a> Collisions<'a> {
    /// Begins with none, of objects that are to be placed.
    pub(super) fn among(sources: &'a [SourceObject], moves: &'a Moves<'a>) -> Self {
        let mut once = HashSet::with_capacity(sources.len());
        let names = sources.iter().map(|source| name_of(&source.id));
        let shared = names.filter(|name| !once.insert(*name)).collect();
        Self { moves, shared, seen: HashMap::new(), errors: Vec::new() }
    }

    /// Tells whether an object, `source` before it was placed, is new: what is there twice with the
    /// same content is dropped, other content is noted.
    pub(super) fn admit(&mut self, source: &ObjectId, object: &Placed) -> bool {
        // Nothing changes a name but that renaming; most have theirs for themselves.
        if !self.shared.contains(&name_of(source)) && !self.moves.renames(source) {
            return true;
        }
        let digest = digest_of(&object.body);
        match self.seen.entry(object.id.clone()) {
            Entry::Vacant(entry) => {
                let (declared, origin) = (object.declared.clone(), object.origin.clone());
                entry.insert(Seen { digest, declared, origin });
                true
            }
            Entry::Occupied(entry) => {
                if entry.get().digest != digest {
                    self.errors.push(collision(entry.get(), object));
                }
                false
            }
        }
    }

    /// Refuses what was noted.
    ///
    /// # Errors
    /// Code 2 with all of it.
    pub(super) fn refuse(self) -> Result<()> {
        let mut errors = self.errors.into_iter();
        match errors.next() {
            None => Ok(()),
            Some(first) => Err(first.causes(errors.map(|error| error.message))),
        }
    }
}

fn collision(earlier: &Seen, object: &Placed) -> Error {
    let place = match &object.id.namespace {
        Some(namespace) => format!("in namespace {namespace}"),
        None => "on the cluster".to_owned(),
    };
    let message = format!(
        "{} and {} would be the same object {place}: {}",
        named(earlier.declared.as_ref().unwrap_or(&object.id), earlier.origin.as_ref()),
        named(object.declared(), object.origin.as_ref()),
        object.id
    );
    let error = Error::usage(Code::SameObject, message).object(&object.id);
    match &object.origin {
        Some(origin) => error.at(origin),
        None => error,
    }
}
