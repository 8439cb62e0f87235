//! What is left to do at the end of a deletion.

use crate::{
    cluster::api::Api,
    workload::record::{Entry, Record},
};

/// What is done last of all.
pub(super) struct Last<'a> {
    /// The API server behind the holder's fence.
    pub api: &'a Api,
    pub record: &'a Record,
    /// What goes with the record's own namespace.
    pub with_home: &'a [Entry],
}
