//! Everything that talks to a Kubernetes API server; the only place that knows the kube client.

pub mod connect;
pub mod credentials;
pub mod exec_plugin;
pub mod explain;
pub mod identity;
pub mod kubeconfig;
pub mod proxy;
#[cfg(test)]
pub(crate) mod stub;
pub mod transport;
pub mod wire;
