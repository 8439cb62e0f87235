//! GitLab's Code Quality report: what is wrong at which line of the sources, shown in merge requests.
//! The form is that of `artifacts:reports:codequality`.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::annotations::{Finding, findings};
use crate::ops::view::Operation;

/// Gives the document; what stands at no line is left out, for GitLab shows none such.
pub(super) fn text(operations: &[Operation]) -> String {
    let found = operations.iter().flat_map(findings);
    let issues: Vec<Value> = found
        .filter_map(|Finding { place, title, message }| {
            let origin = place?;
            // It has to stay the same while the fault does, wherever its line moves to.
            let digest = Sha256::digest(format!("{}\n{title}\n{message}", origin.file));
            let fingerprint: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            Some(json!({
                "description": format!("{title}: {message}"),
                "check_name": "workloadctl",
                "fingerprint": fingerprint,
                "severity": "major",
                "location": {"path": &*origin.file, "lines": {"begin": origin.line}},
            }))
        })
        .collect();
    let text = serde_json::to_string_pretty(&issues).expect("values have string keys");
    crate::output::sanitize::json(text + "\n")
}
