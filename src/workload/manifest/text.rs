//! Values that an API server wants as text and that YAML reads as something else: `port: 8080` in
//! a ConfigMap, `value: yes` in an environment.

use crate::workload::error::Code;
use serde_json::Value;

use super::{
    field::At,
    list::{describe, describe_kind},
};
use crate::workload::{
    kinds::{Trait, builtin_kind},
    object::ObjectId,
    yaml::{HIDDEN, Problem, YamlNode},
};

/// A value that is not text but must be.
pub(super) struct Misread<'v> {
    at: At<'v>,
    /// What must be text: `a label`.
    what: &'static str,
    /// Whether nobody may see it.
    is_secret: bool,
}

impl Misread<'_> {
    /// Says so, with the text as it was written.
    pub(super) fn problem(&self, root: YamlNode<'_>) -> Problem {
        let Self { at, what, is_secret } = self;
        let node = at.node(root);
        let read = describe(at.value);
        let problem = |message| Problem::new(Code::NotAString, node.position(), message);
        match node.text() {
            Some(_) if *is_secret => {
                let read = describe_kind(at.value);
                problem(format!("{what} must be text, but `{at}: {HIDDEN}` is {read}"))
                    .hint("quote it")
            }
            Some(written) => {
                problem(format!("{what} must be text, but `{at}: {written}` is {read}"))
                    .hint(format!("quote it: \"{written}\""))
            }
            None => problem(format!("{what} must be text, but `{at}` is {read}")),
        }
    }
}

/// Requires a value to be text.
pub(super) fn require<'v>(what: &'static str, at: At<'v>) -> Option<Misread<'v>> {
    is_no_text(at.value).then_some(Misread { at, what, is_secret: false })
}

fn is_no_text(value: &Value) -> bool {
    !value.is_string() && !value.is_null()
}

/// Finds what must be text and is not.
pub(super) fn misread<'v>(body: &'v Value, id: &ObjectId) -> Vec<Misread<'v>> {
    let mut finder = Finder(Vec::new());
    let root = At::root(body);
    finder.metadata(&root);
    let before = finder.0.len();
    for map in builtin_kind(id).text_maps {
        finder.values(map.what, root.fields(map.path));
    }
    let is_secret = id.is("", "Secret");
    finder.0[before..].iter_mut().for_each(|misread| misread.is_secret = is_secret);
    if let Some(pod) = pod_of(&root, id) {
        finder.metadata(&pod);
        pod.field("spec").iter().for_each(|spec| finder.pod_spec(spec));
    }
    if builtin_kind(id).is(Trait::ClaimTemplates) {
        let claims = root.fields(&["spec", "volumeClaimTemplates"]);
        claims
            .iter()
            .flat_map(|list| list.items(|_| true))
            .for_each(|claim| finder.metadata(&claim));
    }
    finder.0
}

/// Goes to the pod that an object of a built-in kind is or makes.
fn pod_of<'v>(root: &At<'v>, id: &ObjectId) -> Option<At<'v>> {
    let pointer = builtin_kind(id).pod_template?;
    let keys: Vec<_> = pointer.split('/').filter(|key| !key.is_empty()).collect();
    root.fields(&keys)
}

struct Finder<'v>(Vec<Misread<'v>>);

impl<'v> Finder<'v> {
    fn metadata(&mut self, object: &At<'v>) {
        self.values("a label", object.fields(&["metadata", "labels"]));
        self.values("an annotation", object.fields(&["metadata", "annotations"]));
    }

    fn pod_spec(&mut self, spec: &At<'v>) {
        self.values("a node label", spec.field("nodeSelector"));
        for kind in ["containers", "initContainers", "ephemeralContainers"] {
            for container in spec.field(kind).iter().flat_map(|list| list.items(|_| true)) {
                let variables = container.field("env");
                let variables = variables.iter().flat_map(|list| {
                    list.items(|variable| variable.get("value").is_some_and(is_no_text))
                });
                let values = variables.filter_map(|variable| variable.field("value"));
                self.0
                    .extend(values.filter_map(|value| {
                        require("the value of an environment variable", value)
                    }));
                for list in ["command", "args"] {
                    let words = container.field(list);
                    let words = words.iter().flat_map(|list| list.items(is_no_text));
                    self.0.extend(words.filter_map(|word| require("an argument", word)));
                }
            }
        }
    }

    fn values(&mut self, what: &'static str, map: Option<At<'v>>) {
        let values = map.iter().flat_map(|map| map.entries(is_no_text));
        self.0.extend(values.filter_map(|value| require(what, value)));
    }
}
