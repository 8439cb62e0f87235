//! `deploy --watch`: the sources change while it runs, and every change is a release of its own.

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Place, Running};

fn conf(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\ndata:\n  value: \"{value}\"\n"
    )
}

/// Ends what is watched also where the test fails: nothing else would.
struct Ends(Pid);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::TERM);
    }
}

fn watch(place: &Place, line: &str) -> (Running, Ends) {
    let mut running = place.follow(line);
    let ends = Ends(Pid::from_child(running.child()));
    waits(&mut running);
    (running, ends)
}

/// Reads on until it waits for changes.
fn waits(running: &mut Running) {
    assert!(running.until(|line| line.contains("watching for changes")), "it ended");
}

fn hears(running: &mut Running, what: &str) {
    assert!(running.until(|line| line.contains(what)), "it never said {what}");
}

fn value(place: &Place, name: &str) -> Option<String> {
    let live = place.get(&format!("/api/v1/namespaces/{name}/configmaps/conf"))?;
    Some(live["data"]["value"].as_str()?.to_owned())
}

/// Reads on until a value is deployed.
fn becomes(place: &Place, name: &str, running: &mut Running, expected: &str) {
    while value(place, name).as_deref() != Some(expected) {
        waits(running);
    }
}

on_both! {
    fn every_change_of_the_sources_is_deployed(place) {
        let name = place.instance("");
        place.write("k8s/conf.yaml", &conf("one"));
        let (mut running, _ends) = watch(place, &format!("deploy {name} -f k8s --watch"));
        assert_eq!(value(place, &name).as_deref(), Some("one"));

        place.write("k8s/conf.yaml", &conf("two"));
        hears(&mut running, "changed: k8s/conf.yaml");
        waits(&mut running);
        assert_eq!(value(place, &name).as_deref(), Some("two"));

        // Another file in its place, as editors write, beside one that is none of the sources.
        place.write("k8s/.conf.yaml.swp", "x");
        let beside = place.write("k8s/.conf.yaml.new", &conf("three"));
        std::fs::rename(beside, place.path("k8s/conf.yaml")).unwrap();
        hears(&mut running, "changed: k8s/conf.yaml");
        waits(&mut running);
        assert_eq!(value(place, &name).as_deref(), Some("three"));

        // A broken file is told, and waited for.
        place.write("k8s/conf.yaml", "apiVersion: v1\nkind: [\n");
        hears(&mut running, "error: ");
        waits(&mut running);
        assert_eq!(value(place, &name).as_deref(), Some("three"));

        // A file in a new folder, and the mended one.
        place.write("k8s/more/other.yaml", &conf("x").replace("name: conf", "name: other"));
        place.write("k8s/conf.yaml", &conf("four"));
        while place.get(&format!("/api/v1/namespaces/{name}/configmaps/other")).is_none() {
            waits(&mut running);
        }
        assert_eq!(value(place, &name).as_deref(), Some("four"));

        // Another folder in its place, as a checkout makes it; between the two there may be none.
        std::fs::rename(place.path("k8s"), place.path("old")).unwrap();
        place.write("k8s/more/other.yaml", &conf("x").replace("name: conf", "name: other"));
        place.write("k8s/conf.yaml", &conf("five"));
        becomes(place, &name, &mut running, "five");
        place.write("k8s/conf.yaml", &conf("six"));
        becomes(place, &name, &mut running, "six");

        // It goes when its file goes.
        std::fs::remove_file(place.path("k8s/more/other.yaml")).unwrap();
        hears(&mut running, "changed: k8s/more/other.yaml");
        waits(&mut running);
        assert!(place.get(&format!("/api/v1/namespaces/{name}/configmaps/other")).is_none());

        kill_process(Pid::from_child(running.child()), Signal::TERM).unwrap();
        let outcome = running.end();
        assert_eq!(outcome.code, 143, "{}", outcome.stderr);
        assert!(outcome.stderr.ends_with("no longer watching\n"), "{}", outcome.stderr);
        // Each deploy answered, and none held the lock when it was over.
        assert!(outcome.stdout.matches("deployed to").count() >= 4, "{}", outcome.stdout);
        place.run(&format!("deploy {name} -f k8s")).expect(0);
    }

    fn what_a_workload_file_names_is_watched_too(place) {
        let name = place.instance("");
        place.write("conf/conf.yaml", &conf("one"));
        let file = format!(
            "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {{name: {name}}}\nspec:\n  \
             manifests: [conf/]\n  instances: [{{name: {name}}}]\n"
        );
        place.write("app.yaml", &file);
        let (mut running, _ends) = watch(place, "deploy -f app.yaml --watch");
        place.write("conf/conf.yaml", &conf("two"));
        hears(&mut running, "changed: conf/conf.yaml");
        waits(&mut running);
        assert_eq!(value(place, &name).as_deref(), Some("two"));
        place.write("app.yaml", &format!("{file}# nothing\n"));
        hears(&mut running, "changed: app.yaml");
        waits(&mut running);
    }

    fn a_stop_reaches_the_deploy_that_runs(place) {
        let name = place.instance("");
        // Nothing makes it ready: it would be waited for.
        let never = "metadata:\n  annotations:\n    workloadctl/ready-when: jsonpath={.data.value}=never\n";
        place.write("k8s/conf.yaml", &conf("one").replace("metadata:\n", never));
        let mut running = place.follow(&format!("deploy {name} -f k8s --watch"));
        let pid = Pid::from_child(running.child());
        let _ends = Ends(pid);
        hears(&mut running, "waiting");
        kill_process(pid, Signal::TERM).unwrap();
        let outcome = running.end();
        assert_eq!(outcome.code, 143, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("stopping in good order"), "{}", outcome.stderr);
        // The record says so, and holds nobody up.
        let outcome = place.run(&format!("deploy {name} -f k8s --no-wait --lock-wait 0s"));
        outcome.expect(0);
    }
}
