//! Looks at instances: at which of them, once, until they are healthy, or for as long as somebody
//! reads.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::{
    commands::{
        invocation::Invocation,
        workload_file::{NamedWorkload, looked_for},
    },
    ops::{
        events::Event,
        listing::{self, ListOptions},
        session::Session,
        status::{self, DriftDetail},
        stop,
        view::Operation,
    },
    output::status::{Extent, Watch},
    workload::{
        error::{Code, Error, ErrorKind, Result},
        file::FileInstance,
        instance::Status,
        name::InstanceName,
        readiness::State,
    },
};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// What is looked at; beside it goes how many of a runtime are, at once.
pub(super) enum Asked<'s> {
    /// These instances, or all that the database knows.
    Named(Places<'s>),
    /// Whatever is on the runtime.
    Runtime,
}

/// Where which instances are looked for; no names are all.
pub(super) type Places<'s> = Vec<(Session<'s>, Vec<InstanceName>)>;

/// Finds out what is looked at.
pub(super) fn asked<'s>(
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
    listing::instance_names(&session.store(), &options).map(Some)
}

/// Looks once, or with `--wait` until nothing is to be waited for, or that time (none: ever).
pub(super) async fn look(
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
pub(super) async fn look_on(
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
pub(in crate::commands) async fn await_health(
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

pub(in crate::commands) fn is_healthy(seen: &Operation) -> bool {
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
