//! The pure domain: names, manifests, definitions, instances, overrides, the plan and readiness.
//!
//! Nothing here knows a clock, the environment, a file, a socket or SQL: everything comes in as
//! an argument and goes out as a value.

pub(crate) mod body;
pub(crate) mod comparison;
pub(crate) mod configuration;
pub(crate) mod cow_vec;
pub(crate) mod definition;
pub mod derived;
pub(crate) mod details;
pub(crate) mod diagnosis;
pub(crate) mod difference;
pub(crate) mod drift;
pub(crate) mod duration;
pub(crate) mod error;
pub(crate) mod evidence;
pub(crate) mod file;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod hooks;
pub(crate) mod import;
pub(crate) mod instance;
pub(crate) mod kinds;
pub(crate) mod manifest;
pub(crate) mod mask;
pub(crate) mod name;
pub(crate) mod object;
pub(crate) mod overrides;
pub(crate) mod ownership;
pub(crate) mod packed;
pub(crate) mod placement;
pub(crate) mod plan;
pub(crate) mod rare;
pub(crate) mod readiness;
pub(crate) mod record;
pub(crate) mod release;
pub(crate) mod rendering;
pub(crate) mod runtime;
pub(crate) mod sent_bodies;
pub(crate) mod sent_content;
pub(crate) mod set_difference;
pub(crate) mod sharing;
pub(crate) mod shell;
pub(crate) mod simulation;
pub(crate) mod status;
pub(crate) mod validate;
pub(crate) mod versioning;
pub(crate) mod yaml;
