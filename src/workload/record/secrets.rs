//! The encoding of a record in Secrets.
//!
//! The head is the Secret `workloadctl.<instance>`; it names its content, and carries the
//! content itself up to [`HEAD_LIMIT`] bytes. What does not fit lies in parts beside it, named
//! by digest and never changed: written before the head that names them, removed after the head
//! that does not. A format newer than [`FORMAT`] is refused, and so is a record that was copied
//! to another place.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Deployed, Entry, Record,
    verify::{KnownContents, verify},
};
use crate::workload::{
    cow_vec::CowVec,
    definition::hex,
    error::{Code, Error, Result},
    instance::NamespaceMode,
    name::InstanceName,
    object::Object,
    release::Release,
};

/// The format that this program writes, and the newest that it reads.
pub(crate) const FORMAT: u32 = 1;
/// The most bytes of content in one Secret (a Secret holds 1 MiB in all its keys).
pub(crate) const HEAD_LIMIT: usize = 900_000;
pub(crate) const HEAD_TYPE: &str = "workloadctl/record";
pub(crate) const PART_TYPE: &str = "workloadctl/record-part";
/// The label of head and parts; its value is the instance's name.
pub(crate) const RECORD_LABEL: &str = "workloadctl/record";
/// The most bytes that a content may unpack to. As values they take some ten times as much.
const UNPACKED_LIMIT: u64 = 64 << 20;

pub(crate) fn head_name(instance: &InstanceName) -> String {
    format!("workloadctl.{instance}")
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    format: u32,
    namespace: String,
    instance: InstanceName,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cluster_uid: Option<String>,
    mode: NamespaceMode,
    #[serde(default)]
    deleting: bool,
    inventory: CowVec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    newest: Option<Release>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last_good: Option<Release>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    unsettled: Option<Timestamp>,
    /// Objects by digest: two releases of one revision share them.
    contents: BTreeMap<String, CowVec<Object>>,
}

impl Record {
    /// Encodes the content: compressed JSON.
    ///
    /// # Errors
    /// Code 5 where it is more than would be read again.
    ///
    /// # Panics
    /// Never: everything in a record is representable.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let mut contents = BTreeMap::new();
        for deployed in [&self.newest, &self.last_good].into_iter().flatten() {
            contents.insert(deployed.release.digest.clone(), deployed.objects.clone());
        }
        let stored = Stored {
            format: FORMAT,
            namespace: self.namespace.clone(),
            instance: self.instance.clone(),
            cluster_uid: self.cluster_uid.clone(),
            mode: self.mode,
            deleting: self.deleting,
            inventory: self.inventory.clone(),
            newest: self.newest.as_ref().map(|deployed| deployed.release.clone()),
            last_good: self.last_good.as_ref().map(|deployed| deployed.release.clone()),
            unsettled: self.unsettled,
            contents,
        };
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let json = serde_json::to_vec(&stored).expect("a record has string keys only");
        if json.len() as u64 > UNPACKED_LIMIT {
            return Err(Error::refused(
                Code::RecordTooLarge,
                format!(
                    "the record of `{}` would have {} MiB; the most is {} MiB",
                    self.instance,
                    json.len() >> 20,
                    UNPACKED_LIMIT >> 20
                ),
            )
            .hint("split the manifests into several definitions"));
        }
        encoder.write_all(&json).expect("writing to memory cannot fail");
        Ok(encoder.finish().expect("writing to memory cannot fail"))
    }

    /// Decodes a content and verifies it; `known` are the contents of releases that need no
    /// record to be believed.
    ///
    /// # Errors
    /// Code 5 where the format is newer or the record belongs elsewhere; code 1 where it is
    /// damaged.
    pub(crate) fn decode(
        bytes: &[u8],
        namespace: &str,
        instance: &InstanceName,
        known: &KnownContents<'_>,
    ) -> Result<Self> {
        let damaged = |why: String| {
            Error::failed(
                Code::DamagedRecord,
                format!("the record Secret/{} in namespace {namespace} is damaged", head_name(instance)),
            )
            .cause(why)
            .hint(format!(
                "delete it (`kubectl -n {namespace} delete secret {}`) and deploy again: it is rebuilt from the live objects",
                head_name(instance)
            ))
        };
        let mut json = Vec::new();
        GzDecoder::new(bytes)
            // Whoever may write Secrets could let it unpack to any size.
            .take(UNPACKED_LIMIT + 1)
            .read_to_end(&mut json)
            .map_err(|error| damaged(error.to_string()))?;
        if json.len() as u64 > UNPACKED_LIMIT {
            return Err(damaged(format!("it unpacks to more than {} MiB", UNPACKED_LIMIT >> 20)));
        }
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        // Before the rest, which a newer format may have changed.
        let Version { format } =
            serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
        if format > FORMAT {
            return Err(Error::refused(
                Code::NewerRecord,
                format!("the record of `{instance}` has format {format}, this program knows formats up to {FORMAT}"),
            )
            .hint("use a newer workloadctl"));
        }
        let stored: Stored =
            serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
        if stored.namespace != namespace || stored.instance != *instance {
            return Err(Error::refused(
                Code::CopiedRecord,
                format!(
                    "Secret/{} in namespace {namespace} is a copy of the record of `{}` in namespace {}",
                    head_name(instance), stored.instance, stored.namespace
                ),
            )
            .hint(format!("delete the copy: `kubectl -n {namespace} delete secret {}`", head_name(instance))));
        }
        let (record, contents) = stored.into_record();
        verify(record, contents, known).map_err(damaged)
    }
}

impl Stored {
    /// Gives the record without the objects of its releases, and these by digest.
    fn into_record(self) -> (Record, BTreeMap<String, CowVec<Object>>) {
        let Self {
            format: _,
            namespace,
            instance,
            cluster_uid,
            mode,
            deleting,
            inventory,
            newest,
            last_good,
            unsettled,
            contents,
        } = self;
        let deployed = |release: Release| Deployed { objects: CowVec::default(), release };
        let record = Record {
            namespace,
            instance,
            cluster_uid,
            mode,
            deleting,
            inventory,
            newest: newest.map(deployed),
            last_good: last_good.map(deployed),
            unsettled,
        };
        (record, contents)
    }
}

/// The Secrets that a record is written as.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Encoded {
    /// The `data` of the head, without the holder.
    pub head: BTreeMap<String, String>,
    /// The parts' names and bodies, to be written before the head.
    pub parts: Vec<(String, Value)>,
}

impl Encoded {
    /// Spreads a content over the head and, where it is too large, parts.
    ///
    /// # Errors
    /// Those of [`Record::encode`].
    pub(crate) fn of(record: &Record) -> Result<Self> {
        Ok(Self::spread(&record.encode()?, &record.namespace, &record.instance, HEAD_LIMIT))
    }

    fn spread(content: &[u8], namespace: &str, instance: &InstanceName, limit: usize) -> Self {
        if content.len() <= limit {
            let head = BTreeMap::from([("record".to_owned(), STANDARD.encode(content))]);
            return Self { head, parts: Vec::new() };
        }
        let parts: Vec<(String, Value)> = content
            .chunks(limit)
            .map(|chunk| {
                let name = part_name(instance, chunk);
                let body = json!({
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "type": PART_TYPE,
                    // It is named by its digest: another content is another part.
                    "immutable": true,
                    "metadata": {"name": name, "namespace": namespace, "labels": {RECORD_LABEL: instance.as_str()}},
                    "data": {"part": STANDARD.encode(chunk)},
                });
                (name, body)
            })
            .collect();
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        let head = BTreeMap::from([(
            "parts".to_owned(),
            STANDARD.encode(serde_json::to_vec(&names).expect("names are strings")),
        )]);
        Self { head, parts }
    }

    /// Lists the parts that this head names.
    pub(crate) fn part_names(&self) -> BTreeSet<String> {
        self.parts.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// Gives the name of the part that holds these bytes.
pub(crate) fn part_name(instance: &InstanceName, chunk: &[u8]) -> String {
    format!("workloadctl.{instance}.{}", hex(&Sha256::digest(chunk)[..10]))
}

/// Tells whether a name is one that [`part_name`] makes: what a head names is read, and deleted
/// once it does not, so that it must not name any other Secret.
pub(crate) fn is_part_name(instance: &InstanceName, name: &str) -> bool {
    name.strip_prefix(&format!("workloadctl.{instance}.")).is_some_and(|digest| {
        digest.len() == 20 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Reads the bytes of a part's Secret.
///
/// # Errors
/// Code 1 where it is damaged.
pub(crate) fn read_part(secret: &Value) -> Result<Vec<u8>> {
    secret
        .pointer("/data/part")
        .and_then(Value::as_str)
        .and_then(|text| STANDARD.decode(text).ok())
        .ok_or_else(|| Error::failed(Code::DamagedRecord, "a part of the record is damaged"))
}

#[cfg(test)]
mod tests;
