//! `--load-images`: what is only on this machine, or newer here than on the nodes of a local cluster,
//! is named, and loaded where that is wanted, before anything is written.

use std::{collections::BTreeMap, mem, time::Instant};

use serde_json::Value;

use super::{Deploy, prepare::Prepared};
use crate::{
    ops::{
        images::{self, Compared, Difference, Image, Missing, Unknown},
        lock::Held,
        options::Earlier,
    },
    workload::{
        error::{Code, Error, Result},
        instance::NamespaceMode,
        kinds::{
            Trait, builtin_kind,
            pod_template::{has_template, pod_spec},
        },
        object::ObjectId,
        overrides::restart_key,
        plan::Item,
        release::Action,
        runtime::RuntimeName,
    },
};

/// Images to load, and what is to be restarted for them.
pub(super) struct ToLoad {
    missing: Missing,
    /// What runs already, with the image that is newer by then.
    readers: Vec<(ObjectId, String)>,
    mode: NamespaceMode,
}

impl Deploy<'_> {
    /// Tells what a deploy would load, or lacks.
    ///
    /// # Errors
    /// Time that is up, and signals.
    pub(super) async fn tell_images(&mut self, prepared: &Prepared) -> Result<()> {
        if let Some(found) = self.compare_images(prepared).await? {
            found.told().into_iter().for_each(|told| self.warn(told));
        }
        Ok(())
    }

    /// Finds images that are to be loaded, or asked about, at the first look of a deploy; names them
    /// where nobody can be asked.
    ///
    /// # Errors
    /// As [`Deploy::tell_images`].
    pub(super) async fn images_to_load(&mut self, prepared: &Prepared) -> Result<Option<ToLoad>> {
        // A plan that was kept is done as it is, and a return is no time for what is new.
        let is_fixed = self.options.frozen.is_some()
            || matches!(self.options.earlier, Some(Earlier::LastGood { .. }));
        let wanted = self.options.load_images || self.session.ask.is_asking();
        if is_fixed || !wanted {
            self.tell_images(prepared).await?;
            return Ok(None);
        }
        self.compare_images(prepared).await
    }

    async fn compare_images(&mut self, prepared: &Prepared) -> Result<Option<ToLoad>> {
        if mem::replace(&mut self.compared_images, true) {
            return Ok(None);
        }
        let runtime = &prepared.start.target.runtime;
        let Some(context) = runtime.context() else {
            self.tell_nothing_to_load(&Unknown::OtherCluster.to_string(), runtime);
            return Ok(None);
        };
        let items = &prepared.draft.plan.items;
        let uses: BTreeMap<String, Vec<&Item>> = uses(items);
        let names: Vec<String> = uses.keys().cloned().collect();
        let compared = async { Ok(images::compare(context, &names, self.session.env).await) };
        let undone = "the images on the nodes were not compared";
        let compared = self.in_time(prepared.deadline.at(), undone, compared).await?;
        let mut missing = match compared {
            Compared::Differs(missing) => missing,
            Compared::Same => {
                self.tell_nothing_to_load("its nodes have the images of this machine", runtime);
                return Ok(None);
            }
            Compared::Unknown(why) => {
                self.tell_nothing_to_load(&why.to_string(), runtime);
                return Ok(None);
            }
        };
        // Nodes pull by themselves what a registry has.
        missing.images.retain(|image| self.options.load_images || !image.in_registry);
        let runs = |item: &&&Item| {
            item.action != Action::Create && builtin_kind(&item.desired.id).is(Trait::Restarted)
        };
        let readers = missing.images.iter().flat_map(|image| {
            let readers = uses[&image.name].iter().filter(runs);
            readers.map(|item| (item.desired.id.clone(), image.name.clone()))
        });
        let readers = readers.collect();
        let is_any = !missing.images.is_empty();
        let mode = prepared.draft.desired.mode;
        Ok(is_any.then_some(ToLoad { missing, readers, mode }))
    }

    /// Says why a flag does nothing; without it, nobody expects anything.
    fn tell_nothing_to_load(&self, why: &str, runtime: &RuntimeName) {
        if self.options.load_images {
            self.note(format!("--load-images does nothing on {runtime}: {why}"));
        }
    }

    /// Gives the lock back, loads the images if a flag or a person says so, and locks again.
    ///
    /// # Errors
    /// An image that cannot be loaded; signals; those of [`Held::acquire`].
    pub(super) async fn load_unlocked(
        &mut self,
        found: ToLoad,
        held: Held,
        until: &mut Instant,
    ) -> Result<Held> {
        drop(held);
        let began = Instant::now();
        // Another instance beside this one may have the same images.
        let turn = images::turn().await;
        let env = self.session.env;
        let compared = found.missing.again(env).await;
        let is_known = !matches!(compared, Compared::Unknown(_));
        let agreed = match &compared {
            Compared::Unknown(_) => false,
            Compared::Same => true,
            Compared::Differs(_) => {
                self.options.load_images
                    || self.session.ask.confirm(&found.question()) == Some(true)
            }
        };
        // What others load is waited for like their lock, and a question stops every clock.
        self.clock.pause(began.elapsed());
        let mut lacking = Vec::new();
        if let (Compared::Differs(missing), true) = (compared, agreed) {
            let undone = "the images were not loaded; nothing was written";
            self.in_time(self.clock.deadline(), undone, missing.load()).await?;
            if let Compared::Differs(left) = missing.again(env).await {
                lacking = left.images;
            }
        }
        drop(turn);
        let held = self.lock_again(began, until).await?;
        if !is_known {
            self.refuse_unknown(&found)?;
        }
        if agreed {
            self.tell_loaded(&found, &lacking);
        }
        Ok(held)
    }

    /// Nothing is loaded on what an earlier look said, where the nodes tell nothing any more.
    fn refuse_unknown(&mut self, found: &ToLoad) -> Result<()> {
        let message = format!(
            "the images on the nodes of {} are not known any more: a program that tells them failed",
            found.missing.context
        );
        if self.options.load_images {
            return Err(Error::failed(Code::ImagesNotLoaded, message)
                .hint("without `--load-images` the deploy takes what the nodes have"));
        }
        self.warn(message);
        Ok(())
    }

    /// Tells what was loaded, and restarts what runs with the images before.
    fn tell_loaded(&mut self, found: &ToLoad, lacking: &[Image]) {
        let is_there = |name: &str| lacking.iter().all(|image| image.name != name);
        for image in lacking {
            self.warn(format!("after loading, {}", found.sentence(image)));
        }
        for image in found.missing.images.iter().filter(|image| is_there(&image.name)) {
            self.note(format!("loaded {} onto the nodes of {}", image.name, found.missing.context));
        }
        let now = self.session.now().to_string();
        for (reader, image) in found.readers.iter().filter(|(_, image)| is_there(image)) {
            self.note(format!("restarting {reader} with the {image} of this machine"));
            self.stale.insert(restart_key(reader, found.mode), now.clone());
        }
    }
}

impl ToLoad {
    fn told(&self) -> Vec<String> {
        let told = self.missing.images.iter().map(|image| {
            let does = match self.readers_of(image) {
                none if none.is_empty() => "loads it".to_owned(),
                readers => format!("loads it and restarts {readers}"),
            };
            format!("{}: `--load-images` {does}", self.sentence(image))
        });
        told.collect()
    }

    fn question(&self) -> String {
        let images = self.missing.images.iter().map(|image| self.sentence(image));
        let mut readers: Vec<String> = self.readers.iter().map(|(id, _)| id.to_string()).collect();
        readers.dedup();
        let restarts = match readers.is_empty() {
            true => String::new(),
            false => format!(" and restart {}", readers.join(", ")),
        };
        let images: Vec<String> = images.collect();
        let what = if images.len() == 1 { "it" } else { "them" };
        format!("{}. Load {what}{restarts}?", images.join("; "))
    }

    fn sentence(&self, image: &Image) -> String {
        let Missing { context, .. } = &self.missing;
        match image.difference {
            Difference::OnlyHere => format!("{} is not on the nodes of {context}", image.name),
            Difference::Newer => {
                format!("{} is newer here than on the nodes of {context}", image.name)
            }
        }
    }

    fn readers_of(&self, image: &Image) -> String {
        let readers = self.readers.iter().filter(|(_, name)| *name == image.name);
        readers.map(|(reader, _)| reader.to_string()).collect::<Vec<_>>().join(", ")
    }
}

/// Finds the images that pods take from their node, with what starts such pods.
fn uses(items: &[Item]) -> BTreeMap<String, Vec<&Item>> {
    let mut uses: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
    for item in items {
        if !has_template(&item.desired.id) {
            continue;
        }
        // The objects go on resting: a tree takes ten times the room.
        let body = item.desired.body.look();
        let Some(spec) = pod_spec(&item.desired.id, &body) else { continue };
        let lists = ["initContainers", "containers"].into_iter();
        for container in lists.filter_map(|list| spec.get(list)?.as_array()).flatten() {
            if let Some(image) =
                container["image"].as_str().filter(|_| !is_pulled_always(container))
            {
                let readers = uses.entry(image.to_owned()).or_default();
                if readers.last().is_none_or(|last| last.desired.id != item.desired.id) {
                    readers.push(item);
                }
            }
        }
    }
    uses
}

/// Tells whether what is on the node does not count.
fn is_pulled_always(container: &Value) -> bool {
    match container["imagePullPolicy"].as_str() {
        Some(policy) => policy == "Always",
        // The server's default.
        None => container["image"].as_str().is_some_and(|image| {
            let name = image.rsplit('/').next().unwrap_or_default();
            !name.contains(':') || name.ends_with(":latest")
        }),
    }
}
