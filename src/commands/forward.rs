//! `forward` and `open`: the Services of an instance on free ports of this machine.

use std::process::{Command, Stdio};

use clap::Args;

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Invocation},
        session::{self, OperationMode, Surroundings},
    },
    ops::{
        forward::{self, Wanted},
        view::ForwardEvent,
    },
    output::{self, format::Format},
    workload::{
        error::{Code, Error, Result},
        name::InstanceName,
    },
};

/// Whose ports are forwarded.
#[derive(Debug, Args)]
struct Ways {
    /// The instance
    #[arg(value_name = "INSTANCE")]
    name: String,
    /// Only this Service, or this port of it or of all [default: all]
    #[arg(value_name = "[SERVICE][:PORT]")]
    target: Option<String>,
}

/// Forward free local ports to the Services of an instance, until Ctrl-C
#[derive(Debug, Args)]
#[command(after_long_help = "\
Each TCP port of its Services gets a free port of 127.0.0.1. A connection is carried to a pod that is \
ready when it comes; pods may be replaced meanwhile.

Examples:
  workloadctl forward web
  workloadctl forward web api:8080       one port of one Service

Exit codes:
  0  stopped
  1  no such instance, Service or port, or they may not be read
  2  wrong command, or the sandbox, where nothing runs
  7  the runtime cannot be used")]
pub(crate) struct ForwardArgs {
    /// Whose ports.
    #[command(flatten)]
    ways: Ways,
}

/// Forward as `forward` does, and show the first address in the browser
#[derive(Debug, Args)]
#[command(after_long_help = "\
The browser is called by `xdg-open`, on macOS by `open`.

Examples:
  workloadctl open web
  workloadctl open web api:8080

Exit codes:
  as `workloadctl forward`")]
pub(crate) struct OpenArgs {
    /// Whose ports.
    #[command(flatten)]
    ways: Ways,
}

/// Forwards.
pub(super) fn run(args: ForwardArgs, call: &Invocation) -> Done {
    forward(args.ways, "forward", false, call)
}

/// Forwards, and calls the browser.
pub(super) fn run_open(args: OpenArgs, call: &Invocation) -> Done {
    forward(args.ways, "open", true, call)
}

fn forward(ways: Ways, command: &str, browses: bool, call: &Invocation) -> Done {
    call.only(command, &[Format::Table])?;
    let name: InstanceName = ways.name.parse()?;
    let wanted = ways.target.as_deref().map(wanted).transpose()?.unwrap_or_default();
    let mode = OperationMode {
        command: format!("workloadctl {command} {name}"),
        database: DatabaseUse::Looked,
        ..OperationMode::default()
    };
    let mut first = None;
    session::run(call, mode, async |Surroundings { session, .. }| {
        forward::run(session, &name, &wanted, |event| {
            match &event {
                ForwardEvent::Forwarding { address, .. } if address.contains("://") => {
                    first.get_or_insert_with(|| address.clone());
                }
                ForwardEvent::Begun if browses => match first.take() {
                    Some(address) => browse(&address)?,
                    None => call.printer.warn("none of the ports is one of HTTP: nothing to show"),
                },
                ForwardEvent::Forwarding { .. } | ForwardEvent::Begun | ForwardEvent::Failed(_) => {
                }
            }
            output::forward::tell(&call.printer, &event)
        })
        .await
    })??;
    Ok(None)
}

/// Calls the browser, and does not wait for it.
fn browse(address: &str) -> Result<()> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop).map_err(|error| {
        Error::failed(Code::Forward, format!("cannot run `{program} {address}`")).chain(&error)
    })
}

/// Reads `SERVICE`, `SERVICE:PORT` or `:PORT`.
fn wanted(text: &str) -> Result<Wanted> {
    let (service, port) = match text.split_once(':') {
        Some((service, port)) => (service, Some(port)),
        None => (text, None),
    };
    let service = service.strip_prefix("Service/").unwrap_or(service);
    let number = port.map(|port| {
        port.parse().map_err(|_| {
            let message = format!("{text:?}: behind `:` stands the number of a port");
            Error::usage(Code::InvalidCommand, message)
        })
    });
    Ok(Wanted {
        service: (!service.is_empty()).then(|| service.to_owned()),
        port: number.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_and_a_port_are_read() {
        let of = |service: Option<&str>, port| Wanted { service: service.map(str::to_owned), port };
        for (text, expected) in [
            ("web", of(Some("web"), None)),
            ("Service/web", of(Some("web"), None)),
            ("web:80", of(Some("web"), Some(80))),
            (":80", of(None, Some(80))),
        ] {
            assert_eq!(wanted(text).unwrap(), expected, "{text}");
        }
        assert_eq!(wanted("web:http").unwrap_err().kind.exit_code(), 2);
    }
}
