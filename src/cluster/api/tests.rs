//! What is tried again, and what is shown of an answer that is none.

mod limits;

use super::{status::excerpt, *};

#[test]
fn only_what_may_pass_is_tried_again() {
    let retried = |code: u16, body: &str| {
        let status = StatusCode::from_u16(code).unwrap();
        let Try::Failed { pause, .. } =
            judge(status, &HeaderMap::new(), Bytes::from(body.to_owned()))
        else {
            panic!("{code} is a failure")
        };
        pause.is_some()
    };
    assert!(retried(429, ""));
    assert!(retried(503, "<html>"));
    assert!(retried(500, r#"{"message": "etcdserver: leader changed"}"#));
    assert!(!retried(500, r#"{"message": "failed to create typed patch object"}"#));
    assert!(!retried(500, r#"{"message": "Internal error occurred: failed calling webhook"}"#));
    assert!(!retried(422, ""));
    assert!(!retried(409, ""));
}

#[test]
fn a_server_that_asks_for_an_hour_is_not_waited_for() {
    for (wish, pause) in [("2", Some(2)), ("30", Some(30)), ("3600", None)] {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, wish.parse().unwrap());
        let body = Bytes::from_static(br#"{"message": "slow down"}"#);
        let Try::Failed { failure, pause: found } =
            judge(StatusCode::TOO_MANY_REQUESTS, &headers, body)
        else {
            panic!("429 is a failure")
        };
        assert_eq!(found, pause.map(Duration::from_secs));
        let told = pause.map_or("slow down; it asks to wait 3600 s", |_| "slow down");
        assert_eq!(failure.message(), told);
    }
}

#[test]
fn of_what_is_no_json_the_interesting_part_is_shown() {
    for (answer, shown) in [
        (" no healthy upstream\n", "no healthy upstream"),
        ("<html><head><title>503 Service Unavailable</title>…", "503 Service Unavailable"),
        ("<html><body><h1> Bad Gateway </h1>", "Bad Gateway"),
        ("<html>", "a page of HTML"),
    ] {
        assert_eq!(excerpt(answer.as_bytes()), shown);
    }
    assert_eq!(excerpt("x".repeat(301).as_bytes()).chars().count(), 301);
}
