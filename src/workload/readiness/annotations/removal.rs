//! Whether an object stays when it leaves: the values of `workloadctl/on-remove`, on an object and on a
//! StatefulSet's claim templates.

use serde_json::Value;

use super::{
    WrongAnnotation,
    known::{ours, refuse},
};
use crate::workload::{
    error::{Code, Error, Result},
    object::Object,
    overrides::PathStep,
    readiness::field::{annotation, list},
};

/// Objects with this annotation (value `keep`) stay when they leave the definition or the
/// instance is deleted.
pub(crate) const KEEP_ANNOTATION: &str = "workloadctl/on-remove";

/// Checks what an object says.
///
/// # Errors
/// Code 2.
pub(super) fn check(object: &Value) -> Result<()> {
    match annotation(object, KEEP_ANNOTATION) {
        None | Some("keep" | "delete") => Ok(()),
        Some(value) => {
            let why = format!("is {value:?}: keep or delete");
            Err(refuse(KEEP_ANNOTATION, value, &why, ["keep", "delete"]))
        }
    }
}

/// Finds annotations of ours on claim templates that say nothing: only this one is read there.
pub(super) fn check_claim_templates(object: &Object) -> Vec<WrongAnnotation> {
    let body = &object.body;
    if !object.id().is("apps", "StatefulSet") {
        return Vec::new();
    }
    let templates = list(body, "/spec/volumeClaimTemplates").iter().enumerate();
    let found = templates.flat_map(|(index, template)| {
        ours(template).filter_map(move |name| {
            let error = match format!("workloadctl/{name}") {
                name if name == KEEP_ANNOTATION => check(template).err()?,
                name => {
                    let message = format!("annotation {name} does nothing on a claim template");
                    let error = Error::usage(Code::InvalidAnnotation, message);
                    error.hint(format!("there is `{KEEP_ANNOTATION}: keep`"))
                }
            };
            let keys = ["metadata", "annotations", &format!("workloadctl/{name}")];
            let keys = keys.map(|key| PathStep::Key(key.to_owned()));
            let to_it = ["spec", "volumeClaimTemplates"].map(|key| PathStep::Key(key.to_owned()));
            Some((to_it.into_iter().chain([PathStep::Index(index)]).chain(keys), error))
        })
    });
    found.map(|(path, error)| WrongAnnotation::at(object, path, error)).collect()
}
