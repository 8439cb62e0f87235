//! A workload definition: a named set of Kubernetes resources, kept as numbered revisions.
//!
//! A revision never changes. Its identity is the digest of its objects, so comments and layout
//! of the sources make no new revision.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{body::canonical, name::DefinitionName, object::Object};

/// The text that objects were read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceFile {
    /// The file as the user named it, or `-` for standard input.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// The content of a revision: the objects as read, in order, and the text they came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The objects in the order in which they were read.
    pub objects: Vec<Object>,
    /// The texts; empty where the revision came from a cluster's record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SourceFile>,
}

impl Content {
    /// Lists the namespaces that the content brings, in order: its record lies in one of them.
    pub(crate) fn brought_namespaces(&self) -> Vec<String> {
        let ids = self.objects.iter().map(Object::id);
        ids.filter(|id| id.is("", "Namespace")).map(|id| id.name.clone()).collect()
    }

    /// Computes the identity of the content: `sha256` in hex over the objects' canonical JSON
    /// (sorted keys, no white space), in order.
    pub(crate) fn digest(&self) -> String {
        digest_of_objects(&self.objects)
    }
}

/// Computes the digest of a content by its objects.
pub(crate) fn digest_of_objects(objects: &[Object]) -> String {
    let mut hasher = Sha256::new();
    for object in objects {
        hasher.update(object.body.text().as_bytes());
        // So that no text is the same cut elsewhere.
        hasher.update(b"\n");
    }
    hex(&hasher.finalize())
}

/// Computes the digest of one JSON value in its canonical form: `sha256` in hex.
pub(crate) fn digest_of(value: &Value) -> String {
    digest_of_text(&canonical(value))
}

/// Computes the digest of a value by its canonical form.
pub(crate) fn digest_of_text(canonical: &str) -> String {
    hex(&digest_bytes(canonical))
}

/// A digest as it is computed.
pub(crate) type Digest = [u8; 32];

/// Computes the digest of a value by its canonical form, for who only compares it.
pub(crate) fn digest_bytes(canonical: &str) -> Digest {
    Sha256::digest(canonical.as_bytes()).into()
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(digits));
    text
}

/// One immutable revision of a definition, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    /// The definition it belongs to.
    pub definition: DefinitionName,
    /// The number, counted per definition from 1 (in a record: as its author counted).
    pub number: u64,
    /// The identity of the content ([`Content::digest`]).
    pub digest: String,
    /// When it was made; revisions are ordered by this.
    pub created_at: Timestamp,
    /// How many objects it has.
    pub object_count: usize,
    /// Where the content came from, as the user named it (`examples/web`), or `record` for one
    /// that was taken in from a cluster.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::object::Origin;

    #[test]
    fn the_digest_is_of_objects_alone() {
        let content = |body: Value, line, text: &str| Content {
            objects: vec![Object { body: body.into(), origin: Origin::line("a.yaml", line) }],
            files: vec![SourceFile { name: "a.yaml".into(), text: text.into() }],
        };
        let one = content(json!({"b": 1, "a": 2}), 1, "a");
        let two = content(json!({"a": 2, "b": 1}), 9, "# comment\na");
        assert_eq!(one.digest(), two.digest());
        assert_ne!(one.digest(), content(json!({"a": 3}), 1, "a").digest());
    }
    proptest::proptest! {
        #[test]
        fn a_number_has_the_same_digest_when_it_is_read_again(bits: u64) {
            let number = json!(f64::from_bits(bits));
            let again = serde_json::from_str(&number.to_string()).unwrap();
            proptest::prop_assert_eq!(digest_of(&number), digest_of(&again));
        }
    }
}
