//! Where fields stand in the sources, for those who ask without a fault.

use super::{
    Judged,
    fault::{Fault, ShownBy},
    place::{Found, PathStep},
    source,
};
use crate::workload::{
    definition::SourceFile,
    object::{ObjectId, Origin},
    overrides::{Path, PathStep as Step},
};

/// A field of an object.
pub(in crate::workload) struct Field {
    /// The object, as its source names it.
    pub id: ObjectId,
    /// Where it begins; none for one of ours.
    pub origin: Option<Origin>,
    pub path: Path,
}

/// Finds where fields of objects stand, or the next ones above them: an override may have brought one.
/// The object's own line where its file is not kept; none for one of ours. Each file is read once.
pub(in crate::workload) fn places_of(
    fields: impl Iterator<Item = Field>,
    files: &[SourceFile],
) -> Vec<Option<Origin>> {
    let judged: Vec<Judged> =
        fields.enumerate().map(|(number, field)| asked(number, field)).collect();
    let mut places: Vec<Option<Origin>> = vec![None; judged.len()];
    for found in source::located(judged, files) {
        if let Some(place) = found.message.parse().ok().and_then(|at: usize| places.get_mut(at)) {
            *place = found.source;
        }
    }
    places
}

/// Asks for a field as if something were wrong with it: what is found has its number for a message.
fn asked(number: usize, Field { id, origin, path }: Field) -> Judged {
    let steps = path.0.iter().map_while(|step| match step {
        Step::Key(key) => Some(PathStep::Key(key.clone())),
        Step::Index(index) => Some(PathStep::Index(*index)),
        // Of a list it is known which; whoever selects has the list's own line.
        Step::Select { .. } => None,
    });
    let fault = Fault {
        at: Found { steps: steps.collect(), rest: None },
        message: number.to_string(),
        expected: None,
        suggestion: None,
        shown_by: ShownBy::Key,
        outdates: false,
        twice: false,
    };
    Judged { number, id, origin, faults: vec![(fault, None)] }
}
