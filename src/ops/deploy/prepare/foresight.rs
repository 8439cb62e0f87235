//! What is wrong whatever a cluster says: refused before one is asked.

use super::{Deploy, start::Start};
use crate::{
    ops::{options::Validation, strictness::decide},
    workload::{
        definition::Content,
        error::{Error, ErrorKind, Mistake, Result},
        kinds::Kinds,
        object::{Object, ObjectId},
        overrides,
        overrides::Overrides,
        placement::Placed,
        rendering,
        validate::{self, Report},
    },
};

impl Deploy<'_> {
    /// Looks at the manifests as far as that goes without a cluster. What a newer server may see
    /// otherwise is kept, for the case that none answers.
    ///
    /// # Errors
    /// Code 2: what neither a server nothing that is stored there makes right.
    pub(in crate::ops::deploy) fn foresee(&mut self) -> Result<()> {
        let options = self.options;
        // A plan that was kept has been looked at.
        let given = options.given.as_ref().filter(|_| options.frozen.is_none());
        let Some(given) = given else { return Ok(()) };
        // With `-f` nothing else counts (docs/cli.md, Overrides).
        let declared = options.declared.clone().unwrap_or_default();
        let overrides = overrides::merge(&declared, &options.edits);
        let mut mistakes = match overrides.is_empty() {
            true => given.report.mistakes.clone(),
            false => self.overridden(given.content.get(), &overrides)?,
        };
        if options.may.validation != Validation::Strict {
            return Ok(());
        }
        // The placement puts others in.
        mistakes.retain(|mistake| !mistake.path.ends_with("namespace"));
        if mistakes.iter().any(|mistake| !mistake.outdates) {
            return refuse(mistakes);
        }
        self.foreseen = mistakes;
        Ok(())
    }

    /// Finds what is wrong with objects by what overrides make of them.
    ///
    /// # Errors
    /// Code 2: overrides that fit nothing, annotations that say nothing.
    fn overridden(&self, content: &Content, overrides: &Overrides) -> Result<Vec<Mistake>> {
        let mut kinds = Kinds::builtin();
        kinds.add_crds(&content.objects);
        let mut objects = content.objects.clone();
        if let Err(error) = overrides::apply(overrides, &mut objects, &kinds) {
            // What a kind is called, and whether it has replicas, may be the server's to say.
            let is_known = |object: &Object| kinds.of(&object.id()).is_some();
            return match content.objects.iter().all(is_known) {
                true => Err(self.without_advice(error)),
                false => Ok(Vec::new()),
            };
        }
        rendering::check(&objects, &content.files)?;
        let unplaced = |Object { body, origin }: Object| {
            let id = ObjectId::of(&body);
            Placed { id, declared: None, body, origin: Some(origin) }
        };
        let unplaced: Vec<Placed> = objects.into_iter().map(unplaced).collect();
        Ok(validate::rendered(&unplaced, content, overrides, &kinds, &[]).mistakes)
    }

    /// Leaves out the advice to remove what this command itself asks for: it is not stored.
    pub(super) fn without_advice(&self, error: Error) -> Error {
        let is_new = self.options.edits.iter().any(|edit| edit.is_advised_against(&error));
        let hint = error.hint.clone().filter(|_| !is_new);
        Error { hint, ..error }
    }

    /// Takes what was foreseen in place of a runtime that cannot be used.
    pub(super) fn foreseen_instead(&mut self, error: Error) -> Error {
        if error.kind != ErrorKind::Runtime || self.foreseen.is_empty() {
            return error;
        }
        self.warn(error.in_short());
        refuse(std::mem::take(&mut self.foreseen)).err().unwrap_or(error)
    }

    /// Refuses what was foreseen, where the server is not newer than what is known here: before
    /// anything large is made of the manifests.
    ///
    /// # Errors
    /// Code 2 with all of it; where the server does not answer.
    pub(super) async fn heed_foreseen(&mut self, start: &Start) -> Result<()> {
        let mistakes = std::mem::take(&mut self.foreseen);
        // A kind may be the server's although it is no newer: that is looked at later.
        if mistakes.iter().any(|mistake| ["kind", "apiVersion"].contains(&&*mistake.path)) {
            return Ok(());
        }
        let mut report = Report { mistakes, warnings: Vec::new() };
        start.target.relent(&mut report).await?;
        if report.mistakes.is_empty() { Ok(()) } else { refuse(report.mistakes) }
    }
}

fn refuse(mistakes: Vec<Mistake>) -> Result<()> {
    decide(Report { mistakes, warnings: Vec::new() }, Validation::Strict).map(drop)
}
