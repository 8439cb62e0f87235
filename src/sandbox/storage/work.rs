//! The work that the controllers have yet to do, by object and time, and how long the stages of
//! objects last. It is in the file, since the process that takes it up may be another one.

use rusqlite::{OptionalExtension as _, params};

use super::{ObjectKey, Storage};

impl Storage<'_> {
    /// Asks for an object to be looked at by its controller, at a time in milliseconds; an
    /// earlier appointment stands.
    pub(in crate::sandbox) fn schedule(&self, key: &ObjectKey, due: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO work VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET due = min(due, ?4)",
            )?
            .execute(params![key.resource, key.namespace, key.name, due])
            .map(|_| ())
    }

    /// When the next work is due.
    pub(in crate::sandbox) fn next_due(&self) -> rusqlite::Result<Option<i64>> {
        let mut query = self.connection.prepare_cached("SELECT min(due) FROM work")?;
        query.query_row([], |row| row.get(0))
    }

    /// Takes the oldest work that is due.
    pub(in crate::sandbox) fn take_due(&self, now: i64) -> rusqlite::Result<Option<ObjectKey>> {
        let mut query = self.connection.prepare_cached(
            "DELETE FROM work WHERE (resource, namespace, name) IN
                (SELECT resource, namespace, name FROM work WHERE due <= ?1 ORDER BY due LIMIT 1)
             RETURNING resource, namespace, name",
        )?;
        query
            .query_row([now], |row| {
                Ok(ObjectKey { resource: row.get(0)?, namespace: row.get(1)?, name: row.get(2)? })
            })
            .optional()
    }

    /// When a stage of an object is over; set now if it is not known yet.
    pub(in crate::sandbox) fn timer(
        &self,
        key: &ObjectKey,
        stage: &str,
        due: i64,
    ) -> rusqlite::Result<i64> {
        let mut query = self.connection.prepare_cached(
            "INSERT INTO timers VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET due = due RETURNING due",
        )?;
        query
            .query_row(params![key.resource, key.namespace, key.name, stage, due], |row| row.get(0))
    }

    /// Forgets the timers of an object.
    pub(in crate::sandbox) fn clear_timers(&self, key: &ObjectKey) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "DELETE FROM timers WHERE resource = ?1 AND namespace = ?2 AND name = ?3",
            )?
            .execute(params![key.resource, key.namespace, key.name])
            .map(|_| ())
    }
}
