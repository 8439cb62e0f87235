//! Real Helm, as `tests/control-plane/run` brings it: charts that it renders, and releases that it
//! installed. Each test runs on both backends, and belongs to the half that needs a server.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use http::Method;
use serde_json::json;
use workloadctl::testing::Request;

use crate::{
    harness::{Outcome, Place, side_by_side, variable},
    hooks::{done, runs},
    served::Server,
};

/// Gives the folder that Helm is in.
fn home_of_helm() -> PathBuf {
    let path = variable("PATH").unwrap();
    let mut folders = std::env::split_paths(&path);
    let found =
        folders.find(|folder| folder.join("helm").is_file() && folder.join("charts").is_dir());
    found.expect("Helm comes with `tests/control-plane/run -- cargo test --test e2e`")
}

/// The chart of the repository: a subchart, hooks with weights, an object that is kept.
fn shop() -> String {
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
    let names = runs(&told).into_iter();
    names.map(|job| job.strip_prefix(&format!("{name}-")).unwrap_or(job).to_owned()).collect()
}

/// Tells whether a command does nothing: no write, no hook.
fn is_unchanged(outcome: Outcome) {
    let told = outcome.expect(0).json();
    assert_eq!(told["outcome"], "unchanged", "{told}");
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
    is_unchanged(run(place, &format!("deploy {name} {folder} -o json")));

    let two = "--helm-set replicas=2";
    assert_eq!(jobs(place, name, &format!("-f {chart} {two}")), ["check", "migrate"]);
    assert_eq!(map("conf").unwrap()["data"]["GREETING"], "hello");
    // The same chart as a package, and through a pipe.
    helm(place, &format!("package {chart} -d ."));
    is_unchanged(run(place, &format!("deploy {name} -f shop-1.0.0.tgz {two} -o json")));
    let rendered = helm(place, &format!("template {name} {chart} -n {name} --set replicas=2"));
    place.write("rendered.yaml", &rendered);
    let line = format!("deploy {name} -f - -o json");
    let stdin = Stdio::from(std::fs::File::open(place.path("rendered.yaml")).unwrap());
    is_unchanged(Outcome::of(&line, place.command(&line).stdin(stdin).output().unwrap()));

    // What asks to be kept stays, with its namespace.
    place.run(&format!("delete {name} --yes")).expect(0);
    assert!(map("kept").is_some() && map("conf").is_none());
    remove_namespace(place, name);
}

/// A chart of a public project: with what it is installed and upgraded, and the Jobs that run then.
struct Chart {
    name: &'static str,
    flags: &'static str,
    change: &'static str,
    installing: &'static [&'static str],
    upgrading: &'static [&'static str],
}

const CHARTS: [Chart; 5] = [
    Chart {
        name: "external-dns",
        flags: "",
        change: "interval=2m",
        installing: &[],
        upgrading: &[],
    },
    Chart {
        name: "ingress-nginx",
        // Its webhook must not judge the objects of other tests.
        flags: "--helm-set controller.admissionWebhooks.namespaceSelector.matchLabels.none=such",
        change: "controller.replicaCount=2",
        installing: &["ingress-nginx-admission-create", "ingress-nginx-admission-patch"],
        upgrading: &["ingress-nginx-admission-create", "ingress-nginx-admission-patch"],
    },
    Chart {
        name: "node-feature-discovery",
        flags: "",
        change: "master.replicaCount=2",
        installing: &[],
        upgrading: &[],
    },
    Chart {
        name: "sealed-secrets",
        flags: "",
        change: "keyrenewperiod=20d",
        installing: &[],
        upgrading: &[],
    },
    Chart {
        name: "secrets-store-csi-driver",
        flags: "",
        change: "logVerbosity=1",
        installing: &["secrets-store-csi-driver-upgrade-crds"],
        upgrading: &["secrets-store-csi-driver-upgrade-crds", "secrets-store-csi-driver-keep-crds"],
    },
];

fn public_charts_come_and_go(place: &Place) {
    side_by_side(CHARTS.iter().collect(), 2, |chart| {
        let Chart { name: chart, flags, change, installing, upgrading } = chart;
        let name = &place.instance(&format!("-{}", &chart[..4].trim_end_matches('-')));
        let flags = format!("-f {} {flags}", home_of_helm().join("charts").join(chart).display());
        assert_eq!(jobs(place, name, &flags), *installing, "{chart}");
        is_unchanged(run(place, &format!("deploy {name} {flags} -o json")));
        let flags = format!("{flags} --helm-set {change}");
        assert_eq!(jobs(place, name, &flags), *upgrading, "{chart}");
        let told = run(place, &format!("status {name} -o json --exit-code")).expect(0).json();
        assert_eq!(
            (&told["status"], &told["release"]),
            (&"Healthy".into(), &2.into()),
            "{chart}: {told}"
        );
        is_unchanged(run(place, &format!("deploy {name} {flags} -o json")));
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(name), Vec::<String>::new(), "{chart}");
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
        let history: serde_json::Value = serde_json::from_str(&history).unwrap();
        let status = |number: usize| history[number]["status"].clone();
        assert_eq!((status(0), status(1)), ("superseded".into(), "deployed".into()));
        helm("rollback shop 1 -n shop --wait --timeout 60s");
        assert_ne!(conf().unwrap()["data"]["GREETING"], "hi");
        helm("uninstall shop -n shop --wait --timeout 60s");
        assert_eq!((conf(), place.get(stateful)), (None, None));
        assert_eq!(helm("list -n shop -q"), "");
    }
}
