//! Whether the database is whole. Nothing is written, and nothing is brought to another version.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{
    Store,
    column::{Count, Packed, Word},
    failure,
};
use crate::workload::{
    definition::Content,
    error::{Code, Error, Result},
    name::DefinitionName,
    shell::quoted,
};

/// How much of what is damaged is told.
const TOLD: usize = 10;

/// What a database is and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) file: PathBuf,
    /// The size of the database in bytes, without its log.
    pub(crate) bytes: u64,
    /// The version that it is of.
    pub(crate) version: i64,
    /// The version that the next command which writes brings it to.
    pub(crate) current: i64,
    /// How many definitions, revisions, instances and releases are in it.
    pub(crate) counts: [u64; 4],
    /// What is wrong with it.
    pub(crate) faults: Vec<Error>,
}

impl Store {
    /// Looks at every page and every row of the database.
    ///
    /// # Errors
    /// `no-database` (1) where there is none; `not-a-database`, `newer-database` and what else keeps
    /// it from being read at all. Faults of what can be read are in the answer.
    pub(crate) fn check(path: &Path) -> Result<Checked> {
        let store = Self::open_as_it_is(path)?;
        let mut checked = Checked {
            file: path.to_owned(),
            bytes: store.bytes()?,
            version: store.version()?,
            current: Self::VERSION,
            counts: [0; 4],
            faults: open_to_others(path).into_iter().collect(),
        };
        // A file that was made a moment ago and holds nothing yet.
        if checked.version == 0 {
            return Ok(checked);
        }
        let damage = damage(&store.connection).map_err(|error| store.failure(error))?;
        if !damage.is_empty() {
            checked.faults.push(damaged(store.path(), &damage));
            return Ok(checked);
        }
        checked.counts = store.counts()?;
        checked.faults.extend(store.dangling()?);
        checked.faults.extend(store.broken_definitions()?);
        // Of an older version the columns are others.
        if checked.version == Self::VERSION {
            checked.faults.extend(store.unreadable_releases()?);
        }
        Ok(checked)
    }

    /// Gives the size of the database in bytes.
    pub(super) fn bytes(&self) -> Result<u64> {
        let bytes = self.row(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            [],
            |row| row.get(0).map(|Count(bytes)| bytes),
        )?;
        Ok(bytes.unwrap_or_default())
    }

    fn counts(&self) -> Result<[u64; 4]> {
        let counts = self.row(
            "SELECT (SELECT count(*) FROM definition), (SELECT count(*) FROM revision),
                    (SELECT count(*) FROM instance), (SELECT count(*) FROM release)",
            [],
            |row| {
                let Count(definitions) = row.get(0)?;
                let Count(revisions) = row.get(1)?;
                let Count(instances) = row.get(2)?;
                let Count(releases) = row.get(3)?;
                Ok([definitions, revisions, instances, releases])
            },
        )?;
        Ok(counts.unwrap_or_default())
    }

    /// Finds rows whose definition or instance is gone.
    fn dangling(&self) -> Result<Option<Error>> {
        let rows = self.rows("PRAGMA foreign_key_check", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?))
        })?;
        let told: Vec<String> = rows
            .iter()
            .map(|(table, parent)| format!("a row of {table} belongs to no {parent}"))
            .collect();
        Ok((!told.is_empty()).then(|| damaged(self.path(), &told)))
    }

    /// Finds definitions without a revision, and revisions that are not what their digest says.
    fn broken_definitions(&self) -> Result<Option<Error>> {
        let mut told = self.rows(
            "SELECT name FROM definition
             WHERE NOT EXISTS (SELECT 1 FROM revision WHERE definition_id = definition.id)
             ORDER BY name",
            [],
            |row| row.get(0).map(|name: String| format!("definition {name} has no revision")),
        )?;
        let revisions = self.rows(
            "SELECT revision.id, definition.name, number, digest
             FROM revision JOIN definition ON definition.id = definition_id
             ORDER BY definition.name, number",
            [],
            |row| {
                let Word(name): Word<DefinitionName> = row.get(1)?;
                let Count(number) = row.get(2)?;
                Ok((row.get::<_, i64>(0)?, name, number, row.get::<_, String>(3)?))
            },
        )?;
        for (id, name, number, digest) in revisions {
            let content = self.row("SELECT content FROM revision WHERE id = ?1", [id], |row| {
                row.get(0).map(|Packed(content): Packed<Content>| content.digest())
            });
            let what = match content {
                Ok(found) if found.as_ref() == Some(&digest) => continue,
                Ok(_) => "is not what it was",
                Err(_) => "cannot be read",
            };
            told.push(format!("revision {number} of definition {name} {what}"));
        }
        Ok((!told.is_empty()).then(|| damaged(self.path(), &told)))
    }

    /// Finds instances whose releases cannot be read.
    fn unreadable_releases(&self) -> Result<Vec<Error>> {
        let mut faults = Vec::new();
        for instance in self.instances(&super::InstanceFilter::default())? {
            let name = &instance.name;
            let read = self.releases(name).and_then(|releases| {
                releases.iter().try_for_each(|release| {
                    self.rendered(name, &release.id)?;
                    self.deeds(name, &release.id).map(drop)
                })
            });
            let doing = format!("the releases of instance {name} cannot be read");
            faults.extend(read.err().map(|error| error.while_doing(doing)));
        }
        Ok(faults)
    }
}

/// Lists what is wrong with the pages of a database; nothing where they are whole.
pub(super) fn damage(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({TOLD})"))?;
    let lines: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Makes the error of a database that is damaged in these ways.
pub(super) fn damaged(path: Option<&Path>, told: &[String]) -> Error {
    let error = failure::corrupt(path);
    let more = told.len().saturating_sub(TOLD);
    let error = told.iter().take(TOLD).fold(error, |error, line| error.cause(line));
    if more > 0 { error.cause(format!("and {more} more")) } else { error }
}

/// Finds out whether others than the owner may read the database: values of Secrets lie in it.
fn open_to_others(path: &Path) -> Option<Error> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let files = [path.to_owned(), PathBuf::from(log)];
    let file = files.iter().find(|file| {
        fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    })?;
    let message = format!("others may read {}", file.display());
    Some(
        Error::failed(Code::ReadableByOthers, message)
            .cause("values of Secrets lie in it as they are")
            .hint(format!("chmod 600 {}", quoted(&file.to_string_lossy()))),
    )
}
