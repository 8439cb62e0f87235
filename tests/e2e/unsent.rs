//! Mistakes in objects reach no cluster: each of the table that `tests/cli/mistakes` shows word by word.

use crate::harness::Place;

const TABLE: [(&str, &str); 4] = [
    ("kinds.yaml", include_str!("../cli/mistakes/kinds.yaml")),
    ("pods.yaml", include_str!("../cli/mistakes/pods.yaml")),
    ("others.yaml", include_str!("../cli/mistakes/others.yaml")),
    ("custom.yaml", include_str!("../cli/mistakes/custom.yaml")),
];

/// Calls the program, and gives the requests that change something, were it in a dry run.
fn writes(place: &Place, line: &str) -> Vec<String> {
    let outcome = place.run(&format!("{line} -v --progress none")).expect(2);
    let verbs = ["POST ", "PUT ", "PATCH ", "DELETE "];
    let lines = outcome.stderr.lines();
    lines
        .filter(|line| verbs.iter().any(|verb| line.starts_with(verb)))
        .map(str::to_owned)
        .collect()
}

on_both! {
    fn no_mistake_is_sent(place) {
        let name = place.instance("");
        let mut count = 0;
        for (file, text) in TABLE {
            place.write(file, text);
            let report = place.run(&format!("definition validate {file} -o json")).expect(2).json();
            count += report["error"]["errors"].as_array().unwrap().len();
            assert_eq!(writes(place, &format!("deploy {name} -f {file}")), Vec::<String>::new(), "{file}");
            // What is wrong by itself, too: nothing hides behind another one.
            for (number, document) in text.split("---\n").enumerate() {
                place.write("one.yaml", document);
                if place.run("definition validate one.yaml").code == 0 {
                    continue;
                }
                for command in ["deploy", "plan"] {
                    let line = format!("{command} {name} -f one.yaml");
                    assert_eq!(writes(place, &line), Vec::<String>::new(), "{file}, document {number}");
                }
            }
        }
        assert!(count >= 60, "{count}");
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
        assert_eq!(place.run("list -o name").expect(0).stdout, "");
        assert_eq!(place.run("definition list -o name").expect(0).stdout, "");
    }

    /// An unknown kind is no reason to tell of the rest only in the next round.
    fn all_that_is_wrong_is_told_in_one_round(place) {
        let name = place.instance("");
        place.write("a.yaml", "\
apiVersion: apps/v1
kind: Deploymint
metadata: {name: a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
dta: {}
");
        let lines = [format!("deploy {name} -f a.yaml"), format!("plan {name} -f a.yaml"), format!("render {name} -f a.yaml")];
        let told: Vec<String> = lines.iter().map(|line| place.told(line)).collect();
        snapshot!(told.join("\n"), @r#"
        $ workloadctl deploy NAME -f a.yaml
        exit code 2
        --- stderr
        error: 2 mistakes in the objects
          a.yaml:2:7: Deploymint/a: there is no kind "Deploymint" in apps/v1 on this cluster
            2 | kind: Deploymint
              |  ^^^^^^^^^^ did you mean `kind: Deployment`?
          a.yaml:8:1: ConfigMap/b: there is no field `dta`
            8 | dta: {}
              | ^^^ did you mean `data`?

        $ workloadctl plan NAME -f a.yaml
        exit code 2
        --- stderr
        error: 2 mistakes in the objects
          a.yaml:2:7: Deploymint/a: there is no kind "Deploymint" in apps/v1 on this cluster
            2 | kind: Deploymint
              |  ^^^^^^^^^^ did you mean `kind: Deployment`?
          a.yaml:8:1: ConfigMap/b: there is no field `dta`
            8 | dta: {}
              | ^^^ did you mean `data`?

        $ workloadctl render NAME -f a.yaml
        exit code 2
        --- stderr
        error: 2 mistakes in the objects
          a.yaml:2:7: Deploymint/a: there is no kind "Deploymint" in apps/v1
            2 | kind: Deploymint
              |  ^^^^^^^^^^ did you mean `kind: Deployment`?
          a.yaml:8:1: ConfigMap/b: there is no field `dta`
            8 | dta: {}
              | ^^^ did you mean `data`?
        "#);
    }
}
