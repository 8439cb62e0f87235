//! workloadctl: define a set of Kubernetes resources once, run any number of instances of it on
//! any cluster, and always know what runs where, since when, and why it is not ready.

pub mod cluster;
pub mod commands;
pub mod env;
pub mod ops;
pub mod output;
pub mod schema;
pub mod store;
pub mod workload;
