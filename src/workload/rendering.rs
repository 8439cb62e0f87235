//! Rendering: what a definition's content becomes for one instance, on its way to a cluster.
//!
//! One pure sequence (overrides, checks, placement with its labels, names by content), so that what is shown, what is
//! stored, what is sent and what was recorded cannot differ.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use std::collections::BTreeMap;

use super::{
    definition::SourceFile,
    error::{Error, Result},
    kinds::Kinds,
    manifest::combine,
    object::Object,
    overrides::{self, Overrides},
    placement::{Destination, Placed, Placement, place},
    readiness::{WrongAnnotation, check_annotations},
    record::{Deployed, Record},
    validate::{Field, places_of},
    versioning,
};

/// Renders objects for an instance; `files` are what they were read from. `kinds` knows the kinds of the set's own CRDs.
///
/// # Errors
/// Code 2: an override without a target, an annotation that says nothing, all of them at once;
/// those of [`place`].
pub(crate) fn render(
    mut objects: Vec<Object>,
    files: &[SourceFile],
    overrides: &Overrides,
    kinds: &Kinds,
    to: &Destination<'_>,
) -> Result<Placement> {
    let set = overrides::apply(overrides, &mut objects, kinds)?;
    check(&objects, files)?;
    let mut placement = place(objects, kinds, to)?;
    placement.notes.splice(0..0, set);
    placement.warnings.extend(versioning::apply(&mut placement.objects, kinds));
    Ok(placement)
}

/// Refuses annotations that say nothing.
///
/// # Errors
/// Code 2, each with its place.
pub(crate) fn check(objects: &[Object], files: &[SourceFile]) -> Result<()> {
    match located(objects.iter().flat_map(wrong_annotations).collect(), files) {
        errors if errors.is_empty() => Ok(()),
        errors => Err(combine(errors)),
    }
}

/// Finds what is wrong with the annotations of an object.
pub(crate) fn wrong_annotations(object: &Object) -> Vec<WrongAnnotation> {
    if !object.body.mentions("\"annotations\"") {
        return Vec::new();
    }
    let object = &Object { body: object.body.look(), origin: object.origin.clone() };
    let mut wrong = check_annotations(object);
    wrong.extend(versioning::check(object));
    wrong
}

/// Gives what is wrong with annotations, each with its own place; each file is read once.
pub(crate) fn located(wrong: Vec<WrongAnnotation>, files: &[SourceFile]) -> Vec<Error> {
    let fields = wrong.iter().map(|WrongAnnotation { id, path, error }| Field {
        id: id.clone(),
        origin: error.origin.clone(),
        path: path.clone(),
    });
    let places = places_of(fields, files);
    wrong
        .into_iter()
        .zip(places)
        .map(|(WrongAnnotation { error, .. }, place)| match place {
            Some(place) => error.at(&place),
            None => error,
        })
        .collect()
}

/// Renders without a cluster: a kind that is neither built in nor brought by the set is taken to
/// be namespaced.
///
/// # Errors
/// Those of [`render`].
pub(crate) fn render_offline(
    objects: Vec<Object>,
    files: &[SourceFile],
    overrides: &Overrides,
    to: &Destination<'_>,
) -> Result<Placement> {
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&objects);
    render(objects, files, overrides, &kinds, to)
}

/// Renders what a recorded release sent. What was deployed is not refused any more: overrides that do
/// not fit the kinds that are known by now (a CRD that is gone) change nothing.
pub(crate) fn render_recorded(record: &Record, deployed: &Deployed, kinds: &Kinds) -> Vec<Placed> {
    let to = Destination {
        instance: &record.instance,
        namespace: None,
        stored: Some((record.mode, &record.namespace)),
        namespace_labels: &BTreeMap::new(),
    };
    let mut objects = deployed.objects.to_vec();
    _ = overrides::apply(&deployed.release.overrides, &mut objects, kinds);
    let placed = place(objects, kinds, &to).map(|placement| placement.objects);
    let mut placed = placed.unwrap_or_default();
    versioning::apply(&mut placed, kinds);
    placed.iter_mut().for_each(|placed| placed.body.rest());
    placed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::workload::{
        instance::NamespaceMode,
        object::Origin,
        release::{Outcome, Release},
    };

    fn deployed(overrides: Overrides) -> Deployed {
        let body = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 1, "template": {"spec": {"containers": [
                {"name": "web", "image": "web:1"}
            ]}}},
        });
        Deployed {
            release: Release { overrides, ..Release::sample("r", 1, Outcome::Ready) },
            objects: vec![Object { body: body.into(), origin: Origin::line("web.yaml", 1) }].into(),
        }
    }

    #[test]
    fn what_was_deployed_is_known_with_its_overrides_and_in_its_namespace() {
        let record = Record::new("shop", &"web".parse().unwrap(), NamespaceMode::Given);
        let of = |overrides| -> (Option<Value>, Option<Value>) {
            let placed = render_recorded(&record, &deployed(overrides), &Kinds::builtin());
            let [only] = &*placed else { panic!("{placed:?}") };
            let at = |pointer: &str| only.body.pointer(pointer).cloned();
            (at("/metadata/namespace"), at("/spec/template/spec/containers/0/image"))
        };
        let mut overrides = Overrides::default();
        overrides.images.insert("web".into(), "web:2".into());
        assert_eq!(of(overrides.clone()), (Some(json!("shop")), Some(json!("web:2"))));
        // Its CRD is gone: the kind is neither built in nor brought.
        overrides.replicas.insert("Widget/x".into(), 3);
        assert_eq!(of(overrides).0, Some(json!("shop")));
    }
}
