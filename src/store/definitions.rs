//! Definitions and their revisions.
//!
//! A definition's own revisions are numbered without gaps in meaning: the newest by creation time
//! has the highest number. A revision taken in from a cluster's record is there for one instance
//! alone (`only_for`), until that instance's user applies the same content himself.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::{
    InstanceFilter, Store,
    column::{Count, Packed, Time, Word},
};
use crate::workload::{
    definition::{Content, Revision},
    error::{Error, Result},
    instance::Instance,
    name::{DefinitionName, InstanceName, nearest},
};

/// A definition with its newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionRow {
    /// The name.
    pub name: DefinitionName,
    /// The newest revision; one taken in from a cluster only where there is no own.
    pub newest: Revision,
    /// How many instances there are of it.
    pub instances: usize,
    /// When it was first applied or taken in here.
    pub created_at: Timestamp,
    /// When its newest own revision was made here.
    pub updated_at: Timestamp,
}

/// What [`Store::apply_definition`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The revision that holds the content.
    pub revision: Revision,
    /// Whether the revision was made now; otherwise nothing had changed.
    pub fresh: bool,
    /// Whether the definition was made now.
    pub first: bool,
}

/// The row id of a revision.
#[derive(Debug, Clone, Copy)]
struct RevisionId(i64);

/// A revision as it lies in the table.
struct Kept {
    id: RevisionId,
    revision: Revision,
    taken_in: bool,
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
const GONE_BY: &str = "AND (only_for IS NULL OR instance.name = ?2)";
/// The newest comes first; of two equally old ones the own.
const NEWEST_FIRST: &str = "ORDER BY revision.created_at DESC, only_for IS NULL DESC, number DESC";

impl Store {
    /// Records a definition's content: as its first revision, as the next one where the digest
    /// differs from the newest, else not at all. With `instance` the newest is that of the
    /// instance, so that what was given is what [`Store::newest_revision`] then gives it; where
    /// the newest was taken in from the cluster with this digest, it becomes the definition's own.
    ///
    /// # Errors
    /// Those of the database; `too-deep` for objects that could not be read back.
    pub fn apply_definition(
        &mut self,
        name: &DefinitionName,
        content: &Content,
        source: &str,
        instance: Option<&InstanceName>,
        now: Timestamp,
    ) -> Result<Applied> {
        let digest = content.digest();
        self.transaction(|store| {
            let first = store.ensure_definition(name, now)?;
            let newest = store.newest_kept(name, instance)?;
            match newest {
                Some(kept) if kept.revision.digest == digest => {
                    let revision = if kept.taken_in {
                        store.make_own(&kept)?;
                        store.put_content(kept.id, source, content)?;
                        Revision { source: source.to_owned(), ..kept.revision }
                    } else {
                        kept.revision
                    };
                    Ok(Applied { revision, fresh: false, first })
                }
                newest => {
                    let newest = newest.map(|kept| kept.revision);
                    let revision = Revision {
                        definition: name.clone(),
                        number: store.next_number(name)?,
                        digest,
                        created_at: after(newest.as_ref(), now),
                        object_count: content.objects.len(),
                        source: source.to_owned(),
                    };
                    store.insert_revision(&revision, None, content)?;
                    store.touch_definition(name, now)?;
                    Ok(Applied { revision, fresh: true, first })
                }
            }
        })
    }

    /// Lists the definitions by name.
    ///
    /// # Errors
    /// Those of the database.
    pub fn definitions(&self) -> Result<Vec<DefinitionRow>> {
        let names = self.definition_names()?;
        let rows = names.iter().map(|name| self.definition(name));
        rows.filter_map(Result::transpose).collect()
    }

    /// Looks up a definition.
    ///
    /// # Errors
    /// Those of the database.
    pub fn definition(&self, name: &DefinitionName) -> Result<Option<DefinitionRow>> {
        let Some(newest) = self.newest_revision(name, None)? else { return Ok(None) };
        self.row(
            "SELECT created_at, updated_at,
                    (SELECT count(*) FROM instance WHERE definition_id = definition.id) AS instances
             FROM definition WHERE name = ?1",
            params![Word(name)],
            |row| {
                let Time(created_at) = row.get("created_at")?;
                let Time(updated_at) = row.get("updated_at")?;
                let Count(instances) = row.get("instances")?;
                let instances = usize::try_from(instances).unwrap_or(usize::MAX);
                Ok(DefinitionRow { name: name.clone(), newest, instances, created_at, updated_at })
            },
        )
    }

    /// Lists a definition's own revisions, the newest first, and with `instance` those that were
    /// taken in for it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn revisions(
        &self,
        name: &DefinitionName,
        instance: Option<&InstanceName>,
    ) -> Result<Vec<Revision>> {
        self.rows(
            &format!("{KEPT} {GONE_BY} {NEWEST_FIRST}"),
            params![Word(name), instance.map(Word)],
            |row| Kept::read(row).map(|kept| kept.revision),
        )
    }

    /// Gives the revision that a deploy of `instance` (or of a new one) brings: the newest by
    /// creation time of the definition's own and of those taken in for that instance. Where there
    /// is none of either, the newest that any other instance's record brought.
    ///
    /// # Errors
    /// Those of the database.
    pub fn newest_revision(
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
    ///
    /// # Errors
    /// Those of the database.
    pub fn revision_by_digest(
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

    /// Reads the content of a revision. Objects are those of its digest; the texts are its own
    /// where they are known.
    ///
    /// # Errors
    /// `no-such-revision`, and those of the database.
    pub fn content(&self, revision: &Revision) -> Result<Content> {
        let Revision { definition, number, digest, created_at, .. } = revision;
        self.row(
            "SELECT content FROM revision JOIN definition ON definition.id = definition_id
             WHERE name = ?1 AND digest = ?2
             ORDER BY revision.created_at = ?3 DESC, only_for IS NULL DESC, number DESC LIMIT 1",
            params![Word(definition), digest, Time(*created_at)],
            |row| row.get(0).map(|Packed(content)| content),
        )?
        .ok_or_else(|| {
            Error::failed("no-such-revision", format!("{definition} has no revision {number} here"))
        })
    }

    /// Deletes a definition with its revisions.
    ///
    /// # Errors
    /// Those of [`Store::deletable_definition`].
    pub fn delete_definition(&mut self, name: &DefinitionName) -> Result<()> {
        self.transaction(|store| {
            store.deletable_definition(name)?;
            store.execute("DELETE FROM definition WHERE name = ?1", params![Word(name)]).map(drop)
        })
    }

    /// Looks up a definition that may be deleted; for a question before it is.
    ///
    /// # Errors
    /// `no-such-definition` (1); `definition-in-use` (5), naming its instances.
    pub fn deletable_definition(&self, name: &DefinitionName) -> Result<DefinitionRow> {
        let Some(row) = self.definition(name)? else {
            return Err(self.no_such_definition(name.as_str()));
        };
        let filter = InstanceFilter { definition: Some(name), runtime: None };
        let instances = self.instances(&filter)?;
        if instances.is_empty() { Ok(row) } else { Err(in_use(name, &instances)) }
    }

    /// Makes the error for a definition that is not here, with the nearest name.
    pub fn no_such_definition(&self, name: &str) -> Error {
        let error = Error::failed("no-such-definition", format!("there is no definition `{name}`"));
        match self.definition_names() {
            Err(failure) => failure,
            Ok(names) => match nearest(name, names.iter().map(DefinitionName::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`workloadctl definition list` shows what there is"),
            },
        }
    }

    pub(super) fn definition_names(&self) -> Result<Vec<DefinitionName>> {
        self.rows("SELECT name FROM definition ORDER BY name", [], |row| {
            row.get(0).map(|Word(name)| name)
        })
    }

    /// Makes the definition unless it is there; tells whether it did.
    pub(super) fn ensure_definition(&self, name: &DefinitionName, at: Timestamp) -> Result<bool> {
        let made = self.execute(
            "INSERT INTO definition (name, created_at, updated_at) VALUES (?1, ?2, ?2)
             ON CONFLICT (name) DO NOTHING",
            params![Word(name), Time(at)],
        )?;
        Ok(made == 1)
    }

    fn touch_definition(&self, name: &DefinitionName, at: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE definition SET updated_at = ?2 WHERE name = ?1",
            params![Word(name), Time(at)],
        )
        .map(drop)
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

    /// Tells whether a revision is one of the definition's own.
    pub(super) fn is_own(&self, revision: &Revision) -> Result<bool> {
        let Revision { definition, digest, created_at, .. } = revision;
        self.row(
            "SELECT 1 FROM revision JOIN definition ON definition.id = definition_id
             WHERE name = ?1 AND only_for IS NULL AND digest = ?2 AND revision.created_at = ?3",
            params![Word(definition), digest, Time(*created_at)],
            |_| Ok(()),
        )
        .map(|found| found.is_some())
    }

    /// Gives a definition that has no revision of its own the newest one that was taken in.
    pub(super) fn own_the_newest(&self, name: &DefinitionName) -> Result<()> {
        match (self.newest_kept(name, None)?, self.newest_of_any(name)?) {
            (None, Some(kept)) => self.make_own(&kept),
            _ => Ok(()),
        }
    }

    fn make_own(&self, kept: &Kept) -> Result<()> {
        let Revision { definition, number, .. } = &kept.revision;
        let taken = self.revisions(definition, None)?.iter().any(|own| own.number == *number);
        let number = if taken { self.next_number(definition)? } else { *number };
        self.execute(
            "UPDATE revision SET only_for = NULL, number = ?2 WHERE id = ?1",
            params![kept.id.0, Count(number)],
        )
        .map(drop)
    }

    fn put_content(&self, id: RevisionId, source: &str, content: &Content) -> Result<()> {
        self.execute(
            "UPDATE revision SET source = ?2, content = ?3 WHERE id = ?1",
            params![id.0, source, Packed(content)],
        )
        .map(drop)
    }

    fn newest_kept(
        &self,
        name: &DefinitionName,
        instance: Option<&InstanceName>,
    ) -> Result<Option<Kept>> {
        self.row(
            &format!("{KEPT} {GONE_BY} {NEWEST_FIRST} LIMIT 1"),
            params![Word(name), instance.map(Word)],
            Kept::read,
        )
    }

    fn newest_of_any(&self, name: &DefinitionName) -> Result<Option<Kept>> {
        self.row(&format!("{KEPT} {NEWEST_FIRST} LIMIT 1"), params![Word(name)], Kept::read)
    }

    /// Gives the number after the highest that is known, be it only from a cluster's record.
    fn next_number(&self, name: &DefinitionName) -> Result<u64> {
        let highest = self.row(
            "SELECT coalesce(max(number), 0) FROM revision
             JOIN definition ON definition.id = definition_id WHERE name = ?1",
            params![Word(name)],
            |row| row.get(0).map(|Count(number)| number),
        )?;
        Ok(highest.unwrap_or(0) + 1)
    }
}

/// Gives a time that is later than the newest revision's, even where that came from a clock that
/// is ahead of ours.
fn after(newest: Option<&Revision>, now: Timestamp) -> Timestamp {
    let instant = jiff::SignedDuration::from_nanos(1);
    newest.map_or(now, |newest| {
        now.max(newest.created_at.checked_add(instant).unwrap_or(Timestamp::MAX))
    })
}

fn in_use(name: &DefinitionName, instances: &[Instance]) -> Error {
    let names: Vec<&str> = instances.iter().map(|instance| instance.name.as_str()).collect();
    let (count, noun) = (names.len(), if names.len() == 1 { "instance" } else { "instances" });
    Error::refused(
        "definition-in-use",
        format!("definition `{name}` has {count} {noun}: {}", names.join(", ")),
    )
    .hint(format!("`workloadctl delete {}` removes them first", names.join(" ")))
}
