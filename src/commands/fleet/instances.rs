//! The instances that a command names, deployed or planned side by side.

use tokio::runtime::Handle;

use super::{FleetCommand, FleetResult, not_begun};
use crate::{
    commands::{
        invocation::{Failures, Invocation},
        selection::Selection,
        session::{Surroundings, unless_stopped},
    },
    ops::{
        deploy, history,
        options::{DeployOptions, Earlier},
        session::Session,
        side_by_side::Steps,
        view::Operation,
    },
    output::operation::Answers,
    workload::{
        error::{Code, Error, Result},
        name::InstanceName,
    },
};

/// What is done with the instances, and on which options.
pub(super) struct Fleet {
    pub command: FleetCommand,
    pub options: DeployOptions,
    /// How many instances are worked on at once.
    pub width: usize,
    /// What should be heeded in the manifests.
    pub warnings: Vec<String>,
    /// Whether the user is asked before the plan is done.
    pub asks: bool,
}

impl Fleet {
    /// Deploys or plans the instances side by side, and tells what became of each and of all.
    ///
    /// # Errors
    /// What ended it before the first instance, an answer no among it.
    pub(super) async fn each(
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
        let needs = vec![Vec::new(); names.len()];
        let handle = Handle::current();
        let mut told = Ok(());
        Steps { needs: &needs, width: self.width }.run(
            |step, _: &[Operation]| handle.block_on(self.one(session, &names[step], &options)),
            |operation| {
                around.progress.finish(&operation.instance.name);
                if let Err(error) = answers.add(operation.clone()) {
                    told = Err(error);
                }
            },
        );
        told?;
        answers.sum_up_instances()?;
        let (changes, frozen) = (answers.has_changes(), answers.frozen());
        Ok(FleetResult { failed: answers.end()?, changes, frozen })
    }

    /// Deploys or plans one of the instances.
    async fn one(
        &self,
        session: &Session<'_>,
        name: &InstanceName,
        options: &DeployOptions,
    ) -> Operation {
        // What the servers warn of is told of its own instance.
        let session = &session.at(session.runtime.clone(), session.namespace.clone());
        let mut operation = match (session.stop.requested(), self.command) {
            // Each instance has its answer, also those whose turn did not come: a script counts
            // them.
            (Some(signal), _) => not_begun(name, signal),
            (None, FleetCommand::Deploy) => deploy::run(session, name, options).await,
            (None, FleetCommand::Plan(_)) => deploy::plan(session, name, options).await,
        };
        operation.error = operation.error.map(|error| unless_stopped(error, &session.stop));
        // They were told when the manifests were read, before any instance; in documents they
        // stand with each.
        operation.warnings.splice(0..0, self.warnings.iter().cloned());
        operation
    }
}

/// Asks whether what was shown is to be done. Nothing is locked meanwhile.
fn ask(session: &Session<'_>) -> Result<()> {
    session.confirm("Do this?", "answered no; nothing was written", || {
        Error::usage(Code::NeedsYes, "--ask: there is nobody to be asked")
            .hint("`--yes` says yes; without `--ask` nobody is asked")
    })
}
