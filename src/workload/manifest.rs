//! Reading manifests: what reaches the cluster is what kubectl would have sent for the same bytes.
