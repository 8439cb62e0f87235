//! What the commands about the sandbox answer.

use std::path::Path;

use serde::Serialize;

use super::{
    document::{Document, Empty, Items},
    format::Format,
    printer::Printer,
    sanitize::one_line,
    table::Rows,
};
use crate::{
    ops::view::{AskedToFail, FailingView},
    workload::{error::Result, shell::quoted},
};

/// Tells that the sandbox is empty.
pub(crate) fn emptied(printer: &Printer) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("SandboxReset", Empty {})),
        Format::Table | Format::Wide | Format::Name => printer.answer("the sandbox is empty\n"),
    }
}

/// Tells of an object that was asked to fail, if nobody sees it yet.
pub(crate) fn asked(printer: &Printer, asked: &AskedToFail) {
    let AskedToFail { object, namespace, is_there } = asked;
    if !is_there {
        let told = format!("there is no {object} in namespace {namespace} yet; its pods will fail");
        printer.talk(&one_line(&told));
    }
}

/// Tells which objects' next pods fail.
pub(crate) fn failing(printer: &Printer, failing: &[FailingView]) -> Result<()> {
    if printer.format().is_document() {
        let items = Items("failures", failing);
        return printer.document(&Document::new("SandboxFailureList", items));
    }
    let mut rows = Rows::new(&["NAMESPACE", "OBJECT", "FAILURE"]);
    for FailingView { namespace, object, failure } in failing {
        rows.push(vec![namespace.as_str().into(), object.as_str().into(), failure.as_str().into()]);
    }
    printer.answer(&rows.show(printer))
}

/// Where a served sandbox is reached.
#[derive(Serialize)]
struct Served<'a> {
    server: &'a str,
    kubeconfig: &'a Path,
}

/// Tells where the sandbox is served, and what to type.
pub(crate) fn served(printer: &Printer, server: &str, kubeconfig: &Path) -> Result<()> {
    if printer.format().is_document() {
        return printer.document(&Document::new("SandboxServed", Served { server, kubeconfig }));
    }
    let file = kubeconfig.to_string_lossy();
    printer.answer(&format!("the sandbox is served at {server}; its kubeconfig is {file}\n"))?;
    printer.talk("in another terminal:");
    printer.talk(&format!("  export KUBECONFIG={}", quoted(&file)));
    printer.talk("  kubectl get pods");
    printer.talk("Ctrl-C ends it");
    Ok(())
}
