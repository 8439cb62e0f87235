//! Rendering: what a definition's content becomes for one instance, on its way to a cluster.
//!
//! One pure sequence (overrides, checks, placement with its labels), so that what is shown, what is
//! stored, what is sent and what was recorded cannot differ.

use std::collections::BTreeMap;

use super::{
    error::{Error, Result},
    kinds::Kinds,
    manifest::combine,
    object::Object,
    overrides::{self, Overrides},
    placement::{Destination, Placed, Placement, place},
    readiness::check_annotations,
    record::{Deployed, Record},
};

/// Renders objects for an instance. `kinds` knows the kinds of the set's own CRDs.
///
/// # Errors
/// Code 2: an override without a target, an annotation that says nothing, all of them at once;
/// those of [`place`].
pub(crate) fn render(
    mut objects: Vec<Object>,
    overrides: &Overrides,
    kinds: &Kinds,
    to: &Destination<'_>,
) -> Result<Placement> {
    let set = overrides::apply(overrides, &mut objects, kinds)?;
    let errors: Vec<Error> =
        objects.iter().filter_map(|object| check_annotations(object).err()).collect();
    if !errors.is_empty() {
        return Err(combine(errors));
    }
    let mut placement = place(&objects, kinds, to)?;
    placement.notes.splice(0..0, set);
    Ok(placement)
}

/// Renders without a cluster: a kind that is neither built in nor brought by the set is taken to
/// be namespaced.
///
/// # Errors
/// Those of [`render`].
pub(crate) fn render_offline(
    objects: Vec<Object>,
    overrides: &Overrides,
    to: &Destination<'_>,
) -> Result<Placement> {
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&objects);
    render(objects, overrides, &kinds, to)
}

/// Renders what a recorded release sent. Empty where today's rules refuse what was deployed under
/// older ones: then nothing is known of it.
pub(crate) fn render_recorded(record: &Record, deployed: &Deployed, kinds: &Kinds) -> Vec<Placed> {
    let to = Destination {
        instance: &record.instance,
        namespace: None,
        stored: Some((record.mode, &record.namespace)),
        namespace_labels: &BTreeMap::new(),
    };
    let overrides = &deployed.release.overrides;
    let rendered = render(deployed.objects.clone(), overrides, kinds, &to);
    rendered.map(|placement| placement.objects).unwrap_or_default()
}
