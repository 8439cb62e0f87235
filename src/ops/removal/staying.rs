//! What is not the instance's alone to delete: what others apply too, definitions that others have
//! custom resources of, namespaces with others in them.

use std::collections::HashSet;

use serde_json::Value;

use super::Remover;
use crate::{
    ops::{
        custom_resources,
        namespace_users::{self, Leaver, Stay},
        shared,
        survey::{Lists, Survey},
    },
    workload::{
        error::Result,
        object::ObjectId,
        ownership::{is_aggregated, is_terminating},
        record::Entry,
        release::Action,
        sharing::instance_of,
    },
};

impl Remover<'_> {
    /// Says why a cluster-scoped object must not be deleted; one that goes already does.
    pub(super) async fn why_it_stays(
        &self,
        id: &ObjectId,
        path: &str,
        live: &Value,
    ) -> Result<Option<Stay>> {
        if id.is("", "Namespace") {
            let Self { instance, manager, mode, staying, .. } = *self;
            let leaver = Leaver { instance, manager, mode, staying };
            return namespace_users::why_it_stays(self.target, &self.api, leaver, id, live).await;
        }
        // Whoever deleted it has decided; taking our entry out would not keep it.
        if is_terminating(live) {
            return Ok(None);
        }
        let owners = shared::living(self.target, live, self.manager).await?;
        if !owners.is_empty() {
            return Ok(Some(Stay::Theirs(format!("also used by {}", owners.join(", ")))));
        }
        // Deleting a CRD deletes every custom resource of it in the whole cluster.
        if self.delete_crds || !custom_resources::is_definition(id) {
            return Ok(None);
        }
        let resources = custom_resources::of(&self.api, id, path).await?;
        // Where all of it leaves, nothing needs the definition any more.
        let staying = if self.action == Action::Delete { &[] } else { self.staying };
        let why = resources.why_definition_stays(self.manager, staying);
        // With the record gone, our Apply entry lets the next `deploy` or `delete` know it again.
        Ok(why.map(|why| {
            let is_all = self.action == Action::Delete;
            Stay::Ours(if is_all { format!("{why} ({})", self.deletes_later()) } else { why })
        }))
    }

    /// Says what deletes a definition that stays behind its instance.
    fn deletes_later(&self) -> String {
        let again = format!("workloadctl delete {}", self.instance);
        // Only the namespace named like the instance is looked in unasked.
        let place = match instance_of(self.manager) {
            Some((home, instance)) if home != instance.as_str() => format!(" --namespace {home}"),
            _ => String::new(),
        };
        format!("`{again}{place}` deletes it once they are gone, `--delete-crds` with them")
    }

    /// Finds the ClusterRoles that others are aggregated into; none where there is no other. One that
    /// may not be looked at is taken for none: only the order depends on it.
    ///
    /// # Errors
    /// A look that failed otherwise.
    pub(super) async fn aggregated_roles(&self, entries: &[Entry]) -> Result<HashSet<ObjectId>> {
        let is_role = |entry: &&Entry| entry.id.is("rbac.authorization.k8s.io", "ClusterRole");
        let roles: Vec<Entry> = entries.iter().filter(is_role).cloned().collect();
        if roles.len() < 2 {
            return Ok(HashSet::new());
        }
        let (live, _) = Survey::of(self.target, self.instance, &roles)
            .look_at_visible(Lists::default())
            .await?;
        let aggregated = live.iter().filter(|(_, live)| is_aggregated(live));
        Ok(aggregated.map(|(id, _)| id.clone()).collect())
    }
}
