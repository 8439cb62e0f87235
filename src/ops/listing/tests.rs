//! Lists of many instances: few queries, whatever their number.

use serde_json::json;

use super::*;
use crate::{
    ops::behind,
    workload::{
        definition::Content,
        object::{Object, Origin},
        overrides::Overrides,
        release::{Deployer, Release},
    },
};
use jiff::Timestamp;

/// A database with so many instances, each with a release of the definition's only revision.
fn with(count: u64) -> Store {
    let mut store = Store::in_memory().unwrap();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    let objects = vec![Object { body: map.into(), origin: Origin::line("web.yaml", 1) }];
    let content = Content { objects, files: Vec::new() };
    let definition: DefinitionName = "web".parse().unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let applied = store.apply_definition(&definition, &content, "k8s", None, now).unwrap();
    for number in 1..=count {
        let name: InstanceName = format!("web-{number}").parse().unwrap();
        let instance = Instance {
            name: name.clone(),
            definition: definition.clone(),
            runtime: "kind-dev".into(),
            namespace: None,
            namespace_mode: None,
            cluster_uid: None,
            overrides: Overrides::default(),
            created_at: now,
            observed: None,
        };
        store.create_instance(&instance).unwrap();
        let release = Release {
            id: "r".into(),
            number,
            deployer: Deployer::default(),
            started_at: now,
            ended_at: None,
            outcome: Outcome::Ready,
            reason: None,
            definition: definition.clone(),
            revision: 1,
            // Each second one runs something else.
            digest: if number % 2 == 0 { "other".into() } else { applied.revision.digest.clone() },
            revision_created_at: now,
            returns_to: None,
            pinned: false,
            overrides: Overrides::default(),
        };
        store.begin_release(&name, &release, &[]).unwrap();
    }
    store
}

#[test]
fn many_are_asked_for_at_once() {
    let definition: DefinitionName = "web".parse().unwrap();
    let options = ListOptions { definition: Some(&definition), ..ListOptions::default() };
    let [few, many] = [2, 40].map(|count| {
        let mut store = with(count);
        let (listing, listed) = store.count_queries(|store| list_instances(store, &options));
        let (naming, named) = store.count_queries(|store| instance_names(store, &options));
        let behind = |store: &mut Store| behind::find(store, &definition, None);
        let (finding, behind) = store.count_queries(behind);
        let found = [listed.unwrap().len(), named.unwrap().len(), 2 * behind.unwrap().len()];
        assert_eq!(found, [usize::try_from(count).unwrap(); 3]);
        [listing, naming, finding]
    });
    assert_eq!(few, many);
}
