//! Definitions: named sets of resources, and what applying content to one does.

use jiff::Timestamp;
use rusqlite::params;

use super::{
    InstanceFilter, Store,
    column::{Count, Time, Word},
};
use crate::workload::{
    definition::{Content, Revision},
    error::{Code, Error, Result},
    instance::Instance,
    name::{DefinitionName, InstanceName, nearest},
};

/// A definition with its newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DefinitionRow {
    pub(crate) name: DefinitionName,
    /// The newest revision; one taken in from a cluster only where there is no own.
    pub(crate) newest: Revision,
    /// How many instances there are of it.
    pub(crate) instances: usize,
    /// When it was first applied or taken in here.
    pub(crate) created_at: Timestamp,
    /// When its newest own revision was made here.
    pub(crate) updated_at: Timestamp,
}

/// What [`Store::apply_definition`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) revision: Revision,
    /// Whether the revision was made now; otherwise nothing had changed.
    pub(crate) fresh: bool,
    /// Whether the definition was made now.
    pub(crate) first: bool,
}

impl Store {
    /// Records a definition's content: as its first revision, as the next one where the digest
    /// differs from the newest, else not at all. With `instance` the newest is that of the
    /// instance, so that what was given is what [`Store::newest_revision`] then gives it; where
    /// the newest was taken in from the cluster with this digest, it becomes the definition's own.
    ///
    /// # Errors
    /// Those of the database; `too-deep` for objects that could not be read back.
    pub(crate) fn apply_definition(
        &mut self,
        name: &DefinitionName,
        content: &Content,
        source: &str,
        instance: Option<&InstanceName>,
        now: Timestamp,
    ) -> Result<Applied> {
        self.transaction(|store| {
            let planned = store.planned_revision(name, content, source, instance, now)?;
            store.keep_revision(&planned, content, instance)
        })
    }

    /// Tells what [`Store::apply_definition`] would make of a content, without recording it: the
    /// revision that is there already, or the next one.
    pub(crate) fn planned_revision(
        &self,
        name: &DefinitionName,
        content: &Content,
        source: &str,
        instance: Option<&InstanceName>,
        now: Timestamp,
    ) -> Result<Revision> {
        let digest = content.digest();
        match self.newest_kept(name, instance)? {
            Some(kept) if kept.revision.digest == digest => self.as_own(kept, source),
            _ => Ok(Revision {
                definition: name.clone(),
                number: self.next_number(name)?,
                digest,
                created_at: self.later_than_all(name, now)?,
                object_count: content.objects.len(),
                source: source.to_owned(),
            }),
        }
    }

    /// Records what [`Store::planned_revision`] gave, with its number and its time unless another
    /// process has taken them meanwhile.
    ///
    /// # Errors
    /// Those of the database; `too-deep` for objects that could not be read back.
    pub(crate) fn keep_revision(
        &mut self,
        planned: &Revision,
        content: &Content,
        instance: Option<&InstanceName>,
    ) -> Result<Applied> {
        let name = &planned.definition;
        self.transaction(|store| {
            let first = store.ensure_definition(name, planned.created_at)?;
            let newest = store.newest_kept(name, instance)?;
            if let Some(kept) = newest.filter(|kept| kept.revision.digest == planned.digest) {
                let (id, taken_in) = (kept.id, kept.taken_in);
                let revision = store.as_own(kept, &planned.source)?;
                if taken_in {
                    store.make_own(id, &revision, Some(content))?;
                }
                return Ok(Applied { revision, fresh: false, first });
            }
            let mut revision = planned.clone();
            revision.number = store.free_number(name, planned.number)?;
            revision.created_at = store.later_than_all(name, planned.created_at)?;
            store.insert_revision(&revision, None, content)?;
            store.touch_definition(name, revision.created_at)?;
            Ok(Applied { revision, fresh: true, first })
        })
    }

    /// Lists the definitions by name.
    pub(crate) fn definitions(&self) -> Result<Vec<DefinitionRow>> {
        let names = self.definition_names()?;
        let rows = names.iter().map(|name| self.definition(name));
        rows.filter_map(Result::transpose).collect()
    }

    /// Looks up a definition.
    pub(crate) fn definition(&self, name: &DefinitionName) -> Result<Option<DefinitionRow>> {
        let Some(newest) = self.newest_revision(name, None)? else { return Ok(None) };
        self.row(
            "SELECT created_at, updated_at,
                    (SELECT count(*) FROM instance WHERE definition_id = definition.id) AS instances
             FROM definition WHERE name = ?1",
            params![Word(name)],
            |row| {
                let Time(created_at) = row.get("created_at")?;
                let Time(updated_at) = row.get("updated_at")?;
                let Count(instances) = row.get("instances")?;
                let instances = usize::try_from(instances).unwrap_or(usize::MAX);
                Ok(DefinitionRow { name: name.clone(), newest, instances, created_at, updated_at })
            },
        )
    }

    /// Deletes a definition with its revisions.
    ///
    /// # Errors
    /// Those of [`Store::deletable_definition`].
    pub(crate) fn delete_definition(&mut self, name: &DefinitionName) -> Result<()> {
        self.transaction(|store| {
            store.deletable_definition(name)?;
            store.execute("DELETE FROM definition WHERE name = ?1", params![Word(name)]).map(drop)
        })
    }

    /// Looks up a definition that may be deleted; for a question before it is.
    ///
    /// # Errors
    /// `no-such-definition` (1); `definition-in-use` (5), naming its instances.
    pub(crate) fn deletable_definition(&self, name: &DefinitionName) -> Result<DefinitionRow> {
        let Some(row) = self.definition(name)? else {
            return Err(self.no_such_definition(name.as_str()));
        };
        let filter = InstanceFilter { definition: Some(name), runtime: None };
        let instances = self.instances(&filter)?;
        if instances.is_empty() { Ok(row) } else { Err(in_use(name, &instances)) }
    }

    /// Makes the error for a definition that is not here, with the nearest name.
    pub(crate) fn no_such_definition(&self, name: &str) -> Error {
        self.no_such_definition_or(name, "`workloadctl definition list` shows what there is")
    }

    /// The same with what helps where no other name is near.
    pub(crate) fn no_such_definition_or(&self, name: &str, otherwise: &str) -> Error {
        let error =
            Error::failed(Code::NoSuchDefinition, format!("there is no definition `{name}`"));
        match self.definition_names() {
            Err(failure) => failure,
            Ok(names) => match nearest(name, names.iter().map(DefinitionName::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(otherwise),
            },
        }
    }

    pub(super) fn definition_names(&self) -> Result<Vec<DefinitionName>> {
        self.rows("SELECT name FROM definition ORDER BY name", [], |row| {
            row.get(0).map(|Word(name)| name)
        })
    }

    /// Makes the definition unless it is there; tells whether it did.
    pub(super) fn ensure_definition(&self, name: &DefinitionName, at: Timestamp) -> Result<bool> {
        let made = self.execute(
            "INSERT INTO definition (name, created_at, updated_at) VALUES (?1, ?2, ?2)
             ON CONFLICT (name) DO NOTHING",
            params![Word(name), Time(at)],
        )?;
        Ok(made == 1)
    }

    fn touch_definition(&self, name: &DefinitionName, at: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE definition SET updated_at = ?2 WHERE name = ?1",
            params![Word(name), Time(at)],
        )
        .map(drop)
    }
}

fn in_use(name: &DefinitionName, instances: &[Instance]) -> Error {
    let names: Vec<&str> = instances.iter().map(|instance| instance.name.as_str()).collect();
    let (count, noun) = (names.len(), if names.len() == 1 { "instance" } else { "instances" });
    Error::refused(
        Code::DefinitionInUse,
        format!("definition `{name}` has {count} {noun}: {}", names.join(", ")),
    )
    .hint(format!("`workloadctl delete {}` removes them first", names.join(" ")))
}
