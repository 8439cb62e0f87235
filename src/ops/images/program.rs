//! Runs installed programs, each bounded in time.

use std::{env::split_paths, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{process::Command, time};

use crate::{
    env::Env,
    workload::error::{Code, Error, Result},
};

/// How long a look may take: who is slower is asked for nothing.
const LOOK: Duration = Duration::from_secs(5);
/// How long loading may take.
const LOAD: Duration = Duration::from_secs(600);

/// Tells whether a program is installed.
pub(super) fn is_installed(program: &str, env: &Env) -> bool {
    env.path("PATH")
        .is_some_and(|path| split_paths(path).any(|folder| folder.join(program).is_file()))
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    // A Ctrl-C of the terminal is ours to heed; who is not waited for any more is killed.
    command.args(arguments).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    command
}

/// Gives what a program wrote within the time of a look, whatever it ended with.
pub(super) async fn text(program: &str, arguments: &[&str]) -> Option<String> {
    let ran = time::timeout(LOOK, command(program, arguments).output()).await.ok()?.ok()?;
    String::from_utf8(ran.stdout).ok()
}

/// Gives the JSON that a program wrote.
pub(super) async fn json(program: &str, arguments: &[&str]) -> Option<Value> {
    serde_json::from_str(&text(program, arguments).await?).ok()
}

/// Runs a program that loads images.
///
/// # Errors
/// Code 1: it could not be run, failed, or took too long.
pub(super) async fn run(program: &str, arguments: &[&str], set: &[(&str, &str)]) -> Result<()> {
    let line = format!("{program} {}", arguments.join(" "));
    let failed = |why: String| {
        let error = Error::failed(Code::ImagesNotLoaded, format!("`{line}` failed: {why}"));
        error.hint("without `--load-images` the deploy takes what the nodes have")
    };
    let ran = command(program, arguments).envs(set.iter().copied()).output();
    let ran = match time::timeout(LOAD, ran).await {
        Ok(ran) => ran.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("no end after {} s", LOAD.as_secs()))),
    };
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    Err(failed(ran.status.to_string()).causes(said.lines().map(str::to_owned)))
}
