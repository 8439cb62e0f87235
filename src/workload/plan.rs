//! The plan: desired against recorded and live, one action per object.
