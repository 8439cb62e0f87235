//! `diff`: what differs between releases, revisions, instances, manifests and what is live.

use clap::Args;

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Failures, Invocation},
        manifests::{FileArgs, load},
        names::Numbered,
        session::{self, OperationMode},
        workload_file::NamedWorkload,
    },
    ops::{
        deploy,
        diff::{self, Side},
        options::{DeployOptions, Earlier, Limits, Permissions, Validation},
        view::DiffView,
    },
    output::{self, difference::DiffStyle},
    workload::{
        error::{Code, Error, ErrorKind, Result},
        name::{DefinitionName, InstanceName},
        shell::quoted,
    },
};

const MORE: &str = "\
A side is NAME, what an instance runs (its newest release), or NAME@N, its release N; with \
--definition the newest revision of a definition, or its revision N. In place of the second side \
stands --newest, what `deploy NAME` would bring, or -f, what `deploy NAME -f PATH` would bring. \
One side alone is compared with the cluster: what a deploy of that release would change there.

Two sides are taken from the database, no cluster is contacted. They are compared with their \
overrides and before they are placed: that two instances have other namespaces is no difference. \
Values of Secrets are masked; that one changed is shown.

Examples:
  workloadctl diff web                         what runs against what was released
  workloadctl diff web@5 web@7                 release against release
  workloadctl diff web-dev web-prod            instance against instance
  workloadctl diff web --newest                what a deploy would bring
  workloadctl diff web -f k8s/                 a folder against what runs
  workloadctl diff --definition web@1 web@3    revision against revision
  workloadctl diff web@5 web@7 --diff fields   a line for each field

Exit codes:
  0  told
  1  no such instance, definition, release or revision
  2  wrong command or input
  4  something differs (only with --exit-code)
  7  the runtime cannot be used";

/// Show what differs between releases, instances, revisions, manifests and what is live
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct DiffArgs {
    /// What is compared: an instance or NAME@RELEASE
    #[arg(value_name = "SIDE")]
    from: String,
    /// What it is compared with [default: what is live]
    #[arg(value_name = "SIDE", conflicts_with_all = ["newest", "file"])]
    to: Option<String>,
    /// The sides are definitions: NAME or NAME@REVISION
    #[arg(long)]
    definition: bool,
    /// Compare with what the next deploy of the instance would bring
    #[arg(long, conflicts_with_all = ["definition", "file"])]
    newest: bool,
    /// Manifests in place of the second side.
    #[command(flatten)]
    files: FileArgs,
    /// How the differences are shown
    #[arg(long, value_enum, value_name = "HOW", default_value_t = DiffStyle::Unified)]
    diff: DiffStyle,
    /// Exit with 4 if anything differs
    #[arg(long)]
    exit_code: bool,
}

/// Compares.
pub(super) fn run(args: DiffArgs, call: &Invocation) -> Done {
    let DiffArgs { from, to, definition, newest, files, diff: style, exit_code } = args;
    let numbered = Numbered::parse(&from)?;
    let to = match to {
        Some(to) => {
            let found = Numbered::parse(&to).and_then(|numbered| side(&numbered, definition));
            Some(found.map_err(|error| match call.env.current_dir.join(&to).exists() {
                true => error.hint(format!("manifests stand behind `-f`: `-f {}`", quoted(&to))),
                false => error,
            })?)
        }
        None if newest => Some(Side::Newest { instance: numbered.name.parse()? }),
        None if !files.file.is_empty() => Some(given(&files, numbered.name, definition, call)?),
        None => None,
    };
    let diff = match (side(&numbered, definition)?, to) {
        (from, Some(to)) => diff::sides(&call.open_for_reading()?, from, to)?,
        (Side::Release { instance, number }, None) => live(&instance, number, call)?,
        (_, None) => {
            return Err(Error::usage(Code::InvalidCommand, "name a second side, or -f").into());
        }
    };
    output::diff::tell(&call.printer, &diff, style)?;
    Ok((exit_code && !diff.objects.is_empty()).then_some(ErrorKind::Changes))
}

/// Compares what is live with a release, the newest without a number.
fn live(name: &InstanceName, number: Option<u64>, call: &Invocation) -> Result<DiffView, Failures> {
    let options = DeployOptions {
        earlier: Some(Earlier::Compared(number)),
        // It has been on the cluster: whatever it is, the server took it.
        may: Permissions { validation: Validation::Ignore, ..Permissions::default() },
        ..DeployOptions::of(Limits::none())
    };
    let mode = OperationMode {
        command: format!("workloadctl diff {name}"),
        database: DatabaseUse::Looked,
        ..OperationMode::default()
    };
    let operation = session::run(call, mode, async |around| {
        let operation = deploy::plan(around.session, name, &options).await;
        around.progress.finish(name.as_str());
        operation
    })?;
    Ok(diff::of_plan(operation, number)?)
}

fn side(numbered: &Numbered<'_>, definition: bool) -> Result<Side> {
    let Numbered { name, number } = *numbered;
    if definition {
        let definition: DefinitionName = name.parse()?;
        Ok(Side::Revision { definition, number })
    } else {
        let instance: InstanceName = name.parse()?;
        Ok(Side::Release { instance, number })
    }
}

/// Reads what a deploy with these manifests would bring.
fn given(
    files: &FileArgs,
    name: &str,
    definition: bool,
    call: &Invocation,
) -> Result<Side, Failures> {
    let read = files.read(call, Some(name))?;
    let source = files.named();
    let instance: Option<InstanceName> = (!definition).then(|| name.parse()).transpose()?;
    let Some(workload) = files.workload(&read) else {
        let content = load(read, call)?.content;
        return Ok(Side::Given { instance, content, declared: None, source });
    };
    let picked = instance.as_ref().map(ToString::to_string);
    let named = NamedWorkload::read(workload, picked.as_slice())?;
    let declared = named.selected.first().filter(|_| !definition);
    let wanted = match declared {
        Some(instance) => instance.definition.clone(),
        None => name.parse()?,
    };
    let declared = declared.map(|instance| Box::new(instance.overrides.clone()));
    let loaded = named.load(call, |definition| definition.name == wanted)?;
    let Some(loaded) = loaded.into_iter().next() else {
        let message = format!("{} has no definition `{wanted}`", named.file.name);
        return Err(Error::usage(Code::WorkloadFile, message).into());
    };
    Ok(Side::Given { instance, content: loaded.given.content.get().clone(), declared, source })
}
