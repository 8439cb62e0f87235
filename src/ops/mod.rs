//! The operations: they see workload, store and cluster, return values, report events and never
//! print.
//!
//! The entrances for the commands:
//! `deploy::run(&Session, &DeployOptions) -> Operation`,
//! `deploy::plan(&Session, &DeployOptions) -> Operation`,
//! `delete::run(&Session, &DeleteOptions) -> Operation`,
//! `status::of(&Session, &[InstanceName]) -> Vec<Operation>` (all instances for an empty list).
//! A failure is inside the [`view::Operation`], beside what was done until then.

pub mod brought;
pub mod conflict;
pub mod delete;
pub mod deploy;
pub mod gone;
pub mod holding;
pub mod locate;
pub mod moves;
pub mod options;
pub mod orphans;
pub mod planning;
pub mod rebuild;
pub mod removal;
pub mod render;
pub mod report;
pub mod rollout;
pub mod runtimes;
pub mod session;
pub mod several;
pub mod shared;
pub mod sources;
pub mod status;
pub mod stop;
pub mod stored;
pub mod survey;
pub mod target;
pub mod tenants;
pub mod view;
pub mod write;
