//! `status`: instances as they are on their clusters.

mod look;

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Invocation},
        limits::limit,
        names::instance_names,
        parallel::ParallelArgs,
        session::{self, OperationMode, Surroundings},
        workload_file::NamedWorkload,
    },
    ops::{status::DriftDetail, view::Operation},
    output::{
        self,
        errors::exit_kind,
        format::Format,
        status::{Extent, Watch},
    },
    workload::{
        duration::parse_duration,
        error::{Error, ErrorKind},
        name::InstanceName,
    },
};

use look::{asked, look, look_on};
pub(super) use look::{await_health, is_healthy};

const MORE: &str = "\
Without names a table of all instances, with one name the tree of its objects, with several a \
table. With --runtime and no names: every instance whose record the account may see on that cluster, \
whoever deployed it. Runtimes are asked side by side, each for 5 s at most (--request-timeout). What \
others changed since the last release is said beside the status.

Examples:
  workloadctl status
  workloadctl status web
  workloadctl status web --wait --timeout 2m     until it is healthy
  workloadctl status web --watch                 look on, until Ctrl-C
  workloadctl status --runtime prod-eu           whatever runs there
  workloadctl status web --drift                 what others changed, with values
  workloadctl status -f app.yaml                 the instances of a workload file

Exit codes:
  0  answered (with --exit-code or --wait: everything is Healthy)
  1  no such instance
  3  not Healthy (only with --exit-code or --wait), or changed by others (only with --exit-code)
  7  a named instance cannot be asked";

/// Show instances as they are on their clusters, and why they are not ready
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct StatusArgs {
    /// The instances; none are all
    #[arg(value_name = "INSTANCE")]
    names: Vec<String>,
    /// Show the instances of a workload file
    #[arg(short, long, value_name = "FILE")]
    file: Option<String>,
    /// Look on, until Ctrl-C: on a terminal in place, elsewhere a line for each change
    #[arg(short = 'w', long, conflicts_with_all = ["wait", "exit_code", "drift"])]
    watch: bool,
    /// Wait until everything is healthy
    #[arg(long)]
    wait: bool,
    /// How long to wait; 0 is for ever
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = parse_duration,
        default_value = "5m",
        requires = "wait"
    )]
    timeout: Duration,
    /// Exit with 3 unless everything is healthy and as it was deployed
    #[arg(long)]
    exit_code: bool,
    /// Let --exit-code pass over what others changed
    #[arg(long, requires = "exit_code")]
    ignore_drift: bool,
    /// Show what others changed since the last release, with values
    #[arg(long)]
    drift: bool,
    #[command(flatten)]
    parallel: ParallelArgs,
}

/// Asks.
pub(super) fn run(args: StatusArgs, call: &Invocation) -> Done {
    let StatusArgs { names, file, watch, wait, timeout, exit_code, ignore_drift, drift, parallel } =
        args;
    if watch {
        call.only("status --watch", &[Format::Table, Format::Wide])?;
    }
    let detail = if drift { DriftDetail::Values } else { DriftDetail::Fields };
    let workload = file.map(|file| NamedWorkload::at(&file, &names, call)).transpose()?;
    let names = match &workload {
        Some(workload) => {
            workload.require_instances()?;
            workload.selected.iter().map(|instance| instance.name.clone()).collect()
        }
        None => instance_names(&names)?,
    };
    let extent = extent(&names, workload.as_ref(), call);
    let mode = OperationMode {
        command: "workloadctl status".into(),
        database: DatabaseUse::Cache,
        several: names.len() != 1,
        ..OperationMode::default()
    };
    let until = limit(timeout).map(|timeout| Instant::now() + timeout);
    let (seen, stopped, watched) =
        session::run(call, mode, async |Surroundings { session, progress }| {
            let asked =
                (asked(session, workload.as_ref(), &names, extent, call)?, parallel.width());
            if watch {
                let watch = Watch::new(&call.printer, extent, progress.screen());
                let (seen, watched) = tokio::select! {
                    seen = look_on(&asked, session, watch, call) => seen?,
                    // It would be noticed only when something changes.
                    () = output::reader::gone() => (Vec::new(), None),
                };
                return Ok((seen, session.stop.requested(), watched));
            }
            let seen = look(&asked, session, detail, wait.then_some(until)).await?;
            seen.iter().for_each(|one| progress.finish(&one.instance.name));
            Ok::<_, Error>((seen, session.stop.requested(), None))
        })??;
    if watch {
        // After what is said of the signal.
        if let Some((watched, at)) = watched {
            watched.end(&call.printer, &seen, at)?;
        }
        // Ctrl-C is how it ends.
        return Ok(stopped.map(|signal| signal.error("").kind));
    }
    output::status::answer(&call.printer, &seen, extent, call.now)?;
    if drift {
        output::drift::answer(&call.printer, &seen, call.now)?;
    }
    let named = !names.is_empty();
    let stopped = stopped.map(|signal| signal.error("stopped waiting"));
    let errors = seen.iter().filter(|_| named);
    let errors = errors.filter_map(|one| Some((&*one.instance.name, one.error.as_ref()?)));
    let errors: Vec<(&str, &Error)> =
        errors.chain(stopped.iter().map(|error| ("", error))).collect();
    call.printer.errors_of(errors.iter().copied());
    // What could not be asked has its own code; this one is about health (docs/cli.md, Status).
    let is_as_deployed = |one: &Operation| ignore_drift || one.drift.is_empty();
    let unwell = ((wait || exit_code) && !seen.iter().all(is_healthy))
        || (exit_code && !seen.iter().all(is_as_deployed));
    Ok(exit_kind(errors.into_iter().map(|(_, error)| error))
        .or(unwell.then_some(ErrorKind::NotReady)))
}

/// Tells how much is asked for.
fn extent(names: &[InstanceName], workload: Option<&NamedWorkload>, call: &Invocation) -> Extent {
    match (names, workload, &call.runtime) {
        ([_], Some(workload), _) if workload.lists() => Extent::OnlyOfFile,
        ([_], ..) => Extent::One,
        ([], None, Some(_)) => Extent::Runtime,
        ([], None, None) if call.namespace.is_some() => Extent::Fitting,
        _ => Extent::Several,
    }
}
