//! What is told of what others did to the objects: the fields that are left to them, and what is
//! taken back from them.

use futures::{StreamExt as _, stream};
use serde_json::Value;

use super::{
    Deploy,
    prepare::{Prepared, Repair},
};
use crate::{
    cluster::api::IN_FLIGHT,
    workload::{
        drift::{Change, Drift},
        object::ObjectId,
        ownership::fields::shown,
    },
};

/// How many objects are told.
const OBJECTS: usize = 10;
/// How many fields of one object are told.
const TOLD: usize = 3;
/// How much of a value is told.
const VALUE: usize = 60;

impl Deploy<'_> {
    /// Says which fields are left to others: an autoscaler is expected to hold them, anybody else
    /// is worth a warning.
    pub(super) fn report_yielded(&mut self, prepared: &Prepared) {
        let is_taken = |id: &ObjectId, field: &str| {
            let mut taken = prepared.draft.repairs.iter().flat_map(|repair| &repair.drift);
            taken.any(|drift| drift.object == *id && shown(&drift.path) == field)
        };
        for item in &prepared.draft.plan.items {
            let left = item.entry.iter().flat_map(|entry| &entry.yielded);
            // The inventory covers what was left until the write has taken it.
            for left in left.filter(|left| !is_taken(&item.desired.id, &left.field)) {
                let told = format!("{}: {}", item.desired.id, left.told());
                match left.autoscaler {
                    Some(_) => self.note(told),
                    None if left.dropped => {
                        self.warn(format!("{told} (`--conflicts force` takes it away)"));
                    }
                    None => self.warn(format!("{told} (`--conflicts force` takes it)")),
                }
            }
        }
    }

    /// Says what others changed and this deploy takes back.
    pub(super) async fn report_repairs(&mut self, prepared: &mut Prepared) {
        let target = &prepared.start.target;
        let reads = prepared.draft.repairs.iter_mut().map(|repair| repair.read(target));
        stream::iter(reads).buffer_unordered(IN_FLIGHT).collect::<Vec<()>>().await;
        let told: Vec<String> =
            prepared.draft.repairs.iter().filter_map(|repair| self.told(repair)).collect();
        // A namespace that somebody deleted took all that was in it along.
        let more = told.len().saturating_sub(OBJECTS);
        told.into_iter().take(OBJECTS).for_each(|told| self.warn(told));
        match more {
            0 => {}
            1 => self.warn("1 more object was changed by others".to_owned()),
            more => self.warn(format!("{more} more objects were changed by others")),
        }
    }

    fn told(&self, repair: &Repair) -> Option<String> {
        let first = repair.drift.first()?;
        let mut told: Vec<String> =
            repair.drift.iter().take(TOLD).map(|drift| self.of_field(drift)).collect();
        match repair.drift.len().saturating_sub(TOLD) {
            0 => {}
            1 => told.push("and 1 more field".to_owned()),
            more => told.push(format!("and {more} more fields")),
        }
        let told = told.join(", ");
        Some(match first.change {
            Change::Deleted | Change::Replaced => format!("{} {told}", first.object),
            Change::Changed | Change::Removed | Change::Added => {
                format!("{}: {told}", first.object)
            }
        })
    }

    fn of_field(&self, drift: &Drift) -> String {
        let path = drift.path_in_short();
        let what = match (drift.change, &drift.new) {
            (Change::Deleted, _) => "was deleted".to_owned(),
            (Change::Replaced, _) => "was made anew".to_owned(),
            (Change::Removed, _) => format!("{path} was taken away"),
            (Change::Changed, Some(value)) if !drift.object.is("", "Secret") => {
                format!("{path} was {}", in_short(value))
            }
            (Change::Changed, _) => format!("{path} was changed"),
            (Change::Added, _) => format!("{path} was added"),
        };
        let ago = drift.at.map(|at| self.since(at));
        let who: Vec<String> = drift.by.clone().into_iter().chain(ago).collect();
        if who.is_empty() { what } else { format!("{what} ({})", who.join(", ")) }
    }
}

/// Shows a value in one line, and of a long one its beginning.
fn in_short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
