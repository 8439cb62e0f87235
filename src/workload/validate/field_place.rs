//! Where fields stand in the sources, for those who ask for one after another.

use super::{
    Judged,
    fault::{Fault, ShownBy},
    place::{Found, PathStep},
    source,
};
use crate::workload::{
    definition::SourceFile,
    object::Origin,
    overrides::{Path, PathStep as Step},
    placement::Placed,
};

/// Finds fields in files. A file is read anew for each, one document at a time.
pub(in crate::workload) struct FieldPlaces<'a> {
    files: &'a [SourceFile],
}

impl<'a> FieldPlaces<'a> {
    /// Begins with files that were not looked at yet.
    pub(in crate::workload) fn new(files: &'a [SourceFile]) -> Self {
        Self { files }
    }

    /// Finds where a field of an object stands, or the next one above it: an override may have
    /// brought it. The object's own line where its file is not kept; none for one of ours.
    pub(in crate::workload) fn find(&self, object: &Placed, path: &Path) -> Option<Origin> {
        let origin = object.origin.clone();
        origin.as_ref()?;
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
        let id = object.declared().clone();
        let judged = Judged { number: 0, id, origin, faults: vec![(fault, None)] };
        source::located(vec![judged], self.files).pop()?.source
    }
}
