//! What others changed of an instance, read off what `status` lists anyway.

use futures::{StreamExt as _, stream};

use super::{DriftDetail, objects::SeenObject};
use crate::{
    cluster::{api::IN_FLIGHT, request::Request},
    ops::{survey::Live, target::Target, view::Operation},
    workload::{
        body::Body,
        drift::{Drift, SentBodies, drift_of},
        ownership::{added_beside, manager},
        record::{Entry, Record},
    },
};

/// Adds to an operation what others changed of the objects that were judged, and how many fields
/// they added.
pub(super) async fn tell(
    target: &Target,
    record: &Record,
    judged: &[SeenObject<'_>],
    live: &Live,
    detail: DriftDetail,
    operation: &mut Operation,
) {
    let manager = manager(&record.namespace, record.instance.as_str());
    let bodies = SentBodies::new(record, &target.kinds);
    let (mut all, mut beside) = (Vec::new(), 0);
    for SeenObject { entry, .. } in judged {
        let found = live.get(&entry.id);
        let sent = bodies.of(entry);
        let drift = drift_of(entry, sent.as_deref(), found, &manager);
        if let (Some(sent), Some(found)) = (&sent, found) {
            beside += added_beside(sent, found, &manager, &entry.yielded);
        }
        all.push((*entry, sent, drift));
    }
    if detail == DriftDetail::Values {
        add_values(target, &mut all).await;
    }
    operation.drift = all.into_iter().flat_map(|(_, _, drift)| drift).collect();
    operation.added_fields = beside;
}

/// Reads the objects of which fields differ. What may not be read is told without values.
async fn add_values(target: &Target, all: &mut [(&Entry, Option<Body>, Vec<Drift>)]) {
    let reads = all.iter_mut().filter_map(|(entry, sent, drift)| {
        let sent = sent.as_ref().filter(|_| drift.iter().any(|one| !one.path.is_empty()))?;
        let path = target.path(&entry.id, &entry.version)?;
        Some(async move {
            if let Ok(Some(live)) = target.api.find(Request::get(path)).await {
                drift.iter_mut().for_each(|one| one.take_values(sent, &live));
            }
        })
    });
    stream::iter(reads).buffer_unordered(IN_FLIGHT).collect::<Vec<()>>().await;
}
