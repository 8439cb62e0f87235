//! What a record has to prove before it is believed: whoever may write that one Secret must not
//! get the rights of whoever deploys.
//!
//! Contents count only under their digest, so that none can be left out and none slipped in; the
//! inventory names only what a path can be made of, and outside the instance's own namespace only
//! where the mode has such objects. That these are ours the live object tells, by our Apply entry
//! ([`is_ours`](crate::workload::ownership::is_ours)).

use std::collections::BTreeMap;

use super::{Entry, Orphan, Record};
use crate::workload::{
    cow_vec::CowVec,
    definition::digest_of_objects,
    instance::NamespaceMode,
    object::{Object, ObjectId, tell_apart},
    release::Release,
};

/// The contents that are known without the record, by the releases that name their digest.
pub(crate) type KnownContents<'a> = dyn Fn(&Release) -> Option<Vec<Object>> + Send + Sync + 'a;

/// What is known where there is no database to ask.
pub(crate) fn nothing_known(_: &Release) -> Option<Vec<Object>> {
    None
}

/// Verifies a record whose releases have no objects yet, and gives them their objects.
///
/// # Errors
/// Why the record is damaged.
pub(super) fn verify(
    mut record: Record,
    mut contents: BTreeMap<String, CowVec<Object>>,
    known: &KnownContents<'_>,
) -> Result<Record, String> {
    for entry in &record.inventory {
        check_entry(&record, entry)?;
    }
    tell_apart(record.inventory.iter_mut().map(|entry| &mut entry.id), []);
    // Two releases of one revision share it.
    let is_shared = match (&record.newest, &record.last_good) {
        (Some(one), Some(other)) => one.release.digest == other.release.digest,
        _ => false,
    };
    let both = [&mut record.newest, &mut record.last_good];
    for deployed in both.into_iter().flatten() {
        let Release { digest, number, .. } = &deployed.release;
        if let Some(objects) = known(&deployed.release) {
            deployed.objects = objects.into();
            continue;
        }
        let Some(objects) = contents.remove(digest) else {
            return Err(format!("the objects of release {number} are not in it"));
        };
        if digest_of_objects(&objects) != *digest {
            return Err(format!("the objects of release {number} are not those of its digest"));
        }
        if is_shared {
            contents.insert(digest.clone(), objects.clone());
        }
        deployed.objects = objects;
    }
    Ok(record)
}

fn check_entry(record: &Record, entry: &Entry) -> Result<(), String> {
    let Entry { id, version, orphans, .. } = entry;
    check_place(record, id, version)?;
    for Orphan { id: orphan, version, .. } in orphans {
        check_place(record, orphan, version)?;
        // Nothing but these is ever recorded, and they go by their uid alone.
        let is_dependent = orphan.is("", "Pod") || orphan.is("apps", "ControllerRevision");
        if !is_dependent || !id.is("apps", "StatefulSet") || orphan.namespace != id.namespace {
            return Err(format!("{orphan} is nothing that {id} leaves behind"));
        }
    }
    Ok(())
}

fn check_place(record: &Record, id: &ObjectId, version: &str) -> Result<(), String> {
    let words = [&*id.group, &*id.kind, version];
    let is_word =
        |word: &&str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    let parts = [Some(&*id.name), id.namespace.as_deref()];
    // As the server has it: a name is one segment of a path.
    let is_segment = |name: &str| {
        !matches!(name, "" | "." | "..")
            && !name.contains(['/', '%'])
            && !name.contains(char::is_control)
    };
    if !words.iter().all(is_word)
        || id.kind.is_empty()
        || !parts.into_iter().flatten().all(is_segment)
    {
        return Err("an object of its inventory has a name that cannot be one".to_owned());
    }
    let foreign = id.namespace.as_ref().filter(|namespace| **namespace != record.namespace);
    match (record.mode, foreign) {
        (NamespaceMode::Managed | NamespaceMode::Given, Some(_)) => {
            Err(format!("{id} of its inventory is in another namespace"))
        }
        (NamespaceMode::Own, Some(_)) | (_, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
