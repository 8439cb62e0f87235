//! One at a time: the lock file on this machine, the holder in the record between machines.

use std::{
    cell::Cell,
    path::Path,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    locate::{Located, Search, locate},
    own_judges::OwnJudges,
    session::Session,
    target::Target,
};
use crate::{
    cluster::record::Keeper,
    env::Env,
    store::lock::{Acquired, InstanceLock, LockContent, Machine, Writer},
    workload::{
        error::{Code, Error, ErrorKind, Result},
        name::InstanceName,
        record::Holder,
    },
};

/// The pause between two looks at a lock that somebody else holds.
const PAUSE: Duration = Duration::from_millis(500);

/// How many releases that did not end in order are remembered.
// Each may still stand as the holder in the record: a process that is killed again and again, each
// time before its own holder was written, has left the holder of an earlier one there.
const REMEMBERED: usize = 32;

/// The lock of an instance on this machine.
pub(crate) struct Held {
    /// None without a database: nothing can be written beside it, and the record's holder alone
    /// is the lock.
    lock: Option<(InstanceLock, Writer)>,
    /// The releases that dead predecessors had begun, and our own: a holder of theirs may be
    /// taken over at once.
    pub releases: Vec<String>,
    /// Whether somebody else was at work until now: what was read before is old.
    pub waited: bool,
}

impl Held {
    /// Locks an instance on this machine, waiting until `until` for somebody who holds it.
    ///
    /// # Errors
    /// Code 6, naming the holder; 130 and 143 when asked to stop.
    pub(crate) async fn acquire(
        session: &Session<'_>,
        instance: &InstanceName,
        until: Instant,
    ) -> Result<Self> {
        let Some(database) = session.store().path().map(Path::to_owned) else {
            return Ok(Self::nothing());
        };
        let mut told = false;
        loop {
            match InstanceLock::try_acquire(&database, instance)? {
                Acquired::Got { lock, left } => {
                    let Env { host, boot, .. } = session.env;
                    let machine = Machine { host: host.clone(), boot: boot.clone() };
                    let writer = lock.writer(&machine)?;
                    let releases =
                        left.map(|left| left.releases_of_the_dead(&writer)).unwrap_or_default();
                    let mut held = Self { lock: Some((lock, writer)), releases, waited: told };
                    // At once, before any release has begun: who waits for us reads here whom to
                    // name.
                    held.write(session)?;
                    return Ok(held);
                }
                Acquired::Held(content) => {
                    let holder = content.as_ref().map_or_else(
                        || "another process on this machine".to_owned(),
                        |content| {
                            format!(
                                "`{}` on this machine (process {}, since {})",
                                content.command,
                                content.pid,
                                content.started.strftime("%F %T UTC")
                            )
                        },
                    );
                    wait(session, instance, &holder, until, &mut told).await?;
                }
            }
        }
    }

    /// Holds nothing: what is only looked at needs no lock.
    pub(crate) fn nothing() -> Self {
        Self { lock: None, releases: Vec::new(), waited: false }
    }

    fn write(&mut self, session: &Session<'_>) -> Result<()> {
        let Some((lock, writer)) = &mut self.lock else { return Ok(()) };
        lock.write(&LockContent {
            pid: std::process::id(),
            command: session.command.clone(),
            started: session.now(),
            releases: self.releases.clone(),
            writer: Some(writer.clone()),
        })
    }

    /// Notes the release that begins, so that a successor on this machine knows it as dead. Those
    /// of predecessors stay: we may die before the record has ours.
    ///
    /// # Errors
    /// The lock file cannot be written.
    pub(crate) fn begin(&mut self, session: &Session<'_>, release_id: &str) -> Result<()> {
        self.releases.push(release_id.to_owned());
        let surplus = self.releases.len().saturating_sub(REMEMBERED);
        self.releases.drain(..surplus);
        self.write(session)
    }

    /// Takes a release out again that wrote no record and whose writes were all answered: nothing of
    /// it is to be taken over, or may still arrive.
    ///
    /// # Errors
    /// The lock file cannot be written.
    pub(crate) fn withdraw(&mut self, session: &Session<'_>, release_id: &str) -> Result<()> {
        self.releases.retain(|id| id != release_id);
        self.write(session)
    }

    /// Ends in order: nothing is left to be taken over.
    pub(crate) fn end(self) {
        // The lock is free all the same; a content that stays is only a note about an ended
        // release.
        // A failed deploy does not come here: its holder may still stand in the record, and its id
        // in the file lets the next one take over at once.
        let _ = self.lock.map(|(lock, _)| lock.release());
    }
}

/// Reads the record, waiting until `until` for a holder that is none of the releases in `dead`. What
/// is waited is added to `paused` beforehand: it stops the caller's clock.
///
/// # Errors
/// Code 6, naming the holder; those of [`locate`].
pub(crate) async fn locate_free(
    session: &Session<'_>,
    target: &mut Target,
    search: Search<'_>,
    dead: &[String],
    until: Instant,
    paused: &Cell<Duration>,
) -> Result<Located> {
    let mut told = false;
    loop {
        let located = locate(session, target, search).await?;
        // The server's clock and not ours: the holder's expiry was written by a process whose clock
        // may differ (docs/design.md, One at a time).
        let now = target.api.connection().server_now();
        // A holder whose id stood in the lock file that we hold is a process of this machine that
        // died: nobody has to wait 90 s for it.
        let holder = located.found.as_ref().and_then(|found| found.held_by(now, dead));
        let Some(holder) = holder.map(|holder| name_of(holder, now)) else { return Ok(located) };
        paused.set(paused.get() + PAUSE);
        wait(session, search.instance, &holder, until, &mut told).await?;
    }
}

/// Works while the holder is renewed; without a keeper there is none. Judges of the instance that
/// reject the renewals give way.
///
/// # Errors
/// Why the holder was lost.
pub(crate) async fn while_held<T>(
    keeper: Option<&Keeper>,
    judges: &mut OwnJudges<'_>,
    work: impl Future<Output = T>,
) -> Result<T> {
    let Some(keeper) = keeper else { return Ok(work.await) };
    // What could not be taken away now is tried again with the next renewal.
    let give_way = async |denied: &Error| judges.give_way(denied).await.unwrap_or_default();
    tokio::select! {
        done = work => Ok(done),
        // A lost holder drops the work where it stands: somebody else writes by now
        // (docs/design.md, One at a time).
        lost = keeper.keep(give_way) => Err(lost),
    }
}

/// Waits a moment for a holder, or gives up.
///
/// # Errors
/// Code 6, naming the holder; 130 and 143 when asked to stop.
async fn wait(
    session: &Session<'_>,
    instance: &InstanceName,
    holder: &str,
    until: Instant,
    told: &mut bool,
) -> Result<()> {
    if Instant::now() >= until {
        return Err(Error::new(
            ErrorKind::Locked,
            Code::Locked,
            format!("`{instance}` is being worked on by {holder}"),
        )
        .hint("wait for it, or give `--lock-wait 5m`"));
    }
    if !std::mem::replace(told, true) {
        session.note(instance, format!("waiting for {holder}"));
    }
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => Ok(()),
        signal = session.stop.wait() => Err(signal.error(format!("stopped waiting for {holder}"))),
    }
}

/// Names the holder of a record.
fn name_of(holder: &Holder, server_now: Timestamp) -> String {
    let left = holder.expires.duration_since(server_now).as_secs().max(0);
    format!(
        "`{}` of {} (since {}, expires in {left} s unless renewed)",
        holder.command,
        holder.who,
        holder.since.strftime("%F %T UTC")
    )
}
