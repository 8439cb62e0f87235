//! Runs installed programs, each bounded in time and in what it may say, and ended with all that it
//! started.

use std::{
    env::split_paths,
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    time,
};

use crate::{
    env::Env,
    workload::error::{Code, Error, Result},
};

/// How long a look may take: who is slower is asked for nothing.
const LOOK: Duration = Duration::from_secs(5);
/// How much of what is said is kept, in bytes; a look that says more than twice as much says nothing.
const SAID: usize = 16 << 20;
/// How many lines of what a failed program said are told.
const LINES: usize = 20;
/// How long loading may take.
const LOAD: Duration = Duration::from_secs(600);

/// Tells whether a program is installed.
pub(super) fn is_installed(program: &str, env: &Env) -> bool {
    env.path("PATH")
        .is_some_and(|path| split_paths(path).any(|folder| folder.join(program).is_file()))
}

/// What a program said, and how it ended.
struct Ran {
    status: ExitStatus,
    stdout: Said,
    stderr: Said,
}

/// The end of what was said.
#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    is_whole: bool,
}

/// The processes of a program and of all that it started: they end with the value.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // It may have ended by itself.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// Runs a program to its end; who does not wait for it any more ends it.
async fn output(program: &str, arguments: &[&str], set: &[(&str, &str)]) -> io::Result<Ran> {
    let mut command = Command::new(program);
    // A Ctrl-C of the terminal is ours to heed.
    command.args(arguments).envs(set.iter().copied()).process_group(0).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    // Declared after the child: a group whose leader nobody has waited for keeps its number.
    let mut group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(end_of(stdout), end_of(stderr))?;
    let status = child.wait().await?;
    group.0 = None;
    Ok(Ran { status, stdout, stderr })
}

/// Reads all, and keeps the end of it.
async fn end_of(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Said> {
    let mut said = Said { is_whole: true, ..Said::default() };
    let Some(mut stream) = stream else { return Ok(said) };
    while stream.read_buf(&mut said.bytes).await? > 0 {
        if said.bytes.len() > 2 * SAID {
            said.is_whole = false;
            said.bytes.drain(..said.bytes.len() - SAID);
        }
    }
    Ok(said)
}

/// Gives what a program wrote within the time of a look, whatever it ended with.
pub(super) async fn text(program: &str, arguments: &[&str]) -> Option<String> {
    let ran = time::timeout(LOOK, output(program, arguments, &[])).await.ok()?.ok()?;
    String::from_utf8(ran.stdout.is_whole.then_some(ran.stdout.bytes)?).ok()
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
    let ran = match time::timeout(LOAD, output(program, arguments, set)).await {
        Ok(ran) => ran.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("no end after {} s", LOAD.as_secs()))),
    };
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr.bytes).into_owned();
    let last: Vec<&str> = said.lines().rev().take(LINES).collect();
    Err(failed(ran.status.to_string()).causes(last.into_iter().rev().map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn what_is_said_is_bounded() {
        let more = (2 * SAID + 1).to_string();
        let ran = output("head", &["-c", &more, "/dev/zero"], &[]).await.unwrap();
        assert!(ran.status.success() && !ran.stdout.is_whole);
        assert_eq!(ran.stdout.bytes.len(), SAID);
        assert_eq!(text("head", &["-c", &more, "/dev/zero"]).await, None);
        assert_eq!(text("echo", &["few"]).await.as_deref(), Some("few\n"));
    }

    /// Also what it started, and left in the background.
    #[tokio::test]
    async fn who_is_not_waited_for_any_more_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 300 & echo $! > {0}.new; mv {0}.new {0}; wait", file.display());
        let is_begun = async {
            while !file.exists() {
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        let arguments = ["-c", &script];
        let waits = output("sh", &arguments, &[]);
        tokio::select! {
            _ = waits => panic!("it waits"),
            () = is_begun => {}
        }
        let pid = std::fs::read_to_string(&file).unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let state = text("ps", &["-o", "stat=", "-p", pid.trim()]).await.unwrap();
            if state.trim().is_empty() || state.starts_with('Z') {
                break;
            }
            assert!(Instant::now() < until, "{state}");
            time::sleep(Duration::from_millis(10)).await;
        }
    }
}
