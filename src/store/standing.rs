//! Where instances stand: each beside its newest release and the revision that a deploy would bring.
//! However many they are, few queries tell it.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::{
    InstanceFilter, Store,
    column::{Columns, Count, Time, Word},
    instances, releases,
};
use crate::workload::{
    error::Result,
    instance::{Instance, Status},
    release::{Outcome, Release},
};

/// An instance and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    pub(crate) instance: Instance,
    pub(crate) release: Option<Release>,
    /// The revision that a deploy would bring.
    pub(crate) newest: Option<Newest>,
}

/// The same as far as a list shows it, as it stands in a row: what a list of ten thousand need not read,
/// it does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outline<'r> {
    pub(crate) name: &'r str,
    pub(crate) definition: &'r str,
    pub(crate) runtime: &'r str,
    pub(crate) namespace: Option<&'r str>,
    /// The status that was seen last.
    pub(crate) status: Option<Status>,
    pub(crate) release: Option<OutlinedRelease>,
    /// When the release began; without one when the instance was made.
    pub(crate) since: Timestamp,
    /// The number of the revision that a deploy would bring.
    pub(crate) newest: Option<u64>,
}

/// The newest release in an outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutlinedRelease {
    pub(crate) number: u64,
    pub(crate) revision: u64,
    pub(crate) pinned: bool,
    /// Whether it has begun and not ended, and no status was seen since.
    pub(crate) is_unseen: bool,
}

/// The newest revision, as [`Store::newest_revision`] finds it for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Newest {
    pub(crate) number: u64,
    pub(crate) digest: String,
}

const WANTED: &str = "
    WHERE (?1 IS NULL OR definition.name = ?1) AND (?2 IS NULL OR runtime = ?2)
    ORDER BY instance.name";

impl Store {
    /// Tells where instances stand, by name.
    pub(crate) fn standings(&self, filter: &InstanceFilter<'_>) -> Result<Vec<Standing>> {
        let newest = self.newest_revisions()?;
        let columns = [instances::COLUMNS, releases::COLUMNS].join(", ");
        self.rows(
            &format!(
                "SELECT instance.id, definition_id, {columns}
                 FROM instance JOIN definition ON definition.id = definition_id
                 LEFT JOIN newest_release ON newest_release.instance_id = instance.id
                 LEFT JOIN release ON release.instance_id = instance.id
                                  AND release.id = newest_release.id {WANTED}"
            ),
            params![filter.definition.map(Word), filter.runtime],
            |row| {
                let mut columns = Columns::of(row);
                let newest = newest.of(columns.read()?, columns.read()?).cloned();
                let instance = instances::read(&mut columns)?;
                let release = match columns.is_null()? {
                    true => None,
                    false => Some(releases::read(&mut columns)?),
                };
                Ok(Standing { instance, release, newest })
            },
        )
    }

    /// Hands over the same as far as a list shows it, one after the other.
    pub(crate) fn outline(
        &self,
        filter: &InstanceFilter<'_>,
        mut take: impl FnMut(Outline<'_>),
    ) -> Result<()> {
        let newest = self.newest_revisions()?;
        self.rows(
            &format!(
                "SELECT instance.id, definition_id, instance.name, definition.name, runtime,
                        namespace, status, ifnull(started_at, instance.created_at),
                        outcome = ?3 AND ifnull(status_at <= started_at, 1),
                        number, revision, pinned
                 FROM instance JOIN definition ON definition.id = definition_id
                 LEFT JOIN newest_release ON newest_release.instance_id = instance.id {WANTED}"
            ),
            params![filter.definition.map(Word), filter.runtime, Word(Outcome::InFlight)],
            |row| read_outline(row, &newest).map(&mut take),
        )
        .map(drop)
    }

    /// Finds the newest revision for every instance.
    fn newest_revisions(&self) -> Result<NewestRevisions> {
        let mut newest = NewestRevisions::default();
        // Those of the definitions' own, whose contents are large: no more than one row of each.
        let own = self.rows(
            "SELECT definition.id, number, digest, revision.created_at
             FROM definition JOIN revision ON revision.id = (
                 SELECT id FROM revision
                 WHERE definition_id = definition.id AND only_for IS NULL
                 ORDER BY created_at DESC, number DESC LIMIT 1)",
            [],
            |row| Ok((row.get(0)?, Dated::read(row, 1)?)),
        )?;
        newest.own = own.into_iter().collect();
        // Those that records brought, the newest first, each for one instance.
        let taken_in = self.rows(
            "SELECT definition_id, only_for, number, digest, created_at
             FROM revision WHERE only_for IS NOT NULL
             ORDER BY created_at DESC, number DESC",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, Dated::read(row, 2)?)),
        )?;
        for (definition, instance, revision) in taken_in {
            newest.of_any.entry(definition).or_insert_with(|| revision.newest.clone());
            newest.taken_in.entry((definition, instance)).or_insert(revision);
        }
        Ok(newest)
    }
}

/// The newest revisions by who goes by them; the ids are those of the rows.
#[derive(Default)]
struct NewestRevisions {
    own: HashMap<i64, Dated>,
    /// By definition and instance.
    taken_in: HashMap<(i64, i64), Dated>,
    of_any: HashMap<i64, Newest>,
}

impl NewestRevisions {
    fn of(&self, instance: i64, definition: i64) -> Option<&Newest> {
        let own = self.own.get(&definition);
        let taken_in = self.taken_in.get(&(definition, instance));
        match (own, taken_in) {
            // Of two equally old ones the own.
            (Some(own), Some(taken_in)) if taken_in.at > own.at => Some(&taken_in.newest),
            (Some(found), _) | (None, Some(found)) => Some(&found.newest),
            (None, None) => self.of_any.get(&definition),
        }
    }
}

/// A revision and when it was made, as text that sorts.
struct Dated {
    newest: Newest,
    at: String,
}

impl Dated {
    fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Self> {
        let Count(number) = row.get(from)?;
        Ok(Self { newest: Newest { number, digest: row.get(from + 1)? }, at: row.get(from + 2)? })
    }
}

fn read_outline<'r>(row: &'r Row<'_>, newest: &NewestRevisions) -> rusqlite::Result<Outline<'r>> {
    let mut columns = Columns::of(row);
    let newest = newest.of(columns.read()?, columns.read()?).map(|newest| newest.number);
    let name = columns.text()?;
    let definition = columns.text()?;
    let runtime = columns.text()?;
    let namespace = columns.text_or_null()?;
    let status: Option<Word<Status>> = columns.read()?;
    let Time(since) = columns.read()?;
    let is_unseen: Option<bool> = columns.read()?;
    let release = match is_unseen {
        Some(is_unseen) => Some(read_release(&mut columns, is_unseen)?),
        None => None,
    };
    let status = status.map(|Word(status)| status);
    Ok(Outline { name, definition, runtime, namespace, status, release, since, newest })
}

fn read_release(columns: &mut Columns<'_>, is_unseen: bool) -> rusqlite::Result<OutlinedRelease> {
    let Count(number) = columns.read()?;
    let Count(revision) = columns.read()?;
    Ok(OutlinedRelease { number, revision, pinned: columns.read()?, is_unseen })
}
