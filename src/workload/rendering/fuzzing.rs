//! The doors of `fuzz/fuzz_targets/reader.rs` and `render.rs`: bytes as whatever somebody wrote into
//! manifests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::render_offline;
use crate::workload::{
    definition::SourceFile, file, kinds::Kinds, manifest, overrides::Overrides,
    placement::Destination, validate, yaml,
};

/// Reads a text; what is read without a problem is written and read again.
///
/// # Panics
/// Where the reader or the writer is wrong.
pub(crate) fn reader(text: &str) {
    let yaml::Reading { documents, problems } = yaml::read(text);
    if problems.is_empty() {
        documents.iter().for_each(|document| survives(&document.value));
    }
}

/// Renders a text as manifests of an instance, patched by themselves, and validates them; reads it as a
/// workload file.
///
/// # Panics
/// Where something on the way is wrong.
pub(crate) fn render(text: &str) {
    let source = SourceFile { name: "-".to_owned(), text: text.into() };
    _ = file::read(&source);
    let Ok(loaded) = manifest::load(vec![source]) else { return };
    _ = validate::content(&loaded.content);
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&loaded.content.objects);
    let unknown = kinds.check(&loaded.content.objects).errors;
    let mut overrides = Overrides { restarted_at: Some("now".to_owned()), ..Overrides::default() };
    for (number, object) in loaded.content.objects.iter().enumerate().take(3) {
        overrides.sets.insert(format!("{}:spec.replicas", object.id()), number.into());
        overrides.patches.push((*object.body).clone());
    }
    let instance = "web".parse().expect("a name");
    for (namespace, overrides) in [(None, &Overrides::default()), (Some("shop"), &overrides)] {
        let labels = BTreeMap::new();
        let to =
            Destination { instance: &instance, namespace, stored: None, namespace_labels: &labels };
        if let Ok(placement) =
            render_offline(loaded.content.objects.clone(), &loaded.content.files, overrides, &to)
        {
            placement.objects.iter().for_each(|placed| survives(&placed.body));
            let (placed, content) = (&placement.objects, &loaded.content);
            _ = validate::rendered(placed, content, overrides, &kinds, &unknown);
        }
    }
}

fn survives(value: &Value) {
    let text = yaml::emit(value);
    let yaml::Reading { mut documents, problems } = yaml::read(&text);
    assert_eq!(problems, [], "{text}");
    let again = documents.pop().map(|document| document.value).unwrap_or_default();
    assert_eq!(again, *value, "what is written is read back unchanged");
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    /// Recorded inputs, as in `workload/manifest/tests/`.
    fn seeds() -> Vec<String> {
        let golden = include_str!("../manifest/tests/data/yaml-golden.jsonl").lines();
        let mutations = include_str!("../manifest/tests/data/yaml-mutations.jsonl").lines();
        let cases = golden.chain(mutations).filter_map(|line| serde_json::from_str(line).ok());
        cases
            .map(|case: Value| case["input"].as_str().expect("every case has one").into())
            .collect()
    }

    /// A seed with parts cut out, doubled, or put into it from other seeds.
    fn texts() -> impl Strategy<Value = String> {
        let edits = proptest::collection::vec((any::<[Index; 4]>(), 0..3), 0..4);
        let seeds = seeds();
        (any::<Index>(), edits).prop_map(move |(seed, edits)| {
            let mut text: Vec<char> = seed.get(&seeds).chars().collect();
            for ([other, start, length, place], edit) in edits {
                let source = match edit {
                    0 => other.get(&seeds).chars().collect(),
                    _ => text.clone(),
                };
                let start = start.index(source.len() + 1);
                let end = start + length.index(source.len() - start + 1).min(40);
                if edit == 2 {
                    text.drain(start..end);
                } else {
                    let place = place.index(text.len() + 1);
                    text.splice(place..place, source[start..end].iter().copied());
                }
            }
            text.into_iter().collect()
        })
    }

    fn config() -> ProptestConfig {
        let default = ProptestConfig::default();
        // `PROPTEST_CASES` makes it more.
        ProptestConfig { cases: default.cases * 8, ..default }
    }

    #[test]
    fn the_corpora_pass_the_doors() {
        let corpora = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (corpus, door) in [("reader", reader as fn(&str)), ("render", render)] {
            let files = std::fs::read_dir(corpora.join(corpus)).unwrap();
            let texts: Vec<String> =
                files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
            assert!(texts.len() > 5, "{corpus}");
            texts.iter().for_each(|text| door(text));
        }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn no_text_makes_the_reader_or_the_rendering_panic(text in texts()) {
            reader(&text);
            render(&text);
        }
    }
}
