//! Probes, as they are said to a person: what is asked, and what the kubelet got for an answer.

use serde_json::Value;

use super::{
    field::{list, shorten, text, uid},
    related::{Related, happened},
    window::Window,
};

/// The longest command that is shown, in characters.
const COMMAND_LIMIT: usize = 60;

/// Describes what a probe asks: `GET :8080/healthz`, `TCP :5432`, `gRPC :9000`, or a command.
pub(crate) fn describe(probe: &Value) -> String {
    let port = |handler: &Value| match handler.get("port") {
        Some(Value::String(name)) => name.clone(),
        Some(number) => number.to_string(),
        None => String::new(),
    };
    if let Some(http) = probe.get("httpGet") {
        let path = text(http, "/path");
        let path = if path.is_empty() { "/" } else { path };
        let slash = if path.starts_with('/') { "" } else { "/" };
        return format!("GET :{}{slash}{path}", port(http));
    }
    if let Some(tcp) = probe.get("tcpSocket") {
        return format!("TCP :{}", port(tcp));
    }
    if let Some(grpc) = probe.get("grpc") {
        let service = text(grpc, "/service");
        let blank = if service.is_empty() { "" } else { " " };
        return format!("gRPC :{}{blank}{service}", port(grpc));
    }
    let words: Vec<&str> = list(probe, "/exec/command").iter().filter_map(Value::as_str).collect();
    let command = words.join(" ");
    match command.char_indices().nth(COMMAND_LIMIT) {
        Some((end, _)) => format!("`{}…`", &command[..end]),
        None => format!("`{command}`"),
    }
}

/// Finds what the kubelet last said about a container's probe (`Readiness`, `Liveness`,
/// `Startup`) during this deploy.
pub(crate) fn last_failure(
    pod: &Value,
    container: &str,
    probe: &str,
    around: &Related,
    window: &Window,
) -> Option<String> {
    let begins = format!("{probe} probe ");
    let field = format!("{{{container}}}");
    around
        .events_of(uid(pod))
        .filter(|event| text(event, "/reason") == "Unhealthy")
        .filter(|event| window.covers(happened(event)))
        .filter(|event| {
            let path = text(event, "/involvedObject/fieldPath");
            path.is_empty() || path.ends_with(&field)
        })
        .filter_map(|event| {
            let message = text(event, "/message").strip_prefix(&begins)?;
            let (_, answer) = message.split_once(": ").unwrap_or(("", message));
            Some((happened(event), answer))
        })
        .max()
        .map(|(_, answer)| shorten(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_what_is_asked() {
        let cases = [
            (json!({"httpGet": {"path": "/healthz", "port": 8080}}), "GET :8080/healthz"),
            (json!({"httpGet": {"port": "http"}}), "GET :http/"),
            (json!({"tcpSocket": {"port": 5432}}), "TCP :5432"),
            (json!({"grpc": {"port": 9000, "service": "db"}}), "gRPC :9000 db"),
            (json!({"exec": {"command": ["pg_isready", "-U", "web"]}}), "`pg_isready -U web`"),
            (json!({"exec": {}}), "``"),
        ];
        for (probe, said) in cases {
            assert_eq!(describe(&probe), said);
        }
    }
}
