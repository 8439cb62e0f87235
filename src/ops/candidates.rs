//! What is there to be named on a command line: instances, definitions, runtimes and what belongs
//! to them, each with a few words. No cluster is asked, and no database is made.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    catalogue, history, listing, runtimes,
    view::{DefinitionView, RuntimeView},
};
use crate::{
    cluster::kubeconfig::Kubeconfig,
    store::{InstanceFilter, Store},
    workload::{
        body::Body,
        definition::Revision,
        history::{ContainerImage, images_of_set},
        kinds::{Trait, builtin_kind},
        name::{DefinitionName, InstanceName},
        object::ObjectId,
        release::Release,
        runtime,
    },
};

/// A word that may be typed, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub word: String,
    pub about: String,
}

impl Candidate {
    fn new(word: impl Into<String>, about: impl Into<String>) -> Self {
        Self { word: word.into(), about: about.into() }
    }
}

/// Which objects of an instance are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Objects {
    All,
    /// Those with `spec.replicas`.
    Scaled,
    /// Those that have pods.
    WithPods,
}

/// Where names are looked up. What cannot be read has no names: nobody completes a broken file.
#[derive(Debug)]
pub(crate) struct Known(Option<Store>);

impl Known {
    /// Opens the database for a look.
    pub(crate) fn open(database: Option<&Path>) -> Self {
        Self(database.and_then(|path| Store::look_into(path).ok().flatten()))
    }

    /// Lists the instances with status, revision and runtime.
    pub(crate) fn instances(&self) -> Vec<Candidate> {
        let Some(store) = &self.0 else { return Vec::new() };
        let mut candidates = Vec::new();
        let looked = listing::outline(store, &listing::ListOptions::default(), |outline| {
            let status = outline.status.map(|status| status.to_string());
            let revision = outline.revision.map(|number| format!("revision {number}"));
            let runtime = outline.runtime.map(str::to_owned);
            let about: Vec<String> = [status, revision, runtime].into_iter().flatten().collect();
            candidates.push(Candidate::new(outline.name.to_owned(), about.join(", ")));
        });
        looked.map_or_else(|_| Vec::new(), |()| candidates)
    }

    /// Lists the definitions with their newest revision and how many instances they have.
    pub(crate) fn definitions(&self) -> Vec<Candidate> {
        let Some(store) = &self.0 else { return Vec::new() };
        let views = catalogue::list_definitions(store).unwrap_or_default();
        let candidate = |view: DefinitionView| {
            let about =
                format!("revision {}, {}", view.revision, counted(view.instances, "instance"));
            Candidate::new(view.name, about)
        };
        views.into_iter().map(candidate).collect()
    }

    /// Lists the runtimes with how many instances they have.
    pub(crate) fn runtimes(&self, kubeconfig: &Kubeconfig) -> Vec<Candidate> {
        let in_memory;
        let store = match &self.0 {
            Some(store) => store,
            None => match Store::in_memory() {
                Ok(store) => {
                    in_memory = store;
                    &in_memory
                }
                Err(_) => return Vec::new(),
            },
        };
        let views = runtimes::list(kubeconfig, store).unwrap_or_default();
        let candidate = |view: RuntimeView| {
            let marks = [(view.default, "default"), (view.current, "current")];
            let marks = marks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned());
            let about: Vec<String> = [counted(view.instances, "instance")]
                .into_iter()
                .chain(marks)
                .chain(view.server)
                .collect();
            Candidate::new(view.name, about.join(", "))
        };
        views.into_iter().map(candidate).collect()
    }

    /// Lists the namespaces that instances are in.
    pub(crate) fn namespaces(&self) -> Vec<Candidate> {
        let Some(store) = &self.0 else { return Vec::new() };
        let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for instance in store.instances(&InstanceFilter::default()).unwrap_or_default() {
            if let Some(namespace) = instance.namespace {
                users.entry(namespace).or_default().insert(instance.name.to_string());
            }
        }
        let candidate = |(namespace, users): (String, BTreeSet<String>)| {
            let users: Vec<String> = users.into_iter().collect();
            Candidate::new(namespace, users.join(", "))
        };
        users.into_iter().map(candidate).collect()
    }

    /// Lists the objects of instances: those with pods as their newest releases left them, others as
    /// a deploy would bring them.
    pub(crate) fn objects(&self, instances: &[InstanceName], which: Objects) -> Vec<Candidate> {
        let mut found = BTreeMap::new();
        for instance in instances {
            let ids = match which {
                Objects::WithPods => self.deployed(instance),
                Objects::All | Objects::Scaled => self.defined(instance),
            };
            for id in ids {
                let facts = builtin_kind(&id);
                let fits = match which {
                    Objects::All => true,
                    Objects::Scaled => facts.is(Trait::Scaled),
                    Objects::WithPods => facts.pod_template.is_some(),
                };
                if fits {
                    found.entry(id.to_string()).or_insert_with(|| instance.to_string());
                }
            }
        }
        let candidate = |(id, instance): (String, String)| Candidate::new(id, instance);
        found.into_iter().map(candidate).collect()
    }

    /// Gives what the newest release dealt with.
    fn deployed(&self, instance: &InstanceName) -> Vec<ObjectId> {
        let Some(store) = &self.0 else { return Vec::new() };
        let newest = store.latest_release(instance).ok().flatten();
        let deeds = newest.and_then(|newest| store.deeds(instance, &newest.id).ok());
        match deeds {
            Some(deeds) if !deeds.is_empty() => deeds.into_iter().map(|deed| deed.id).collect(),
            // Never deployed, or taken in from a record.
            _ => self.defined(instance),
        }
    }

    /// Gives what a deploy would bring.
    fn defined(&self, instance: &InstanceName) -> Vec<ObjectId> {
        self.content(instance).iter().map(|body| ObjectId::of(body)).collect()
    }

    /// Gives the objects that a deploy would bring, or those of the definition of the name.
    fn content(&self, instance: &InstanceName) -> Vec<Body> {
        let Some(store) = &self.0 else { return Vec::new() };
        let known = store.instance(instance).ok().flatten();
        let definition = match &known {
            Some(known) => Some(known.definition.clone()),
            None => instance.as_str().parse().ok(),
        };
        let newest = definition
            .and_then(|name| store.newest_revision(&name, known.is_some().then_some(instance)).ok())
            .flatten();
        let content = newest.and_then(|newest| store.content(&newest).ok());
        content.unwrap_or_default().objects.into_iter().map(|object| object.body).collect()
    }

    /// Gives the instances that run on the sandbox.
    pub(crate) fn on_sandbox(&self) -> Vec<InstanceName> {
        let Some(store) = &self.0 else { return Vec::new() };
        let filter = InstanceFilter { runtime: Some(runtime::SANDBOX), ..Default::default() };
        let found = store.instances(&filter).unwrap_or_default();
        found.into_iter().map(|instance| instance.name).collect()
    }

    /// Lists the containers of instances with their images.
    pub(crate) fn containers(&self, instances: &[InstanceName]) -> Vec<Candidate> {
        let mut found = BTreeMap::new();
        for instance in instances {
            for ContainerImage { object, container, image } in self.images(instance) {
                found.entry(container).or_insert_with(|| format!("{image}, {object}"));
            }
        }
        found.into_iter().map(|(container, about)| Candidate::new(container, about)).collect()
    }

    fn images(&self, instance: &InstanceName) -> Vec<ContainerImage> {
        let Some(store) = &self.0 else { return Vec::new() };
        let sent = store.sent_images(instance).ok().flatten();
        sent.unwrap_or_else(|| images_of_set(&self.content(instance)))
    }

    /// Lists the releases of an instance, the newest first.
    pub(crate) fn releases(&self, instance: &InstanceName) -> Vec<Candidate> {
        let Some(store) = &self.0 else { return Vec::new() };
        let releases = store.releases(instance).unwrap_or_default();
        let candidate = |release: Release| {
            let about = format!(
                "{}, {} revision {}, by {}",
                release.outcome.word(),
                release.definition,
                release.revision,
                release.deployer
            );
            Candidate::new(release.number.to_string(), about)
        };
        releases.into_iter().map(candidate).collect()
    }

    /// Lists the revisions of a definition, the newest first.
    pub(crate) fn revisions(&self, definition: &DefinitionName) -> Vec<Candidate> {
        let Some(store) = &self.0 else { return Vec::new() };
        let revisions = history::revisions(store, definition).unwrap_or_default();
        let candidate = |revision: Revision| {
            let about =
                format!("{}, {}", counted(revision.object_count, "object"), revision.source);
            Candidate::new(revision.number.to_string(), about)
        };
        revisions.into_iter().map(candidate).collect()
    }

    /// Gives the definition of an instance.
    pub(crate) fn definition_of(&self, instance: &InstanceName) -> Option<DefinitionName> {
        let known = self.0.as_ref()?.instance(instance).ok()?;
        known.map(|known| known.definition).or_else(|| instance.as_str().parse().ok())
    }
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
