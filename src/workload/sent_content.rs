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

/// The fields of a ConfigMap or Secret that pods read.
pub(crate) const CONTENT_FIELDS: [&str; 2] = ["data", "binaryData"];

/// How many contents of before are remembered.
const REMEMBERED: usize = 4;

/// The content of a ConfigMap or Secret as it was sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentContent {
    /// The digest of all of it.
    digest: String,
    /// Since when it is what it is, by the server's clock; none until it is known to be written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    since: Option<Timestamp>,
    /// What it was before, oldest first: it may be that again.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    earlier: Vec<EarlierContent>,
}

/// A content of before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarlierContent {
    /// Its digest; empty for what somebody else wrote.
    digest: String,
    /// Since when it was that.
    since: Timestamp,
}

/// When a ConfigMap or Secret had the content that it has, or will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentTimes {
    /// Since when it has it.
    since: Timestamp,
    /// From when until when it had it before.
    before: Vec<(Timestamp, Timestamp)>,
}

impl ContentTimes {
    /// Gives the times of what came at a moment.
    pub(super) fn since(since: Timestamp, sent: Option<&SentContent>) -> Self {
        Self { since, before: sent.map(|sent| sent.times_before(since)).unwrap_or_default() }
    }

    /// Gives since when the object has its content.
    pub(crate) fn newest(&self) -> Timestamp {
        self.since
    }

    /// Tells whether it had this content before, and another in between.
    pub(crate) fn is_there_again(&self) -> bool {
        !self.before.is_empty()
    }

    /// Tells whether it had another content at a moment. All times are whole seconds, and a content is
    /// written before the pods that are to read it: what is made in the same second is taken for later.
    pub(crate) fn was_other_at(&self, moment: Timestamp) -> bool {
        let had_it = |(from, until): &(Timestamp, Timestamp)| *from <= moment && moment < *until;
        moment < self.since && !self.before.iter().any(had_it)
    }
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
        let others = live.and_then(|live| last_write_of_others(live, manager));
        // What somebody else wrote into it is new once it is taken back.
        let same = before.filter(|before| {
            live.is_some() && others.is_none() && before.digest == digest && before.since.is_some()
        });
        if let Some(same) = same {
            return Some(same.clone());
        }
        let mut earlier = Vec::new();
        if let Some((before, since)) = before.zip(live.and(before.and_then(|it| it.since))) {
            earlier.clone_from(&before.earlier);
            earlier.push(EarlierContent { digest: before.digest.clone(), since });
            let others = others.filter(|others| *others >= since);
            earlier.extend(others.map(|since| EarlierContent { digest: String::new(), since }));
            let forgotten = earlier.len().saturating_sub(REMEMBERED);
            earlier.drain(..forgotten);
        }
        Some(Self { digest, since: None, earlier })
    }

    /// Tells whether its write brings another content, as far as is known.
    pub(crate) fn is_new(&self) -> bool {
        self.since.is_none()
    }

    /// Tells whether only the server can tell if its write brings another content: nothing is known
    /// of what was sent before, or somebody else holds of it as well.
    pub(crate) fn is_in_doubt(&self, before: Option<&Self>) -> bool {
        let may_be_it = |it: &Self| it.since.is_none() || it.digest == self.digest;
        self.is_new() && before.is_none_or(may_be_it)
    }

    /// Takes in that the live object has this content already.
    pub(crate) fn stays(&mut self, before: Option<&Self>, live: &Value, manager: &str) {
        self.since = content_changed(live, before, manager);
        self.earlier = before.map(|before| before.earlier.clone()).unwrap_or_default();
    }

    /// Gives it as it was written, by the server's answer.
    #[must_use]
    pub(crate) fn written(&self, answer: &Value, manager: &str) -> Self {
        let own = writers(answer).filter(|entry| is_own(entry, manager));
        let since = self.since.or_else(|| own.filter_map(time_of).max());
        Self { since, ..self.clone() }
    }

    /// Gives the times when the object had it, as far as this tells.
    pub(crate) fn times(&self) -> ContentTimes {
        ContentTimes::since(self.since.unwrap_or(Timestamp::MAX), Some(self))
    }

    /// Gives the times when it was what it is now, until the last change.
    fn times_before(&self, last: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let until = self.earlier.iter().skip(1).map(|next| next.since).chain([last]);
        let spans = self.earlier.iter().zip(until);
        spans
            .filter(|(earlier, _)| earlier.digest == self.digest)
            .map(|(earlier, until)| (earlier.since, until))
            .collect()
    }
}

/// What is known of the content of a live ConfigMap or Secret that is going to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ContentKnown {
    /// What was sent before tells whether it changes.
    #[default]
    BySent,
    /// The server is to be asked whether it changes.
    Asked,
    /// The server says that it stays as it is.
    Stays,
}

/// Tells whether an object is one that pods read: a ConfigMap or a Secret.
pub(crate) fn has_content(id: &ObjectId) -> bool {
    id.is("", "ConfigMap") || id.is("", "Secret")
}

/// Tells when a live ConfigMap or Secret had its content, by what was sent and by its
/// `managedFields`. What is called after its content never had another from us.
pub(crate) fn content_times(
    live: &Value,
    sent: Option<&SentContent>,
    manager: &str,
) -> Option<ContentTimes> {
    let since = content_changed(live, sent, manager)?;
    // What was sent before tells nothing of what somebody else wrote.
    let sent = sent.filter(|sent| sent.since == Some(since));
    Some(ContentTimes::since(since, sent))
}

fn content_changed(live: &Value, sent: Option<&SentContent>, manager: &str) -> Option<Timestamp> {
    let since = sent.and_then(|sent| sent.since);
    let time = |entry: &Value| since.filter(|_| is_own(entry, manager)).or_else(|| time_of(entry));
    let counts = |entry: &&Value| !(is_versioned(live) && is_own(entry, manager));
    writers(live).filter(counts).filter_map(time).max()
}

/// Gives the entries of those who hold any of the content.
fn writers(object: &Value) -> impl Iterator<Item = &Value> {
    let holds_content = |entry: &&Value| {
        CONTENT_FIELDS.iter().any(|field| entry["fieldsV1"].get(format!("f:{field}")).is_some())
    };
    list(object, "/metadata/managedFields").iter().filter(holds_content)
}

fn is_own(entry: &Value, manager: &str) -> bool {
    text(entry, "/manager") == manager && text(entry, "/operation") == "Apply"
}

fn last_write_of_others(object: &Value, manager: &str) -> Option<Timestamp> {
    writers(object).filter(|entry| !is_own(entry, manager)).filter_map(time_of).max()
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
        let since = |since: Option<&str>| SentContent {
            digest: String::new(),
            since: since.map(at),
            earlier: Vec::new(),
        };
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
        // Whether it was written is not known yet, and of one that nothing is known of the server tells.
        let ours = live(OURS);
        assert!(send("1", "y", Some(&first), Some(&ours)).is_in_doubt(Some(&first)));
        assert!(send("1", "y", None, Some(&ours)).is_in_doubt(None));
        let first = first.written(&ours, MANAGER);
        assert_eq!(first.since, Some(at("2026-01-02T00:00:00Z")));
        // The entry's time moves on with each write, and what was known stays.
        let later = live(&OURS.replace("01-02", "01-09"));
        let labelled = send("1", "y", Some(&first), Some(&later));
        assert_eq!(labelled.written(&later, MANAGER), first);
        let other = send("2", "z", Some(&labelled), Some(&later));
        assert!(other.is_new() && !other.is_in_doubt(Some(&labelled)));
        // Made anew, or written by others.
        assert!(send("1", "z", Some(&labelled), None).is_new());
        let edited = live(
            "{manager: kubectl-edit, operation: Update, time: '2026-01-03T00:00:00Z', fieldsV1: {'f:data': {}}}",
        );
        let mut taken_back = send("1", "z", Some(&labelled), Some(&edited));
        assert!(taken_back.is_in_doubt(Some(&labelled)));
        // The server says that it is there already.
        taken_back.stays(Some(&labelled), &edited, MANAGER);
        assert_eq!(taken_back.since, Some(at("2026-01-03T00:00:00Z")));
        let service = ObjectId::new("", "Service", Some("a"), "conf");
        assert_eq!(SentContent::to_send((&service, &json!({})), None, None, MANAGER), None);
    }

    #[test]
    fn a_content_that_is_there_again_is_what_pods_of_then_read() {
        let id = ObjectId::new("", "ConfigMap", Some("a"), "conf");
        let day = |day: usize| format!("2026-01-{day:02}T00:00:00Z");
        let mut sent: Option<SentContent> = None;
        let mut object = None;
        let mut release = |data: &str, on: usize, others: Option<usize>| {
            let body = json!({"data": {"a": data}});
            let to_come =
                SentContent::to_send((&id, &body), sent.as_ref(), object.as_ref(), MANAGER);
            let entry = OURS.replace("2026-01-02T00:00:00Z", &day(on));
            let person = others.map(|on| {
                let on = day(on);
                format!(", {{manager: kubectl-edit, operation: Update, time: '{on}', fieldsV1: {{'f:data': {{}}}}}}")
            });
            let written = to_come.unwrap().written(&live(&entry), MANAGER);
            let (now, then) = (live(&entry), live(&(entry + &person.unwrap_or_default())));
            let times = content_times(&now, Some(&written), MANAGER).unwrap();
            (sent, object) = (Some(written), Some(then));
            let is_other = |on: &usize| times.was_other_at(at(&day(*on)));
            (1..20).filter(is_other).collect::<Vec<usize>>()
        };
        assert_eq!(release("A", 2, None), [1]);
        assert_eq!(release("B", 5, None), [1, 2, 3, 4]);
        assert_eq!(release("A", 8, Some(10)), [1, 5, 6, 7]);
        // What somebody wrote in between, nobody knows.
        assert_eq!(release("A", 12, None), [1, 5, 6, 7, 10, 11]);
        // Of the oldest nothing is known any more.
        assert_eq!(release("C", 14, None), (1..14).collect::<Vec<_>>());
        assert_eq!(release("A", 16, None), [1, 2, 3, 4, 5, 6, 7, 10, 11, 14, 15]);
    }
}
