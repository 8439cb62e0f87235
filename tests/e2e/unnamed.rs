//! Everything that a server has and that an instance would have to answer for after its deletion, of
//! every kind that it serves: counted, not believed.

use std::collections::HashSet;

use serde_json::Value;
use workloadctl::testing::Request;

use crate::harness::Place;

impl Place {
    /// Lists what bears the Apply entry or a label of an instance, and what in a namespace of its
    /// name belongs to owners of which none is there: nobody names it once the instance is deleted.
    pub(crate) fn unnamed(&self, instance: &str) -> Vec<String> {
        let everything = self.everything();
        let living: HashSet<&str> = everything
            .iter()
            .filter_map(|(_, object)| object["metadata"]["uid"].as_str())
            .collect();
        let manager = format!("/{instance}");
        let is_ours = |object: &Value| {
            let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
            let managers = entries.into_iter().flatten().filter_map(|it| it["manager"].as_str());
            let labels = &object["metadata"]["labels"];
            managers.into_iter().any(|it| it.starts_with("workloadctl:") && it.ends_with(&manager))
                || ["workloadctl/instance", "workloadctl/record"]
                    .iter()
                    .any(|label| labels[label] == instance)
        };
        let is_left = |object: &Value| {
            let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
            let owners: Vec<&Value> = owners.into_iter().flatten().collect();
            let place = object["metadata"]["namespace"].as_str().unwrap_or_default();
            place.contains(instance)
                && !owners.is_empty()
                && owners.iter().all(|it| !living.contains(it["uid"].as_str().unwrap_or_default()))
        };
        let mut found: Vec<String> = everything
            .iter()
            .filter(|(_, object)| is_ours(object) || is_left(object))
            .map(|(plural, object)| {
                format!("{plural}/{}", object["metadata"]["name"].as_str().unwrap_or_default())
            })
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// Reads a list; `None` where the server does not know it. What is not served any more it tells
    /// by a page, not by a Status.
    fn served(&self, path: &str) -> Option<Value> {
        match self.call(Request::get(path)) {
            Ok(answer) => Some(answer.body),
            Err(failure) if failure.code() == 404 => None,
            Err(failure) => panic!("{path}: {}", failure.message()),
        }
    }

    /// Lists all objects of all kinds that can be listed and deleted, with their plural.
    fn everything(&self) -> Vec<(String, Value)> {
        let mut versions = vec!["/api/v1".to_owned()];
        let groups = self.get("/apis").unwrap();
        let preferred =
            |group: &Value| group["preferredVersion"]["groupVersion"].as_str().map(str::to_owned);
        let named = groups["groups"].as_array().unwrap().iter().filter_map(preferred);
        versions.extend(named.map(|version| format!("/apis/{version}")));
        let mut found = Vec::new();
        for version in versions {
            // A group of another test may have gone since.
            let Some(list) = self.served(&version) else { continue };
            for resource in list["resources"].as_array().unwrap() {
                let name = resource["name"].as_str().unwrap();
                let can = |verb: &str| {
                    resource["verbs"]
                        .as_array()
                        .is_some_and(|verbs| verbs.iter().any(|it| it == verb))
                };
                // Events only tell what happened.
                if name.contains('/') || name == "events" || !can("list") || !can("delete") {
                    continue;
                }
                // So may a kind.
                let Some(list) = self.served(&format!("{version}/{name}")) else { continue };
                let items = list["items"].as_array().cloned().unwrap_or_default();
                found.extend(items.into_iter().map(|item| (name.to_owned(), item)));
            }
        }
        found
    }
}
