//! What the server would reject is asked before the first write: a rejected upgrade leaves every
//! object, the record and the database as they were.

use std::{collections::BTreeMap, sync::Arc};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::harness::{Place, side_by_side};

/// What changes with every set, and must not where anything else of it is rejected.
const BESIDE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside}\ndata: {v: '1'}\n---\n";
const POD: &str = "{metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: 'a:1'}]}}";

/// The kinds of which the sets below have objects: collections in a namespace, and of the cluster.
const NAMESPACED: [&str; 14] = [
    "/api/v1/namespaces/NS/configmaps",
    "/api/v1/namespaces/NS/limitranges",
    "/api/v1/namespaces/NS/persistentvolumeclaims",
    "/api/v1/namespaces/NS/resourcequotas",
    "/api/v1/namespaces/NS/secrets",
    "/api/v1/namespaces/NS/serviceaccounts",
    "/api/v1/namespaces/NS/services",
    "/apis/apps/v1/namespaces/NS/deployments",
    "/apis/apps/v1/namespaces/NS/statefulsets",
    "/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers",
    "/apis/batch/v1/namespaces/NS/jobs",
    "/apis/networking.k8s.io/v1/namespaces/NS/ingresses",
    "/apis/policy/v1/namespaces/NS/poddisruptionbudgets",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings",
];
const OF_THE_CLUSTER: [&str; 3] = [
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    "/apis/storage.k8s.io/v1/storageclasses",
];

/// Gives the resourceVersion of every object of an instance, and of its record.
fn versions(place: &Place, name: &str) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    let namespaced = NAMESPACED.iter().map(|path| path.replace("NS", name));
    for path in namespaced.chain(OF_THE_CLUSTER.iter().map(ToString::to_string)) {
        let Some(list) = place.get(&path) else { continue };
        for item in list["items"].as_array().unwrap() {
            let object = item["metadata"]["name"].as_str().unwrap();
            // Controllers make these at their own time.
            let is_everywhere = ["configmaps/kube-root-ca.crt", "serviceaccounts/default"]
                .iter()
                .any(|known| format!("{path}/{object}").ends_with(known));
            if !is_everywhere && (path.contains("/namespaces/") || object.contains(name)) {
                let version = item["metadata"]["resourceVersion"].as_str().unwrap();
                versions.insert(format!("{path}/{object}"), version.to_owned());
            }
        }
    }
    versions
}

/// A set, what changes in it, the exit code, and what the refusal says.
struct Case {
    text: &'static str,
    from: &'static str,
    to: &'static str,
    code: i32,
    says: &'static str,
}

const fn case(
    text: &'static str,
    from: &'static str,
    to: &'static str,
    code: i32,
    says: &'static str,
) -> Case {
    Case { text, from, to, code, says }
}

const CASES: [Case; 17] = [
    case(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 0, selector: {matchLabels: {app: a}}, template: POD}",
        "app: a",
        "app: b",
        5,
        "Deployment/a (set.yaml:6): spec.selector: ",
    ),
    case(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nimmutable: true\ndata: {a: b}",
        "a: b",
        "a: c",
        5,
        "ConfigMap/a (set.yaml:6): data: ",
    ),
    case(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nimmutable: true\nstringData: {a: b}",
        "a: b",
        "a: c",
        5,
        "Secret/a (set.yaml:6): data: ",
    ),
    case(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: Opaque\nstringData: {a: b}",
        "Opaque",
        "example.com/x",
        5,
        "Secret/a (set.yaml:6): type: ",
    ),
    case(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: default}]",
        "name: view",
        "name: edit",
        5,
        "RoleBinding/a (set.yaml:6): roleRef: ",
    ),
    case(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {replicas: 0, serviceName: a, selector: {matchLabels: {app: a}}, template: POD, volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}",
        "1Gi",
        "2Gi",
        5,
        "StatefulSet/a (set.yaml:6): spec: ",
    ),
    case(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec: {storageClassName: nobody-has-it, accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}",
        "ReadWriteOnce",
        "ReadWriteMany",
        5,
        "PersistentVolumeClaim/a (set.yaml:6): spec: ",
    ),
    case(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {clusterIP: None, selector: {app: a}, ports: [{port: 80}]}",
        "None",
        "10.0.0.77",
        5,
        "Service/a (set.yaml:6): spec.clusterIP",
    ),
    case(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: ClusterIP, ports: [{port: 80}]}",
        "type: ClusterIP",
        "type: Cluster",
        1,
        "Service/a (set.yaml:6): spec.type: ",
    ),
    case(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}",
        "[{port: 80}]",
        "[{port: 80}, {port: 80, name: again}]",
        1,
        "Service/a (set.yaml:6): spec.ports: duplicate entries for key ",
    ),
    case(
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: NAME}\nprovisioner: example.com/a\nparameters: {a: b}",
        "a: b",
        "a: c",
        5,
        "StorageClass/NAME (set.yaml:6): ",
    ),
    case(
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: NAME}\nvalue: 10",
        "value: 10",
        "value: 11",
        5,
        "PriorityClass/NAME (set.yaml:6): value: ",
    ),
    case(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}",
        "data: {a: b}",
        "dat: {a: b}",
        1,
        "ConfigMap/a (set.yaml:6): dat: field not declared in schema",
    ),
    case(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.NAME.example.com}\nspec: {group: NAME.example.com, scope: Namespaced, names: {plural: things, singular: thing, kind: Thing}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}}]}\n---\napiVersion: NAME.example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: 1}",
        "size: 1",
        "size: x",
        1,
        "Thing/a (set.yaml:11): spec.size: ",
    ),
    // The next ones are new.
    case(
        "",
        "",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: [{host: Not_A_Host}]}",
        1,
        "Ingress/a (set.yaml:6): spec.rules[0].host: ",
    ),
    case(
        "",
        "",
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {minReplicas: 3, maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}",
        1,
        "HorizontalPodAutoscaler/a (set.yaml:6): spec.maxReplicas: ",
    ),
    case(
        "",
        "",
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {minAvailable: 1, maxUnavailable: 1, selector: {matchLabels: {app: a}}}",
        1,
        "PodDisruptionBudget/a (set.yaml:6): spec: ",
    ),
];

/// Deploys a set, changes it so that it is rejected, and looks that nothing else has changed.
fn rejected(place: &Place, name: &str, case: &Case, faults: &[Arc<Fault>]) {
    let Case { text, from, to, code, says } = case;
    let text = text.replace("NAME", name).replace("POD", POD);
    place.write("set.yaml", &format!("{BESIDE}{text}"));
    let line = format!("deploy {name} -f set.yaml --validate ignore --progress none --no-wait");
    place.run(&line).expect(0);
    let (before, history) =
        (versions(place, name), place.run(&format!("history {name} -o json")).stdout);
    assert!(before.len() > 1, "{before:?}");
    let changed = if from.is_empty() { format!("{text}{to}") } else { text.replace(from, to) };
    assert_ne!(changed, text);
    let worse = format!("{BESIDE}{changed}").replace("'1'", "'2'");
    place.write("set.yaml", &worse);
    if !faults.is_empty() {
        place.faults(faults);
    }
    let plan = place
        .run(&line.replace("deploy", "plan").replace(" --progress none --no-wait", ""))
        .expect(*code);
    let refused = place.run(&line).expect(*code);
    let says = says.replace("NAME", name);
    let told = format!("  {says}");
    assert!(
        refused.stderr.lines().any(|line| line.starts_with(&told)),
        "{says}\n{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("nothing was written"), "{}", refused.stderr);
    assert_eq!(plan.stderr, refused.stderr, "a plan says the same");
    assert_eq!(versions(place, name), before, "{worse}");
    assert_eq!(place.run(&format!("history {name} -o json")).stdout, history);
    if !faults.is_empty() {
        place.faults(&[]);
    }
    // And what is right is deployed.
    place.write("set.yaml", &format!("{BESIDE}{text}").replace("'1'", "'3'"));
    place.run(&line).expect(0);
    assert_ne!(versions(place, name), before);
    place.run(&format!("delete {name} --yes")).expect(0);
}

/// Rejects the dry runs of an object as a server does that has more to judge by than the sandbox.
fn judged(path: &str, code: u16, message: &'static str) -> Arc<Fault> {
    let matches = Matches {
        method: Some("PATCH"),
        path: Some(path.to_owned()),
        dry_run: Some(true),
        ..Matches::default()
    };
    Arc::new(Fault::new(matches, When::Always, Effect::Rejected(code, message)))
}

const POLICY: &str = "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: failed expression: false";
const QUOTA: &str = "configmaps \"a\" is forbidden: exceeded quota: small, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2";
const WEBHOOK: &str = "admission webhook \"few.example.com\" denied the request: too many";

on_both! {
    fn a_selector_that_changes_leaves_the_service_as_it_was(place) {
        let name = place.instance("");
        let file = place.example("web").join("web.yaml");
        place.run(&format!("deploy {name} -f web --progress none")).expect(0);
        let before = versions(place, &name);
        let good = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, good.replace("app: web\n", "app: site\n")).unwrap();
        snapshot!(place.told(&format!("deploy {name} -f web --progress none")), @r#"
        $ workloadctl deploy NAME -f web --progress none
        exit code 5
        --- stderr
        error: 1 object stands in the way; nothing was written
          Deployment/web (web/web.yaml:13): spec.selector: Invalid value: {"matchLabels":{"app":"site"}}: field is immutable
        hint: `--replace Deployment/web` deletes it and creates it again
        "#);
        snapshot!(place.told(&format!("plan {name} -f web")), @r#"
        $ workloadctl plan NAME -f web
        exit code 5
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        unchanged  ConfigMap/web-content  NAME  -
        blocked  Deployment/web  NAME  spec.selector: Invalid value: {"matchLabels":{"app":"site"}}: field is immutable
        update  Service/web  NAME  -
        NAME on RUNTIME: 1 to update, 2 unchanged, 1 blocked
        --- stderr
        error: 1 object stands in the way; nothing was written
          Deployment/web (web/web.yaml:13): spec.selector: Invalid value: {"matchLabels":{"app":"site"}}: field is immutable
        hint: `--replace Deployment/web` deletes it and creates it again
        "#);
        assert_eq!(versions(place, &name), before);
        // Both ways out are as they are told.
        place.run(&format!("deploy {name} -f web --progress none --replace Deployment/web")).expect(0);
    }

    fn what_the_server_rejects_is_refused_before_anything_is_written(place) {
        side_by_side(CASES.iter().enumerate().collect(), 3, |(index, case)| {
            let place = place.aside();
            rejected(&place, &place.instance(&format!("-{index}")), case, &[]);
        });
    }

    fn what_others_judge_is_refused_before_anything_is_written(place) {
        for (index, (code, message, says)) in [
            (422, POLICY, "ConfigMap/a (set.yaml:6): "),
            (403, QUOTA, "ConfigMap/a (set.yaml:6): "),
            (403, WEBHOOK, "ConfigMap/a (set.yaml:6): "),
        ]
        .into_iter()
        .enumerate()
        {
            let place = place.behind_proxy();
            let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}";
            let case = case(text, "a: b", "a: c", 1, says);
            let faults = [judged("/configmaps/a?", code, message)];
            rejected(&place, &place.instance(&format!("-{index}")), &case, &faults);
        }
    }

    fn a_webhook_that_knows_no_dry_run_rejects_nothing(place) {
        let place = &place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", BESIDE);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &BESIDE.replace("'1'", "'2'"));
        place.faults(&[judged("/configmaps/beside?", 400, "admission webhook \"w.example.com\" does not support dry run")]);
        let plan = place.run(&format!("plan {name} -f set.yaml -o json")).expect(0).json();
        let object = plan["objects"].as_array().unwrap().iter().find(|it| it["name"] == "beside").unwrap();
        assert_eq!((&object["action"], &object["message"]), (&Value::from("update"), &Value::from("a webhook of it knows no dry run")), "{plan}");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        assert_eq!(place.get(&format!("/api/v1/namespaces/{name}/configmaps/beside")).unwrap()["data"]["v"], "2");
    }

    fn a_plan_shows_the_fields_that_change(place) {
        let name = place.instance("");
        let text = format!("{BESIDE}apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{replicas: 0, selector: {{matchLabels: {{app: a}}}}, template: {POD}}}\n---\n\
            apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{kept: same, password: one}}\n");
        place.write("set.yaml", &text);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let text = text.replace("replicas: 0", "replicas: 0, minReadySeconds: 1").replace("a:1", "a:2");
        place.write("set.yaml", &text.replace("'1'", "\"one\\ntwo\\n\"").replace("one}", "two}"));
        let line = format!("plan {name} -f set.yaml");
        snapshot!(place.told(&format!("{line} --diff fields")), @"
        $ workloadctl plan NAME -f set.yaml --diff fields
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        update  ConfigMap/beside  NAME  -
        update  Deployment/a  NAME  -
        update  Secret/s  NAME  -

        ConfigMap/beside
          ~ data.v: 2 lines added, 1 removed

        Deployment/a
          + spec.minReadySeconds: 1
          ~ spec.template.spec.containers[name=a].image: a:1 -> a:2

        Secret/s
          ~ data.password: *** (before) -> *** (after)

        images: Deployment/a a:1 -> a:2

        NAME on RUNTIME: 3 to update, 1 unchanged
        ");
        snapshot!(place.told(&format!("{line} --diff unified")), @r#"
        $ workloadctl plan NAME -f set.yaml --diff unified
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        update  ConfigMap/beside  NAME  -
        update  Deployment/a  NAME  -
        update  Secret/s  NAME  -

        ConfigMap/beside
          @@ metadata @@
              name: beside
              namespace: NAME
            data:
          -  v: "1"
          +  v: |
          +  one
          +  two

        Deployment/a
          @@ metadata @@
              name: a
              namespace: NAME
            spec:
          +  minReadySeconds: 1
              progressDeadlineSeconds: 600
              replicas: 0
              revisionHistoryLimit: 10
          @@ spec.template.metadata.labels @@
                    app: a
                spec:
                  containers:
          -  - image: a:1
          +  - image: a:2
                    imagePullPolicy: IfNotPresent
                    name: a
                    resources: {}

        Secret/s
          @@ metadata @@
              namespace: NAME
            data:
              kept: '***'
          -  password: '*** (before)'
          +  password: '*** (after)'
            type: Opaque

        images: Deployment/a a:1 -> a:2

        NAME on RUNTIME: 3 to update, 1 unchanged
        "#);
        let plan = place.run(&format!("{line} -o json")).expect(0);
        assert!(!plan.stdout.contains("b25l") && !plan.stdout.contains("dHdv"), "{}", plan.stdout);
        let objects = plan.json()["objects"].as_array().unwrap().clone();
        let of = |name: &str| objects.iter().find(|it| it["name"] == name).unwrap()["changes"].clone();
        assert_eq!(of("beside"), serde_json::json!([{"path": "data.v", "old": "1", "new": "one\ntwo\n"}]));
        assert_eq!(of("s"), serde_json::json!([{"path": "data.password", "old": "*** (before)", "new": "*** (after)"}]));
    }

    fn a_plan_that_was_kept_is_done_as_it_is(place) {
        use std::os::unix::fs::PermissionsExt as _;
        let name = place.instance("");
        let data = || place.get(&format!("/api/v1/namespaces/{name}/configmaps/beside")).unwrap()["data"]["v"].clone();
        let keep = |value: &str| {
            place.write("set.yaml", &BESIDE.replace("'1'", value));
            place.run(&format!("plan {name} -f set.yaml --out kept.plan")).expect(0);
            // What the sources say by now is of no interest.
            place.write("set.yaml", "kind: [");
        };
        // The first deploy, and the next one.
        keep("one");
        assert_eq!(std::fs::metadata(place.path("kept.plan")).unwrap().permissions().mode() & 0o777, 0o600);
        place.run("deploy --plan kept.plan").expect(0);
        assert_eq!(data(), "one");
        keep("two");
        let done = place.run("deploy --plan kept.plan -o json").expect(0).json();
        assert_eq!((&done["release"], &done["revision"], data()), (&Value::from(2), &Value::from(2), "two".into()), "{done}");
        snapshot!(place.told("deploy --plan kept.plan"), @"
        $ workloadctl deploy --plan kept.plan
        exit code 5
        --- stderr
        error: the plan is of another state by now; nothing was written
          release 2 was made since
        hint: `workloadctl plan NAME --out FILE`, with its flags, plans anew
        ");
        // Somebody writes what it is about, makes what it would make, and takes away what it knows.
        keep("three");
        let path = format!("/api/v1/namespaces/{name}/configmaps/beside");
        place.call(Request::merge_patch(&*path, &json!({"data": {"other": "theirs"}}))).unwrap();
        let before = versions(place, &name);
        snapshot!(place.told("deploy --plan kept.plan"), @"
        $ workloadctl deploy --plan kept.plan
        exit code 5
        --- stderr
        error: the plan is of another state by now; nothing was written
          ConfigMap/beside was changed since
        hint: `workloadctl plan NAME --out FILE`, with its flags, plans anew
        ");
        assert_eq!(versions(place, &name), before);
        place.write("set.yaml", &format!("{BESIDE}{}", BESIDE.replace("beside", "more")));
        place.run(&format!("plan {name} -f set.yaml --out kept.plan")).expect(0);
        let more = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "more"}});
        place.call(Request::json(Method::POST, format!("/api/v1/namespaces/{name}/configmaps"), &more)).unwrap();
        place.call(Request::json(Method::DELETE, &*path, &json!({}))).unwrap();
        snapshot!(place.told("deploy --plan kept.plan"), @"
        $ workloadctl deploy --plan kept.plan
        exit code 5
        --- stderr
        error: the plan is of another state by now; nothing was written
          ConfigMap/beside is gone
          ConfigMap/more was made since
        hint: `workloadctl plan NAME --out FILE`, with its flags, plans anew
        ");
        place.write("kept.plan", "{}");
        snapshot!(place.told("deploy --plan kept.plan"), @"
        $ workloadctl deploy --plan kept.plan
        exit code 2
        --- stderr
        error: kept.plan is no plan of workloadctl
          missing field `apiVersion` at line 1 column 2
        hint: `workloadctl plan INSTANCE --out FILE` makes one
        ");
    }

    /// What it would make is nowhere else either.
    fn a_plan_of_another_cluster_is_refused(place) {
        let name = place.instance("");
        place.write("set.yaml", BESIDE);
        place.run(&format!("plan {name} -f set.yaml --out kept.plan")).expect(0);
        let mut kept: Value = serde_json::from_str(&std::fs::read_to_string(place.path("kept.plan")).unwrap()).unwrap();
        assert!(kept["clusterUid"].is_string(), "{kept}");
        kept["clusterUid"] = "another".into();
        place.write("kept.plan", &kept.to_string());
        snapshot!(place.told("deploy --plan kept.plan"), @"
        $ workloadctl deploy --plan kept.plan
        exit code 5
        --- stderr
        error: the plan is of another state by now; nothing was written
          RUNTIME is another cluster than the plan was made for
        hint: `workloadctl plan NAME --out FILE`, with its flags, plans anew
        ");
        assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    }

    fn a_deploy_that_asks_shows_its_plan(place) {
        let name = place.instance("");
        place.write("set.yaml", BESIDE);
        snapshot!(place.told(&format!("deploy {name} -f set.yaml --ask")), @"
        $ workloadctl deploy NAME -f set.yaml --ask
        exit code 2
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        create  Namespace/NAME  -  -
        create  ConfigMap/beside  NAME  -
        NAME on RUNTIME: 2 to create
        --- stderr
        error: --ask: there is nobody to be asked
        hint: `--yes` says yes; without `--ask` nobody is asked
        ");
        assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
        snapshot!(place.told(&format!("deploy {name} -f set.yaml --ask --yes --progress none")), @"
        $ workloadctl deploy NAME -f set.yaml --ask --yes --progress none
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        create  Namespace/NAME  -  -
        create  ConfigMap/beside  NAME  -
        NAME on RUNTIME: 2 to create
        NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
        namespace NAME
        --- stderr
        runtime RUNTIME: --runtime
        ");
    }

    fn a_preflight_costs_one_request_for_each_object_that_changes(place) {
        let name = place.instance("");
        let set = |values: [&str; 3]| {
            let one = |(index, value): (usize, &str)| BESIDE.replace("beside", &format!("c{index}")).replace("'1'", value);
            place.write("set.yaml", &values.into_iter().enumerate().map(one).collect::<String>());
        };
        let dry_runs = || {
            let said = place.run(&format!("deploy {name} -f set.yaml -v --progress none")).expect(0).stderr;
            said.lines().filter(|line| line.starts_with("PATCH ") && line.contains("dryRun=All")).count()
        };
        set(["a", "a", "a"]);
        assert_eq!(dry_runs(), 0, "nothing is asked about a new namespace");
        set(["b", "b", "a"]);
        assert_eq!(dry_runs(), 2);
        assert_eq!(dry_runs(), 0, "nothing changes");
    }
}
