//! The same object written twice: equal contents are one object, others contradict each other.

use std::collections::{HashMap, hash_map::Entry};

use crate::workload::{
    definition::{Digest, digest_bytes},
    error::{Code, Error},
    object::{Object, ObjectId, Origin},
};

/// The objects that were read so far: where each stands, and the digest of its body. The objects
/// themselves need not be kept.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<ObjectId, (Origin, Digest)>);

impl Seen {
    /// Tells whether an object is new, and not an equal one once more: the same file given twice is
    /// no mistake.
    ///
    /// # Errors
    /// It is there with other content.
    pub(super) fn admit(&mut self, object: &Object) -> Result<bool, Error> {
        let digest = digest_bytes(&object.body.text());
        match self.0.entry(object.id()) {
            Entry::Vacant(place) => {
                place.insert((object.origin.clone(), digest));
                Ok(true)
            }
            Entry::Occupied(place) => {
                let (first, known) = place.get();
                if *known == digest { Ok(false) } else { Err(contradiction(first, object)) }
            }
        }
    }
}

fn contradiction(first: &Origin, second: &Object) -> Error {
    let id = second.id();
    let message = format!("{}: {id} is there twice, with other content in {first}", second.origin);
    Error::usage(Code::ObjectTwice, message).object(id).at(&second.origin)
}
