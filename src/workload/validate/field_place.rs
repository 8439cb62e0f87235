//! Where fields stand in the sources, for those who ask for one after another.

use std::{cell::RefCell, collections::HashMap};

use super::{
    fault::{Fault, ShownBy},
    place::{Found, PathStep},
    source::Sources,
};
use crate::workload::{
    definition::SourceFile,
    object::Origin,
    overrides::{Path, PathStep as Step},
    placement::Placed,
};

/// Finds fields in files. A file is read once, and only where something in it is asked for.
pub(in crate::workload) struct FieldPlaces<'a> {
    files: &'a [SourceFile],
    read: RefCell<HashMap<String, Sources>>,
}

impl<'a> FieldPlaces<'a> {
    /// Begins with files that were not looked at yet.
    pub(in crate::workload) fn new(files: &'a [SourceFile]) -> Self {
        Self { files, read: RefCell::default() }
    }

    /// Finds where a field of an object stands, or the next one above it: an override may have
    /// brought it. The object's own line where its file is not kept; none for one of ours.
    pub(in crate::workload) fn find(&self, object: &Placed, path: &Path) -> Option<Origin> {
        let origin = object.origin.as_ref()?;
        let mut read = self.read.borrow_mut();
        let sources = read
            .entry(origin.file.to_string())
            .or_insert_with_key(|file| Sources::read(self.files, [&**file].into_iter()));
        let steps = path.0.iter().map_while(|step| match step {
            Step::Key(key) => Some(PathStep::Key(key.clone())),
            Step::Index(index) => Some(PathStep::Index(*index)),
            // Of a list it is known which; whoever selects has the list's own line.
            Step::Select { .. } => None,
        });
        let fault = Fault {
            at: Found { steps: steps.collect(), rest: None },
            message: String::new(),
            expected: None,
            suggestion: None,
            shown_by: ShownBy::Key,
            outdates: false,
            twice: false,
        };
        let spot = sources.find(&fault, object.declared(), origin);
        Some(spot.map_or_else(|| origin.clone(), |spot| spot.origin))
    }
}
