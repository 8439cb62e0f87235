//! Places for writes: some are on their way at a time, and of the others only that they wait for
//! a place is kept. All writes of a large set at once would take more room than the set.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::{cluster::api::IN_FLIGHT, workload::plan::Item};

/// How many writes have a place: enough that no request waits for the next write to begin.
const PLACES: usize = 2 * IN_FLIGHT;
/// How long a write has a place. One that takes longer may wait for what another one brings, such as
/// the backend of a webhook: it goes on, and lets that one begin.
const LONGEST: Duration = Duration::from_secs(1);

/// What is written in a turn.
pub(super) enum Turn<'a> {
    /// What the plan says.
    First(&'a Item),
    /// What was made already, once more.
    Second(Box<Item>),
}

impl Turn<'_> {
    pub(super) fn item(&self) -> &Item {
        match self {
            Turn::First(item) => item,
            Turn::Second(item) => item,
        }
    }
}

/// The places of one rollout.
#[derive(Clone)]
pub(super) struct Places(Arc<Semaphore>);

impl Places {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }

    /// Does a work once there is a place for it.
    pub(super) async fn take<T>(self, work: impl AsyncFnOnce() -> T) -> T {
        let place = self.0.acquire().await.expect("nobody closes it");
        // In a box of its own: only what has a place needs the room.
        let mut work = Box::pin(work());
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(LONGEST) => drop(place),
        }
        work.await
    }
}

#[cfg(test)]
mod tests {
    use futures::{
        FutureExt as _,
        future::pending,
        stream::{FuturesUnordered, StreamExt as _},
    };

    use super::*;

    #[tokio::test]
    async fn what_waits_for_another_does_not_keep_it_from_its_place() {
        let places = Places::new();
        let waiting = (0..PLACES).map(|_| places.clone().take(async || pending::<()>().await));
        let mut waiting: FuturesUnordered<_> = waiting.collect();
        let mut last = Box::pin(places.take(async || "has its turn"));
        assert!(waiting.next().now_or_never().is_none());
        assert!((&mut last).now_or_never().is_none(), "all places are taken");
        tokio::select! {
            _ = waiting.next() => panic!("they wait for ever"),
            told = last => assert_eq!(told, "has its turn"),
        }
    }
}
