//! Since when a ConfigMap or Secret has its content: what managedFields tell is when an object was
//! written last, also where its labels alone changed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    definition::digest_of,
    object::ObjectId,
    readiness::field::{list, text},
    versioning::is_versioned,
};

/// The content of a ConfigMap or Secret as it was sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentContent {
    /// The digest of all of it.
    digest: String,
    /// Since when it is what it is, by the server's clock; none where it is as old as the write.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    since: Option<Timestamp>,
}

impl SentContent {
    /// Says what is going to be sent; none for other kinds. `before` is what was sent last, `live`
    /// the metadata of the object by now.
    pub(crate) fn to_send(
        (id, body): (&ObjectId, &Value),
        before: Option<&Self>,
        live: Option<&Value>,
        manager: &str,
    ) -> Option<Self> {
        if !has_content(id) {
            return None;
        }
        let digest = digest_of(&json!([body.get("data"), body.get("binaryData")]));
        let live = live.filter(|live| writers(live).all(|entry| is_own(entry, manager)));
        // What somebody else wrote into it is new once it is taken back.
        let same = live.zip(before.filter(|before| before.digest == digest));
        let since = same.and_then(|(live, before)| before.since.or_else(|| last_write(live)));
        Some(Self { digest, since })
    }

    /// Tells whether its write brings another content, as far as is known.
    pub(crate) fn is_new(&self) -> bool {
        self.since.is_none()
    }
}

/// Tells whether an object is one that pods read: a ConfigMap or a Secret.
pub(crate) fn has_content(id: &ObjectId) -> bool {
    id.is("", "ConfigMap") || id.is("", "Secret")
}

/// Tells when the content of a live ConfigMap or Secret was written last, by what was sent and by its
/// `managedFields`. What is called after its content never had another from us.
pub(crate) fn content_changed(
    live: &Value,
    sent: Option<&SentContent>,
    manager: &str,
) -> Option<Timestamp> {
    let since = sent.and_then(|sent| sent.since);
    let time = |entry: &Value| since.filter(|_| is_own(entry, manager)).or_else(|| time_of(entry));
    let counts = |entry: &&Value| !(is_versioned(live) && is_own(entry, manager));
    writers(live).filter(counts).filter_map(time).max()
}

/// Gives the entries of those who hold any of the content.
fn writers(object: &Value) -> impl Iterator<Item = &Value> {
    let holds_content = |entry: &&Value| {
        ["f:data", "f:binaryData"].iter().any(|field| entry["fieldsV1"].get(field).is_some())
    };
    list(object, "/metadata/managedFields").iter().filter(holds_content)
}

fn is_own(entry: &Value, manager: &str) -> bool {
    text(entry, "/manager") == manager && text(entry, "/operation") == "Apply"
}

fn last_write(object: &Value) -> Option<Timestamp> {
    writers(object).filter_map(time_of).max()
}

fn time_of(entry: &Value) -> Option<Timestamp> {
    text(entry, "/time").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANAGER: &str = "workloadctl:a/web";

    fn live(entries: &str) -> Value {
        serde_yaml::from_str(&format!("metadata: {{managedFields: [{entries}]}}")).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const OURS: &str = "{manager: 'workloadctl:a/web', operation: Apply, time: '2026-01-02T00:00:00Z', fieldsV1: {'f:data': {}}}";

    #[test]
    fn the_time_of_the_content_is_not_that_of_a_label() {
        let label = "{time: '2026-01-05T00:00:00Z', fieldsV1: {'f:metadata': {}}}";
        let person = "{manager: kubectl-edit, operation: Update, time: '2026-01-03T00:00:00Z', fieldsV1: {'f:data': {}}}";
        let since =
            |since: Option<&str>| SentContent { digest: String::new(), since: since.map(at) };
        for (entries, sent, expected) in [
            (format!("{OURS}, {label}"), None, "2026-01-02T00:00:00Z"),
            (OURS.to_owned(), Some(since(None)), "2026-01-02T00:00:00Z"),
            (OURS.to_owned(), Some(since(Some("2026-01-01T00:00:00Z"))), "2026-01-01T00:00:00Z"),
            // Somebody else has written since.
            (
                format!("{OURS}, {person}"),
                Some(since(Some("2026-01-01T00:00:00Z"))),
                "2026-01-03T00:00:00Z",
            ),
        ] {
            let changed = content_changed(&live(&entries), sent.as_ref(), MANAGER).unwrap();
            assert_eq!(changed, at(expected), "{entries}");
        }
        // Made anew by a rollback, it is what pods of before have read; what a person writes is not.
        let versioned = |entries: &str| {
            let mut live = live(entries);
            live["metadata"]["annotations"] = json!({"workloadctl/versioned": "true"});
            content_changed(&live, None, MANAGER)
        };
        assert_eq!(versioned(OURS), None);
        assert_eq!(versioned(&format!("{OURS}, {person}")), Some(at("2026-01-03T00:00:00Z")));
    }

    #[test]
    fn content_is_as_old_as_the_write_that_brought_it() {
        let id = ObjectId::new("", "ConfigMap", Some("a"), "conf");
        let send = |data: &str, label: &str, before: Option<&SentContent>, live: Option<&Value>| {
            let body = json!({"metadata": {"labels": {"l": label}}, "data": {"a": data}});
            SentContent::to_send((&id, &body), before, live, MANAGER).unwrap()
        };
        let first = send("1", "x", None, None);
        assert!(first.is_new());
        let live = live(OURS);
        let labelled = send("1", "y", Some(&first), Some(&live));
        assert_eq!(labelled.since, Some(at("2026-01-02T00:00:00Z")));
        // The entry's time moves on with each write, and what was known stays.
        let again = send("1", "z", Some(&labelled), Some(&live));
        assert_eq!(again.since, labelled.since);
        assert!(send("2", "z", Some(&labelled), Some(&live)).is_new());
        // Made anew, or written by others.
        assert!(send("1", "z", Some(&labelled), None).is_new());
        let edited = serde_yaml::from_str::<Value>(
            "metadata: {managedFields: [{manager: kubectl-edit, operation: Update, fieldsV1: {'f:data': {}}}]}",
        )
        .unwrap();
        assert!(send("1", "z", Some(&labelled), Some(&edited)).is_new());
        let service = ObjectId::new("", "Service", Some("a"), "conf");
        assert_eq!(SentContent::to_send((&service, &json!({})), None, None, MANAGER), None);
    }
}
