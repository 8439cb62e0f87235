//! What is left for a CI system: the files of `--junit`, `--summary`, `--events` and `--code-quality`, and
//! annotations.

use roxmltree::Document;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{Outcome, Place};

const FILES: &str = "--junit j.xml --summary s.md --events e.jsonl --code-quality q.json";

/// A set of which one object never becomes ready, or all do.
fn write(place: &Place, ready: bool) {
    let value = if ready { "yes" } else { "no" };
    place.write(
        "k8s.yaml",
        &format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\n---\napiVersion: v1\nkind: ConfigMap\n\
             metadata:\n  name: judged\n  annotations:\n    workloadctl/ready-when: jsonpath={{.data.value}}=yes\n    \
             workloadctl/failed-when: jsonpath={{.data.value}}=no\ndata:\n  value: \"{value}\"\n"
        ),
    );
}

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

/// Gives what became of each case of a JUnit report, and checks its counts.
fn cases(text: &str) -> Vec<(String, Option<String>)> {
    let document = Document::parse(text).unwrap();
    let cases: Vec<_> =
        document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let root = document.root_element();
    assert_eq!(root.attribute("tests"), Some(&*cases.len().to_string()), "{text}");
    let of = |word: &str| {
        document.descendants().filter(|node| node.has_tag_name(word)).count().to_string()
    };
    assert_eq!(root.attribute("failures"), Some(&*of("failure")), "{text}");
    assert_eq!(root.attribute("errors"), Some(&*of("error")), "{text}");
    let fate = |case: &roxmltree::Node<'_, '_>| {
        let within = case.children().find(roxmltree::Node::is_element);
        within.map(|node| node.tag_name().name().to_owned())
    };
    // The namespace is called after the test.
    let named = cases.iter().map(|case| (case.attribute("name").unwrap().to_owned(), fate(case)));
    let mut named: Vec<_> = named.filter(|(name, _)| !name.starts_with("Namespace/")).collect();
    named.sort();
    named
}

fn events(place: &Place) -> Vec<Value> {
    read(place, "e.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

on_both! {
    fn a_deploy_leaves_what_was_asked_for(place) {
        let name = place.instance("");
        write(place, true);
        place.run(&format!("deploy {name} -f k8s.yaml {FILES}")).expect(0);
        let all = [("ConfigMap/judged".to_owned(), None), ("ConfigMap/plain".to_owned(), None)];
        let found = cases(&read(place, "j.xml"));
        assert_eq!(found, all);
        assert_eq!(read(place, "q.json"), "[]\n");
        let events = events(place);
        assert!(events.iter().any(|event| event["event"] == "done" && event["object"]["name"] == "plain"));
        let summary = read(place, "s.md");
        assert!(summary.starts_with(&format!("### {name}: deploy ready\n")), "{summary}");
        assert!(summary.contains("| `ConfigMap/plain` | create | ready |"), "{summary}");

        // Unchanged, and gone: the summary grows, the others are of the last command.
        place.run(&format!("deploy {name} {FILES}")).expect(0);
        assert_eq!(cases(&read(place, "j.xml")).len(), 2);
        place.run(&format!("delete {name} --yes {FILES}")).expect(0);
        assert!(read(place, "j.xml").contains("name=\"workloadctl delete\""));
        assert_eq!(read(place, "s.md").matches("### ").count(), 3);
    }

    fn a_failed_deploy_leaves_them_too(place) {
        let name = place.instance("");
        write(place, false);
        let mut command = place.command(&format!("deploy {name} -f k8s.yaml --timeout 20s {FILES}"));
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", place.path("").parent().unwrap());
        let outcome = Outcome::of("", command.output().unwrap()).expect(3);
        let annotation = outcome.stderr.lines().find(|line| line.starts_with("::error ")).unwrap();
        assert!(annotation.contains("k8s.yaml,line=6,"), "{annotation}");
        assert!(annotation.contains("title=ConfigMap/judged::"), "{annotation}");
        let found = cases(&read(place, "j.xml"));
        let failure = Some("failure".to_owned());
        assert_eq!(found, [("ConfigMap/judged".to_owned(), failure), ("ConfigMap/plain".to_owned(), None)]);
        let quality: Value = serde_json::from_str(&read(place, "q.json")).unwrap();
        assert_eq!(quality[0]["location"]["lines"]["begin"], 6, "{quality}");
        assert_eq!(events(place).last().unwrap()["error"]["code"], "not-ready");
        assert!(read(place, "s.md").contains("#### ConfigMap/judged") || read(place, "s.md").contains("| `ConfigMap/judged` | create | failed |"));
    }

    fn a_return_is_in_the_reports(place) {
        let name = place.instance("");
        write(place, true);
        place.run(&format!("deploy {name} -f k8s.yaml")).expect(0);
        write(place, false);
        place.run(&format!("deploy {name} -f k8s.yaml --rollback-on-failure {FILES}")).expect(3);
        let failure = Some("failure".to_owned());
        let of = |word: &str, fate| (word.to_owned(), fate);
        let all = [of("ConfigMap/judged", failure), of("ConfigMap/plain", None), of("rollback", None)];
        assert_eq!(cases(&read(place, "j.xml")), all);
        let summary = read(place, "s.md");
        assert!(summary.starts_with(&format!("### {name}: deploy not ready, rolled back\n")), "{summary}");
        let back = format!("rolled back: release 3 ({name} revision 1) · ready");
        assert!(summary.replace('\\', "").contains(&back), "{summary}");
        assert!(events(place).iter().any(|event| event["phase"] == "returning"));
    }

    fn a_return_that_fails_is_in_the_reports(place) {
        let name = place.instance("");
        write(place, false);
        let line = format!("deploy {name} -f k8s.yaml --rollback-on-failure {FILES}");
        let mut command = place.command(&line);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", place.path(""));
        let told = Outcome::of(&line, command.output().unwrap()).expect(3).stderr;
        let annotations: Vec<&str> = told.lines().filter(|line| line.starts_with("::")).collect();
        snapshot!(place.named(&annotations.join("\n")), @r#"
        ::error file=k8s.yaml,line=6,title=no-such-release::cannot roll back `NAME`: no release of `NAME` went well before: nothing to return to
        ::error file=k8s.yaml,line=6,title=ConfigMap/judged::.data.value is "no" (workloadctl/failed-when)
        "#);
        let quality: Value = serde_json::from_str(&read(place, "q.json")).unwrap();
        let quality = quality.as_array().unwrap().iter();
        let quality = quality.map(|issue| format!("{} {}", issue["location"]["lines"], issue["description"]));
        snapshot!(place.named(&quality.collect::<Vec<_>>().join("\n")), @r#"
        {"begin":6} "no-such-release: cannot roll back `NAME`: no release of `NAME` went well before: nothing to return to"
        {"begin":6} "ConfigMap/judged: .data.value is \"no\" (workloadctl/failed-when)"
        "#);
        let summary = read(place, "s.md");
        assert!(summary.starts_with(&format!("### {name}: deploy not ready, not rolled back\n")), "{summary}");
    }

    fn what_is_refused_is_in_the_reports(place) {
        let name = place.instance("");
        place.write("k8s.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  nope: 1\n");
        place.run(&format!("deploy {name} -f k8s.yaml {FILES}")).expect(2);
        assert_eq!(cases(&read(place, "j.xml")), [("deploy".to_owned(), Some("error".to_owned()))]);
        let quality: Value = serde_json::from_str(&read(place, "q.json")).unwrap();
        assert_eq!(quality[0]["location"]["lines"]["begin"], 5, "{quality}");
        // Before anything is read or sent.
        let outcome = place.run(&format!("deploy {name} -f k8s.yaml --junit nowhere/j.xml")).expect(2);
        assert!(outcome.stderr.contains("--junit: cannot write"), "{}", outcome.stderr);
    }

    fn a_report_that_fails_does_not_hide_what_befell_the_instance(place) {
        let name = place.instance("");
        write(place, false);
        let outcome = place.run(&format!("deploy {name} -f k8s.yaml --junit /dev/full")).expect(3);
        assert!(outcome.stderr.contains("--junit: cannot write /dev/full"), "{}", outcome.stderr);
        write(place, true);
        let outcome = place.run(&format!("deploy {name} -f k8s.yaml --junit /dev/full")).expect(1);
        assert!(outcome.stderr.contains("--junit: cannot write /dev/full"), "{}", outcome.stderr);
    }

    fn a_cancelled_job_has_its_reports(place) {
        let name = place.instance("");
        write(place, true);
        let waits = read(place, "k8s.yaml").replace("=yes", "=never");
        place.write("k8s.yaml", &waits);
        let mut running = place.follow(&format!("deploy {name} -f k8s.yaml {FILES}"));
        assert!(running.until(|line| line.contains("waiting")));
        kill_process(Pid::from_child(running.child()), Signal::TERM).unwrap();
        assert_eq!(running.end().code, 143);
        let found = cases(&read(place, "j.xml"));
        assert!(found.iter().any(|(name, fate)| name == "ConfigMap/judged" && fate.is_some()), "{found:?}");
        assert!(read(place, "s.md").contains(": deploy interrupted"), "{}", read(place, "s.md"));
    }
}
