//! What is wrong with an object of a built-in kind: its form by the embedded schema, its meaning by
//! the API server's own rules.

use serde_json::{Value, json};

use super::fault::{self, Fault};
use crate::schema::{
    Gvk, Schema, declared, defaults,
    rules::{self, FieldError},
    validate,
};

/// How long the value of a label may be.
const LABEL_LIMIT: usize = 63;

/// Finds the faults of an object.
pub(super) fn faults(body: &Value, gvk: &Gvk, schema: &Schema) -> Vec<Fault> {
    let secret = gvk.group.is_empty() && gvk.kind == "Secret";
    let form = validate::check_against(body, schema, &gvk.kind);
    let mut faults: Vec<Fault> =
        form.iter().map(|finding| fault::of_finding(finding, body, schema, secret)).collect();
    let of_form = faults.len();
    for cause in meaning(body, &faults, gvk, schema) {
        let fault = fault::of_cause(&cause, body, secret);
        if !fault.follows_from(&faults[..of_form]) && !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    // The rules have more to say of a place than its declaration.
    for cause in declared::check(body, schema) {
        let fault = fault::of_cause(&cause, body, secret);
        if !fault.follows_from(&faults[..of_form])
            && !faults.iter().any(|known| fault.repeats(known))
        {
            faults.push(fault);
        }
    }
    faults
}

/// Judges the object as the server would after filling in what is not given. What has the wrong
/// form counts as not given: the rules rely on the form.
fn meaning(body: &Value, form: &[Fault], gvk: &Gvk, schema: &Schema) -> Vec<FieldError> {
    let mut object = body.clone();
    for fault in form {
        if let Some(value) = fault.at.value_mut(&mut object) {
            *value = Value::Null;
        }
    }
    // What a client says of the status is not looked at.
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    let mut object = defaults::complete(object, schema, gvk);
    let mut causes = Vec::new();
    // The server gives a Job its selector, unless the Job says that it brings its own.
    if gvk.group == "batch" && gvk.kind == "Job" && object["spec"]["manualSelector"] != true {
        object["spec"]["selector"] = json!({"matchLabels": {}});
        let name = &object["metadata"]["name"];
        if name.as_str().is_some_and(|name| name.len() > LABEL_LIMIT) {
            let detail = "must be no more than 63 bytes: it becomes a label of the Job's pods";
            causes.push(FieldError::invalid("metadata.name", name, detail));
        }
    }
    rules::metadata(&gvk.group, &gvk.kind, &object, &mut causes);
    rules::content(&gvk.group, &gvk.kind, &object, true, &mut causes);
    causes
}
