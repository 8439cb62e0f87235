//! `--load-images`: from a build on this machine to pods that run it. The programs of kind, k3d and
//! minikube are stand-ins that record how they are called; the cluster is reached by such a context.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    harness::{Outcome, Place},
    pty::Terminal,
};

/// Two Deployments, of which one has an image that is built here.
fn set() -> String {
    let deployment = |name: &str, image: &str| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  \
             selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    \
             spec: {{containers: [{{name: c, image: '{image}', imagePullPolicy: IfNotPresent}}]}}\n"
        )
    };
    deployment("web", "web:dev") + &deployment("cache", "redis:8")
}

/// A place with a context of each kind of cluster, and a folder of programs.
pub(crate) fn place(base: &Place) -> Place {
    let place = base.behind_proxy();
    place.contexts(&["kind-dev", "k3d-dev", "minikube", "prod"], None);
    place.write("set.yaml", &set());
    fs::create_dir(place.path("bin")).unwrap();
    place
}

/// Writes a program that records its calls, and answers by the cases of a shell.
pub(crate) fn program(place: &Place, name: &str, cases: &str) {
    let home = place.path("").display().to_string();
    let cat = "cat() { while IFS= read -r line; do printf '%s\\n' \"$line\"; done < \"$1\"; }";
    let text = format!(
        "#!/bin/sh\n{cat}\ncd {home}\necho \"{name} $*\" >> calls\ncase \"$*\" in\n{cases}\nesac\n"
    );
    let path = place.write(&format!("bin/{name}"), &text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// An image as docker describes it.
pub(crate) fn image(name: &str, id: &str, created: &str, pulled: bool) -> String {
    let digest = if pulled { format!("\"{name}@sha256:0\"") } else { String::new() };
    format!(
        r#"{{"Id":"sha256:{id}","RepoTags":["{name}"],"RepoDigests":[{digest}],"Created":"{created}","RootFS":{{"Layers":["sha256:l{id}"]}}}}"#
    )
}

/// What a node lists.
pub(crate) fn listed(images: &[(&str, &str)]) -> String {
    let images = images.iter().map(|(name, id)| {
        format!(r#"{{"id":"sha256:{id}","repoTags":["docker.io/library/{name}"]}}"#)
    });
    format!("{{\"images\":[{}]}}\n", images.collect::<Vec<_>>().join(","))
}

/// docker, with what was built and pulled here, and with nodes that are its containers.
fn docker(place: &Place, nodes: &str) {
    let here = [
        image("web:dev", "new", "2026-01-02T00:00:00Z", false),
        image("redis:8", "redis", "2026-01-01T00:00:00Z", true),
    ];
    place.write("here.json", &format!("[{}]\n", here.join(",")));
    let spec = r#"{"info":{"imageSpec":{"created":"2026-01-01T00:00:00Z","rootfs":{"diff_ids":["sha256:lold"]}}}}"#;
    place.write("inspected.json", &format!("{spec}\n"));
    let cases = format!(
        "'ps '*) printf '{nodes}' ;;\n'image inspect'*) cat here.json; exit 1 ;;\n\
         *'crictl images'*) cat node.json ;;\n*inspecti*) cat inspected.json ;;"
    );
    program(place, "docker", &cases);
}

pub(crate) fn command(place: &Place, line: &str) -> Command {
    let mut command = place.command(line);
    command.env("PATH", place.path("bin"));
    command
}

fn run(place: &Place, line: &str) -> Outcome {
    Outcome::of(line, command(place, line).output().unwrap())
}

/// Takes what was called so far.
fn calls(place: &Place) -> Vec<String> {
    let file = place.path("calls");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    let home = place.path("").display().to_string();
    let mut calls: Vec<String> = text.lines().map(|line| line.replace(&home, "HOME/")).collect();
    calls.sort();
    calls
}

/// Gives the time at which the pods of a Deployment were restarted.
fn restarted(place: &Place, name: &str, deployment: &str) -> Option<String> {
    let path = format!("/apis/apps/v1/namespaces/{name}/deployments/{deployment}");
    let live: Value = place.get(&path).unwrap();
    let annotations = &live["spec"]["template"]["metadata"]["annotations"];
    annotations["workloadctl/restartedAt"].as_str().map(str::to_owned)
}

fn told(outcome: &Outcome, of: &str) -> Vec<String> {
    outcome.stderr.lines().filter(|line| line.contains(of)).map(str::to_owned).collect()
}

on_both! {
    fn an_image_that_is_newer_here_is_named_and_loaded_and_just_its_pods_are_restarted(base) {
        let place = &place(base);
        let name = place.instance("");
        docker(place, "dev-control-plane\\ndev-worker\\ndev-external-load-balancer\\n");
        place.write("node.json", &listed(&[("web:dev", "old")]));
        place.write("loaded.json", &listed(&[("web:dev", "new"), ("redis:8", "redis")]));
        let deploy = format!("deploy {name} -f set.yaml --no-wait --runtime kind-dev --progress none");
        // Without kind nothing is attempted, and nothing said.
        let outcome = run(place, &deploy).expect(0);
        assert_eq!((told(&outcome, "images"), calls(place)), (Vec::new(), Vec::new()));
        let outcome = run(place, &format!("{deploy} --load-images")).expect(0);
        snapshot!(told(&outcome, "images").join("\n"), @"--load-images does nothing on kind-dev: kind is not installed");
        assert_eq!(calls(place), Vec::<String>::new());

        program(place, "kind", "load*) cat loaded.json > node.json ;;");
        let outcome = run(place, &deploy).expect(0);
        assert_eq!(outcome.stdout.lines().next(), Some(&*format!("{name} unchanged (release 1)")));
        snapshot!(told(&outcome, "--load-images").join("\n"), @"warning: web:dev is newer here than on the nodes of kind-dev: `--load-images` loads it and restarts Deployment/web");
        snapshot!(calls(place).join("\n"), @"
        docker exec dev-control-plane crictl images -o json
        docker exec dev-control-plane crictl inspecti -o json docker.io/library/web:dev
        docker exec dev-worker crictl images -o json
        docker exec dev-worker crictl inspecti -o json docker.io/library/web:dev
        docker image inspect redis:8 web:dev
        docker ps --filter label=io.x-k8s.kind.cluster=dev --format {{.Names}}
        ");

        // What the nodes could pull is loaded as well where that is said; a plan and a dry run only tell.
        let outcome = run(place, &format!("{deploy} --dry-run --load-images"));
        outcome.expect(0);
        assert!(!calls(place).iter().any(|call| call.starts_with("kind")));
        let outcome = run(place, &format!("{deploy} --load-images")).expect(0);
        snapshot!(told(&outcome, "kind-dev").join("\n"), @"
        loaded redis:8 onto the nodes of kind-dev
        loaded web:dev onto the nodes of kind-dev
        ");
        snapshot!(told(&outcome, "restarting").join("\n"), @"
        restarting Deployment/cache with the redis:8 of this machine
        restarting Deployment/web with the web:dev of this machine
        ");
        let loads: Vec<String> = calls(place).into_iter().filter(|call| call.starts_with("kind")).collect();
        snapshot!(loads.join("\n"), @"kind load docker-image --name dev redis:8 web:dev");
        let first = restarted(place, &name, "web");
        assert!(first.is_some());

        // Now they are the same: nothing is told, loaded or restarted.
        let outcome = run(place, &format!("{deploy} --load-images")).expect(0);
        snapshot!(told(&outcome, "images").join("\n"), @"--load-images does nothing on kind-dev: its nodes have the images of this machine");
        assert!(outcome.stdout.starts_with(&format!("{name} unchanged")), "{}", outcome.stdout);
        assert!(!calls(place).iter().any(|call| call.starts_with("kind")));
        assert_eq!(restarted(place, &name, "web"), first);
    }

    fn what_was_not_loaded_is_not_said_to_be_and_restarts_nothing(base) {
        let place = &place(base);
        let name = place.instance("");
        docker(place, "dev-control-plane\\n");
        place.write("node.json", &listed(&[("web:dev", "old"), ("redis:8", "redis")]));
        let deploy = format!("deploy {name} -f set.yaml --no-wait --runtime kind-dev --progress none");
        run(place, &deploy).expect(0);
        // It says that it has loaded, and has not.
        program(place, "kind", "load*) exit 0 ;;");
        let outcome = run(place, &format!("{deploy} --load-images -o json")).expect(0);
        assert_eq!(outcome.json()["outcome"], "unchanged");
        assert_eq!(outcome.json()["warnings"].as_array().unwrap().len(), 1, "{}", outcome.stdout);
        snapshot!(told(&outcome, "kind-dev").join("\n"), @"warning: after loading, web:dev is newer here than on the nodes of kind-dev");
        assert_eq!(restarted(place, &name, "web"), None);
        // What was known at the first look is not at the second.
        let docker = fs::read_to_string(place.path("bin/docker")).unwrap();
        let once = docker.replace("'ps '*)", "'ps '*) [ -e asked ] && exit 1; : > asked;");
        place.write("bin/docker", &once);
        let _ = calls(place);
        let outcome = run(place, &format!("{deploy} --load-images")).expect(1);
        snapshot!(outcome.stderr, @"
        error: the images on the nodes of kind-dev are not known any more: a program that tells them failed
        hint: without `--load-images` the deploy takes what the nodes have
        ");
        assert!(!calls(place).iter().any(|call| call.starts_with("kind")));
        assert_eq!(restarted(place, &name, "web"), None);
    }

    fn a_person_is_asked_once(base) {
        let place = &place(base);
        let name = place.instance("");
        docker(place, "dev-control-plane\\n");
        program(place, "kind", "load*) cat loaded.json > node.json ;;");
        place.write("node.json", &listed(&[]));
        place.write("loaded.json", &listed(&[("web:dev", "new")]));
        let line = format!("deploy {name} -f set.yaml --no-wait --runtime kind-dev --progress none --color never");
        let answer = |answer: &str| {
            let mut terminal = Terminal::open();
            let mut child = terminal.start(command(place, &line));
            let asked = terminal.until("[y/N]");
            terminal.enter(answer);
            let told = terminal.rest();
            assert!(child.wait().unwrap().success(), "{told}");
            assert!(!told.contains("[y/N]"), "{told}");
            let loads = calls(place).iter().filter(|call| call.starts_with("kind load")).count();
            (asked.trim().to_owned(), loads)
        };
        // Who does not want it gets what the nodes have.
        let (asked, loads) = answer("n\n");
        snapshot!(asked, @"
        runtime kind-dev: --runtime
        web:dev is not on the nodes of kind-dev. Load it? [y/N]
        ");
        assert_eq!(loads, 0);
        assert!(place.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/web")).is_some());
        let (asked, loads) = answer("y\n");
        snapshot!(asked, @"web:dev is not on the nodes of kind-dev. Load it and restart Deployment/web? [y/N]");
        assert_eq!(loads, 1);
        assert!(restarted(place, &name, "web").is_some());
        assert_eq!(restarted(place, &name, "cache"), None);
    }

    fn each_maker_has_its_own_words_and_what_fails_ends_the_deploy(base) {
        let place = &place(base);
        let name = place.instance("");
        docker(place, "k3d-dev-server-0\\nk3d-dev-serverlb\\n");
        program(place, "k3d", "*) cat loaded.json > node.json ;;");
        // podman names what it builds otherwise than the nodes do; nerdctl has nothing.
        let podman = image("localhost/web:dev", "new", "2026-01-02T00:00:00Z", false);
        place.write("podman.json", &format!("[{podman}]\n"));
        program(place, "podman", "'image inspect'*) cat podman.json ;;");
        program(place, "nerdctl", "*) exit 1 ;;");
        place.write("node.json", &listed(&[("redis:8", "redis")]));
        place.write("loaded.json", &listed(&[("web:dev", "new"), ("redis:8", "redis")]));
        let deploy = format!("deploy {name} -f set.yaml --no-wait --load-images --progress none");
        run(place, &format!("{deploy} --runtime k3d-dev")).expect(0);
        let of = |maker: &str| {
            let calls = calls(place).into_iter().filter(|call| call.starts_with(maker));
            calls.collect::<Vec<_>>().join("\n")
        };
        snapshot!(of("k3d"), @"k3d image import --cluster dev web:dev");
        run(place, &format!("delete {name} --yes")).expect(0);

        // minikube tells itself what its nodes have; built by podman, an image goes as a file.
        let podman = image("docker.io/library/web:dev", "new", "2026-01-02T00:00:00Z", false);
        place.write("podman.json", &format!("[{podman}]\n"));
        program(place, "docker", "*) exit 1 ;;");
        program(place, "podman", "'image inspect'*) cat podman.json ;;\nsave*) : > \"$3\" ;;");
        place.write("listed.json", "[]\n");
        program(place, "minikube", "*'image ls'*) cat listed.json ;;\n*) [ -f \"$5\" ] || exit 1; echo '[{\"id\":\"new\",\"repoTags\":[\"docker.io/library/web:dev\"]}]' > listed.json ;;");
        let outcome = run(place, &format!("{deploy} --runtime minikube")).expect(0);
        assert_eq!(told(&outcome, "loaded").len(), 1, "{}", outcome.stderr);
        let called = regex::Regex::new("/[^ ]*/workloadctl-[0-9a-f-]*/").unwrap();
        snapshot!(called.replace_all(&of(""), "TEMP/"), @"
        docker image inspect redis:8 web:dev
        docker image inspect web:dev
        docker image inspect web:dev
        minikube -p minikube image load TEMP/images.tar
        minikube -p minikube image ls --format json
        minikube -p minikube image ls --format json
        minikube -p minikube image ls --format json
        nerdctl image inspect redis:8 web:dev
        nerdctl image inspect web:dev
        nerdctl image inspect web:dev
        podman image inspect redis:8 web:dev
        podman image inspect web:dev
        podman image inspect web:dev
        podman save -o TEMP/images.tar web:dev
        ");
        run(place, &format!("delete {name} --yes")).expect(0);

        // Nothing is written where it cannot be loaded.
        place.write("listed.json", "[]\n");
        program(place, "minikube", "*'image ls'*) cat listed.json ;;\n*) echo 'no such profile' >&2; exit 3 ;;");
        let outcome = run(place, &format!("{deploy} --runtime minikube")).expect(1);
        let shown = called.replace_all(&outcome.stderr, "TEMP/").into_owned();
        snapshot!(shown, @"
        runtime minikube: --runtime
        error: `minikube -p minikube image load TEMP/images.tar` failed: exit status: 3
          no such profile
        hint: without `--load-images` the deploy takes what the nodes have
        ");
        assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());

        // Elsewhere nobody looks.
        calls(place);
        let outcome = run(place, &format!("{deploy} --runtime prod")).expect(0);
        snapshot!(told(&outcome, "images").join("\n"), @"--load-images does nothing on prod: it is no cluster of kind, k3d or minikube");
        assert_eq!(calls(place), Vec::<String>::new());
        assert!(Path::new(&place.path("bin/minikube")).is_file());
    }

    fn a_flag_that_can_do_nothing_says_why(base) {
        let place = &place(base);
        let name = place.instance("");
        let deploy = format!("deploy {name} --no-wait --load-images --runtime kind-dev --progress none");
        let said = |line: &str| {
            told(&run(place, line).expect(0), "images").join("\n").replace("--load-images does nothing on kind-dev: ", "")
        };
        docker(place, "dev-control-plane\\n");
        program(place, "kind", "*) exit 1 ;;");
        place.write("here.json", "[]\n");
        place.write("node.json", &listed(&[]));
        assert_eq!(said(&format!("{deploy} -f set.yaml --dry-run")), "none of its images is on this machine");
        assert_eq!(said(&format!("{deploy} -f set.yaml")), "none of its images is on this machine");
        docker(place, "");
        assert_eq!(said(&deploy), "its nodes do not tell which images they have");
        fs::remove_file(place.path("bin/docker")).unwrap();
        assert_eq!(said(&deploy), "neither docker nor podman nor nerdctl is installed");
        place.write("set.yaml", &set().replace("IfNotPresent", "Always"));
        docker(place, "dev-control-plane\\n");
        assert_eq!(said(&format!("{deploy} -f set.yaml")), "no container takes an image from its node");
    }

    fn loading_ends_with_the_time_of_the_deploy(base) {
        let place = &place(base);
        let name = place.instance("");
        docker(place, "dev-control-plane\\n");
        place.write("node.json", &listed(&[]));
        assert!(Command::new("mkfifo").arg(place.path("never")).status().unwrap().success());
        program(place, "kind", "*) (read line < never) & echo $! > pid; wait ;;");
        let began = Instant::now();
        let line = format!("deploy {name} -f set.yaml --load-images --runtime kind-dev --timeout 3s --progress none");
        let outcome = run(place, &line).expect(1);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        snapshot!(outcome.stderr.replace(&name, "NAME"), @"
        runtime kind-dev: --runtime
        error: out of time: the images were not loaded; nothing was written
        hint: `workloadctl deploy NAME -f set.yaml` goes on, `--timeout` gives more time
        ");
        assert_eq!(place.get(&format!("/api/v1/namespaces/{name}")), None);
        // Nothing of it runs on.
        let pid = fs::read_to_string(place.path("pid")).unwrap();
        place.until("all of it has ended", Duration::from_secs(10), || {
            let state = Command::new("ps").args(["-o", "stat=", "-p", pid.trim()]).output().unwrap();
            let state = String::from_utf8(state.stdout).unwrap();
            state.trim().is_empty() || state.starts_with('Z')
        });
    }
}
