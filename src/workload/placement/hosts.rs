//! Host names that will not lead to their Service any more: they are text that nobody may
//! rewrite, so they are warned about.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{SourceObject, references::Moves};
use crate::workload::kinds::Referent;

/// Warns about each host name in the object that means a Service which moves, each once.
pub(super) fn warnings(source: &SourceObject, body: &Value, moves: &Moves<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    if moves.is_empty() || source.id.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        return warnings;
    }
    let mut seen: Vec<String> = Vec::new();
    let mut look = |text: &str| {
        for host in hosts(text) {
            let Some(to) = moves
                .follow(Referent::Service, host.namespace, host.name)
                .or_else(|| moves.stray(Referent::Service, host.namespace, host.name))
            else {
                continue;
            };
            let shown = format!("{}.{}", host.name, host.namespace);
            if !seen.contains(&shown) {
                warnings.push(format!(
                    "{} names the host {}, but Service/{} goes to namespace {to}",
                    source.named(),
                    host.text,
                    host.name,
                ));
                seen.push(shown);
            }
        }
    };
    walk(body, &mut look);
    if source.id.is("", "Secret") {
        walk_encoded(body.get("data"), &mut look);
    }
    warnings
}

/// Shows every text of a value.
fn walk(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(values) => values.iter().for_each(|value| walk(value, look)),
        Value::Object(map) => map.values().for_each(|value| walk(value, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Shows every text of a Secret's data.
fn walk_encoded(data: Option<&Value>, look: &mut impl FnMut(&str)) {
    let values = data.and_then(Value::as_object).into_iter().flat_map(|data| data.values());
    for encoded in values.filter_map(Value::as_str) {
        let bytes = STANDARD.decode(encoded).ok();
        if let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            look(&text);
        }
    }
}

/// A host name that may be a Service's.
#[derive(Debug, PartialEq, Eq)]
struct Host<'a> {
    text: &'a str,
    name: &'a str,
    namespace: &'a str,
}

/// Finds the host names in a text that have the form of a Service's: `NAME.NAMESPACE.svc` with
/// anything around, or `NAME.NAMESPACE` alone where it stands in a URL or before a port.
fn hosts(text: &str) -> impl Iterator<Item = Host<'_>> {
    let part_of_host = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    text.split(move |c| !part_of_host(c)).filter(|token| token.contains('.')).filter_map(|token| {
        let labels: Vec<&str> = token.trim_end_matches('.').split('.').collect();
        let host = |name, namespace| Host { text: token.trim_end_matches('.'), name, namespace };
        if let Some(svc) = labels.iter().position(|label| *label == "svc") {
            // Before the Service's name may stand a pod's (`db-0.db.default.svc`).
            return (svc >= 2).then(|| host(labels[svc - 2], labels[svc - 1]));
        }
        match *labels {
            [name, namespace] if is_addressed(text, token) => Some(host(name, namespace)),
            _ => None,
        }
    })
}

/// Tells whether a token of the text stands where a URL has its host, or before a port.
fn is_addressed(text: &str, token: &str) -> bool {
    let start = token.as_ptr() as usize - text.as_ptr() as usize;
    let (before, after) = (&text[..start], &text[start + token.len()..]);
    let port =
        after.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    port || before.ends_with("://") || before.ends_with('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_of_services_are_found() {
        for (text, wanted) in [
            ("db.default.svc", vec!["db.default.svc"]),
            (
                "postgres://u:p@db.default.svc.cluster.local:5432/x",
                vec!["db.default.svc.cluster.local"],
            ),
            ("db-0.db.default.svc.cluster.local.", vec!["db-0.db.default.svc.cluster.local"]),
            ("http://db.default/x", vec!["db.default"]),
            ("amqp://u:p@db.default", vec!["db.default"]),
            ("db.default:5432", vec!["db.default"]),
            ("a=db.default.svc,b=web.prod.svc", vec!["db.default.svc", "web.prod.svc"]),
            ("logger.level: x, db.default", vec![]),
            ("db.svc", vec![]),
            ("www.example.com:80", vec![]),
            ("", vec![]),
        ] {
            let found: Vec<&str> = hosts(text).map(|host| host.text).collect();
            assert_eq!(found, wanted, "{text}");
        }
        let host = hosts("x.db.default.svc").next().unwrap();
        assert_eq!((host.name, host.namespace), ("db", "default"));
    }
}
