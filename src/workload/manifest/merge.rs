//! The same object written twice: equal contents are one object, others contradict each other.

use std::collections::{HashMap, hash_map::Entry};

use crate::workload::{
    error::{Code, Error},
    object::Object,
};

/// Keeps the first of equal objects, in order, and reports those that differ.
pub(super) fn same_objects(objects: Vec<Object>, errors: &mut Vec<Error>) -> Vec<Object> {
    let mut places = HashMap::with_capacity(objects.len());
    let mut kept: Vec<Object> = Vec::with_capacity(objects.len());
    for object in objects {
        match places.entry(object.id()) {
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(object);
            }
            Entry::Occupied(place) => {
                let first = &kept[*place.get()];
                // The same file given twice is no mistake.
                if first.body != object.body {
                    errors.push(contradiction(first, &object));
                }
            }
        }
    }
    kept
}

fn contradiction(first: &Object, second: &Object) -> Error {
    let id = second.id();
    let message =
        format!("{}: {id} is there twice, with other content in {}", second.origin, first.origin);
    Error::usage(Code::ObjectTwice, message).object(id).at(&second.origin)
}
