//! What a server says of a request that it rejected, as sentences.

use super::{ApiStatus, StatusCause};

impl StatusCause {
    /// Says what is wrong with a field, each thing once. A fault of a custom resource repeats the
    /// field's path in its message, and has no field where alternatives are at fault.
    fn sentence(&self) -> String {
        let Self { reason: _, message, field } = self;
        match field.trim_start_matches('.') {
            "" | "<nil>" => message.trim_start_matches("Invalid value: \"\": ").to_owned(),
            field => {
                format!("{field}: {}", message.replace(&format!("{field} in body "), ""))
            }
        }
    }
}

impl ApiStatus {
    /// Lists why the server rejected a request, one sentence a field where it named fields.
    pub fn reasons(&self) -> Vec<String> {
        let by_field: Vec<String> = self
            .details
            .iter()
            .flat_map(|details| &details.causes)
            .filter(|cause| !cause.message.is_empty())
            .map(StatusCause::sentence)
            .collect();
        if !by_field.is_empty() {
            return by_field;
        }
        // A body that does not fit the schema: the interesting lines come after the first.
        if let Some((_, errors)) = self.message.split_once("errors:\n") {
            return errors
                .lines()
                .map(|line| line.trim().trim_start_matches('.').to_owned())
                .filter(|line| !line.is_empty())
                .collect();
        }
        if self.message.starts_with("failed to create typed")
            && let Some((_, fault)) = self.message.split_once("): ")
        {
            return vec![fault.trim_start_matches('.').to_owned()];
        }
        vec![if self.message.is_empty() {
            format!("the server answered {} {}", self.code, self.reason)
        } else {
            self.message.clone()
        }]
    }
}
