//! What a rejection rests on beside the object itself: a webhook, a policy, a quota, another object
//! that is not there. Where that changes, the answer may change with it.
//!
//! Most of these have neither a reason nor a cause of their own: only the words tell, which are the
//! same from 1.30 to 1.36.

use super::{Failure, judge::Judge};

/// What a rejection rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ground {
    /// A webhook of this name.
    Webhook(String),
    /// An admission policy of this name.
    Policy(String),
    /// A quota of this name.
    Quota(String),
    /// Some LimitRange of the namespace.
    Limits,
    /// The labels of the Namespace.
    PodSecurity,
    /// Another object that is named and is not there.
    Missing,
    /// The class of a claim that is to grow.
    StorageClass,
    /// A port or an address that another Service has.
    Taken,
    /// The rights of who asks.
    Rights,
    /// Nothing but the object, as the server has it and as it is sent.
    Object,
}

impl Failure {
    /// Tells what a rejection rests on.
    pub(crate) fn ground(&self) -> Ground {
        match self.judge() {
            Some(Judge::Webhook(name) | Judge::Unreachable(name)) => return Ground::Webhook(name),
            Some(Judge::Policy(name)) => return Ground::Policy(name),
            None => {}
        }
        let message = self.message();
        let has = |text: &str| message.contains(text);
        let quota = ["exceeded quota: ", "failed quota: "].into_iter().find_map(|before| {
            let (_, rest) = message.split_once(before)?;
            Some(rest.split([',', ':']).next()?.trim().to_owned())
        });
        if let Some(quota) = quota {
            Ground::Quota(quota)
        } else if [" per Container is ", " per Pod is ", " per PersistentVolumeClaim is "]
            .iter()
            .any(|text| has(text))
        {
            Ground::Limits
        } else if has("violates PodSecurity") {
            Ground::PodSecurity
        } else if has("pvc can be resized") {
            Ground::StorageClass
        } else if has("provided port is already allocated")
            || has("provided IP is already allocated")
        {
            Ground::Taken
        } else if has("not currently held") {
            Ground::Rights
        // `serviceaccount "x" not found`, `no PriorityClass with name x was found`.
        } else if has("\" not found") || (has("no PriorityClass with name ") && has(" was found")) {
            Ground::Missing
        } else {
            Ground::Object
        }
    }

    /// Tells whether a 403 is about something else than what this account may do: most of admission
    /// says no with that code, too.
    pub(super) fn is_about_more_than_rights(&self) -> bool {
        self.is_immutable()
            || match self.ground() {
                Ground::Object | Ground::Rights | Ground::Taken => false,
                Ground::Webhook(_)
                | Ground::Policy(_)
                | Ground::Quota(_)
                | Ground::Limits
                | Ground::PodSecurity
                | Ground::Missing
                | Ground::StorageClass => true,
            }
    }

    /// Tells whether a webhook was not even asked, since it has effects of its own and knows no dry
    /// run: the real request may be accepted.
    pub(crate) fn is_about_the_dry_run(&self) -> bool {
        self.is_status(400) && self.message().contains("does not support dry run")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::failure::ApiStatus;

    fn failure(code: u16, message: &str) -> Failure {
        Failure::Status(Box::new(ApiStatus {
            kind: "Status".into(),
            code,
            message: message.into(),
            ..ApiStatus::default()
        }))
    }

    #[test]
    fn the_words_of_the_server_tell_what_its_answer_rests_on() {
        for (message, ground) in [
            (
                "admission webhook \"w.x.io\" denied the request: no",
                Ground::Webhook("w.x.io".into()),
            ),
            ("failed calling webhook \"w.x.io\": no route", Ground::Webhook("w.x.io".into())),
            (
                "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: failed expression: x",
                Ground::Policy("few".into()),
            ),
            (
                "pods \"p\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1",
                Ground::Quota("small".into()),
            ),
            (
                "pods \"p\" is forbidden: failed quota: cpu: must specify requests.cpu for: c",
                Ground::Quota("cpu".into()),
            ),
            (
                "pods \"p\" is forbidden: maximum cpu usage per Container is 1, but limit is 2",
                Ground::Limits,
            ),
            (
                "pods \"p\" is forbidden: violates PodSecurity \"restricted:latest\": x",
                Ground::PodSecurity,
            ),
            (
                "pods \"p\" is forbidden: error looking up service account n/x: serviceaccount \"x\" not found",
                Ground::Missing,
            ),
            ("pods \"p\" is forbidden: no PriorityClass with name high was found", Ground::Missing),
            (
                "persistentvolumeclaims \"c\" is forbidden: only dynamically provisioned pvc can be resized and …",
                Ground::StorageClass,
            ),
            (
                "Service \"s\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated",
                Ground::Taken,
            ),
            (
                "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"u\" (groups=[]) is attempting to grant RBAC permissions not currently held: {}",
                Ground::Rights,
            ),
            (
                "Deployment.apps \"web\" is invalid: spec.selector: Invalid value: {}: field is immutable",
                Ground::Object,
            ),
        ] {
            assert_eq!(failure(403, message).ground(), ground, "{message}");
        }
    }

    #[test]
    fn a_webhook_that_knows_no_dry_run_is_told() {
        let told = "admission webhook \"w.x.io\" does not support dry run";
        assert!(failure(400, told).is_about_the_dry_run());
        assert!(!failure(422, told).is_about_the_dry_run());
        assert!(
            !failure(400, "admission webhook \"w\" denied the request: x").is_about_the_dry_run()
        );
    }
}
