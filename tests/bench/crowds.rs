//! Many at once: deletions, runtimes and instances side by side.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use crate::{
    Bench, median,
    objects::{documents, mixed},
    programs::kubectl,
    recording::Recording,
    told,
};

/// How many of the runtimes are deployed to alone.
const ALONE: usize = 5;
const CONNECTIONS: usize = 32;

/// A Deployment with pods, which becomes ready after some seconds.
fn served(name: &str, seconds: usize) -> Value {
    let labels = json!({"app": name});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": 2, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels,
                "annotations": {"test.workloadctl/delay": format!("{seconds}s")}},
            "spec": {"containers": [{"name": "app", "image": "app:1"}]}}}})
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}-{number:05}")).collect()
}

/// Writes the workload file `app.yaml` of instances of one definition.
fn write_app(bench: &Bench, objects: &[Value], names: &[String]) {
    bench.home.write("set.yaml", &documents(objects));
    let mut file = String::from(
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: bench}\nspec:\n  \
         manifests: [set.yaml]\n  instances:\n",
    );
    for name in names {
        writeln!(file, "  - {{name: {name}}}").expect("a text takes all");
    }
    bench.home.write("app.yaml", &file);
}

/// Some deletions in one command beside a single one.
pub(crate) fn deletions(bench: &Bench) {
    let count = bench.options.deletions;
    if count == 0 {
        return;
    }
    let mut objects = mixed(8);
    objects.push(served("served", 0));
    let names = names("bench-delete", count + 1);
    write_app(bench, &objects, &names);
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..bench.options.rounds {
        bench.home.time("deploy -f app.yaml --yes");
        alone.push(bench.home.time(&format!("delete {} --yes", names[0])));
        together.push(bench.home.time(&format!("delete {} --yes", names[1..].join(" "))));
    }
    let (alone, together) = (median(alone), median(together));
    let figure = format!("{together:.2} s, {:.2} x one ({alone:.2} s)", together / alone);
    told(&format!("delete {count} instances"), &figure, "1.3 x");
}

/// One definition on many runtimes beside the slowest of some that are deployed to alone.
pub(crate) fn runtimes(bench: &Bench) {
    let (home, count) = (&bench.home, bench.options.runtimes);
    if count == 0 {
        return;
    }
    let runtimes = names("c", count);
    let kubeconfig = home.path("kubeconfig");
    home.write("kubeconfig", &contexts(&runtimes).to_string());
    let mut objects = mixed(4);
    objects.push(served("served", 5));
    home.write("set.yaml", &documents(&objects));
    let time = |line: &str| {
        let took = home.run_with(line, Duration::from_millis(5), Some(&kubeconfig)).took;
        eprintln!("{line}: {:.3} s", took.as_secs_f64());
        took
    };
    let (mut slowest, mut together) = (Vec::new(), Vec::new());
    for _ in 0..bench.options.rounds {
        let alone = runtimes.iter().take(ALONE).map(|runtime| {
            time(&format!("deploy one-{runtime} -f set.yaml --runtime {runtime} --yes"))
        });
        slowest.push(alone.max().expect("at least one"));
        time("definition apply bench -f set.yaml");
        let all = format!("--definition bench --runtime c-* --max-parallel {count}");
        together.push(time(&format!("deploy {all} --yes")));
        let made = runtimes.iter().map(|runtime| format!("bench-{runtime}"));
        let alone = runtimes.iter().take(ALONE).map(|runtime| format!("one-{runtime}"));
        let made: Vec<String> = made.chain(alone).collect();
        time(&format!("delete {} --yes --max-parallel {count}", made.join(" ")));
    }
    let (slowest, together) = (median(slowest), median(together));
    let figure =
        format!("{together:.2} s, {:.2} x the slowest alone ({slowest:.2} s)", together / slowest);
    told(&format!("deploy to {count} runtimes"), &figure, "1.5 x");
}

/// Makes a kubeconfig with more contexts of the same cluster.
fn contexts(names: &[String]) -> Value {
    let kubeconfig = kubectl(&["config", "view", "--raw", "--minify", "-o", "json"]);
    let mut kubeconfig: Value = serde_json::from_slice(&kubeconfig).expect("kubectl writes JSON");
    let context = kubeconfig["contexts"][0]["context"].clone();
    kubeconfig["contexts"] =
        names.iter().map(|name| json!({"name": name, "context": context})).collect();
    kubeconfig["current-context"] = names[0].as_str().into();
    kubeconfig
}

/// Many small instances beside a replay of the same requests, namespaces and records included.
pub(crate) fn instances(bench: &Bench) {
    let (home, count) = (&bench.home, bench.options.instances);
    if count == 0 {
        return;
    }
    // ServiceAccount, Service, Ingress, Deployment without replicas.
    let mixed = mixed(8);
    let objects: Vec<Value> = [2, 5, 6, 7].iter().map(|at: &usize| mixed[*at].clone()).collect();
    write_app(bench, &objects, &names("bench-seen", 1));
    let said = home.run("deploy -f app.yaml --yes -v", Duration::from_millis(5)).said;
    let recording = Recording::of("bench-seen-00000", &said);
    let mut limits = Vec::new();
    let mut took = Vec::new();
    for round in 0..bench.options.rounds {
        write_app(bench, &objects, &names(&format!("bench-ours{round}"), count));
        took.push(home.time("deploy -f app.yaml --yes"));
        let all = names(&format!("bench-{:04}", 1000 + round), count);
        let all = all.iter().map(|name| recording.requests(&bench.server, name, &objects));
        let all: Vec<Vec<Vec<u8>>> = all.collect();
        // A request has to be answered before the next one of its instance is sent.
        let nth = |at: usize| all.iter().map(|requests| requests[at].clone()).collect();
        let limit: Duration =
            (0..recording.len()).map(|at| bench.replay(nth(at), CONNECTIONS)).sum();
        eprintln!("replay: {:.3} s", limit.as_secs_f64());
        limits.push(limit);
        home.time("delete -f app.yaml --yes");
    }
    let (took, limit) = (median(took), median(limits));
    let requests = recording.len() * count;
    let figure = format!("{took:.2} s, {:.2} x replay of {requests} requests", took / limit);
    told(&format!("deploy {count} instances of {} objects", objects.len()), &figure, "2 x");
}
