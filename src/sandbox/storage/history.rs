//! What happened to objects, as watches tell it, and lists as they were at an earlier
//! resourceVersion, put together from the present state and the history.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, params};

use super::{Row, Storage, row_of};

#[derive(Debug, Clone)]
pub(in crate::sandbox) struct WatchEvent {
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub(in crate::sandbox) kind: String,
    pub(in crate::sandbox) row: Row,
    /// The metadata before, if there was any.
    pub(in crate::sandbox) before: Option<String>,
}

/// What has changed since, by namespace and name, as it was; nothing for what was not there.
type Past = BTreeMap<(String, String), Option<Row>>;

impl Storage<'_> {
    /// Writes down what happened to an object of a resource.
    pub(super) fn record(&self, resource: &str, event: &WatchEvent) -> rusqlite::Result<()> {
        let WatchEvent { kind, row, before } = event;
        let Row { namespace, name, version, meta, rest } = row;
        self.connection
            .prepare_cached("INSERT INTO history VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute(params![version, resource, namespace, name, kind, meta, rest, before])?;
        // Not at every write; the history may be a little longer than asked.
        if version % 256 == 0 && *version > self.keep {
            self.compact(version - self.keep)?;
        }
        Ok(())
    }

    /// Forgets the history up to a resourceVersion.
    pub(in crate::sandbox) fn compact(&self, version: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM history WHERE version <= ?1")?
            .execute([version])?;
        self.set("compacted", version)
    }

    /// The events of a resource after a resourceVersion.
    pub(in crate::sandbox) fn events(
        &self,
        resource: &str,
        after: i64,
    ) -> rusqlite::Result<Vec<WatchEvent>> {
        let mut query = self.connection.prepare_cached(
            "SELECT namespace, name, version, meta, rest, kind, before FROM history
             WHERE resource = ?1 AND version > ?2 ORDER BY version LIMIT 1000",
        )?;
        let rows = query.query_map(params![resource, after], |row| {
            Ok(WatchEvent { row: row_of(row)?, kind: row.get(5)?, before: row.get(6)? })
        })?;
        rows.collect()
    }

    /// The objects as they were at an earlier resourceVersion; `false` where the history does not
    /// go back so far.
    pub(in crate::sandbox) fn list_at(
        &self,
        version: i64,
        resource: &str,
        namespace: Option<&str>,
        start: (&str, &str),
        mut visit: impl FnMut(Row) -> bool,
    ) -> rusqlite::Result<bool> {
        let Some(mut past) = self.past(version, resource, namespace, start)? else {
            return Ok(false);
        };
        let mut goes_on = true;
        self.list(resource, namespace, start, |row| {
            let place = (row.namespace.clone(), row.name.clone());
            while goes_on && past.first_key_value().is_some_and(|(first, _)| *first < place) {
                goes_on = past.pop_first().and_then(|(_, old)| old).is_none_or(&mut visit);
            }
            let then = past.remove(&place).unwrap_or(Some(row));
            goes_on = goes_on && then.is_none_or(&mut visit);
            goes_on
        })?;
        while goes_on && let Some((_, old)) = past.pop_first() {
            goes_on = old.is_none_or(&mut visit);
        }
        Ok(true)
    }

    /// What has changed since a resourceVersion, as it was then; nothing for what was not there.
    /// `None` where the history does not go back so far.
    fn past(
        &self,
        version: i64,
        resource: &str,
        namespace: Option<&str>,
        start: (&str, &str),
    ) -> rusqlite::Result<Option<Past>> {
        let mut query = self.connection.prepare_cached(
            "SELECT namespace, name, kind, min(version) FROM history
             WHERE resource = ?1 AND version > ?2 AND (?3 IS NULL OR namespace = ?3)
                AND (namespace, name) > (?4, ?5) GROUP BY namespace, name",
        )?;
        let rows = query
            .query_map(params![resource, version, namespace, start.0, start.1], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
            })?;
        let changed: Vec<(String, String, String)> = rows.collect::<rusqlite::Result<_>>()?;
        let mut query = self.connection.prepare_cached(
            "SELECT namespace, name, version, meta, rest FROM history
             WHERE resource = ?1 AND namespace = ?2 AND name = ?3 AND version <= ?4
             ORDER BY version DESC LIMIT 1",
        )?;
        let mut past = BTreeMap::new();
        for (namespace, name, kind) in changed {
            // What happened first after that version says whether it was there at all.
            let then = if kind == "ADDED" {
                None
            } else {
                let parameters = params![resource, namespace, name, version];
                let Some(row) = query.query_row(parameters, row_of).optional()? else {
                    return Ok(None);
                };
                Some(row)
            };
            past.insert((namespace, name), then);
        }
        Ok(Some(past))
    }
}
