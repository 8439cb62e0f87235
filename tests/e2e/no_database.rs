//! A place where no database can be: it is a cache, and the clusters know what is deployed.

use crate::harness::{Outcome, Place};

const SET: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\ndata: {a: b}\n";

/// Calls the program with its database or its home in such a place.
fn call(place: &Place, (home, database): (&str, Option<&str>), line: &str) -> Outcome {
    let mut command = place.command(line);
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME").env_remove("WORKLOADCTL_DB");
    if let Some(database) = database {
        command.env("WORKLOADCTL_DB", database);
    }
    Outcome::of(line, command.output().unwrap())
}

on_both! {
    fn what_works_on_clusters_goes_on_without_one(place) {
        let place = place.behind_proxy();
        place.write("set.yaml", SET);
        place.write("file", "");
        let file = place.path("file").display().to_string();
        // Nobody makes a file or a folder in the first two, not even root.
        let places = [("/", Some("/sys/w.db")), ("/proc/nowhere", None), (&*file, None)];
        for (number, database) in places.iter().enumerate() {
            let name = place.instance(&format!("-{number}"));
            let told = |line: &str| {
                let outcome = call(&place, *database, line).expect(0);
                // Who only looks would not have made one.
                let looks = line.starts_with("plan");
                let warnings = usize::from(!looks);
                assert_eq!(outcome.stderr.matches("warning:").count(), warnings, "{outcome:?}");
                let said = outcome.stderr.matches("going on without").count();
                assert_eq!(said, warnings, "{outcome:?}");
                outcome.json()
            };
            let deployed = told(&format!("deploy {name} -f set.yaml -o json"));
            assert_eq!(deployed["outcome"], "ready", "{deployed}");
            let again = told(&format!("deploy {name} -f set.yaml -o json"));
            assert_eq!(again["outcome"], "unchanged", "{again}");
            told(&format!("plan {name} -f set.yaml -o json"));
            let status = told(&format!("status {name} -o json"));
            assert!(status.to_string().contains("Healthy"), "{status}");
            // What would only be stored is refused.
            for line in [
                "definition apply web -f set.yaml".to_owned(),
                format!("instance create {name}"),
                "runtime use -".to_owned(),
                format!("delete {name} --forget --yes"),
            ] {
                let refused = call(&place, *database, &line).expect(1);
                assert!(refused.stderr.contains("cannot be written"), "{refused:?}");
            }
            told(&format!("delete {name} --yes -o json"));
            assert_eq!(place.leftovers(&name), Vec::<String>::new());
        }
    }
}
