//! `status`: instances as they are on their clusters.

use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Invocation},
        limits::limit,
        names::instance_names,
        parallel::ParallelArgs,
        session::{self, OperationMode, Surroundings},
        workload_file::{NamedWorkload, looked_for},
    },
    ops::{
        catalogue::{self, ListOptions},
        events::Event,
        session::Session,
        status::{self, DriftDetail},
        stop,
        view::Operation,
    },
    output::{
        self,
        errors::exit_kind,
        format::Format,
        status::{Extent, Watch},
    },
    workload::{
        duration::parse_duration,
        error::{Code, Error, ErrorKind, Result},
        file::FileInstance,
        instance::Status,
        name::InstanceName,
        readiness::State,
    },
};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_secs(1);

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
    let mut errors: Vec<Error> =
        seen.iter().filter(|_| named).filter_map(|one| one.error.clone()).collect();
    errors.extend(stopped.map(|signal| signal.error("stopped waiting")));
    call.printer.errors(&errors);
    // What could not be asked has its own code; this one is about health (docs/cli.md, Status).
    let is_as_deployed = |one: &Operation| ignore_drift || one.drift.is_empty();
    let unwell = ((wait || exit_code) && !seen.iter().all(is_healthy))
        || (exit_code && !seen.iter().all(is_as_deployed));
    Ok(exit_kind(&errors).or(unwell.then_some(ErrorKind::NotReady)))
}

/// Tells how much is asked for.
fn extent(names: &[InstanceName], workload: Option<&NamedWorkload>, call: &Invocation) -> Extent {
    match (names, workload, &call.runtime) {
        ([_], Some(workload), _) if workload.lists() => Extent::OnlyOfFile,
        ([_], ..) => Extent::One,
        ([], None, Some(_)) => Extent::Runtime,
        _ => Extent::Several,
    }
}

/// What is looked at; beside it goes how many of a runtime are, at once.
enum Asked<'s> {
    /// These instances, or all that the database knows.
    Named(Places<'s>),
    /// Whatever is on the runtime.
    Runtime,
}

/// Where which instances are looked for; no names are all.
type Places<'s> = Vec<(Session<'s>, Vec<InstanceName>)>;

/// Finds out what is looked at.
fn asked<'s>(
    session: &'s Session<'_>,
    workload: Option<&NamedWorkload>,
    names: &[InstanceName],
    extent: Extent,
    call: &Invocation,
) -> Result<Asked<'s>> {
    Ok(match workload {
        Some(workload) => Asked::Named(places(session, workload, call)?),
        None if extent == Extent::Runtime => Asked::Runtime,
        None => Asked::Named(match wanted(session, names, call)? {
            // Nothing fits the filters.
            Some(none) if none.is_empty() => Vec::new(),
            wanted => {
                let same = session.at(session.runtime.clone(), session.namespace.clone());
                vec![(same, wanted.unwrap_or_default())]
            }
        }),
    })
}

/// Gives for each instance of a workload file where it is looked for.
fn places<'s>(
    session: &'s Session<'_>,
    workload: &NamedWorkload,
    call: &Invocation,
) -> Result<Places<'s>> {
    let place = |instance: &FileInstance| {
        let there = looked_for(session, instance, || workload.first_namespace(instance, call))?;
        Ok((there, vec![instance.name.clone()]))
    };
    workload.selected.iter().map(place).collect()
}

/// Finds the instances to ask: those named, else those of a namespace; no names are all.
fn wanted(
    session: &Session<'_>,
    names: &[InstanceName],
    call: &Invocation,
) -> Result<Option<Vec<InstanceName>>> {
    if !names.is_empty() || call.namespace.is_none() {
        return Ok(Some(names.to_vec()).filter(|names| !names.is_empty()));
    }
    let options = ListOptions { namespace: call.namespace.as_deref(), ..ListOptions::default() };
    catalogue::instance_names(&session.store(), &options).map(Some)
}

/// Looks once, or with `--wait` until nothing is to be waited for, or that time (none: ever).
async fn look(
    (asked, width): &(Asked<'_>, usize),
    session: &Session<'_>,
    detail: DriftDetail,
    until: Option<Option<Instant>>,
) -> Result<Vec<Operation>> {
    let began = Instant::now();
    let mut last = None;
    loop {
        let seen: Vec<Operation> = tokio::select! {
            seen = look_once(asked, session, detail, *width) => seen?,
            // What was seen last is the answer.
            () = stop::until(until.flatten()) => return last.ok_or_else(|| {
                Error::runtime(Code::Timeout, "out of time: the server has not answered")
                    .hint("`--timeout` gives more time")
            }),
        };
        let open = seen.iter().filter(|one| !is_healthy(one));
        let hopeful = open.clone().next().is_some() && open.clone().all(is_hopeful);
        let Some(until) = until.filter(|_| hopeful) else { return Ok(seen) };
        for one in open {
            session.reporter.report(&one.instance.name, still_open(one, began.elapsed()));
        }
        let pause = match until {
            None => PAUSE,
            Some(until) => PAUSE.min(until.saturating_duration_since(Instant::now())),
        };
        // Time is up: what was seen last is the answer.
        if pause.is_zero() {
            return Ok(seen);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = session.stop.wait() => return Ok(seen),
        }
        last = Some(seen);
    }
}

async fn look_once(
    asked: &Asked<'_>,
    session: &Session<'_>,
    detail: DriftDetail,
    width: usize,
) -> Result<Vec<Operation>> {
    match asked {
        Asked::Named(places) => Ok(status::of(places, detail, width).await),
        Asked::Runtime => status::on_runtime(session, detail, width).await,
    }
}

/// Looks on, until nobody reads any more, or somebody stops it: gives what was seen last, and how it
/// ends.
async fn look_on(
    asked: &(Asked<'_>, usize),
    session: &Session<'_>,
    mut watch: Watch,
    call: &Invocation,
) -> Result<(Vec<Operation>, Option<(Watch, Timestamp)>)> {
    loop {
        let seen = look(asked, session, DriftDetail::Fields, None).await?;
        if !watch.show(&call.printer, &seen, session.now())? {
            return Ok((seen, None));
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = session.stop.wait() => return Ok((seen, Some((watch, session.now())))),
        }
    }
}

/// Looks at one instance until it is healthy, cannot become so, or the time is over.
pub(super) async fn await_health(
    session: &Session<'_>,
    name: &InstanceName,
    timeout: Option<Duration>,
) -> Operation {
    let until = timeout.map(|timeout| Instant::now() + timeout);
    let there = session.at(session.runtime.clone(), session.namespace.clone());
    let asked = (Asked::Named(vec![(there, vec![name.clone()])]), 1);
    let looked = look(&asked, session, DriftDetail::Fields, Some(until)).await;
    match looked.map(|mut seen| seen.pop()) {
        Ok(seen) => seen.unwrap_or_else(|| Operation::of(name)),
        Err(error) => Operation { error: Some(error), ..Operation::of(name) },
    }
}

pub(super) fn is_healthy(seen: &Operation) -> bool {
    seen.error.is_none() && seen.instance.status == Some(Status::Healthy)
}

/// Tells whether waiting may help: not where there is nothing that could become healthy.
fn is_hopeful(seen: &Operation) -> bool {
    match seen.instance.status {
        // Only a deploy changes that.
        Some(Status::NotDeployed | Status::Lost) => false,
        Some(Status::Error) | None => {
            // A server that does not answer may come back; a missing right or a wrong name stays.
            seen.error.as_ref().is_none_or(|error| error.kind == ErrorKind::Runtime)
        }
        Some(
            Status::Deleting
            | Status::Down
            | Status::Unhealthy
            | Status::Reconciling
            | Status::Healthy,
        ) => true,
    }
}

fn still_open(seen: &Operation, elapsed: Duration) -> Event {
    let open = seen.objects.iter().filter(|object| object.state != Some(State::Ready));
    let open = open.map(|object| (object.id.clone(), object.message.clone())).collect();
    Event::StillOpen { phase: "waiting", elapsed, open }
}
