//! Removing objects: what left the definition, or everything with the instance.
//!
//! Every deletion carries the uid, and is waited for by the uid. Custom resources go first,
//! alone, while their operator is still there to finish them; CRDs go last but for namespaces.
//! What another instance applies too is left to it: our entry is taken out of the object's
//! managedFields, and its content stays as it is.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    gone::{self, Deletion},
    report::Event,
    session::Session,
    survey::{Depth, survey},
    target::Target,
};
use crate::{
    cluster::{
        api::{Api, IN_FLIGHT},
        call::Call,
        record::head_id,
    },
    workload::{
        error::{Error, Result},
        graph::deletion_waves,
        name::InstanceName,
        object::ObjectId,
        ownership::{
            MANAGER_PREFIX, apply_entry_index, is_terminating, other_instances, resource_version,
            uid,
        },
        record::Entry,
        release::Action,
    },
};

/// The first pause between two looks at what still goes.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often it is said what still goes.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What became of one object.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It is gone (without waiting: its deletion is sent).
    Removed,
    /// It was left to others or kept, and this is why.
    Left(String),
    /// It could not be removed.
    Failed(Box<Error>),
}

/// Removes objects of one instance.
pub struct Remover<'a> {
    /// The surroundings.
    pub session: &'a Session<'a>,
    /// The runtime.
    pub target: &'a Target,
    /// Its API server behind the holder's fence.
    pub api: Api,
    /// The instance.
    pub instance: &'a InstanceName,
    /// The field manager.
    pub manager: &'a str,
    /// What was done: `Prune` or `Delete`.
    pub action: Action,
    /// Whether the end of the objects is waited for.
    pub wait: bool,
    /// `--delete-crds`: CRDs go although others have custom resources of them.
    pub delete_crds: bool,
}

impl Remover<'_> {
    /// Removes objects, wave by wave. `entries` have uids; namespaces among them go last.
    ///
    /// # Errors
    /// What ends everything: a signal, a lost connection, time that is up. What befell single
    /// objects is in the answer.
    pub async fn remove(
        &self,
        entries: &[Entry],
        deadline: Option<Instant>,
    ) -> Result<Vec<(ObjectId, Fate)>> {
        let ids: Vec<ObjectId> = entries.iter().map(|entry| entry.id.clone()).collect();
        let mut fates = Vec::with_capacity(entries.len());
        for wave in deletion_waves(&ids, &self.target.kinds) {
            let entries: Vec<&Entry> = wave.members.iter().map(|index| &entries[*index]).collect();
            let sent: Vec<(&Entry, Result<Option<Fate>>)> = stream::iter(entries)
                .map(|entry| async move { (entry, self.send(entry).await) })
                .buffer_unordered(IN_FLIGHT)
                .collect()
                .await;
            let mut going = Vec::new();
            for (entry, outcome) in sent {
                match outcome {
                    Ok(Some(fate)) => self.settle(&mut fates, entry, fate),
                    Ok(None) if self.wait => going.push(entry),
                    Ok(None) => self.settle(&mut fates, entry, Fate::Removed),
                    Err(error) => fates.push((entry.id.clone(), Fate::Failed(Box::new(error)))),
                }
            }
            self.wait_for(going, &mut fates, deadline).await?;
            if let Some(signal) = self.session.stop.requested() {
                return Err(
                    signal.error("stopped; what is left goes with the next `delete` or `deploy`")
                );
            }
        }
        Ok(fates)
    }

    fn settle(&self, fates: &mut Vec<(ObjectId, Fate)>, entry: &Entry, fate: Fate) {
        match &fate {
            Fate::Removed => {
                self.report(Event::Done { object: entry.id.clone(), action: self.action })
            }
            Fate::Left(why) => self.report(Event::Note(format!("{} stays: {why}", entry.id))),
            Fate::Failed(_) => {}
        }
        fates.push((entry.id.clone(), fate));
    }

    fn report(&self, event: Event) {
        self.session.reporter.report(self.instance.as_str(), event);
    }

    /// Sends one deletion; `None` where the object goes now.
    async fn send(&self, entry: &Entry) -> Result<Option<Fate>> {
        let id = &entry.id;
        let Some(path) = self.target.path(id, &entry.version) else {
            return Ok(Some(Fate::Removed));
        };
        let Some(wanted) = &entry.uid else { return Ok(Some(Fate::Removed)) };
        if id.namespace.is_none() {
            // Others may share what is cluster-scoped.
            for _ in 0..5 {
                let Some(live) = self.look(id, &path).await? else {
                    return Ok(Some(Fate::Removed));
                };
                if uid(&live) != Some(wanted) {
                    return Ok(Some(Fate::Removed));
                }
                let owners = self.living_owners(&live).await?;
                if owners.is_empty() || is_terminating(&live) {
                    break;
                }
                if leave(&self.api, self.manager, id, &live, &path).await? {
                    return Ok(Some(Fate::Left(format!("also used by {}", owners.join(", ")))));
                }
            }
            if !self.delete_crds && id.is("apiextensions.k8s.io", "CustomResourceDefinition") {
                let others = self.custom_resources(id, &path).await?;
                if others > 0 {
                    if let Some(live) = self.look(id, &path).await? {
                        leave(&self.api, self.manager, id, &live, &path).await?;
                    }
                    return Ok(Some(Fate::Left(format!(
                        "{others} custom resources of it are not ours (`--delete-crds` deletes it with them)"
                    ))));
                }
            }
        }
        let deletion = Deletion::of(id);
        match gone::delete(&self.api, id, &path, wanted, deletion).await? {
            gone::Sent::Accepted => Ok(None),
            gone::Sent::AlreadyGone => Ok(Some(Fate::Removed)),
        }
    }

    async fn look(&self, id: &ObjectId, path: &str) -> Result<Option<Value>> {
        self.api
            .find(Call::get_metadata(path))
            .await
            .map_err(|failure| failure.explain("get", "cannot look at", id, None))
    }

    /// Lists other instances that apply the object and whose record exists.
    async fn living_owners(&self, live: &Value) -> Result<Vec<String>> {
        let mut living = Vec::new();
        for other in other_instances(live, self.manager) {
            let Some((namespace, instance)) =
                other.trim_start_matches(MANAGER_PREFIX).split_once('/')
            else {
                continue;
            };
            let Ok(name) = instance.parse::<InstanceName>() else { continue };
            let head = head_id(namespace, &name);
            let Some(path) = self.target.path(&head, "v1") else { continue };
            match self.api.find(Call::get_metadata(path)).await {
                Ok(None) => {}
                // Who cannot be asked counts as alive: leaving never changes content.
                Ok(Some(_)) => living.push(format!("{namespace}/{instance}")),
                Err(failure) if failure.is_forbidden() => {
                    living.push(format!("{namespace}/{instance}"))
                }
                Err(failure) => {
                    return Err(failure.explain(
                        "get",
                        "cannot look for another owner's record",
                        &head,
                        None,
                    ));
                }
            }
        }
        Ok(living)
    }

    /// Counts the custom resources of a CRD. Ours are gone by the time that this is asked.
    async fn custom_resources(&self, id: &ObjectId, path: &str) -> Result<usize> {
        let definition = self
            .api
            .find(Call::get(path))
            .await
            .map_err(|failure| failure.explain("get", "cannot look at", id, None))?;
        let Some(definition) = definition else { return Ok(0) };
        let text =
            |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let served = definition["spec"]["versions"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|version| version["served"] == true)
            .and_then(|version| version["name"].as_str());
        let Some(version) = served else { return Ok(0) };
        let collection =
            format!("/apis/{}/{version}/{}", text("/spec/group"), text("/spec/names/plural"));
        match self.api.list(&collection, "", true).await {
            Ok(list) => Ok(list.items.len()),
            Err(failure) if failure.is_not_found() => Ok(0),
            Err(failure) => {
                let kind =
                    ObjectId::new(text("/spec/group"), text("/spec/names/kind"), None, &id.name);
                Err(failure.explain("list", "cannot look for custom resources of", &kind, None))
            }
        }
    }

    /// Waits until objects are gone, looking at them kind by kind.
    async fn wait_for(
        &self,
        mut going: Vec<&Entry>,
        fates: &mut Vec<(ObjectId, Fate)>,
        deadline: Option<Instant>,
    ) -> Result<()> {
        let (started, mut beat, mut pause) = (Instant::now(), Instant::now(), FIRST_PAUSE);
        while !going.is_empty() {
            let inventory: Vec<Entry> = going.iter().map(|entry| (*entry).clone()).collect();
            let live = survey(
                self.target,
                self.instance,
                &inventory,
                &[],
                &Default::default(),
                Depth::Plan,
            )
            .await?;
            let mut still = Vec::new();
            for entry in going {
                match live.get(&entry.id) {
                    Some(object) if uid(object) == entry.uid.as_deref() => still.push(entry),
                    _ => self.settle(fates, entry, Fate::Removed),
                }
            }
            going = still;
            if going.is_empty() {
                break;
            }
            if beat.elapsed() >= HEARTBEAT {
                beat = Instant::now();
                self.report(Event::StillOpen {
                    phase: "deleting",
                    elapsed: started.elapsed(),
                    open: going
                        .iter()
                        .map(|entry| (entry.id.clone(), held(&live, entry)))
                        .collect(),
                });
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(out_of_time(&live, &going));
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                signal = self.session.stop.wait() => {
                    return Err(signal.error("stopped; what is left goes with the next `delete` or `deploy`"));
                }
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }
}

/// Takes the Apply entry of `manager` out of an object's managedFields, so that its content stays
/// as it is; `false` where the object changed meanwhile.
///
/// # Errors
/// Whatever the server answers.
pub async fn leave(
    api: &Api,
    manager: &str,
    id: &ObjectId,
    live: &Value,
    path: &str,
) -> Result<bool> {
    let Some(index) = apply_entry_index(live, manager) else { return Ok(true) };
    let pointer = format!("/metadata/managedFields/{index}");
    let patch = json!([
        {"op": "test", "path": "/metadata/resourceVersion", "value": resource_version(live)},
        {"op": "test", "path": format!("{pointer}/manager"), "value": manager},
        {"op": "remove", "path": pointer},
    ]);
    match api.call(Call::json_patch(path, &patch).metadata()).await {
        Ok(_) => Ok(true),
        // A failed test of a JSON patch is 422.
        Err(failure) if matches!(failure.code(), 409 | 422) => Ok(false),
        Err(failure) if failure.is_not_found() => Ok(true),
        Err(failure) => Err(failure.explain("patch", "cannot leave", id, None)),
    }
}

fn held(live: &HashMap<ObjectId, Value>, entry: &Entry) -> String {
    let why = live.get(&entry.id).map(gone::held_by).unwrap_or_default();
    if why.is_empty() { "is being deleted".to_owned() } else { why }
}

fn out_of_time(live: &HashMap<ObjectId, Value>, going: &[&Entry]) -> Error {
    const SHOWN: usize = 10;
    let mut error = Error::failed(
        "timeout",
        format!("out of time: {} object(s) are still being deleted", going.len()),
    );
    for entry in going.iter().take(SHOWN) {
        error = error.cause(format!("{} {}", entry.id, held(live, entry)));
    }
    error.hint("`--timeout` gives more time; the next `delete` goes on")
}
