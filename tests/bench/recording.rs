//! What a deploy sent, to be sent again for another instance: the requests as `-v` tells them, the
//! objects as they were given, and the record as it is on the server.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    objects::collection,
    programs::kubectl,
    replay::{APPLY, Server},
};

const MERGE: &str = "application/merge-patch+json";

/// The requests of one deploy of one instance in a namespace of its own, in their order.
pub(crate) struct Recording {
    instance: String,
    requests: Vec<(String, String)>,
    /// The records of the instance, by their names.
    records: HashMap<String, Value>,
}

impl Recording {
    /// Reads what a deploy with `-v` told. What it watched is left out: nobody waits for it.
    pub(crate) fn of(instance: &str, talk: &str) -> Self {
        let request = |line: &str| {
            let mut words = line.split(' ');
            let (method, path) = (words.next()?, words.next()?);
            let is_request = ["GET", "PATCH", "POST"].contains(&method) && path.starts_with('/');
            let is_sent = is_request && !path.contains("watch=true");
            is_sent.then(|| (method.to_owned(), path.to_owned()))
        };
        let secrets = kubectl(&["get", "secrets", "-n", instance, "-o", "json"]);
        let secrets: Value = serde_json::from_slice(&secrets).expect("kubectl writes JSON");
        let records = secrets["items"].as_array().expect("a list").iter().map(|secret| {
            let name = secret["metadata"]["name"].as_str().expect("every object has a name");
            (name.to_owned(), secret.clone())
        });
        Self {
            instance: instance.to_owned(),
            requests: talk.lines().filter_map(request).collect(),
            records: records.collect(),
        }
    }

    /// Counts the requests.
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Makes the bytes of the requests for another instance, whose name is as long, with objects in
    /// place of those that were deployed.
    pub(crate) fn requests(
        &self,
        server: &Server,
        instance: &str,
        objects: &[Value],
    ) -> Vec<Vec<u8>> {
        assert_eq!(self.instance.len(), instance.len(), "the requests would be of another size");
        let bodies: HashMap<String, Value> = objects
            .iter()
            .map(|object| {
                let name = object["metadata"]["name"].as_str().expect("every object has a name");
                (format!("{}/{name}", collection(object, instance)), object.clone())
            })
            .collect();
        let sent = |(method, path): &(String, String)| {
            let path = path.replace(&self.instance, instance);
            let (kind, body) = self.body(method, &path, instance, &bodies);
            server.request(method, &path, kind, &body)
        };
        self.requests.iter().map(sent).collect()
    }

    fn body(
        &self,
        method: &str,
        path: &str,
        instance: &str,
        bodies: &HashMap<String, Value>,
    ) -> (&'static str, String) {
        let (place, query) = path.split_once('?').unwrap_or((path, ""));
        let name = place.rsplit('/').next().unwrap_or_default();
        let labels = json!({"workloadctl/instance": instance});
        match method {
            "GET" => ("application/json", String::new()),
            "POST" => {
                let name = format!("workloadctl.{}", self.instance);
                ("application/json", self.record(&name, instance).to_string())
            }
            // The record is no apply.
            _ if query.is_empty() => {
                let record = self.record(&name.replace(instance, &self.instance), instance);
                (MERGE, json!({"data": record["data"]}).to_string())
            }
            _ if !bodies.contains_key(place) => {
                let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
                    "metadata": {"name": name, "labels": labels}});
                (APPLY, namespace.to_string())
            }
            _ => {
                let mut object = bodies[place].clone();
                object["metadata"]["labels"]["workloadctl/instance"] = instance.into();
                object["metadata"]["namespace"] = instance.into();
                (APPLY, object.to_string())
            }
        }
    }

    /// Gives a record, or where it is gone another one, as that of another instance.
    fn record(&self, name: &str, instance: &str) -> Value {
        let record = self.records.get(name).or(self.records.values().next()).expect("a record");
        json!({"apiVersion": "v1", "kind": "Secret", "type": record["type"], "data": record["data"],
            "metadata": {"name": name.replace(&self.instance, instance), "labels": {"workloadctl/record": instance}}})
    }
}
