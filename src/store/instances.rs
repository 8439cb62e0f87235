//! Instances, and the status that was last seen of them.

use rusqlite::params;

use super::{
    Store,
    column::{Columns, Json, Time, Word},
};
use crate::workload::{
    error::{Code, Error, Result},
    instance::{Instance, NamespaceMode, Observed},
    name::{DefinitionName, InstanceName, nearest},
};

/// Which instances are wanted; all by default.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct InstanceFilter<'a> {
    /// Only those of this definition.
    pub(crate) definition: Option<&'a DefinitionName>,
    /// Only those on this runtime.
    pub(crate) runtime: Option<&'a str>,
}

/// What [`read`] reads.
pub(super) const COLUMNS: &str = "
    instance.name, definition.name, runtime, namespace, namespace_mode, cluster_uid,
    instance.overrides, instance.created_at, status, status_reason, status_at";

fn query(what: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM instance JOIN definition ON definition.id = instance.definition_id
         {what}"
    )
}

/// Reads [`COLUMNS`].
pub(super) fn read(columns: &mut Columns<'_>) -> rusqlite::Result<Instance> {
    let Word(name) = columns.read()?;
    let Word(definition) = columns.read()?;
    let runtime = columns.read()?;
    let namespace = columns.read()?;
    let mode: Option<Word<NamespaceMode>> = columns.read()?;
    let cluster_uid = columns.read()?;
    let Json(overrides) = columns.read()?;
    let Time(created_at) = columns.read()?;
    let observed = match columns.is_null()? {
        true => columns.pass(3),
        false => Some(read_observed(columns)?),
    };
    Ok(Instance {
        name,
        definition,
        runtime,
        namespace,
        namespace_mode: mode.map(|Word(mode)| mode),
        cluster_uid,
        overrides,
        created_at,
        observed,
    })
}

fn read_observed(columns: &mut Columns<'_>) -> rusqlite::Result<Observed> {
    let Word(status) = columns.read()?;
    let reason = columns.read()?;
    let Time(at) = columns.read()?;
    Ok(Observed { status, reason, at })
}

impl Store {
    /// Adds an instance. A definition that is known from a cluster's record alone becomes one of
    /// ours by it: its newest revision is then the definition's own.
    ///
    /// # Errors
    /// `no-such-definition` (1); `instance-exists` (5).
    pub(crate) fn create_instance(&mut self, instance: &Instance) -> Result<()> {
        self.transaction(|store| {
            if store.definition(&instance.definition)?.is_none() {
                return Err(store.no_such_definition(instance.definition.as_str()));
            }
            if let Some(there) = store.instance(&instance.name)? {
                return Err(exists(&there));
            }
            store.put_instance(instance)?;
            store.own_one_for(&instance.definition, None)
        })
    }

    /// Looks up an instance.
    pub fn instance(&self, name: &InstanceName) -> Result<Option<Instance>> {
        self.row(&query("WHERE instance.name = ?1"), params![Word(name)], |row| {
            read(&mut Columns::of(row))
        })
    }

    /// Lists instances by name.
    pub(crate) fn instances(&self, filter: &InstanceFilter<'_>) -> Result<Vec<Instance>> {
        let InstanceFilter { definition, runtime } = filter;
        self.rows(
            &query(
                "WHERE (?1 IS NULL OR definition.name = ?1) AND (?2 IS NULL OR runtime = ?2)
                 ORDER BY instance.name",
            ),
            params![definition.map(Word), runtime],
            |row| read(&mut Columns::of(row)),
        )
    }

    /// Overwrites an instance with all its members; when it was made is kept.
    ///
    /// # Errors
    /// `no-such-instance` (1).
    pub fn update_instance(&mut self, instance: &Instance) -> Result<()> {
        self.transaction(|store| {
            if store.instance(&instance.name)?.is_none() {
                return Err(store.no_such_instance(instance.name.as_str()));
            }
            store.put_instance(instance).map(drop)
        })
    }

    /// Deletes an instance; its releases go with it, its definition stays.
    ///
    /// # Errors
    /// `no-such-instance` (1).
    pub(crate) fn delete_instance(&mut self, name: &InstanceName) -> Result<()> {
        self.transaction(|store| {
            let Some(instance) = store.instance(name)? else {
                return Err(store.no_such_instance(name.as_str()));
            };
            // What was taken in for this instance goes with it: the definition must keep one
            // revision.
            store.own_one_for(&instance.definition, None)?;
            store.execute("DELETE FROM instance WHERE name = ?1", params![Word(name)]).map(drop)
        })
    }

    /// Notes the status that a command saw. An instance that is gone by now is passed over, and so
    /// is a database that cannot be written.
    pub(crate) fn set_observed(&mut self, name: &InstanceName, observed: &Observed) -> Result<()> {
        if self.read_only {
            return Ok(());
        }
        let Observed { status, reason, at } = observed;
        self.execute(
            "UPDATE instance SET status = ?2, status_reason = ?3, status_at = ?4 WHERE name = ?1",
            params![Word(name), Word(status), reason, Time(*at)],
        )
        .map(drop)
    }

    /// Makes the error for an instance that is not here, with the nearest name.
    pub(crate) fn no_such_instance(&self, name: &str) -> Error {
        let error = Error::failed(Code::NoSuchInstance, format!("there is no instance `{name}`"));
        let names = self.rows("SELECT name FROM instance", [], |row| row.get::<_, String>(0));
        match names {
            Err(failure) => failure,
            Ok(names) => match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`workloadctl list` shows what there is"),
            },
        }
    }

    /// Adds or overwrites an instance; its definition is there.
    pub(super) fn put_instance(&self, instance: &Instance) -> Result<usize> {
        let Instance {
            name,
            definition,
            runtime,
            namespace,
            namespace_mode,
            cluster_uid,
            overrides,
            created_at,
            observed,
        } = instance;
        self.execute(
            "INSERT INTO instance (name, definition_id, runtime, namespace, namespace_mode,
                                   cluster_uid, overrides, created_at,
                                   status, status_reason, status_at)
             VALUES (?1, (SELECT id FROM definition WHERE name = ?2),
                     ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (name) DO UPDATE SET
                 definition_id = excluded.definition_id, runtime = excluded.runtime,
                 namespace = excluded.namespace, namespace_mode = excluded.namespace_mode,
                 cluster_uid = excluded.cluster_uid, overrides = excluded.overrides,
                 status = excluded.status, status_reason = excluded.status_reason,
                 status_at = excluded.status_at",
            params![
                Word(name),
                Word(definition),
                runtime,
                namespace,
                namespace_mode.map(Word),
                cluster_uid,
                Json(overrides),
                Time(*created_at),
                observed.as_ref().map(|observed| Word(observed.status)),
                observed.as_ref().map(|observed| &observed.reason),
                observed.as_ref().map(|observed| Time(observed.at)),
            ],
        )
    }
}

fn exists(there: &Instance) -> Error {
    let Instance { name, definition, runtime, .. } = there;
    Error::refused(
        Code::InstanceExists,
        format!("instance `{name}` exists: definition `{definition}` on runtime `{runtime}`"),
    )
    .hint(format!("`workloadctl deploy {name}` deploys it"))
}
