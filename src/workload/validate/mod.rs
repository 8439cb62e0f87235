//! Strict validation, offline: what an API server would refuse of objects, all of it at once and
//! with its place in the sources.
//!
//! Never stricter than a server-side apply with `fieldValidation=Strict`; what only a server can
//! know (quotas, webhooks, expressions) is left to it. A kind that neither the embedded schemas nor
//! a CustomResourceDefinition of the set describes is not judged.

mod builtin;
mod custom;
mod deprecated;
mod fault;
mod place;
mod source;

use serde_json::Value;

use self::{
    custom::CustomSchemas,
    fault::{Fault, ShownBy},
    place::Found,
    source::{Sources, Spot},
};
use super::{
    definition::{Content, SourceFile},
    error::{Code, Error, Excerpt, Mistake},
    kinds::Kinds,
    object::{Object, ObjectId, Origin},
    overrides::{Flag, Overridden, Overrides, Overriding},
    placement::Placed,
};
use crate::schema::{Gvk, KUBERNETES_MINOR, openapi};

use place::PathStep;

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Report {
    /// What would be refused, in the order of the objects.
    pub mistakes: Vec<Mistake>,
    /// What will be refused one day, or by newer servers.
    pub warnings: Vec<String>,
}

/// Validates the objects of a definition as they were read, their kinds included.
pub(crate) fn content(content: &Content) -> Report {
    let Content { objects, files } = content;
    let mut kinds = Kinds::builtin();
    kinds.add_crds(objects);
    let schemas = CustomSchemas::of(objects.iter().map(|object| &*object.body));
    let mut judged = Vec::new();
    let mut report = Report::default();
    for object in objects {
        let gvk = Gvk::of(&object.body);
        report.warnings.extend(old_version(&gvk, &object.id(), Some(&object.origin)));
        let faults = match kinds.check(std::slice::from_ref(object)).errors.pop() {
            None => faults(&object.body, &gvk, &schemas),
            Some(_) if deprecated::of(&gvk).is_some_and(|old| old.removed) => Vec::new(),
            Some(error) => vec![unknown_kind(&object.body, &error)],
        };
        judged.push(Judged {
            id: object.id(),
            origin: Some(&object.origin),
            body: &object.body,
            faults,
        });
    }
    report.mistakes = located(judged, files, None);
    report
}

/// Tells whether [`content`] has nothing to say of an object, whatever else is in the set, and needs it
/// for no other: then it need not be kept until the set is complete. `builtin` are the built-in kinds.
pub(crate) fn is_sound(object: &Object, builtin: &Kinds) -> bool {
    let Object { body, .. } = object;
    let gvk = Gvk::of(body);
    let definition = object.id().is("apiextensions.k8s.io", "CustomResourceDefinition");
    let known = openapi().of(&gvk).filter(|_| !definition && deprecated::of(&gvk).is_none());
    known.is_some_and(|schema| builtin::faults(body, &gvk, schema).is_empty())
        && builtin.check(std::slice::from_ref(object)).errors.is_empty()
}

/// Validates objects as they would be sent. `content` is what they were made of, by `overrides`:
/// what those brought is shown with its flag. `unknown` is what [`Kinds::check`] has found of them.
pub(crate) fn rendered(
    placed: &[Placed],
    content: &Content,
    overrides: &Overrides,
    kinds: &Kinds,
    unknown: &[Error],
) -> Report {
    let schemas = CustomSchemas::of(placed.iter().map(|placed| &*placed.body));
    let mut judged = Vec::new();
    let mut report = Report::default();
    for object in placed {
        let gvk = Gvk::of(&object.body);
        let (id, origin) = (object.declared().clone(), object.origin.as_ref());
        let faults = match unknown.iter().find(|error| is_about(error, &id, origin)) {
            // Whoever judges it here knows the server's own word.
            Some(error) => vec![Fault { outdates: false, ..unknown_kind(&object.body, error) }],
            None => {
                report.warnings.extend(old_version(&gvk, &id, origin));
                faults(&object.body, &gvk, &schemas)
            }
        };
        judged.push(Judged { id, origin, body: &object.body, faults });
    }
    let overriding = Overriding { overrides, objects: &content.objects, kinds };
    report.mistakes = located(judged, &content.files, Some(&overriding));
    report
}

/// Lists what is wrong with one object, a line each; `definitions` describe custom resources.
pub fn mistakes(body: &Value, definitions: &[Value]) -> Vec<String> {
    let faults = faults(body, &Gvk::of(body), &CustomSchemas::of(definitions.iter()));
    faults.into_iter().map(|fault| fault.message).collect()
}

impl Report {
    /// Turns what a newer API server may see otherwise into warnings: it knows more fields, kinds
    /// and values than are embedded here. `minor` is the server's version of Kubernetes 1.
    pub(crate) fn for_server(&mut self, minor: u32) {
        if minor <= KUBERNETES_MINOR {
            return;
        }
        let (open, sure) = std::mem::take(&mut self.mistakes)
            .into_iter()
            .partition(|mistake: &Mistake| mistake.outdates);
        let open: Vec<Mistake> = open;
        self.mistakes = sure;
        self.warnings.extend(open.iter().map(Mistake::line));
    }
}

/// An object with what is wrong with it.
struct Judged<'a> {
    id: ObjectId,
    origin: Option<&'a Origin>,
    body: &'a Value,
    faults: Vec<Fault>,
}

fn faults(body: &Value, gvk: &Gvk, schemas: &CustomSchemas) -> Vec<Fault> {
    match openapi().of(gvk) {
        Some(schema) => builtin::faults(body, gvk, schema),
        None => schemas.faults(body, gvk),
    }
}

/// Tells whether an error of [`Kinds::check`] is about this object.
fn is_about(error: &Error, id: &ObjectId, origin: Option<&Origin>) -> bool {
    error.origin.as_ref() == origin && error.object.as_deref() == Some(&*id.to_string())
}

fn unknown_kind(body: &Value, error: &Error) -> Fault {
    let Error { code, message, hint, .. } = error;
    let field = if *code == Code::UnknownVersion { "apiVersion" } else { "kind" };
    let suggestion = hint.as_ref().and_then(|hint| hint.strip_prefix("write `")?.strip_suffix('`'));
    let suggestion = suggestion.map(str::to_owned);
    Fault {
        at: Found::at(body, field),
        message: message.clone(),
        expected: None,
        suggestion,
        shown_by: ShownBy::Value,
        outdates: true,
        twice: false,
    }
}

fn old_version(gvk: &Gvk, id: &ObjectId, origin: Option<&Origin>) -> Option<String> {
    let place = origin.map_or(String::new(), |origin| format!("{origin}: "));
    deprecated::of(gvk).map(|old| format!("{place}{id}: {}", old.message))
}

/// Finds the places of all faults.
fn located(
    judged: Vec<Judged<'_>>,
    files: &[SourceFile],
    overriding: Option<&Overriding<'_>>,
) -> Vec<Mistake> {
    let wrong = judged.iter().filter(|object| !object.faults.is_empty());
    let sources = Sources::read(files, wrong.filter_map(|object| Some(&*object.origin?.file)));
    let mut mistakes = Vec::new();
    for Judged { id, origin, body, faults } in judged {
        let mut found: Vec<Mistake> = faults
            .into_iter()
            .map(|fault| mistake(fault, &id, origin, body, &sources, overriding))
            .collect();
        found.sort_by_key(|mistake| mistake.source.as_ref().map(|at| (at.line, at.column)));
        mistakes.extend(found);
    }
    mistakes
}

fn mistake(
    fault: Fault,
    id: &ObjectId,
    origin: Option<&Origin>,
    body: &Value,
    sources: &Sources,
    overriding: Option<&Overriding<'_>>,
) -> Mistake {
    let flag = overriding.zip(origin).and_then(|(overriding, origin)| {
        let entry = match &fault.shown_by {
            ShownBy::Entry(text) => Some(&**text),
            ShownBy::Key | ShownBy::Value => None,
        };
        overriding.flag(&Overridden { origin, body, steps: &fault.at.texts(), entry })
    });
    let spot = match (&flag, origin) {
        (None, Some(origin)) => sources.find(&fault, id, origin),
        _ => None,
    };
    let (source, excerpt) = match (spot, &flag) {
        (Some(Spot { origin, excerpt }), _) => (Some(origin), Some(excerpt)),
        (None, flag) => (origin.cloned(), flag.as_ref().map(|flag| of_flag(flag, &fault))),
    };
    Mistake {
        object: id.to_string(),
        path: fault.at.to_string(),
        source,
        flag: flag.map(|flag| flag.text),
        message: fault.message,
        expected: fault.expected,
        suggestion: fault.suggestion,
        // The line of a Secret may hold what nobody should read in a log.
        excerpt: excerpt.filter(|_| !id.is("", "Secret")),
        outdates: fault.outdates,
    }
}

/// Shows the part of a flag that is wrong.
fn of_flag(flag: &Flag, fault: &Fault) -> Excerpt {
    let Flag { text, value } = flag;
    let end = text.chars().count();
    let (start, width) = match (&fault.shown_by, fault.at.steps.last()) {
        (ShownBy::Key, Some(PathStep::Key(name))) => {
            let width = name.chars().count();
            ((value - 1).saturating_sub(width), width)
        }
        _ => (*value, end - value),
    };
    Excerpt { text: text.clone(), start, width: width.max(1) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_sound_has_nothing_to_be_told_and_is_needed_for_no_other() {
        let builtin = Kinds::builtin();
        for (api_version, kind, spec, sound) in [
            ("v1", "Namespace", json!({}), true),
            ("v1", "Namespace", json!({"finalisers": []}), false),
            ("apps/v1", "Deployment", json!({"replicas": "2"}), false),
            ("apps/v1beta1", "Deployment", json!({}), false),
            ("apps/v1", "Deploymint", json!({}), false),
            ("v1", "Status", json!({}), false),
            ("example.com/v1", "Gear", json!({}), false),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({}), false),
        ] {
            let body = json!({
                "apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec,
            });
            let object = Object { body: body.into(), origin: Origin::line("a.yaml", 1) };
            assert_eq!(is_sound(&object, &builtin), sound, "{api_version} {kind}");
            let told = content(&Content { objects: vec![object], files: Vec::new() });
            assert!(!sound || told == Report::default(), "{told:?}");
        }
    }
}
