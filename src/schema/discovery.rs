//! The aggregated discovery of the API server that the schemas were taken from: which kinds are
//! built in, their names, scopes and versions.

use std::{io::Read as _, sync::LazyLock};

use flate2::read::GzDecoder;
use serde_json::Value;

static DISCOVERY: LazyLock<Value> = LazyLock::new(|| {
    let mut text = Vec::new();
    GzDecoder::new(discovery_gz()).read_to_end(&mut text).expect("the embedded file is gzip");
    serde_json::from_slice(&text).expect("the embedded file is JSON")
});

/// Gives the file as it is embedded: gzipped JSON of the answers to `/api` and `/apis`.
pub(crate) fn discovery_gz() -> &'static [u8] {
    include_bytes!("discovery.json.gz")
}

/// Gives the file's content, decoded once per process.
pub(crate) fn discovery() -> &'static Value {
    &DISCOVERY
}
