//! The answer of `forward`: a line for each port, and what could not be carried.

use super::{printer::Printer, sanitize::one_line};
use crate::{ops::view::ForwardEvent, workload::error::Result};

/// Tells an event; `false` where nobody reads any more.
pub(crate) fn tell(printer: &Printer, event: &ForwardEvent) -> Result<bool> {
    match event {
        ForwardEvent::Forwarding { service, port, address } => {
            let line = format!("Service/{service} {port} → {address}");
            printer.more(&format!("{}\n", one_line(&line)))
        }
        ForwardEvent::Begun => Ok(true),
        ForwardEvent::Failed(error) => {
            printer.warn(&error.in_short());
            Ok(true)
        }
    }
}
