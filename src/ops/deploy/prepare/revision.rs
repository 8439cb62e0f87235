//! Which content is deployed: the manifests given, or the newest revision that is known of the
//! instance's definition.

use jiff::SignedDuration;

use super::{Deploy, start::Start};
use crate::{
    ops::options::{DeployOptions, Earlier, Given},
    workload::{
        definition::{Content, Revision},
        error::{Code, Error, Result},
        name::DefinitionName,
        overrides::{self, Overrides},
        record::Deployed,
        release::Release,
    },
};

/// The least that one revision is newer than another.
const INSTANT: SignedDuration = SignedDuration::from_nanos(1);

/// The content to be deployed.
pub(in crate::ops::deploy) struct ChosenRevision {
    pub definition: DefinitionName,
    /// The objects as read and their text.
    pub content: Content,
    /// The revision that has this content, or the one that it will become.
    pub revision: Revision,
    /// The overrides that come with it; none: the stored ones with this command's.
    pub overrides: Option<Overrides>,
    /// The number of the earlier release that all of it comes from.
    pub returns_to: Option<u64>,
    /// Whether it was named, and is held until the next deploy that names none.
    pub pinned: bool,
}

impl ChosenRevision {
    /// Chooses a revision, with the overrides that are stored.
    pub(super) fn of(revision: Revision, content: Content) -> Self {
        Self {
            definition: revision.definition.clone(),
            content,
            revision,
            overrides: None,
            returns_to: None,
            pinned: false,
        }
    }
}

impl Deploy<'_> {
    /// Finds out which content is to be deployed.
    ///
    /// # Errors
    /// Code 1: no such definition; code 2 and 5: what was stored says otherwise.
    pub(super) fn choose_revision(&self, start: &Start) -> Result<ChosenRevision> {
        let deployed = start.located.record().and_then(|record| record.newest.as_ref());
        let definition = self.definition(start, deployed)?;
        if let Some(frozen) = &self.options.frozen {
            return self.frozen_revision(frozen);
        }
        if let Some(given) = &self.options.given {
            // What the user gives now is newer than whatever was deployed, by anybody.
            return self.given_revision(definition, given, deployed);
        }
        match &self.options.earlier {
            Some(Earlier::Revision(number)) => return self.numbered_revision(&definition, *number),
            Some(Earlier::Release(number)) => {
                return self.earlier_release(start, *number);
            }
            Some(Earlier::Compared(number)) => return self.compared_release(start, *number),
            Some(Earlier::Like { instance, with_overrides }) => {
                return self.like(start, instance, *with_overrides);
            }
            Some(Earlier::LastGood { failed }) => {
                return self.last_good(start.located.record(), *failed);
            }
            None => {}
        }
        let store = self.session.store();
        let newest = store.newest_revision(&definition, Some(self.name))?;
        // What another deployed since is newest for this instance.
        let newest = newest.filter(|newest| {
            deployed
                .is_none_or(|deployed| deployed.release.revision_created_at <= newest.created_at)
        });
        if let Some(revision) = newest {
            let content = store.content(&revision)?;
            if let Some(Deployed { release, .. }) = deployed {
                self.tell_going_on(release, &revision);
            }
            return Ok(ChosenRevision::of(revision, content));
        }
        match deployed {
            Some(deployed) => Ok(ChosenRevision::of(deployed.revision(), deployed.content())),
            None => {
                let way = format!(
                    "`workloadctl deploy {} -f PATH` makes definition and instance in one go",
                    self.name
                );
                Err(store.no_such_definition_or(definition.as_str(), &way))
            }
        }
    }

    /// Says that a revision is left which was chosen on purpose: by a rollback, or by its number.
    fn tell_going_on(&self, before: &Release, revision: &Revision) {
        let why = match before.returns_to {
            Some(_) => format!("to which release {} went back", before.number),
            None if before.pinned => "which was pinned".to_owned(),
            None => return,
        };
        if before.digest != revision.digest {
            let (name, from, to) = (self.name, before.revision, revision.number);
            self.note(format!("{name}: on from revision {from}, {why}, to revision {to}"));
        }
    }

    fn given_revision(
        &self,
        definition: DefinitionName,
        given: &Given,
        deployed: Option<&Deployed>,
    ) -> Result<ChosenRevision> {
        let (content, source) = (given.content.get(), &given.source);
        // Somebody else's clock may be ahead of ours: ours is newer all the same.
        let after = deployed
            .and_then(|deployed| deployed.release.revision_created_at.checked_add(INSTANT).ok());
        let now = self.session.now();
        let now = after.map_or(now, |after| after.max(now));
        let store = self.session.store();
        let mut revision =
            store.planned_revision(&definition, content, source, Some(self.name), now)?;
        let newest = store.newest_revision(&definition, Some(self.name))?;
        let is_new = newest.is_none_or(|newest| newest.digest != revision.digest);
        // On an empty disk the numbers go on from those of the record.
        if let Some(Deployed { release, .. }) = deployed
            && is_new
            && release.definition == definition
        {
            let more = u64::from(release.digest != revision.digest);
            revision.number = revision.number.max(release.revision + more);
        }
        Ok(ChosenRevision::of(revision, content.clone()))
    }

    /// Decides which definition is meant.
    ///
    /// # Errors
    /// Code 5: the instance runs another definition; code 2: `-f` would change a shared one.
    fn definition(&self, start: &Start, deployed: Option<&Deployed>) -> Result<DefinitionName> {
        let (name, options) = (self.name, self.options);
        let stored = start.stored_here().or(start.stored.as_ref());
        let stored = stored.map(|stored| &stored.definition);
        let recorded = deployed.map(|deployed| &deployed.release.definition);
        if let (Some(stored), Some(recorded)) = (stored, recorded)
            && stored != recorded
            && options.definition.is_none()
        {
            // Whoever gives manifests means the definition that is known here.
            if options.given.is_some() {
                return Err(self.other_definition(recorded, stored));
            }
            self.note(format!("`{name}` runs definition `{recorded}` now, not `{stored}`"));
        }
        match (&options.definition, recorded.or(stored)) {
            (Some(given), Some(known)) if given != known => Err(self.other_definition(known, given)),
            (Some(given), _) => Ok(given.clone()),
            // `deploy web-eu -f` would change `web` for everybody who runs it: it has to be said.
            (None, Some(known)) if options.given.is_some() && known.as_str() != name.as_str() => {
                Err(Error::usage(
                    Code::SharedDefinition,
                    format!(
                        "`{name}` runs definition `{known}`, which `-f` would change for all its instances"
                    ),
                )
                .hint(format!("add `--definition {known}` if that is meant")))
            }
            (None, Some(known)) => Ok(known.clone()),
            (None, None) => name.as_str().parse(),
        }
    }

    fn other_definition(&self, known: &DefinitionName, wanted: &DefinitionName) -> Error {
        Error::refused(
            Code::OtherDefinition,
            format!("`{}` runs definition `{known}`, not `{wanted}`", self.name),
        )
        .hint(format!("deploy `{wanted}` under another instance name"))
    }

    /// Merges this command's overrides into the stored ones (docs/cli.md, Overrides).
    ///
    /// # Errors
    /// Code 2 where an edit removes what is not there.
    pub(super) fn overrides(&self, start: &Start) -> Result<Overrides> {
        let before = start.overrides_before();
        let DeployOptions { given, declared, .. } = self.options;
        let is_given = given.is_some() || declared.is_some();
        // With `-f` the overrides are what file and command say (docs/cli.md, Overrides). The stamp
        // of `--restart` stays: without it every pod would restart once more.
        let base = match declared {
            Some(declared) => declared.clone().restarted_as(&before),
            None if is_given => before.restart_alone(),
            None => before.clone(),
        };
        if !self.options.is_one_of_several {
            overrides::check_drops(&self.options.edits, &[&before, &base])?;
        }
        let mut merged = overrides::merge(&base, &self.options.edits);
        if self.options.restart {
            merged.restarted_at = Some(self.session.now().to_string());
            merged.restarts.clear();
        }
        merged.restarts.extend(self.stale.clone());
        let dropped = before.missing_from(&merged);
        if is_given && !dropped.is_empty() {
            self.note(format!("dropped with -f: the stored {}", dropped.join(", ")));
        }
        Ok(merged)
    }
}

impl Start {
    /// Gives the overrides in force until now.
    pub(super) fn overrides_before(&self) -> Overrides {
        let deployed = self.located.record().and_then(|record| record.newest.as_ref());
        deployed
            .map(|deployed| &deployed.release.overrides)
            .or(self.stored.as_ref().map(|stored| &stored.overrides))
            .cloned()
            .unwrap_or_default()
    }
}
