//! What is kept of each release of an instance, summed up.

use rusqlite::{Row, params};

use super::{
    Store,
    column::{Json, Word},
    releases,
};
use crate::workload::{
    error::Result,
    history::{Deeds, Kept},
    name::InstanceName,
};

impl Store {
    /// Lists the releases of an instance with what was done and what ran, the newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn history(&self, instance: &InstanceName) -> Result<Vec<Kept>> {
        let mut kept = self.rows(releases::RELEASE, params![Word(instance)], read)?;
        for release in &mut kept {
            // Ended by a program that did not sum up yet.
            if release.counts.is_none() && release.release.ended_at.is_some() {
                let deeds = self.deeds(instance, &release.release.id)?;
                release.counts = (!deeds.is_empty()).then(|| Deeds::of(&deeds));
            }
        }
        Ok(kept)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let counts: Option<Json<Deeds>> = row.get("counts")?;
    let images: Option<Json<_>> = row.get("images")?;
    Ok(Kept {
        release: releases::read(row)?,
        counts: counts.map(|Json(counts)| counts),
        images: images.map(|Json(images)| images),
        is_sent_here: row.get("sent")?,
    })
}
