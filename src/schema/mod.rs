//! The schemas and the discovery of the built-in kinds, embedded, with the lookups over them.

pub(crate) mod custom;
pub(crate) mod declared;
pub(crate) mod defaults;
pub(crate) mod discovery;
mod gvk;
pub(crate) mod label_selector;
pub mod merge;
pub(crate) mod openapi;
mod place;
pub(crate) mod protobuf;
pub(crate) mod quantity;
pub(crate) mod rules;
pub(crate) mod shape;
pub(crate) mod validate;

/// The minor version of the Kubernetes 1 whose schemas are embedded.
pub(crate) const KUBERNETES_MINOR: u32 = 36;

pub(crate) use discovery::discovery;
pub(crate) use gvk::Gvk;
pub(crate) use openapi::{Schema, openapi};
