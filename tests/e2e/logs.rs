//! `logs`: what the containers of an instance write, side by side, on stdout.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use regex::Regex;
use workloadctl::testing::{Effect, Fault, Matches, When};

use crate::{evidence::steady, harness::Place, pty::Terminal};

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  \
    selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: app, image: 'web:1'}, {name: sidecar, image: 'web:1'}]}\n";
const POD: &str = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: {terminationGracePeriodSeconds: 0, containers: [{name: app, image: 'web:1'}]}\n";

/// Who wrote lines, in their order by name, and how many.
fn written(text: &str) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let pod = Regex::new("web-[a-z0-9]+-[a-z0-9]{5}").unwrap();
    for line in text.lines() {
        let (who, _) = line.split_once(" | ").unwrap_or(("", line));
        *counts.entry(pod.replace(who, "web").into_owned()).or_default() += 1;
    }
    counts.into_iter().map(|(who, count)| format!("{who} {count}")).collect()
}

/// Reads the lines that a call writes to stdout, until it has `count` of them; then it is told to
/// stop, and gives its exit code with what it wrote to stderr.
fn followed(
    place: &Place,
    line: &str,
    count: usize,
    mut between: impl FnMut(usize),
) -> (Vec<String>, i32, String) {
    let mut child =
        place.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().take(count) {
        lines.push(line.unwrap());
        between(lines.len());
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    (lines, output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Expects a call to end by itself, and well.
fn ends(place: &Place, line: &str, child: &mut Child) {
    let mut ended = None;
    place.until(line, Duration::from_secs(20), || {
        ended = child.try_wait().unwrap();
        ended.is_some()
    });
    assert_eq!(ended.unwrap().code(), Some(0), "{line}");
}

on_both! {
    fn all_containers_are_shown_side_by_side(place) {
        let name = place.instance("");
        place.write("set.yaml", &format!("{WEB}{POD}"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let told = |flags: &str| written(&place.run(&format!("logs {name} {flags}")).expect(0).stdout);
        assert_eq!(told(""), ["bare/app 3", "web/app 6", "web/sidecar 6"]);
        assert_eq!(told("Deployment/web --tail 2"), ["web/app 4", "web/sidecar 4"]);
        assert_eq!(told("deploy/web --grep ^listening"), ["web/app 2", "web/sidecar 2"]);
        assert_eq!(told("sidecar"), ["web/sidecar 6"]);
        assert_eq!(told("bare"), ["bare/app 3"]);
        assert_eq!(told("bare/app --no-prefix"), [" 3"]);
        let stamped = place.run(&format!("logs {name} bare --timestamps --tail 1 --no-prefix")).expect(0);
        assert!(Regex::new(r"^[0-9]{4}-[0-9-]+T[0-9:.]+Z ready\n$").unwrap().is_match(&stamped.stdout), "{}", stamped.stdout);
        snapshot!(place.told(&format!("logs {name} nothing")), @"
        $ workloadctl logs NAME nothing
        exit code 1
        --- stderr
        error: `NAME` has no object, pod or container nothing
        hint: `workloadctl status NAME` shows what there is
        ");
        snapshot!(place.told(&format!("logs {name} --previous")), @"
        $ workloadctl logs NAME --previous
        exit code 1
        --- stderr
        error: no container of `NAME` has run before
        hint: `workloadctl status NAME` shows what there is
        ");
        snapshot!(place.told(&format!("logs {name} --grep [")), @"
        $ workloadctl logs NAME --grep [
        exit code 2
        --- stderr
        error: --grep is no regular expression
          regex parse error:
                [
                ^
            error: unclosed character class
        ");
        snapshot!(place.told("logs absent"), @"
        $ workloadctl logs absent
        exit code 1
        --- stderr
        error: there is no instance `absent`
          it is not on runtime RUNTIME either, in namespace absent
        hint: `workloadctl list` shows what there is
        ");
    }

    /// A target without pods, pods that are not there, and containers that have not run.
    fn why_there_is_nothing_to_show_is_said(place) {
        let name = place.instance("");
        let conf = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
        let late = POD.replace("bare}", "late, annotations: {test.workloadctl/fail: image-pull}}");
        let none = WEB.replace("replicas: 2", "replicas: 0");
        place.write("set.yaml", &format!("{none}{conf}{late}"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(3);
        let told = ["ConfigMap/x", "ConfigMap/x -f", "Deployment/web", "Pod/late", "late/app", "", "late --previous"]
            .map(|target| place.told(format!("logs {name} {target}").trim_end()));
        snapshot!(told.join("\n"), @"
        $ workloadctl logs NAME ConfigMap/x
        exit code 1
        --- stderr
        error: ConfigMap/x of `NAME` makes no pods
        hint: `workloadctl status NAME` shows what there is

        $ workloadctl logs NAME ConfigMap/x -f
        exit code 1
        --- stderr
        error: ConfigMap/x of `NAME` makes no pods
        hint: `workloadctl status NAME` shows what there is

        $ workloadctl logs NAME Deployment/web
        exit code 1
        --- stderr
        error: Deployment/web of `NAME` has no pods
        hint: `workloadctl status NAME` shows what there is

        $ workloadctl logs NAME Pod/late
        exit code 1
        --- stderr
        error: no container of Pod/late of `NAME` has run yet
        hint: `workloadctl status NAME` shows what there is

        $ workloadctl logs NAME late/app
        exit code 1
        --- stderr
        error: late/app of `NAME` has not run yet
        hint: `workloadctl status NAME` shows what there is

        $ workloadctl logs NAME
        exit code 1
        --- stderr
        error: no container of `NAME` has run yet
        hint: `workloadctl status NAME` shows what there is

        $ workloadctl logs NAME late --previous
        exit code 1
        --- stderr
        error: late of `NAME` has not run before
        hint: `workloadctl status NAME` shows what there is
        ");
    }

    /// What goes on until it is stopped, and has nothing to say, ends when nobody reads any more.
    fn who_looks_on_ends_with_the_reader(place) {
        let name = place.instance("");
        place.write("set.yaml", POD.trim_start_matches("---\n"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        for (line, last) in [("logs -f", "ready"), ("status --watch", "Healthy")] {
            let line = format!("{line} {name}");
            let mut child = place.command(&line).stdout(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            lines.find(|line| line.as_ref().unwrap().contains(last)).unwrap().unwrap();
            drop(lines);
            ends(place, &line, &mut child);

            let mut terminal = Terminal::open();
            let mut child = terminal.start(place.command(&line));
            terminal.until(last);
            drop(terminal);
            ends(place, &line, &mut child);
        }
    }

    fn pods_that_come_join_and_their_end_is_said(place) {
        let name = place.instance("");
        place.write("set.yaml", &WEB.replace("replicas: 2", "replicas: 1"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let (lines, code, said) = followed(place, &format!("logs {name} app -f"), 6, |read| {
            if read == 3 {
                let pods = format!("/api/v1/namespaces/{name}/pods");
                let pod = place.get(&pods).unwrap()["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();
                let path = format!("{pods}/{pod}");
                let gone = serde_json::json!({"gracePeriodSeconds": 0});
                place.call(workloadctl::testing::Request::json(http::Method::DELETE, &path, &gone)).unwrap();
            }
        });
        assert_eq!((written(&lines.join("\n")), code), (vec!["web/app 6".to_owned()], 0), "{said}");
        assert!(Regex::new(r"pod web-[a-z0-9]+-[a-z0-9]+ is gone\n").unwrap().is_match(&said), "{said}");
    }

    fn a_stream_that_breaks_is_taken_up_where_it_stood(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", POD.trim_start_matches("---\n"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let matches = Matches { path: Some("/log?".to_owned()), ..Matches::default() };
        let broken = Arc::new(Fault::new(matches, When::Always, Effect::DropWatch));
        place.faults(&[Arc::clone(&broken)]);
        let mut child = place.command(&format!("logs {name} -f")).stdout(Stdio::piped()).spawn().unwrap();
        place.until("it was taken up", Duration::from_secs(20), || broken.seen() > 3);
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut text).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(text, "bare/app | starting\nbare/app | listening on port 8080\nbare/app | ready\n");
    }

    /// A Job is a test run: what it wrote is there before the answer, whose code is its result.
    fn a_deploy_shows_what_its_jobs_write(place) {
        let name = place.instance("");
        let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: e2e}\nspec:\n  backoffLimit: 0\n  template:\n    \
            metadata: {annotations: {}}\n    spec: {restartPolicy: Never, containers: [{name: main, image: 'e2e:1'}]}\n";
        let told = |flags: &str| {
            let told = steady(place.told(&format!("deploy {name} -f job.yaml {flags}")));
            Regex::new("e2e-[a-z0-9]{5}").unwrap().replace_all(&told, "e2e-POD").into_owned()
        };
        place.write("job.yaml", job);
        snapshot!(told("--logs --progress none"), @"
        $ workloadctl deploy NAME -f job.yaml --logs --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        e2e-POD/main | starting
        e2e-POD/main | listening on port 8080
        e2e-POD/main | ready
        ");
        snapshot!(told("--logs --progress none"), @"
        $ workloadctl deploy NAME -f job.yaml --logs --progress none
        exit code 0
        --- stdout
        NAME unchanged (release 1, ready)
        namespace NAME
        ");
        let again = told("--restart --logs -q");
        assert_eq!(again.lines().filter(|line| line.starts_with("e2e-POD/main | ")).count(), 3, "{again}");
        place.write("job.yaml", &job.replace("{}", "{test.workloadctl/fail: job-fail}"));
        snapshot!(told("--logs --progress none --log-lines 0"), @"
        $ workloadctl deploy NAME -f job.yaml --logs --progress none --log-lines 0
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 3, NAME revision 2): 1 recreated, 1 unchanged; after N s
        namespace NAME
        --- stderr
        e2e-POD/main | starting
        e2e-POD/main | listening on port 8080
        e2e-POD/main | ready
        error: `NAME` was applied, but is not ready
          Job/e2e: pod e2e-POD on node-N: container main ended with exit code 1
        ");
        let lines = place.run(&format!("deploy {name} --restart --logs --progress json")).expect(3).stderr;
        let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let logs: Vec<_> = lines.filter(|line| line["event"] == "log").collect();
        let texts: Vec<_> = logs.iter().map(|line| line["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["starting", "listening on port 8080", "ready"]);
        assert!(logs.iter().all(|line| line["container"] == "main" && line["writtenAt"].is_string()), "{logs:?}");
    }

    fn a_deploy_shows_what_its_new_pods_write_and_nothing_of_older_ones(place) {
        let name = place.instance("");
        let web = WEB.replace("replicas: 2", "replicas: 1");
        place.write("set.yaml", &web);
        let logs = |place: &Place| {
            let told = place.run(&format!("deploy {name} -f set.yaml --logs --progress none")).expect(0).stderr;
            let lines: Vec<&str> = told.lines().filter(|line| line.contains(" | ")).collect();
            written(&lines.join("\n"))
        };
        assert_eq!(logs(place), ["web/app 3", "web/sidecar 3"]);
        // Pods carry whole seconds: of the same second nothing is known.
        let second = || Timestamp::now().as_second();
        let made = second();
        place.until("a second is over", Duration::from_secs(5), || second() > made);
        place.write("set.yaml", &web.replace("web:1", "web:2"));
        assert_eq!(logs(place), ["web/app 3", "web/sidecar 3"]);
        assert_eq!(logs(place), [""; 0]);
    }

    fn a_deploy_that_nobody_listens_to_goes_on(place) {
        let name = place.instance("");
        place.write("set.yaml", &format!("{WEB}{POD}"));
        let mut child = place.start(&format!("deploy {name} -f set.yaml --logs"));
        drop(child.stderr.take());
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(place.run(&format!("status {name} --exit-code")).code, 0);
    }
}
