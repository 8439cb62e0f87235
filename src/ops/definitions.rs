//! The CRDs of custom resources that are live: they say whether a status is to be expected, and may
//! say when their objects are ready. They may be anybody's.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::{survey::Live, target::Target};
use crate::{
    cluster::request::Request,
    workload::readiness::{Related, watch_of},
};

/// Reads what is not known yet. What may not be read only makes the judgement poorer.
pub(crate) async fn add_definitions(target: &Target, live: &Live, around: &mut Related) {
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for (id, object) in live.iter() {
        if watch_of(&object).definition
            && around.definition(&id.group, &id.kind).is_none()
            && let Some(info) = target.kinds.of(id)
        {
            missing.insert(format!("{}.{}", info.plural, id.group));
        }
    }
    let reads = missing.iter().map(|name| {
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        target.api.find(Request::get(path))
    });
    let found = join_all(reads.collect::<Vec<_>>()).await;
    found.into_iter().flatten().flatten().for_each(|object| around.upsert(object));
}
