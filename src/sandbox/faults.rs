//! Faults put into the sandbox by tests: what a real API server, its network and its proxies do
//! on a bad day.
//!
//! They are a property of one opened [`super::Sandbox`], given by the process that opens it, and of
//! nothing in its file: no flag and no variable of the program makes any. Tests of the program
//! open the file in their own process and serve it over a faulty proxy (`tests/e2e/proxy.rs`).

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    request::{ApiRequest, Reply},
    status::StatusError,
};

/// Which calls a fault concerns. All that is given must fit.
#[derive(Debug, Clone, Default)]
pub struct Matches {
    /// `GET`, `PATCH`, …; any if none.
    pub method: Option<&'static str>,
    /// A part of the path with its query.
    pub path: Option<String>,
    /// Only watches, or only other calls.
    pub watch: Option<bool>,
    /// Only dry runs, or all but those.
    pub dry_run: Option<bool>,
}

/// Which of the matching calls are hit.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// All.
    Always,
    /// The k-th, counting from 1.
    Nth(u64),
    /// The first so many.
    First(u64),
    /// The k-th and all after it.
    From(u64),
    /// So many of a thousand, chosen by a seed.
    PerMille {
        /// Of a thousand calls, so many.
        rate: u64,
        /// The choice.
        seed: u64,
    },
}

/// What happens to a call that is hit.
#[derive(Debug, Clone)]
pub enum Effect {
    /// 429 with `Retry-After` in seconds.
    TooManyRequests(u64),
    /// 500 with a `Status`.
    Internal,
    /// 503 in plain text, as a proxy sends it.
    Unavailable,
    /// This status and content type with this body, from somebody in between.
    Answer(u16, &'static str, &'static str),
    /// 401: the token has expired.
    Unauthorized,
    /// 403 with a `Status`.
    Forbidden,
    /// 409: somebody else wrote at that moment.
    Conflict,
    /// These words of an admission webhook, or of the server about the body, with their code.
    Rejected(u16, &'static str),
    /// The connection breaks before anything is done.
    ResetBefore,
    /// The connection breaks after it was done.
    ResetAfter,
    /// The answer comes later.
    Slow(Duration),
    /// The watch ends with a broken connection once it has said something.
    DropWatch,
    /// The watch ends with 410.
    Gone,
    /// Discovery shows this group as stale, without resources.
    StaleGroup(String),
}

impl Effect {
    /// What is answered in place of the request.
    pub(super) fn refusal(&self, request: &ApiRequest) -> Reply {
        match self {
            Effect::TooManyRequests(seconds) => {
                let message = "Too many requests, please try again later.";
                let details = json!({"retryAfterSeconds": seconds});
                let failure = StatusError::status(429, "TooManyRequests", message, details);
                Reply { retry_after: Some(*seconds), ..Reply::from(failure) }
            }
            Effect::Answer(code, content_type, body) => {
                Reply { content_type: Some(content_type), ..Reply::text(*code, *body) }
            }
            Effect::Unavailable => Reply::text(503, "upstream connect error or disconnect/reset\n"),
            Effect::Unauthorized => {
                StatusError::status(401, "Unauthorized", "Unauthorized", Value::Null).into()
            }
            Effect::Forbidden => {
                let message = format!(
                    "{} {} is forbidden: User \"sandbox\" may not",
                    request.method, request.path
                );
                StatusError::status(403, "Forbidden", message, json!({})).into()
            }
            Effect::Rejected(code, message) => {
                let reason = if *code == 500 { "InternalError" } else { "" };
                StatusError::status(*code, reason, *message, json!({})).into()
            }
            Effect::Conflict => {
                let message = "Operation cannot be fulfilled: the object has been modified; please \
                           apply your changes to the latest version and try again";
                StatusError::status(409, "Conflict", message, json!({})).into()
            }
            _ => {
                let message = "Internal error occurred: etcdserver: request timed out";
                StatusError::status(500, "InternalError", message, json!({})).into()
            }
        }
    }
}

/// Takes a group out of a discovery answer, as if its server were not there.
pub(super) fn make_stale(reply: &mut Reply, group: &str) {
    let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) else { return };
    for item in body["items"].as_array_mut().into_iter().flatten() {
        if item["metadata"]["name"] == group {
            for version in item["versions"].as_array_mut().into_iter().flatten() {
                version["freshness"] = json!("Stale");
                version["resources"] = json!([]);
            }
        }
    }
    reply.body = body.to_string().into_bytes();
}

/// A fault: what, when and where.
#[derive(Debug)]
pub struct Fault {
    /// Which calls it concerns.
    pub matches: Matches,
    /// Which of them are hit.
    pub when: When,
    /// What happens.
    pub effect: Effect,
    seen: AtomicU64,
}

impl Fault {
    /// Makes one.
    pub fn new(matches: Matches, when: When, effect: Effect) -> Self {
        Self { matches, when, effect, seen: AtomicU64::new(0) }
    }

    /// Tells how many matching calls there were.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Counts a call if it is concerned, and tells whether it is hit. Who serves calls asks this
    /// of each of them, with its path and query.
    pub fn hits(&self, method: &str, path: &str) -> bool {
        let Matches { method: wanted, path: part, watch, dry_run } = &self.matches;
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let watches = query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1"));
        let stores_nothing = query.split('&').any(|pair| pair.starts_with("dryRun="));
        let fits = wanted.is_none_or(|wanted| wanted == method)
            && dry_run.is_none_or(|dry_run| dry_run == stores_nothing)
            && watch.is_none_or(|watch| watch == watches)
            && part.as_ref().is_none_or(|part| path.contains(part));
        if !fits {
            return false;
        }
        let count = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        match self.when {
            When::Always => true,
            When::Nth(wanted) => count == wanted,
            When::First(number) => count <= number,
            When::From(first) => count >= first,
            When::PerMille { rate, seed } => {
                // splitmix64
                let mut mixed = seed.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                (mixed ^ (mixed >> 31)) % 1000 < rate
            }
        }
    }
}
