//! When a namespace that goes is worth another look: a watch tells, or a pause is over where none may be.

use std::time::Duration;

use tokio::{sync::mpsc, task::JoinSet, time::sleep};

use crate::cluster::{
    api::Api,
    watch::{BY_NAME, Collection, CollectionEvent},
};

/// The pause between two looks where a watch tells of changes.
const WATCHED_PAUSE: Duration = Duration::from_secs(10);
/// The first pause between two looks where none does, and the longest.
const UNWATCHED_PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// What tells that something of a namespace changed.
pub(super) struct Ending {
    events: mpsc::UnboundedReceiver<CollectionEvent>,
    /// It ends with this.
    _watch: JoinSet<()>,
    is_watched: bool,
    /// How long to wait where nothing is told.
    pause: Duration,
}

impl Ending {
    /// Begins to watch a namespace.
    pub(super) fn of(name: &str, api: &Api) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let collection = Collection {
            path: "/api/v1/namespaces".to_owned(),
            query: format!("{BY_NAME}{name}"),
            api_version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
        };
        let mut watch = JoinSet::new();
        watch.spawn(collection.observe(api.clone(), sender));
        Self { events, _watch: watch, is_watched: true, pause: WATCHED_PAUSE }
    }

    /// Waits until another look may show something new.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            Some(event) = self.events.recv() => {
                self.take(&event);
                // A burst is looked at as one.
                while let Ok(event) = self.events.try_recv() {
                    self.take(&event);
                }
            }
            () = sleep(self.pause) => {
                if !self.is_watched {
                    self.pause = (self.pause * 2).min(UNWATCHED_PAUSES[1]);
                }
            }
        }
    }

    fn take(&mut self, event: &CollectionEvent) {
        if let CollectionEvent::Unobservable(..) = event {
            self.is_watched = false;
            self.pause = UNWATCHED_PAUSES[0];
        }
    }
}
