//! Faults put into the sandbox by tests: what a real API server, its network and its proxies do
//! on a bad day.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::call::Call;

/// Which calls a fault concerns. All that is given must fit.
#[derive(Debug, Clone, Default)]
pub struct Matches {
    /// `GET`, `PATCH`, …; any if none.
    pub method: Option<&'static str>,
    /// A part of the path with its query.
    pub path: Option<String>,
    /// Only watches, or only other calls.
    pub watch: Option<bool>,
}

/// Which of the matching calls are hit.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// All.
    Always,
    /// The k-th, counting from 1.
    Nth(u64),
    /// The first so many.
    First(u64),
    /// So many of a thousand, chosen by a seed.
    PerMille {
        /// Of a thousand calls, so many.
        rate: u64,
        /// The choice.
        seed: u64,
    },
}

/// What happens to a call that is hit.
#[derive(Debug, Clone)]
pub enum Effect {
    /// 429 with `Retry-After` in seconds.
    TooManyRequests(u64),
    /// 500 with a `Status`.
    Internal,
    /// 503 in plain text, as a proxy sends it.
    Unavailable,
    /// 401: the token has expired.
    Unauthorized,
    /// 403 with a `Status`.
    Forbidden,
    /// The connection breaks before anything is done.
    ResetBefore,
    /// The connection breaks after it was done.
    ResetAfter,
    /// The answer comes later.
    Slow(Duration),
    /// The watch ends with a broken connection after its first lines.
    DropWatch,
    /// The watch ends with 410.
    Gone,
    /// Discovery shows this group as stale, without resources.
    StaleGroup(String),
}

/// A fault: what, when and where.
#[derive(Debug)]
pub struct Fault {
    /// Which calls it concerns.
    pub matches: Matches,
    /// Which of them are hit.
    pub when: When,
    /// What happens.
    pub effect: Effect,
    seen: AtomicU64,
}

impl Fault {
    /// Makes one.
    #[must_use]
    pub fn new(matches: Matches, when: When, effect: Effect) -> Self {
        Self { matches, when, effect, seen: AtomicU64::new(0) }
    }

    /// Tells how many matching calls there were.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Counts a call, and tells whether it is hit.
    pub(super) fn hits(&self, call: &Call, query: &str) -> bool {
        let Matches { method, path, watch } = &self.matches;
        let fits = method.is_none_or(|method| method == call.method)
            && watch.is_none_or(|watch| watch == call.flag("watch"))
            && path.as_ref().is_none_or(|part| format!("{}?{query}", call.path).contains(part));
        if !fits {
            return false;
        }
        let count = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        match self.when {
            When::Always => true,
            When::Nth(wanted) => count == wanted,
            When::First(number) => count <= number,
            When::PerMille { rate, seed } => {
                // splitmix64
                let mut mixed = seed.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                (mixed ^ (mixed >> 31)) % 1000 < rate
            }
        }
    }
}
