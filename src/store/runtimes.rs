//! The default runtime, and by what each runtime's cluster is known again.

use jiff::Timestamp;
use rusqlite::params;

use super::{Store, column::Time};
use crate::workload::error::Result;

/// What was seen of a runtime's cluster at the first contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRuntime {
    /// The context's name, `sandbox` or `in-cluster`.
    pub name: String,
    /// The uid of `kube-system`; none where it may not be read.
    pub cluster_uid: Option<String>,
    /// The API server's URL; stands in where the uid may not be read.
    pub server: Option<String>,
    /// The digest of the cluster's CA; stands in with the server.
    pub ca_digest: Option<String>,
    /// When that was.
    pub seen_at: Timestamp,
}

const DEFAULT_RUNTIME: &str = "defaultRuntime";

impl Store {
    /// Gives the stored default runtime.
    pub(crate) fn default_runtime(&self) -> Result<Option<String>> {
        self.row("SELECT value FROM setting WHERE name = ?1", params![DEFAULT_RUNTIME], |row| {
            row.get(0)
        })
    }

    /// Stores the default runtime, or clears it.
    pub(crate) fn set_default_runtime(&mut self, runtime: Option<&str>) -> Result<()> {
        match runtime {
            Some(runtime) => self.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![DEFAULT_RUNTIME, runtime],
            ),
            None => self.execute("DELETE FROM setting WHERE name = ?1", params![DEFAULT_RUNTIME]),
        }
        .map(drop)
    }

    /// Gives what was seen of a runtime at the first contact.
    pub fn runtime(&self, name: &str) -> Result<Option<KnownRuntime>> {
        self.row(
            "SELECT cluster_uid, server, ca_digest, seen_at FROM runtime WHERE name = ?1",
            params![name],
            |row| {
                let Time(seen_at) = row.get("seen_at")?;
                Ok(KnownRuntime {
                    name: name.to_owned(),
                    cluster_uid: row.get("cluster_uid")?,
                    server: row.get("server")?,
                    ca_digest: row.get("ca_digest")?,
                    seen_at,
                })
            },
        )
    }

    /// Stores what is seen of a runtime, in place of what was there.
    pub fn remember_runtime(&mut self, runtime: &KnownRuntime) -> Result<()> {
        let KnownRuntime { name, cluster_uid, server, ca_digest, seen_at } = runtime;
        self.execute(
            "INSERT INTO runtime (name, cluster_uid, server, ca_digest, seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name) DO UPDATE SET
                 cluster_uid = excluded.cluster_uid, server = excluded.server,
                 ca_digest = excluded.ca_digest, seen_at = excluded.seen_at",
            params![name, cluster_uid, server, ca_digest, Time(*seen_at)],
        )
        .map(drop)
    }

    /// Forgets a runtime, so that the next contact is the first; tells whether it was known.
    #[cfg(test)]
    pub(crate) fn forget_runtime(&mut self, name: &str) -> Result<bool> {
        self.execute("DELETE FROM runtime WHERE name = ?1", params![name]).map(|rows| rows > 0)
    }
}
