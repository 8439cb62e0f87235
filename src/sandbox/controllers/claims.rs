//! The claims of a StatefulSet and who owns them: what `persistentVolumeClaimRetentionPolicy` asks
//! for is written into their ownerReferences, and the garbage collector does the rest
//! (`updateClaimOwnerRefForSetAndPod` of the controller).

use serde_json::{Value, json};

use super::{CONTROLLER, name, owner_reference, text, uid};
use crate::{
    sandbox::{status::StatusResult, storage::ObjectKey, world::World},
    schema::shape,
};

/// Gives the claims of one pod of a set the owners that the set's policy asks for. `gone`: the
/// pod is beyond the set's size, and owns them itself where they are to go with it.
pub(super) fn fit(
    world: &World<'_>,
    set: &Value,
    pod_name: &str,
    gone: Option<&Value>,
) -> StatusResult<()> {
    let policy = &set["spec"]["persistentVolumeClaimRetentionPolicy"];
    let owner = match gone {
        Some(pod) if policy["whenScaled"] == "Delete" => {
            let owner = json!([{"apiVersion": "v1", "kind": "Pod", "name": name(pod),
                "uid": uid(pod), "controller": true, "blockOwnerDeletion": true}]);
            Some(owner)
        }
        Some(_) | None => (policy["whenDeleted"] == "Delete").then(|| owner_reference(set)),
    };
    for template in set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        let claim = format!("{}-{pod_name}", name(template));
        let key =
            ObjectKey::new("/persistentvolumeclaims", text(set, "/metadata/namespace"), &claim);
        let Some(mut found) = world.get(&key)? else { continue };
        let before = found["metadata"]["ownerReferences"].clone();
        let mut owners: Vec<Value> = before.as_array().cloned().unwrap_or_default();
        owners.retain(|owner| {
            !is_of(owner, "StatefulSet", name(set)) && !is_of(owner, "Pod", pod_name)
        });
        // Somebody else manages it: the policy is not for it.
        let is_managed = owners.iter().any(|owner| owner["controller"] == true);
        if let Some(owner) = &owner
            && !is_managed
        {
            owners.extend(owner.as_array().into_iter().flatten().cloned());
        }
        if owners.is_empty() {
            shape::remove(&mut found["metadata"], "ownerReferences");
        } else {
            found["metadata"]["ownerReferences"] = json!(owners);
        }
        if found["metadata"]["ownerReferences"] != before {
            world.write_as(CONTROLLER, "", &key, found)?;
        }
    }
    Ok(())
}

fn is_of(owner: &Value, kind: &str, name: &str) -> bool {
    owner["kind"] == kind && owner["name"] == name
}
