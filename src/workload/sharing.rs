//! Sharing a cluster-scoped object with other instances: whose fields a release takes, and whose
//! it leaves (docs/design.md, Shared objects).
//!
//! Equal bodies share by themselves. Among the instances of one definition the last change wins,
//! and one whose own body did not change leaves the other's. What belongs to another definition
//! is refused. An instance whose record is gone is no owner.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    name::{DefinitionName, InstanceName},
    object::ObjectId,
    ownership::{MANAGER_PREFIX, other_instances},
};

/// Reads the namespace and the instance that a field manager stands for.
pub(crate) fn instance_of(manager: &str) -> Option<(&str, InstanceName)> {
    let (namespace, instance) = manager.strip_prefix(MANAGER_PREFIX)?.split_once('/')?;
    Some((namespace, instance.parse().ok()?))
}

/// What the record of another instance tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// There is no record: it is no owner.
    Gone,
    Lives {
        /// Its definition; none where its record could not be read.
        definition: Option<DefinitionName>,
        /// The revision that it runs.
        revision: Option<u64>,
        /// What left its definition and was kept: it wants these no more.
        kept: Vec<ObjectId>,
    },
}

impl Standing {
    /// Tells whether the instance would let an object be adopted: it is gone, or only keeps it.
    pub(crate) fn lets_go_of(&self, id: &ObjectId) -> bool {
        match self {
            Self::Gone => true,
            Self::Lives { kept, .. } => kept.contains(id),
        }
    }
}

/// Other instances, by their managers' names.
pub(crate) type Others = HashMap<String, Standing>;

/// What a release does about the fields that other instances hold of one object. All others'
/// are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sharing {
    /// The managers whose fields are taken.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub takes: Vec<String>,
    /// The managers whose fields are left to them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub leaves: Vec<String>,
}

crate::workload::rare::blank!(Sharing);

impl Sharing {
    /// Decides for one object: `changed` tells whether our own body did.
    pub(crate) fn of(live: &Value, ours: &SharingInstance<'_>, others: &Others) -> Self {
        let mut sharing = Self::default();
        for manager in other_instances(live, ours.manager) {
            let same = match others.get(manager) {
                Some(standing) if standing.lets_go_of(ours.id) => {
                    sharing.takes.push(manager.to_owned());
                    continue;
                }
                Some(Standing::Lives { definition, .. }) => {
                    definition.as_ref() == Some(ours.definition)
                }
                // Unread: it may live, and be of another definition.
                Some(Standing::Gone) | None => false,
            };
            match (same, ours.changed) {
                (true, true) => sharing.takes.push(manager.to_owned()),
                // Our body is the one that was overwritten: to send it again would be a tug of war.
                (true, false) => sharing.leaves.push(manager.to_owned()),
                (false, _) => {}
            }
        }
        sharing
    }

    /// Tells whether nothing is taken and nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.takes.is_empty() && self.leaves.is_empty()
    }
}

/// What we want of a shared object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharingInstance<'a> {
    pub id: &'a ObjectId,
    /// Our field manager.
    pub manager: &'a str,
    /// Our definition.
    pub definition: &'a DefinitionName,
    /// Whether our own body is another than the one that we applied last.
    pub changed: bool,
}

/// Another instance, as it is named to the user: `web-2, which runs revision 4`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedInstance<'a>(pub &'a str, pub &'a Others);

impl fmt::Display for NamedInstance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(manager, others) = self;
        match instance_of(manager) {
            Some((namespace, instance)) if namespace == instance.as_str() => {
                write!(f, "{instance}")?;
            }
            _ => f.write_str(manager.trim_start_matches(MANAGER_PREFIX))?,
        }
        match others.get(*manager) {
            Some(Standing::Lives { revision: Some(revision), .. }) => {
                write!(f, ", which runs revision {revision}")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(name: &str) -> DefinitionName {
        name.parse().unwrap()
    }

    fn lives(name: &str) -> Standing {
        Standing::Lives { definition: Some(definition(name)), revision: Some(4), kept: Vec::new() }
    }

    #[test]
    fn the_last_change_wins_among_the_instances_of_one_definition() {
        let id = ObjectId::new("rbac.authorization.k8s.io", "ClusterRole", None, "x");
        let managers =
            ["a", "b", "c", "d", "e", "me"].map(|name| format!("workloadctl:{name}/{name}"));
        let live = json!({"metadata": {"managedFields": managers
            .iter()
            .map(|manager| json!({"manager": manager, "operation": "Apply"}))
            .collect::<Vec<_>>()}});
        let unreadable = Standing::Lives { definition: None, revision: None, kept: Vec::new() };
        let keeps = Standing::Lives { definition: None, revision: None, kept: vec![id.clone()] };
        let standings = [lives("web"), lives("other"), Standing::Gone, unreadable, keeps];
        let others: Others = managers.iter().cloned().zip(standings).collect();
        let web = definition("web");
        let sharing = |changed| {
            let ours =
                SharingInstance { id: &id, manager: &managers[5], definition: &web, changed };
            Sharing::of(&live, &ours, &others)
        };
        let names = |names: &[usize]| -> Vec<String> {
            names.iter().map(|index| managers[*index].clone()).collect()
        };
        assert_eq!(sharing(true), Sharing { takes: names(&[0, 2, 4]), leaves: vec![] });
        assert_eq!(sharing(false), Sharing { takes: names(&[2, 4]), leaves: names(&[0]) });
    }

    #[test]
    fn others_are_named_with_their_revision() {
        let others: Others = [("workloadctl:web-2/web-2".to_owned(), lives("web"))].into();
        for (manager, expected) in [
            ("workloadctl:web-2/web-2", "web-2, which runs revision 4"),
            ("workloadctl:team/web", "team/web"),
            ("workloadctl:odd", "odd"),
        ] {
            assert_eq!(NamedInstance(manager, &others).to_string(), expected);
        }
    }
}
