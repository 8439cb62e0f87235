//! What many objects, many instances and many runtimes cost, each figure beside its aim. Needs a control
//! plane on which nothing else runs; without one only `list` is measured:
//!
//! ```text
//! tests/control-plane/run -- cargo bench --bench fleet -- [--rounds 3]
//! ```
//!
//! The sizes are those of the aims; smaller ones try the bench itself: `--listed 100 --planned 100
//! --objects 80 --changed 16 --deletions 2 --runtimes 3 --instances 4`. Zero leaves a row out. A replay
//! sends what workloadctl has sent, over the number of connections that is faster.

#![allow(missing_docs)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own")]

mod crowds;
mod objects;
#[expect(dead_code, reason = "shared with the other bench")]
mod programs;
mod recording;
#[expect(dead_code, reason = "shared with the other bench")]
mod replay;
mod sizes;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use replay::Server;
use serde_json::Value;

/// How much of what is measured, and how often.
pub(crate) struct Options {
    rounds: usize,
    listed: usize,
    planned: usize,
    objects: usize,
    changed: usize,
    deletions: usize,
    runtimes: usize,
    instances: usize,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        rounds: 1,
        listed: 10_000,
        planned: 10_000,
        objects: 1000,
        changed: 200,
        deletions: 5,
        runtimes: 50,
        instances: 1000,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let place = match &*argument {
            "--bench" => continue, // cargo says so
            "--rounds" => &mut options.rounds,
            "--listed" => &mut options.listed,
            "--planned" => &mut options.planned,
            "--objects" => &mut options.objects,
            "--changed" => &mut options.changed,
            "--deletions" => &mut options.deletions,
            "--runtimes" => &mut options.runtimes,
            "--instances" => &mut options.instances,
            _ => return Err(format!("unknown argument {argument}")),
        };
        let value = arguments.next().and_then(|value| value.parse().ok());
        *place = value.ok_or_else(|| format!("{argument} needs a number"))?;
    }
    if options.rounds == 0 || options.changed > options.objects {
        return Err("at least one round, and no more changes than objects".to_owned());
    }
    Ok(options)
}

#[expect(clippy::disallowed_methods, reason = "the caller's environment, not the program's")]
fn has_cluster() -> bool {
    std::env::var_os("KUBECONFIG").is_some()
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let home = Home(tempfile::tempdir().expect("a temporary folder"));
    sizes::list(&home, options.listed);
    if !has_cluster() {
        eprintln!("no control plane: only `list` is measured");
        return ExitCode::SUCCESS;
    }
    let bench = Bench::new(home, options);
    sizes::plan(&bench);
    sizes::changes(&bench);
    crowds::deletions(&bench);
    crowds::runtimes(&bench);
    // What it leaves behind goes with the control plane.
    crowds::instances(&bench);
    ExitCode::SUCCESS
}

/// A folder with manifests and a database.
pub(crate) struct Home(tempfile::TempDir);

/// What a call came to.
pub(crate) struct Run {
    pub took: Duration,
    pub processor: Duration,
    /// In KiB.
    pub peak: u64,
    /// What it said on stderr.
    pub said: String,
}

impl Home {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a folder of our own");
    }

    /// Calls the program, and looks at it every so often.
    pub(crate) fn run(&self, line: &str, every: Duration) -> Run {
        self.run_with(line, every, None)
    }

    /// Calls it with another kubeconfig.
    pub(crate) fn run_with(&self, line: &str, every: Duration, kubeconfig: Option<&Path>) -> Run {
        let log = self.path("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_workloadctl"));
        command.args(line.split(' ')).current_dir(self.0.path());
        command.env("WORKLOADCTL_DB", self.path("db")).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(fs::File::create(&log).expect("a folder of our own"));
        if let Some(kubeconfig) = kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        let started = Instant::now();
        let mut child = command.spawn().expect("the program starts");
        let (processor, peak) = programs::cost_of(&mut child, every);
        let status = child.wait().expect("the child is ours");
        let took = started.elapsed();
        let said = fs::read_to_string(&log).expect("the file is there");
        assert!(status.success(), "{line}: {said}");
        Run { took, processor, peak, said }
    }

    /// Calls the program, and gives how long it took.
    pub(crate) fn time(&self, line: &str) -> Duration {
        let took = self.run(line, Duration::from_millis(1)).took;
        eprintln!("{line}: {:.3} s", took.as_secs_f64());
        took
    }
}

/// Everything that a row needs.
pub(crate) struct Bench {
    pub home: Home,
    pub options: Options,
    pub server: Arc<Server>,
    tokio: tokio::runtime::Runtime,
}

impl Bench {
    fn new(home: Home, options: Options) -> Self {
        let kubeconfig = programs::kubectl(&["config", "view", "--raw", "--minify", "-o", "json"]);
        let kubeconfig: Value = serde_json::from_slice(&kubeconfig).expect("kubectl writes JSON");
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let server = Arc::new(Server::of(&kubeconfig));
        Self { home, options, server, tokio: tokio.expect("a runtime") }
    }

    /// Sends requests over so many connections; gives how long it took.
    pub(crate) fn replay(&self, requests: Vec<Vec<u8>>, connections: usize) -> Duration {
        self.tokio.block_on(self.server.clone().replay(Arc::new(requests), connections))
    }
}

/// Gives the median in seconds.
pub(crate) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
}

/// Prints a figure beside its aim.
pub(crate) fn told(what: &str, figure: &str, aim: &str) {
    println!("{what:<58} {figure:<44} aim {aim}");
}
