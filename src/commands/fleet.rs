//! Deploys and plans: a fleet is a loop over its instances, and each has its answer.

use super::{
    invocation::{Failures, Invocation},
    limits::Limits,
    release::{ReleaseArgs, Wanted},
    selection::Selection,
    session::{self, Manner, Surroundings, unless_stopped},
};
use crate::{
    ops::{
        deploy,
        stop::Signal,
        view::{InstanceView, Operation},
    },
    output::operation::{Answers, Verb},
    workload::{
        error::{ErrorKind, Result},
        name::InstanceName,
    },
};

/// What is done with each instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is deployed.
    Deploy,
    /// It is only looked at.
    Plan,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// The class of failure that stands for all instances.
    pub failed: Option<ErrorKind>,
    /// Whether a plan has anything to do.
    pub changes: bool,
}

/// Deploys or plans the instances that the flags name.
///
/// # Errors
/// Wrong flags; what befell an instance is told.
pub(crate) fn run(
    args: ReleaseArgs,
    limits: Limits,
    purpose: Purpose,
    call: &Invocation,
) -> Result<End, Failures> {
    let selection = args.selection()?;
    let verb = match purpose {
        Purpose::Deploy => Verb::Deploy { waits: !limits.no_wait },
        Purpose::Plan => Verb::Plan,
    };
    let answers = || Answers::new(call.printer, verb, selection.is_list());
    let manner = Manner {
        command: command(purpose, &selection),
        reads_only: purpose == Purpose::Plan,
        several: selection.is_list(),
        stdin_is_source: args.reads_stdin(),
    };
    let told = args.check(call, limits).and_then(|wanted| {
        session::run(call, manner, async |around| {
            each(&around, selection.clone(), &wanted, purpose, answers(), call).await
        })
    });
    let end = match told {
        Ok(end) => end?,
        Err(Failures(failures)) => {
            let failed = answers().fail(selection.name(), &failures)?;
            End { failed, changes: false }
        }
    };
    Ok(end)
}

fn command(purpose: Purpose, selection: &Selection) -> String {
    let verb = match purpose {
        Purpose::Deploy => "deploy",
        Purpose::Plan => "plan",
    };
    match selection {
        Selection::One(name) => format!("workloadctl {verb} {name}"),
        Selection::Several(names) => {
            let names: Vec<&str> = names.iter().map(InstanceName::as_str).collect();
            format!("workloadctl {verb} {}", names.join(" "))
        }
        Selection::All => format!("workloadctl {verb} --all"),
    }
}

async fn each(
    around: &Surroundings<'_>,
    selection: Selection,
    wanted: &Wanted,
    purpose: Purpose,
    mut answers: Answers,
    call: &Invocation,
) -> Result<End, Failures> {
    let session = around.session;
    let names = {
        let store = session.store.lock().expect("no holder of the store panics");
        selection.resolve(&store, wanted.definition.as_ref(), session.runtime.as_deref())?
    };
    if names.is_empty() {
        call.printer.talk("no instances fit; `workloadctl list` shows what there is");
    }
    for name in names {
        let mut operation = match session.stop.requested() {
            Some(signal) => not_begun(&name, signal),
            None => {
                let options = wanted.options(name.clone());
                match purpose {
                    Purpose::Deploy => deploy::run(session, &options).await,
                    Purpose::Plan => deploy::plan(session, &options).await,
                }
            }
        };
        around.progress.finish(name.as_str());
        operation.error = operation.error.map(|error| unless_stopped(error, &session.stop));
        operation.warnings.splice(0..0, wanted.warnings.iter().cloned());
        answers.add(operation)?;
    }
    let changes = answers.has_changes();
    Ok(End { failed: answers.end()?, changes })
}

/// The answer for an instance whose turn did not come before the stop.
#[must_use]
pub(crate) fn not_begun(name: &InstanceName, signal: Signal) -> Operation {
    let outcome = Some("interrupted".to_owned());
    let instance = InstanceView { name: name.to_string(), outcome, ..InstanceView::default() };
    let error = Some(signal.error(format!("`{name}` was not begun")));
    Operation { instance, error, ..Operation::default() }
}
