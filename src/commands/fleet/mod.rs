//! Deploys and plans: a fleet is a loop over its instances, and each has its answer.

mod application;
mod instances;
mod rollout;

use std::sync::Arc;

use instances::Fleet;

use super::{
    database::DatabaseUse,
    invocation::{Failures, Invocation},
    release::ReleaseArgs,
    selection::Selection,
    session::{self, OperationMode},
    workload_file::NamedWorkload,
};
use crate::{
    ops::{
        frozen::FrozenPlan,
        options::{DeployOptions, Limits, Watching},
        stop::Signal,
        view::{InstanceView, Operation, OperationOutcome},
    },
    output::{difference::DiffStyle, operation::Verb},
    workload::{error::ErrorKind, name::InstanceName, shell},
};

/// What is done with each instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FleetCommand {
    Deploy,
    /// Shows what a deploy would do, and the fields that change.
    Plan(DiffStyle),
}

/// What became of all instances together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FleetResult {
    /// The class of failure that stands for all instances.
    pub failed: Option<ErrorKind>,
    /// Whether a plan has anything to do.
    pub changes: bool,
    /// The plans, to be kept.
    pub frozen: Vec<Arc<FrozenPlan>>,
}

/// Deploys or plans the instances that the flags name, or those of a workload file.
///
/// # Errors
/// Wrong flags; what befell an instance is told.
pub(crate) fn run(
    args: ReleaseArgs,
    limits: Limits,
    command: FleetCommand,
    call: &Invocation,
) -> Result<FleetResult, Failures> {
    // What the names mean shows when it is known what the file is.
    let release = args.names.first().map(String::as_str);
    let read = args
        .files
        .file
        .is_empty()
        .then(Vec::new)
        .map_or_else(|| args.files.read(call, release), Ok);
    if let Some(source) = read.as_ref().ok().and_then(|read| args.files.workload(read)) {
        call.refuse_several_runtimes()?;
        args.pace.refuse_for("a workload file")?;
        let named = NamedWorkload::read(source, &args.names)?;
        return application::run(args, named, limits, command, call);
    }
    let verb = match command {
        FleetCommand::Deploy => "deploy",
        FleetCommand::Plan(_) => "plan",
    };
    let read = match read {
        // Whether a name is missing, only the files tell.
        Err(errors) if args.names.is_empty() && !args.all => return Err(errors.into()),
        read => read,
    };
    let selection = args.selection(&call.runtimes, verb)?;
    if let Selection::One(name) = &selection {
        args.pace.refuse_for(&format!("one instance, `{name}`"))?;
    }
    let answers = || call.answers(command.answers(&limits), selection.is_list());
    let mode = OperationMode {
        command: command_line(command, &selection, args.definition.as_deref()),
        database: command.database(),
        several: selection.is_list(),
        stdin_is_source: args.reads_stdin(),
    };
    let (width, pace, retries) = (args.parallel.width(), args.pace.pace(), args.pace.is_retry());
    let told = read
        .map_err(Failures::from)
        .and_then(|read| args.check(read, call, limits))
        .and_then(|(options, warnings)| {
            let fleet = Fleet { warnings, pace, retries, width, ..Fleet::of(command, options) };
            session::run(call, mode, async |around| {
                fleet.each(&around, selection.clone(), answers(), call).await
            })
        });
    match told {
        Ok(result) => result,
        Err(Failures(failures)) => {
            let failed = answers().fail(selection.name(), &failures)?;
            Ok(FleetResult { failed, changes: false, frozen: Vec::new() })
        }
    }
}

/// Does a plan that was made before, as it is; `asks`: the user is asked first.
///
/// # Errors
/// What ended it before its turn, an answer no among it; what befell the instance is told.
pub(crate) fn run_frozen(
    frozen: Arc<FrozenPlan>,
    limits: Limits,
    watching: Watching,
    asks: bool,
    call: &Invocation,
) -> Result<FleetResult, Failures> {
    let command = FleetCommand::Deploy;
    let name = frozen.instance.clone();
    let options = DeployOptions { watching, ..DeployOptions::of_frozen(frozen, limits) };
    let answers = || call.answers(command.answers(&limits), false);
    let line = format!("workloadctl deploy {name}");
    let mode = OperationMode { command: line, ..OperationMode::default() };
    let selection = Selection::One(name);
    let fleet = Fleet { asks, ..Fleet::of(command, options) };
    session::run(call, mode, async |around| {
        fleet.each(&around, selection.clone(), answers(), call).await
    })?
}

/// Deploys or plans one instance on options that are no flags of `deploy`; `line` is the command as
/// others are told of it.
///
/// # Errors
/// What ended it before its turn; what befell the instance is told.
pub(crate) fn run_one(
    name: InstanceName,
    line: String,
    options: DeployOptions,
    command: FleetCommand,
    call: &Invocation,
) -> Result<FleetResult, Failures> {
    let answers = command.answers(&options.limits);
    let answers = || call.answers(answers, false);
    let database = command.database();
    let mode = OperationMode { command: line, database, ..OperationMode::default() };
    let selection = Selection::One(name);
    let fleet = Fleet::of(command, options);
    session::run(call, mode, async |around| {
        fleet.each(&around, selection.clone(), answers(), call).await
    })?
}

impl FleetCommand {
    /// Tells what the database is to it.
    fn database(self) -> DatabaseUse {
        match self {
            Self::Deploy => DatabaseUse::Cache,
            Self::Plan(_) => DatabaseUse::Looked,
        }
    }

    /// Gives the word of the command line.
    fn verb(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Plan(_) => "plan",
        }
    }

    fn answers(self, limits: &Limits) -> Verb {
        match self {
            Self::Deploy => Verb::Deploy { waits: !limits.no_wait },
            Self::Plan(style) => Verb::Plan(style),
        }
    }
}

fn command_line(command: FleetCommand, selection: &Selection, definition: Option<&str>) -> String {
    let verb = command.verb();
    match selection {
        Selection::One(name) => format!("workloadctl {verb} {name}"),
        Selection::Several(names) => {
            let names: Vec<&str> = names.iter().map(InstanceName::as_str).collect();
            format!("workloadctl {verb} {}", names.join(" "))
        }
        Selection::All => format!("workloadctl {verb} --all"),
        Selection::Spread(runtimes) => {
            let definition = definition.unwrap_or_default();
            let runtimes = shell::flags(runtimes.iter().map(|runtime| ("--runtime", runtime)));
            format!("workloadctl {verb} --definition {definition}{runtimes}")
        }
    }
}

/// The answer for an instance whose turn did not come before the stop.
pub(crate) fn not_begun(name: &InstanceName, signal: Signal) -> Operation {
    let outcome = Some(OperationOutcome::Interrupted);
    let instance = InstanceView { name: name.to_string(), outcome, ..InstanceView::default() };
    let error = Some(signal.error(format!("`{name}` was not begun")));
    Operation { instance, error, not_begun: true, ..Operation::default() }
}
