//! docs/guides/from-helm.md with real Helm, on a real server and on a sandbox that is served.

use std::path::Path;

use crate::{
    docs,
    guides_of_tools::{indented, page, path, run, tables},
    harness::{Place, variable},
    helm, imported,
    served::Server,
};

mod control_plane {
    use super::*;

    #[test]
    fn the_table_for_users_of_helm_holds() {
        for place in [Place::sandbox("table_of_helm"), Place::control_plane("table_of_helm")] {
            std::os::unix::fs::symlink(helm::shop(), place.path("chart")).unwrap();
            place.write("values.yaml", "replicas: 2\n");
            let path = format!("{}:{}", helm::home_of_helm().display(), path());
            assert_eq!(
                tables(&place, "from-helm.md", &path, Some("workloadctl deploy web -f ./chart")),
                13
            );
        }
    }

    /// A release of Helm's own is handed over, and forgotten by it.
    fn hand_over(place: &Place, kubeconfig: &Path) {
        let home = imported::live_in(place, "-prod");
        let name = place.instance("-web");
        let path = format!("{}:{}", helm::home_of_helm().display(), path());
        let chart = helm::shop();
        let with = |line: &str| {
            let names = [
                ("web", &*name),
                ("web-prod", &*home),
                ("owner=helm,name=web", &format!("owner=helm,name={name}")),
                ("sandbox", &*place.runtime),
            ];
            let line = match line.starts_with("workloadctl ") {
                true => line.to_owned(),
                false => format!("KUBECONFIG={} {line}", kubeconfig.display()),
            };
            run(place, &path, &line, &names)
        };
        with(&format!("helm install web {chart} -n web-prod --wait"));
        let page = page("from-helm.md");
        for (line, code) in docs::commands("docs/guides/from-helm.md") {
            assert_eq!(code, 0);
            with(&line);
        }
        let [block] = &indented(&page)[..] else { panic!("{page}") };
        for line in block {
            with(line);
        }
        assert_eq!(with("helm list -q -n web-prod").stdout, "");
        let status = place.run(&format!("status {name} --exit-code")).expect(0).stdout;
        assert!(status.contains("Healthy"), "{status}");
    }

    #[test]
    fn a_release_of_helm_is_handed_over() {
        let place = &Place::control_plane("handed_over");
        hand_over(place, Path::new(&variable("KUBECONFIG").unwrap()));
        let place = &Place::sandbox("handed_over");
        let server = Server::start(place);
        hand_over(place, &server.kubeconfig);
    }
}
