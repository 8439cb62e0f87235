//! The pure domain: names, manifests, definitions, instances, overrides, the plan and readiness.
//!
//! Nothing here knows a clock, the environment, a file, a socket or SQL: everything comes in as
//! an argument and goes out as a value.

pub mod comparison;
pub mod definition;
pub mod derived;
pub mod diagnosis;
pub mod error;
pub mod graph;
pub mod instance;
pub mod kinds;
pub mod manifest;
pub mod mask;
pub mod name;
pub mod object;
pub mod overrides;
pub mod ownership;
pub mod placement;
pub mod plan;
pub mod readiness;
pub mod record;
pub mod release;
pub mod runtime;
pub mod sharing;
pub mod status;
pub mod template;
pub mod yaml;
