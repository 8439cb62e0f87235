//! The commands: each turns its flags into options that cannot be wrong, calls an operation and
//! hands the answer to `output`. One file per command, read from top to bottom.

pub mod call;
pub mod completions;
pub mod database;
pub mod definition;
pub mod delete;
pub mod deploy;
pub mod fleet;
pub mod instance;
pub mod limits;
pub mod list;
pub mod manifests;
pub mod names;
pub mod plan;
pub mod release;
pub mod render;
pub mod runtime;
pub mod sandbox;
pub mod selection;
pub mod session;
pub mod signals;
pub mod status;

use crate::{
    cli::Command,
    commands::call::{Call, Done},
};

/// Runs a command.
///
/// # Errors
/// What the command could not do and has not told yet; its exit code is that of
/// [`crate::output::errors::exit_kind`].
pub(crate) fn run(command: Command, call: &Call) -> Done {
    match command {
        Command::Deploy(args) => deploy::run(args, call),
        Command::Plan(args) => plan::run(args, call),
        Command::Status(args) => status::run(args, call),
        Command::List(args) => list::run(args, call),
        Command::Render(args) => render::run(args, call),
        Command::Delete(args) => delete::run(args, call),
        Command::Definition(command) => definition::run(command, call),
        Command::Instance(command) => instance::run(command, call),
        Command::Runtime(command) => runtime::run(command, call),
        Command::Sandbox(command) => sandbox::run(command, call),
        Command::Completions(args) => completions::run(&args, call),
    }
}
