use crate::workload::error::Code;
use serde_json::{Value, json};

use super::*;
use crate::ops::{listing, view::OperationOutcome};
use crate::workload::{
    instance::{Observed, Status},
    object::Origin,
    overrides::{OverrideEdit, merge, parse_image, parse_set},
    release::{Deployer, Outcome, Release},
};

fn minute(n: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + 60 * n).unwrap()
}

fn definition(name: &str) -> DefinitionName {
    name.parse().unwrap()
}

fn name(name: &str) -> InstanceName {
    name.parse().unwrap()
}

fn content(bodies: &[Value]) -> Content {
    let object = |(line, body): (usize, &Value)| Object {
        body: body.clone().into(),
        origin: Origin::line("web.yaml", u32::try_from(line).unwrap() + 1),
    };
    Content { objects: bodies.iter().enumerate().map(object).collect(), files: Vec::new() }
}

fn map(n: u64) -> Content {
    content(&[
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"n": n}}),
    ])
}

fn wanted(instance: &str) -> CreateOptions {
    CreateOptions {
        name: name(instance),
        definition: Some(definition("web")),
        runtime: RuntimeName::Context("kind-dev".into()),
        namespace: None,
        overrides: Overrides::default(),
    }
}

fn overridden(edit: OverrideEdit) -> Overrides {
    merge(&Overrides::default(), &[edit])
}

/// A database with a definition `web` of one revision.
fn with_web() -> Store {
    let mut store = Store::in_memory().unwrap();
    apply_definition(&mut store, &definition("web"), &map(1), "k8s", minute(0)).unwrap();
    store
}

/// Deploys the newest revision, as far as the database sees it.
fn deploy(store: &mut Store, instance: &str, at: i64) {
    let instance = name(instance);
    let definition = store.instance(&instance).unwrap().unwrap().definition;
    let newest = store.newest_revision(&definition, Some(&instance)).unwrap().unwrap();
    let number = store.next_release_number(&instance).unwrap();
    let release = Release {
        id: format!("r{number}"),
        number,
        deployer: Deployer { user: "ci".into(), host: "runner".into(), ..Deployer::default() },
        started_at: minute(at),
        ended_at: Some(minute(at)),
        outcome: Outcome::Ready,
        reason: None,
        definition,
        revision: newest.number,
        digest: newest.digest,
        revision_created_at: newest.created_at,
        returns_to: None,
        pinned: false,
        overrides: Overrides::default(),
    };
    store.begin_release(&instance, &release, &[]).unwrap();
}

fn json_of(view: impl serde::Serialize) -> Value {
    serde_json::to_value(view).unwrap()
}

#[test]
fn a_new_instance_is_not_deployed() {
    let mut store = with_web();
    let options = CreateOptions {
        namespace: Some("team".into()),
        overrides: overridden(parse_set("ConfigMap/c:data.n='two'").unwrap()),
        ..wanted("web-dev")
    };
    let made = create_instance(&mut store, options, minute(1)).unwrap();
    assert_eq!(
        json_of(&made),
        json!({
            "name": "web-dev",
            "definition": "web",
            "latestRevision": 1,
            "runtime": "kind-dev",
            "namespace": "team",
            "namespaceMode": "given",
            "status": "NotDeployed",
            "reason": "it was never deployed",
            "overrides": {"sets": {"ConfigMap/c:data.n": "two"}},
            "createdAt": "2023-11-14T22:14:20Z",
        })
    );
    assert_eq!(show_instance(&store, &name("web-dev")).unwrap(), made);
}

#[test]
fn a_deployed_instance_tells_of_its_release() {
    let mut store = with_web();
    create_instance(&mut store, wanted("web-dev"), minute(1)).unwrap();
    deploy(&mut store, "web-dev", 2);
    apply_definition(&mut store, &definition("web"), &map(2), "k8s", minute(3)).unwrap();
    let shown = show_instance(&store, &name("web-dev")).unwrap();
    assert_eq!((shown.revision, shown.latest_revision, shown.release), (Some(1), Some(2), Some(1)));
    assert_eq!(shown.outcome, Some(OperationOutcome::Ready));
    assert_eq!(shown.deployed_by.as_deref(), Some("ci@runner"));
    assert_eq!(shown.status, None, "nobody has looked yet");

    let seen = Observed { status: Status::Healthy, reason: "all is ready".into(), at: minute(4) };
    store.set_observed(&name("web-dev"), &seen).unwrap();
    let shown = show_instance(&store, &name("web-dev")).unwrap();
    assert_eq!((shown.status, shown.status_at), (Some(Status::Healthy), Some(minute(4))));
}

#[test]
fn a_release_in_flight_has_no_status_of_the_one_before() {
    let mut store = with_web();
    let web = name("web-dev");
    create_instance(&mut store, wanted("web-dev"), minute(1)).unwrap();
    deploy(&mut store, "web-dev", 2);
    let seen = Observed { status: Status::Healthy, reason: "all is ready".into(), at: minute(2) };
    store.set_observed(&web, &seen).unwrap();
    let begun = Release {
        id: "r2".into(),
        number: 2,
        started_at: minute(3),
        ended_at: None,
        outcome: Outcome::InFlight,
        ..store.latest_release(&web).unwrap().unwrap()
    };
    store.begin_release(&web, &begun, &[]).unwrap();
    let told = |store: &Store| {
        let InstanceView { release, outcome, status, reason, status_at, .. } =
            show_instance(store, &web).unwrap();
        assert_eq!((release, outcome), (Some(2), Some(OperationOutcome::InFlight)));
        let mut outlined = None;
        listing::outline(store, &ListOptions::default(), |it| outlined = it.status).unwrap();
        assert_eq!(outlined, status, "a list says the same");
        (status, reason, status_at)
    };
    let reason = "a release was begun and has not ended".to_owned();
    assert_eq!(told(&store), (Some(Status::Reconciling), Some(reason), Some(minute(3))));

    let never = "release 2 was begun and never ended".to_owned();
    let seen = Observed { status: Status::Unhealthy, reason: never.clone(), at: minute(4) };
    store.set_observed(&web, &seen).unwrap();
    let looked_since = (Some(Status::Unhealthy), Some(never), Some(minute(4)));
    assert_eq!(told(&store), looked_since, "who looked since knows better");
}

#[test]
fn the_definition_is_by_default_the_one_of_the_name() {
    let mut store = with_web();
    let options = CreateOptions { definition: None, ..wanted("web") };
    assert_eq!(create_instance(&mut store, options, minute(1)).unwrap().definition.unwrap(), "web");
    let options = CreateOptions { definition: None, ..wanted("wbe") };
    let error = create_instance(&mut store, options, minute(1)).unwrap_err();
    assert_eq!(error.message, "there is no definition `wbe`");
    assert_eq!(error.hint.as_deref(), Some("did you mean `web`?"));
}

#[test]
fn what_an_instance_cannot_be_is_refused_and_leaves_nothing() {
    let mut store = with_web();
    let own = content(&[
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "own"}}),
    ]);
    apply_definition(&mut store, &definition("own"), &own, "k8s", minute(0)).unwrap();
    create_instance(&mut store, wanted("there"), minute(1)).unwrap();
    let into =
        |namespace: &str| CreateOptions { namespace: Some(namespace.into()), ..wanted("new") };
    for (options, code, exit) in [
        (wanted("there"), "instance-exists", 5),
        (
            CreateOptions { definition: Some(definition("db")), ..wanted("new") },
            "no-such-definition",
            1,
        ),
        (
            CreateOptions { definition: Some(definition("own")), ..into("ns") },
            "namespace-in-definition",
            2,
        ),
        (into("Not_A_Namespace"), "invalid-name", 2),
        (wanted("kube-x"), "reserved-namespace", 5),
        (
            CreateOptions { overrides: overridden(parse_image("db=x").unwrap()), ..wanted("new") },
            "unknown-container",
            2,
        ),
    ] {
        let error = create_instance(&mut store, options, minute(2)).unwrap_err();
        assert_eq!((error.code.word(), error.kind.exit_code()), (code, exit), "{error}");
        assert_eq!(list_instances(&store, &ListOptions::default()).unwrap().len(), 1);
    }
    let options = CreateOptions { definition: Some(definition("own")), ..into("ns") };
    let error = create_instance(&mut store, options, minute(2)).unwrap_err();
    assert_eq!(error.object.as_deref(), Some("Namespace/own"));
    assert_eq!(error.origin.unwrap().to_string(), "web.yaml:2");
    let options = CreateOptions { definition: Some(definition("own")), ..wanted("new") };
    create_instance(&mut store, options, minute(2)).unwrap();
}

#[test]
fn instances_are_listed_by_what_is_asked() {
    let mut store = with_web();
    apply_definition(&mut store, &definition("db"), &map(1), "k8s", minute(0)).unwrap();
    let on = |instance: &str, of: &str, runtime: &str, namespace: Option<&str>| CreateOptions {
        definition: Some(definition(of)),
        runtime: RuntimeName::stored(runtime).unwrap(),
        namespace: namespace.map(str::to_owned),
        ..wanted(instance)
    };
    for options in [
        on("w2", "web", "sandbox", Some("ns")),
        on("w1", "web", "prod", None),
        on("d1", "db", "kubeconfig:sandbox", Some("ns")),
    ] {
        create_instance(&mut store, options, minute(1)).unwrap();
    }
    let (web, two) = (definition("web"), [name("w2"), name("d1")]);
    let context = RuntimeName::Context("sandbox".into());
    let all = ListOptions::default();
    for (options, expected) in [
        (all, vec!["d1", "w1", "w2"]),
        (ListOptions { names: &two, ..all }, vec!["d1", "w2"]),
        (ListOptions { definition: Some(&web), ..all }, vec!["w1", "w2"]),
        (ListOptions { runtime: Some(&RuntimeName::Sandbox), ..all }, vec!["w2"]),
        (ListOptions { runtime: Some(&context), ..all }, vec!["d1"]),
        (ListOptions { namespace: Some("ns"), ..all }, vec!["d1", "w2"]),
        (ListOptions { namespace: Some("ns"), definition: Some(&web), ..all }, vec!["w2"]),
        (ListOptions { names: &two, definition: Some(&web), ..all }, vec!["w2"]),
    ] {
        let listed = list_instances(&store, &options).unwrap();
        let names: Vec<&str> = listed.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, expected, "{options:?}");
    }
    let error = list_instances(&store, &ListOptions { names: &[name("w3")], ..all }).unwrap_err();
    assert_eq!(error.code, Code::NoSuchInstance);
    let unknown = definition("wep");
    let error =
        list_instances(&store, &ListOptions { definition: Some(&unknown), ..all }).unwrap_err();
    assert_eq!(error.code, Code::NoSuchDefinition);
}

#[test]
fn applying_tells_what_became_of_it_and_who_is_behind() {
    let mut store = with_web();
    for instance in ["a", "b", "never"] {
        create_instance(&mut store, wanted(instance), minute(1)).unwrap();
    }
    deploy(&mut store, "a", 2);
    deploy(&mut store, "b", 2);
    let apply = |store: &mut Store, content: &Content, at| {
        let applied =
            apply_definition(store, &definition("web"), content, "k8s", minute(at)).unwrap();
        let behind: Vec<String> = applied.behind.into_iter().map(|each| each.name).collect();
        (applied.definition.revision, applied.outcome, behind.join(" "))
    };
    assert_eq!(apply(&mut store, &map(1), 3), (1, DefinitionOutcome::Unchanged, String::new()));
    assert_eq!(apply(&mut store, &map(2), 4), (2, DefinitionOutcome::Updated, "a b".to_owned()));
    deploy(&mut store, "a", 5);
    assert_eq!(apply(&mut store, &map(2), 6), (2, DefinitionOutcome::Unchanged, "b".to_owned()));
    // Back to what b runs: the content counts, not the number.
    assert_eq!(apply(&mut store, &map(1), 7), (3, DefinitionOutcome::Updated, "a".to_owned()));
}

#[test]
fn a_definition_is_shown_with_what_belongs_to_it() {
    let mut store = with_web();
    create_instance(&mut store, wanted("web-dev"), minute(1)).unwrap();
    apply_definition(&mut store, &definition("web"), &map(2), "other", minute(2)).unwrap();
    let sheet = json_of(show_definition(&store, &definition("web"), None).unwrap());
    let instance = json_of(show_instance(&store, &name("web-dev")).unwrap());
    assert_eq!(
        sheet,
        json!({
            "name": "web",
            "revision": 2,
            "digest": map(2).digest(),
            "objectCount": 1,
            "source": "other",
            "instances": 1,
            "createdAt": "2023-11-14T22:13:20Z",
            "updatedAt": "2023-11-14T22:15:20Z",
            "revisions": [
                {"revision": 2, "digest": map(2).digest(), "objectCount": 1, "source": "other",
                 "createdAt": "2023-11-14T22:15:20Z"},
                {"revision": 1, "digest": map(1).digest(), "objectCount": 1, "source": "k8s",
                 "createdAt": "2023-11-14T22:13:20Z"},
            ],
            "objects": [
                {"version": "v1", "kind": "ConfigMap", "name": "c",
                 "source": {"file": "web.yaml", "line": 1}},
            ],
            "usedBy": [instance],
        })
    );
    assert_eq!(list_definitions(&store).unwrap().len(), 1);
    let error = show_definition(&store, &definition("wbe"), None).unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("did you mean `web`?"));
}
