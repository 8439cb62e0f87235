//! ClusterRoles that are made of others: their rules are those of all that their selectors mean.
//! (`clusterroleaggregation_controller.go`)

use serde_json::{Value, json};

use super::name;
use crate::sandbox::{selector::Selector, status::StatusResult, storage::ObjectKey, world::World};

const MANAGER: &str = "clusterrole-aggregation-controller";

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, role: &Value) -> StatusResult<()> {
    let Some(selectors) = role["aggregationRule"]["clusterRoleSelectors"].as_array() else {
        return Ok(());
    };
    let mut others = world.all(&key.resource, None)?;
    others.retain(|other| name(other) != key.name);
    others.sort_by(|one, other| name(one).cmp(name(other)));
    let mut rules: Vec<&Value> = Vec::new();
    for selector in selectors.iter().filter_map(Selector::of) {
        for other in others.iter().filter(|other| selector.matches(other)) {
            for rule in other["rules"].as_array().into_iter().flatten() {
                if !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
        }
    }
    let known = role["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    if known.iter().collect::<Vec<_>>() == rules {
        return Ok(());
    }
    let config = json!({
        "apiVersion": role["apiVersion"], "kind": role["kind"], "metadata": {"name": key.name},
        "rules": rules,
    });
    world.apply_as(MANAGER, key, &config)
}
