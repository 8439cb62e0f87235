//! Which objects' pods are to fail, and how.

use rusqlite::{OptionalExtension as _, params};

use super::Storage;
use crate::sandbox::failing::Failing;

impl Storage<'_> {
    /// The failure that is asked for of an object.
    pub(in crate::sandbox) fn failure(
        &self,
        namespace: &str,
        kind: &str,
        name: &str,
    ) -> rusqlite::Result<Option<String>> {
        let mut query = self.connection.prepare_cached(
            "SELECT failure FROM failures WHERE namespace = ?1 AND kind = ?2 AND name = ?3",
        )?;
        query.query_row([namespace, kind, name], |row| row.get(0)).optional()
    }

    /// All of them, in the order of their objects.
    pub(in crate::sandbox) fn failures(&self) -> rusqlite::Result<Vec<Failing>> {
        let mut query = self.connection.prepare_cached(
            "SELECT namespace, kind, name, failure FROM failures ORDER BY namespace, kind, name",
        )?;
        let rows = query.query_map([], |row| {
            Ok(Failing {
                namespace: row.get(0)?,
                kind: row.get(1)?,
                name: row.get(2)?,
                failure: row.get(3)?,
            })
        })?;
        rows.collect()
    }

    pub(in crate::sandbox) fn set_failure(&self, failing: &Failing) -> rusqlite::Result<()> {
        let Failing { namespace, kind, name, failure } = failing;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO failures VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![namespace, kind, name, failure])
            .map(|_| ())
    }

    /// Forgets that of an object, given as namespace, kind and name, or all; tells how many.
    pub(in crate::sandbox) fn clear_failures(
        &self,
        object: Option<(&str, &str, &str)>,
    ) -> rusqlite::Result<usize> {
        let Some((namespace, kind, name)) = object else {
            return self.connection.execute("DELETE FROM failures", []);
        };
        self.connection
            .prepare_cached(
                "DELETE FROM failures WHERE namespace = ?1 AND kind = ?2 AND name = ?3",
            )?
            .execute([namespace, kind, name])
    }
}
