//! What is not the instance's alone to delete: what others apply too, definitions that others have
//! custom resources of, namespaces with others in them.

use std::collections::HashSet;

use serde_json::Value;

use super::Remover;
use crate::{
    cluster::request::Request,
    ops::{
        namespace_users::{self, Leaver, Stay},
        shared,
        survey::Survey,
    },
    workload::{
        error::Result,
        object::ObjectId,
        ownership::{is_aggregated, is_ours, is_terminating},
        plan::is_kept,
        record::Entry,
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
        if self.delete_crds || !id.is("apiextensions.k8s.io", "CustomResourceDefinition") {
            return Ok(None);
        }
        let (count, one, many) = match self.custom_resources(id, path).await? {
            (0, 0) => return Ok(None),
            (0, kept) => (kept, "asks to be kept", "ask to be kept"),
            (others, _) => (others, "is not ours", "are not ours"),
        };
        let them = match count {
            1 => format!("1 custom resource of it {one}"),
            _ => format!("{count} custom resources of it {many}"),
        };
        Ok(Some(Stay::Theirs(format!("{them} (`--delete-crds` deletes it with them)"))))
    }

    /// Finds the ClusterRoles that others are aggregated into; none where that may not be looked
    /// at, or where there is no other.
    pub(super) async fn aggregated_roles(&self, entries: &[Entry]) -> HashSet<ObjectId> {
        let is_role = |entry: &&Entry| entry.id.is("rbac.authorization.k8s.io", "ClusterRole");
        let roles: Vec<Entry> = entries.iter().filter(is_role).cloned().collect();
        if roles.len() < 2 {
            return HashSet::new();
        }
        let survey = Survey::of(self.target, self.instance, &roles);
        let live = survey.look_at_visible().await.map(|(live, _)| live).unwrap_or_default();
        live.into_iter().filter(|(_, live)| is_aggregated(live)).map(|(id, _)| id).collect()
    }

    /// Counts the custom resources of a CRD that are not ours, and those of ours that ask to be
    /// kept: without waiting, the others may not be gone yet.
    async fn custom_resources(&self, id: &ObjectId, path: &str) -> Result<(usize, usize)> {
        let definition = self
            .api
            .find(Request::get(path))
            .await
            .map_err(|failure| failure.explain("get", "cannot look at", id, None))?;
        let Some(definition) = definition else { return Ok((0, 0)) };
        let text =
            |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let served = definition["spec"]["versions"]
            .as_array()
            .into_iter()
            .flatten()
            // One version shows all: the same objects are served in each.
            .find(|version| version["served"] == true)
            .and_then(|version| version["name"].as_str());
        let Some(version) = served else { return Ok((0, 0)) };
        let collection =
            format!("/apis/{}/{version}/{}", text("/spec/group"), text("/spec/names/plural"));
        match self.api.list_metadata(&collection, "").await {
            Ok(list) => {
                let items = list.items.iter();
                let (ours, others): (Vec<_>, Vec<_>) =
                    items.partition(|item| is_ours(item, self.manager, None));
                Ok((others.len(), ours.into_iter().filter(|item| is_kept(item)).count()))
            }
            // 404 in plain text: the CRD is not served yet or not any more, and has no objects that
            // could be lost.
            Err(failure) if failure.is_not_found() => Ok((0, 0)),
            Err(failure) => {
                let kind =
                    ObjectId::new(text("/spec/group"), text("/spec/names/kind"), None, &id.name);
                Err(failure.explain("list", "cannot look for custom resources of", &kind, None))
            }
        }
    }
}
