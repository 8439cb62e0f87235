//! docs/guides for users of other tools: the commands of ours in their tables, in the order of the page,
//! and those that are indented, with real kubectl.

use std::{fs, path::Path};

use regex::Regex;

use crate::{
    docs,
    harness::{Outcome, Place, variable},
    imported,
};

pub(crate) fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides").join(name);
    fs::read_to_string(path).unwrap()
}

/// Lists our commands in the last column of a page's tables; a flag alone is one of `flags`. What a
/// reader has to fill in is left out, and a deletion comes last.
fn of_tables(page: &str, flags: Option<&str>) -> Vec<String> {
    let code = Regex::new("`([^`]+)`").unwrap();
    let cells = page.lines().filter_map(|line| line.strip_suffix(" |")?.rsplit_once("| "));
    let spans: Vec<String> = cells
        .flat_map(|(_, cell)| code.captures_iter(cell).map(|span| span[1].to_owned()))
        .filter(|span| !span.contains('…') && !span.contains("OBJECT"))
        .filter_map(|span| match span.starts_with("--") {
            true => flags.map(|command| format!("{command} {span}")),
            false => Some(span).filter(|span| span.starts_with("workloadctl ")),
        })
        .collect();
    let (last, first): (Vec<_>, Vec<_>) =
        spans.into_iter().partition(|line| line.starts_with("workloadctl delete "));
    [first, last.into_iter().map(|line| line + " --yes").collect()].concat()
}

/// Lists the lines that are indented, block by block.
pub(crate) fn indented(page: &str) -> Vec<Vec<&str>> {
    let lines: Vec<Option<&str>> = page.lines().map(|line| line.strip_prefix("    ")).collect();
    let blocks = lines.split(Option::is_none).filter(|block| !block.is_empty());
    blocks.map(|block| block.iter().flatten().copied().collect()).collect()
}

/// Runs a line with other names in place of the page's.
#[track_caller]
pub(crate) fn run(place: &Place, path: &str, line: &str, names: &[(&str, &str)]) -> Outcome {
    let words = line.split(' ').map(|word| {
        let replaced = names.iter().find(|(name, _)| *name == word);
        replaced.map_or(word, |(_, by)| by)
    });
    let said = words.collect::<Vec<_>>().join(" ");
    docs::run_beside(place, path, &said).expect(0)
}

pub(crate) fn path() -> String {
    variable("PATH").unwrap_or_default()
}

/// Writes what the tables deploy.
fn manifests(place: &Place) {
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
               template:\n    metadata: {labels: {app: web}}\n    \
               spec: {containers: [{name: web, image: 'registry.k8s.io/pause:3.9'}]}\n";
    place.write("k8s/web.yaml", web);
    place.write(
        "overlay/kustomization.yaml",
        "resources: [web.yaml]\nlabels: [{pairs: {over: laid}}]\n",
    );
    place.write("overlay/web.yaml", web);
    place.write(
        "patch.yaml",
        "kind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {terminationGracePeriodSeconds: 5}}}\n",
    );
}

/// Runs the tables of a page; tells how many commands there are.
pub(crate) fn tables(place: &Place, guide: &str, path: &str, flags: Option<&str>) -> usize {
    let name = place.instance("");
    let all = of_tables(&page(guide), flags);
    for line in &all {
        run(place, path, line, &[("web", &name), ("CONTEXT", &place.runtime)]);
    }
    all.len()
}

on_both! {
    fn the_tables_for_users_of_kubectl_and_kapp_hold(place) {
        for (guide, count) in [("from-kubectl.md", 11), ("from-kapp.md", 8)] {
            let place = &place.aside();
            manifests(place);
            assert_eq!(tables(place, guide, &path(), None), count, "{guide}");
        }
    }

    fn what_kubectl_made_is_taken_over(place) {
        let page = page("from-kubectl.md");
        let blocks = indented(&page);
        assert_eq!(blocks.len(), 2);
        for block in blocks {
            let place = &place.aside();
            let home = imported::live_in(place, "-shop");
            let objects = imported::application().map(|object| format!("---\n{object}\n"));
            place.write("k8s/web.yaml", &objects.concat());
            imported::create(place, &home, "kubectl-create", |_| {});
            imported::await_ready(place, &home);
            let name = place.instance("-web");
            for line in block {
                run(place, &path(), line, &[("web", &name), ("shop", &home)]);
            }
            let status = place.run(&format!("status {name} --exit-code")).expect(0).stdout;
            assert!(status.contains("all 6 objects are ready"), "{status}");
        }
    }
}
