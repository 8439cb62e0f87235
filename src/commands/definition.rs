//! `definition`: the named sets of resources in the database.

use clap::{Args, Subcommand};

use crate::{
    commands::{
        file_definitions::LoadedDefinition,
        invocation::{Done, Invocation},
        manifests::FileArgs,
        names::definition_names,
        validation::{self, ValidateArgs, ValidationArgs, load_given},
        workload_file::NamedWorkload,
    },
    ops::{catalogue, events, history, revisions, stop::Stop},
    output::{self, definitions, objects::ObjectsAnswer, question::Questions},
    workload::{
        error::{Code, Error, Result},
        mask,
        name::DefinitionName,
        shell::quoted,
    },
};

/// Handle workload definitions: named sets of Kubernetes resources
#[derive(Debug, Subcommand)]
pub(crate) enum DefinitionCommand {
    Apply(ApplyArgs),
    List(DefinitionListArgs),
    Show(DefinitionShowArgs),
    History(DefinitionHistoryArgs),
    Validate(ValidateArgs),
    Delete(DefinitionDeleteArgs),
}

/// Store manifests as the first or the next revision of a definition; contact no cluster
#[derive(Debug, Args)]
#[command(after_long_help = "\
Of a workload file its definitions are stored, or the one that is named.

The content counts, not its layout: where no object changed, no revision is made. Instances stay \
on the revision that they run until they are deployed: `workloadctl deploy --all --definition NAME`.

Exit codes:
  0  stored, or unchanged
  2  wrong command or input")]
pub(crate) struct ApplyArgs {
    /// The definition; of a workload file all without it
    #[arg(requires = "file", required_unless_present = "file")]
    name: Option<String>,
    /// Its manifests.
    #[command(flatten)]
    files: FileArgs,
    /// How strictly the objects are looked at.
    #[command(flatten)]
    validation: ValidationArgs,
}

/// List definitions
#[derive(Debug, Args)]
pub(crate) struct DefinitionListArgs {}

/// Show a definition
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  workloadctl definition show web
  workloadctl definition show web --revision 3
  workloadctl definition show web --revision 3 -o yaml    the objects of revision 3, as manifests

Values of Secrets are masked; `workloadctl render --definition web --revision 3` prints them.")]
pub(crate) struct DefinitionShowArgs {
    /// The definition
    name: String,
    /// What it was in this revision; with -o yaml or json its objects
    #[arg(long, value_name = "N")]
    revision: Option<u64>,
    /// Print one bare value of the JSON, such as revision
    #[arg(long)]
    field: Option<String>,
}

/// List the revisions of a definition, the newest first, with the releases that brought them
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  told
  1  no such definition
  2  wrong command")]
pub(crate) struct DefinitionHistoryArgs {
    /// The definition
    name: String,
}

/// Delete definitions that have no instances
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  deleted
  1  no such definition, or answered no
  2  wrong command, or nobody to ask and no --yes
  5  refused: it has instances")]
pub(crate) struct DefinitionDeleteArgs {
    /// The definitions
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Succeed where there is no such definition
    #[arg(long)]
    ignore_not_found: bool,
}

/// Runs a command.
pub(super) fn run(command: DefinitionCommand, call: &Invocation) -> Done {
    match command {
        DefinitionCommand::Apply(args) => apply(args, call),
        DefinitionCommand::List(DefinitionListArgs {}) => {
            let definitions = catalogue::list_definitions(&call.open_for_reading()?)?;
            definitions::list(&call.printer, &definitions, call.now)?;
            Ok(None)
        }
        DefinitionCommand::Show(args) => show(args, call),
        DefinitionCommand::History(DefinitionHistoryArgs { name }) => {
            let history = revisions::history(&call.open_for_reading()?, &name.parse()?)?;
            output::revisions::list(&call.printer, &history, call.now)?;
            Ok(None)
        }
        DefinitionCommand::Validate(args) => validation::run(args, call),
        DefinitionCommand::Delete(args) => delete(args, call),
    }
}

fn show(args: DefinitionShowArgs, call: &Invocation) -> Done {
    let DefinitionShowArgs { name, revision, field } = args;
    let name: DefinitionName = name.parse()?;
    let store = call.open_for_reading()?;
    if revision.is_some() && field.is_none() && call.printer.format().is_document() {
        let mut answer = ObjectsAnswer::new(call.printer.chosen_format());
        let content = history::content(&store, &name, revision)?;
        content.objects.iter().for_each(|object| answer.add(&mask::object(&object.body)));
        answer.print(&call.printer)?;
        return Ok(None);
    }
    let sheet = catalogue::show_definition(&store, &name, revision)?;
    definitions::show(&call.printer, &sheet, field.as_deref(), call.now)?;
    Ok(None)
}

fn apply(args: ApplyArgs, call: &Invocation) -> Done {
    let ApplyArgs { name, files, validation } = args;
    let name: Option<DefinitionName> = name.map(|name| name.parse()).transpose()?;
    let read = files.read(call, name.as_ref().map(DefinitionName::as_str))?;
    if let Some(source) = files.workload(&read) {
        let named = NamedWorkload::read(source, &[])?;
        return apply_file(&named, name.as_ref(), &validation, call);
    }
    let Some(name) = name else {
        return Err(Error::usage(Code::InvalidCommand, "-f needs the name of the definition")
            .hint(format!("workloadctl definition apply NAME{}", files.flags()))
            .into());
    };
    let (given, _) = load_given(read, call, files.named())?;
    validation.tell(call, || given.report)?;
    let mut store = call.open()?;
    let applied = catalogue::apply_definition(
        &mut store,
        &name,
        given.content.get(),
        &given.source,
        call.now,
    )?;
    definitions::applied(&call.printer, &[applied], false)?;
    Ok(None)
}

/// Stores the definitions of a workload file, or the one that was named.
fn apply_file(
    named: &NamedWorkload,
    name: Option<&DefinitionName>,
    validation: &ValidationArgs,
    call: &Invocation,
) -> Done {
    let file = &named.file;
    if let Some(name) = name.filter(|name| file.definition(name).is_none()) {
        let message = format!("`{name}` is no definition of {}", file.name);
        return Err(Error::usage(Code::NoSuchDefinition, message).into());
    }
    let loaded = named.load(call, |it| name.is_none_or(|name| it.name == *name))?;
    if loaded.is_empty() {
        let message = format!("{} brings no definition", file.name);
        return Err(Error::usage(Code::WorkloadFile, message)
            .hint(format!("`workloadctl deploy -f {}` deploys its instances", quoted(&file.name)))
            .into());
    }
    for definition in &loaded {
        validation.tell(call, || definition.given.report.clone())?;
    }
    let mut store = call.open()?;
    // All of them or none.
    let applied = store.transaction(|store| {
        let apply = |LoadedDefinition { name, given, .. }: &LoadedDefinition| {
            catalogue::apply_definition(store, name, given.content.get(), &given.source, call.now)
        };
        loaded.iter().map(apply).collect::<Result<Vec<_>>>()
    })?;
    definitions::applied(&call.printer, &applied, name.is_none())?;
    Ok(None)
}

fn delete(args: DefinitionDeleteArgs, call: &Invocation) -> Done {
    let DefinitionDeleteArgs { names, ignore_not_found } = args;
    let names = definition_names(&names)?;
    let mut store = call.open()?;
    let mut there = Vec::new();
    for name in names {
        match store.definition(&name)? {
            Some(_) => {
                // All of them before the question: half a list must not be deleted.
                store.deletable_definition(&name)?;
                there.push(name);
            }
            None if ignore_not_found => {}
            None => return Err(store.no_such_definition(name.as_str()).into()),
        }
    }
    if there.is_empty() {
        definitions::deleted(&call.printer, &[])?;
        return Ok(None);
    }
    confirm(&there, call)?;
    store.transaction(|store| there.iter().try_for_each(|name| store.delete_definition(name)))?;
    let names: Vec<String> = there.iter().map(ToString::to_string).collect();
    definitions::deleted(&call.printer, &names)?;
    Ok(None)
}

fn confirm(names: &[DefinitionName], call: &Invocation) -> Result<()> {
    let names: Vec<&str> = names.iter().map(DefinitionName::as_str).collect();
    let names = names.join(", ");
    let questions = Questions::new(call.printer, call.yes, false, Stop::channel().1);
    let question = format!("Delete definition {names} with all its revisions?");
    events::confirm(&questions, &question, "nothing was deleted", || {
        let command = format!("workloadctl definition delete {} --yes", names.replace(',', ""));
        events::needs_yes(&format!("deleting definition {names}"), &command)
    })
}
