//! Which webhooks are answered by what a release brings: only those are worth waiting for until time
//! is up. Who made the configuration does not matter: an operator of the set may make one when it
//! runs.

use crate::{
    cluster::failure::Failure,
    workload::{kinds::references::items, plan::Item},
};

/// The backends of webhooks in a set.
#[derive(Debug, Default)]
pub(crate) struct Backends {
    /// The beginnings of their URLs without the port, as the server calls Services.
    hosts: Vec<String>,
    /// The webhooks that are called by a URL, quoted as the server names them.
    names: Vec<String>,
}

impl Backends {
    /// Finds those of a plan.
    pub(crate) fn of(plan: &[Item]) -> Self {
        let mut backends = Self::default();
        for item in plan {
            let id = &item.desired.id;
            if let (true, Some(namespace)) = (id.is("", "Service"), &id.namespace) {
                backends.hosts.push(format!("//{}.{namespace}.svc", id.name));
            }
            let body = item.desired.body.look();
            let by_url = items(&body, "/webhooks")
                .filter(|webhook| webhook["clientConfig"]["url"].is_string())
                .filter_map(|webhook| webhook["name"].as_str());
            backends.names.extend(by_url.map(|name| format!("webhook \"{name}\"")));
        }
        backends
    }

    /// Tells whether the webhook that could not be called is answered by one of them: the server
    /// names it, and the URL that it called.
    pub(crate) fn serve(&self, failure: &Failure) -> bool {
        let message = failure.message();
        let is_called = |host: &String| {
            let after =
                message.split_once(host.as_str()).and_then(|(_, after)| after.chars().next());
            after.is_some_and(|next| matches!(next, ':' | '/' | '?' | '"'))
        };
        self.hosts.iter().any(is_called) || self.names.iter().any(|name| message.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        cluster::failure::ApiStatus,
        workload::{plan::Desired, release::Action},
    };

    fn item(body: Value) -> Item {
        Item::new(Desired::new(body, None), Action::Create)
    }

    #[test]
    fn a_webhook_is_ours_by_the_service_that_is_called() {
        let service = json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "hook", "namespace": "web"}});
        let hooks = json!({"apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "v"}, "webhooks": [
                {"name": "by-url.test", "clientConfig": {"url": "https://10.0.0.1/"}},
                {"name": "theirs.test", "clientConfig": {"service": {"name": "x", "namespace": "y"}}}]});
        let backends = Backends::of(&[item(service), item(hooks)]);
        for (message, is_ours) in [
            (
                "failed calling webhook \"made-by-operator.test\": failed to call webhook: Post \
              \"https://hook.web.svc:443/check?timeout=10s\": dial tcp 10.0.0.2:443: refused",
                true,
            ),
            (
                "conversion webhook for a.test/v1, Kind=A failed: Post \
              \"https://hook.web.svc:443/convert?timeout=30s\": EOF",
                true,
            ),
            ("failed calling webhook \"by-url.test\": failed to call webhook: EOF", true),
            (
                "failed calling webhook \"theirs.test\": failed to call webhook: Post \
              \"https://x.y.svc:443/?timeout=10s\": service \"x\" not found",
                false,
            ),
            ("failed calling webhook \"a\": Post \"https://hook.web.svcs.test/\": EOF", false),
        ] {
            let status = ApiStatus { code: 500, message: message.into(), ..ApiStatus::default() };
            assert_eq!(backends.serve(&Failure::Status(Box::new(status))), is_ours, "{message}");
        }
    }
}
