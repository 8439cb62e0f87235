//! Tables of workload files: what is read, and what is refused with its place.

use super::*;

fn source(text: &str) -> SourceFile {
    SourceFile { name: "app.yaml".into(), text: text.into() }
}

fn sources(definition: &FileDefinition) -> String {
    let sources: Vec<&str> = definition.manifests.iter().map(|it| it.0.as_str()).collect();
    sources.join(", ")
}

fn wrong(text: &str) -> Vec<String> {
    let errors = read(&source(text)).unwrap_err();
    errors
        .iter()
        .map(|error| {
            assert_eq!(error.kind.exit_code(), 2, "{error}");
            let hint = error.hint.as_ref().map(|hint| format!(" -- {hint}")).unwrap_or_default();
            format!("{error}{hint}")
        })
        .collect()
}

/// A document of ours with that below `spec.manifests`.
fn ours(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {{name: {name}}}\nspec:\n  \
         manifests: [k8s/]\n{rest}"
    )
}

#[test]
fn a_file_is_known_by_its_content() {
    for (text, wanted) in [
        (ours("web", "").as_str(), true),
        ("Workload: {Name: a, YAMLDocument: b}", true),
        ("{\"KubernetesWorkloadInstance\": {}}", true),
        ("HelmWorkload: {Name: a}", true),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Workload}", false),
        ("# workloadctl/v1alpha1\napiVersion: v1\nkind: Secret", false),
        ("", false),
    ] {
        assert_eq!(is_workload_file(&source(text)), wanted, "{text}");
    }
}

#[test]
fn everything_that_an_instance_may_say() {
    let text = ours(
        "web",
        "  instances:\n  - name: web-dev\n  - name: web-prod\n    runtime: prod-eu\n    \
         namespace: web\n    dependsOn: [web-dev]\n    images: {web: 'web:2'}\n    \
         replicas: {deploy/web: 3}\n    patches: [{kind: Job, metadata: {name: x}, spec: null}]\n    \
         sets: {'ing/web:spec.x': '3'}\n",
    );
    let file = read(&source(&text)).unwrap();
    assert!(file.is_complete);
    let [definition] = &*file.definitions else { panic!("{file:?}") };
    assert_eq!((definition.name.as_str(), &*sources(definition)), ("web", "k8s/"));
    assert_eq!(definition.manifests[0].1.to_string(), "app.yaml:5:15");
    let [dev, prod] = &*file.instances else { panic!("{file:?}") };
    assert_eq!((&dev.runtime, &dev.namespace, dev.overrides.is_empty()), (&None, &None, true));
    let (runtime, origin) = prod.runtime.as_ref().unwrap();
    assert_eq!((runtime.as_str(), origin.to_string().as_str()), ("prod-eu", "app.yaml:9:14"));
    assert_eq!(prod.depends_on[0].0.as_str(), "web-dev");
    let Overrides { images, replicas, patches, sets, restarted_at, restarts: _, said: _ } =
        &prod.overrides;
    assert_eq!(images["web"], "web:2");
    // Spelt as the flags spell them, so that both mean one entry.
    assert_eq!(replicas["Deployment/web"], 3);
    assert_eq!(sets["Ingress/web:spec.x"], "3");
    assert_eq!((patches.len(), restarted_at), (1, &None));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (rest, messages) in [
        (
            "  instance: []\n",
            &["app.yaml:6:3: unknown key spec.instance -- did you mean `instances`?"][..],
        ),
        (
            "  instances: web\n  zebra: 1\n",
            &[
                "app.yaml:6:14: spec.instances takes a list, this is a text",
                "app.yaml:7:3: unknown key spec.zebra -- known here: manifests, instances",
            ],
        ),
        (
            "  instances:\n  - runtime: 7\n",
            &[
                "app.yaml:7:5: spec.instances[0].name is missing",
                "app.yaml:7:14: spec.instances[0].runtime takes a text, this is the number 7 -- put it in quotes: \"7\"",
            ],
        ),
        (
            "  instances: [{name: a, replicas: {Deployment/a: many}}]\n",
            &[
                "app.yaml:6:50: spec.instances[0].replicas[Deployment/a] takes a number of replicas, this is a text",
            ],
        ),
        (
            "  instances: [{name: a, replicas: {web: 2}}]\n",
            &[
                "app.yaml:6:36: spec.instances[0].replicas[web]: OBJECT is KIND/NAME -- the form is `Deployment/web: 3`",
            ],
        ),
        (
            "  instances: [{name: a, patches: [{kind: Job}]}]\n",
            &["app.yaml:6:35: spec.instances[0].patches[0].metadata is missing"],
        ),
        (
            "  instances: [{name: Web}]\n",
            &[
                "app.yaml:6:22: \"Web\" is not a valid instance name: 'W' is not a lower-case letter, a digit or `-` -- use `web`",
            ],
        ),
        (
            "  instances: [{name: a}, {name: a}]\n",
            &["app.yaml:6:33: instance `a` is there twice, first at app.yaml:6:22"],
        ),
        (
            "  instances: [{name: db}, {name: api, dependsOn: [dv]}]\n",
            &["app.yaml:6:51: `dv` is no instance of this file -- did you mean `db`?"],
        ),
        // What would close a circle was not meant.
        (
            "  instances: [{name: web, dependsOn: [wbe]}, {name: wbf, dependsOn: [web]}, {name: db}]\n",
            &["app.yaml:6:39: `wbe` is no instance of this file -- it may name: db"],
        ),
        (
            "  instances: [{name: web, dependsOn: [wbe]}]\n",
            &["app.yaml:6:39: `wbe` is no instance of this file"],
        ),
        (
            "  instances: [{name: a, dependsOn: [b]}, {name: b, dependsOn: [c]}, {name: c, dependsOn: [b]}]\n",
            &[
                "app.yaml:6:49: instances depend on each other in a circle: b waits for c waits for b",
            ],
        ),
        (
            "  instances: [{name: a, dependsOn: [a]}]\n",
            &["app.yaml:6:22: instances depend on each other in a circle: a waits for a"],
        ),
    ] {
        assert_eq!(wrong(&ours("web", rest)), messages, "{rest}");
    }
}

#[test]
fn documents_of_one_file() {
    let two = format!("{}---\n{}", ours("web", ""), ours("web", ""));
    assert_eq!(
        wrong(&two),
        ["app.yaml:9:18: definition `web` is there twice, first at app.yaml:3:18"]
    );
    let other = format!("{}---\napiVersion: v1\nkind: ConfigMap\n", ours("web", ""));
    assert_eq!(
        wrong(&other),
        [
            "app.yaml:7:1: a ConfigMap cannot stand in a workload file -- put it into a file of its own, and name that under `spec.manifests`"
        ]
    );
    let version = ours("web", "").replace("v1alpha1", "v2");
    assert_eq!(
        wrong(&version),
        ["app.yaml:1:13: apiVersion is `workloadctl/v2`, only `workloadctl/v1alpha1` is known"]
    );
    assert_eq!(
        wrong(&ours("web", "").replace("[k8s/]", "[]")),
        ["app.yaml:5:14: spec.manifests has no items"]
    );
    let twice = format!(
        "{}---\n{}",
        ours("web", "  instances: [{name: a, dependsOn: [b]}]\n"),
        ours("db", "  instances: [{name: b}]\n")
    );
    let mut file = read(&source(&twice)).unwrap();
    file.sort();
    let names: Vec<&str> = file.instances.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
}

#[test]
fn threeports_files_are_read_as_they_are() {
    let text = "Workload:\n  Name: \"wordpress\"\n  YAMLDocument: \"wp.yaml\"\n  \
                KubernetesRuntimeInstance:\n    Name: eks\n---\nKubernetesWorkloadInstance:\n  \
                Name: wp-2\n  KubernetesWorkloadDefinition: {Name: wordpress}\n  \
                KustomizeOverlay: |\n    images:\n    - {name: mysql, newTag: '9'}\n    patches:\n    \
                - patch: |\n        kind: Service\n        metadata: {name: x}\n        spec: {type: ClusterIP}\n---\n\
                WorkloadDefinition:\n  Name: other\n  YAMLDocument: o.yaml\n  WorkloadConfigPath:\n";
    let file = read(&source(text)).unwrap();
    assert!(!file.is_complete);
    let definitions: Vec<_> =
        file.definitions.iter().map(|it| (it.name.as_str(), sources(it))).collect();
    assert_eq!(definitions, [("wordpress", "wp.yaml".into()), ("other", "o.yaml".into())]);
    let [one, two] = &*file.instances else { panic!("{file:?}") };
    assert_eq!(one.runtime.as_ref().map(|it| it.0.as_str()), Some("eks"));
    assert_eq!((two.name.as_str(), two.definition.as_str()), ("wp-2", "wordpress"));
    assert_eq!(two.overrides.images["mysql"], "mysql:9");
    assert_eq!(two.overrides.patches[0]["spec"]["type"], "ClusterIP");
}

#[test]
fn what_needs_the_control_plane_is_refused_by_name_all_at_once() {
    let hint = " -- take these members out; docs/from-threeport.md says what does their work here";
    let text = "Workload:\n  Name: wp\n  YAMLDocument: wp.yaml\n  AwsRelationalDatabase:\n    \
                Name: db\n  DomainName: {Name: d}\n  Gateway:\n    HttpPorts: []\n";
    assert_eq!(
        wrong(text),
        [
            format!("app.yaml:4:3: AwsRelationalDatabase needs Threeport's control plane{hint}"),
            format!("app.yaml:6:3: DomainName needs Threeport's control plane{hint}"),
            format!("app.yaml:7:3: Gateway needs Threeport's control plane{hint}"),
        ]
        .map(|line| line.replacen(": ", ": Workload.", 1))
    );
    assert_eq!(
        wrong("Workload:\n  Name: wp\n  YamlDocument: x\n"),
        [
            "app.yaml:2:3: Workload.YAMLDocument is missing",
            "app.yaml:3:3: unknown key Workload.YamlDocument -- did you mean `YAMLDocument`?",
        ]
    );
    assert_eq!(
        wrong("HelmWorkload: {Name: x}\n"),
        [format!("app.yaml:1:1: HelmWorkload needs Threeport's control plane{hint}")]
    );
    let overlay = "KubernetesWorkloadInstance:\n  Name: a\n  KubernetesWorkloadDefinition: {Name: a}\n  KustomizeOverlay: |\n    namePrefix: x-\n    patches: [{path: y}]\n";
    let told = wrong(overlay);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("app.yaml:4:21: KustomizeOverlay: `namePrefix` is none of"),
        "{told:?}"
    );
}

#[test]
fn what_is_written_is_read_again() {
    let overrides = Overrides {
        images: [("web".to_owned(), "web:2".to_owned())].into(),
        replicas: [("Deployment/web".to_owned(), 0)].into(),
        patches: vec![serde_json::json!({"kind": "Job", "metadata": {"name": "x"}, "spec": null})],
        sets: [("Ingress/web:spec.x[\"a.b\"]".to_owned(), serde_json::json!("yes"))].into(),
        restarted_at: None,
        restarts: [].into(),
        ..Overrides::default()
    };
    let draft = |name: &str, overrides: &Overrides| Draft {
        definition: name.parse().unwrap(),
        manifests: vec!["k8s".into(), "a b: c.yaml".into()],
        instances: vec![DraftInstance {
            name: format!("{name}-1").parse().unwrap(),
            runtime: Some("arn:aws:eks".into()),
            namespace: Some("shop".into()),
            overrides: overrides.clone(),
        }],
    };
    let text = write(&[draft("web", &overrides), draft("db", &Overrides::default())]);
    let file = read(&source(&text)).unwrap();
    assert_eq!(sources(&file.definitions[0]), "k8s, a b: c.yaml", "{text}");
    assert_eq!(file.definitions[1].name.as_str(), "db");
    let [web, db] = &*file.instances else { panic!("{text}") };
    assert_eq!((&web.overrides, db.overrides.is_empty()), (&overrides, true), "{text}");
    assert_eq!(web.runtime.as_ref().map(|it| it.0.as_str()), Some("arn:aws:eks"));
    assert_eq!(web.namespace.as_ref().map(|it| it.0.as_str()), Some("shop"));
}

#[test]
fn names_that_yaml_takes_for_something_else_are_written_as_texts() {
    for name in ["on", "n", "null", "true", "1", "0x1", "1e3", "1e400", "2001-01-01", "y", "web"] {
        let instance = DraftInstance {
            name: name.parse().unwrap(),
            runtime: Some(name.to_owned()),
            namespace: Some(name.to_owned()),
            overrides: Overrides {
                images: [(name.to_owned(), name.to_owned())].into(),
                ..Overrides::default()
            },
        };
        let draft = Draft {
            definition: name.parse().unwrap(),
            manifests: vec![name.to_owned()],
            instances: vec![instance],
        };
        let text = write(&[draft]);
        let file = read(&source(&text)).expect(&text);
        let [instance] = &*file.instances else { panic!("{text}") };
        let said = |place: &Option<(String, Origin)>| place.as_ref().map(|it| it.0.clone());
        let told = [
            said(&instance.runtime),
            said(&instance.namespace),
            instance.overrides.images.get(name).cloned(),
        ];
        assert_eq!(told, std::array::from_fn(|_| Some(name.to_owned())), "{text}");
        assert_eq!((file.definitions[0].name.as_str(), instance.name.as_str()), (name, name));
        assert_eq!(sources(&file.definitions[0]), name);
    }
}

#[test]
fn the_schema_knows_every_key_that_is_read() {
    let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
    let instance = schema.pointer("/properties/spec/properties/instances/anyOf/0/items").unwrap();
    let keys: Vec<&String> = instance["properties"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["dependsOn", "images", "name", "namespace", "patches", "replicas", "runtime", "sets"]
    );
    assert_eq!(instance["additionalProperties"], false);
    assert_eq!(schema["properties"]["apiVersion"]["const"], native::API_VERSION);
    assert_eq!(schema["required"], serde_json::json!(["apiVersion", "kind", "metadata", "spec"]));
}
