//! A draft of a release: what is wanted, and what that would change.

use std::{collections::HashSet, sync::OnceLock};

use super::{
    desired::{self, Source, Wish},
    namespace_state,
    prepare::Purpose,
    start::Start,
};
use crate::{
    ops::{
        locate::Ground,
        options::{DeployOptions, PruneWhen},
        planning::Planning,
        rebuild,
        session::Session,
    },
    workload::{
        error::Result,
        ownership::{is_ours, manager},
        plan::Plan,
    },
};

/// What a deploy would do.
pub(super) struct Draft {
    /// The content.
    pub source: Source,
    /// What is wanted.
    pub wish: Wish,
    /// Namespaces that are not there yet.
    pub absent: HashSet<String>,
    /// The field manager.
    pub manager: String,
    /// The plan.
    pub plan: Plan,
    /// Whether something of the instance is live already.
    pub shows_ours: bool,
}

impl Draft {
    /// Makes a draft.
    ///
    /// # Errors
    /// Every refusal and every failed read.
    pub(super) async fn make(
        session: &Session<'_>,
        options: &DeployOptions,
        purpose: &Purpose,
        start: &mut Start,
    ) -> Result<Self> {
        let name = &options.name;
        let stored = start.stored_here().or(start.stored.as_ref());
        let source = desired::source(session, options, stored, start.located.record())?;
        let stored_here = start.stored_here().cloned();
        if let Some(rebuilt) = &mut start.located.rebuilt {
            let flag = session.namespace.as_deref();
            namespace_state::settle_mode(rebuilt, &source, stored_here.as_ref(), flag);
        }
        let record = start.located.record().cloned();
        let stored = start.stored.as_ref();
        let overrides =
            desired::overrides_of(session, options, stored, record.as_ref(), session.now())?;
        let fixed = desired::fixed(stored_here.as_ref(), &start.located);
        let fixed = fixed.map(|(mode, place)| (mode, place.to_owned()));
        let fixed = fixed.as_ref().map(|(mode, place)| (*mode, place.as_str()));
        let target = &mut start.target;
        let wish =
            desired::render(session, options, target, &source.content, overrides, fixed).await?;
        let (home, found) = (&start.home, start.ground);
        let (recorded, fixed) = (record.is_some(), fixed.is_some());
        let absent =
            namespace_state::check(target, options, &wish, home, found, recorded, fixed).await?;
        if let Some(record) = &record {
            target.know_kinds_of(&record.inventory).await?;
        }
        let manager = manager(&wish.namespace, name.as_str());
        let planning = Planning {
            target,
            instance: name,
            manager: &manager,
            definition: &source.definition,
            record: record.as_ref(),
            desired: wish.desired.clone(),
            absent: &absent,
            adopt: options.adopt,
            replace: &wish.replace,
            conflicts: options.conflicts,
            prunes: options.prune != PruneWhen::Never,
            rehearse: matches!(purpose, Purpose::Rehearse),
            compared_locally: OnceLock::new(),
        };
        // A namespace that was there before does not tell whether a record was lost.
        let is_silent = record.is_none() && found == Some(Ground::Foreign);
        let traces =
            async { Ok(is_silent && rebuild::has_traces(target, &wish.namespace, name).await?) };
        let (planned, traces) = futures::future::join(planning.make(), traces).await;
        let (plan, live) = planned?;
        let shows_ours = traces? || live.values().any(|object| is_ours(object, &manager, None));
        namespace_state::refuse_second_own(target, &wish, &source, &manager, &live).await?;
        Ok(Self { source, wish, absent, manager, plan, shows_ours })
    }
}
