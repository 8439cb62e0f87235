//! The end of a deletion: the namespaces that the instance made, the record's own last, or the
//! record alone where its namespace stays.

use std::{cell::RefCell, collections::HashSet, pin::pin, time::Instant};

use super::{ending::Ending, execute::Deletion, last::Last};
use crate::{
    cluster::{record::Keeper, request::Request},
    ops::{
        deletion::{self, Propagation, Sent, remaining},
        events::{Event, HEARTBEAT},
        lock,
        namespace_users::{self, Leaver, Stay},
        own_judges::{self, OwnJudges},
        removal::Removed,
        shared,
        stop::until,
        view::Operation,
    },
    workload::{
        error::{Code, Error, Result},
        instance::NamespaceMode,
        object::ObjectId,
        ownership::{is_created_by, is_terminating, manager, uid},
        record::{Entry, Record},
        release::Action,
    },
};

/// What becomes of a namespace.
enum NamespaceEnd {
    Absent,
    Stays(String),
    /// Its deletion is sent.
    Terminating(Box<TerminatingNamespace>),
}

/// A namespace whose deletion is sent.
pub(super) struct TerminatingNamespace {
    entry: Entry,
    path: String,
    uid: String,
    /// What it was last seen to wait for.
    held: RefCell<String>,
}

impl Deletion<'_> {
    /// Removes namespaces and record. Begins with a renewal, and renews for as long as something
    /// is sent: a process that was not heard of meanwhile must not take a successor's namespace
    /// away.
    ///
    /// # Errors
    /// Whatever the server answers; time that is up, a signal; code 6 when the holder is lost.
    pub(super) async fn remove_namespaces_and_record(
        &self,
        last: Last<'_>,
        keeper: Option<&Keeper>,
        judges: &mut OwnJudges<'_>,
        operation: &mut Operation,
    ) -> Result<()> {
        let record = last.record;
        if let Some(keeper) = keeper {
            // The waves may have taken minutes; a late process must not delete its successor's
            // namespace.
            let renewed = own_judges::outlast(record, async || keeper.renew().await);
            self.in_time("the record could not be renewed", renewed).await?;
        }
        let work = self.send_namespaces(&last, operation);
        let work = self.in_time("not everything was deleted", work);
        let home = lock::while_held(keeper, judges, work).await??;
        match (home, keeper) {
            // The record goes with it: from here on there is nothing to renew.
            (NamespaceEnd::Terminating(going), _) => {
                self.empty_home(&last, &going, operation).await
            }
            // The record alone, last of all: until here an interrupted deletion can be taken up.
            (NamespaceEnd::Stays(_), Some(keeper)) => {
                let removed = own_judges::outlast(record, async || keeper.remove().await);
                self.in_time("the record is left", removed).await
            }
            (NamespaceEnd::Stays(_) | NamespaceEnd::Absent, _) => Ok(()),
        }
    }

    /// Removes the other namespaces to the end, and sends the deletion of the record's own; gives
    /// what becomes of that.
    async fn send_namespaces(
        &self,
        last: &Last<'_>,
        operation: &mut Operation,
    ) -> Result<NamespaceEnd> {
        let record = last.record;
        let mut namespaces: Vec<&Entry> =
            record.inventory.iter().filter(|entry| entry.id.is("", "Namespace")).collect();
        // The one with the record goes last, and takes the record with it.
        namespaces.sort_by_key(|entry| entry.id.name == record.namespace);
        // In mode given it is not in the inventory: it stays, and the record goes.
        let mut home = NamespaceEnd::Stays(String::new());
        for entry in namespaces {
            let end = self.send_namespace(last, entry).await?;
            if let NamespaceEnd::Stays(why) = &end {
                operation.stays(entry, why);
            }
            if entry.id.name == record.namespace && matches!(end, NamespaceEnd::Stays(_)) {
                // Somebody came to live in it meanwhile.
                self.remove_left(last, operation).await?;
            }
            if entry.id.name == record.namespace {
                home = end;
            } else if let NamespaceEnd::Terminating(going) = end {
                self.await_deletion(&going, operation).await?;
            }
        }
        if record.mode == NamespaceMode::Given {
            self.mention_given(record, operation).await;
        }
        Ok(home)
    }

    /// Says that the namespace stays that `--namespace` made. Whoever may not look at it did not
    /// make it.
    async fn mention_given(&self, record: &Record, operation: &mut Operation) {
        let id = ObjectId::new("", "Namespace", None, &record.namespace);
        let path = self.target.path(&id, "v1").expect("namespaces are built in");
        let live = self.target.api.find(Request::get_metadata(path)).await;
        let manager = manager(&record.namespace, record.instance.as_str());
        let end = match live {
            Ok(Some(live)) if is_created_by(&live, &manager) => "`--namespace` made it",
            Ok(_) => return,
            Err(failure) if failure.is_forbidden() => return,
            Err(_) => "whether `--namespace` made it cannot be seen: no answer",
        };
        operation
            .remarks
            .push(format!("{id} stays: {end}; `kubectl delete namespace {}` deletes it", id.name));
    }

    /// Leaves a namespace, or sends the deletion of exactly what was looked at.
    async fn send_namespace(&self, last: &Last<'_>, entry: &Entry) -> Result<NamespaceEnd> {
        let Last { api, record, with_home } = *last;
        let (target, id) = (self.target, &entry.id);
        let going: HashSet<&ObjectId> = with_home.iter().map(|entry| &entry.id).collect();
        let stays = |entry: &&Entry| !going.contains(&entry.id);
        let staying: Vec<Entry> = record.inventory.iter().filter(stays).cloned().collect();
        let path = target.path(id, "v1").expect("namespaces are built in");
        let manager = manager(&record.namespace, record.instance.as_str());
        let leaver = Leaver {
            instance: &record.instance,
            manager: &manager,
            mode: record.mode,
            staying: &staying,
        };
        deletion::act_on_latest(api, id, &path, "the next `delete` goes on", async |live| {
            let Some(live) = live else { return Ok(Some(NamespaceEnd::Absent)) };
            match namespace_users::why_it_stays(target, api, leaver, id, &live).await? {
                Some(Stay::Theirs(why)) => {
                    let left = shared::drop_apply_entry(api, &manager, id, &live, &path).await?;
                    return Ok(left.then_some(NamespaceEnd::Stays(why)));
                }
                Some(Stay::Ours(why)) => return Ok(Some(NamespaceEnd::Stays(why))),
                None => {}
            }
            // Somebody was faster, or we were before we were killed: it only has to be waited for.
            let sent = if is_terminating(&live) {
                Some(Sent::Accepted)
            } else {
                // The namespace controller empties it in any case; a namespace has no dependents of
                // its own.
                deletion::delete_version(api, id, &path, &live, Propagation::Background).await?
            };
            Ok(sent.map(|sent| match sent {
                Sent::Accepted => NamespaceEnd::Terminating(Box::new(TerminatingNamespace {
                    entry: entry.clone(),
                    path: path.clone(),
                    uid: uid(&live).unwrap_or_default().to_owned(),
                    held: RefCell::new(remaining(&live)),
                })),
                Sent::Gone => NamespaceEnd::Absent,
            }))
        })
        .await
    }

    /// Waits for the end of a namespace and says so.
    async fn await_deletion(
        &self,
        going: &TerminatingNamespace,
        operation: &mut Operation,
    ) -> Result<()> {
        let end = self.wait_for_end(going).await;
        self.ended(going, end, operation)
    }

    /// Says that a namespace is gone, or what it waits for.
    ///
    /// # Errors
    /// Those of the wait.
    pub(super) fn ended(
        &self,
        going: &TerminatingNamespace,
        end: Result<()>,
        operation: &mut Operation,
    ) -> Result<()> {
        let (id, action) = (&going.entry.id, Action::Delete);
        let removed = match &end {
            Ok(()) => Removed::Gone,
            Err(_) => Removed::Waits(going.held.borrow().clone()),
        };
        if end.is_ok() {
            self.session.report(self.name, Event::Done { object: id.clone(), action });
        }
        operation.tell(id, Some(&going.entry), &removed);
        end
    }

    /// Waits until a namespace is gone, saying what it waits for.
    pub(super) async fn wait_for_end(&self, going: &TerminatingNamespace) -> Result<()> {
        let (name, id) = (self.name, &going.entry.id);
        let (started, mut beat) = (Instant::now(), Instant::now() + HEARTBEAT);
        let mut ending = Ending::of(&id.name, &self.target.api);
        while self.is_going(going).await? {
            let mut changed = pin!(ending.next());
            loop {
                tokio::select! {
                    biased;
                    signal = self.session.stop.wait() => {
                        return Err(still_going(id, name, |what| {
                            signal.error(format!("stopped: {what}"))
                        }));
                    }
                    () = until(self.deadline) => {
                        return Err(still_going(id, name, |what| {
                            Error::failed(Code::Timeout, format!("out of time: {what}"))
                        })
                        .cause(going.held.borrow().clone())
                        .hint(format!(
                            "`workloadctl delete {name}` goes on, `--timeout` gives more time"
                        )));
                    }
                    () = &mut changed => break,
                    () = until(Some(beat)) => {
                        beat += HEARTBEAT;
                        let open = vec![(id.clone(), going.held.borrow().clone())];
                        let elapsed = started.elapsed();
                        let event = Event::StillOpen { phase: "deleting", elapsed, open };
                        self.session.report(name, event);
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells whether a namespace still goes, and notes what it waits for.
    async fn is_going(&self, going: &TerminatingNamespace) -> Result<bool> {
        let id = &going.entry.id;
        let look = async {
            let look = self.target.api.find(Request::get(&*going.path)).await;
            look.map_err(|failure| failure.explain("get", "cannot wait for the end of", id, None))
        };
        let live = self.in_time(&still_deleted(id), look).await?;
        let live = live.filter(|live| uid(live) == Some(&*going.uid));
        if let Some(live) = &live {
            going.held.replace(remaining(live));
        }
        Ok(live.is_some())
    }
}

fn still_deleted(id: &ObjectId) -> String {
    format!("namespace {} is still being deleted", id.name)
}

fn still_going(
    id: &ObjectId,
    name: impl std::fmt::Display,
    error: impl FnOnce(String) -> Error,
) -> Error {
    error(still_deleted(id)).hint(format!("`workloadctl delete {name}` goes on"))
}
