//! What a cluster's record tells, followed by the database.
//!
//! Releases are matched by their ids, never by number. A revision comes for the instance alone:
//! another person's never moves the instances here.

use super::Store;
use crate::workload::{
    definition::{Content, Revision},
    error::Result,
    instance::Instance,
    release::Release,
};

impl Store {
    /// Follows a record: the instance (made or overwritten), the revisions of its releases, and
    /// the releases themselves, all or none. Of an instance that is here, when it was made is
    /// kept, and so is the status last seen where `instance` has none. A database that cannot be
    /// written is passed over.
    pub(crate) fn take_in(
        &mut self,
        instance: &Instance,
        revisions: &[(Revision, Content)],
        releases: &[Release],
    ) -> Result<()> {
        if self.read_only {
            return Ok(());
        }
        self.transaction(|store| {
            let here = store.instance(&instance.name)?;
            let mut instance = instance.clone();
            instance.observed = instance.observed.or(here.and_then(|here| here.observed));

            store.ensure_definition(&instance.definition, instance.created_at)?;
            store.put_instance(&instance)?;
            for (revision, content) in revisions {
                store.ensure_definition(&revision.definition, revision.created_at)?;
                if !store.has_own(revision)? {
                    store.insert_revision(revision, Some(&instance.name), content)?;
                }
            }
            store.own_one_for(&instance.definition, Some(&instance.name))?;
            releases.iter().try_for_each(|release| store.put_release(&instance.name, release))
        })
    }
}
