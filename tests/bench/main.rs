//! How fast a deploy is, beside other programs and beside the limit: the bare replay of the same
//! requests. Needs a control plane on which nothing else runs:
//!
//! ```text
//! tests/control-plane/run -- cargo bench --bench deploy -- [--helm] [--objects 1000] [--rounds 3]
//! ```
//!
//! A round deploys into fresh namespaces, once and again, deletes it, in an order that turns from
//! round to round, and goes on only when all of it is gone. A first round, in which memory and requests
//! are looked at, warms the server and does not count. Figures of different runs are not to be
//! compared, ratios are. `--helm` compares Helm too and installs it (`go install`) once.
//!
//! `--waiting 500` looks at the wait alone: so many Deployments become ready over a minute. It tells
//! how long after the server's event each is told, and what the wait costs.

#![allow(missing_docs)]
#![expect(clippy::print_stderr, reason = "a program of its own")]

mod objects;
mod programs;
mod replay;
mod table;
mod waiting;

use std::{path::PathBuf, process::ExitCode, sync::Arc, thread, time::Duration};

use serde_json::{Value, json};

use programs::{Program, kubectl};
use replay::Server;
use table::Row;

/// Over how many connections the requests are replayed; the best is the limit.
const CONNECTIONS: [usize; 2] = [16, 32];
/// How long the controllers have for what a deploy left them to do.
const SETTLE: Duration = Duration::from_secs(3);

struct Options {
    helm: bool,
    objects: usize,
    rounds: usize,
    /// How many Deployments are waited for, where only that is measured.
    waiting: Option<usize>,
}

fn options() -> Result<Options, String> {
    let mut options = Options { helm: false, objects: 1000, rounds: 3, waiting: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let value = arguments.next().and_then(|value| value.parse().ok()).filter(|n| *n > 0);
            value.ok_or_else(|| format!("{argument} needs a number"))
        };
        match &*argument {
            "--bench" => {} // cargo says so
            "--helm" => options.helm = true,
            "--objects" => options.objects = number()?,
            "--rounds" => options.rounds = number()?,
            "--waiting" => options.waiting = Some(number()?),
            _ => return Err(format!("unknown argument {argument}")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    match options() {
        Ok(Options { waiting: Some(count), .. }) => waiting::measure(&Arc::new(server()), count),
        Ok(options) => measure(&options),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Reads the kubeconfig's current server.
fn server() -> Server {
    let kubeconfig = kubectl(&["config", "view", "--raw", "--minify", "-o", "json"]);
    Server::of(&serde_json::from_slice(&kubeconfig).expect("kubectl writes JSON"))
}

/// One that deploys: a program, or the replay.
enum Contestant {
    Program(Program),
    Replay(usize),
}

struct Bench {
    objects: Vec<Value>,
    server: Arc<Server>,
    tokio: tokio::runtime::Runtime,
}

fn measure(options: &Options) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let objects = objects::mixed(options.objects);
    let (file, chart) = programs::write(folder.path(), &objects);
    let mut contestants = vec![
        Contestant::Program(Program::workloadctl(&file)),
        Contestant::Program(Program::workloadctl_in_namespace(&file)),
        Contestant::Program(Program::kubectl(&file)),
    ];
    if options.helm {
        contestants.push(Contestant::Program(Program::helm(&chart, &cache())));
    } else {
        eprintln!("without Helm: --helm compares it too");
    }
    contestants.extend(CONNECTIONS.map(Contestant::Replay));
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let bench = Bench { objects, server: Arc::new(server()), tokio: tokio.expect("a runtime") };
    let mut rows: Vec<Row> = contestants.iter().map(Contestant::row).collect();
    for round in 0..=options.rounds {
        for turn in 0..contestants.len() {
            let at = (turn + round) % contestants.len();
            bench.round(
                &contestants[at],
                &format!("bench-{round}-{at}"),
                round == 0,
                &mut rows[at],
            );
        }
    }
    table::print(&rows, options.objects, options.rounds);
}

impl Contestant {
    fn row(&self) -> Row {
        match self {
            Self::Program(program) => Row {
                name: program.name.to_owned(),
                start: (0..11).map(|_| program.start()).collect(),
                ..Row::default()
            },
            Self::Replay(connections) => {
                Row { name: format!("replay, {connections} connections"), ..Row::default() }
            }
        }
    }
}

impl Bench {
    /// Deploys into a namespace, once and again, and removes it.
    fn round(&self, contestant: &Contestant, namespace: &str, looking: bool, row: &mut Row) {
        // workloadctl and the replay make it themselves, by a PATCH like the others.
        if matches!(contestant, Contestant::Program(program) if program.name != "workloadctl") {
            kubectl(&["create", "namespace", namespace]);
        }
        thread::sleep(SETTLE);
        for again in [false, true] {
            let took = match contestant {
                Contestant::Replay(connections) => self.replay(namespace, *connections, again),
                Contestant::Program(program) => {
                    let run = program.deploy(namespace, looking);
                    if looking {
                        row.peak[usize::from(again)] = run.peak;
                        row.requests[usize::from(again)] = run.requests;
                    }
                    run.took
                }
            };
            let which = if again { "again" } else { "first" };
            eprintln!("{namespace} {} {which}: {:.3} s", row.name, took.as_secs_f64());
            if !looking {
                if again { &mut row.again } else { &mut row.first }.push(took);
            }
            thread::sleep(SETTLE);
        }
        if let Contestant::Program(program) = contestant {
            let took = program.delete(namespace);
            eprintln!("{namespace} {} delete: {:.3} s", row.name, took.as_secs_f64());
            if !looking {
                row.delete.push(took);
            }
        }
        kubectl(&["delete", "namespace", namespace, "--wait=true", "--ignore-not-found"]);
    }

    /// Replays what workloadctl sends: the objects as `render` prints them for the instance.
    fn replay(&self, namespace: &str, connections: usize, again: bool) -> Duration {
        let manager = format!("workloadctl:{namespace}/{namespace}");
        let labelled = |mut object: Value| {
            object["metadata"]["labels"]["workloadctl/instance"] = namespace.into();
            object
        };
        let place =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        let place = self.server.apply(&labelled(place), namespace, &manager, !again);
        let objects = self.objects.iter().map(|object| {
            let mut object = labelled(object.clone());
            object["metadata"]["namespace"] = namespace.into();
            self.server.apply(&object, namespace, &manager, !again)
        });
        let objects = Arc::new(objects.collect::<Vec<_>>());
        self.tokio.block_on(async {
            let first = self.server.clone().replay(Arc::new(vec![place]), 1).await;
            first + self.server.clone().replay(objects, connections).await
        })
    }
}

/// Gives the folder that keeps Helm, beside the control plane's binaries.
fn cache() -> PathBuf {
    let root = dirs::cache_dir().expect("a home directory");
    root.join("workloadctl-bench")
}
