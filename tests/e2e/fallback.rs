//! `--rollback-on-failure`: what did not go well is followed by what did.

use std::{process::Command, sync::Arc};

use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, When};

use crate::harness::{Outcome, Place};

const GOOD: &str = "registry.k8s.io/pause:3.9";
/// A pod of it cannot pull its image.
const FAILS: &str = ", annotations: {test.workloadctl/fail: image-pull}";

fn set(image: &str, pods: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}{pods}}}\n    \
         spec: {{containers: [{{name: web, image: '{image}'}}]}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata: {{image: '{image}'}}\n"
    )
}

fn image(place: &Place, name: &str) -> Value {
    let web = place.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/web")).unwrap();
    web["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

/// Shows an answer without its hints: in the sandbox there is no kubectl to advise.
fn told(place: &Place, line: &str) -> String {
    let text = crate::evidence::steady(place.told(line));
    let lines = text.lines().filter(|line| !line.starts_with("hint: "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The outcomes of the releases, the newest first, with what they return to.
fn outcomes(place: &Place, name: &str) -> Value {
    let history = place.run(&format!("history {name} -o json")).expect(0).json();
    let releases = history["releases"].as_array().unwrap().iter();
    releases
        .map(|release| json!([release["release"], release["outcome"], release["returnsTo"]]))
        .collect()
}

on_both! {
    fn an_image_that_cannot_be_pulled_gives_way_to_the_one_before(place) {
        let name = &place.instance("");
        place.write("set.yaml", &set(GOOD, ""));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("bad.yaml", &set("registry.example.com/none:1", FAILS));
        let line = format!("deploy {name} -f bad.yaml --rollback-on-failure --progress none");
        snapshot!(told(place, &line), @r#"
        $ workloadctl deploy NAME -f bad.yaml --rollback-on-failure --progress none
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 2, NAME revision 2): 2 updated, 1 unchanged; after N s
        NAME deployed to RUNTIME (release 3, NAME revision 1): 2 updated, 1 unchanged; ready in N s
        namespace NAME
        --- stderr
        NAME: release 2 did not go well: back to release 1 (NAME revision 1)
        error: `NAME` was applied, but is not ready
          Deployment/web: pod web-POD on node-N: container web cannot pull image "registry.example.com/none:1": not found
        "#);
        assert_eq!(image(place, name), GOOD);
        let all = json!([[3, "ready", 1], [2, "notReady", null], [1, "ready", null]]);
        assert_eq!(outcomes(place, name), all);
        // What failed is tried again, and fails again: in one document.
        let failed = place.run(&format!("{line} -o json")).expect(3).json();
        let back = &failed["rollback"];
        assert_eq!(
            (&failed["outcome"], &failed["release"], &back["outcome"], &back["release"], &back["revision"]),
            (&json!("notReady"), &json!(4), &json!("ready"), &json!(5), &json!(1)),
            "{failed}"
        );
        assert_eq!(image(place, name), GOOD);
        let status = place.run(&format!("status {name} --exit-code -o json")).expect(0).json();
        assert_eq!(status["release"], 5, "{status}");
    }

    fn what_is_rejected_on_the_way_is_taken_back(place) {
        let place = &place.behind_proxy();
        let name = &place.instance("");
        let further = format!("{name}-further");
        let conf = |at: &str, value: &str| format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {at}}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf, namespace: {at}}}\ndata: {{a: '{value}'}}\n"
        );
        place.write("set.yaml", &conf(name, "good"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        // In a namespace that comes with the release nothing can be asked beforehand.
        place.write("bad.yaml", &format!("{}---\n{}", conf(name, "bad"), conf(&further, "bad")));
        let path = Some(format!("/namespaces/{further}/configmaps/conf?"));
        let matches = Matches { method: Some("PATCH"), path, ..Matches::default() };
        let webhook = Effect::Rejected(422, "admission webhook \"no.example.com\" denied the request: no");
        place.faults(&[Arc::new(Fault::new(matches, When::Always, webhook))]);
        let line = format!("deploy {name} -f bad.yaml --rollback-on-failure --yes --progress none");
        snapshot!(told(place, &line), @r#"
        $ workloadctl deploy NAME -f bad.yaml --rollback-on-failure --yes --progress none
        exit code 1
        --- stdout
        NAME failed on faulty (release 2, NAME revision 2): 1 created, 1 updated, 1 unchanged; after N s
        NAME deployed to faulty (release 3, NAME revision 1): 1 updated, 1 unchanged, 1 pruned; ready in N s
        namespace NAME
        --- stderr
        NAME: release 2 did not go well: back to release 1 (NAME revision 1)
        error: cannot apply NAME-further/ConfigMap/conf (bad.yaml:14): webhook no.example.com denies it
          admission webhook "no.example.com" denied the request: no
        "#);
        assert!(place.get(&format!("/api/v1/namespaces/{further}")).is_none());
        let live = place.get(&format!("/api/v1/namespaces/{name}/configmaps/conf")).unwrap();
        assert_eq!(live["data"]["a"], "good");
        assert_eq!(outcomes(place, name), json!([[3, "ready", 1], [2, "failed", null], [1, "ready", null]]));
    }

    fn without_a_good_release_it_says_so(place) {
        let name = &place.instance("");
        place.write("bad.yaml", &set("registry.example.com/none:1", FAILS));
        let line = format!("deploy {name} -f bad.yaml --rollback-on-failure --progress none");
        snapshot!(told(place, &line), @r#"
        $ workloadctl deploy NAME -f bad.yaml --rollback-on-failure --progress none
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 1, NAME revision 1): 3 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: `NAME` was applied, but is not ready
          Deployment/web: pod web-POD on node-N: container web cannot pull image "registry.example.com/none:1": not found
        error: cannot roll back `NAME`
          no release of `NAME` went well before: nothing to return to
        "#);
        // The same again is no other release to return to.
        place.write("set.yaml", &set(GOOD, ""));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let never = set(GOOD, "").replace("spec: {containers", "spec: {nodeSelector: {nowhere: 'x'}, containers");
        place.write("set.yaml", &never);
        place.run(&format!("deploy {name} -f set.yaml --no-wait")).expect(0);
        let line = format!("deploy {name} --restart --rollback-on-failure --timeout 2s --progress none");
        let late = place.run(&line);
        assert_eq!(late.code, 3, "{}", late.stderr);
        assert_eq!(outcomes(place, name)[0], json!([5, "timedOut", 3]), "back to what was applied, and late too");
    }

    fn its_time_is_its_own_and_a_signal_ends_it(place) {
        let name = &place.instance("");
        place.write("set.yaml", &set(GOOD, ""));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let never = set(GOOD, "").replace("spec: {containers", "spec: {nodeSelector: {nowhere: 'x'}, containers");
        place.write("never.yaml", &never);
        let mut running = place.follow(&format!("deploy {name} -f never.yaml --rollback-on-failure"));
        assert!(running.until(|line| line.starts_with("updated ")), "it was not applied");
        let pid = running.child().id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let stopped = running.end();
        assert_eq!(stopped.code, 130, "{}", stopped.stderr);
        assert_eq!(outcomes(place, name)[0], json!([2, "interrupted", null]), "{}", stopped.stderr);
        let late = place.run(&format!("deploy {name} -f never.yaml --rollback-on-failure --timeout 3s -o json")).expect(3).json();
        assert_eq!(
            (&late["outcome"], &late["rollback"]["outcome"]),
            (&json!("timedOut"), &json!("ready")),
            "{late}"
        );
        assert_eq!(outcomes(place, name)[0], json!([4, "ready", 1]));
    }

    /// The command that a failure advises is one that can be typed, and does it.
    fn what_helps_can_be_typed(place) {
        let place = &place.behind_proxy();
        let name = &place.instance("");
        let conf = |value: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata: {{a: '{value}'}}\n");
        place.write("one.yaml", &set(GOOD, ""));
        place.write("it's two.yaml", &conf("1").replace("name: conf", "name: two"));
        let path = Some("/configmaps/two?".to_owned());
        let matches = Matches { method: Some("PATCH"), path, dry_run: Some(false), ..Matches::default() };
        let rejects = |when| Arc::new(Fault::new(matches.clone(), when, Effect::Rejected(422, "admission webhook \"no.example.com\" denied the request: no")));
        let hints = |arguments: &[&str]| {
            let mut command = place.command("");
            let output = command.args(arguments).args(["--progress", "none"]).output().unwrap();
            let text = place.shown(&Outcome::of("", output));
            text.lines().filter(|line| line.starts_with("exit code") || line.starts_with("hint")).collect::<Vec<_>>().join("\n")
        };
        place.faults(&[rejects(When::Always)]);
        let given = ["deploy", name, "-f", "one.yaml", "-f", "it's two.yaml", "--image", "web=registry.k8s.io/pause:3.10"];
        snapshot!(hints(&given), @r"
        exit code 1
        hint: `workloadctl deploy NAME -f one.yaml -f 'it'\''s two.yaml' --image web=registry.k8s.io/pause:3.10` goes on once that is mended
        ");
        place.faults(&[]);
        let typed = format!("workloadctl deploy {name} -f one.yaml -f 'it'\\''s two.yaml' --image web=registry.k8s.io/pause:3.10");
        let bin = place.command("");
        let line = typed.replacen("workloadctl", &bin.get_program().to_string_lossy(), 1);
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(bin.get_current_dir().unwrap());
        shell.envs(bin.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // A rollback that failed is gone on with by the release that it returns to.
        place.write("it's two.yaml", &conf("2").replace("name: conf", "name: two"));
        snapshot!(hints(&["deploy", name, "-f", "one.yaml", "-f", "it's two.yaml"]), @"exit code 0");
        place.faults(&[rejects(When::Always)]);
        snapshot!(hints(&["rollback", name]), @"
        exit code 1
        hint: `workloadctl rollback NAME --to 2` goes on once that is mended
        ");
        place.faults(&[]);
        let back = place.run(&format!("rollback {name} --to 2 -o json")).expect(0).json();
        assert_eq!((&back["release"], &back["outcome"]), (&json!(5), &json!("ready")), "{back}");
    }
}
