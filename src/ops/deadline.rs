//! When an operation is out of time: one moment that all who heed it share, since it may move.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// When time is up. Clones move together.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    at: Arc<Mutex<Option<Instant>>>,
    /// Whether it moves on for objects that have a time of their own.
    yields: bool,
}

impl Deadline {
    /// Makes one that never comes, or comes at a time; `yields`: it moves on while nothing but objects
    /// with a time of their own is waited for.
    pub(crate) fn new(at: Option<Instant>, yields: bool) -> Self {
        Self { at: Arc::new(Mutex::new(at)), yields }
    }

    /// Gives when time is up, as far as is known.
    pub(crate) fn at(&self) -> Option<Instant> {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves on by the time for which only objects were waited for that have a time of their own.
    pub(crate) fn rest(&self, time: Duration) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if self.yields {
            *at = at.map(|at| at + time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_typed_gives_way_to_an_objects_own_time() {
        let (now, minute) = (Instant::now(), Duration::from_mins(1));
        let given_way = |yields| {
            let deadline = Deadline::new(Some(now), yields);
            deadline.clone().rest(minute);
            deadline.at()
        };
        assert_eq!(given_way(true), Some(now + minute));
        assert_eq!(given_way(false), Some(now));
        let never = Deadline::new(None, true);
        never.rest(minute);
        assert_eq!(never.at(), None);
    }
}
