//! Owners that objects name and the cluster does not have: in a manifest that was saved from a
//! cluster the uid is that of another moment. The garbage collector would delete such an object at
//! once, so that the reference is left out.

use futures::future::join_all;
use serde_json::Value;

use super::desired::DesiredState;
use crate::{
    cluster::request::Request,
    ops::{several::named, target::Target},
    workload::{
        object::{ObjectId, split_api_version},
        ownership::uid,
        plan::Desired,
    },
};

/// Leaves out of the objects which owners are not on the cluster, and warns of it. Of what cannot
/// be looked at it is not known (docs/design.md, Absence).
pub(super) async fn leave_out_dead(target: &Target, wanted: &mut DesiredState) {
    for desired in &mut wanted.objects {
        let body = desired.body.look();
        let owners = owners(&body);
        if owners.is_empty() {
            continue;
        }
        let looks = owners.iter().map(|owner| is_dead(target, desired, owner));
        let found = join_all(looks.collect::<Vec<_>>()).await;
        let dead: Vec<Value> = owners
            .iter()
            .zip(found)
            .filter(|(_, is_dead)| *is_dead)
            .map(|(owner, _)| (*owner).clone())
            .collect();
        for owner in &dead {
            let text = |key: &str| owner[key].as_str().unwrap_or_default();
            wanted.warnings.push(format!(
                "{}: its owner {}/{} with uid {} is not on the cluster, and is left out",
                named(desired),
                text("kind"),
                text("name"),
                text("uid"),
            ));
        }
        desired.leave_owners_out(&dead);
    }
}

fn owners(body: &Value) -> Vec<&Value> {
    let owners = body.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().collect()
}

async fn is_dead(target: &Target, desired: &Desired, owner: &Value) -> bool {
    let text = |key: &str| owner.get(key).and_then(Value::as_str);
    let (Some(api_version), Some(kind), Some(name), Some(wanted)) =
        (text("apiVersion"), text("kind"), text("name"), text("uid"))
    else {
        // The server says what is wrong with it.
        return false;
    };
    let (group, version) = split_api_version(api_version);
    let mut id = ObjectId::new(group, kind, desired.id.namespace.as_deref(), name);
    match target.kinds.of(&id) {
        Some(info) if !info.namespaced => id.namespace = None,
        Some(_) if id.namespace.is_some() => {}
        _ => return false,
    }
    let Some(path) = target.path(&id, version) else { return false };
    match target.api.find(Request::get_metadata(path)).await {
        Ok(live) => live.as_ref().and_then(uid) != Some(wanted),
        Err(_) => false,
    }
}
