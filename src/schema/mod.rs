//! The schemas and the discovery of the built-in kinds, embedded, with the lookups over them.
