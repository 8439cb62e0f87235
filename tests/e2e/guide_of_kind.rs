//! docs/guides/kind.md, line by line: the programs beside ours are stand-ins, which take what the page
//! says and nothing else.

use std::{fs, path::Path};

use crate::{
    docs,
    harness::Place,
    images::{command, image, listed, place, program},
    pty::Terminal,
};

/// Reads what is typed on the page, and what is asked.
fn typed(page: &str) -> (Vec<&str>, &str) {
    let lines: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let (asked, typed): (Vec<&str>, Vec<&str>) =
        lines.into_iter().partition(|line| line.ends_with("[y/N]"));
    assert_eq!(asked.len(), 1, "{asked:?}");
    (typed, asked[0])
}

/// Writes the stand-ins: what docker builds is here, and kind brings it to the one node.
fn programs(place: &Place) {
    program(
        place,
        "docker",
        "'build -t web:dev .') cat built.json > here.json ;;\n\
         'ps --filter label=io.x-k8s.kind.cluster=dev '*) echo dev-control-plane ;;\n\
         'image inspect '*) cat here.json ;;\n\
         'exec dev-control-plane crictl images '*) cat node.json ;;\n\
         'exec dev-control-plane crictl inspecti '*) echo '{}' ;;\n*) exit 9 ;;",
    );
    program(
        place,
        "kind",
        "'create cluster --name dev') : > cluster ;;\n\
         'load docker-image --name dev web:dev' | 'load docker-image web:dev --name dev') cat loaded.json > node.json ;;\n\
         *) exit 9 ;;",
    );
    place.write("here.json", "[]\n");
    place.write("node.json", &listed(&[]));
    builds(place, "first");
}

/// What the next build makes, and what a node has of it.
fn builds(place: &Place, id: &str) {
    let built = image("web:dev", id, "2026-01-02T00:00:00Z", false);
    place.write("built.json", &format!("[{built}]\n"));
    place.write("loaded.json", &listed(&[("web:dev", id)]));
}

on_both! {
    fn each_step_of_the_guide_works(base) {
        let place = &place(base);
        let name = place.instance("");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::os::unix::fs::symlink(root.join("examples"), place.path("examples")).unwrap();
        programs(place);
        let page = fs::read_to_string(root.join("docs/guides/kind.md")).unwrap();
        let (lines, question) = typed(&page);
        let bin = place.path("bin").display().to_string();
        let of_the_place = |line: &str| {
            let words = line.split(' ').map(|word| if word == "web" { &*name } else { word });
            words.collect::<Vec<_>>().join(" ")
        };
        let mut loaded = false;
        for line in &lines {
            let outcome = docs::run_beside(place, &bin, &of_the_place(line));
            assert_eq!(outcome.code, 0, "{line}\n{}{}", outcome.stdout, outcome.stderr);
            loaded |= outcome.stderr.contains("loaded web:dev onto the nodes of kind-dev\n");
        }
        assert!(loaded && place.path("cluster").exists() && lines.len() >= 7, "{lines:?}");
        // Built once more, with the tag that stays.
        builds(place, "second");
        docs::run_beside(place, &bin, "docker build -t web:dev .").expect(0);
        let mut terminal = Terminal::of(24, 200);
        let line = format!("deploy {name} --progress none --color never");
        let mut child = terminal.start(command(place, &line));
        let asked = terminal.until("[y/N]");
        assert_eq!(asked.trim().lines().last(), Some(question));
        terminal.enter("y\n");
        let told = terminal.rest();
        assert!(child.wait().unwrap().success(), "{told}");
        place.run(&format!("delete {name} --yes")).expect(0);
    }
}
