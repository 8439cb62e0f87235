//! Every character that reaches a terminal: answers, errors, progress and questions.

pub mod definitions;
pub mod document;
pub mod errors;
pub mod field;
pub mod format;
pub mod human;
pub mod instances;
pub mod objects;
pub mod operation;
pub mod parsing;
pub mod printer;
pub mod progress;
pub mod question;
pub mod runtimes;
pub mod sanitize;
pub mod status;
pub mod table;
