//! Deploys and plans: a fleet is a loop over its instances, and each has its answer.

mod application;

use std::sync::Arc;

use super::{
    invocation::{Failures, Invocation},
    release::ReleaseArgs,
    selection::Selection,
    session::{self, OperationMode, Surroundings, unless_stopped},
    workload_file::NamedWorkload,
};
use crate::{
    ops::{
        deploy,
        frozen::FrozenPlan,
        history,
        options::{DeployOptions, Earlier, Limits},
        session::Session,
        stop::Signal,
        view::{InstanceView, Operation, OperationOutcome},
    },
    output::{
        difference::DiffStyle,
        operation::{Answers, Verb},
    },
    workload::{
        error::{Code, Error, ErrorKind, Result},
        name::InstanceName,
    },
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
        let named = NamedWorkload::read(source, &args.names)?;
        return application::run(args, named, limits, command, call);
    }
    let selection = args.selection()?;
    let answers = || Answers::new(call.printer, command.answers(&limits), selection.is_list());
    let mode = OperationMode {
        command: command_line(command, &selection),
        several: selection.is_list(),
        stdin_is_source: args.reads_stdin(),
        ..OperationMode::default()
    };
    let told = read
        .map_err(Failures::from)
        .and_then(|read| args.check(read, call, limits))
        .and_then(|(options, warnings)| {
            let fleet = Fleet { command, options, warnings, asks: false };
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
    asks: bool,
    call: &Invocation,
) -> Result<FleetResult, Failures> {
    let command = FleetCommand::Deploy;
    let name = frozen.instance.clone();
    let options = DeployOptions::of_frozen(frozen, limits);
    let answers = || Answers::new(call.printer, command.answers(&limits), false);
    let line = format!("workloadctl deploy {name}");
    let mode = OperationMode { command: line, ..OperationMode::default() };
    let selection = Selection::One(name);
    let fleet = Fleet { command, options, warnings: Vec::new(), asks };
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
    let answers = || Answers::new(call.printer, answers, false);
    let mode = OperationMode { command: line, ..OperationMode::default() };
    let selection = Selection::One(name);
    let fleet = Fleet { command, options, warnings: Vec::new(), asks: false };
    session::run(call, mode, async |around| {
        fleet.each(&around, selection.clone(), answers(), call).await
    })?
}

impl FleetCommand {
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

fn command_line(command: FleetCommand, selection: &Selection) -> String {
    let verb = command.verb();
    match selection {
        Selection::One(name) => format!("workloadctl {verb} {name}"),
        Selection::Several(names) => {
            let names: Vec<&str> = names.iter().map(InstanceName::as_str).collect();
            format!("workloadctl {verb} {}", names.join(" "))
        }
        Selection::All => format!("workloadctl {verb} --all"),
    }
}

/// What is done with the instances, and on which options.
struct Fleet {
    command: FleetCommand,
    options: DeployOptions,
    /// What should be heeded in the manifests.
    warnings: Vec<String>,
    /// Whether the user is asked before the plan is done.
    asks: bool,
}

impl Fleet {
    async fn each(
        &self,
        around: &Surroundings<'_>,
        selection: Selection,
        mut answers: Answers,
        call: &Invocation,
    ) -> Result<FleetResult, Failures> {
        // A plan that is done goes where it was made for.
        let placed = self.options.frozen.as_ref().map(|frozen| {
            around.session.at(Some(frozen.runtime.clone()), frozen.namespace.clone())
        });
        let session = placed.as_ref().unwrap_or(around.session);
        if self.asks {
            ask(session)?;
        }
        let mut options = self.options.clone();
        let names = {
            let store = session.store();
            if let Some(Earlier::Like { instance, .. }) = &options.earlier {
                // It can be brought to instances of its own definition alone.
                options.definition = Some(history::last_good(&store, instance)?.definition);
            }
            let definition = options.definition.as_ref();
            selection.resolve(&store, definition, session.runtime.as_deref())?
        };
        if names.is_empty() {
            call.printer.talk("no instances fit; `workloadctl list` shows what there is");
        }
        for name in names {
            let mut operation = match (session.stop.requested(), self.command) {
                // Each instance has its answer, also those whose turn did not come: a script counts
                // them.
                (Some(signal), _) => not_begun(&name, signal),
                (None, FleetCommand::Deploy) => deploy::run(session, &name, &options).await,
                (None, FleetCommand::Plan(_)) => deploy::plan(session, &name, &options).await,
            };
            around.progress.finish(name.as_str());
            operation.error = operation.error.map(|error| unless_stopped(error, &session.stop));
            // They were told when the manifests were read, before any instance; in documents they
            // stand with each.
            operation.warnings.splice(0..0, self.warnings.iter().cloned());
            answers.add(operation)?;
        }
        let (changes, frozen) = (answers.has_changes(), answers.frozen());
        Ok(FleetResult { failed: answers.end()?, changes, frozen })
    }
}

/// Asks whether what was shown is to be done. Nothing is locked meanwhile.
fn ask(session: &Session<'_>) -> Result<()> {
    session.confirm("Do this?", "answered no; nothing was written", || {
        Error::usage(Code::NeedsYes, "--ask: there is nobody to be asked")
            .hint("`--yes` says yes; without `--ask` nobody is asked")
    })
}

/// The answer for an instance whose turn did not come before the stop.
pub(crate) fn not_begun(name: &InstanceName, signal: Signal) -> Operation {
    let outcome = Some(OperationOutcome::Interrupted);
    let instance = InstanceView { name: name.to_string(), outcome, ..InstanceView::default() };
    let error = Some(signal.error(format!("`{name}` was not begun")));
    Operation { instance, error, ..Operation::default() }
}
