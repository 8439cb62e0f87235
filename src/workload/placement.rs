//! Placement: which namespace every object goes to, and the references that follow it.
