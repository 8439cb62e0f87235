//! What Helm keeps of a release: a Secret whose value is base64 of gzipped JSON with the rendered
//! manifest and the hooks.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;

use crate::workload::error::{Code, Error, Result};

/// The most that a release may unpack to, in bytes: its Secret holds 1 MB packed.
const LIMIT: u64 = 64 << 20;

/// A release of Helm.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct HelmRelease {
    pub name: String,
    /// Its number, counted by Helm.
    #[serde(default)]
    pub version: u64,
    /// The objects that it sent, as one YAML text.
    #[serde(default)]
    pub manifest: String,
    #[serde(default)]
    pub hooks: Vec<HelmHook>,
}

/// An object that Helm makes at an event of a release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct HelmHook {
    pub name: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub events: Vec<String>,
}

/// Reads a release off the Secret that Helm keeps it in.
///
/// # Errors
/// `damaged-record` (1) for anything that Helm did not write so.
pub(crate) fn read(secret: &Value) -> Result<HelmRelease> {
    let damaged = |why: &dyn std::fmt::Display| {
        let name = secret["metadata"]["name"].as_str().unwrap_or_default();
        Error::failed(Code::DamagedRecord, format!("Secret {name} holds no release of Helm"))
            .cause(why.to_string())
    };
    let text = secret["data"]["release"].as_str().unwrap_or_default();
    // Once for the Secret, once by Helm.
    let once = STANDARD.decode(text).map_err(|error| damaged(&error))?;
    let packed = STANDARD.decode(once).map_err(|error| damaged(&error))?;
    let mut json = Vec::new();
    GzDecoder::new(&*packed)
        .take(LIMIT + 1)
        .read_to_end(&mut json)
        .map_err(|error| damaged(&error))?;
    if json.len() as u64 > LIMIT {
        return Err(damaged(&format!("it is larger than {} MiB", LIMIT >> 20)));
    }
    serde_json::from_slice(&json).map_err(|error| damaged(&error))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;

    use super::*;

    fn secret(json: &[u8]) -> Value {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(json).unwrap();
        let twice = STANDARD.encode(STANDARD.encode(packed.finish().unwrap()));
        json!({"metadata": {"name": "sh.helm.release.v1.shop.v2"}, "data": {"release": twice}})
    }

    #[test]
    fn a_release_is_read_as_helm_wrote_it() {
        let written = json!({"name": "shop", "version": 2, "namespace": "web", "manifest": "---\n",
            "info": {"status": "deployed"}, "chart": {"metadata": {"name": "shop"}},
            "hooks": [{"name": "migrate", "kind": "Job", "path": "a.yaml", "manifest": "…",
                "events": ["pre-install"]}]});
        let hook = HelmHook {
            name: "migrate".into(),
            kind: "Job".into(),
            events: vec!["pre-install".into()],
        };
        assert_eq!(
            read(&secret(written.to_string().as_bytes())).unwrap(),
            HelmRelease {
                name: "shop".into(),
                version: 2,
                manifest: "---\n".into(),
                hooks: vec![hook],
            }
        );
    }

    #[test]
    fn what_is_no_release_is_refused() {
        for (secret, cause) in [
            (json!({"metadata": {"name": "a"}}), "EOF"),
            (json!({"metadata": {"name": "a"}, "data": {"release": "!"}}), "Invalid"),
            (secret(b"{\"version\": 2}"), "missing field `name`"),
            (secret(&vec![b' '; (LIMIT as usize) + 1]), "it is larger than 64 MiB"),
        ] {
            let error = read(&secret).unwrap_err();
            assert_eq!(error.code, Code::DamagedRecord);
            let told = &error.causes[0];
            assert!(told.contains(cause) || told.contains("unexpected end"), "{told}");
        }
    }
}
