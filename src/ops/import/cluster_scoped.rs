//! Objects that live in no namespace: those whose labels fit are taken, and those that name something
//! of the namespace are told.

use serde_json::Value;

use super::{
    super::target::Target,
    Found,
    listing::{self, Listed, Objects},
};
use crate::workload::{
    error::Result,
    import::{is_made_for_another, reason_to_leave, referred, requires_label},
    kinds::builtin_kind,
    object::ObjectId,
};

/// What stands for all kinds that live in no namespace.
const ALL: &str = "objects without a namespace";

/// Takes the objects that a selector means; none where it requires no label of them: what belongs to
/// the whole cluster has no label of most keys.
///
/// # Errors
/// A failed LIST, other than a forbidden one: that kind is told as left.
pub(super) async fn take_labelled(
    target: &Target,
    selector: &str,
    query: &str,
    found: &mut Found,
) -> Result<()> {
    if !requires_label(selector) {
        found.leave(ALL, "only a label that they have takes them, as `-l KEY=VALUE` says");
        return Ok(());
    }
    let kinds = listing::kinds(target, None);
    let Objects { live, forbidden } = listing::list(target, &kinds, query, None, found).await?;
    if forbidden.len() == kinds.len() {
        // Whoever has rights in one namespace alone need not read them all.
        found.leave(ALL, "they may not be listed");
    } else {
        forbidden.iter().for_each(|kind| found.leave(kind, "its objects may not be listed"));
    }
    for object in live.into_iter().filter(|object| !is_made_for_another(object)) {
        match reason_to_leave(&object) {
            Some(reason) => found.leave(ObjectId::of(&object), reason),
            None => found.taken.push(object),
        }
    }
    Ok(())
}

/// Tells the objects that name something of the namespace: nothing says whether they belong to it.
///
/// # Errors
/// A failed LIST, other than a forbidden one.
pub(super) async fn tell_referring(
    target: &Target,
    namespace: &str,
    found: &mut Found,
) -> Result<()> {
    let could_refer = |listed: &Listed| {
        let kind = listed.kind();
        let id = ObjectId::new(&kind.group, &kind.kind, None, "");
        !builtin_kind(&id).names_in_namespaces.is_empty() || id.is("", "PersistentVolume")
    };
    let mut kinds = listing::kinds(target, None);
    kinds.retain(could_refer);
    let Objects { live, forbidden } = listing::list(target, &kinds, "", None, found).await?;
    if !forbidden.is_empty() {
        let forbidden: Vec<String> = forbidden.iter().map(ToString::to_string).collect();
        let unknown =
            "they may not be listed: whether one names something of the namespace is not known";
        found.leave(forbidden.join(", "), unknown);
    }
    let is_left =
        |object: &&Value| !is_made_for_another(object) && reason_to_leave(object).is_none();
    for object in live.iter().filter(is_left) {
        if let Some(named) = referred(object, namespace) {
            let reason =
                format!("it lives in no namespace and names {named} of this one: `-l` takes it");
            found.leave(ObjectId::of(object), reason);
        }
    }
    Ok(())
}
