//! Objects of one kind and name in two namespaces of an instance: whatever is told of one says which.

/// A set with a ConfigMap of one name in each of two namespaces, one of which is ready or fails.
fn set(name: &str, go: &str) -> String {
    let mut text = String::new();
    for (at, go) in [("x", "yes"), ("y", go)] {
        text += &format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}-{at}}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: same\n  namespace: {name}-{at}\n  annotations:\n    \
             workloadctl/ready-when: jsonpath={{.data.go}}=yes\n    workloadctl/failed-when: jsonpath={{.data.go}}=no\n\
             data: {{go: '{go}', at: '{at}'}}\n"
        );
    }
    text
}

/// Checks that a text names the objects, and says of each which it is.
#[track_caller]
fn check(name: &str, text: &str) {
    let count = |form: &str| text.matches(form).count();
    let told: usize =
        ["x", "y"].map(|at| count(&format!("{name}-{at}/ConfigMap/same"))).iter().sum();
    assert!(told > 0, "{text}");
    assert_eq!(count("ConfigMap/same"), told, "{text}");
}

on_both! {
    fn what_is_told_of_an_object_says_in_which_namespace_it_is(place) {
        let name = &place.instance("");
        place.write("set.yaml", &set(name, "no"));
        let files = "--junit j.xml --summary s.md --code-quality q.json";
        let failed = place.run(&format!("deploy {name} -f set.yaml {files}")).expect(3);
        check(name, &failed.stderr);
        for file in ["j.xml", "s.md", "q.json"] {
            check(name, &std::fs::read_to_string(place.path(file)).unwrap());
        }
        // The hint is another one where a kubectl would reach the cluster.
        let errors = failed.stderr.lines().skip_while(|line| !line.starts_with("error")).take(2);
        snapshot!(place.named(&errors.collect::<Vec<_>>().join("\n")), @r#"
        error: `NAME` was applied, but is not ready
          NAME-y/ConfigMap/same: .data.go is "no" (workloadctl/failed-when)
        "#);
        // A table has a column for it.
        snapshot!(place.told(&format!("plan {name}")), @"
        $ workloadctl plan NAME
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-x  -  -
        unchanged  ConfigMap/same  NAME-x  -
        unchanged  Namespace/NAME-y  -  -
        unchanged  ConfigMap/same  NAME-y  -
        NAME on RUNTIME: 4 unchanged
        ");
        let status = place.run(&format!("status {name}")).expect(0).stdout;
        check(name, status.lines().next().unwrap());
        place.run(&format!("report {name} --html r.html")).expect(0);
        let page = std::fs::read_to_string(place.path("r.html")).unwrap();
        check(name, page.split("<svg").next().unwrap());
        check(name, &place.run(&format!("status {name} --drift -o json")).expect(0).json()["reason"].to_string());
        // What goes one by one, too.
        place.write("set.yaml", &set(name, "yes"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &set(name, "yes").replace("name: same", "name: other"));
        let pruned = place.run(&format!("deploy {name} -f set.yaml --yes")).expect(0);
        check(name, &pruned.stderr);
        let deleted = place.run(&format!("delete {name} --yes")).expect(0).stderr;
        check(name, &deleted.replace("/other", "/same"));
    }
}
