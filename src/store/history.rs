//! What is kept of each release of an instance, summed up: no list of releases opens what is large.

use rusqlite::{Row, params};

use super::{
    Store,
    column::{Columns, Json, Word},
    releases,
};
use crate::workload::{
    error::Result,
    history::{ContainerImage, Deeds, ImageChange, Kept, image_changes},
    name::InstanceName,
};

impl Store {
    /// Lists the releases of an instance with what was done and what changed, the newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn history(&self, instance: &InstanceName) -> Result<Vec<Kept>> {
        self.rows(&releases::of_instance(), params![Word(instance)], read)
    }

    /// Gives the images of the newest release that an instance began here; none where none did.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn sent_images(
        &self,
        instance: &InstanceName,
    ) -> Result<Option<Vec<ContainerImage>>> {
        Ok(self.images_and_release(instance)?.map(|(_, images)| images))
    }

    fn images_and_release(
        &self,
        instance: &InstanceName,
    ) -> Result<Option<(String, Vec<ContainerImage>)>> {
        self.row(
            "SELECT release_id, images
             FROM sent_images JOIN instance ON instance.id = instance_id WHERE name = ?1",
            params![Word(instance)],
            |row| {
                let Json(images) = row.get(1)?;
                Ok((row.get(0)?, images))
            },
        )
    }

    /// Tells which images a release changes that is about to begin; none where those of the release
    /// before are not known.
    pub(super) fn images_changed(
        &self,
        instance: &InstanceName,
        images: &[ContainerImage],
    ) -> Result<Option<Vec<ImageChange>>> {
        let Some(newest) = self.latest_release(instance)? else {
            return Ok(Some(image_changes(&[], images)));
        };
        let before = self.images_and_release(instance)?.filter(|(id, _)| *id == newest.id);
        Ok(before.map(|(_, before)| image_changes(&before, images)))
    }

    /// Keeps the images that a release sends, in place of those of the one before.
    pub(super) fn put_sent_images(
        &self,
        instance: &InstanceName,
        release: &str,
        images: &[ContainerImage],
    ) -> Result<()> {
        self.execute(
            "INSERT INTO sent_images (instance_id, release_id, images)
             VALUES ((SELECT id FROM instance WHERE name = ?1), ?2, ?3)
             ON CONFLICT (instance_id) DO UPDATE SET
                 release_id = excluded.release_id, images = excluded.images",
            params![Word(instance), release, Json(images)],
        )
        .map(drop)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let mut columns = Columns::of(row);
    let release = releases::read(&mut columns)?;
    let counts: Option<Json<Deeds>> = columns.read()?;
    let images_changed: Option<Json<Vec<ImageChange>>> = columns.read()?;
    Ok(Kept {
        release,
        counts: counts.map(|Json(counts)| counts),
        images_changed: images_changed.map(|Json(changed)| changed),
    })
}
