//! What earlier versions kept with each release becomes what a list shows of it: a few releases at
//! each start, the newest first, so that no start takes long.

use rusqlite::params;

use super::{
    Store,
    column::{Json, Packed},
};
use crate::workload::{
    error::Result,
    history::{ContainerImage, Deeds, ImageChange, image_changes},
    release::Deed,
};

/// How many releases are summed up at one start.
const AT_ONCE: usize = 100;

const LEFT: &str = "
    SELECT instance_id, id, images, counts IS NULL FROM release
    WHERE images IS NOT NULL OR (counts IS NULL AND deeds IS NOT NULL)
    ORDER BY instance_id, number DESC, started_at DESC, id DESC LIMIT ?1";

/// A release that is not summed up.
struct Left {
    instance: i64,
    id: String,
    images: Option<String>,
    has_no_counts: bool,
}

impl Store {
    /// Sums up some of the releases that are not.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn sum_up(&mut self) -> Result<()> {
        if self.left(1)?.is_empty() {
            return Ok(());
        }
        self.transaction(|store| {
            // Looked for again: another process may have begun meanwhile.
            store.left(AT_ONCE)?.iter().try_for_each(|left| store.sum_up_one(left))
        })
    }

    fn left(&self, limit: usize) -> Result<Vec<Left>> {
        self.rows(LEFT, [i64::try_from(limit).expect("a small number")], |row| {
            Ok(Left {
                instance: row.get(0)?,
                id: row.get(1)?,
                images: row.get(2)?,
                has_no_counts: row.get(3)?,
            })
        })
    }

    fn sum_up_one(&self, left: &Left) -> Result<()> {
        let Left { instance, id, images, has_no_counts } = left;
        let changed = match images {
            Some(images) => self.changed_since(*instance, id, images)?,
            None => None,
        };
        // What cannot be read is not known; that it is damaged `db check` says.
        let deeds = has_no_counts.then(|| {
            let of = "SELECT deeds FROM release WHERE instance_id = ?1 AND id = ?2";
            self.row(of, params![instance, id], |row| row.get(0))
        });
        let deeds = deeds.map(|deeds| match deeds {
            Ok(Some(Packed(deeds))) => deeds,
            Ok(None) | Err(_) => Vec::<Deed>::new(),
        });
        self.execute(
            "UPDATE release SET images = NULL, images_changed = coalesce(images_changed, ?3),
                                counts = coalesce(counts, ?4)
             WHERE instance_id = ?1 AND id = ?2",
            params![instance, id, changed.map(Json), deeds.map(|deeds| Json(Deeds::of(&deeds)))],
        )
        .map(drop)
    }

    /// Tells which images differ from those of the release before; none where they are not known.
    fn changed_since(
        &self,
        instance: i64,
        id: &str,
        images: &str,
    ) -> Result<Option<Vec<ImageChange>>> {
        let before: Option<Option<String>> = self.row(
            "SELECT before.images FROM release AS before JOIN release AS it USING (instance_id)
             WHERE instance_id = ?1 AND it.id = ?2
               AND (before.number, before.started_at, before.id)
                   < (it.number, it.started_at, it.id)
             ORDER BY before.number DESC, before.started_at DESC, before.id DESC LIMIT 1",
            params![instance, id],
            |row| row.get(0),
        )?;
        let read = |text: &str| serde_json::from_str::<Vec<ContainerImage>>(text).ok();
        Ok(match before {
            None => read(images).map(|images| image_changes(&[], &images)),
            Some(None) => None,
            Some(Some(before)) if before == images => Some(Vec::new()),
            Some(Some(before)) => read(&before)
                .zip(read(images))
                .map(|(before, after)| image_changes(&before, &after)),
        })
    }
}
