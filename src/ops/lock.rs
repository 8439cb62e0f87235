//! One at a time: the lock file on this machine, the holder in the record between machines.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{events::Event, session::Session};
use crate::{
    store::lock::{Acquired, InstanceLock, LockContent},
    workload::{
        error::{Code, Error, ErrorKind, Result},
        name::InstanceName,
        record::Holder,
    },
};

/// The pause between two looks at a lock that somebody else holds.
const PAUSE: Duration = Duration::from_millis(500);

/// How many releases that did not end in order are remembered.
const REMEMBERED: usize = 32;

/// The lock of an instance on this machine.
pub(crate) struct Held {
    lock: InstanceLock,
    /// The releases that dead predecessors had begun, and our own: a holder of theirs may be
    /// taken over at once.
    pub releases: Vec<String>,
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
        let mut told = false;
        loop {
            match InstanceLock::try_acquire(&session.database, instance)? {
                Acquired::Got { lock, left } => {
                    let releases = left.map(|left| left.releases).unwrap_or_default();
                    let mut held = Self { lock, releases };
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

    fn write(&mut self, session: &Session<'_>) -> Result<()> {
        self.lock.write(&LockContent {
            pid: std::process::id(),
            command: session.command.clone(),
            started: session.now(),
            releases: self.releases.clone(),
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

    /// Ends in order: nothing is left to be taken over.
    pub(crate) fn end(self) {
        // The lock is free all the same; a content that stays is only a note about an ended
        // release.
        let _ = self.lock.release();
    }
}

/// Waits a moment for a holder, or gives up.
///
/// # Errors
/// Code 6, naming the holder; 130 and 143 when asked to stop.
pub(crate) async fn wait(
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
        let note = format!("waiting for {holder}");
        session.reporter.report(instance.as_str(), Event::Note(note));
    }
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => Ok(()),
        signal = session.stop.wait() => Err(signal.error(format!("stopped waiting for {holder}"))),
    }
}

/// Names the holder of a record.
#[must_use]
pub(crate) fn name_of(holder: &Holder, server_now: Timestamp) -> String {
    let left = holder.expires.duration_since(server_now).as_secs().max(0);
    format!(
        "`{}` of {} (since {}, expires in {left} s unless renewed)",
        holder.command,
        holder.who,
        holder.since.strftime("%F %T UTC")
    )
}
