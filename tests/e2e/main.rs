//! The end-to-end suite: the real binary against a real API server and against the sandbox, each
//! test on both. It runs through `tests/control-plane/run -- cargo test --test e2e`; without a
//! cluster the tests of that backend fail and say so. The half of the sandbox needs no cluster:
//! `cargo test --test e2e -- sandbox::`.

#![allow(missing_docs)]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::too_many_lines, reason = "a test may be one long table")]

#[macro_use]
#[path = "../cli/snapshot.rs"]
mod snapshot;
#[macro_use]
mod harness;
mod absence;
mod admission;
mod again;
mod allowance;
mod applications;
mod bad_days;
mod clients;
mod clusters;
mod collateral;
mod cut_short;
mod derived;
mod diff;
mod docs;
mod drift;
mod drift_places;
mod dropped;
mod evidence;
mod examples;
mod failures;
mod fallback;
mod faults;
mod fleets;
mod forged;
mod forms;
mod forward;
mod from_threeport;
mod going;
mod guide_of_helm;
mod guide_of_kind;
mod guides_of_tools;
mod helm;
mod history;
mod hooks;
mod images;
mod imported;
mod imported_set;
mod invalid;
mod jobs;
mod kill;
mod kubectl;
mod landing;
mod late;
mod leaving;
mod lock;
mod logs;
mod lost;
mod namespaces;
mod no_database;
mod noop;
mod outcomes;
mod owners;
mod patches;
mod people;
mod platform;
mod preflight;
mod promotion;
mod proxy;
#[allow(dead_code, reason = "not every suite looks at a screen")]
#[path = "../cli/pty.rs"]
mod pty;
mod questions;
mod recorded;
mod refusals;
mod release_report;
mod replace;
mod reports;
mod rights;
mod rows;
mod saved;
mod scaling;
mod schema;
mod sequences;
mod served;
mod shared;
mod simulated;
mod stale;
mod status;
mod storm;
mod strictness;
mod threeport;
mod time_limits;
mod told_apart;
mod unfinished;
mod unnamed;
mod unready;
mod unsent;
mod upkeep;
mod versioned;
mod why;
mod yielding;
