//! The door of `fuzz/fuzz_targets/record.rs`: bytes as whatever somebody put into a record's
//! Secrets.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use super::{HEAD_TYPE, Record, nothing_known, read_head, read_part};

/// Reads bytes in every way in which a record's are read.
///
/// # Panics
/// Where the decoder is wrong.
pub(crate) fn record(bytes: &[u8]) {
    let instance = "web".parse().expect("a name");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("writing to memory cannot fail");
    let packed = encoder.finish().expect("writing to memory cannot fail");
    for content in [bytes, &packed] {
        let read = |bytes: &[u8]| Record::decode(bytes, "ns", &instance, &nothing_known);
        if let Ok(record) = read(content) {
            let again = record.encode().and_then(|bytes| read(&bytes)).expect("it was read before");
            assert_eq!(again, record, "what was believed can be written and read again");
        }
    }
    for key in ["record", "parts", "holder"] {
        let mut data = json!({"record": ""});
        data[key] = json!(STANDARD.encode(bytes));
        let _ = read_head(&json!({"type": HEAD_TYPE, "metadata": {"name": "n"}, "data": data}));
    }
    if let Ok(secret) = serde_json::from_slice(bytes) {
        let _ = (read_head(&secret), read_part(&secret));
    }
}
