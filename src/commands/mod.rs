//! The commands: each turns its flags into options that cannot be wrong, calls an operation and
//! hands the answer to `output`. One file per command, read from top to bottom.

pub(crate) mod again;
pub(crate) mod completions;
pub(crate) mod database;
pub(crate) mod db;
pub(crate) mod definition;
pub(crate) mod delete;
pub(crate) mod deploy;
pub(crate) mod diff;
mod diff_style;
mod file_definitions;
pub(crate) mod fleet;
pub(crate) mod forward;
pub(crate) mod global;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod instance;
pub(crate) mod invocation;
pub(crate) mod kubectl;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod man;
pub(crate) mod manifests;
pub(crate) mod names;
mod overriding;
mod pace;
mod parallel;
pub(crate) mod plan;
pub(crate) mod release;
pub(crate) mod release_report;
pub(crate) mod render;
pub(crate) mod reports;
pub(crate) mod rollback;
pub(crate) mod runtime;
pub(crate) mod sandbox;
mod schema;
pub(crate) mod selection;
pub(crate) mod session;
pub(crate) mod signals;
pub(crate) mod status;
pub(crate) mod validation;
pub(crate) mod watching;
pub(crate) mod workload_file;
mod wrong_flags;
pub(crate) mod wrong_words;

use clap::Subcommand;

use self::{
    completions::CompletionsArgs,
    db::DbCommand,
    definition::DefinitionCommand,
    delete::DeleteArgs,
    deploy::DeployArgs,
    diff::DiffArgs,
    forward::{ForwardArgs, OpenArgs},
    history::HistoryArgs,
    import::ImportArgs,
    init::InitArgs,
    instance::InstanceCommand,
    invocation::{Done, Invocation},
    kubectl::KubectlArgs,
    list::ListArgs,
    logs::LogsArgs,
    man::ManArgs,
    plan::PlanArgs,
    release_report::ReleaseReportArgs,
    render::RenderArgs,
    rollback::RollbackArgs,
    runtime::RuntimeCommand,
    sandbox::SandboxCommand,
    schema::SchemaArgs,
    status::StatusArgs,
};

/// The commands; their help is the documentation of what they hold.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Deploy(DeployArgs),
    Plan(PlanArgs),
    Status(StatusArgs),
    Logs(LogsArgs),
    List(ListArgs),
    Render(RenderArgs),
    Diff(DiffArgs),
    History(HistoryArgs),
    Report(ReleaseReportArgs),
    Rollback(RollbackArgs),
    Delete(DeleteArgs),
    #[command(subcommand)]
    Definition(DefinitionCommand),
    #[command(subcommand)]
    Instance(InstanceCommand),
    #[command(subcommand)]
    Runtime(RuntimeCommand),
    #[command(subcommand)]
    Db(DbCommand),
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    Import(ImportArgs),
    Init(InitArgs),
    Schema(SchemaArgs),
    Forward(ForwardArgs),
    Open(OpenArgs),
    Kubectl(KubectlArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Runs a command; `grammar` is the whole command line, which man pages are made from.
///
/// # Errors
/// What the command could not do and has not told yet; its exit code is that of
/// [`crate::output::errors::exit_kind`].
pub(crate) fn run(command: Command, call: &Invocation, grammar: fn() -> clap::Command) -> Done {
    if !matches!(command, Command::Deploy(_) | Command::Plan(_)) {
        call.refuse_several_runtimes()?;
    }
    match command {
        Command::Deploy(args) => deploy::run(args, call),
        Command::Plan(args) => plan::run(args, call),
        Command::Status(args) => status::run(args, call),
        Command::Logs(args) => logs::run(args, call),
        Command::List(args) => list::run(args, call),
        Command::Render(args) => render::run(args, call),
        Command::Diff(args) => diff::run(args, call),
        Command::History(args) => history::run(args, call),
        Command::Report(args) => release_report::run(args, call),
        Command::Rollback(args) => rollback::run(args, call),
        Command::Delete(args) => delete::run(args, call),
        Command::Definition(command) => definition::run(command, call),
        Command::Instance(command) => instance::run(command, call),
        Command::Runtime(command) => runtime::run(command, call),
        Command::Db(command) => db::run(command, call),
        Command::Sandbox(command) => sandbox::run(command, call),
        Command::Import(args) => import::run(args, call),
        Command::Init(args) => init::run(args, call),
        Command::Schema(args) => schema::run(&args, call),
        Command::Forward(args) => forward::run(args, call),
        Command::Open(args) => forward::run_open(args, call),
        Command::Kubectl(args) => kubectl::run(&args, call),
        Command::Completions(args) => completions::run(&args, call),
        Command::Man(args) => man::run(&args, call, grammar()),
    }
}
