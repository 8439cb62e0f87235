//! The tour of the README, as it stands there.

use std::path::Path;

on_both! {
    fn the_tour_works(place) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
        let tour = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
        // Names of its own, for the cluster is shared; the examples, and this backend.
        place.example("web");
        let name = place.instance("");
        let second = place.instance("-2");
        let mut commands = 0;
        for line in tour.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[0], "workloadctl", "{line}");
            let said = words[1..]
                .iter()
                .map(|word| match *word {
                    "web" => name.as_str(),
                    "web-2" => second.as_str(),
                    "examples/web" => "web",
                    "sandbox" => place.runtime.as_str(),
                    other => other,
                })
                .collect::<Vec<_>>()
                .join(" ");
            place.run(&said).expect(0);
            commands += 1;
        }
        assert!(commands >= 8);
    }
}
