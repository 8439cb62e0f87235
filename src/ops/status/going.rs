//! What of an instance is being deleted, and what that waits for.

use crate::{
    ops::{deletion, survey::Live},
    workload::{object::ObjectId, ownership::is_terminating, record::Record},
};

/// Tells whether the namespace of an instance, which goes with it, is being deleted.
pub(super) fn is_home_going(record: &Record, live: &Live) -> bool {
    let home = ObjectId::new("", "Namespace", None, &record.namespace);
    live.get(&home).is_some_and(|home| is_terminating(&home))
}

/// Says what a deletion waits for, as far as the objects tell.
pub(super) fn what_holds_up(live: &Live) -> String {
    let may_be_going = live.iter().filter(|(_, object)| object.mentions("deletionTimestamp"));
    let mut going: Vec<_> = may_be_going.filter(|(_, object)| is_terminating(object)).collect();
    // A namespace tells of all that is in it.
    going.sort_by_key(|(id, _)| (!id.is("", "Namespace"), *id));
    let told = going.into_iter().map(|(id, object)| match id.is("", "Namespace") {
        true => format!("{id}: {}", deletion::remaining(&object)),
        false => match deletion::held_by(&object) {
            held if held.is_empty() => String::new(),
            held => format!("{id} {held}"),
        },
    });
    told.into_iter().find(|told| !told.is_empty()).unwrap_or_default()
}
