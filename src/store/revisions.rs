//! Revisions of definitions.
//!
//! The newest of a definition's own by creation time has the highest number. A revision taken in
//! from a cluster's record is there for one instance alone (`only_for`), until that instance's
//! user applies the same content himself.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row, params};

use super::{
    Store,
    column::{Count, Packed, Time, Word},
};
use crate::workload::{
    definition::{Content, Revision},
    error::{Code, Error, Result},
    name::{DefinitionName, InstanceName},
    object::Object,
    release::Release,
};

/// The row id of a revision.
#[derive(Debug, Clone, Copy)]
pub(super) struct RevisionId(i64);

/// A revision as it lies in the table.
pub(super) struct Kept {
    pub(super) id: RevisionId,
    pub(super) revision: Revision,
    /// Whether it came from a cluster's record, for one instance alone.
    pub(super) taken_in: bool,
}

impl Kept {
    /// Reads the columns of [`KEPT`].
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let Word(definition) = row.get("definition")?;
        let Count(number) = row.get("number")?;
        let Time(created_at) = row.get("created_at")?;
        let Count(object_count) = row.get("object_count")?;
        Ok(Self {
            id: RevisionId(row.get("id")?),
            revision: Revision {
                definition,
                number,
                digest: row.get("digest")?,
                created_at,
                object_count: usize::try_from(object_count).unwrap_or(usize::MAX),
                source: row.get("source")?,
            },
            taken_in: row.get("taken_in")?,
        })
    }
}

/// Revisions of definition `?1`.
const KEPT: &str = "
    SELECT revision.id, definition.name AS definition, number, digest, revision.created_at,
           object_count, source, only_for IS NOT NULL AS taken_in
    FROM revision
    JOIN definition ON definition.id = revision.definition_id
    LEFT JOIN instance ON instance.id = revision.only_for
    WHERE definition.name = ?1";
/// Those that instance `?2` (or, without one, everybody) goes by.
const VISIBLE: &str = "AND (only_for IS NULL OR instance.name = ?2)";
/// The newest comes first; of two equally old ones the own.
const NEWEST_FIRST: &str = "ORDER BY revision.created_at DESC, only_for IS NULL DESC, number DESC";

impl Store {
    /// Lists a definition's own revisions, the newest first, and with `instance` those that were
    /// taken in for it.
    pub(crate) fn revisions(
        &self,
        name: &DefinitionName,
        instance: Option<&InstanceName>,
    ) -> Result<Vec<Revision>> {
        self.rows(
            &format!("{KEPT} {VISIBLE} {NEWEST_FIRST}"),
            params![Word(name), instance.map(Word)],
            |row| Kept::read(row).map(|kept| kept.revision),
        )
    }

    /// Gives the revision that a deploy of `instance` (or of a new one) brings: the newest by
    /// creation time of the definition's own and of those taken in for that instance. Where there
    /// is none of either, the newest that any other instance's record brought.
    pub(crate) fn newest_revision(
        &self,
        name: &DefinitionName,
        instance: Option<&InstanceName>,
    ) -> Result<Option<Revision>> {
        match self.newest_kept(name, instance)? {
            Some(kept) => Ok(Some(kept.revision)),
            None => Ok(self.newest_of_any(name)?.map(|kept| kept.revision)),
        }
    }

    /// Finds the newest revision with a digest, whoever it is for.
    pub(crate) fn revision_by_digest(
        &self,
        name: &DefinitionName,
        digest: &str,
    ) -> Result<Option<Revision>> {
        self.row(
            &format!("{KEPT} AND digest = ?2 {NEWEST_FIRST} LIMIT 1"),
            params![Word(name), digest],
            |row| Kept::read(row).map(|kept| kept.revision),
        )
    }

    /// Tells whether a definition has a revision of its own with a digest.
    pub(super) fn has_own_digest(&self, name: &DefinitionName, digest: &str) -> Result<bool> {
        self.row(
            &format!("{KEPT} AND digest = ?2 AND only_for IS NULL LIMIT 1"),
            params![Word(name), digest],
            |_| Ok(()),
        )
        .map(|found| found.is_some())
    }

    /// Gives the objects of a release's digest where a revision here has them.
    pub(crate) fn known_objects(&self, release: &Release) -> Option<Vec<Object>> {
        // A database that fails says so where it is needed; the record has to prove itself then.
        let revision = self.revision_by_digest(&release.definition, &release.digest).ok()??;
        self.content(&revision).ok().map(|content| content.objects)
    }

    /// Reads the content of a revision. Objects are those of its digest; the texts are its own
    /// where they are known.
    ///
    /// # Errors
    /// `no-such-revision`, and those of the database.
    pub(crate) fn content(&self, revision: &Revision) -> Result<Content> {
        let Revision { definition, number, digest, created_at, .. } = revision;
        self.row(
            "SELECT content FROM revision JOIN definition ON definition.id = definition_id
             WHERE name = ?1 AND digest = ?2
             ORDER BY revision.created_at = ?3 DESC, only_for IS NULL DESC, number DESC LIMIT 1",
            params![Word(definition), digest, Time(*created_at)],
            |row| row.get(0).map(|Packed(content)| content),
        )?
        .ok_or_else(|| {
            Error::failed(
                Code::NoSuchRevision,
                format!("{definition} has no revision {number} here"),
            )
        })
    }

    /// Adds a revision, as an own one or for one instance alone. One that was taken in before
    /// stays as it is.
    pub(super) fn insert_revision(
        &self,
        revision: &Revision,
        only_for: Option<&InstanceName>,
        content: &Content,
    ) -> Result<()> {
        let Revision { definition, number, digest, created_at, object_count, source } = revision;
        self.execute(
            "INSERT INTO revision (definition_id, only_for, number, digest, created_at,
                                   object_count, source, content)
             VALUES ((SELECT id FROM definition WHERE name = ?1),
                     (SELECT id FROM instance WHERE name = ?2), ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (only_for, digest, created_at) WHERE only_for IS NOT NULL DO NOTHING",
            params![
                Word(definition),
                only_for.map(Word),
                Count(*number),
                digest,
                Time(*created_at),
                Count(*object_count as u64),
                source,
                Packed(content),
            ],
        )
        .map(drop)
    }

    /// Tells whether the definition has this content of its own, made then or later.
    pub(super) fn has_own(&self, revision: &Revision) -> Result<bool> {
        let Revision { definition, digest, created_at, .. } = revision;
        self.row(
            "SELECT 1 FROM revision JOIN definition ON definition.id = definition_id
             WHERE name = ?1 AND only_for IS NULL AND digest = ?2 AND revision.created_at >= ?3",
            params![Word(definition), digest, Time(*created_at)],
            |_| Ok(()),
        )
        .map(|found| found.is_some())
    }

    /// Sees to it that an instance has a revision that it goes by: where its definition is known
    /// from other instances' records alone, the newest of theirs becomes the definition's own.
    pub(super) fn own_one_for(
        &self,
        name: &DefinitionName,
        instance: Option<&InstanceName>,
    ) -> Result<()> {
        if self.newest_kept(name, instance)?.is_some() {
            return Ok(());
        }
        let Some(kept) = self.newest_of_any(name)? else { return Ok(()) };
        let (id, source) = (kept.id, kept.revision.source.clone());
        let revision = self.as_own(kept, &source)?;
        self.make_own(id, &revision, None)
    }

    /// Gives what a revision becomes as the definition's own: what was taken in has this source
    /// and a number that is not taken.
    pub(super) fn as_own(&self, kept: Kept, source: &str) -> Result<Revision> {
        let Kept { id: _, revision, taken_in } = kept;
        if !taken_in {
            return Ok(revision);
        }
        let number = self.free_number(&revision.definition, revision.number)?;
        Ok(Revision { number, source: source.to_owned(), ..revision })
    }

    /// Makes a revision that was taken in the definition's own, as [`Store::as_own`] gives it,
    /// with the content as it was given here.
    pub(super) fn make_own(
        &self,
        id: RevisionId,
        revision: &Revision,
        content: Option<&Content>,
    ) -> Result<()> {
        let Revision { number, source, .. } = revision;
        self.execute(
            "UPDATE revision SET only_for = NULL, number = ?2, source = ?3,
                    content = coalesce(?4, content)
             WHERE id = ?1",
            params![id.0, Count(*number), source, content.map(Packed)],
        )
        .map(drop)
    }

    pub(super) fn newest_kept(
        &self,
        name: &DefinitionName,
        instance: Option<&InstanceName>,
    ) -> Result<Option<Kept>> {
        self.row(
            &format!("{KEPT} {VISIBLE} {NEWEST_FIRST} LIMIT 1"),
            params![Word(name), instance.map(Word)],
            Kept::read,
        )
    }

    fn newest_of_any(&self, name: &DefinitionName) -> Result<Option<Kept>> {
        self.row(&format!("{KEPT} {NEWEST_FIRST} LIMIT 1"), params![Word(name)], Kept::read)
    }

    /// Gives the number after the highest that is known, be it only from a cluster's record.
    pub(super) fn next_number(&self, name: &DefinitionName) -> Result<u64> {
        let highest = self.row(
            "SELECT coalesce(max(number), 0) FROM revision
             JOIN definition ON definition.id = definition_id WHERE name = ?1",
            params![Word(name)],
            |row| row.get(0).map(|Count(number)| number),
        )?;
        Ok(highest.unwrap_or(0) + 1)
    }

    /// Gives a number, or the next one where an own revision has it.
    pub(super) fn free_number(&self, name: &DefinitionName, number: u64) -> Result<u64> {
        let taken = self.revisions(name, None)?.iter().any(|own| own.number == number);
        if taken { self.next_number(name) } else { Ok(number) }
    }

    /// Gives a time after that of every revision known, even of one from a clock that is ahead of
    /// ours.
    pub(super) fn later_than_all(&self, name: &DefinitionName, at: Timestamp) -> Result<Timestamp> {
        let instant = SignedDuration::from_nanos(1);
        Ok(self.newest_of_any(name)?.map_or(at, |kept| {
            at.max(kept.revision.created_at.checked_add(instant).unwrap_or(Timestamp::MAX))
        }))
    }
}
