//! What the user is told of each failure.

use super::*;

#[test]
fn reasons_come_from_fields_from_the_schema_or_from_the_message() {
    let by_field = ApiStatus {
        code: 422,
        message: "whole".into(),
        details: Some(StatusDetails {
            causes: [
                ("spec.x", "Invalid value"),
                (".y", "Invalid value: \"A\": y in body should match '^a'"),
                ("<nil>", "Invalid value: \"\": \"spec\" must validate one schema"),
            ]
            .map(|(field, message)| StatusCause {
                field: field.into(),
                message: message.into(),
                ..StatusCause::default()
            })
            .into(),
            ..StatusDetails::default()
        }),
        ..ApiStatus::default()
    };
    assert_eq!(
        by_field.reasons(),
        [
            "spec.x: Invalid value",
            "y: Invalid value: \"A\": should match '^a'",
            "\"spec\" must validate one schema",
        ]
    );
    let by_schema = ApiStatus {
        code: 500,
        message: "failed to create typed patch object (/t2; /v1, Kind=ConfigMap): errors:\n  .data.a: expected string, got &value\n  .dta: field not declared in schema".into(),
        ..ApiStatus::default()
    };
    assert_eq!(
        by_schema.reasons(),
        ["data.a: expected string, got &value", "dta: field not declared in schema"]
    );
    assert_eq!(
        ApiStatus { code: 500, ..ApiStatus::default() }.reasons(),
        ["the server answered 500 "]
    );
}

#[test]
fn a_failure_names_object_and_place_and_has_its_code() {
    let id = ObjectId::new("", "ConfigMap", Some("web"), "conf");
    let origin = Origin::line("a.yaml", 3);
    for (code, message, exit, word, text) in [
        (302, "Found", 7, "not-an-api-server", "the server sends us elsewhere (302): Found"),
        (401, "Unauthorized", 7, "unauthorized", "the login has expired or is not accepted"),
        (
            404,
            "page",
            7,
            "not-an-api-server",
            "somebody on the way answers in the server's place (404): page",
        ),
        (413, "limit is 3", 1, "rejected", "rejected: limit is 3"),
        (
            429,
            "slow down",
            7,
            "too-many-requests",
            "the server has too many requests to answer (429): slow down",
        ),
        (503, "no backend", 7, "unavailable", "the server is not available (503): no backend"),
        (500, "etcd", 1, "server-error", "the server failed (500): etcd"),
        (
            500,
            "failed to create typed patch object (x): .data.a: expected string, got 1",
            1,
            "rejected",
            "rejected: data.a: expected string, got 1",
        ),
    ] {
        let status = ApiStatus {
            kind: "Status".into(),
            code,
            message: message.into(),
            ..ApiStatus::default()
        };
        let failure = Failure::Status(Box::new(status));
        let error = failure.explain("patch", "cannot apply", &id, Some(&origin));
        assert_eq!((error.kind.exit_code(), error.code.word()), (exit, word), "{error}");
        assert_eq!(error.to_string(), format!("cannot apply ConfigMap/conf (a.yaml:3): {text}"));
    }
}

/// A filter's page forbids everything, and says nothing about the account's rights.
#[test]
fn only_a_status_forbids_or_conflicts() {
    let id = ObjectId::new("", "ConfigMap", Some("web"), "a");
    for code in [400, 403, 405, 407, 409, 413, 422] {
        let answer = |kind: &str| {
            let kind = kind.to_owned();
            Failure::Status(Box::new(ApiStatus { kind, code, ..ApiStatus::default() }))
        };
        let (page, status) = (answer(""), answer("Status"));
        assert_eq!((page.is_forbidden(), status.is_forbidden()), (false, code == 403), "{code}");
        assert_eq!((page.is_conflict(), status.is_conflict()), (false, code == 409), "{code}");
        let told = |failure: &Failure| failure.explain("get", "cannot look at", &id, None);
        assert_eq!(told(&page).code, Code::NotAnApiServer);
        assert_eq!(told(&page).kind.exit_code(), 7);
        assert_ne!(told(&status).code, Code::NotAnApiServer, "{code}");
    }
}

#[test]
fn a_terminating_namespace_is_not_a_missing_right() {
    let failure = |causes: Vec<StatusCause>| {
        Failure::Status(Box::new(ApiStatus {
            kind: "Status".into(),
            code: 403,
            details: Some(StatusDetails { causes, ..StatusDetails::default() }),
            ..ApiStatus::default()
        }))
    };
    assert!(failure(vec![]).is_forbidden());
    let terminating =
        StatusCause { reason: "NamespaceTerminating".into(), ..StatusCause::default() };
    assert!(!failure(vec![terminating]).is_forbidden());
}

#[test]
fn who_rejected_a_request_is_told_by_the_servers_words() {
    let policy = "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: false";
    let webhook = "admission webhook \"x.io\" denied the request: failed calling webhook \"y\"";
    let down =
        "Internal error occurred: failed calling webhook \"x.io\": failed to call webhook: Post";
    for (code, message, told) in [
        (422, policy, Some("policy p denies it")),
        (409, webhook, Some("webhook x.io denies it")),
        (403, webhook, Some("webhook x.io denies it")),
        (503, webhook, Some("webhook x.io denies it")),
        (500, down, Some("webhook x.io cannot be called")),
        (500, "Internal error occurred: etcdserver: request timed out", None),
        (403, "secrets is forbidden: User \"a\" cannot create resource", None),
    ] {
        let status = ApiStatus {
            kind: "Status".into(),
            code,
            message: message.into(),
            ..ApiStatus::default()
        };
        let failure = Failure::Status(Box::new(status));
        assert_eq!(failure.judge().map(|judge| judge.to_string()).as_deref(), told, "{message}");
        let id = ObjectId::new("", "ConfigMap", Some("web"), "a");
        let error = failure.explain("patch", "cannot apply", &id, None);
        assert_eq!(error.code == Code::DeniedByAdmission, told.is_some(), "{error}");
        assert!(told.is_none() || !failure.is_forbidden(), "{message}");
    }
}

#[test]
fn a_list_is_about_a_kind_and_no_object() {
    let status = ApiStatus {
        kind: "Status".into(),
        code: 403,
        message: "no".into(),
        ..ApiStatus::default()
    };
    let failure = Failure::Status(Box::new(status));
    let kind = GroupKind::new("autoscaling", "HorizontalPodAutoscaler");
    let error =
        failure.explain_list("cannot look for autoscalers in namespace web", &kind, Some("web"));
    assert_eq!(
        error.message,
        "cannot look for autoscalers in namespace web: forbidden: list \
         HorizontalPodAutoscaler.autoscaling in namespace web"
    );
    assert_eq!(error.object, None);
}

#[test]
fn an_account_that_is_not_there_is_no_missing_right_for_ever() {
    for (code, message, wanted) in [
        (
            403,
            r#"pods "web" is forbidden: error looking up service account a/web: serviceaccount "web" not found"#,
            true,
        ),
        (
            403,
            r#"pods "web" is forbidden: error looking up service account a/default: serviceaccount "default" not found"#,
            true,
        ),
        (
            403,
            r#"pods is forbidden: User "system:serviceaccount:a:web" cannot create resource "pods""#,
            false,
        ),
        (404, r#"serviceaccount "web" not found"#, false),
    ] {
        let status = ApiStatus { code, message: message.into(), ..ApiStatus::default() };
        assert_eq!(
            Failure::Status(Box::new(status)).is_about_a_missing_account(),
            wanted,
            "{message}"
        );
    }
}
