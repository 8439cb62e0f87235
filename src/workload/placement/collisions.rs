//! Objects that become one where they go: equal ones are one object, others cannot be.

use std::collections::{HashMap, hash_map::Entry};

use super::{Placed, named};
use crate::workload::{
    definition::digest_of,
    error::{Code, Error, Result},
    object::{ObjectId, Origin},
};

/// The objects that were placed so far. The objects themselves need not be kept.
#[derive(Default)]
pub(super) struct Collisions {
    seen: HashMap<ObjectId, Seen>,
    errors: Vec<Error>,
}

struct Seen {
    digest: String,
    declared: Option<ObjectId>,
    origin: Option<Origin>,
}

impl Collisions {
    /// Tells whether an object is new: what is there twice with the same content is dropped, other
    /// content is noted.
    pub(super) fn admit(&mut self, object: &Placed) -> bool {
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
