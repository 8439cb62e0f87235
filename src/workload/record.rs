//! The record: what a cluster keeps of an instance, and its encoding in Secrets.
