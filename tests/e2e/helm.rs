//! Real Helm, as `tests/control-plane/run` brings it: charts that it renders, and releases that it
//! installed. Each test runs on both backends, and belongs to the half that needs a server.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::{
    harness::{Outcome, Place, side_by_side, variable},
    hooks::{self, done},
    served::Server,
};

/// Gives the folder that Helm is in.
pub(crate) fn home_of_helm() -> PathBuf {
    let path = variable("PATH").unwrap();
    let found = std::env::split_paths(&path).find(|folder| folder.join("helm").is_file());
    found.expect("Helm comes with `tests/control-plane/run -- cargo test --test e2e`")
}

/// The chart of the repository: a subchart, hooks with weights, an object that is kept.
pub(crate) fn shop() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helm/shop").display().to_string()
}

/// Calls Helm on the server.
fn helm(place: &Place, line: &str) -> String {
    let output = Command::new(home_of_helm().join("helm"))
        .args(line.split_whitespace())
        .env("HOME", place.path(""))
        .current_dir(place.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "helm {line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Calls the program where Helm is installed.
fn run(place: &Place, line: &str) -> Outcome {
    let path = format!("{}:/usr/bin:/bin", home_of_helm().display());
    Outcome::of(line, place.command(line).env("PATH", path).output().unwrap())
}

/// Deploys; gives the Jobs that ran, without the name of the instance before theirs.
fn jobs(place: &Place, name: &str, flags: &str) -> Vec<String> {
    let told = done(&run(place, &format!("deploy {name} {flags} --progress json")).expect(0));
    let names = hooks::runs(&told).into_iter();
    names.map(|job| job.strip_prefix(&format!("{name}-")).unwrap_or(job).to_owned()).collect()
}

/// Checks that a deploy does nothing: no release, no write, no hook.
fn is_unchanged(place: &Place, line: &str) {
    is_left_alone(&run(place, &format!("deploy {line} {TOLD}")));
}

/// The flags with which a deploy tells what it does, and what came of it.
const TOLD: &str = "--progress json -o json";

fn is_left_alone(outcome: &Outcome) {
    let told = outcome.json();
    assert_eq!((outcome.code, &told["outcome"]), (0, &"unchanged".into()), "{told}");
    assert_eq!(done(outcome), Vec::<String>::new(), "{told}");
    let counts = told["counts"].as_object().unwrap().iter();
    let changes: Vec<_> = counts.filter(|(of, count)| *of != "unchanged" && **count != 0).collect();
    assert!(changes.is_empty(), "{changes:?}");
}

fn remove_namespace(place: &Place, name: &str) {
    let path = format!("/api/v1/namespaces/{name}");
    place.call(Request::json(Method::DELETE, path, &json!({}))).unwrap();
}

fn a_chart_is_deployed(place: &Place) {
    let (name, chart) = (&place.instance(""), shop());
    let folder = format!("-f {chart} --helm-set greeting=hi");
    // Those of both times have two turns.
    assert_eq!(jobs(place, name, &folder), ["check", "migrate", "both", "seed", "both"]);
    let map =
        |part: &str| place.get(&format!("/api/v1/namespaces/{name}/configmaps/{name}-{part}"));
    assert_eq!(map("conf").unwrap()["data"]["GREETING"], "hi");
    let stateful = format!("/apis/apps/v1/namespaces/{name}/statefulsets/{name}-cache");
    assert!(place.get(&stateful).is_some(), "the subchart");
    is_unchanged(place, &format!("{name} {folder}"));

    let two = "--helm-set replicas=2";
    assert_eq!(jobs(place, name, &format!("-f {chart} {two}")), ["check", "migrate"]);
    assert_eq!(map("conf").unwrap()["data"]["GREETING"], "hello");
    // The same chart as a package, and through a pipe.
    helm(place, &format!("package {chart} -d ."));
    is_unchanged(place, &format!("{name} -f shop-1.0.0.tgz {two}"));
    let rendered = helm(place, &format!("template {name} {chart} -n {name} --set replicas=2"));
    place.write("rendered.yaml", &rendered);
    let line = format!("deploy {name} -f - {TOLD}");
    let stdin = Stdio::from(std::fs::File::open(place.path("rendered.yaml")).unwrap());
    is_left_alone(&Outcome::of(&line, place.command(&line).stdin(stdin).output().unwrap()));

    // What asks to be kept stays, with its namespace.
    place.run(&format!("delete {name} --yes")).expect(0);
    assert!(map("kept").is_some() && map("conf").is_none());
    remove_namespace(place, name);
}

/// A chart, and the flags with which it is installed and upgraded.
struct Chart {
    folder: PathBuf,
    install: String,
    upgrade: String,
}

/// Gives the charts of the folder `WORKLOADCTL_TEST_CHARTS`, else those that the repository has.
/// `CHART.install.yaml` beside a chart has its values, and `CHART.upgrade.yaml` what is changed.
fn charts(place: &Place) -> Vec<Chart> {
    let given = variable("WORKLOADCTL_TEST_CHARTS").map(PathBuf::from);
    let entries = given.unwrap_or_else(|| own_charts(place)).read_dir().unwrap();
    let paths = entries.map(|entry| entry.unwrap().path().canonicalize().unwrap());
    let mut folders: Vec<_> = paths.filter(|path| path.join("Chart.yaml").is_file()).collect();
    folders.sort();
    let chart = |folder: PathBuf| {
        let values = |turn: &str| {
            let file = format!("{}.{turn}.yaml", folder.display());
            Path::new(&file).is_file().then(|| format!(" --values {file}"))
        };
        let install = values("install").unwrap_or_default();
        // A restart is a release of every chart that runs something.
        let upgrade = values("upgrade").unwrap_or_else(|| " --restart".to_owned());
        Chart { upgrade: format!("{install}{upgrade}"), install, folder }
    };
    folders.into_iter().map(chart).collect()
}

/// Makes charts of the rendered ones that stand in `tests/charts`, and one as `helm create` has it.
fn own_charts(place: &Place) -> PathBuf {
    for entry in Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts").read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("NAME", "{{ .Release.Name }}");
        let text = text.replace("VERSION", "{{ .Values.version }}");
        place.write(&format!("charts/{name}/templates/all.yaml"), &text);
        let about = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
        place.write(&format!("charts/{name}/Chart.yaml"), &about);
        place.write(&format!("charts/{name}/values.yaml"), "version: 1\n");
        place.write(&format!("charts/{name}.upgrade.yaml"), "version: 2\n");
    }
    helm(place, "create charts/created");
    place.path("charts")
}

/// Reads with kubectl what Helm makes of a chart, without values that only an upgrade has.
fn hooks_of(place: &Place, chart: &Chart, name: &str) -> Vec<Value> {
    let rendered = helm(
        place,
        &format!(
            "template {name} {} -n {name} --include-crds{}",
            chart.folder.display(),
            chart.install
        ),
    );
    let file = place.write(&format!("{name}.yaml"), &rendered);
    let mut kubectl = Command::new("kubectl");
    kubectl.args(["annotate", "--local", "-o", "json", "read=yes", "-f"]).arg(file);
    let output = kubectl.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let objects = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let objects = objects.map(Result::unwrap);
    objects.filter(|it| !it["metadata"]["annotations"]["helm.sh/hook"].is_null()).collect()
}

/// How Helm orders the kinds of hooks; others come after these.
const KINDS: [&str; 32] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// What is no hook.
const REST: &str = "the rest";

/// Says which hooks run, in their order: those of before, by weight, kind and name, and after the rest
/// those of after.
fn turns(hooks: &[Value], occasion: &str) -> Vec<String> {
    let turn = |event: String| {
        let mut turn: Vec<_> = hooks
            .iter()
            .filter_map(|hook| {
                let annotation = |key: &str| hook["metadata"]["annotations"][key].as_str();
                let mut events = annotation("helm.sh/hook")?.split(',').map(str::trim);
                events.find(|it| *it == event)?;
                let weight = annotation("helm.sh/hook-weight").unwrap_or("0");
                let (kind, name) = (hook["kind"].as_str()?, hook["metadata"]["name"].as_str()?);
                let rank = KINDS.iter().position(|known| *known == kind);
                let rank = rank.unwrap_or(KINDS.len());
                Some((weight.parse::<i64>().unwrap(), rank, name, kind))
            })
            .collect();
        turn.sort_unstable();
        let lines = turn.into_iter().flat_map(|(_, _, name, kind)| {
            // What runs has to end before the next one is made.
            let ends = runs(kind).then(|| format!("ready {kind}/{name}"));
            std::iter::once(format!("make {kind}/{name}")).chain(ends)
        });
        lines.collect::<Vec<_>>()
    };
    let rest = vec![REST.to_owned()];
    [turn(format!("pre-{occasion}")), rest, turn(format!("post-{occasion}"))].concat()
}

/// Tells the kinds that run and end.
fn runs(kind: &str) -> bool {
    matches!(kind, "Job" | "Pod")
}

/// Deploys; tells what was made of the hooks and of the rest, and which of the hooks ended, in that
/// order; `anew` are the hooks that count.
fn seen(place: &Place, line: &str, hooks: &[Value], anew: &[Value]) -> Vec<String> {
    let told = done(&run(place, &format!("deploy {line} --progress json")).expect(0));
    let told = told.iter().filter_map(|told| {
        let (what, object) = told.split_once(' ')?;
        let (kind, name) = object.split_once('/')?;
        let is_it = |hook: &Value| hook["kind"] == kind && hook["metadata"]["name"] == name;
        let is_one = |hooks: &[Value]| hooks.iter().any(is_it);
        match what {
            "create" | "recreate" if is_one(anew) => Some(format!("make {object}")),
            "ready" if is_one(anew) && runs(kind) => Some(format!("ready {object}")),
            // What hooks may be made of comes before them.
            "create" | "recreate" | "update"
                if !is_one(hooks) && kind != "CustomResourceDefinition" =>
            {
                Some(REST.to_owned())
            }
            _ => None,
        }
    });
    let mut told: Vec<String> = told.collect();
    told.dedup();
    told
}

fn public_charts_come_and_go(place: &Place) {
    let charts = charts(place);
    assert!(!charts.is_empty(), "there is no chart in WORKLOADCTL_TEST_CHARTS");
    side_by_side(charts.into_iter().enumerate().collect(), 2, |(number, chart)| {
        let name = &place.instance(&format!("-{number}"));
        let shown = chart.folder.display();
        let hooks = hooks_of(place, &chart, name);
        let line = format!("{name} -f {shown}{}", chart.install);
        assert_eq!(seen(place, &line, &hooks, &hooks), turns(&hooks, "install"), "{shown}");
        is_unchanged(place, &line);
        // What is kept from the release before is not made again.
        let mut anew = hooks.clone();
        anew.retain(|hook| {
            let policy = &hook["metadata"]["annotations"]["helm.sh/hook-delete-policy"];
            hook["kind"].as_str().is_some_and(runs)
                || policy.as_str().is_none_or(|it| it.contains("before-hook-creation"))
        });
        let line = format!("{name} -f {shown}{}", chart.upgrade);
        assert_eq!(seen(place, &line, &hooks, &anew), turns(&anew, "upgrade"), "{shown}");
        let told = run(place, &format!("status {name} -o json --exit-code")).expect(0).json();
        assert_eq!(
            (&told["status"], &told["release"]),
            (&"Healthy".into(), &2.into()),
            "{shown}: {told}"
        );
        let line = line.replace(" --restart", "");
        is_unchanged(place, &line);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(name), Vec::<String>::new(), "{shown}");
    });
}

/// Takes over what Helm installed, and changes nothing on the way.
fn is_taken_over(place: &Place, release: &str, flags: &str) {
    let (home, name) =
        (place.instance(&format!("-{release}")), place.instance(&format!("-{release}-own")));
    let install =
        format!("install {release} {} -n {home} --create-namespace --wait {flags}", shop());
    helm(place, &install);
    let path = format!("/apis/apps/v1/namespaces/{home}/deployments/{release}-web");
    let before = place.get(&path).unwrap();
    place.run(&format!("import {name} --from-helm {release} -n {home}")).expect(0);
    let plan = place.run(&format!("plan {name} --adopt -o json")).expect(0).json();
    assert_eq!(plan["counts"]["adopt"], 5, "{plan}");
    let changes = ["create", "update", "recreate", "prune", "blocked"];
    assert!(changes.iter().all(|change| plan["counts"][change] == 0), "{plan}");
    place.run(&format!("deploy {name} --adopt")).expect(0);
    place.run(&format!("plan {name} --exit-code")).expect(0);
    let after = place.get(&path).unwrap();
    assert_eq!(
        (&before["spec"], &before["metadata"]["uid"]),
        (&after["spec"], &after["metadata"]["uid"])
    );
    place.run(&format!("delete {name} --yes")).expect(0);
    remove_namespace(place, &home);
}

mod control_plane {
    use super::*;

    #[test]
    fn a_chart_is_deployed_from_its_folder_its_package_and_a_pipe() {
        a_chart_is_deployed(&Place::sandbox("a_chart_is_deployed"));
        a_chart_is_deployed(&Place::control_plane("a_chart_is_deployed"));
    }

    #[test]
    fn charts_of_public_projects_come_and_go() {
        public_charts_come_and_go(&Place::sandbox("public_charts"));
        public_charts_come_and_go(&Place::control_plane("public_charts"));
    }

    /// As Helm 4 does by default, and as Helm 3 did.
    #[test]
    fn releases_of_helm_are_imported() {
        let place = &Place::control_plane("releases_of_helm");
        is_taken_over(place, "four", "");
        is_taken_over(place, "three", "--server-side=false");
    }
    /// Helm's own commands, on a sandbox that is served.
    #[test]
    fn helm_works_on_a_served_sandbox() {
        let place = &Place::sandbox("helm_served");
        let server = Server::start(place);
        let helm = |line: &str| {
            helm(place, &format!("{line} --kubeconfig {}", server.kubeconfig.display()))
        };
        helm(&format!("install shop {} -n shop --create-namespace --wait --timeout 60s", shop()));
        let stateful = "/apis/apps/v1/namespaces/shop/statefulsets/shop-cache";
        assert_eq!(place.get(stateful).unwrap()["status"]["readyReplicas"], 1);
        helm(&format!("upgrade shop {} -n shop --set greeting=hi --wait --timeout 60s", shop()));
        let conf = || place.get("/api/v1/namespaces/shop/configmaps/shop-conf");
        assert_eq!(conf().unwrap()["data"]["GREETING"], "hi");
        let history = helm("history shop -n shop -o json");
        let history: Value = serde_json::from_str(&history).unwrap();
        let status = |number: usize| history[number]["status"].clone();
        assert_eq!((status(0), status(1)), ("superseded".into(), "deployed".into()));
        let tested = helm("test shop -n shop --timeout 60s");
        assert!(tested.contains("Phase:          Succeeded"), "{tested}");
        helm("rollback shop 1 -n shop --wait --timeout 60s");
        assert_ne!(conf().unwrap()["data"]["GREETING"], "hi");
        helm("uninstall shop -n shop --wait --timeout 60s");
        assert_eq!((conf(), place.get(stateful)), (None, None));
        assert_eq!(helm("list -n shop -q"), "");
    }
}
