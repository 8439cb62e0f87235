//! Everything that talks to a Kubernetes API server; the only place that knows the kube client.

mod absence;
mod access;
pub(crate) mod api;
mod authorization;
pub(crate) mod client_certificate;
pub(crate) mod connect;
pub(crate) mod credentials;
pub(crate) mod discovery;
pub(crate) mod download;
pub(crate) mod exec_plugin;
pub(crate) mod explain;
pub(crate) mod failure;
pub(crate) mod fence;
pub(crate) mod forward;
pub(crate) mod http;
pub(crate) mod kubeconfig;
pub(crate) mod log;
mod login;
pub(crate) mod observations;
mod oidc;
mod page;
pub(crate) mod pool;
pub(crate) mod proxy;
pub(crate) mod record;
pub(crate) mod request;
mod stream;
#[cfg(test)]
pub(crate) mod stub;
pub(crate) mod transport;
mod trimmed;
pub(crate) mod trust;
mod uptime;
pub(crate) mod watch;
