//! An answer that goes on: a watch, or a log that is followed.

use super::{follow::Follow, status::StatusResult, watch::Watcher, world::World};

/// What a stream tells of.
pub(super) enum StreamSource {
    Watch(Box<Watcher>),
    Log(Box<Follow>),
}

impl StreamSource {
    /// What happened since the last look.
    pub(super) fn advance(&mut self, world: &World<'_>) -> StatusResult<String> {
        match self {
            Self::Watch(watch) => watch.advance(world),
            Self::Log(log) => log.advance(world).map(|()| String::new()),
        }
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self {
            Self::Watch(_) => "application/json",
            Self::Log(_) => "text/plain",
        }
    }

    pub(super) fn end(&mut self) {
        match self {
            Self::Watch(watch) => watch.ends = 0,
            Self::Log(log) => log.end(),
        }
    }

    pub(super) fn is_over(&self, now: i64) -> bool {
        match self {
            Self::Watch(watch) => now >= watch.ends,
            Self::Log(log) => log.is_over(),
        }
    }
}
