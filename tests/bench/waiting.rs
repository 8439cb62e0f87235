//! What it costs to wait, and how late it tells: Deployments of one pod each become ready one after the
//! other over a minute, and a watch of the bench's own sees when the server says so.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    objects::documents,
    programs::{kubectl, peak_memory, processor_time},
    replay::Server,
};

const NAMESPACE: &str = "bench-waiting";
/// When the first ones are ready, and over which time the others, in seconds.
const FIRST: usize = 10;
const SPREAD: usize = 60;

type Times = HashMap<String, Instant>;

/// What a run cost.
#[derive(Default)]
struct Cost {
    processor: Duration,
    /// What of it was spent before the wait.
    before: Duration,
    /// In KiB.
    memory: u64,
}

fn deployment(index: usize, count: usize) -> Value {
    let name = format!("app-{index:05}");
    let delay = format!("{}s", FIRST + index * SPREAD / count);
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}, "annotations": {"test.workloadctl/delay": delay}},
            "spec": {"containers": [{"name": "app", "image": "app:1"}]},
        },
    }})
}

/// Tells of a Deployment that an event shows to be ready.
fn ready(event: &Value) -> Option<&str> {
    let object = &event["object"];
    let (metadata, status) = (&object["metadata"], &object["status"]);
    let is_ready = metadata["namespace"] == NAMESPACE
        && status["observedGeneration"] == metadata["generation"]
        && ["replicas", "updatedReplicas", "availableReplicas"].iter().all(|it| status[it] == 1);
    metadata["name"].as_str().filter(|_| is_ready)
}

/// Tells of a Deployment that a line of progress says to be ready.
fn told(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let is_ready = line["event"] == "judged" && line["state"] == "ready";
    let is_ours = line["object"]["kind"] == "Deployment";
    line["object"]["name"].as_str().filter(|_| is_ready && is_ours).map(str::to_owned)
}

/// Sees from now on when Deployments are ready.
fn watch(server: &Arc<Server>) -> Arc<Mutex<Times>> {
    let seen = Arc::<Mutex<Times>>::default();
    let (server, times) = (server.clone(), seen.clone());
    thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
        tokio.expect("a runtime").block_on(server.watch(
            "/apis/apps/v1/deployments",
            |at, event| {
                if let Some(name) = ready(event) {
                    times.lock().expect("nobody panicked").entry(name.to_owned()).or_insert(at);
                }
            },
        ));
    });
    seen
}

/// Reads what a run says until its end.
fn follow(child: &mut Child) -> (Times, Cost) {
    let id = child.id();
    let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let (mut said, mut cost) = (Times::new(), Cost::default());
    for line in lines.map_while(Result::ok) {
        let now = Instant::now();
        if let Some(name) = told(&line) {
            said.entry(name).or_insert(now);
        }
        cost.processor = processor_time(id).unwrap_or(cost.processor);
        cost.memory = peak_memory(id).unwrap_or(cost.memory);
        if line.contains("\"event\":\"phase\",\"phase\":\"waiting\"") {
            cost.before = cost.processor;
        }
    }
    (said, cost)
}

/// Measures and prints.
pub(crate) fn measure(server: &Arc<Server>, count: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let objects: Vec<Value> = (0..count).map(|index| deployment(index, count)).collect();
    let file = folder.path().join("waiting.yaml");
    fs::write(&file, documents(&objects)).expect("a folder of our own");
    let seen = watch(server);
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_workloadctl"))
        .args(["deploy", NAMESPACE, "--yes", "--progress", "json", "--db"])
        .arg(folder.path().join("bench.db"))
        .arg("-f")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("workloadctl starts");
    let (said, cost) = follow(&mut child);
    let status = child.wait().expect("the child is ours");
    eprintln!("deployed in {:.1} s, {status}", started.elapsed().as_secs_f64());
    let seen = seen.lock().expect("nobody panicked");
    let late =
        |(name, at): (&String, &Instant)| Some(at.saturating_duration_since(*seen.get(name)?));
    let mut late: Vec<Duration> = said.iter().filter_map(late).collect();
    late.sort();
    for percent in [50, 95, 99, 100] {
        let at = (late.len() * percent / 100).min(late.len().saturating_sub(1));
        let time = late.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        eprintln!("from ready to told, {percent}% of {}: {time:.1} ms", late.len());
    }
    let Cost { processor, before, memory } = cost;
    let waiting = processor.saturating_sub(before);
    eprintln!("processor time {processor:.1?}, of it {waiting:.1?} while waiting");
    eprintln!("memory {} KiB", memory);
    kubectl(&["delete", "namespace", NAMESPACE, "--wait=true", "--ignore-not-found"]);
}
