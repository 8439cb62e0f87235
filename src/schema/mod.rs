//! The schemas and the discovery of the built-in kinds, embedded, with the lookups over them.

pub mod discovery;
pub mod merge;
pub mod openapi;
pub mod quantity;
pub mod validate;

pub use discovery::discovery;
pub use openapi::{Gvk, Schema, openapi};
