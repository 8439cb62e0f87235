//! Releases that can be seen, and returned to.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::harness::{Outcome, Place};

/// What of an object a release brings: neither its status nor what the server counts.
fn brought(place: &Place, path: &str) -> Option<Value> {
    let mut live = place.get(path)?;
    let object = live.as_object_mut().unwrap();
    object.remove("status");
    let metadata = object["metadata"].as_object_mut().unwrap();
    for counted in ["resourceVersion", "generation", "managedFields"] {
        metadata.remove(counted);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("deployment.kubernetes.io/revision");
    }
    Some(live)
}

/// A pod of it cannot pull its image.
const FAILS: &str = ", annotations: {test.workloadctl/fail: image-pull}";

fn set(image: &str, more: &str, pods: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web{more}}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}{pods}}}\n    \
         spec: {{containers: [{{name: web, image: '{image}'}}]}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata: {{image: '{image}'}}\n"
    )
}

const EXTRA: &str = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n";
const ONE: &str = "registry.k8s.io/pause:3.9";
const TWO: &str = "registry.k8s.io/pause:3.10";

on_both! {
    fn a_rollback_brings_back_what_ran(place) {
        let name = &place.instance("");
        let paths = [
            format!("/apis/apps/v1/namespaces/{name}/deployments/web"),
            format!("/api/v1/namespaces/{name}/configmaps/conf"),
            format!("/api/v1/namespaces/{name}/configmaps/extra"),
        ];
        let all = || paths.iter().map(|path| brought(place, path)).collect::<Vec<_>>();
        place.write("set.yaml", &set(ONE, "", ""));
        place.run(&format!("deploy {name} -f set.yaml --replicas Deployment/web=2")).expect(0);
        let first = all();
        let more = ", labels: {tier: front}, annotations: {note: new}";
        place.write("set.yaml", &format!("{}{EXTRA}", set(TWO, more, "")));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let second = all();
        assert_ne!(first, second);
        place.write("set.yaml", &set("registry.example.com/none:1", "", FAILS));
        place.run(&format!("deploy {name} -f set.yaml")).expect(3);

        // The last one failed: back to the one before.
        let plan = place.run(&format!("rollback {name} --dry-run -o json")).expect(0).json();
        assert_eq!(plan["outcome"], "planned", "{plan}");
        assert_ne!(all(), second);
        let back = place.run(&format!("rollback {name} -o json")).expect(0).json();
        assert_eq!((&back["release"], &back["revision"]), (&4.into(), &2.into()), "{back}");
        assert_eq!(all(), second);
        // Overrides come back too: the second release had none.
        place.run(&format!("rollback {name} --to 1")).expect(0);
        assert_eq!(all(), first);
        let again = place.run(&format!("rollback {name} --to 1 -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        // A deploy would go on from there.
        let on = place.run(&format!("plan {name}")).expect(0).stderr;
        let said = format!("{name}: on from revision 1, to which release 5 went back, to revision 3\n");
        assert!(on.contains(&said), "{on}");

        let history = place.run(&format!("history {name} -o json")).expect(0).json();
        let told: Vec<String> = history["releases"].as_array().unwrap().iter().map(|release| {
            let images = release["imagesChanged"].as_array().unwrap();
            let images: Vec<&str> = images.iter().map(|it| it["to"].as_str().unwrap()).collect();
            format!("{} {} {} {:?} {}", release["release"], release["outcome"].as_str().unwrap(),
                release["revision"], images, release["counts"])
        }).collect();
        assert_eq!(told, [
            "5 ready 1 [\"registry.k8s.io/pause:3.9\"] {\"prune\":1,\"unchanged\":1,\"update\":2}",
            "4 ready 2 [\"registry.k8s.io/pause:3.10\"] {\"unchanged\":2,\"update\":2}",
            "3 notReady 3 [\"registry.example.com/none:1\"] {\"unchanged\":1,\"update\":2}",
            "2 ready 2 [\"registry.k8s.io/pause:3.10\"] {\"create\":1,\"unchanged\":1,\"update\":2}",
            "1 ready 1 [\"registry.k8s.io/pause:3.9\"] {\"create\":3}",
        ]);
        let reason = history["releases"][2]["reason"].as_str().unwrap();
        assert!(reason.contains("Deployment/web"), "{reason}");
        // What ran can be printed, and is what was sent.
        let sent = place.run(&format!("render {name} --release 2 -o name")).expect(0).stdout;
        assert_eq!(sent, format!("Namespace/{name}\nDeployment/web\nConfigMap/conf\nConfigMap/extra\n"));
        let read = place.run(&format!("render --definition {name} --revision 3")).expect(0).stdout;
        assert!(read.contains("registry.example.com/none:1"), "{read}");

        // The newest revision is the one that fails; a number says which else.
        let pinned = place.run(&format!("deploy {name} --revision 2 -o json")).expect(0).json();
        assert_eq!(pinned["revision"], 2, "{pinned}");
        let told = place.run(&format!("rollback {name} --to 99")).expect(1).stderr;
        assert!(told.contains("has no release 99 here"), "{told}");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(name), [""; 0]);
    }

    fn a_release_tells_who_made_it_from_where_and_what_ran_at_a_time(place) {
        let name = &place.instance("");
        place.write("set.yaml", EXTRA.trim_start_matches("---\n"));
        let deploy = |edit: &str, commit: &str| {
            let line = format!("deploy {name} -f set.yaml{edit}");
            let mut command = place.command(&line);
            command.env("GITHUB_SHA", commit).env("GITHUB_ACTIONS", "true").env("GITHUB_RUN_ID", "77");
            command.env("GITHUB_SERVER_URL", "https://git.example.com").env("GITHUB_REPOSITORY", "shop/web");
            Outcome::of(&line, command.output().unwrap()).expect(0);
        };
        deploy("", "0123456789abcdef");
        deploy(" --set ConfigMap/extra:data.a=x", "fedcba9876543210");
        let history = place.run(&format!("history {name} -o json")).expect(0).json();
        let (second, first) = (&history["releases"][0], &history["releases"][1]);
        assert_eq!(first["deployer"]["commit"], "0123456789abcdef", "{history}");
        let job = second["deployer"]["job"].as_str().unwrap();
        assert!(job.contains("shop/web") && job.contains("77"), "{job}");
        let wide = place.run(&format!("history {name} -o wide")).expect(0).stdout;
        assert!(wide.contains("COMMIT") && wide.contains("fedcba9"), "{wide}");
        // A moment before the second release the first one was the newest.
        let second: Timestamp = second["deployedAt"].as_str().unwrap().parse().unwrap();
        let first: Timestamp = first["deployedAt"].as_str().unwrap().parse().unwrap();
        let moment = SignedDuration::from_millis(1);
        let at = |at: Timestamp| place.run(&format!("history {name} --at {at} -o name"));
        assert_eq!(at(second - moment).expect(0).stdout, "1\n");
        assert_eq!(at(second).expect(0).stdout, "2\n");
        let before = at(first - moment).expect(1).stderr;
        assert!(before.contains("had no release at"), "{before}");
    }

    /// The same command again must not turn round.
    fn a_rollback_that_is_killed_is_gone_on_with(place) {
        let name = &place.instance("");
        let many = |value: u32| (0..200).map(|number| format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}}}\ndata: {{a: '{value}'}}\n---\n"
        )).collect::<String>();
        for value in [1, 2] {
            place.write("set.yaml", &many(value));
            place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        }
        let mut back = place.follow(&format!("rollback {name}"));
        assert!(back.until(|line| line.starts_with("updated ")), "nothing was updated");
        back.kill();
        let plan = place.run(&format!("rollback {name} --dry-run -o json")).expect(0).json();
        assert_eq!(plan["revision"], 1, "{plan}");
        // The release that was killed is in the record, with what it was to bring.
        place.lose_database();
        let ended = place.run(&format!("rollback {name} -o json --lock-wait 2m")).expect(0).json();
        assert_eq!((&ended["release"], &ended["revision"]), (&4.into(), &1.into()), "{ended}");
        let path = format!("/api/v1/namespaces/{name}/configmaps");
        let maps = place.get(&path).unwrap();
        let maps = maps["items"].as_array().unwrap();
        assert_eq!(maps.iter().filter(|it| it["data"]["a"] == "1").count(), 200);
    }

    /// The record of a release that failed has the last good one beside it.
    fn a_rollback_needs_no_database(place) {
        let name = &place.instance("");
        place.write("set.yaml", &set(ONE, "", ""));
        place.run(&format!("deploy {name} -f set.yaml --image web={TWO}")).expect(0);
        let path = format!("/apis/apps/v1/namespaces/{name}/deployments/web");
        let good = brought(place, &path);
        place.write("set.yaml", &set("registry.example.com/none:1", "", FAILS));
        place.run(&format!("deploy {name} -f set.yaml")).expect(3);
        place.lose_database();
        let back = place.run(&format!("rollback {name} -o json")).expect(0).json();
        assert_eq!(back["release"], 3, "{back}");
        assert_eq!(brought(place, &path), good);
        let none = place.run(&format!("rollback {name} --to 1")).expect(0);
        assert!(none.stdout.contains("unchanged"), "{}", none.stdout);
    }

    /// As each run of a CI job does: what it found on the cluster is what it may have to return to.
    fn what_ran_before_an_empty_disk_is_returned_to(place) {
        let name = &place.instance("");
        for image in [ONE, TWO] {
            place.write("set.yaml", &set(image, "", ""));
            place.run(&format!("deploy {name} -f set.yaml --replicas Deployment/web=2")).expect(0);
        }
        let path = format!("/apis/apps/v1/namespaces/{name}/deployments/web");
        let before = brought(place, &path);
        place.lose_database();
        let same = place.run(&format!("deploy {name} -f set.yaml --replicas Deployment/web=2 --dry-run -o json")).expect(0).json();
        assert_eq!(same["revision"], 2, "{same}");
        place.write("set.yaml", &set(ONE, ", labels: {tier: front}", ""));
        let next = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!((&next["release"], &next["revision"]), (&3.into(), &3.into()), "{next}");
        let back = place.run(&format!("rollback {name} -o json")).expect(0).json();
        assert_eq!((&back["release"], &back["revision"]), (&4.into(), &2.into()), "{back}");
        assert_eq!(brought(place, &path), before);
    }
}

/// Where nothing says how the cluster is reached, the cause is told once, with what helps.
#[test]
fn control_plane_a_rollback_without_a_kubeconfig_says_what_helps() {
    let place = &Place::control_plane("unreached");
    let name = &place.instance("");
    for image in [ONE, TWO] {
        place.write("set.yaml", &set(image, "", ""));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    }
    place.write("none.yaml", "apiVersion: v1\nkind: Config\n");
    let ask = |line: &str, kubeconfig: Option<&str>| {
        let mut command = place.command(line);
        command.env_remove("WORKLOADCTL_RUNTIME").env_remove("KUBECONFIG");
        kubeconfig.map(|file| command.env("KUBECONFIG", place.path(file)));
        place.shown(&Outcome::of(line, command.output().unwrap()))
    };
    let back = format!("rollback {name}");
    let asked = [
        ask(&back, None),
        ask(&back, Some("none.yaml")),
        ask(&format!("{back} --kubeconfig missing.yaml"), None),
    ];
    snapshot!(asked.join("\n"), @"
    $ workloadctl rollback NAME
    exit code 7
    --- stderr
    error: `NAME` runs on context `RUNTIME`, and there is no kubeconfig with a context: looked at ~/.kube/config
    hint: set KUBECONFIG or `--kubeconfig FILE`; if the cluster is gone: `workloadctl delete NAME --forget`

    $ workloadctl rollback NAME
    exit code 7
    --- stderr
    error: `NAME` runs on context `RUNTIME`, and there is no kubeconfig with a context: looked at ~/none.yaml
    hint: set KUBECONFIG or `--kubeconfig FILE`; if the cluster is gone: `workloadctl delete NAME --forget`

    $ workloadctl rollback NAME --kubeconfig missing.yaml
    exit code 2
    --- stderr
    error: kubeconfig ~/missing.yaml does not exist
    hint: `--kubeconfig` takes a file; without it KUBECONFIG or ~/.kube/config counts
    ");
    place.run(&format!("rollback {name}")).expect(0);
}
