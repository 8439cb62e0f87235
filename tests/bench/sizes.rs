//! Much at once: a long list, a plan with many edges, and a few changes among many objects.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use crate::{
    Bench, Home, median,
    objects::{documents, mixed},
    programs::kubectl,
    recording::Recording,
    told,
};

/// How often a short call is made.
const CALLS: usize = 21;
/// Over how many connections the requests are replayed; the best counts.
const CONNECTIONS: [usize; 2] = [16, 32];
/// How many layers the planned objects form, and how many of the layer before each one needs.
const LAYERS: usize = 10;
const NEEDS: usize = 3;

/// `list` with many instances.
pub(crate) fn list(home: &Home, count: usize) {
    if count == 0 {
        return;
    }
    home.write("conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
    home.time("deploy web -f conf.yaml --runtime sandbox");
    multiply(home, count);
    let runs: Vec<_> = (0..CALLS).map(|_| home.run("list", Duration::from_micros(200))).collect();
    let peak = runs.iter().map(|run| run.peak).max().unwrap_or_default();
    let took = 1000.0 * median(runs.iter().map(|run| run.took).collect());
    let figure = format!("{took:.1} ms, {:.1} MB", peak as f64 * 1024.0 / 1e6);
    told(&format!("list of {count} instances"), &figure, "15 ms, 30 MB");
    std::fs::remove_file(home.path("db")).expect("the database is there");
}

/// Repeats the only instance and its release until there are enough.
fn multiply(home: &Home, count: usize) {
    let connection = rusqlite::Connection::open(home.path("db")).expect("a database");
    let mut text = String::from(
        "BEGIN; CREATE TEMP TABLE one AS SELECT * FROM instance; CREATE TEMP TABLE its AS SELECT * FROM release;",
    );
    for number in 2..=count {
        write!(
            text,
            "UPDATE one SET id = {number}, name = 'web-{number:05}'; INSERT INTO instance SELECT * FROM one;
             UPDATE its SET instance_id = {number}, id = 'copy-{number}'; INSERT INTO release SELECT * FROM its;"
        )
        .expect("a text takes all");
    }
    text += "DROP TABLE one; DROP TABLE its; COMMIT;";
    connection.execute_batch(&text).expect("rows can be added");
}

/// A plan of many objects each of which names others that it needs.
pub(crate) fn plan(bench: &Bench) {
    let (home, count) = (&bench.home, bench.options.planned);
    if count == 0 {
        return;
    }
    let layer = count.div_ceil(LAYERS);
    let objects: Vec<Value> = (0..count)
        .map(|number| {
            // A third of them has one more: three an object, those of the first layer included.
            let needs = (0..NEEDS + usize::from(number % 3 == 0)).filter_map(|step| {
                let before = (number / layer).checked_sub(1)? * layer;
                let name = before + (number + step) % layer;
                Some(format!("/namespaces/bench-plan/ConfigMap/conf-{name:05}"))
            });
            let needs: Vec<String> = needs.collect();
            let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": format!("conf-{number:05}")}, "data": {"number": number.to_string()}});
            if !needs.is_empty() {
                object["metadata"]["annotations"]["config.kubernetes.io/depends-on"] =
                    needs.join(",").into();
            }
            object
        })
        .collect();
    home.write("plan.yaml", &documents(&objects));
    let edges = (layer..count).map(|number| NEEDS + usize::from(number % 3 == 0)).sum::<usize>();
    let look = |line: &str| {
        let run = home.run(line, Duration::from_millis(2));
        let processor = run.processor.as_secs_f64();
        format!("{processor:.2} s of CPU, {:.2} s", run.took.as_secs_f64())
    };
    let what = format!("{count} objects with {edges} edges");
    told(&format!("render of {what}"), &look("render bench-plan -f plan.yaml"), "none");
    let first = look("plan bench-plan -f plan.yaml");
    told(&format!("plan of {what}, all new and asked about"), &first, "none");
    home.time("deploy bench-plan -f plan.yaml --no-wait --yes");
    let again = look("plan bench-plan -f plan.yaml");
    told(&format!("plan of {what}"), &again, "0.5 s of CPU");
    kubectl(&["delete", "namespace", "bench-plan", "--wait=true"]);
}

/// Some changed objects among many, beside a replay of what is sent for them.
pub(crate) fn changes(bench: &Bench) {
    let (home, options) = (&bench.home, &bench.options);
    if options.changed == 0 {
        return;
    }
    let write = |number: usize| {
        let mut objects = mixed(options.objects);
        for object in &mut objects[..options.changed] {
            object["metadata"]["annotations"]["example.com/number"] = json!(number.to_string());
        }
        home.write("set.yaml", &documents(&objects));
        objects
    };
    // The first changes are looked at, and do not count.
    let (ours, theirs) = ("bench-changes-a", "bench-changes-b");
    for number in [0, 1] {
        write(number);
        home.time(&format!("deploy {theirs} -f set.yaml --no-wait --yes"));
        let line = format!("deploy {ours} -f set.yaml --no-wait --yes -v");
        let said = home.run(&line, Duration::from_millis(5)).said;
        if number == 1 {
            measure(bench, &Recording::of(ours, &said), [ours, theirs], write);
        }
    }
    for namespace in [ours, theirs] {
        kubectl(&["delete", "namespace", namespace, "--wait=true"]);
    }
}

fn measure(
    bench: &Bench,
    recording: &Recording,
    [ours, theirs]: [&str; 2],
    write: impl Fn(usize) -> Vec<Value>,
) {
    let (home, options) = (&bench.home, &bench.options);
    let (mut took, mut limits) = (Vec::new(), [Vec::new(), Vec::new()]);
    for round in 0..options.rounds {
        let objects = write(10 * round + 2);
        took.push(home.time(&format!("deploy {ours} -f set.yaml --no-wait --yes")));
        for (number, connections) in CONNECTIONS.into_iter().enumerate() {
            // What is sent a second time would change nothing.
            let objects = if number == 0 { objects.clone() } else { write(10 * round + 3) };
            let requests = recording.requests(&bench.server, theirs, &objects);
            let limit = bench.replay(requests, connections);
            eprintln!("replay, {connections} connections: {:.3} s", limit.as_secs_f64());
            limits[number].push(limit);
        }
    }
    let took = median(took);
    let limit = limits.map(median).into_iter().fold(f64::INFINITY, f64::min);
    let what = format!("{} changed of {} objects", options.changed, options.objects);
    let requests = recording.len();
    let figure = format!("{took:.3} s, {:.2} x replay of {requests} requests", took / limit);
    told(&what, &figure, "1.25 x");
}
