//! YAML as kubectl reads it, and YAML that kubectl reads back unchanged.
