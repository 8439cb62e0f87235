//! What is kept of each release of an instance, summed up.

use std::sync::Arc;

use rusqlite::{Row, params};

use super::{
    Store,
    column::{Columns, Json, Word},
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
        let mut known: Images = None;
        let read = |row: &Row<'_>| read(&mut Columns::of(row), &mut known);
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

/// What was read of images last: most releases send those of the one before.
type Images = Option<(String, Arc<[ContainerImage]>)>;

fn images(
    columns: &mut Columns<'_>,
    known: &mut Images,
) -> rusqlite::Result<Option<Arc<[ContainerImage]>>> {
    let text = columns.text()?;
    if let Some((before, images)) = known
        && text == Some(before.as_str())
    {
        columns.skip();
        return Ok(Some(images.clone()));
    }
    let text = text.map(str::to_owned);
    let images: Option<Json<Vec<ContainerImage>>> = columns.read()?;
    let images = images.map(|Json(images)| Arc::from(images));
    if let Some(found) = text.zip(images.clone()) {
        *known = Some(found);
    }
    Ok(images)
}

fn read(columns: &mut Columns<'_>, known: &mut Images) -> rusqlite::Result<Kept> {
    let release = releases::read(columns)?;
    let counts: Option<Json<Deeds>> = columns.read()?;
    let images = images(columns, known)?;
    let counts = counts.map(|Json(counts)| counts);
    Ok(Kept { release, counts, images, is_sent_here: columns.read()? })
}
