//! The terms on which one object is written: what is left to others, what is handed over to them
//! first, and what is taken over from them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ManagerClass, REPLICAS, Takeover, Yielded, class_of, entries, fields};

/// What is to be done about the fields that others hold of one object, before and in its apply.
/// Without any others the default holds: nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Terms {
    /// What is left to its holders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub yielded: Vec<Yielded>,
    /// Whether the replicas, which we alone hold, are handed over before they are left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hand_over: bool,
    /// Whether an autoscaler targets the object: its replicas stay with whoever holds them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scaled: bool,
    /// What was left to an autoscaler that is gone, and is taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reclaimed: Vec<String>,
    /// The managers of instances whose record is gone: what they hold is taken over too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// Whether the object is being adopted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub adopting: bool,
    /// Whether fields of persons and packagers are taken over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub takes: bool,
    /// What the recorded releases set, where it matters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Value>,
    /// The entry of managedFields that held the replicas of a StatefulSet which is made anew: it
    /// holds them again, at the number that they had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Value>,
    /// The live object's metadata as the plan saw it, where something is to be taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Value>,
}

crate::workload::rare::blank!(Terms);

impl Terms {
    /// Gives the body without what is left to others.
    pub(crate) fn body(&self, body: &Value) -> Value {
        let mut body = body.clone();
        for left in &self.yielded {
            fields::take_out(&mut body, &left.field);
        }
        body
    }

    /// Adds a field that turned out to be held by somebody to whom it is left. What is shared
    /// with another instance is no news.
    pub(crate) fn leave(&mut self, field: Yielded) {
        let is_known = self.yielded.iter().any(|left| left.field == field.field);
        if !is_known && class_of(&field.manager) != ManagerClass::Instance {
            self.yielded.push(field);
        }
    }

    /// Lists what is handed over before it is left.
    pub(crate) fn handed_over(&self) -> Vec<Yielded> {
        let handed = self.yielded.iter().filter(|left| self.hand_over && left.field == REPLICAS);
        handed.cloned().collect()
    }

    /// Gives the managedFields that a live object gets before `body` is applied; `None` where
    /// nothing is to be taken over.
    pub(crate) fn managed_fields(
        &self,
        body: &Value,
        manager: &str,
        live: &Value,
    ) -> Option<Value> {
        if !self.takes {
            return None;
        }
        let left = self.yielded.iter().map(|left| left.field.as_str());
        // An autoscaler's number stays with whoever holds it, also where the body sets none.
        let yielded: Vec<&str> = left.chain(self.scaled.then_some(REPLICAS)).collect();
        let reclaimed: Vec<&str> = self.reclaimed.iter().map(String::as_str).collect();
        let takeover = Takeover {
            body,
            manager,
            before: &self.before,
            yielded: &yielded,
            reclaimed: &reclaimed,
            gone: &self.gone,
            adopting: self.adopting,
        };
        takeover.managed_fields(live)
    }

    /// Tells whether a live object has no managedFields: the server makes a `before-first-apply`
    /// of it with the first apply, and only then can anything be taken over.
    pub(crate) fn is_bare(&self, live: &Value) -> bool {
        self.takes && entries(live).next().is_none()
    }
}
