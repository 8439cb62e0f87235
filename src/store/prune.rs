//! Removing what is too old to be needed: releases, and revisions that none of the others is of.
//!
//! Of an instance stay the newest releases, those in flight, the two that went well last (a rollback
//! goes to one of them), and the last one that began here. Of a definition stay the newest of its
//! own revisions, what an instance would deploy next, and every revision of a release that stays.

use std::collections::BTreeSet;

use rusqlite::params;

use super::{
    InstanceFilter, Store,
    column::{Count, Word},
};
use crate::workload::{
    error::Result,
    name::{DefinitionName, InstanceName},
    release::{Outcome, Release},
};

/// What is removed, or was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pruned {
    pub(crate) releases: usize,
    pub(crate) revisions: usize,
}

/// What may go.
#[derive(Default)]
struct Surplus {
    releases: Vec<(InstanceName, String)>,
    revisions: Vec<i64>,
}

/// A revision with what decides whether it stays.
struct Row {
    id: i64,
    definition: DefinitionName,
    number: u64,
    digest: String,
    only_for: Option<InstanceName>,
}

impl Store {
    /// Counts what [`Store::prune`] would remove.
    pub(crate) fn prunable(&self, keep: usize) -> Result<Pruned> {
        let Surplus { releases, revisions } = self.surplus(keep)?;
        Ok(Pruned { releases: releases.len(), revisions: revisions.len() })
    }

    /// Removes what is surplus where `keep` releases of each instance and `keep` revisions of each
    /// definition are to stay; `keep` is at least 1.
    pub(crate) fn prune(&mut self, keep: usize) -> Result<Pruned> {
        self.transaction(|store| {
            // Looked for again: another process may have begun a release meanwhile.
            let Surplus { releases, revisions } = store.surplus(keep)?;
            for (instance, id) in &releases {
                store.execute(
                    "DELETE FROM release
                     WHERE id = ?2 AND instance_id = (SELECT id FROM instance WHERE name = ?1)",
                    params![Word(instance), id],
                )?;
            }
            for id in &revisions {
                store.execute("DELETE FROM revision WHERE id = ?1", [id])?;
            }
            Ok(Pruned { releases: releases.len(), revisions: revisions.len() })
        })
    }

    /// Gives the space of what was removed back to the file system; gives how many bytes.
    ///
    /// # Errors
    /// `database-locked` (6) while another process writes.
    pub(crate) fn compact(&mut self) -> Result<u64> {
        let before = self.bytes()?;
        self.batch("VACUUM")?;
        // The new pages are in the log until it is written back; where a reader still needs the old
        // ones, the next command does it.
        self.batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(before.saturating_sub(self.bytes()?))
    }

    fn surplus(&self, keep: usize) -> Result<Surplus> {
        let mut surplus = Surplus::default();
        let mut needed = BTreeSet::new();
        for instance in self.instances(&InstanceFilter::default())? {
            let releases = self.releases(&instance.name)?;
            let begun_here = self.last_begun(&instance.name)?.map(|release| release.id);
            let mut stays = stays(&releases, keep);
            stays.extend(begun_here);
            for release in releases {
                if stays.contains(&release.id) {
                    needed.insert((release.definition, release.digest));
                } else {
                    surplus.releases.push((instance.name.clone(), release.id));
                }
            }
        }
        for rows in self.rows_by_definition()? {
            let highest = rows.iter().map(|row| row.number).max();
            let own = rows.iter().filter(|row| row.only_for.is_none()).take(keep);
            let own: BTreeSet<i64> = own.map(|row| row.id).collect();
            let gone = rows.iter().enumerate().filter(|(at, row)| {
                // Numbers go on from the highest, which no other revision may ever have.
                let is_highest = Some(row.number) == highest;
                let is_needed = needed.contains(&(row.definition.clone(), row.digest.clone()));
                !(is_highest || is_needed || own.contains(&row.id) || is_next(&rows[..*at], row))
            });
            surplus.revisions.extend(gone.map(|(_, row)| row.id));
        }
        Ok(surplus)
    }

    /// Reads the revisions of each definition, the newest first.
    fn rows_by_definition(&self) -> Result<Vec<Vec<Row>>> {
        let rows = self.rows(
            "SELECT revision.id, definition.name, number, digest, instance.name
             FROM revision JOIN definition ON definition.id = revision.definition_id
             LEFT JOIN instance ON instance.id = revision.only_for
             ORDER BY definition.name, revision.created_at DESC, only_for IS NULL DESC, number DESC",
            [],
            |row| {
                let Word(definition) = row.get(1)?;
                let Count(number) = row.get(2)?;
                let only_for: Option<Word<InstanceName>> = row.get(4)?;
                Ok(Row {
                    id: row.get(0)?,
                    definition,
                    number,
                    digest: row.get(3)?,
                    only_for: only_for.map(|Word(name)| name),
                })
            },
        )?;
        let mut by_definition: Vec<Vec<Row>> = Vec::new();
        for row in rows {
            match by_definition.last_mut().filter(|rows| rows[0].definition == row.definition) {
                Some(rows) => rows.push(row),
                None => by_definition.push(vec![row]),
            }
        }
        Ok(by_definition)
    }
}

/// Names the releases that stay whoever began them, of all of an instance, the newest first.
fn stays(releases: &[Release], keep: usize) -> BTreeSet<String> {
    let newest = releases.iter().take(keep);
    let in_flight = releases.iter().filter(|release| release.outcome == Outcome::InFlight);
    let good = releases.iter().filter(|release| release.outcome.is_good()).take(2);
    newest.chain(in_flight).chain(good).map(|release| release.id.clone()).collect()
}

/// Tells whether a revision that was taken in is what its instance would deploy: none of those that
/// are newer is for it.
fn is_next(newer: &[Row], row: &Row) -> bool {
    row.only_for.is_some()
        && newer.iter().all(|it| it.only_for.is_some() && it.only_for != row.only_for)
}
