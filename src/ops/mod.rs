//! The operations: they see workload, store and cluster, return values, report events and never
//! print.

pub mod report;
pub mod sources;
pub mod view;
