//! Making a definition of what runs: which objects belong to it (`selection`), and what of each was
//! given by somebody and not filled in by the server (`stripping`). `helm` reads what Helm keeps of
//! a release. Pure.

pub(crate) mod helm;
mod selection;
mod stripping;

pub(crate) use selection::{
    is_listed, is_made_for_another, reason_to_leave, referred, requires_label,
};
pub(crate) use stripping::{is_as_sent, stripped};
