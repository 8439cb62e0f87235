//! The intent: before a release's first write to an object, the record on the cluster covers
//! everything old and new, and this process holds the instance.

use jiff::Timestamp;

use super::{Deploy, prepare::Prepared};
use crate::{
    cluster::record::{Claim, Keeper},
    ops::{
        behind,
        events::{Ask as _, confirm},
        lock::Held,
        own_judges::OwnJudges,
        runtime_choice::confirm_choice,
        write::Written,
    },
    workload::{
        error::{Code, Error, Result},
        instance::Instance,
        kinds::{Trait, builtin_kind},
        object::ObjectId,
        plan::Fate,
        record::{Deployed, Entry, Record},
        release::{Action, Outcome, Release},
    },
};

/// A release that has begun.
pub(super) struct Begun {
    /// The record while we hold the instance.
    pub keeper: Keeper,
    pub release: Release,
    /// The namespace of the record, if it had to be made for it.
    pub namespace: Option<Written>,
    /// What of the instance rejected its record and was taken away: it is made anew.
    pub gave_way: Vec<ObjectId>,
}

impl Deploy<'_> {
    /// Asks what has to be asked before anything is written (docs/cli.md, Questions), and says what the
    /// deploy goes on from.
    ///
    /// # Errors
    /// Code 1 where the answer is no; code 5 where nobody can be asked and it must not go on.
    pub(super) fn confirm(&self, prepared: &Prepared) -> Result<()> {
        let start = &prepared.start;
        match prepared.newest() {
            // A rebuilt record has no release, and yet the instance is where it was: nothing is to
            // be chosen.
            None if start.located.rebuilt.is_none() => self.confirm_runtime(prepared)?,
            None => {}
            Some(newest) if start.stored.is_none() || !start.known_here => {
                self.confirm_continuation(&newest.release)?;
            }
            Some(newest) => {
                self.note_release_by_others(&newest.release);
                self.confirm_recorded(prepared, newest)?;
            }
        }
        if let Some(Deployed { release, .. }) = prepared.newest()
            // Its process was killed, or lost its holder: nobody has written its end.
            && release.outcome == Outcome::InFlight
        {
            let number = release.number;
            self.note(format!("release {number} was not finished: going on from the live state"));
        }
        self.confirm_data_loss(prepared)
    }

    /// A new instance: the user may not have thought of the runtime.
    fn confirm_runtime(&self, prepared: &Prepared) -> Result<()> {
        let (name, start) = (self.name, &prepared.start);
        confirm_choice(self.session, &self.questions, &start.choice, "Deploy", name)?;
        self.note(format!("runtime {}: {}", start.choice.runtime, start.choice.why()));
        if start.known_here && start.stored.is_some() && !start.located.new_cluster {
            self.note(format!("{name} is not on the cluster any more: deploying it anew"));
        }
        Ok(())
    }

    /// An instance that only the cluster knows may be somebody else's.
    fn confirm_continuation(&self, release: &Release) -> Result<()> {
        let Release { number, deployer, .. } = release;
        let told = format!(
            "continuing {}: release {number}, last deployed by {deployer} {}",
            self.name,
            self.ago(release)
        );
        let me = self.session.env.deployer();
        let is_other = (&deployer.user, &deployer.host) != (&me.user, &me.host);
        // Where nobody can be asked it goes on: a CI job is somebody else each time.
        if is_other && self.questions.confirm(&format!("{told}. Go on?")) == Some(false) {
            return Err(Error::failed(Code::AnsweredNo, NOTHING_WRITTEN));
        }
        self.note(told);
        Ok(())
    }

    /// Somebody else's release since ours is worth a line.
    fn note_release_by_others(&self, release: &Release) {
        let known = self.session.store().releases(self.name).unwrap_or_default();
        if known.iter().all(|known| known.id != release.id) {
            let Release { number, deployer, .. } = release;
            let ago = self.ago(release);
            self.note(format!("{}: release {number} by {deployer}, {ago}", self.name));
        }
    }

    pub(super) fn ago(&self, release: &Release) -> String {
        self.since(release.started_at)
    }

    /// Says how long ago something was.
    pub(super) fn since(&self, at: Timestamp) -> String {
        // Since the command began: the same question is the same a minute later.
        let seconds = self.began.duration_since(at).as_secs().max(0);
        match seconds {
            0..60 => format!("{seconds} s ago"),
            60..3600 => format!("{} min ago", seconds / 60),
            3600..172_800 => format!("{} h ago", seconds / 3600),
            _ => format!("{} d ago", seconds / 86_400),
        }
    }

    /// Pruning or recreating what holds data is asked about.
    fn confirm_data_loss(&self, prepared: &Prepared) -> Result<()> {
        // Claims, Namespaces and CRDs: what goes with them no deploy brings back (docs/cli.md,
        // Questions).
        let precious = |id: &ObjectId| builtin_kind(id).is(Trait::Precious);
        let plan = &prepared.draft.plan;
        let prunes = self.options.may.prune.is_now();
        let removed = plan.removals.iter().filter(|removal| prunes && removal.fate == Fate::Goes);
        let recreated = plan.items.iter().filter(|item| item.action == Action::Recreate);
        let lost: Vec<String> = removed
            .map(|removal| &removal.entry.id)
            .chain(recreated.map(|item| &item.desired.id))
            .filter(|id| precious(id))
            .map(ToString::to_string)
            .collect();
        let along = prepared.collateral.told();
        let lost = (!lost.is_empty()).then(|| format!("{}, with what they hold", lost.join(", ")));
        let list: Vec<String> = lost.into_iter().chain(along.iter().cloned()).collect();
        if list.is_empty() {
            return Ok(());
        }
        let list = list.join(", and ");
        let question = format!("This deletes {list}. Go on?");
        confirm(&self.questions, &question, NOTHING_WRITTEN, || {
            let message = format!("this would delete {list}");
            Error::refused(Code::NeedsYes, message).hint(
                "`--yes` allows it; an annotation `workloadctl/on-remove: keep` keeps an object",
            )
        })?;
        // With `--yes` nobody has read the question.
        along.iter().for_each(|told| self.note(format!("goes along: {told}")));
        Ok(())
    }

    /// Writes the intent. `None`: somebody else wrote the record first.
    ///
    /// # Errors
    /// Whatever the server answers; time that is up or a signal before there is a namespace; code
    /// 6 where another holds the instance.
    pub(super) async fn begin(
        &mut self,
        prepared: &Prepared,
        held: &mut Held,
    ) -> Result<Option<Begun>> {
        let release = self.new_release(prepared)?;
        // One that died before its record could be read may have its writes on the way.
        let has_predecessor = !held.releases.is_empty();
        // Before the record: a process that dies between the two leaves an id that no record has,
        // which does no harm; the other way round its successor would wait for the expiry
        // (docs/design.md, One at a time).
        held.begin(self.session, &release.id)?;
        // The one write before the intent: a record needs a place.
        let namespace = self.make_namespace_in_time(prepared).await;
        if namespace.is_err() && prepared.start.target.api.unsettled().is_none() {
            held.withdraw(self.session, &release.id)?;
        }
        let namespace = namespace?;
        if prepared.draft.absent.contains(&prepared.draft.desired.namespace) {
            self.report.wrote();
        }
        namespace.iter().for_each(|made| self.report.done(&made.entry.id));
        let mut record = intended(prepared, &release, namespace.as_ref());
        if has_predecessor && prepared.start.located.found.is_none() {
            let api = &prepared.start.target.api;
            let until = api.connection().server_now().saturating_add(api.request_timeout()).ok();
            record.unsettled = until;
            let namespaces =
                record.inventory.iter_mut().filter(|entry| entry.id.is("", "Namespace"));
            namespaces.for_each(|entry| entry.unsettled = entry.unsettled.max(until));
        }
        let claim = Claim {
            id: release.id.clone(),
            who: release.deployer.to_string(),
            command: self.session.command.clone(),
        };
        let found = prepared.start.located.found.as_ref();
        let target = &prepared.start.target;
        let mut judges = OwnJudges::of(self.session, target, &record);
        let keeper = loop {
            let begun = Keeper::begin(&target.api, found, record.clone(), claim.clone());
            let undone = "the server has not answered to the intent";
            match self.in_time(prepared.deadline.at(), undone, begun).await {
                // It may have been written all the same.
                Err(error) if matches!(error.code, Code::Timeout | Code::Interrupted) => {
                    self.report.wrote();
                    return Err(error);
                }
                Err(error) if judges.give_way(&error).await? => {}
                begun => break begun?,
            }
        };
        let Some(keeper) = keeper else { return Ok(None) };
        self.report.wrote();
        let entered = self.enter_namespace(prepared).await;
        if let Err(error) = entered.and_then(|()| self.store(prepared, &record, &release)) {
            // The cluster has the intent and nothing else: give it back before telling why.
            keeper.let_go(record).await?;
            return Err(error);
        }
        Ok(Some(Begun { keeper, release, namespace, gave_way: judges.gone() }))
    }

    fn new_release(&self, prepared: &Prepared) -> Result<Release> {
        let Prepared { start, draft, .. } = prepared;
        let newest = prepared.newest();
        let number = match newest {
            // The record counts, not the database: another one may have deployed since.
            Some(newest) => newest.release.number + 1,
            None if start.located.new_cluster => 1,
            None => self.session.store().next_release_number(self.name)?,
        };
        let revision = &draft.chosen.revision;
        let mut deployer = self.session.env.deployer();
        deployer.kubeconfig_user.clone_from(&start.target.api.connection().kubeconfig_user);
        Ok(Release {
            id: uuid::Uuid::now_v7().to_string(),
            number,
            deployer,
            started_at: self.session.now(),
            ended_at: None,
            outcome: Outcome::InFlight,
            reason: None,
            definition: draft.chosen.definition.clone(),
            revision: revision.number,
            digest: revision.digest.clone(),
            revision_created_at: revision.created_at,
            returns_to: draft.chosen.returns_to,
            pinned: draft.chosen.pinned,
            overrides: draft.desired.overrides.clone(),
        })
    }

    /// Stores definition, instance, release and runtime, all or none.
    fn store(&mut self, prepared: &Prepared, record: &Record, release: &Release) -> Result<()> {
        let Prepared { start, draft, .. } = prepared;
        let now = self.session.now();
        let instance = Instance {
            name: self.name.clone(),
            definition: draft.chosen.definition.clone(),
            runtime: start.choice.runtime.to_string(),
            namespace: Some(record.namespace.clone()),
            namespace_mode: Some(record.mode),
            cluster_uid: start.target.cluster_uid.clone(),
            overrides: draft.desired.overrides.clone(),
            created_at: start.stored.as_ref().map_or(now, |stored| stored.created_at),
            observed: None,
        };
        let desired = &draft.desired.objects;
        let rendered: Vec<_> = desired.iter().map(|desired| desired.body.clone()).collect();
        let mut store = self.session.store();
        let mut is_fresh = false;
        store.transaction(|store| {
            let chosen = &draft.chosen;
            // A revision that only the record has comes along, and so do its earlier releases.
            let mut recorded = Vec::new();
            match &self.options.given {
                Some(given) => {
                    let content = given.content.get();
                    is_fresh =
                        store.keep_revision(&chosen.revision, content, Some(self.name))?.fresh;
                }
                None => recorded.push((chosen.revision.clone(), chosen.content.clone())),
            }
            // What ran before is in the record no longer once this release went well: a rollback
            // finds it here.
            if let Some(deployed) = &record.last_good {
                let Release { definition, digest, .. } = &deployed.release;
                if store.revision_by_digest(definition, digest)?.is_none() {
                    recorded.push((deployed.revision(), deployed.content()));
                }
            }
            let before: Vec<Release> =
                record.last_good.iter().map(|deployed| deployed.release.clone()).collect();
            store.take_in(&instance, &recorded, &before)?;
            store.begin_release(self.name, release, &rendered)?;
            start.target.remember_in(store, now)
        })?;
        // The instances of a file are deployed with it, and others by the same command.
        let is_alone = self.options.declared.is_none() && !self.options.is_one_of_several;
        let left = match is_fresh && is_alone {
            true => behind::find(&store, &draft.chosen.definition, Some(self.name))?,
            false => Vec::new(),
        };
        drop(store);
        if let Some(told) = behind::told(&draft.chosen.definition, &left) {
            self.report.remark(told);
        }
        Ok(())
    }
}

pub(super) const NOTHING_WRITTEN: &str = "answered no; nothing was written";

/// Gives the record of the intent: the release in flight beside the last good one, and everything
/// old and new, what the release makes or keeps and what it will remove.
fn intended(prepared: &Prepared, release: &Release, namespace: Option<&Written>) -> Record {
    let mut record = prepared.record.clone();
    record.deleting = false;
    // What is to be created is in it without a uid: a process that dies after a creation leaves an
    // entry that finds the object by its name and our Apply entry (docs/design.md, The record).
    record.inventory = prepared.draft.plan.inventory().into();
    if let Some(Written { entry: made, .. }) = namespace {
        let same = |entry: &&mut Entry| entry.id == made.id;
        record.inventory.iter_mut().filter(same).for_each(|entry| entry.clone_from(made));
    }
    if let Some(newest) = record.newest.take()
        // One that failed is no place to go back to; the good one before it stays.
        && newest.release.outcome.is_good()
    {
        record.last_good = Some(newest);
    }
    let objects = prepared.draft.chosen.content.objects.clone().into();
    record.newest = Some(Deployed { release: release.clone(), objects });
    record
}
