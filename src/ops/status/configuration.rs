//! Which workloads still run with an old ConfigMap or Secret: some of their pods are older than its
//! content, which they read only when they start.

use crate::{
    ops::survey::Live,
    workload::{
        configuration::{Reading, content_changed, is_stale, remark},
        name::InstanceName,
        object::ObjectId,
        readiness::{Related, field::uid},
    },
};

/// Says it of each workload and what it reads, in their order.
pub(super) fn remarks(instance: &InstanceName, live: &Live, around: &Related) -> Vec<String> {
    let mut ids: Vec<&ObjectId> = live.keys().collect();
    ids.sort();
    let is_configuration = |id: &ObjectId| id.is("", "ConfigMap") || id.is("", "Secret");
    let read: Vec<_> = ids
        .iter()
        .filter(|id| is_configuration(id))
        .filter_map(|id| Some((*id, content_changed(&live[*id])?)))
        .collect();
    let mut remarks = Vec::new();
    for reader in ids {
        let body = &live[reader];
        for (read, changed) in &read {
            if is_stale((reader, body), (read, *changed), around, uid(body)) {
                remarks.push(remark(reader, read, Reading::AtStart, instance.as_str()));
            }
        }
    }
    remarks
}
