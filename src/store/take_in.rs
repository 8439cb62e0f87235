//! What a cluster's record tells, followed by the database.
//!
//! Releases are matched by their ids, never by number. A revision comes for the instance alone:
//! another person's never moves the instances here.

use rusqlite::params;

use super::{
    Store,
    column::{Count, Json, Time, Word},
};
use crate::workload::{
    definition::{Content, Revision},
    error::Result,
    instance::Instance,
    name::InstanceName,
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
            store.forget_former_life(&instance.name, releases)?;
            releases.iter().try_for_each(|release| store.put_release(&instance.name, release))
        })
    }

    /// Forgets the releases of an instance that somebody deleted and made anew: numbers only grow in one
    /// life, and end with it (docs/cli.md, Delete).
    fn forget_former_life(&mut self, name: &InstanceName, releases: &[Release]) -> Result<()> {
        let Some(newest) = releases.iter().max_by_key(|release| release.number) else {
            return Ok(());
        };
        let ids: Vec<&str> = releases.iter().map(|release| &*release.id).collect();
        let (number, started_at) = (Count(newest.number), Time(newest.started_at));
        let former = "instance_id = (SELECT id FROM instance WHERE name = ?1) AND started_at < ?2
                      AND id NOT IN (SELECT value FROM json_each(?3))";
        let is_older = self.row(
            &format!("SELECT 1 FROM release WHERE {former} AND number >= ?4 LIMIT 1"),
            params![Word(name), started_at, Json(&ids), number],
            |_| Ok(()),
        )?;
        if is_older.is_some() {
            self.execute(
                &format!("DELETE FROM release WHERE {former}"),
                params![Word(name), Time(newest.started_at), Json(&ids)],
            )?;
        }
        Ok(())
    }
}
