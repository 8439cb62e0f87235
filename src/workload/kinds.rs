//! The kinds that are known: built in, brought by CRDs of the set, or told by a cluster.
