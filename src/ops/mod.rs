//! The operations: they see workload, store and cluster, return values, report events and never
//! print.
//!
//! The entrances for the commands:
//! `deploy::run(&Session, &DeployOptions) -> Operation`,
//! `deploy::plan(&Session, &DeployOptions) -> Operation`,
//! `delete::run(&Session, &DeleteOptions) -> Operation`,
//! `status::of(&Session, &[InstanceName]) -> Vec<Operation>` (all instances for an empty list).
//! A failure is inside the [`view::Operation`], beside what was done until then.

// options and session join the build with overrides, store and kubeconfig
pub mod report;

pub mod sources;
pub mod stop;
pub mod stored;
pub mod view;
