//! Every character that reaches a terminal: answers, errors, progress and questions.

pub(crate) mod database;
pub(crate) mod definitions;
pub(crate) mod diff;
pub(crate) mod difference;
pub(crate) mod document;
pub(crate) mod drift;
pub(crate) mod errors;
mod evidence;
pub(crate) mod field;
pub(crate) mod format;
pub(crate) mod history;
pub(crate) mod human;
pub(crate) mod imported;
pub(crate) mod instances;
pub(crate) mod objects;
pub(crate) mod operation;
pub(crate) mod parsing;
pub(crate) mod printer;
pub(crate) mod progress;
pub(crate) mod question;
pub(crate) mod revisions;
pub(crate) mod runtimes;
pub(crate) mod sandbox;
pub(crate) mod sanitize;
pub(crate) mod status;
mod stream;
pub(crate) mod table;
