//! Sets that are large, and bodies that are odd.

use super::{
    backends::OPERATOR,
    references::{POD, RIGHTS},
    *,
};

#[test]
fn ten_thousand_objects_make_a_graph_of_about_that_size() {
    let mut objects =
        placed("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {serviceAccountName: s}}");
    let pod = objects.pop().unwrap();
    let sample = placed(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n}}\n---\n\
         {apiVersion: v1, kind: ServiceAccount, metadata: {name: s}}\n---\n\
         {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b}, \
          roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: s}]}",
    );
    objects.push(sample[2].clone());
    for (template, count) in [(&sample[1], 3000), (&sample[3], 3000), (&pod, 4000)] {
        for number in 0..count {
            let mut copy = template.clone();
            copy.id.name = format!("{}{number}", template.id.name);
            copy.body["metadata"]["name"] = copy.id.name.clone().into();
            objects.push(copy);
        }
    }
    let graph = Graph::build(&objects, &Kinds::builtin(), Occasion::Install).unwrap();
    assert!(graph.edges.len() < 60_000, "{}", graph.edges.len());
    assert_eq!(graph.why(graph.objects - 1).len(), 6002);
}

/// Gives the pointers to everything in a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                found.push(format!("{at}/{key}"));
                pointers(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                found.push(format!("{at}/{index}"));
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn odd_bodies_do_no_harm() {
    let odd = [json!(null), json!(""), json!(1), json!([]), json!([null, {}]), json!({"a": [1]})];
    let text = format!("{POD}---\n{RIGHTS}---\n{OPERATOR}");
    let set = objects(&text);
    let overrides: Overrides = serde_json::from_value(json!({
        "images": {"web": "x"}, "replicas": {"Deployment/web": 2}, "restartedAt": "now",
        "sets": {"Deployment/web:spec.template.spec.hostname": "x"},
        "patches": [{"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"paused": true}}],
    }))
    .unwrap();
    let builtin = Kinds::builtin();
    let (mut built, mut refused) = (0, 0);
    for index in 0..set.len() {
        let mut places = Vec::new();
        pointers(&set[index].body, "", &mut places);
        for (place, odd) in places.iter().flat_map(|place| odd.iter().map(move |odd| (place, odd)))
        {
            let mut objects = set.clone();
            *objects[index].body.pointer_mut(place).unwrap() = odd.clone();
            let mut kinds = builtin.clone();
            kinds.add_crds(&objects);
            let _ = kinds.check(&objects);
            let applied = overrides::apply(&overrides, &mut objects, &kinds);
            let done = applied.and_then(|_| place_into_web(&objects, &kinds)).and_then(|placed| {
                let _ = missing_references(&placed);
                Graph::build(&placed, &kinds, Occasion::Install)
            });
            match done {
                Ok(graph) => {
                    built += 1;
                    assert!(!Schedule::start(&graph).released().is_empty());
                }
                Err(error) => {
                    refused += 1;
                    assert_eq!(error.kind.exit_code(), 2, "{place} {odd}: {error}");
                }
            }
        }
    }
    assert!(built > refused && refused > 0, "{built} {refused}");
}
