//! Everything that talks to a Kubernetes API server; the only place that knows the kube client.
