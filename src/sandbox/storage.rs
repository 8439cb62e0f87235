//! The sandbox's SQLite file: objects by resource, namespace and name, the history that watches
//! read, and the work that the controllers have yet to do.
//!
//! Many processes may share the file: WAL, short IMMEDIATE transactions, nothing cached between
//! them. An object lies in two texts, its metadata and the rest, so that lists of either need not
//! be parsed. resourceVersion is one counter for all.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Map, Value, json};

mod failures;
mod file;
mod history;
mod work;

pub(super) use file::open;
pub(super) use history::WatchEvent;

/// Where an object lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ObjectKey {
    /// `group/plural`, `/pods` for the core group.
    pub(super) resource: String,
    /// Empty for cluster-scoped objects.
    pub(super) namespace: String,
    pub(super) name: String,
}

impl ObjectKey {
    pub(super) fn new(resource: &str, namespace: &str, name: &str) -> Self {
        Self { resource: resource.into(), namespace: namespace.into(), name: name.into() }
    }
}

/// An object as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) version: i64,
    pub(super) meta: String,
    pub(super) rest: String,
}

impl Row {
    /// The whole object, without apiVersion and kind.
    pub(super) fn object(&self) -> Value {
        let mut object: Map<String, Value> = serde_json::from_str(&self.rest).unwrap_or_default();
        object.insert("metadata".to_owned(), self.metadata());
        Value::Object(object)
    }

    pub(super) fn metadata(&self) -> Value {
        serde_json::from_str(&self.meta).unwrap_or_default()
    }
}

/// A transaction, or a plain read.
#[derive(Debug)]
pub(super) struct Storage<'a> {
    connection: &'a Connection,
    /// How many events the history keeps.
    keep: i64,
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        namespace: row.get(0)?,
        name: row.get(1)?,
        version: row.get(2)?,
        meta: row.get(3)?,
        rest: row.get(4)?,
    })
}

impl<'a> Storage<'a> {
    pub(super) fn new(connection: &'a Connection, keep: i64) -> Self {
        Self { connection, keep }
    }

    /// The same transaction once more.
    pub(super) fn again(&self) -> Self {
        Self { connection: self.connection, keep: self.keep }
    }

    pub(super) fn setting(&self, key: &str) -> rusqlite::Result<i64> {
        let mut query =
            self.connection.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
        Ok(query.query_row([key], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    pub(super) fn set(&self, key: &str, value: i64) -> rusqlite::Result<()> {
        let mut query =
            self.connection.prepare_cached("INSERT OR REPLACE INTO settings VALUES (?1, ?2)")?;
        query.execute(params![key, value]).map(|_| ())
    }

    /// The newest resourceVersion.
    pub(super) fn version(&self) -> rusqlite::Result<i64> {
        self.setting("version")
    }

    fn next_version(&self) -> rusqlite::Result<i64> {
        let mut query = self.connection.prepare_cached(
            "UPDATE settings SET value = value + 1 WHERE key = 'version' RETURNING value",
        )?;
        query.query_row([], |row| row.get(0))
    }

    pub(super) fn get(&self, key: &ObjectKey) -> rusqlite::Result<Option<Row>> {
        let mut query = self.connection.prepare_cached(
            "SELECT namespace, name, version, meta, rest FROM objects
             WHERE resource = ?1 AND namespace = ?2 AND name = ?3",
        )?;
        query.query_row(params![key.resource, key.namespace, key.name], row_of).optional()
    }

    /// The objects of a resource in their order, from after `start`, all namespaces if none.
    pub(super) fn list(
        &self,
        resource: &str,
        namespace: Option<&str>,
        start: (&str, &str),
        mut visit: impl FnMut(Row) -> bool,
    ) -> rusqlite::Result<()> {
        let columns =
            "SELECT namespace, name, version, meta, rest FROM objects WHERE resource = ?1";
        let order = "AND (namespace, name) > (?3, ?4) ORDER BY namespace, name";
        let sql = match namespace {
            Some(_) => format!("{columns} AND namespace = ?2 {order}"),
            None => format!("{columns} AND ?2 IS NULL {order}"),
        };
        let mut query = self.connection.prepare_cached(&sql)?;
        let mut rows = query.query(params![resource, namespace, start.0, start.1])?;
        while let Some(row) = rows.next()? {
            if !visit(row_of(row)?) {
                break;
            }
        }
        Ok(())
    }

    /// All objects of a resource, in a namespace or in all.
    pub(super) fn all(
        &self,
        resource: &str,
        namespace: Option<&str>,
    ) -> rusqlite::Result<Vec<Value>> {
        let mut found = Vec::new();
        self.list(resource, namespace, ("", ""), |row| {
            found.push(row.object());
            true
        })?;
        Ok(found)
    }

    /// Whether a service has this cluster address.
    pub(super) fn is_address_taken(&self, address: &str) -> rusqlite::Result<bool> {
        let mut query = self.connection.prepare_cached(
            "SELECT 1 FROM objects WHERE resource = '/services'
             AND json_extract(rest, '$.spec.clusterIP') = ?1",
        )?;
        query.exists([address])
    }

    /// Every object in a namespace.
    pub(super) fn inside(&self, namespace: &str) -> rusqlite::Result<Vec<ObjectKey>> {
        let mut query = self.connection.prepare_cached(
            "SELECT resource, name FROM objects WHERE namespace = ?1 ORDER BY resource, name",
        )?;
        let rows = query.query_map([namespace], |row| {
            Ok(ObjectKey::new(&row.get::<_, String>(0)?, namespace, &row.get::<_, String>(1)?))
        })?;
        rows.collect()
    }

    /// The objects that name an owner.
    pub(super) fn owned(&self, uid: &str) -> rusqlite::Result<Vec<ObjectKey>> {
        let mut query = self.connection.prepare_cached(
            "SELECT resource, namespace, name FROM owners WHERE owner = ?1 ORDER BY 1, 2, 3",
        )?;
        let rows = query.query_map([uid], |row| {
            Ok(ObjectKey { resource: row.get(0)?, namespace: row.get(1)?, name: row.get(2)? })
        })?;
        rows.collect()
    }

    /// Stores an object under a new resourceVersion, which is written into it.
    pub(super) fn put(&self, key: &ObjectKey, object: &mut Value) -> rusqlite::Result<()> {
        let before = self.get(key)?;
        let version = self.next_version()?;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        let (meta, rest) = texts(object);
        let mut query = self.connection.prepare_cached(
            "INSERT INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET version = ?4, meta = ?5, rest = ?6",
        )?;
        query.execute(params![key.resource, key.namespace, key.name, version, meta, rest])?;
        self.set_owners(key, object)?;
        let kind = if before.is_some() { "MODIFIED" } else { "ADDED" };
        let (namespace, name) = (key.namespace.clone(), key.name.clone());
        let row = Row { namespace, name, version, meta, rest };
        self.record(
            &key.resource,
            &WatchEvent { kind: kind.to_owned(), row, before: before.map(|row| row.meta) },
        )
    }

    /// Deletes an object; its last state is in the history under a new resourceVersion.
    pub(super) fn remove(&self, key: &ObjectKey, object: &mut Value) -> rusqlite::Result<()> {
        let version = self.next_version()?;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        let (meta, rest) = texts(object);
        let parameters = params![key.resource, key.namespace, key.name];
        self.connection
            .prepare_cached(
                "DELETE FROM objects WHERE resource = ?1 AND namespace = ?2 AND name = ?3",
            )?
            .execute(parameters)?;
        self.connection
            .prepare_cached(
                "DELETE FROM owners WHERE resource = ?1 AND namespace = ?2 AND name = ?3",
            )?
            .execute(parameters)?;
        self.clear_timers(key)?;
        let (namespace, name) = (key.namespace.clone(), key.name.clone());
        let row = Row { namespace, name, version, meta, rest };
        let before = Some(row.meta.clone());
        self.record(&key.resource, &WatchEvent { kind: "DELETED".to_owned(), row, before })
    }

    fn set_owners(&self, key: &ObjectKey, object: &Value) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "DELETE FROM owners WHERE resource = ?1 AND namespace = ?2 AND name = ?3",
            )?
            .execute(params![key.resource, key.namespace, key.name])?;
        let owners = object["metadata"]["ownerReferences"].as_array();
        for owner in owners.into_iter().flatten().filter_map(|owner| owner["uid"].as_str()) {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO owners VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![owner, key.resource, key.namespace, key.name])?;
        }
        Ok(())
    }
}

/// The two texts of an object.
fn texts(object: &Value) -> (String, String) {
    let meta = object["metadata"].to_string();
    let fields = object.as_object().into_iter().flatten();
    let rest: BTreeMap<&String, &Value> = fields
        .filter(|(name, _)| !matches!(name.as_str(), "metadata" | "apiVersion" | "kind"))
        .collect();
    (meta, json!(rest).to_string())
}
