//! Deployments: rolling updates over ReplicaSets, with the conditions that people wait for.

use serde_json::{Value, json};

use super::{
    CONTROLLER, events, has_ended, hash, is_controlled_by, is_deleted, name, number,
    owner_reference, replicas, share, text, uid,
};
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    world::World,
};

mod status;

use status::report;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    if is_deleted(object) {
        return Ok(());
    }
    // As `syncDeployment` in `pkg/controller/deployment`: adopt, find the set of this template,
    // then scale, recreate or roll.
    replicas::adopt(world, object, "apps/replicasets", &key.namespace)?;
    let mut sets: Vec<Value> = world.owned(uid(object), "apps/replicasets")?;
    sets.retain(|set| is_controlled_by(set, object) && !is_deleted(set));
    sets.sort_by_key(revision);
    let current = sets.iter().position(|set| is_of_template(set, object));
    let paused = object["spec"]["paused"] == true;
    let mut object = object.clone();
    // A paused Deployment makes no new set: its changes wait until it is resumed.
    if current.is_none() && paused {
        let old = sets;
        scale_paused(world, &object, &old)?;
        return report(world, key, &object, None, &old);
    }
    let mut new = match current {
        Some(place) => sets.remove(place),
        None => make_set(world, key, &object, &sets)?,
    };
    let old = sets;
    mark_revision(world, key, &mut object, &mut new, &old)?;
    if paused {
        let mut all = old.clone();
        all.push(new.clone());
        scale_paused(world, &object, &all)?;
    } else if object["spec"]["strategy"]["type"] == "Recreate" {
        recreate(world, &object, &mut new, &old)?;
    } else {
        roll(world, &object, &mut new, &old)?;
    }
    let old = refreshed(world, &old)?;
    let new = refreshed(world, &[new])?.pop();
    report(world, key, &object, new.as_ref(), &old)?;
    clean_up(world, &object, new.as_ref(), &old)
}

fn set_key(set: &Value) -> ObjectKey {
    ObjectKey::new("apps/replicasets", text(set, "/metadata/namespace"), name(set))
}

fn refreshed(world: &World<'_>, sets: &[Value]) -> StatusResult<Vec<Value>> {
    let mut found = Vec::new();
    for set in sets {
        found.extend(world.get(&set_key(set))?);
    }
    Ok(found)
}

fn revision(set: &Value) -> i64 {
    set["metadata"]["annotations"][REVISION]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

fn is_of_template(set: &Value, object: &Value) -> bool {
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        // The hash is the set's own addition to the template.
        labels.remove(HASH);
    }
    template == object["spec"]["template"]
}

fn surge(object: &Value) -> (i64, i64) {
    let wanted = number(object, "/spec/replicas");
    let rolling = &object["spec"]["strategy"]["rollingUpdate"];
    let more = share(&rolling["maxSurge"], wanted, true);
    let mut fewer = share(&rolling["maxUnavailable"], wanted, false);
    // Percentages of a small number may both come to nothing; then nothing would move
    // (`ResolveFenceposts`).
    if more == 0 && fewer == 0 {
        fewer = 1;
    }
    (more, fewer)
}

/// The annotations that a ReplicaSet has from its Deployment.
fn annotations(object: &Value, revision: i64) -> Value {
    let wanted = number(object, "/spec/replicas");
    let mut copied = object["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    // It describes the Deployment, not the set.
    copied.remove("kubectl.kubernetes.io/last-applied-configuration");
    let most = if object["spec"]["strategy"]["type"] == "Recreate" {
        wanted
    } else {
        wanted + surge(object).0
    };
    copied.insert("deployment.kubernetes.io/desired-replicas".into(), json!(wanted.to_string()));
    copied.insert("deployment.kubernetes.io/max-replicas".into(), json!(most.to_string()));
    copied.insert(REVISION.into(), json!(revision.to_string()));
    json!(copied)
}

fn make_set(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    old: &[Value],
) -> StatusResult<Value> {
    if replicas::is_going(world, &key.namespace)? {
        return Err(StatusError::internal("the namespace is being deleted"));
    }
    let mut template = object["spec"]["template"].clone();
    let mut sum = hash(&template);
    let mut place =
        ObjectKey::new("apps/replicasets", &key.namespace, &format!("{}-{sum}", name(object)));
    // The upstream `collisionCount`: another set may have the name by chance.
    for round in 0..10 {
        if world.storage.get(&place)?.is_none() {
            break;
        }
        sum = hash(&json!([template, round]));
        place =
            ObjectKey::new("apps/replicasets", &key.namespace, &format!("{}-{sum}", name(object)));
    }
    let mut selector = object["spec"]["selector"].clone();
    if !template["metadata"]["labels"].is_object() {
        template["metadata"]["labels"] = json!({});
    }
    template["metadata"]["labels"][HASH] = json!(sum);
    if !selector["matchLabels"].is_object() {
        selector["matchLabels"] = json!({});
    }
    selector["matchLabels"][HASH] = json!(sum);
    let next = old.iter().map(revision).max().unwrap_or(0) + 1;
    let set = json!({
        "metadata": {
            "labels": template["metadata"]["labels"], "annotations": annotations(object, next),
            "ownerReferences": owner_reference(object),
        },
        "spec": {
            // The rollout scales it: the pods that it may have depend on the old ones.
            "replicas": 0, "selector": selector, "template": template,
            "minReadySeconds": object["spec"]["minReadySeconds"],
        },
    });
    world.create_as(CONTROLLER, &place, set)
}

/// Numbers the current ReplicaSet as the newest, and says so on the Deployment.
fn mark_revision(
    world: &World<'_>,
    key: &ObjectKey,
    object: &mut Value,
    new: &mut Value,
    old: &[Value],
) -> StatusResult<()> {
    let highest = old.iter().map(revision).max().unwrap_or(0);
    let number = if revision(new) > highest { revision(new) } else { highest + 1 };
    let wanted = annotations(object, number);
    if new["metadata"]["annotations"] != wanted {
        let mut changed = new.clone();
        changed["metadata"]["annotations"] = wanted;
        changed["spec"]["minReadySeconds"] = object["spec"]["minReadySeconds"].clone();
        *new = world.write_as(CONTROLLER, "", &set_key(new), changed)?;
    }
    if object["metadata"]["annotations"][REVISION] != json!(number.to_string()) {
        let mut changed = object.clone();
        changed["metadata"]["annotations"][REVISION] = json!(number.to_string());
        *object = world.write_as(CONTROLLER, "status", key, changed)?;
    }
    Ok(())
}

fn scale(world: &World<'_>, object: &Value, set: &Value, count: i64) -> StatusResult<()> {
    let present = number(set, "/spec/replicas");
    if present == count {
        return Ok(());
    }
    let mut changed = set.clone();
    changed["spec"]["replicas"] = json!(count);
    world.write_as(CONTROLLER, "", &set_key(set), changed)?;
    let way = if count > present { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {} from {present} to {count}", name(set));
    events::tell(
        world,
        object,
        "deployment-controller",
        ("Normal", "ScalingReplicaSet", &message),
        None,
    )
}

/// A paused Deployment is only scaled: its newest ReplicaSet takes the change.
fn scale_paused(world: &World<'_>, object: &Value, sets: &[Value]) -> StatusResult<()> {
    let wanted = number(object, "/spec/replicas");
    let total: i64 = sets.iter().map(|set| number(set, "/spec/replicas")).sum();
    // Upstream spreads it over all active sets in proportion; the newest alone is near enough for a
    // paused one.
    let active = sets.iter().filter(|set| number(set, "/spec/replicas") > 0);
    if let Some(set) = active.max_by_key(|set| revision(set)).or(sets.last()) {
        let count = (number(set, "/spec/replicas") + wanted - total).max(0);
        scale(world, object, set, count)?;
    }
    Ok(())
}

fn recreate(world: &World<'_>, object: &Value, new: &mut Value, old: &[Value]) -> StatusResult<()> {
    let mut running = false;
    for set in old {
        scale(world, object, set, 0)?;
        running |= world
            .owned(uid(set), "/pods")?
            .iter()
            // Pods that are still going count: two versions must never run at once.
            .any(|pod| !has_ended(pod));
    }
    if !running {
        scale(world, object, new, number(object, "/spec/replicas"))?;
    }
    Ok(())
}

fn roll(world: &World<'_>, object: &Value, new: &mut Value, old: &[Value]) -> StatusResult<()> {
    let wanted = number(object, "/spec/replicas");
    let (more, fewer) = surge(object);
    let present = number(new, "/spec/replicas");
    let old_total: i64 = old.iter().map(|set| number(set, "/spec/replicas")).sum();
    // `reconcileNewReplicaSet`, then `reconcileOldReplicaSets`; one of them a look.
    if present > wanted {
        return scale(world, object, new, wanted);
    }
    if present < wanted {
        let room = wanted + more - (old_total + present);
        if room > 0 {
            return scale(world, object, new, present + room.min(wanted - present));
        }
    }
    if old_total == 0 {
        return Ok(());
    }
    let least = wanted - fewer;
    let available =
        |set: &Value| number(set, "/status/availableReplicas").min(number(set, "/spec/replicas"));
    // Pods of the new set that are not up yet must not make room for taking more old ones.
    let unavailable = present - available(new);
    let mut spare = old_total + present - least - unavailable;
    // First those that do not work anyway.
    let mut left = Vec::new();
    for set in old {
        let broken = number(set, "/spec/replicas") - available(set);
        let count = broken.clamp(0, spare.max(0));
        spare -= count;
        left.push(number(set, "/spec/replicas") - count);
    }
    let healthy: i64 = available(new) + old.iter().map(available).sum::<i64>();
    let mut spare = (healthy - least).max(0);
    for (set, count) in old.iter().zip(&mut left) {
        let cut = (*count).min(spare).max(0);
        spare -= cut;
        *count -= cut;
        scale(world, object, set, *count)?;
    }
    Ok(())
}

/// Old ReplicaSets beyond the history limit go.
fn clean_up(
    world: &World<'_>,
    object: &Value,
    new: Option<&Value>,
    old: &[Value],
) -> StatusResult<()> {
    let keep = object["spec"]["revisionHistoryLimit"].as_i64().unwrap_or(10);
    let idle: Vec<&Value> = old
        .iter()
        .filter(|set| number(set, "/spec/replicas") == 0 && number(set, "/status/replicas") == 0)
        .filter(|set| new.is_none_or(|new| uid(new) != uid(set)))
        .collect();
    // Sets that are scaled to nothing are what a rollback needs; only so many are kept.
    let excess = replicas::size(old) - keep;
    let Some(resource) = world.registry.stored("apps/replicasets") else { return Ok(()) };
    for set in idle.into_iter().take(usize::try_from(excess).unwrap_or(0)) {
        delete(world, &resource, &set_key(set), &ApiDeleteOptions::background())?;
    }
    Ok(())
}
