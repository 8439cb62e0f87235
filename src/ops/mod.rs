//! The operations: they see workload, store and cluster, return values, report events and never
//! print.
//!
//! The entrances for the commands:
//! `deploy::run(&Session, &DeployOptions) -> Operation`,
//! `deploy::plan(&Session, &DeployOptions) -> Operation`,
//! `delete::run(&Session, &DeleteOptions) -> Operation`,
//! `status::of(places, detail, width) -> Vec<Operation>` (all instances for an empty list).
//! A failure is inside the [`view::Operation`], beside what was done until then.

pub(crate) mod asking;
mod behind;
pub(crate) mod candidates;
pub(crate) mod catalogue;
pub(crate) mod choices;
mod claims;
mod clock;
pub(crate) mod collateral;
pub(crate) mod conflict;
pub(crate) mod custom_resources;
pub(crate) mod database;
mod deadline;
mod definitions;
pub(crate) mod delete;
pub(crate) mod deletion;
pub(crate) mod deploy;
pub(crate) mod diff;
pub(crate) mod events;
pub(crate) mod fixed;
pub(crate) mod forward;
pub(crate) mod frozen;
pub(crate) mod history;
pub(crate) mod images;
pub(crate) mod import;
pub(crate) mod kubectl;
pub(crate) mod listing;
pub(crate) mod locate;
pub(crate) mod lock;
mod log_tail;
pub(crate) mod logs;
pub(crate) mod namespace_users;
pub(crate) mod options;
pub(crate) mod orphans;
pub(crate) mod own_judges;
mod planning;
pub(crate) mod readers;
mod rebuild;
pub(crate) mod recover;
pub(crate) mod release_report;
pub(crate) mod removal;
pub(crate) mod render;
pub(crate) mod revisions;
pub(crate) mod rollout;
pub(crate) mod runtime_choice;
pub(crate) mod runtimes;
pub(crate) mod sandbox;
pub(crate) mod session;
pub(crate) mod several;
pub(crate) mod shared;
pub(crate) mod side_by_side;
pub(crate) mod sources;
pub(crate) mod spread;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod strictness;
pub(crate) mod survey;
pub(crate) mod target;
pub(crate) mod view;
pub(crate) mod waves;
pub(crate) mod write;
