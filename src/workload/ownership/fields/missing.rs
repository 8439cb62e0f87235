//! Which fields of a body a set of fields lacks.
//!
//! What is the key of a list, and what is one value as a whole, no schema tells: it is read off the
//! sets that are there.

use serde_json::{Map, Value};

use super::{OwnedPathElement, has_keys};

/// Lists the fields of a body that are not in the set `own`. `all` is the union of every manager's
/// set: a list that nobody holds an item of is told as one.
pub(crate) fn missing(
    body: &Value,
    own: Option<&Value>,
    all: Option<&Value>,
) -> Vec<Vec<OwnedPathElement>> {
    let mut found = Vec::new();
    Search { found: &mut found, path: Vec::new() }.enter(body, own, all);
    found
}

struct Search<'a> {
    found: &'a mut Vec<Vec<OwnedPathElement>>,
    path: Vec<OwnedPathElement>,
}

impl Search<'_> {
    fn enter(&mut self, body: &Value, own: Option<&Value>, all: Option<&Value>) {
        // A member with nothing below it stands for its whole value.
        let below = all.and_then(Value::as_object).filter(|children| !children.is_empty());
        match (body, below) {
            (Value::Object(fields), Some(_)) if !fields.is_empty() => {
                for (name, value) in fields {
                    let key = format!("f:{name}");
                    let step = OwnedPathElement::Field(name.clone());
                    self.step(step, value, child(own, &key), child(all, &key));
                }
            }
            (Value::Array(items), Some(children)) if !items.is_empty() => {
                for item in items {
                    self.item(item, children, own, all);
                }
            }
            // What is gone with all that was in it is named by what was in it, where that is one.
            (Value::Object(fields), None) if all.is_none() && fields.len() == 1 => {
                for (name, value) in fields {
                    self.step(OwnedPathElement::Field(name.clone()), value, None, None);
                }
            }
            // A null takes a value away, and holds nothing where there is none.
            (Value::Null, _) => {}
            _ if own.is_none() => self.found.push(self.path.clone()),
            _ => {}
        }
    }

    fn item(
        &mut self,
        item: &Value,
        children: &Map<String, Value>,
        own: Option<&Value>,
        all: Option<&Value>,
    ) {
        let steps =
            || children.keys().filter_map(|key| Some((key, OwnedPathElement::of_key(key)?)));
        let held = steps().find(|(_, step)| match step {
            OwnedPathElement::Item(keys) => has_keys(item, keys),
            OwnedPathElement::OwnedField(value) => value == item,
            OwnedPathElement::Field(_) | OwnedPathElement::Index(_) => false,
        });
        match held {
            Some((key, step)) => self.step(step, item, child(own, key), child(all, key)),
            // Nobody holds it any more: it is named as those beside it are.
            None => {
                let like = steps().find_map(|(_, step)| named_like(&step, item));
                if let Some(step) = like {
                    self.step(step, item, None, None);
                }
            }
        }
    }

    fn step(
        &mut self,
        step: OwnedPathElement,
        body: &Value,
        own: Option<&Value>,
        all: Option<&Value>,
    ) {
        self.path.push(step);
        self.enter(body, own, all);
        self.path.pop();
    }
}

fn child<'a>(set: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    set.and_then(|set| set.get(key))
}

/// Names an item by the keys of another one of its list.
fn named_like(step: &OwnedPathElement, item: &Value) -> Option<OwnedPathElement> {
    match step {
        OwnedPathElement::Item(keys) => {
            let named = keys.iter().map(|(key, default)| {
                // Only a port's protocol may be left out.
                let value = item.get(key).or_else(|| (key == "protocol").then_some(default))?;
                Some((key.clone(), value.clone()))
            });
            named.collect::<Option<_>>().map(OwnedPathElement::Item)
        }
        OwnedPathElement::OwnedField(_) => Some(OwnedPathElement::OwnedField(item.clone())),
        OwnedPathElement::Field(_) | OwnedPathElement::Index(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::ownership::fields::shown;

    fn told(body: &Value, own: &Value, all: &Value) -> Vec<String> {
        missing(body, Some(own), Some(all)).iter().map(|path| shown(path)).collect()
    }

    #[test]
    fn what_others_took_and_what_is_gone() {
        let body = json!({
            "data": {"a": "1", "b": "2"},
            "selector": {"app": "web"},
            "empty": {}, "none": null,
            "spec": {"containers": [
                {"name": "c", "image": "i:1", "ports": [{"containerPort": 80}]},
                {"name": "d", "image": "i:2"},
            ]},
            "finalizers": ["x", "y"],
        });
        let c = json!({".": {}, "f:name": {}, "f:image": {},
            "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}});
        let d = json!({".": {}, "f:name": {}, "f:image": {}});
        let whole = json!({
            "f:data": {"f:a": {}, "f:b": {}}, "f:selector": {}, "f:empty": {},
            "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": c, "k:{\"name\":\"d\"}": d}},
            "f:finalizers": {"v:\"x\"": {}, "v:\"y\"": {}},
        });
        assert_eq!(told(&body, &whole, &whole), [""; 0]);
        let less = json!({
            "f:data": {"f:a": {}}, "f:empty": {},
            "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:ports": c["f:ports"]}}},
            "f:finalizers": {"v:\"x\"": {}},
        });
        // What others took.
        let d = "spec.containers[name=\"d\"]";
        assert_eq!(
            told(&body, &less, &whole),
            [
                "data.b",
                "finalizers[=\"y\"]",
                "selector",
                "spec.containers[name=\"c\"].image",
                &format!("{d}.image"),
                &format!("{d}.name")
            ]
        );
        // What is gone.
        assert_eq!(
            told(&body, &less, &less),
            [
                "data.b",
                "finalizers[=\"y\"]",
                "selector.app",
                "spec.containers[name=\"c\"].image",
                d
            ]
        );
        let none = json!({"f:x": {}});
        let labels = json!({"metadata": {"labels": {"a": "b"}}});
        assert_eq!(told(&labels, &none, &none), ["metadata.labels.a"], "the only one");
    }
}
