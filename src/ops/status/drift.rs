//! What others changed of an instance, read off what `status` lists anyway.

use std::collections::HashSet;

use futures::{StreamExt as _, stream};

use super::{DriftDetail, objects::SeenObject};
use crate::{
    cluster::{api::IN_FLIGHT, request::Request},
    ops::{survey::Live, target::Target, view::Operation},
    workload::{
        body::Body,
        drift::{Change, Drift, added_to, drift_of},
        object::ObjectId,
        ownership::{REPLICAS, Scaled, manager, scale_target, scaled_by_others, scales_others},
        record::{Entry, Record},
        sent_bodies::SentBodies,
    },
};

/// Adds to an operation what others changed of the objects that were judged, and what they added.
pub(super) async fn tell(
    target: &Target,
    bodies: &SentBodies<'_>,
    judged: &[SeenObject<'_>],
    live: &Live,
    detail: DriftDetail,
    operation: &mut Operation,
) {
    let Record { namespace, instance, .. } = bodies.record();
    let manager = manager(namespace, instance.as_str());
    let mut all = Vec::new();
    let autoscalers = judged.iter().filter(|seen| scales_others(&seen.entry.id));
    let scale_targets = autoscalers.filter_map(|seen| {
        let sent = bodies.last(seen.entry)?;
        scale_target(&sent)
    });
    let scale_targets: HashSet<ObjectId> = scale_targets.collect();
    for SeenObject { entry, .. } in judged {
        let found = live.get(&entry.id);
        let sent = bodies.last(entry);
        // What is kept of all of them rests.
        let looked_at = sent.as_ref().map(Body::look);
        let mut drift = drift_of(entry, looked_at.as_deref(), found.as_deref(), &manager);
        if let (Some(sent), Some(found)) = (&looked_at, &found) {
            drift.extend(added_to(entry, sent, found, &manager));
            let is_told = entry.yielded.iter().any(|left| left.field == REPLICAS)
                || scale_targets.contains(&entry.id);
            if let Some(scaled) = scaled_by_others(sent, found).filter(|_| !is_told) {
                let Scaled { replicas, is_added_field, .. } = scaled;
                drift.extend((!is_added_field).then(|| Drift::scaled(&entry.id)));
                operation.remarks.push(format!(
                    "{} has {replicas} replicas, and its definition sets none: they stay as somebody \
                     scaled them",
                    entry.id
                ));
            }
        }
        all.push((*entry, sent, drift));
    }
    if detail == DriftDetail::Values {
        add_values(target, &mut all).await;
    }
    let all = all.into_iter().flat_map(|(_, _, drift)| drift);
    (operation.added, operation.drift) = all.partition(|one| one.change == Change::Added);
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
