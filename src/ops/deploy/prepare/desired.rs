//! What a deploy wants: the chosen content as it is rendered for the instance, in the order in
//! which it is applied, checked as far as that goes without a write.

use std::collections::HashSet;

use super::{Deploy, start::Start};
use crate::{
    ops::{
        options::{DeployOptions, Earlier, Validation},
        strictness::{decide, unknown_kinds},
        target::{Target, group_unavailable},
    },
    workload::{
        definition::Content,
        error::{Error, Result},
        graph::{Explanation, Graph, Reference, missing_references},
        hooks::Occasion,
        instance::NamespaceMode,
        kinds::{Kinds, find},
        manifest::combine,
        object::{Object, ObjectId, tell_apart},
        overrides::Overrides,
        placement::{Destination, Placed, Placement},
        plan::Desired,
        record::{Deployed, Record},
        rendering::render,
        validate::{self, Report},
    },
};

/// What a deploy wants of the cluster.
pub(in crate::ops::deploy) struct DesiredState {
    /// How objects are placed.
    pub mode: NamespaceMode,
    /// The namespace of the record.
    pub namespace: String,
    /// The objects, in the graph's order.
    pub objects: Vec<Desired>,
    pub graph: Graph,
    /// The overrides in force.
    pub overrides: Overrides,
    /// What was set and moved.
    pub notes: Vec<String>,
    /// What may not work where the objects go.
    pub warnings: Vec<String>,
    /// `--replace`, resolved.
    pub replace: HashSet<ObjectId>,
    /// Why an object has its place, where that is asked for.
    pub why: Option<Explanation>,
    /// References to objects that are not in the set.
    pub missing: Vec<Reference>,
}

impl Deploy<'_> {
    /// Renders a content for the instance, and orders it.
    ///
    /// # Errors
    /// Code 2 for wrong input, every problem at once; code 5 where mode or namespace differ from
    /// what was fixed at the first deploy.
    pub(super) async fn desired_state(
        &self,
        start: &mut Start,
        content: &Content,
        overrides: Overrides,
    ) -> Result<DesiredState> {
        let (objects, how) = (content.objects.clone(), self.options.may.validation);
        // Before the check: the set's own kinds are known to no server yet.
        start.target.kinds.add_crds(&objects);
        let unknown = check_kinds(&mut start.target, &objects).await?;
        let destination = Destination {
            instance: self.name,
            namespace: self.session.namespace.as_deref(),
            stored: start.fixed_place(),
            namespace_labels: &self.options.may.namespace_labels,
        };
        let occasion = start.occasion(self.options);
        let kinds = &start.target.kinds;
        let placement = match render(objects, &content.files, &overrides, kinds, &destination) {
            Err(_) if !unknown.is_empty() => return Err(combine(unknown)),
            rendered => rendered.map_err(|error| self.without_advice(error))?,
        };
        let Placement { mode, namespace, objects: placed, notes, mut warnings } = placement;
        let mut report = Report::default();
        if how != Validation::Ignore {
            report = match self.are_judged(&overrides) {
                true => validate::renamed(&placed),
                false => validate::rendered(&placed, content, &overrides, kinds, &unknown),
            };
            start.target.relent(&mut report).await?;
        }
        if !unknown.is_empty() {
            return Err(unknown_kinds(unknown, report, how));
        }
        warnings.extend(decide(report, how)?);
        let mut graph = Graph::build(&placed, kinds, occasion)?;
        if self.options.limits.no_wait {
            // That the backend of a webhook is applied suffices then; Namespaces, CRDs and
            // `depends-on` are waited for all the same, for the order needs them (docs/cli.md,
            // Time).
            graph.forgo_backends();
        }
        let missing = missing_references(&placed);
        let why = self.options.why.as_deref();
        let why = why.map(|text| explain(text, &graph, &placed, content, kinds)).transpose()?;
        let mut objects: Vec<Desired> =
            placed.into_iter().map(|placed| Desired::new(placed.body, placed.origin)).collect();
        let before = start.located.record().into_iter().flat_map(|record| &record.inventory);
        let before = before.map(|entry| &entry.id);
        tell_apart(objects.iter_mut().map(|desired| &mut desired.id), before);
        let ids = || objects.iter().map(|desired| &desired.id);
        // Only now: names and namespaces are those after the placement.
        let replace = self.options.may.replace.iter().map(|text| find(text, ids(), kinds).cloned());
        let replace = replace.collect::<Result<_>>()?;
        Ok(DesiredState {
            mode,
            namespace,
            objects,
            graph,
            overrides,
            notes,
            warnings,
            replace,
            why,
            missing,
        })
    }

    /// Tells whether nothing was wrong with the objects as they were read, and nothing but their
    /// place has changed since: judging them again takes a tenth of what a deploy that changes nothing
    /// takes.
    fn are_judged(&self, overrides: &Overrides) -> bool {
        let DeployOptions { given, frozen, .. } = self.options;
        let is_clean = given.as_ref().is_some_and(|given| given.report == Report::default());
        is_clean && frozen.is_none() && overrides.is_empty()
    }
}

/// Explains the place of an object as the user names it.
fn explain(
    text: &str,
    graph: &Graph,
    placed: &[Placed],
    content: &Content,
    kinds: &Kinds,
) -> Result<Explanation> {
    let id = find(text, placed.iter().map(|object| &object.id), kinds)?;
    let object = placed.iter().position(|object| object.id == *id).expect("it is one of them");
    Ok(graph.explain(object, placed, &content.files))
}

impl Start {
    /// Tells which of Helm's hooks run: nothing is upgraded before a release went well. A record that
    /// was rebuilt knows of none, and is of what was there.
    pub(super) fn occasion(&self, options: &DeployOptions) -> Occasion {
        match options.earlier {
            Some(Earlier::Release(_) | Earlier::LastGood { .. }) => return Occasion::Rollback,
            Some(Earlier::Compared(_)) => return Occasion::Comparison,
            Some(Earlier::Revision(_) | Earlier::Like { .. }) | None => {}
        }
        let is_good = |deployed: &Deployed| deployed.release.outcome.is_good();
        let was_installed = |record: &Record| {
            record.last_good.is_some() || record.newest.as_ref().is_none_or(is_good)
        };
        match self.located.record() {
            Some(record) if was_installed(record) => Occasion::Upgrade,
            Some(_) | None => Occasion::Install,
        }
    }

    /// Gives the mode and namespace that were fixed at the first deploy.
    pub(super) fn fixed_place(&self) -> Option<(NamespaceMode, &str)> {
        // The record before the database: another one may have deployed it first.
        if let Some(record) = self.located.record() {
            return Some((record.mode, &record.namespace));
        }
        let stored = self.stored_here()?;
        Some((stored.namespace_mode?, stored.namespace.as_deref()?))
    }
}

/// Checks kinds and versions; gives what is wrong with them. Those that the embedded discovery lacks
/// are the server's decision: it may be newer than we are.
async fn check_kinds(target: &mut Target, objects: &[Object]) -> Result<Vec<Error>> {
    let mut checked = target.kinds.check(objects);
    if !checked.errors.is_empty() || !checked.unjudged.is_empty() {
        let is_enough = |kinds: &Kinds| {
            let checked = kinds.check(objects);
            checked.errors.is_empty() && checked.unjudged.is_empty()
        };
        match target.learn_kinds_until(is_enough).await {
            Ok(()) => checked = target.kinds.check(objects),
            // Without an answer, what is wrong by all that we know is said.
            Err(_) if !checked.errors.is_empty() => {}
            Err(error) => return Err(error),
        }
    }
    match checked.unjudged.first() {
        Some(kind) if checked.errors.is_empty() => Err(group_unavailable(kind)),
        Some(_) | None => Ok(checked.errors),
    }
}
