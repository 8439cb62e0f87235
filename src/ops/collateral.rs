//! What goes along with what is deleted although nobody deployed it: claims in a namespace, claims
//! of a StatefulSet that takes them, custom resources that controllers and persons made. The
//! inventory does not know them; they are looked up live, one LIST a kind, before anybody is asked.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::{claims, custom_resources, target::Target};
use crate::{
    cluster::request::Request,
    workload::{
        error::Result,
        kinds::{Trait, builtin_kind},
        object::{ObjectId, tell_apart},
        ownership::{is_ours, is_owned_by, is_terminating},
        record::Entry,
    },
};

/// How many objects of a kind a sentence names.
const SHOWN: usize = 5;

/// What goes along.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Collateral {
    /// Claims that go with their data.
    pub claims: Vec<ObjectId>,
    pub custom_resources: Vec<ObjectId>,
    /// What could not be looked at, as sentences.
    pub unseen: Vec<String>,
}

/// What is going to be deleted.
pub(crate) struct Going<'a> {
    pub target: &'a Target,
    /// The field manager of the instance.
    pub manager: &'a str,
    /// The objects, with their uids; also the namespaces.
    pub entries: &'a [Entry],
    /// What the instance has: it is no collateral, whatever becomes of it.
    pub inventory: &'a [Entry],
    /// Whether definitions go although others have custom resources of them.
    pub delete_crds: bool,
}

impl Collateral {
    /// Gives all of it.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectId> {
        self.claims.iter().chain(&self.custom_resources)
    }

    /// Says what goes along; empty where nothing does.
    pub(crate) fn told(&self) -> Vec<String> {
        let Self { claims, custom_resources, unseen } = self;
        let mut told = Vec::new();
        if !claims.is_empty() {
            let (what, data) = match claims.len() {
                1 => ("1 PersistentVolumeClaim".to_owned(), "its data"),
                many => (format!("{many} PersistentVolumeClaims"), "their data"),
            };
            told.push(format!("{what} with {data} ({})", shown(claims)));
        }
        if !custom_resources.is_empty() {
            let what = match custom_resources.len() {
                1 => "1 custom resource".to_owned(),
                many => format!("{many} custom resources"),
            };
            told.push(format!("{what} ({})", shown(custom_resources)));
        }
        told.extend(unseen.iter().cloned());
        told
    }
}

/// Names some objects, and says how many more there are.
fn shown(ids: &[ObjectId]) -> String {
    let named: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
    match ids.len().saturating_sub(SHOWN) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

impl Going<'_> {
    /// Looks at what goes along.
    ///
    /// # Errors
    /// A request that failed, but for a missing right to list.
    pub(crate) async fn look(&self) -> Result<Collateral> {
        let mut collateral = Collateral::default();
        self.look_for_claims(&mut collateral).await?;
        self.look_for_custom_resources(&mut collateral).await?;
        collateral.claims.sort();
        collateral.custom_resources.sort();
        let Collateral { claims, custom_resources, .. } = &mut collateral;
        let own = self.inventory.iter().map(|entry| &entry.id);
        tell_apart(claims.iter_mut().chain(custom_resources), own);
        Ok(collateral)
    }

    async fn look_for_claims(&self, collateral: &mut Collateral) -> Result<()> {
        let own: HashSet<&ObjectId> = self.inventory.iter().map(|entry| &entry.id).collect();
        let mut namespaces: BTreeSet<&str> = self.namespaces().collect();
        namespaces.extend(
            self.entries
                .iter()
                .filter(|entry| self.may_own_claims(&entry.id))
                .filter_map(|entry| entry.id.namespace.as_deref()),
        );
        for namespace in namespaces {
            let Some(found) = claims::of_namespace(&self.target.api, namespace).await? else {
                collateral.unseen.extend(self.unseen_claims(namespace).await?);
                continue;
            };
            let goes = |claim: &&Value| {
                // Where one asks to be kept, its namespace stays and its owner lets it go.
                !claims::asks_to_stay(claim)
                    && !is_terminating(claim)
                    && (self.takes(namespace) || self.owns(claim))
            };
            let mut going: Vec<&Value> = found.iter().filter(goes).collect();
            if !going.is_empty() {
                let sets = self.sets_in(namespace).await?;
                going.retain(|claim| !sets.iter().any(|set| claims::is_kept_by(set, claim)));
            }
            let going = going.into_iter().map(claims::id_of);
            collateral.claims.extend(going.filter(|id| !own.contains(id)));
        }
        Ok(())
    }

    async fn look_for_custom_resources(&self, collateral: &mut Collateral) -> Result<()> {
        let own: HashSet<&ObjectId> = self.inventory.iter().map(|entry| &entry.id).collect();
        // Those of the instance's kinds; a definition that stays loses what is in a namespace.
        let all = if self.namespaces().next().is_some() { self.inventory } else { self.entries };
        for entry in all.iter().filter(|entry| custom_resources::is_definition(&entry.id)) {
            let Some(path) = self.target.path(&entry.id, &entry.version) else { continue };
            let found = custom_resources::of(&self.target.api, &entry.id, &path).await?;
            let with_all =
                self.delete_crds && self.entries.iter().any(|going| going.id == entry.id);
            if found.is_hidden() && with_all {
                let kind = found.kind();
                collateral.unseen.push(format!(
                    "custom resources of {} that cannot be seen: forbidden: list {kind}",
                    entry.id
                ));
            }
            for (id, item) in found.iter().filter(|(id, _)| !own.contains(id)) {
                let inside = id.namespace.as_deref().is_some_and(|namespace| self.takes(namespace));
                let goes = with_all || inside || self.owns(item);
                if goes && !is_ours(item, self.manager, None) && !is_terminating(item) {
                    collateral.custom_resources.push(id);
                }
            }
        }
        Ok(())
    }

    fn namespaces(&self) -> impl Iterator<Item = &str> {
        let entries = self.entries.iter().filter(|entry| entry.id.is("", "Namespace"));
        entries.map(|entry| &*entry.id.name)
    }

    /// Tells whether a namespace goes.
    fn takes(&self, namespace: &str) -> bool {
        self.namespaces().any(|going| going == namespace)
    }

    /// Tells whether one of what goes owns an object.
    fn owns(&self, object: &Value) -> bool {
        let mut uids = self.entries.iter().filter_map(|entry| entry.uid.as_deref());
        uids.any(|uid| is_owned_by(object, uid))
    }

    /// A StatefulSet that takes its claims, or what an operator made them for.
    fn may_own_claims(&self, id: &ObjectId) -> bool {
        builtin_kind(id).is(Trait::ClaimTemplates)
            || self.target.kinds.is_custom(&id.group, &id.kind)
    }

    /// Reads the StatefulSets that go in a namespace.
    async fn sets_in(&self, namespace: &str) -> Result<Vec<Value>> {
        let mut sets = Vec::new();
        let here = |entry: &&Entry| entry.id.namespace.as_deref() == Some(namespace);
        for Entry { id, version, .. } in self.entries.iter().filter(here) {
            let path = self.target.path(id, version);
            if let Some(path) = path.filter(|_| builtin_kind(id).is(Trait::ClaimTemplates)) {
                let set = self.target.api.find(Request::get(path)).await;
                sets.extend(
                    set.map_err(|failure| failure.explain("get", "cannot look at", id, None))?,
                );
            }
        }
        Ok(sets)
    }

    /// Says whose claims may go in a namespace where they may not be listed.
    async fn unseen_claims(&self, namespace: &str) -> Result<Vec<String>> {
        let sets = self.sets_in(namespace).await?;
        // Else they stay, and nobody has to be told.
        let taking = sets.iter().filter(|set| claims::go_with_their_set(set));
        let name = |set: &Value| set["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        Ok(taking
            .map(|set| format!("the claims of StatefulSet/{}, which {}", name(set), claims::UNSEEN))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_along_is_named_and_what_is_not_named_is_counted() {
        let claim = |number: usize| {
            ObjectId::new("", "PersistentVolumeClaim", Some("n"), &format!("data-{number}"))
        };
        let of =
            |count| Collateral { claims: (0..count).map(claim).collect(), ..Collateral::default() };
        assert_eq!(of(0).told(), Vec::<String>::new());
        assert_eq!(
            of(1).told(),
            ["1 PersistentVolumeClaim with its data (PersistentVolumeClaim/data-0)"]
        );
        assert!(of(7).told()[0].ends_with("PersistentVolumeClaim/data-4 and 2 more)"));
        let all = Collateral {
            custom_resources: vec![ObjectId::new("a.b", "Valve", None, "one")],
            unseen: vec!["what".into()],
            ..of(2)
        };
        assert_eq!(all.told().len(), 3);
        assert_eq!(all.told()[1], "1 custom resource (Valve/one)");
    }
}
