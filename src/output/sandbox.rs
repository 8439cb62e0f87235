//! What `sandbox reset` answers.

use super::{
    document::{Document, Empty},
    format::Format,
    printer::Printer,
};
use crate::workload::error::Result;

/// Tells that the sandbox is empty.
pub(crate) fn emptied(printer: &Printer) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("SandboxReset", Empty {})),
        Format::Table | Format::Wide | Format::Name => printer.answer("the sandbox is empty\n"),
    }
}
