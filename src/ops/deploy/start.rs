//! Where a deploy starts from: the runtime, the record or what is left without one, and whose the
//! namespace is.

use super::{desired, note, prepare::Purpose, report::Answer};
use crate::{
    ops::{
        fixed,
        locate::{self, Ground, Located, Search},
        lock,
        options::DeployOptions,
        session::Session,
        target::{Choice, Target, choose},
    },
    workload::{
        error::{Error, Result},
        instance::Instance,
    },
};

/// What was found.
pub(super) struct Start {
    /// What chose the runtime.
    pub choice: Choice,
    /// The runtime.
    pub target: Target,
    /// The instance as the database had it; none where that does not count any more.
    pub stored: Option<Instance>,
    /// The record, or what is left without one.
    pub located: Located,
    /// The namespace of the record, where it is not known otherwise.
    pub home: String,
    /// What that namespace is to the instance; none where there is a record.
    pub ground: Option<Ground>,
    /// Whether the database knew of a release of this instance.
    pub known_here: bool,
}

impl Start {
    /// Looks.
    ///
    /// # Errors
    /// Every refusal and every failed read.
    pub(super) async fn make(
        session: &Session<'_>,
        options: &DeployOptions,
        purpose: &Purpose,
        answer: &mut Answer,
    ) -> Result<Self> {
        let name = &options.name;
        let (stored, latest) = {
            let store = session.store.lock().expect("no holder of the store panics");
            (store.instance(name)?, store.latest_release(name)?)
        };
        let choice = choose_for(session, options, stored.as_ref())?;
        answer.at(&choice.runtime);
        let mut target = Target::connect(session, &choice.runtime).await?;
        let here = stored.as_ref().filter(|stored| stored.runtime == choice.runtime.to_string());
        let brought = match &options.given {
            Some(given) => desired::brought_namespaces(&given.content),
            None => stored_namespaces(session, options, stored.as_ref())?,
        };
        let flag = session.namespace.as_deref();
        let mut places = locate::candidates(flag, stored.as_ref(), &brought, name);
        let mut located = free(session, options, purpose, &mut target, here, &places).await?;
        if located.new_cluster && located.found.is_none() {
            // Where it was on the old cluster says nothing of where it is on this one.
            let anew = locate::candidates(flag, None, &brought, name);
            if anew != places {
                places = anew;
                located = free(session, options, purpose, &mut target, here, &places).await?;
            }
        }
        if let Some(stored) = &stored
            && let Some(moved) = fixed::check(session, stored, &choice, &target, &located)?
            && matches!(purpose, Purpose::Deploy { .. })
        {
            note(session, options, moved);
        }
        if located.new_cluster && latest.is_some() {
            let was = if choice.runtime.is_kind_like() {
                "was created again"
            } else {
                "reaches another cluster than before"
            };
            note(session, options, format!("{} {was}; deploying {name} anew", choice.runtime));
        }
        let stored = stored.filter(|_| !located.new_cluster || options.given.is_none());
        let home = places.first().cloned().unwrap_or_else(|| name.to_string());
        let ground = match &located.found {
            Some(_) => None,
            None => Some(locate::ground(&target, &home, name).await?),
        };
        let known_here = latest.is_some();
        let mut start = Self { choice, target, stored, located, home, ground, known_here };
        if start.may_have_lost_its_record() {
            start.recover(session, options).await?;
        }
        Ok(start)
    }

    /// Gives the instance as the database has it, where its cluster is still the same.
    #[must_use]
    pub(super) fn stored_here(&self) -> Option<&Instance> {
        self.stored.as_ref().filter(|_| !self.located.new_cluster)
    }

    fn may_have_lost_its_record(&self) -> bool {
        let deployed_before = self.known_here && self.stored_here().is_some();
        let is_ours =
            matches!(self.ground, Some(Ground::Ours | Ground::Shared | Ground::Terminating(true)));
        self.located.found.is_none() && (deployed_before || is_ours)
    }

    /// Rebuilds the record from live objects.
    ///
    /// # Errors
    /// Those of [`locate::recover`].
    pub(super) async fn recover(
        &mut self,
        session: &Session<'_>,
        options: &DeployOptions,
    ) -> Result<()> {
        let Self { target, located, home, .. } = self;
        locate::recover(session, target, located, home, &options.name).await
    }
}

/// Reads the record, waiting for another holder to go.
async fn free(
    session: &Session<'_>,
    options: &DeployOptions,
    purpose: &Purpose,
    target: &mut Target,
    stored: Option<&Instance>,
    places: &[String],
) -> Result<Located> {
    let search = Search {
        instance: &options.name,
        stored,
        namespaces: places,
        new_cluster: options.new_cluster,
        lenient: matches!(purpose, Purpose::Rehearse),
    };
    let mut told = false;
    loop {
        let located = locate::locate(session, target, search).await?;
        let Purpose::Deploy { dead, until } = purpose else { return Ok(located) };
        let server_now = target.api.connection().server_now();
        let held = located
            .found
            .as_ref()
            .and_then(|found| found.held_by(server_now, dead))
            .map(|holder| lock::name_of(holder, server_now));
        match held {
            Some(holder) => {
                lock::wait(session, &options.name, &holder, *until, &mut told).await?;
            }
            None => return Ok(located),
        }
    }
}

fn stored_namespaces(
    session: &Session<'_>,
    options: &DeployOptions,
    stored: Option<&Instance>,
) -> Result<Vec<String>> {
    // Whether it may be this one shows when the record is read.
    let definition = match options.definition.as_ref().or(stored.map(|stored| &stored.definition)) {
        Some(definition) => definition.clone(),
        None => options.name.as_str().parse()?,
    };
    let store = session.store.lock().expect("no holder of the store panics");
    Ok(match store.newest_revision(&definition, Some(&options.name))? {
        Some(revision) => desired::brought_namespaces(&store.content(&revision)?),
        None => Vec::new(),
    })
}

/// Chooses the runtime; where there is none, the name may be wrong as well.
///
/// # Errors
/// As [`choose`].
pub(super) fn choose_for(
    session: &Session<'_>,
    options: &DeployOptions,
    stored: Option<&Instance>,
) -> Result<Choice> {
    choose(session, stored).map_err(|error| match (stored, &options.given) {
        (None, None) => nor_here(session, options, error),
        _ => error,
    })
}

/// Where no cluster can be asked for a name: says whether it is known here, and what is near it.
fn nor_here(session: &Session<'_>, options: &DeployOptions, error: Error) -> Error {
    let store = session.store.lock().expect("no holder of the store panics");
    let named = options.definition.clone().or_else(|| options.name.as_str().parse().ok());
    let Some(definition) = named else { return error };
    match store.newest_revision(&definition, None) {
        Ok(None) => {
            let unknown = store.no_such_definition(definition.as_str());
            let near = unknown.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            error.cause(format!("{} either{near}", unknown.message))
        }
        _ => error,
    }
}
