//! Which workloads still run with an old ConfigMap or Secret: some of their pods are older than its
//! content, which they read only when they start.

use std::collections::HashMap;

use crate::{
    ops::survey::Live,
    workload::{
        configuration::{Reading, remark, stale_reads},
        kinds::pod_template::has_template,
        object::ObjectId,
        ownership::manager,
        readiness::{Related, field::uid},
        record::Record,
        release::named_as_it_runs,
        sent_content::{SentContent, content_times, has_content},
    },
};

/// Says it of each workload and what it reads, in their order.
pub(super) fn remarks(record: &Record, live: &Live, around: &Related) -> Vec<String> {
    let mut ids: Vec<&ObjectId> = live.ids().collect();
    ids.sort();
    let name = record.instance.as_str();
    let manager = manager(&record.namespace, name);
    let instance = record.newest.as_ref().map_or_else(
        || name.to_owned(),
        |newest| {
            let release = &newest.release;
            let is_held = release.pinned || release.returns_to.is_some();
            named_as_it_runs(name, release.revision, is_held)
        },
    );
    let sent: HashMap<&ObjectId, &SentContent> = record
        .inventory
        .iter()
        .filter_map(|entry| Some((&entry.id, entry.content.as_ref()?)))
        .collect();
    let times = |id: &ObjectId| content_times(&*live.get(id)?, sent.get(id).copied(), &manager);
    let read: Vec<_> =
        ids.iter().filter(|id| has_content(id)).filter_map(|id| Some((*id, times(id)?))).collect();
    let mut remarks = Vec::new();
    for reader in ids.into_iter().filter(|id| has_template(id)) {
        let Some(body) = live.get(reader) else { continue };
        let stale = stale_reads((reader, &body), &read, around, uid(&body));
        let told = |read| remark(reader, read, Reading::AtStart, &instance);
        remarks.extend(stale.into_iter().map(told));
    }
    remarks
}
