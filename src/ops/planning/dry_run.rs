//! Asking the server by a dry run: what an apply would change, and whether it would be refused.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::{Value, json};

use super::Planning;
use crate::{
    cluster::{
        failure::Failure,
        request::{Apply, Request},
    },
    ops::{
        conflict::Resolution,
        shared::{holders, resolve},
        write::{is_held_by_instance, is_other_object, may_pass},
    },
    workload::{
        comparison::{contains, is_same},
        difference::Difference,
        error::{Error, Result},
        ownership::{Seen, Terms, Yielded, fields::take_out, is_leftover, resource_version},
        plan::{Desired, Item},
        sent_content::{CONTENT_FIELDS, ContentKnown},
        sharing::Sharing,
    },
};

/// How often a dry run is sent: again without what is left to others, again by force, and again
/// where the object changes at that moment.
const DRY_RUNS: usize = 6;

/// What the server said to a dry run.
pub(super) enum Asked {
    /// An apply would change nothing; the answer proves it.
    Same(Box<Option<Seen>>),
    /// It may not be asked; what is live has all that is wanted.
    Alike,
    /// It would change something.
    Differs,
    /// It is written, and only that will tell: a dry run is answered by what this release changes,
    /// or by nobody. Says why, where that is known.
    Untold(String),
    /// It would change what cannot be changed.
    Immutable(String),
    /// It would be rejected or refused.
    Rejected(Box<Error>),
}

/// What a dry run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedFor {
    /// To know whether anything is to be written.
    Comparison,
    /// To know whether what is going to be written would be refused.
    Write,
}

impl Planning<'_> {
    /// Asks the server what an apply to a live object would do. Fields that turn out to be left
    /// to others are added to the item's terms; of other instances those stay in its sharing
    /// whose fields it would take or leave.
    ///
    /// # Errors
    /// A server that could not be asked.
    pub(super) async fn ask(&self, item: &mut Item, uid: &str, wanted: AskedFor) -> Result<Asked> {
        let Item { desired, .. } = item;
        let Some(path) = self.target.path(&desired.id, &desired.version) else {
            return Ok(Asked::Differs);
        };
        let mut sharing = std::mem::take(&mut item.sharing).into_inner();
        let mut terms = std::mem::take(&mut item.terms).into_inner();
        // What is handed over before a write is ours until then.
        let kept = if wanted == AskedFor::Comparison { terms.handed_over() } else { Vec::new() };
        terms.yielded.retain(|left| !kept.contains(left));
        let mut body = terms.body(&desired.body.look());
        // An object that somebody makes anew meanwhile is another one, and not compared
        // (docs/design.md, Preconditions).
        body["metadata"]["uid"] = json!(uid);
        let doubts_content = item.content == ContentKnown::Asked;
        let compares = wanted == AskedFor::Comparison || self.options.shows || doubts_content;
        let mut rehearsal = Rehearsal {
            planning: self,
            desired,
            compares,
            path,
            sharing: &sharing,
            terms: &mut terms,
            body,
            force: false,
            left_to_instance: false,
            met: BTreeSet::new(),
            difference: Difference::default(),
            keeps_content: false,
        };
        let asked = rehearsal.run().await?;
        if doubts_content && rehearsal.keeps_content {
            item.content = ContentKnown::Stays;
        }
        let (met, difference) = (rehearsal.met, rehearsal.difference);
        // Where nothing is written, nothing is handed over either.
        if !matches!(asked, Asked::Same(_)) {
            terms.yielded.extend(kept);
        }
        sharing.takes.retain(|manager| met.contains(manager));
        sharing.leaves.retain(|manager| met.contains(manager));
        (item.sharing, item.terms) = (sharing.into(), terms.into());
        // Where nothing is written, nothing is taken over.
        let is_written = wanted == AskedFor::Write || !matches!(asked, Asked::Same(_));
        item.difference = if is_written { difference } else { Difference::default() }.into();
        Ok(asked)
    }

    /// Tells whether the server can be asked about a new object: its namespace is there. A plan asks
    /// about others too, in another namespace; a deploy makes no request for them.
    pub(super) fn can_rehearse(&self, desired: &Desired) -> bool {
        let is_fresh = || self.changes.get().is_some_and(|it| it.defines(&desired.id.group_kind()));
        let is_there = match &desired.id.namespace {
            Some(namespace) => !self.absent.contains(namespace),
            // The first deploy into a new namespace costs nothing more.
            None => self.absent.is_empty(),
        };
        self.options.rehearse || (is_there && !is_fresh())
    }

    /// Asks the server whether it would take a new object. Where its namespace is not there yet,
    /// `default` stands in: admission by namespace is not seen then, validation is.
    ///
    /// # Errors
    /// A server that could not be asked.
    pub(super) async fn rehearse_create(&self, desired: &Desired) -> Result<Asked> {
        let mut id = desired.id.clone();
        let mut body = desired.body.clone();
        let missing =
            id.namespace.as_ref().is_some_and(|namespace| self.absent.contains(namespace));
        if missing {
            id.namespace = Some("default".to_owned());
            body["metadata"]["namespace"] = json!("default");
        }
        // Create only: an object that appeared since is no update (docs/design.md, Preconditions).
        body["metadata"]["resourceVersion"] = json!("1");
        let Some(path) = self.target.path(&id, &desired.version) else { return Ok(Asked::Differs) };
        let how = Apply { manager: self.manager, force: false, dry_run: true };
        match self.target.api.send(Request::apply(&path, &body, &how)).await {
            Ok(_) => Ok(Asked::Differs),
            // Not a rejection: the stand-in has an object of that name.
            Err(failure) if failure.is_conflict() => Ok(Asked::Differs),
            Err(failure) if failure.is_forbidden() && self.options.rehearse => {
                self.note_write_forbidden(&failure);
                Ok(Asked::Differs)
            }
            Err(failure) => self.rejected(desired, &failure),
        }
    }

    /// Tells a rejection from what cannot be changed, and from what only the write will tell.
    fn rejected(&self, desired: &Desired, failure: &Failure) -> Result<Asked> {
        if failure.is_about_the_dry_run() {
            return Ok(Asked::Untold("a webhook of it knows no dry run".to_owned()));
        }
        if let Some(changed) = self.explained(desired, failure) {
            return Ok(Asked::Untold(format!("after {changed}, which changes with it")));
        }
        // The write meets another object, the kind a moment later, or waits for what comes.
        if failure.is_not_found()
            || is_other_object(failure)
            || may_pass(failure, desired)
            || (failure.is_webhook_down() && !self.options.rehearse)
        {
            return Ok(Asked::Differs);
        }
        let explain = |what| failure.explain("patch", what, &desired.id, desired.origin.as_ref());
        if matches!(failure, Failure::NoAnswer(_)) || failure.of_the_server().is_some() {
            let error = explain("nothing was written; cannot ask the server about");
            return Err(error.or_hint(|| "repeat the command once the server answers".to_owned()));
        }
        if failure.is_immutable() {
            let why = failure.causes().first().map_or_else(
                || failure.message(),
                |cause| format!("{}: {}", cause.field, cause.message),
            );
            return Ok(Asked::Immutable(shorten(&why)));
        }
        Ok(Asked::Rejected(Box::new(explain("cannot apply"))))
    }

    /// Notes that this account may not write: what is live is compared here then.
    fn note_write_forbidden(&self, failure: &Failure) {
        self.compared_locally.get_or_init(|| {
            format!("compared locally, since this account may not write: {}", failure.message())
        });
    }
}

/// The dry run of one object's apply.
struct Rehearsal<'a> {
    planning: &'a Planning<'a>,
    desired: &'a Desired,
    /// Whether the answer is compared with the live object, which costs a request more.
    compares: bool,
    path: String,
    sharing: &'a Sharing,
    terms: &'a mut Terms,
    body: Value,
    /// Whether fields that others hold are taken.
    force: bool,
    /// Whether a field turned out to be left to another instance.
    left_to_instance: bool,
    /// The managers whose fields the apply met.
    met: BTreeSet<String>,
    /// What would change, where that is to be shown.
    difference: Difference,
    /// Whether it was compared, and the content of a ConfigMap or Secret stays as it is.
    keeps_content: bool,
}

impl Rehearsal<'_> {
    async fn run(&mut self) -> Result<Asked> {
        for _ in 0..DRY_RUNS {
            let asked = match self.send().await {
                (Ok(rehearsed), Some(Ok(Some(live)))) => self.compare(&rehearsed, &live),
                // The apply finds out: it carries its precondition.
                (Ok(_), _) => Some(Asked::Differs),
                (Err(failure), live) => {
                    let live = match live {
                        Some(live) => live,
                        None => self.planning.target.api.find(Request::get(&*self.path)).await,
                    };
                    let live = live.ok().flatten();
                    let asked = self.handle_failure(&failure, live.as_ref())?;
                    let is_told = !matches!(asked, None | Some(Asked::Rejected(_)));
                    if let Some(live) = live.filter(|_| is_told) {
                        self.difference = self.planning.simulated(self.desired, &live, &self.body);
                    }
                    asked
                }
            };
            if let Some(asked) = asked {
                return Ok(asked);
            }
        }
        Ok(Asked::Differs)
    }

    /// Sends the dry run, and where the two are compared asks for the live object beside it: the
    /// less time between the answers, the less a controller writes in it.
    async fn send(&self) -> (Result<Value, Failure>, Option<Result<Option<Value>, Failure>>) {
        let how = Apply { manager: self.planning.manager, force: self.force, dry_run: true };
        let (api, apply) =
            (&self.planning.target.api, Request::apply(&self.path, &self.body, &how));
        if !self.compares {
            return (api.send(apply).await.map(|answer| answer.body), None);
        }
        let live = api.find(Request::get(&*self.path));
        let (rehearsed, live) = futures::future::join(api.send(apply.whole()), live).await;
        (rehearsed.map(|answer| answer.body), Some(live))
    }

    /// Compares the answer with the live object; `None` where a controller may have written
    /// between the two answers.
    fn compare(&mut self, rehearsed: &Value, live: &Value) -> Option<Asked> {
        let written = self.planning.as_written(self.terms, &self.body, rehearsed);
        self.keeps_content =
            CONTENT_FIELDS.iter().all(|field| written.get(field) == live.get(field));
        let is_same = is_same(rehearsed, live);
        let may_differ = !is_same || matches!(written, Cow::Owned(_));
        if self.planning.options.shows
            && may_differ
            && resource_version(rehearsed) == resource_version(live)
        {
            self.difference = self.planning.difference(self.desired, live, &written);
        }
        if is_same {
            let leaves = &self.sharing.leaves;
            let is_left =
                self.left_to_instance || leaves.iter().any(|manager| self.met.contains(manager));
            let seen = Seen::of(rehearsed, self.planning.manager, &self.desired.body.look());
            let seen = if is_left { seen.map(Seen::by_version_alone) } else { seen };
            return Some(Asked::Same(Box::new(seen)));
        }
        // A dry run keeps the resourceVersion of what it changed: a different one means that the
        // two answers are of different states.
        if resource_version(rehearsed) != resource_version(live) {
            return None;
        }
        Some(Asked::Differs)
    }

    /// Takes in a failure; `None` where asking again, otherwise, may help.
    fn handle_failure(&mut self, failure: &Failure, live: Option<&Value>) -> Result<Option<Asked>> {
        let Self { planning, desired, sharing, .. } = *self;
        if let Some(live) = live {
            // Who only reads may see a plan (docs/design.md, Rights); a deploy fails here.
            if planning.options.rehearse && failure.is_forbidden() {
                planning.note_write_forbidden(failure);
                let is_there = contains(live, &self.body);
                return Ok(Some(if is_there { Asked::Alike } else { Asked::Differs }));
            }
            // Changing a strategy from RollingUpdate to Recreate leaves `rollingUpdate`, which the
            // server filled in and now forbids: the write takes hold of it first.
            if is_leftover(live, &self.body, &failure.forbidden_fields()) {
                return Ok(Some(Asked::Differs));
            }
        }
        Ok(match resolve(failure, desired, sharing, planning.options.conflicts) {
            Some(Resolution::Again { force, yielded }) => {
                self.force |= force;
                self.met.extend(holders(failure));
                yielded.into_iter().for_each(|field| self.leave(field));
                None
            }
            Some(Resolution::Refuse(error)) => Some(Asked::Rejected(error)),
            None => Some(planning.rejected(desired, failure)?),
        })
    }

    /// Leaves a field to its holder; what an autoscaler that is gone had is taken instead.
    fn leave(&mut self, field: Yielded) {
        if self.terms.reclaimed.contains(&field.field) {
            self.force = true;
            return;
        }
        take_out(&mut self.body, &field.field);
        self.left_to_instance |= is_held_by_instance(&field);
        self.terms.leave(field);
    }
}

/// Cuts a server's message that quotes a whole value.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 200;
    if text.len() <= LIMIT {
        return text.to_owned();
    }
    let (field, rest) = text.split_once(':').unwrap_or(("", text));
    let tail = rest.rsplit(": ").next().unwrap_or(rest);
    let mut short = format!("{field}: {tail}");
    if short.len() > LIMIT {
        short = short.chars().take(LIMIT).chain(['…']).collect();
    }
    short
}
