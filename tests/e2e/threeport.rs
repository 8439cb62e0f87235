//! The guides of Threeport, step by step, with its own config files and a kubeconfig's context in
//! place of its runtime.

use crate::harness::Place;

/// Copies the samples, their names those of the test.
fn samples(place: &Place) -> String {
    let name = place.instance("");
    place.instance("-01");
    let folder = place.example("threeport");
    for file in ["workload-local", "workload-definition-local", "workload-instance-local"] {
        let path = folder.join(format!("wordpress-{file}.yaml"));
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text
            .replace("Name: \"wordpress\"", &format!("Name: \"{name}\""))
            .replace("Name: wordpress", &format!("Name: {name}"));
        std::fs::write(path, text).unwrap();
    }
    name
}

on_both! {
    fn the_guide_of_a_local_workload(place) {
        let name = samples(place);
        let created = place.run("deploy -f threeport/wordpress-workload-local.yaml -o json").expect(0).json();
        assert_eq!((&created["deploys"][0]["outcome"], &created["deploys"][0]["counts"]["create"]), (&"ready".into(), &10.into()), "{created}");
        // Nine objects that say `default`, and the namespace that the instance made.
        let service = format!("/api/v1/namespaces/{name}/services/getting-started-wordpress");
        assert!(place.get(&service).is_some());
        assert!(place.get("/api/v1/namespaces/default/services/getting-started-wordpress").is_none());
        let status = place.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(status["status"], "Healthy", "{status}");
        let again = place.run("deploy -f threeport/wordpress-workload-local.yaml -o json").expect(0).json();
        assert_eq!(again["deploys"][0]["outcome"], "unchanged", "{again}");
        // The definition and a second instance of it, each in a file of its own.
        place.run("definition apply -f threeport/wordpress-workload-definition-local.yaml").expect(0);
        place.run("instance create -f threeport/wordpress-workload-instance-local.yaml").expect(0);
        place.run("deploy -f threeport/wordpress-workload-instance-local.yaml").expect(0);
        place.run("delete -f threeport/wordpress-workload-definition-local.yaml --yes").expect(5);
        place.run("delete -f threeport/wordpress-workload-instance-local.yaml --yes").expect(0);
        snapshot!(place.told("delete -f threeport/wordpress-workload-local.yaml --yes --progress none"), @"
        $ workloadctl delete -f threeport/wordpress-POD.yaml --yes --progress none
        exit code 0
        --- stdout
        NAME deleted from RUNTIME: 10 deleted; in N s
        --- stderr
        goes along: 1 PersistentVolumeClaim with its data (PersistentVolumeClaim/data-getting-started-mariadb-0)
        definition NAME deleted
        ");
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn the_guide_of_namespaces(place) {
        let name = place.instance("");
        for suffix in ["-u0", "-u1", "-m0", "-m1"] {
            place.instance(suffix);
        }
        let pod = |namespace: &str| format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: nginx\n{namespace}spec:\n  containers:\n  \
             - name: nginx\n    image: nginx:1.14.2\n    ports:\n    - containerPort: 80\n"
        );
        let own = format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n---\n");
        place.write("unmanaged-manifest.yaml", &format!("{own}{}", pod(&format!("  namespace: {name}\n"))));
        place.write("managed-manifest.yaml", &pod(""));
        for kind in ["unmanaged", "managed"] {
            let short = &kind[..1];
            place.write(&format!("{kind}.yaml"), &format!("WorkloadDefinition:\n  Name: {name}-{short}\n  YAMLDocument: {kind}-manifest.yaml\n"));
            for number in [0, 1] {
                let text = format!("WorkloadInstance:\n  Name: {name}-{short}{number}\n  WorkloadDefinition:\n    Name: {name}-{short}\n");
                place.write(&format!("{kind}-{number}.yaml"), &text);
            }
            place.run(&format!("definition apply -f {kind}.yaml")).expect(0);
        }
        place.run("deploy -f unmanaged-0.yaml").expect(0);
        assert!(place.get(&format!("/api/v1/namespaces/{name}/pods/nginx")).is_some());
        let second = place.run("deploy -f unmanaged-1.yaml -o json").expect(5).json();
        assert_eq!(second["deploys"][0]["error"]["code"], "own-namespaces-taken", "{second}");
        // Those whose namespace is managed live side by side.
        place.run("deploy -f managed-0.yaml").expect(0);
        place.run("deploy -f managed-1.yaml").expect(0);
        for number in [0, 1] {
            assert!(place.get(&format!("/api/v1/namespaces/{name}-m{number}/pods/nginx")).is_some());
        }
        for file in ["managed-0", "managed-1", "unmanaged-0"] {
            place.run(&format!("delete -f {file}.yaml --yes")).expect(0);
        }
        place.run("delete -f managed.yaml --yes").expect(0);
        place.run("delete -f unmanaged.yaml --yes").expect(0);
        assert_eq!(place.run("definition list -o name").stdout, "");
        assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    }

    /// Without the members that need Threeport's control plane, and with a password once.
    fn the_sample_of_a_remote_workload_is_mended(place) {
        let place = place.behind_proxy();
        let name = samples(&place);
        place.write("login", "#!/bin/sh\necho run >> \"$(dirname \"$0\")/runs\"\necho '{\"status\": {\"token\": \"t\"}}'\n");
        std::process::Command::new("chmod").arg("+x").arg(place.path("login")).status().unwrap();
        place.log_in("{exec: {command: ./login, apiVersion: client.authentication.k8s.io/v1}}");
        let read = |file: &str| std::fs::read_to_string(place.path(file)).unwrap();
        let sample = read("threeport/wordpress-workload-remote.yaml");
        let (kept, _) = sample.split_once("  AwsRelationalDatabase").unwrap();
        let kept = kept
            .replace("\"wordpress\"", &format!("{name:?}"))
            .replace("eks-k8s-runtime", "faulty")
            .replace("wordpress-manifest-local", "remote-manifest");
        place.write("threeport/remote.yaml", &kept);
        let twice = "          env:\n            - {name: WORDPRESS_PASSWORD, value: a}\n            \
             - {name: WORDPRESS_PASSWORD, value: b}\n";
        let manifest = read("threeport/wordpress-manifest-local.yaml");
        let wrong = manifest.replacen("          env:\n", twice, 1);
        place.write("threeport/remote-manifest.yaml", &wrong);
        snapshot!(place.told("deploy -f threeport/remote.yaml --progress none"), @"
        $ workloadctl deploy -f threeport/remote.yaml --progress none
        exit code 2
        --- stderr
        error: threeport/remote-manifest.yaml:162:16: Deployment/getting-started-wordpress: `spec.template.spec.containers[0].env[1]` has `name: WORDPRESS_PASSWORD` like an item before it
          162 |  - {name: WORDPRESS_PASSWORD, value: b}
              |  ^^^^
        hint: `--validate warn` leaves the decision to the server
        ");
        place.write("threeport/remote-manifest.yaml", &wrong.replacen("            - {name: WORDPRESS_PASSWORD, value: b}\n", "", 1));
        assert!(!place.path("runs").exists(), "nobody was asked");
        place.run("deploy -f threeport/remote.yaml").expect(0);
        assert_ne!(read("runs"), "");
        place.run("delete -f threeport/remote.yaml --yes").expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn an_overlay_changes_its_instance_alone(place) {
        let name = place.instance("");
        place.write("m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n");
        place.write("d.yaml", &format!("KubernetesWorkloadDefinition:\n  Name: {name}\n  YAMLDocument: m.yaml\n"));
        place.write("i.yaml", &format!(
            "KubernetesWorkloadInstance:\n  Name: {name}\n  KubernetesRuntimeInstance:\n    Name: {}\n  \
             KubernetesWorkloadDefinition:\n    Name: {name}\n  KustomizeOverlay: |\n    patches:\n    - patch: |\n        \
             kind: ConfigMap\n        metadata: {{name: a}}\n        data: {{x: '2'}}\n", place.runtime));
        place.run("definition apply -f d.yaml").expect(0);
        place.run("deploy -f i.yaml").expect(0);
        let live = place.get(&format!("/api/v1/namespaces/{name}/configmaps/a")).unwrap();
        assert_eq!(live["data"]["x"], "2");
    }
}
