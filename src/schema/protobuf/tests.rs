//! Objects as client-go wrote them (`runtime/serializer/protobuf`).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::object;

/// A Secret.
const SECRET: &str = "azhzAAoMCgJ2MRIGU2VjcmV0EisKEQoBcxIAGgAiACoAMgA4AEIAEgcKAWESAgABEgUKAWUSABoGT3Bh\
    cXVlGgAiAA==";

fn read(text: &str) -> Result<Value, String> {
    object(&STANDARD.decode(text).unwrap())
}

#[test]
fn objects_are_those_of_their_json() {
    for (protobuf, expected) in [
        (
            "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EucCCl0KA3dlYhIAGgAiACoAMgA4AEIAWgoK\
            A2FwcBIDd2ViigE7CgFtEgZVcGRhdGUaB2FwcHMvdjEiCAil69zKBhAAMghGaWVsZHNWMToP\
            Cg17ImY6ZGF0YSI6e319QgAS9wEIABIMCgoKA2FwcBIDd2ViGscBChAKABIAGgAiACoAMgA4\
            AEIAErIBCgkKAXYSBBICCgAKGQoBYxIUmgERCgQKAmNtEgkKAWESAWIYpAMSbgoBYRIFbmdp\
            bngiACIBeCoAOhMKAUUSABoMIgoKAwoBcxIBaxgAQg8KDQoDY3B1EgYKBDUwMG1SIQoVEhMK\
            AS8SCggBEAAaBGh0dHAaACIAEAAYACAAKAAwAGoAcgB6AiAAgAEAiAEAkAEAogEAGgAyAEIA\
            SgBSAFgAYABoAIIBAIoBAJoBAMIBACIXCgASEwoGCAAQARoAEgkIARAAGgMyNSUoADgAGgwI\
            ABAAGAAgACgAOAAaACIA",
            r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web",
              "labels":{"app":"web"},"managedFields":[{"manager":"m","operation":"Update",
              "apiVersion":"apps/v1","time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1",
              "fieldsV1":{"f:data":{}}}]},"spec":{"replicas":0,
              "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{},
              "spec":{"volumes":[{"name":"v","emptyDir":{}},{"name":"c","configMap":{"name":"cm",
              "items":[{"key":"a","path":"b","mode":420}]}}],"containers":[{"name":"a",
              "image":"nginx","args":["","x"],"env":[{"name":"E",
              "valueFrom":{"secretKeyRef":{"name":"s","key":"k","optional":false}}}],
              "resources":{"limits":{"cpu":"500m"}},"livenessProbe":{"httpGet":{"path":"/",
              "port":"http"}},"securityContext":{"runAsUser":0}}]}},
              "strategy":{"rollingUpdate":{"maxUnavailable":1,"maxSurge":"25%"}}},"status":{}}"#,
        ),
        (
            SECRET,
            r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"},"data":{"a":"AAE=",
              "e":""},"type":"Opaque"}"#,
        ),
        (
            "azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRIuChEKAWwSABoAIgAqADIA\
            OABCABIZGgwIpevcygYQiOrcwwIo////////////ARoAIgA=",
            r#"{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"l"},
              "spec":{"acquireTime":"2026-01-02T03:04:05.678901Z","leaseTransitions":-1}}"#,
        ),
    ] {
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(read(protobuf).unwrap(), expected);
    }
}

#[test]
fn what_is_no_object_is_refused() {
    let bytes = STANDARD.decode(SECRET).unwrap();
    // The last four bytes say that it is not compressed, and of no other type.
    for end in 0..bytes.len() - 4 {
        // Cut off anywhere: never a panic, and never the whole object.
        assert_ne!(object(&bytes[..end]), object(&bytes), "{end}");
    }
    assert_eq!(object(b"{}"), Err("the body is no object in protobuf".to_owned()));
    let other = [b"k8s\0", &b"\x0a\x07\x0a\x01x\x12\x02No"[..]].concat();
    assert_eq!(object(&other), Err("no kind \"No\" is registered for version \"x\"".to_owned()));
}
