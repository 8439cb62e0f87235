//! Releases of an instance: who deployed what when, what was done to each object, and the objects
//! as they were sent.

use jiff::Timestamp;
use rusqlite::params;
use serde_json::Value;

use super::{
    Store,
    column::{Columns, Count, Json, Packed, Time, Word},
};
use crate::workload::{
    body::Body,
    error::{Code, Error, Result},
    evidence::Unready,
    history::{Deeds, images_of_set},
    instance::Observed,
    name::{DefinitionName, InstanceName},
    release::{Deed, Outcome, Release},
};

/// What [`read`] reads.
pub(super) const COLUMNS: &str = "
    release.id, release.number, deployer, release.started_at, ended_at, release.outcome,
    release.reason, release.definition, release.revision, release.digest, revision_created_at,
    returns_to, release.pinned, release.overrides";

/// Gives the query for the releases of instance `?1`, the newest first: [`COLUMNS`] and what was done.
pub(super) fn of_instance() -> String {
    format!(
        "SELECT {COLUMNS}, counts, images_changed
         FROM release JOIN instance ON instance.id = instance_id
         WHERE instance.name = ?1
         ORDER BY number DESC, started_at DESC, release.id DESC"
    )
}

/// Reads [`COLUMNS`].
pub(super) fn read(columns: &mut Columns<'_>) -> rusqlite::Result<Release> {
    let id = columns.read()?;
    let Count(number) = columns.read()?;
    let Json(deployer) = columns.read()?;
    let Time(started_at) = columns.read()?;
    let ended_at: Option<Time> = columns.read()?;
    let Word(outcome) = columns.read()?;
    let reason = columns.read()?;
    let Word(definition) = columns.read()?;
    let Count(revision) = columns.read()?;
    let digest = columns.read()?;
    let Time(revision_created_at) = columns.read()?;
    let returns_to: Option<Count> = columns.read()?;
    let pinned = columns.read()?;
    let Json(overrides) = columns.read()?;
    Ok(Release {
        id,
        number,
        deployer,
        started_at,
        ended_at: ended_at.map(|Time(at)| at),
        outcome,
        reason,
        definition,
        revision,
        digest,
        revision_created_at,
        returns_to: returns_to.map(|Count(number)| number),
        pinned,
        overrides,
    })
}

/// The end of a release.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End<'a> {
    pub outcome: Outcome,
    /// Why it did not end well, in one line.
    pub reason: Option<&'a str>,
    pub at: Timestamp,
    /// What was done to each object.
    pub deeds: &'a [Deed],
    /// What was not ready by then.
    pub unready: &'a [Unready],
}

impl Store {
    /// Adds a release that begins, with the objects that it sends. Earlier ones that are still in
    /// flight are dead, since one process at a time works on an instance: they count as
    /// interrupted from now on.
    ///
    /// # Errors
    /// `no-such-instance` (1), `too-deep` (2).
    pub(crate) fn begin_release(
        &mut self,
        instance: &InstanceName,
        release: &Release,
        rendered: &[Body],
    ) -> Result<()> {
        self.transaction(|store| {
            store.execute(
                "UPDATE release SET outcome = ?3
                 WHERE outcome = ?2 AND instance_id = (SELECT id FROM instance WHERE name = ?1)",
                params![Word(instance), Word(Outcome::InFlight), Word(Outcome::Interrupted)],
            )?;
            let images = images_of_set(rendered);
            let changed = store.images_changed(instance, &images)?;
            store.put_release(instance, release)?;
            store.execute(
                "UPDATE release SET rendered = ?3, images_changed = ?4
                 WHERE id = ?2 AND instance_id = (SELECT id FROM instance WHERE name = ?1)",
                params![Word(instance), release.id, Packed(rendered), changed.map(Json)],
            )?;
            store.put_sent_images(instance, &release.id, &images)
        })
    }

    /// Writes a release's end: its outcome, and what was done to each object.
    ///
    /// # Errors
    /// `no-such-release` (1).
    pub(crate) fn end_release(
        &mut self,
        instance: &InstanceName,
        id: &str,
        end: &End<'_>,
    ) -> Result<()> {
        let End { outcome, reason, at, deeds, unready } = *end;
        let changed = self.execute(
            "UPDATE release SET outcome = ?3, reason = ?4, ended_at = ?5, deeds = ?6, counts = ?7,
                                unready = ?8
             WHERE id = ?2 AND instance_id = (SELECT id FROM instance WHERE name = ?1)",
            params![
                Word(instance),
                id,
                Word(outcome),
                reason,
                Time(at),
                Packed(deeds),
                Json(Deeds::of(deeds)),
                (!unready.is_empty()).then_some(Packed(unready))
            ],
        )?;
        if changed == 0 { Err(no_such_release(instance, id)) } else { Ok(()) }
    }

    /// Forgets the releases of an instance that was deleted and is to be deployed anew, and notes that
    /// it is not deployed. A database that cannot be written is passed over.
    pub(crate) fn begin_anew(&mut self, instance: &InstanceName, seen: &Observed) -> Result<()> {
        if self.read_only {
            return Ok(());
        }
        self.transaction(|store| {
            store.execute(
                "DELETE FROM release
                 WHERE instance_id = (SELECT id FROM instance WHERE name = ?1)",
                params![Word(instance)],
            )?;
            store.set_observed(instance, seen)
        })
    }

    /// Lists the releases of an instance, the newest first.
    pub(crate) fn releases(&self, instance: &InstanceName) -> Result<Vec<Release>> {
        self.rows(&of_instance(), params![Word(instance)], |row| read(&mut Columns::of(row)))
    }

    /// Gives the newest release of an instance.
    pub(crate) fn latest_release(&self, instance: &InstanceName) -> Result<Option<Release>> {
        self.row(&format!("{} LIMIT 1", of_instance()), params![Word(instance)], |row| {
            read(&mut Columns::of(row))
        })
    }

    /// Gives the newest release that was begun with this database, and not taken in from a record.
    pub(crate) fn last_begun(&self, instance: &InstanceName) -> Result<Option<Release>> {
        for release in self.releases(instance)? {
            if self.is_begun_here(instance, &release)? {
                return Ok(Some(release));
            }
        }
        Ok(None)
    }

    /// Tells whether a content was given to this database or deployed with it, so that it need not
    /// be believed of a record.
    pub(crate) fn vouches_for(
        &self,
        instance: &InstanceName,
        definition: &DefinitionName,
        digest: &str,
    ) -> Result<bool> {
        if self.has_own_digest(definition, digest)? {
            return Ok(true);
        }
        for release in self.releases(instance)?.iter().filter(|release| release.digest == digest) {
            if self.is_begun_here(instance, release)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_begun_here(&self, instance: &InstanceName, release: &Release) -> Result<bool> {
        // Only a release that begins here has the objects that it sends.
        self.row(
            "SELECT rendered IS NOT NULL FROM release JOIN instance ON instance.id = instance_id
             WHERE name = ?1 AND release.id = ?2",
            params![Word(instance), release.id],
            |row| row.get(0),
        )
        .map(|found| found.unwrap_or(false))
    }

    /// Gives the number of the next release: one more than the highest that is known.
    pub(crate) fn next_release_number(&self, instance: &InstanceName) -> Result<u64> {
        Ok(self.latest_release(instance)?.map_or(0, |release| release.number) + 1)
    }

    /// Gives the objects that a release sent; none where only its record was taken in.
    ///
    /// # Errors
    /// `no-such-release` (1).
    pub(crate) fn rendered(&self, instance: &InstanceName, id: &str) -> Result<Option<Vec<Value>>> {
        let rendered: Option<Packed<_>> = self.packed("rendered", instance, id)?;
        Ok(rendered.map(|Packed(objects)| objects))
    }

    /// Gives what a release did to each object; empty where that is not known.
    ///
    /// # Errors
    /// `no-such-release` (1).
    pub(crate) fn deeds(&self, instance: &InstanceName, id: &str) -> Result<Vec<Deed>> {
        let deeds: Option<Packed<_>> = self.packed("deeds", instance, id)?;
        Ok(deeds.map_or_else(Vec::new, |Packed(deeds)| deeds))
    }

    /// Gives what was not ready when a release ended; empty where that is not known.
    ///
    /// # Errors
    /// `no-such-release` (1).
    pub(crate) fn unready(&self, instance: &InstanceName, id: &str) -> Result<Vec<Unready>> {
        let unready: Option<Packed<_>> = self.packed("unready", instance, id)?;
        Ok(unready.map_or_else(Vec::new, |Packed(unready)| unready))
    }

    fn packed<T: rusqlite::types::FromSql>(
        &self,
        column: &'static str,
        instance: &InstanceName,
        id: &str,
    ) -> Result<Option<T>> {
        self.row(
            &format!(
                "SELECT {column} FROM release JOIN instance ON instance.id = instance_id
                 WHERE name = ?1 AND release.id = ?2"
            ),
            params![Word(instance), id],
            |row| row.get(0),
        )?
        .ok_or_else(|| no_such_release(instance, id))
    }

    /// Adds a release, or brings one that is there up to date; its objects and deeds stay.
    pub(super) fn put_release(&self, instance: &InstanceName, release: &Release) -> Result<()> {
        if self.instance(instance)?.is_none() {
            return Err(self.no_such_instance(instance.as_str()));
        }
        let Release {
            id,
            number,
            deployer,
            started_at,
            ended_at,
            outcome,
            reason,
            definition,
            revision,
            digest,
            revision_created_at,
            returns_to,
            pinned,
            overrides,
        } = release;
        self.execute(
            "INSERT INTO release (instance_id, id, number, deployer, started_at, ended_at, outcome,
                                  definition, revision, digest, revision_created_at, overrides,
                                  reason, returns_to, pinned)
             VALUES ((SELECT id FROM instance WHERE name = ?1),
                     ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT (instance_id, id) DO UPDATE SET
                 number = excluded.number, deployer = excluded.deployer,
                 started_at = excluded.started_at, ended_at = excluded.ended_at,
                 outcome = excluded.outcome, reason = coalesce(excluded.reason, reason),
                 definition = excluded.definition,
                 revision = excluded.revision,
                 revision_created_at = excluded.revision_created_at,
                 returns_to = excluded.returns_to, pinned = excluded.pinned,
                 -- What was begun here nobody else changes: a record may claim its id.
                 digest = iif(rendered IS NULL, excluded.digest, digest),
                 overrides = iif(rendered IS NULL, excluded.overrides, overrides)",
            params![
                Word(instance),
                id,
                Count(*number),
                Json(deployer),
                Time(*started_at),
                ended_at.map(Time),
                Word(outcome),
                Word(definition),
                Count(*revision),
                digest,
                Time(*revision_created_at),
                Json(overrides),
                reason,
                returns_to.map(Count),
                pinned,
            ],
        )
        .map(drop)
    }
}

fn no_such_release(instance: &InstanceName, id: &str) -> Error {
    Error::failed(Code::NoSuchRelease, format!("`{instance}` has no release {id} here"))
}
