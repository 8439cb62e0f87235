//! Keeping a plan, to be done later as it is.

use std::sync::Arc;

use super::{Deploy, prepare::Prepared};
use crate::{
    ops::{
        frozen::FrozenPlan,
        options::{DeployOptions, Given, Limits},
    },
    workload::validate::Report,
};

impl Deploy<'_> {
    /// Gives the plan as something that can be kept.
    pub(super) fn freeze(&self, prepared: &Prepared) -> FrozenPlan {
        let (start, draft, options) = (&prepared.start, &prepared.draft, self.options);
        let (api_version, kind) = FrozenPlan::head();
        FrozenPlan {
            api_version,
            kind,
            instance: self.name.clone(),
            runtime: start.choice.runtime.to_string(),
            cluster_uid: start.target.cluster_uid.clone(),
            namespace: self.session.namespace.clone(),
            release: prepared.newest().map(|newest| newest.release.id.clone()),
            definition: draft.chosen.definition.clone(),
            revision: draft.chosen.revision.clone(),
            content: draft.chosen.content.clone(),
            overrides: draft.desired.overrides.clone(),
            returns_to: draft.chosen.returns_to,
            pinned: draft.chosen.pinned,
            flags: options.may.clone(),
            plan: draft.plan.clone(),
            seen: draft.seen.clone(),
        }
    }
}

impl DeployOptions {
    /// The options of a deploy that does a plan as it is.
    pub(crate) fn of_frozen(frozen: Arc<FrozenPlan>, limits: Limits) -> Self {
        Self {
            given: Some(Given {
                content: frozen.content.clone().into(),
                report: Report::default(),
                source: frozen.revision.source.clone(),
            }),
            definition: Some(frozen.definition.clone()),
            may: frozen.flags.clone(),
            frozen: Some(frozen),
            ..Self::of(limits)
        }
    }
}
