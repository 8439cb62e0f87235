//! A network that holds writes and breaks connections at random, by a seed, before any backend.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use crate::kill::random;

/// The longest that a write is held.
pub(crate) const LONGEST: Duration = Duration::from_secs(3);

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Calm,
    /// It is delivered later, also where its sender is gone by then.
    Held(Duration),
    /// It is delivered later, and its connection breaks at once: its sender may send it again.
    HeldAndBroken(Duration),
    /// The connection breaks, and it is not delivered.
    BrokenBefore,
    /// It is delivered, and the connection breaks instead of an answer.
    BrokenAfter,
}

/// What happens to the requests, and how often it did.
#[derive(Debug)]
pub(crate) struct Storm {
    seed: usize,
    /// The only writes that anything happens to: the first to a path is held so long, and broken.
    gust: Option<(String, Duration)>,
    count: AtomicUsize,
    /// How many writes were held.
    pub(crate) held: AtomicUsize,
    /// How many connections were broken.
    pub(crate) broken: AtomicUsize,
}

impl Storm {
    pub(crate) fn new(seed: usize) -> Self {
        Self {
            seed,
            gust: None,
            count: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            broken: AtomicUsize::new(0),
        }
    }

    /// Makes one that holds and breaks the first write to a path, and nothing else.
    pub(crate) fn gust(path: String, held: Duration) -> Self {
        Self { gust: Some((path, held)), ..Self::new(0) }
    }

    /// Draws the fate of a request.
    pub(crate) fn fate(&self, is_write: bool, path: &str) -> Fate {
        if let Some((held, time)) = &self.gust {
            // A dry run makes nothing.
            let is_hit = is_write && path.contains(held) && !path.contains("dryRun=");
            let is_first = is_hit && self.held.fetch_add(1, Ordering::SeqCst) == 0;
            return if is_first { Fate::HeldAndBroken(*time) } else { Fate::Calm };
        }
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let drawn = random(self.seed.wrapping_mul(1 << 16).wrapping_add(count), 1000);
        let longest = usize::try_from(LONGEST.as_millis()).unwrap();
        let time = Duration::from_millis(random(drawn ^ self.seed, longest) as u64);
        let fate = match drawn {
            0..20 => Fate::BrokenBefore,
            20..40 => Fate::BrokenAfter,
            40..60 if is_write => Fate::HeldAndBroken(time),
            60..200 if is_write => Fate::Held(time),
            _ => Fate::Calm,
        };
        let (held, broken) = match fate {
            Fate::Calm => (0, 0),
            Fate::Held(_) => (1, 0),
            Fate::HeldAndBroken(_) => (1, 1),
            Fate::BrokenBefore | Fate::BrokenAfter => (0, 1),
        };
        self.held.fetch_add(held, Ordering::Relaxed);
        self.broken.fetch_add(broken, Ordering::Relaxed);
        fate
    }
}
