//! The waves of a deletion.

use super::{backends::OPERATOR, references::RIGHTS, *};

#[test]
fn deletion_goes_from_users_to_what_is_used() {
    let objects = placed(&format!("{OPERATOR}---\n{RIGHTS}"));
    let ids: Vec<ObjectId> = objects.iter().map(|placed| placed.id.clone()).collect();
    let aggregated = ids.iter().filter(|id| id.name == "reader").cloned().collect();
    let waves = deletion_waves(&ids, &kinds_of(OPERATOR), &aggregated);
    let shown: Vec<String> = waves
        .iter()
        .map(|wave| {
            let members: Vec<&str> =
                wave.members.iter().map(|member| &*ids[*member].name).collect();
            format!("{}: {}", wave.what, members.join(" "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "webhooks and admission policies: judge",
            "custom resources: nightly thing",
            "API services: v1.served.example.com",
            "workloads: operator once other one two other",
            "aggregated roles: reader",
            "configuration: hook reads sees-web viewer runner token",
            "custom resource definitions: backups.example.com",
            "namespaces: web",
        ]
    );
}
