//! Applications: several workloads in one file, deployed, changed, failing and deleted as a group.

use std::process::Command;

use crate::harness::Place;

/// Copies the example, its instances called after the test.
fn application(place: &Place) -> String {
    let name = place.instance("");
    for part in ["cache", "api", "web"] {
        place.instance(&format!("-{part}"));
        place.example(&format!("application/{part}"));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/application/app.yaml");
    let text = std::fs::read_to_string(file).unwrap().replace("shop-", &format!("{name}-"));
    place.write("application/app.yaml", &text);
    name
}

/// Leaves out the instances' own lines of progress.
fn answer(place: &Place, line: &str) -> String {
    place.told(&format!("{line} --progress none"))
}

on_both! {
    fn an_application_lives_and_goes_as_a_group(place) {
        let name = application(place);
        snapshot!(answer(place, "deploy -f application/app.yaml"), @"
        $ workloadctl deploy -f application/app.yaml --progress none
        exit code 0
        --- stdout
        NAME-cache deployed to RUNTIME (release 1, NAME-cache revision 1): 3 created; ready in N s
        namespace NAME-cache
        NAME-api deployed to RUNTIME (release 1, NAME-api revision 1): 3 created; ready in N s
        namespace NAME-api
        NAME-web deployed to RUNTIME (release 1, NAME-web revision 1): 3 created; ready in N s
        namespace NAME-web
        application/app.yaml: 3 ready
        --- stderr
        NAME-cache: runtime RUNTIME: WORKLOADCTL_RUNTIME
        NAME-api: Deployment/api: replicas is 2
        NAME-api: runtime RUNTIME: WORKLOADCTL_RUNTIME
        NAME-web: Deployment/web: patched
        NAME-web: runtime RUNTIME: WORKLOADCTL_RUNTIME
        ");
        let image = "deploy -f application/app.yaml --image api=busybox:1.38 -o json";
        let changed = place.run(image).expect(0).json();
        let outcomes: Vec<&str> =
            changed["deploys"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["unchanged", "ready", "unchanged"], "{changed}");
        let api = place.get(&format!("/apis/apps/v1/namespaces/{name}-api/deployments/api")).unwrap();
        assert_eq!((api["spec"]["replicas"].as_u64(), &api["spec"]["template"]["spec"]["containers"][0]["image"]), (Some(2), &"busybox:1.38".into()));
        let web = place.get(&format!("/apis/apps/v1/namespaces/{name}-web/deployments/web")).unwrap();
        assert_eq!(web["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], 5);
        // With the file its overrides count, and nothing else.
        snapshot!(place.told("plan -f application/app.yaml --exit-code -q"), @"
        $ workloadctl plan -f application/app.yaml --exit-code -q
        exit code 4
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-cache  -  -
        unchanged  Deployment/cache  NAME-cache  -
        unchanged  Service/cache  NAME-cache  -
        NAME-cache on RUNTIME: 3 unchanged
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-api  -  -
        update  Deployment/api  NAME-api  -
        unchanged  Service/api  NAME-api  -
        NAME-api on RUNTIME: 1 to update, 2 unchanged
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-web  -  -
        unchanged  Deployment/web  NAME-web  -
        unchanged  Service/web  NAME-web  -
        NAME-web on RUNTIME: 3 unchanged
        application/app.yaml: 3 planned
        ");
        place.run("status -f application/app.yaml --exit-code").expect(0);
        // Somebody else, with an empty disk.
        let other = place.elsewhere();
        std::fs::create_dir_all(other.path("application")).unwrap();
        for part in ["cache", "api", "web"] {
            other.example(&format!("application/{part}"));
        }
        std::fs::copy(place.path("application/app.yaml"), other.path("application/app.yaml")).unwrap();
        let seen = other.run("status -f application/app.yaml -o json").expect(0).json();
        assert_eq!(seen["instances"].as_array().unwrap().len(), 3, "{seen}");
        snapshot!(answer(place, "delete -f application/app.yaml --yes"), @"
        $ workloadctl delete -f application/app.yaml --yes --progress none
        exit code 0
        --- stdout
        NAME-web deleted from RUNTIME: 3 deleted; in N s
        NAME-api deleted from RUNTIME: 3 deleted; in N s
        NAME-cache deleted from RUNTIME: 3 deleted; in N s
        application/app.yaml: 3 deleted
        --- stderr
        definition NAME-cache deleted
        definition NAME-api deleted
        definition NAME-web deleted
        ");
        for part in ["cache", "api", "web"] {
            assert_eq!(place.leftovers(&format!("{name}-{part}")), Vec::<String>::new());
        }
        assert_eq!(place.run("definition list -o name").stdout, "");
    }

    fn what_depends_on_a_failed_one_is_not_begun(place) {
        let name = application(place);
        let file = place.path("application/app.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let pull = "      patches:\n        - kind: Deployment\n          metadata: {name: api}\n          \
                    spec: {template: {metadata: {annotations: {test.workloadctl/fail: image-pull}}}}\n";
        let replicas = "      replicas: {Deployment/api: 2}\n";
        std::fs::write(&file, text.replace(replicas, pull)).unwrap();
        let failed = place.run("deploy -f application/app.yaml -o json").expect(3).json();
        let codes: Vec<&str> = failed["deploys"].as_array().unwrap().iter().map(|one| one["error"]["code"].as_str().unwrap_or("-")).collect();
        assert_eq!(codes, ["-", "not-ready", "dependency-failed"], "{failed}");
        assert!(place.get(&format!("/api/v1/namespaces/{name}-web")).is_none());
        // What was deployed in part goes as a group.
        let gone = place.run("delete -f application/app.yaml --yes").expect(0).stdout;
        assert!(gone.ends_with("application/app.yaml: 1 not there, 2 deleted\n"), "{gone}");
        place.run("delete -f application/app.yaml --yes").expect(1);
        place.run("deploy -f application/app.yaml").expect(3);
        // Alone it waits for those that are not deployed with it, and they are looked at.
        let alone = format!("deploy -f application/app.yaml {name}-web --timeout 2s -o json");
        let left = place.run(&alone).expect(3).json();
        assert_eq!(left["error"]["code"], "dependency-failed", "{left}");
        std::fs::write(&file, text).unwrap();
        place.run("deploy -f application/app.yaml").expect(0);
        // An instance that left the file is named with what removes it.
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace(&format!("- name: {name}-web"), &format!("- name: {name}"))).unwrap();
        let told = place.run("deploy -f application/app.yaml").expect(0).stderr;
        assert!(told.contains(&format!("`workloadctl delete {name}-web` removes it")), "{told}");
    }

    fn what_depends_on_the_deleted_one_is_named(place) {
        let name = application(place);
        place.run("deploy -f application/app.yaml").expect(0);
        snapshot!(answer(place, &format!("delete -f application/app.yaml {name}-api --yes")), @"
        $ workloadctl delete -f application/app.yaml NAME-api --yes --progress none
        exit code 0
        --- stdout
        NAME-api deleted from RUNTIME: 3 deleted; in N s
        --- stderr
        warning: application/app.yaml: `NAME-web` stays, and depends on `NAME-api`
        ");
        // Together nobody is left behind.
        let told = place.run(&format!("delete -f application/app.yaml {name}-cache {name}-web --yes")).expect(0).stderr;
        assert!(told.contains(&format!("`{name}-api` stays, and depends on `{name}-cache`")) && !told.contains("-web` stays"), "{told}");
    }

    fn a_signal_ends_all_in_order(place) {
        let name = application(place);
        let file = place.path("application/app.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        // What the others depend on never becomes ready.
        let first = format!("    - name: {name}-cache\n");
        let never = format!(
            "{first}      patches:\n        - kind: Deployment\n          \
             metadata: {{name: cache, annotations: {{workloadctl/ready-when: condition=Never}}}}\n"
        );
        std::fs::write(&file, text.replace(&first, &never)).unwrap();
        let mut running = place.follow("deploy -f application/app.yaml");
        assert!(running.until(|line| line.ends_with("waiting")));
        let pid = running.child().id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let ended = running.end();
        assert_eq!(ended.code, 130, "{}", ended.stderr);
        assert!(place.get(&format!("/api/v1/namespaces/{name}-api")).is_none());
        let seen = place.run(&format!("instance show {name}-cache --field outcome")).expect(0);
        assert_eq!(seen.stdout, "interrupted\n");
    }

    fn instances_of_one_definition_share_its_revision(place) {
        let name = place.instance("");
        let names = ["-1", "-2", "-3"].map(|suffix| place.instance(suffix));
        let config = |value: u8| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{x: '{value}'}}\n");
        let instances: String = names.iter().map(|name| format!("  - name: {name}\n")).collect();
        place.write("app.yaml", &format!(
            "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {{name: {name}}}\nspec:\n  \
             manifests: [k8s]\n  instances:\n{instances}"
        ));
        for revision in [1, 2] {
            place.write("k8s/a.yaml", &config(revision));
            let answer = place.run("deploy -f app.yaml -o json").expect(0).json();
            let seen: Vec<_> = answer["deploys"].as_array().unwrap().iter()
                .map(|one| (one["name"].as_str().unwrap(), one["revision"].as_u64(), one["outcome"].as_str().unwrap()))
                .collect();
            let wanted: Vec<_> = names.iter().map(|name| (name.as_str(), Some(u64::from(revision)), "ready")).collect();
            assert_eq!(seen, wanted, "{answer}");
        }
        let sheet = place.run(&format!("definition show {name} -o json")).expect(0).json();
        assert_eq!(sheet["revisions"].as_array().unwrap().len(), 2, "{sheet}");
        let again = place.run("deploy -f app.yaml -o json").expect(0).json();
        assert!(again["deploys"].as_array().unwrap().iter().all(|one| one["outcome"] == "unchanged"), "{again}");
        // One of them, as it would be sent.
        let rendered = place.run(&format!("render {} -f app.yaml", names[0])).expect(0).stdout;
        assert!(rendered.contains(&format!("namespace: {}", names[0])), "{rendered}");
    }

    fn a_job_of_a_ci_system_is_one_line(place) {
        let name = application(place);
        place.run("deploy -f application/app.yaml").expect(0);
        // Its disk is empty, and somebody else deployed before.
        let job = place.elsewhere();
        for part in ["cache", "api", "web"] {
            job.example(&format!("application/{part}"));
        }
        std::fs::copy(place.path("application/app.yaml"), job.path("application/app.yaml")).unwrap();
        let done = job.run("deploy -f application/app.yaml --image web=nginxinc/nginx-unprivileged:1.30-alpine -o json");
        let answer = done.expect(0).json();
        let outcomes: Vec<_> = answer["deploys"].as_array().unwrap().iter().map(|one| (&one["outcome"], &one["release"])).collect();
        assert_eq!(outcomes, [(&"unchanged".into(), &1.into()), (&"unchanged".into(), &1.into()), (&"ready".into(), &2.into())], "{answer}");
        let web = place.get(&format!("/apis/apps/v1/namespaces/{name}-web/deployments/web")).unwrap();
        assert_eq!(web["spec"]["template"]["spec"]["containers"][0]["image"], "nginxinc/nginx-unprivileged:1.30-alpine");
    }
}
