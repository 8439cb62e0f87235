//! `deploy` and `plan` of a workload file: its instances side by side, each after those that it
//! depends on.

use tokio::runtime::Handle;

use super::{FleetCommand, FleetResult, not_begun};
use crate::{
    commands::{
        file_definitions::LoadedDefinition,
        invocation::{Failures, Invocation},
        release::ReleaseArgs,
        session::{self, OperationMode, Surroundings},
        status,
        workload_file::{NamedWorkload, declared, looked_for, with_place},
    },
    ops::{
        catalogue, deploy,
        listing::{self, ListOptions},
        options::{DeployOptions, Limits},
        session::Session,
        side_by_side::Steps,
        stop::unless_stopped,
        view::{InstanceView, Operation, OperationOutcome},
    },
    output::operation::Answers,
    workload::{
        error::{Code, Error, ErrorKind, Result},
        file::FileInstance,
        overrides::{OverrideEdit, has_image},
        shell::quoted,
    },
};

/// A workload file with everything that is needed to deploy it.
struct Application<'a> {
    command: FleetCommand,
    named: NamedWorkload,
    definitions: Vec<LoadedDefinition>,
    /// The flags, which are the same for all.
    base: DeployOptions,
    /// How many instances are worked on at once.
    width: usize,
    call: &'a Invocation,
}

/// Deploys or plans the instances of a workload file.
///
/// # Errors
/// Wrong flags and a wrong file; what befell an instance is told.
pub(super) fn run(
    args: ReleaseArgs,
    named: NamedWorkload,
    limits: Limits,
    command: FleetCommand,
    call: &Invocation,
) -> Result<FleetResult, Failures> {
    named.require_instances()?;
    let (several, list) = (named.is_list(), named.lists());
    let subject = named.subject().to_owned();
    let mode = OperationMode {
        command: format!("workloadctl {} -f {}", command.verb(), quoted(&named.file.name)),
        database: command.database(),
        several,
        stdin_is_source: args.reads_stdin(),
    };
    let answers = || call.answers(command.answers(&limits), list).of_file(several);
    let prepared = prepare(args, named, limits, command, call);
    let told = prepared.and_then(|application| {
        session::run(call, mode, async |around| application.run(&around, answers()))
    });
    match told {
        Ok(result) => result,
        Err(Failures(failures)) => {
            let failed = answers().fail(&subject, &failures)?;
            Ok(FleetResult { failed, changes: false, frozen: Vec::new() })
        }
    }
}

fn prepare<'a>(
    args: ReleaseArgs,
    named: NamedWorkload,
    limits: Limits,
    command: FleetCommand,
    call: &'a Invocation,
) -> Result<Application<'a>, Failures> {
    args.check_for_file(&named, call)?;
    let used = |name: &_| named.selected.iter().any(|it| it.definition == *name);
    let definitions = named.load(call, |definition| used(&definition.name))?;
    let width = args.parallel.width();
    let is_one_of_several = named.is_list();
    let base = DeployOptions { is_one_of_several, ..args.options(call, limits)? };
    let application = Application { command, named, definitions, base, width, call };
    application.check_images()?;
    Ok(application)
}

impl Application<'_> {
    fn run(
        &self,
        around: &Surroundings<'_>,
        mut answers: Answers,
    ) -> Result<FleetResult, Failures> {
        if self.named.is_list() {
            let all = self.named.selected.iter().map(|it| (&it.name, Some(&it.overrides)));
            catalogue::check_drops_of_several(&around.session.store(), &self.base.edits, all)?;
        }
        // A plan waits for nobody.
        let needs = match self.command {
            FleetCommand::Deploy => self.named.needs(),
            FleetCommand::Plan(_) => vec![Vec::new(); self.named.selected.len()],
        };
        let handle = Handle::current();
        let (mut failed, verb) = (Ok(()), answers.verb());
        let mut all = Vec::new();
        around.progress.queue(self.named.selected.iter().map(|instance| instance.name.as_str()));
        Steps { needs: &needs, width: self.width }.run(
            |step, needed: &[Operation]| {
                let is_needed = needs.iter().any(|needs| needs.contains(&step));
                let instance = &self.named.selected[step];
                let operation = handle.block_on(self.one(instance, needed, is_needed, around));
                around.progress.end(verb, &operation);
                operation
            },
            |operation| {
                all.push(operation.clone());
                let tell = || answers.add(operation.clone());
                if let Err(error) = around.progress.answer(&operation.instance.name, tell) {
                    failed = Err(error);
                }
            },
        );
        failed?;
        if self.named.is_list() {
            answers.sum_up(&self.named.file.name)?;
        }
        if !self.named.picked && self.named.file.is_complete {
            self.tell_of_others(around.session)?;
        }
        let (changes, frozen) = (answers.has_changes(), answers.frozen());
        Ok(FleetResult { failed: answers.end()?, changes, frozen })
    }

    async fn one(
        &self,
        instance: &FileInstance,
        needed: &[Operation],
        is_needed: bool,
        around: &Surroundings<'_>,
    ) -> Operation {
        let name = &instance.name;
        if let Some(signal) = around.session.stop.requested() {
            return not_begun(name, signal);
        }
        if let Some(bad) = needed.iter().find(|operation| !is_done(operation)) {
            return left(instance, bad, &self.named.file.name);
        }
        let session = declared(around.session, instance);
        let mut options = self.options(instance);
        // Whoever depends on it waits for it, whatever the flag says (docs/cli.md, Time).
        options.limits.no_wait &= !is_needed;
        let mut operation = match self.command {
            FleetCommand::Plan(_) => deploy::plan(&session, name, &options).await,
            FleetCommand::Deploy => match self.await_others(instance, around.session).await {
                Some(left) => left,
                None => deploy::run(&session, name, &options).await,
            },
        };
        operation.error = operation
            .error
            .map(|error| with_place(unless_stopped(error, &session.stop), &self.named, instance));
        let warnings = self.definition(instance).map(|it| it.warnings.clone());
        operation.warnings.splice(0..0, warnings.unwrap_or_default());
        operation
    }

    /// Waits until the instances are healthy that it depends on and that are not deployed now;
    /// answers for it where one is not.
    async fn await_others(
        &self,
        instance: &FileInstance,
        session: &Session<'_>,
    ) -> Option<Operation> {
        for other in self.named.outside(instance) {
            let there = match looked_for(session, &other, || None) {
                Ok(there) => there,
                Err(error) => return Some(failed(instance, error)),
            };
            let seen = status::await_health(&there, &other.name, self.base.limits.timeout).await;
            if !status::is_healthy(&seen) {
                return Some(left(instance, &seen, &self.named.file.name));
            }
        }
        None
    }

    fn definition(&self, instance: &FileInstance) -> Option<&LoadedDefinition> {
        self.definitions.iter().find(|it| it.name == instance.definition)
    }

    /// Gives the options of one instance: the flags, and what the file says of it.
    fn options(&self, instance: &FileInstance) -> DeployOptions {
        let given = self.definition(instance).map(|it| it.given.clone());
        let mut edits = self.base.edits.clone();
        if self.named.is_list()
            && let Some(given) = &given
        {
            // Each image goes to those that have the container.
            edits.retain(|edit| match edit {
                OverrideEdit::Image { name, image: Some(_), .. } => {
                    has_image(name, &given.content.get().objects)
                }
                _ => true,
            });
        }
        DeployOptions {
            given,
            definition: Some(instance.definition.clone()),
            declared: Some(instance.overrides.clone()),
            edits,
            ..self.base.clone()
        }
    }

    /// Refuses images that none of several instances has a container for.
    fn check_images(&self) -> Result<(), Failures> {
        let hits = |name: &str, instance: &FileInstance| match self.definition(instance) {
            Some(definition) => has_image(name, &definition.given.content.get().objects),
            // What its definition is, only the database or the cluster knows.
            None => true,
        };
        let misses = self.base.edits.iter().filter_map(|edit| match edit {
            OverrideEdit::Image { name, image: Some(image), .. }
                if self.named.selected.iter().all(|instance| !hits(name, instance)) =>
            {
                let file = &self.named.file.name;
                let message = format!(
                    "--image {name}={image}: no instance of {file} has a container or an image repository {name}"
                );
                Some(Error::usage(Code::UnknownContainer, message))
            }
            _ => None,
        });
        let misses: Vec<Error> = misses.filter(|_| self.named.is_list()).collect();
        if misses.is_empty() { Ok(()) } else { Err(misses.into()) }
    }

    /// Names the instances of the file's definitions that the file does not name.
    fn tell_of_others(&self, session: &Session<'_>) -> Result<()> {
        let file = &self.named.file;
        for definition in &file.definitions {
            let store = session.store();
            if store.definition(&definition.name)?.is_none() {
                continue;
            }
            let options =
                ListOptions { definition: Some(&definition.name), ..ListOptions::default() };
            for other in listing::instance_names(&store, &options)? {
                if file.instance(&other).is_none() {
                    self.call.printer.talk(&format!(
                        "`{other}` runs `{}` too and is not in {}: `workloadctl delete {other}` removes it",
                        definition.name, file.name
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Tells whether what depends on it may begin.
fn is_done(operation: &Operation) -> bool {
    operation.error.is_none()
}

/// The answer for an instance that was not begun because of another one.
fn left(instance: &FileInstance, other: &Operation, file: &str) -> Operation {
    let InstanceView { name, status, reason, .. } = &other.instance;
    let kind = other.error.as_ref().map_or(ErrorKind::NotReady, |error| error.kind);
    let message = format!("`{}` was not begun: it depends on `{name}`", instance.name);
    let mut error = Error::new(kind, Code::DependencyFailed, message);
    match (&other.error, status) {
        (Some(why), _) if why.code == Code::DependencyFailed => {
            error = error.cause(format!("`{name}` was not begun either"));
        }
        (Some(why), _) if why.code == Code::NoSuchInstance => {
            error = error.cause(format!("there is no instance `{name}`")).hint(format!(
                "workloadctl deploy -f {} {name} {}",
                quoted(file),
                instance.name
            ));
        }
        (Some(_), _) => error = error.cause(format!("`{name}` failed")),
        (None, Some(status)) => {
            let reason = reason.as_deref().unwrap_or_default();
            error = error.cause(format!("`{name}` is {status}: {reason}"));
        }
        (None, None) => {}
    }
    failed(instance, error)
}

fn failed(instance: &FileInstance, error: Error) -> Operation {
    let mut operation = Operation::of(&instance.name);
    operation.instance.definition = Some(instance.definition.to_string());
    operation.instance.outcome = Some(OperationOutcome::Refused);
    operation.error = Some(error);
    operation
}
