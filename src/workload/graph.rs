//! The dependency graph: what must be applied before what, and how far.
