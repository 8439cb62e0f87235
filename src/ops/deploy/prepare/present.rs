//! Whether what is waited for is ready as it is: an instance that nothing is to be written of may
//! have lost its pods since its last release.

use crate::{
    ops::{definitions::add_definitions, survey::Live, target::Target},
    workload::{
        plan::{Item, Plan},
        readiness::{Related, Window, judge_part},
    },
};

/// Tells whether all of a plan is ready, by the live objects alone. What their neighbours would
/// have to tell, such as why a claim is not bound, counts as not ready: a wait looks at them.
pub(super) async fn is_ready(target: &Target, plan: &Plan, live: &Live) -> bool {
    let mut around = Related::default();
    let definitions = live.iter().filter(|(id, _)| id.group == "apiextensions.k8s.io");
    definitions.for_each(|(_, object)| around.upsert((*object).clone()));
    add_definitions(target, live, &mut around).await;
    let now = target.api.connection().server_now();
    let window = Window { since: now, ..Window::present(&target.runtime, now) };
    let is_ready = |item: &Item| {
        !item.watch_needs().object
            || judge_part(live.get(&item.desired.id).as_deref(), &around, &window).is_ready()
    };
    plan.items.iter().all(is_ready)
}
