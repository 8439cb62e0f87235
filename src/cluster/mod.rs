//! Everything that talks to a Kubernetes API server; the only place that knows the kube client.

pub mod api;
pub mod call;
pub mod connect;
pub mod credentials;
pub mod discovery;
pub mod exec_plugin;
pub mod explain;
pub mod failure;
pub mod fence;
pub mod identity;
pub mod kubeconfig;
pub mod proxy;
pub mod record;
#[cfg(test)]
pub(crate) mod stub;
mod target;
pub mod transport;
pub mod trust;
pub mod watch;
pub mod wire;
