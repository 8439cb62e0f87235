//! Where a deploy starts from: the runtime, the record or what is left without one, and whose the
//! namespace is.

use super::{Deploy, Purpose};
use crate::{
    ops::{
        fixed,
        locate::{self, Located, NamespaceState, Search},
        lock,
        options::Earlier,
        recover,
        runtime_choice::{Choice, choose, choose_of},
        session::Session,
        target::Target,
    },
    workload::{
        error::{Error, Result},
        instance::{Instance, Status},
        name::InstanceName,
        runtime::RuntimeName,
    },
};

/// What the database knows of the instance, and the runtime that follows from it.
pub(in crate::ops::deploy) struct KnownInstance {
    stored: Option<Instance>,
    was_deployed: bool,
    choice: Choice,
}

/// What was found.
pub(in crate::ops::deploy) struct Start {
    pub choice: Choice,
    pub target: Target,
    /// The instance as the database had it; none where that does not count any more.
    pub stored: Option<Instance>,
    /// The record, or what is left without one.
    pub located: Located,
    /// The namespace of the record, where it is not known otherwise.
    pub record_namespace: String,
    /// What that namespace is to the instance; none where there is a record.
    pub namespace_state: Option<NamespaceState>,
    /// Whether the database knew of a release of this instance.
    pub known_here: bool,
}

impl Deploy<'_> {
    /// Reads what the database knows, and chooses the runtime.
    ///
    /// # Errors
    /// Those of [`choose`].
    pub(in crate::ops::deploy) fn read_known(&self) -> Result<KnownInstance> {
        let (stored, latest) = {
            let store = self.session.store();
            (store.instance(self.name)?, store.latest_release(self.name)?)
        };
        let choice = self.choose_runtime(stored.as_ref())?;
        Ok(KnownInstance { stored, was_deployed: latest.is_some(), choice })
    }

    /// Looks where the instance is, as the database and its cluster have it.
    pub(super) async fn start(&mut self, purpose: &Purpose) -> Result<Start> {
        let (session, name, options) = (self.session, self.name, self.options);
        let KnownInstance { stored, was_deployed, choice } = match self.known.take() {
            Some(known) => known,
            None => self.read_known()?,
        };
        self.report.at(&choice.runtime);
        session.reporter.at(name.as_str(), &choice.runtime);
        let mut target = Target::connect(session, &choice.runtime).await?;
        let brought = match &options.given {
            Some(given) => given.content.brought_namespaces().to_vec(),
            None => self.stored_namespaces(stored.as_ref())?,
        };
        let flag = session.namespace.as_deref();
        // Nobody may have deployed it from here, and yet it may be on the cluster: a CI job begins
        // with an empty disk (docs/design.md, Where state lives).
        let mut places = locate::candidates(flag, stored.as_ref(), &brought, name);
        let mut located = self.find_free(purpose, &mut target, stored.as_ref(), &places).await?;
        if located.new_cluster && located.found.is_none() {
            // Where it was on the old cluster says nothing of where it is on this one.
            let anew = locate::candidates(flag, None, &brought, name);
            if anew != places {
                places = anew;
                located = self.find_free(purpose, &mut target, stored.as_ref(), &places).await?;
            }
        }
        if let Some(stored) = &stored
            && let Some(moved) = fixed::check(session, stored, &choice, &target, &located)?
            && matches!(purpose, Purpose::Deploy { .. })
        {
            self.note(moved);
        }
        if located.new_cluster && was_deployed {
            self.note_new_cluster(&choice.runtime);
        }
        // With manifests it is deployed as if for the first time; without them only the row knows
        // the definition.
        let stored = stored.filter(|_| !located.new_cluster || options.given.is_none());
        let record_namespace = places.first().cloned().unwrap_or_else(|| name.to_string());
        let namespace_state = match &located.found {
            Some(_) => None,
            None => Some(locate::namespace_state(&target, &record_namespace, name).await?),
        };
        let mut start = Start {
            choice,
            target,
            stored,
            located,
            record_namespace,
            namespace_state,
            known_here: was_deployed,
        };
        // Only where something tells of an earlier release: looking through all kinds is no first
        // step of a new instance.
        if start.may_have_lost_its_record() {
            start.recover(session, name).await?;
        }
        Ok(start)
    }

    fn note_new_cluster(&self, runtime: &RuntimeName) {
        let was = match runtime.is_kind_like() {
            true => "was created again",
            false => "reaches another cluster than before",
        };
        self.note(format!("{runtime} {was}; deploying {} anew", self.name));
    }

    /// Reads the record, waiting for another holder to go.
    async fn find_free(
        &self,
        purpose: &Purpose,
        target: &mut Target,
        stored: Option<&Instance>,
        places: &[String],
    ) -> Result<Located> {
        let search = Search {
            new_cluster: self.options.may.new_cluster,
            lenient: matches!(purpose, Purpose::Rehearse),
            ..Search::of(self.name, stored, places)
        };
        match purpose {
            Purpose::Rehearse => locate::locate(self.session, target, search).await,
            Purpose::Deploy { dead, until } => {
                let paused = &self.clock.paused;
                lock::locate_free(self.session, target, search, dead, *until, paused).await
            }
        }
    }

    fn stored_namespaces(&self, stored: Option<&Instance>) -> Result<Vec<String>> {
        // Whether it may be this definition shows when the record is read.
        let named = self.options.definition.as_ref();
        let definition = match named.or(stored.map(|stored| &stored.definition)) {
            Some(definition) => definition.clone(),
            None => self.name.as_str().parse()?,
        };
        locate::brought_namespaces(self.session, &definition, self.name)
    }

    /// Chooses the runtime; where there is none, the name may be wrong as well.
    fn choose_runtime(&self, stored: Option<&Instance>) -> Result<Choice> {
        // A rollback or a comparison is of an instance, whatever definition has its name.
        if let Some(Earlier::Release(_) | Earlier::Compared(_)) = self.options.earlier {
            return choose_of(self.session, self.name, stored);
        }
        choose(self.session, stored).map_err(|error| match (stored, &self.options.given) {
            // `deploy wbe` without a cluster: the wrong name is the mistake, not the missing
            // runtime.
            (None, None) => self.with_unknown_definition(error),
            _ => error,
        })
    }

    /// Where no cluster can be asked for a name: says whether it is known here, and what is near
    /// it.
    fn with_unknown_definition(&self, error: Error) -> Error {
        let named = self.options.definition.clone();
        let Some(definition) = named.or_else(|| self.name.as_str().parse().ok()) else {
            return error;
        };
        let store = self.session.store();
        match store.newest_revision(&definition, None) {
            Ok(None) => error.beside(store.no_such_definition(definition.as_str())),
            _ => error,
        }
    }
}

impl Start {
    /// Gives the instance as the database has it, where its cluster is still the same.
    pub(super) fn stored_here(&self) -> Option<&Instance> {
        self.stored.as_ref().filter(|_| !self.located.new_cluster)
    }

    /// Tells whether a deletion was begun that took the record before it was done: what is gone since
    /// nobody else took. So is what a finished deletion has left.
    pub(super) fn is_half_deleted(&self) -> bool {
        let observed = self.stored_here().and_then(|stored| stored.observed.as_ref());
        let was_deleting = observed.is_some_and(|observed| {
            matches!(observed.status, Status::Deleting | Status::NotDeployed)
        });
        was_deleting && self.located.rebuilt.is_some()
    }

    fn may_have_lost_its_record(&self) -> bool {
        let deployed_before = self.known_here && self.stored_here().is_some();
        let is_ours = match self.namespace_state {
            Some(NamespaceState::Ours | NamespaceState::Shared) => true,
            Some(NamespaceState::Terminating { ours }) => ours,
            Some(NamespaceState::Absent | NamespaceState::Foreign) | None => false,
        };
        self.located.found.is_none() && (deployed_before || is_ours)
    }

    /// Rebuilds the record from live objects.
    ///
    /// # Errors
    /// Those of [`recover::recover`].
    pub(super) async fn recover(
        &mut self,
        session: &Session<'_>,
        name: &InstanceName,
    ) -> Result<()> {
        let Self { target, located, record_namespace, .. } = self;
        recover::recover(session, target, located, record_namespace, name).await
    }
}
