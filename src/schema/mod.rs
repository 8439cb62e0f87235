//! The schemas and the discovery of the built-in kinds, embedded, with the lookups over them.

pub(crate) mod custom;
pub(crate) mod defaults;
pub(crate) mod discovery;
mod gvk;
pub(crate) mod label_selector;
pub mod merge;
pub(crate) mod openapi;
pub(crate) mod quantity;
pub(crate) mod rules;
pub(crate) mod shape;
pub(crate) mod validate;

pub(crate) use discovery::discovery;
pub(crate) use gvk::Gvk;
pub(crate) use openapi::{Schema, openapi};
