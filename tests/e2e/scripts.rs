//! The questions of docs/scripts.md: each command is run as it stands there, with the real `jq`, and
//! answers what the page says.

use std::path::Path;

use regex::Regex;
use serde_json::json;
use workloadctl::testing::Request;

use crate::{docs, harness::Place, snapshot};

/// A question of the page: the script, and the answer.
struct Recipe {
    script: String,
    answer: String,
}

/// Reads the pairs of `sh` and `text` blocks.
fn recipes() -> Vec<Recipe> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/scripts.md")).unwrap();
    let block = Regex::new(r"(?s)```sh\n(.*?)```\n\n```text\n(.*?)```").unwrap();
    let recipes: Vec<_> = block
        .captures_iter(&page)
        .map(|found| Recipe { script: found[1].to_owned(), answer: found[2].to_owned() })
        .collect();
    assert_eq!(recipes.len(), page.matches("```sh").count(), "a question without an answer");
    recipes
}

/// Makes what the page begins with.
fn prepare(place: &Place, name: &str, second: &str) {
    let manifest = place.example("web").join("web.yaml");
    place.run(&format!("deploy {name} -f web")).expect(0);
    place
        .run(&format!("deploy {name} --image web=nginxinc/nginx-unprivileged:1.29-alpine"))
        .expect(0);
    let crash = "--set Deployment/web:spec.template.metadata.annotations[\"test.workloadctl/fail\"]=crash-loop";
    place.run(&format!("deploy {second} --definition {name} {crash}")).expect(3);
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(manifest, text.replace("Deployed with", "Brought by")).unwrap();
    place.run(&format!("definition apply {name} -f web")).expect(0);
    place.run("definition apply spare -f web").expect(0);
    let content = format!("/api/v1/namespaces/{name}/configmaps/web-content");
    let edit = json!({"data": {"index.html": "edited"}});
    place
        .call(Request::merge_patch(format!("{content}?fieldManager=kubectl-edit"), &edit))
        .unwrap();
}

/// Shows an answer in the words of the page.
fn in_the_words_of_the_page(place: &Place, name: &str, answer: &str) -> String {
    let mut text = answer.replace(name, "web").replace(&place.runtime, "sandbox");
    for (pattern, shown) in snapshot::filters() {
        text = Regex::new(pattern).unwrap().replace_all(&text, shown).into_owned();
    }
    text
}

on_both! {
    fn every_question_gets_the_answer_of_the_page(place) {
        let (name, second) = (place.instance(""), place.instance("-2"));
        prepare(place, &name, &second);
        let recipes = recipes();
        let mut wrong = String::new();
        let word = Regex::new(r"(^|[ \n])web(-2)?(@[0-9]+)?(?P<end>[ \n])").unwrap();
        for Recipe { script, answer } in &recipes {
            // Words that stand side by side share the space between them.
            let once = word.replace_all(script, format!("${{1}}{name}${{2}}${{3}}${{end}}"));
            let said = word.replace_all(&once, format!("${{1}}{name}${{2}}${{3}}${{end}}"));
            let outcome = docs::run(place, &said);
            let shown = in_the_words_of_the_page(place, &name, &outcome.stdout);
            if shown != *answer {
                wrong += &format!("{script}answers\n{shown}in place of\n{answer}{}\n", outcome.stderr);
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
        assert!(recipes.len() >= 20, "{}", recipes.len());
    }
}
