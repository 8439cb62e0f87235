//! The certificate and the token of a served sandbox.

use http::{HeaderMap, HeaderValue, header};

use super::identity::Identity;

#[test]
fn only_the_token_comes_in() {
    let identity = Identity::new().unwrap();
    let config: serde_json::Value =
        serde_yaml::from_str(&identity.kubeconfig("https://127.0.0.1:1")).unwrap();
    let token = config["users"][0]["user"]["token"].as_str().unwrap();
    let other = Identity::new().unwrap().kubeconfig("");
    assert!(token.len() == 64 && !other.contains(token), "each has its own");
    let admits = |value: &str| {
        let value = HeaderValue::from_str(value).unwrap();
        identity.admits(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    };
    for (value, expected) in [
        (format!("Bearer {token}"), true),
        (format!("bearer {token}"), true),
        (format!("Basic {token}"), false),
        (format!("Bearer {}", &token[1..]), false),
        (format!("Bearer {token}0"), false),
        ("Bearer ".to_owned(), false),
        (token.to_owned(), false),
    ] {
        assert_eq!(admits(&value), expected, "{value}");
    }
    assert!(!identity.admits(&HeaderMap::new()));
}
