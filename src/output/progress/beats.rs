//! When it is time to say again what is still open.

use std::{collections::HashMap, sync::Mutex, time::Duration};

/// Remembers per instance when it was said last, as the time that passed since the start.
#[derive(Debug)]
pub(super) struct Beats {
    every: Duration,
    last: Mutex<HashMap<String, Duration>>,
}

impl Beats {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, last: Mutex::default() }
    }

    /// Tells whether it is time again, and takes it as said then.
    pub(super) fn is_due(&self, instance: &str, elapsed: Duration) -> bool {
        let Ok(mut beats) = self.last.lock() else { return false };
        match beats.get(instance) {
            // A smaller time is that of another operation on the same instance.
            Some(last) if elapsed >= *last && elapsed - *last < self.every => false,
            None if elapsed < self.every => false,
            _ => {
                beats.insert(instance.to_owned(), elapsed);
                true
            }
        }
    }
}
