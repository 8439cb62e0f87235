//! What is kept of each release of an instance, summed up.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Row, params};

use super::{
    Store,
    column::{Json, Word},
    releases,
};
use crate::workload::{
    error::Result,
    history::{ContainerImage, Deeds, Kept},
    name::InstanceName,
};

impl Store {
    /// Lists the releases of an instance with what was done and what ran, the newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn history(&self, instance: &InstanceName) -> Result<Vec<Kept>> {
        let mut known = Images::new();
        let read = |row: &Row<'_>| read(row, &mut known);
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

/// What was read of images: most releases send those of the one before.
type Images = HashMap<String, Arc<[ContainerImage]>>;

fn images(row: &Row<'_>, known: &mut Images) -> rusqlite::Result<Option<Arc<[ContainerImage]>>> {
    let Some(text) = row.get::<_, Option<String>>("images")? else { return Ok(None) };
    if let Some(images) = known.get(&text) {
        return Ok(Some(images.clone()));
    }
    let Json(images): Json<Vec<ContainerImage>> = row.get("images")?;
    let images: Arc<[ContainerImage]> = images.into();
    known.insert(text, images.clone());
    Ok(Some(images))
}

fn read(row: &Row<'_>, known: &mut Images) -> rusqlite::Result<Kept> {
    let counts: Option<Json<Deeds>> = row.get("counts")?;
    Ok(Kept {
        release: releases::read(row)?,
        counts: counts.map(|Json(counts)| counts),
        images: images(row, known)?,
        is_sent_here: row.get("sent")?,
    })
}
