//! What a release was before, to be deployed again: a revision by its number, an earlier release with
//! its overrides, or what another instance runs.

use std::cmp::Reverse;

use super::{Deploy, revision::ChosenRevision, start::Start};
use crate::{
    ops::{frozen::FrozenPlan, history, locate},
    workload::{
        error::{Code, Error, ErrorKind, Result},
        history::to_return_to,
        name::{DefinitionName, InstanceName},
        record::{Deployed, Record},
        release::Release,
    },
};

impl Deploy<'_> {
    /// Chooses a revision by its number (`--revision`).
    ///
    /// # Errors
    /// `no-such-definition` and `no-such-revision` (1).
    pub(super) fn numbered_revision(
        &self,
        definition: &DefinitionName,
        number: u64,
    ) -> Result<ChosenRevision> {
        let store = self.session.store();
        let (revision, content) = history::revision(&store, definition, Some(self.name), number)?;
        Ok(ChosenRevision { pinned: true, ..ChosenRevision::of(revision, content) })
    }

    /// Chooses what another instance runs: its last release that went well (`--like`).
    ///
    /// # Errors
    /// `no-such-instance`, `no-such-release` and `no-such-revision` (1).
    pub(super) fn like(
        &self,
        start: &Start,
        instance: &InstanceName,
        with_overrides: bool,
    ) -> Result<ChosenRevision> {
        let release = history::last_good(&self.session.store(), instance)?;
        let Release { number, definition, revision, .. } = &release;
        self.note(format!(
            "{}: like {instance} release {number} ({definition} revision {revision})",
            self.name
        ));
        let mut chosen = self.kept_content(&release)?;
        chosen.pinned = true;
        if with_overrides {
            // When its pods were restarted is its own affair.
            chosen.overrides = Some(release.overrides.restarted_as(&start.overrides_before()));
        }
        Ok(chosen)
    }

    /// Chooses what an earlier release was, with its overrides (`rollback`).
    ///
    /// # Errors
    /// `no-such-instance` (1); `no-such-release` (1): none with that number, or none to return to; its
    /// content is not known any more.
    pub(super) fn earlier_release(
        &self,
        start: &Start,
        number: Option<u64>,
    ) -> Result<ChosenRevision> {
        let record = start.located.record();
        self.check_known(start)?;
        let recorded = recorded(record);
        let newest = record.and_then(|record| record.newest.as_ref());
        let releases = self.known_releases(&recorded)?;
        let newest = newest.map(|newest| &newest.release).or(releases.first());
        let Some(release) = to_return_to(&releases, newest, number) else {
            return Err(match number {
                Some(number) => history::no_such_release(self.name, number),
                None => Error::failed(
                    Code::NoSuchRelease,
                    format!("`{}` has no earlier release to return to", self.name),
                )
                .hint(format!("`workloadctl history {}` lists those that are known", self.name)),
            });
        };
        let mut chosen = self.as_it_was(release, &recorded)?;
        let name = self.name;
        let Release { definition, revision, .. } = release;
        let goes_on = number.is_none() && newest.is_some_and(|newest| newest.id == release.id);
        let to = release.returns_to.filter(|_| goes_on).unwrap_or(release.number);
        chosen.returns_to = Some(to);
        let again = if goes_on { "still on the way " } else { "" };
        self.note(format!(
            "{name}: {again}back to release {to} ({definition} revision {revision})"
        ));
        Ok(chosen)
    }

    /// Chooses what the last release that went well was, with its overrides
    /// (`--rollback-on-failure`).
    ///
    /// # Errors
    /// `record-busy` (6): another release came after the one that failed; `no-such-release` (1):
    /// none went well before, or it was the same; its content is not known any more.
    pub(super) fn last_good(&self, record: Option<&Record>, failed: u64) -> Result<ChosenRevision> {
        let recorded = recorded(record);
        let releases = self.known_releases(&recorded)?;
        let name = self.name;
        let newest = record.and_then(|record| record.newest.as_ref());
        let Some(newest) = newest.filter(|newest| newest.release.number == failed) else {
            let message = format!("somebody else deployed `{name}` after release {failed}");
            return Err(Error::new(ErrorKind::Locked, Code::RecordBusy, message));
        };
        let went_well = |release: &&Release| release.outcome.is_good() && release.number < failed;
        let Some(good) = releases.iter().find(went_well) else {
            let message = format!("no release of `{name}` went well before: nothing to return to");
            return Err(Error::failed(Code::NoSuchRelease, message)
                .hint(format!("`workloadctl delete {name}` removes what was made")));
        };
        let Release { number, definition, revision, digest, overrides, .. } = good;
        if (digest, overrides) == (&newest.release.digest, &newest.release.overrides) {
            let message = format!(
                "release {number}, which went well last, was the same as release {failed}: nothing to \
                 return to"
            );
            return Err(Error::failed(Code::NoSuchRelease, message));
        }
        let mut chosen = self.as_it_was(good, &recorded)?;
        chosen.returns_to = Some(*number);
        self.note(format!(
            "{name}: release {failed} did not go well: back to release {number} ({definition} revision \
             {revision})"
        ));
        Ok(chosen)
    }

    /// Gives what a release was, with its overrides.
    fn as_it_was(&self, release: &Release, recorded: &[&Deployed]) -> Result<ChosenRevision> {
        let deployed = recorded.iter().find(|deployed| deployed.release.id == release.id);
        let mut chosen = match deployed {
            Some(deployed) => ChosenRevision::of(deployed.revision(), deployed.content()),
            None => self.kept_content(release)?,
        };
        chosen.overrides = Some(release.overrides.clone());
        Ok(chosen)
    }

    /// Chooses what a plan was made of.
    pub(super) fn frozen_revision(&self, frozen: &FrozenPlan) -> Result<ChosenRevision> {
        let FrozenPlan { definition, content, revision, overrides, returns_to, pinned, .. } =
            frozen;
        let store = self.session.store();
        let known = match &self.options.given {
            // As a deploy of the same sources would count: what was once is a revision anew.
            Some(_) if returns_to.is_none() && !pinned => {
                let (source, now) = (&revision.source, self.session.now());
                Some(store.planned_revision(definition, content, source, Some(self.name), now)?)
            }
            // It may have become one since, under another number.
            _ => store.revision_by_digest(definition, &revision.digest)?,
        };
        Ok(ChosenRevision {
            definition: definition.clone(),
            content: content.clone(),
            revision: known.unwrap_or_else(|| revision.clone()),
            overrides: Some(overrides.clone()),
            returns_to: *returns_to,
            pinned: *pinned,
        })
    }

    /// Chooses what a release was, with its overrides: the one of a number, or the newest (`diff`).
    ///
    /// # Errors
    /// `no-such-instance` (1); `no-such-release` (1): none with that number, or none at all; its
    /// content is not known any more.
    pub(super) fn compared_release(
        &self,
        start: &Start,
        number: Option<u64>,
    ) -> Result<ChosenRevision> {
        self.check_known(start)?;
        let record = start.located.record();
        let recorded = recorded(record);
        let releases = self.known_releases(&recorded)?;
        // The record's newest, whatever the database counted to.
        let newest = record.and_then(|record| record.newest.as_ref());
        let newest = newest.map(|newest| &newest.release).or(releases.first());
        let wanted = match number {
            Some(number) => releases.iter().find(|release| release.number == number),
            None => newest,
        };
        let Some(release) = wanted else {
            return Err(match number {
                Some(number) => history::no_such_release(self.name, number),
                None => {
                    let message = format!("`{}` was never deployed", self.name);
                    Error::failed(Code::NoSuchRelease, message)
                        .hint(format!("workloadctl deploy {}", self.name))
                }
            });
        };
        let mut chosen = self.as_it_was(release, &recorded)?;
        chosen.pinned = release.pinned;
        Ok(chosen)
    }

    /// # Errors
    /// `no-such-instance` (1): it is neither here nor on the runtime.
    fn check_known(&self, start: &Start) -> Result<()> {
        if start.stored.is_some() || start.located.record().is_some() {
            return Ok(());
        }
        let runtime = start.choice.runtime.to_string();
        Err(locate::instance_not_found(self.session, self.name, Some(&runtime)))
    }

    /// Lists the releases of the record and those of the database, the newest first.
    fn known_releases(&self, recorded: &[&Deployed]) -> Result<Vec<Release>> {
        let mut releases = self.session.store().releases(self.name)?;
        for deployed in recorded {
            if releases.iter().all(|known| known.id != deployed.release.id) {
                releases.push(deployed.release.clone());
            }
        }
        releases.sort_by_key(|release| Reverse((release.number, release.started_at)));
        Ok(releases)
    }

    fn kept_content(&self, release: &Release) -> Result<ChosenRevision> {
        let Release { definition, digest, revision, .. } = release;
        let (revision, content) =
            history::content_of(&self.session.store(), definition, *revision, digest)?;
        Ok(ChosenRevision::of(revision, content))
    }
}

/// Lists what a record holds of releases: it needs no database, and no content that is still here.
fn recorded(record: Option<&Record>) -> Vec<&Deployed> {
    let recorded = record.into_iter();
    recorded.flat_map(|record| record.newest.iter().chain(&record.last_good)).collect()
}
