//! Volumes, claims and their classes.

use serde_json::{Value, json};

use super::{
    Printed,
    row::{Row, plain},
};

const UNSET: &str = "<unset>";

pub(super) const TABLES: &[Printed] = &[
    Printed {
        kind: "PersistentVolume",
        columns: "Name,Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,\
                  VolumeAttributesClass,Reason,Age,VolumeMode+",
        cells: |row| {
            let claim = row.at("/spec/claimRef");
            let claim = match claim.is_object() {
                true => format!("{}/{}", plain(&claim["namespace"]), plain(&claim["name"])),
                false => String::new(),
            };
            vec![
                row.name(),
                json!(row.text("/spec/capacity/storage")),
                json!(modes(row.at("/spec/accessModes"))),
                json!(row.text("/spec/persistentVolumeReclaimPolicy")),
                json!(phase(row)),
                json!(claim),
                json!(row.text("/spec/storageClassName")),
                json!(row.text_or("/spec/volumeAttributesClassName", UNSET)),
                json!(row.text("/status/reason")),
                row.age(),
                json!(row.text_or("/spec/volumeMode", UNSET)),
            ]
        },
    },
    Printed {
        kind: "PersistentVolumeClaim",
        columns: "Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age,\
                  VolumeMode+",
        cells: |row| {
            let volume = row.text("/spec/volumeName");
            let bound = |text: String| if volume.is_empty() { String::new() } else { text };
            vec![
                row.name(),
                json!(phase(row)),
                json!(volume),
                json!(bound(row.text("/status/capacity/storage").to_owned())),
                json!(bound(modes(row.at("/status/accessModes")))),
                json!(row.text("/spec/storageClassName")),
                json!(row.text_or("/spec/volumeAttributesClassName", UNSET)),
                row.age(),
                json!(row.text_or("/spec/volumeMode", UNSET)),
            ]
        },
    },
    Printed {
        kind: "StorageClass",
        columns: "Name,Provisioner,ReclaimPolicy,VolumeBindingMode,AllowVolumeExpansion,Age",
        cells: |row| {
            let key = "storageclass.kubernetes.io/is-default-class";
            let is_default = row.at("/metadata/annotations")[key] == "true";
            let name = row.text("/metadata/name");
            vec![
                json!(if is_default { format!("{name} (default)") } else { name.to_owned() }),
                json!(row.text("/provisioner")),
                json!(row.text_or("/reclaimPolicy", "Delete")),
                json!(row.text_or("/volumeBindingMode", "Immediate")),
                json!(row.at("/allowVolumeExpansion") == &json!(true)),
                row.age(),
            ]
        },
    },
    Printed {
        kind: "CSIDriver",
        columns: "Name,AttachRequired,PodInfoOnMount,StorageCapacity,TokenRequests,\
                  RequiresRepublish,Modes,Age",
        cells: |row| {
            let is = |key: &str| json!(row.at(key) == &json!(true));
            let requests = row.at("/spec/tokenRequests").as_array().into_iter().flatten();
            let audiences: Vec<String> =
                requests.map(|request| plain(&request["audience"]).to_owned()).collect();
            let modes = row.at("/spec/volumeLifecycleModes").as_array().into_iter().flatten();
            let modes: Vec<&str> = modes.filter_map(Value::as_str).collect();
            vec![
                row.name(),
                // True where nothing is said.
                json!(row.at("/spec/attachRequired") != &json!(false)),
                is("/spec/podInfoOnMount"),
                is("/spec/storageCapacity"),
                json!(if audiences.is_empty() { UNSET.to_owned() } else { audiences.join(",") }),
                is("/spec/requiresRepublish"),
                json!(if modes.is_empty() { "Persistent".to_owned() } else { modes.join(",") }),
                row.age(),
            ]
        },
    },
];

fn phase<'a>(row: &Row<'a>) -> &'a str {
    if row.is_deleted() { "Terminating" } else { row.text("/status/phase") }
}

fn modes(modes: &Value) -> String {
    let has = |mode: &str| modes.as_array().into_iter().flatten().any(|known| known == mode);
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let shown: Vec<_> =
        short.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short).collect();
    shown.join(",")
}
