//! The command line's contracts without a cluster: one file per contract.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::too_many_lines, reason = "a test may be one long table")]

#[macro_use]
mod snapshot;

mod answers;
mod bad_days;
mod bad_input;
mod codes;
mod completions;
mod database;
mod declared;
mod diff;
mod documents;
mod first_look;
mod help;
mod layering;
mod live_table;
mod man;
mod misled;
mod mistakes;
mod plugin;
mod program;
mod pty;
mod recording;
mod repository;
mod screen;
mod screens;
mod sources;
mod stored;
mod terminal;
mod unreachable;
mod workload_files;
mod wrong_commands;
