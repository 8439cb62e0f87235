//! What was measured, and how it is shown.

use std::time::Duration;

use serde_json::{Value, json};

/// One line of the table: a program, or the replay at one number of connections.
#[derive(Default)]
pub(crate) struct Row {
    /// What was measured.
    pub name: String,
    /// The first deploys.
    pub first: Vec<Duration>,
    /// The same command again.
    pub again: Vec<Duration>,
    /// The deletions, waited for.
    pub delete: Vec<Duration>,
    /// The starts of a process that does nothing.
    pub start: Vec<Duration>,
    /// The most memory that the first deploy and the second one used, in KiB.
    pub peak: [u64; 2],
    /// How many requests the first deploy and the second one sent.
    pub requests: [Option<usize>; 2],
}

impl Row {
    /// Gives the median seconds of the first deploys.
    pub(crate) fn first(&self) -> f64 {
        median(&self.first)
    }

    fn json(&self, limit: &Self) -> Value {
        let seconds =
            |times: &[Duration]| times.iter().map(Duration::as_secs_f64).collect::<Vec<_>>();
        json!({
            "name": self.name,
            "first": median(&self.first), "firstRounds": seconds(&self.first),
            "again": median(&self.again), "againRounds": seconds(&self.again),
            "delete": (!self.delete.is_empty()).then(|| median(&self.delete)),
            "deleteRounds": seconds(&self.delete),
            "firstByLimit": self.first() / limit.first(),
            "againByLimit": median(&self.again) / median(&limit.again),
            "start": (!self.start.is_empty()).then(|| median(&self.start)),
            "peakKiB": self.peak.map(|peak| (peak > 0).then_some(peak)),
            "requests": self.requests,
        })
    }

    fn line(&self, limit: &Self) -> String {
        let or_dash = |told: bool, text: String| if told { text } else { "-".to_owned() };
        let memory = |at: usize| {
            or_dash(self.peak[at] > 0, format!("{} MB", self.peak[at] * 1024 / 1_000_000))
        };
        let requests = |at: usize| self.requests[at].map_or("-".to_owned(), |n| n.to_string());
        format!(
            "{:<28} {:>8.3} {:>8.3} {:>7.2} {:>7.2} {:>8} {:>9} {:>7} {:>7} {:>7} {:>7}",
            self.name,
            self.first(),
            median(&self.again),
            self.first() / limit.first(),
            median(&self.again) / median(&limit.again),
            or_dash(!self.delete.is_empty(), format!("{:.3}", median(&self.delete))),
            or_dash(!self.start.is_empty(), format!("{:.0} ms", 1000.0 * median(&self.start))),
            memory(0),
            memory(1),
            requests(0),
            requests(1),
        )
    }
}

/// Gives the median in seconds.
fn median(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
}

/// Prints the table, then everything as one line of JSON.
#[expect(clippy::print_stdout, reason = "it is what the bench is for")]
pub(crate) fn print(rows: &[Row], objects: usize, rounds: usize) {
    let replays = rows.iter().filter(|row| row.name.starts_with("replay"));
    let limit = replays
        .min_by(|one, other| one.first().total_cmp(&other.first()))
        .expect("the replay is always measured");
    println!("{objects} mixed objects, median seconds of {rounds} rounds; L is `{}`", limit.name);
    println!(
        "{:<28} {:>8} {:>8} {:>7} {:>7} {:>8} {:>9} {:>7} {:>7} {:>7} {:>7}",
        "", "first", "again", "/ L", "/ L", "delete", "start", "memory", "again", "reqs", "again"
    );
    rows.iter().for_each(|row| println!("{}", row.line(limit)));
    aims(rows, objects).iter().for_each(|aim| println!("{aim}"));
    let rows: Vec<Value> = rows.iter().map(|row| row.json(limit)).collect();
    println!(
        "{}",
        json!({"objects": objects, "rounds": rounds, "limit": limit.name, "rows": rows})
    );
}

/// Says what was measured beside what it should be. Of ten thousand objects there is more to say.
fn aims(rows: &[Row], objects: usize) -> Vec<String> {
    let (ours, others): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.name.starts_with("workloadctl"));
    let deleted = |row: &&&Row| !row.delete.is_empty();
    let best = others
        .iter()
        .filter(deleted)
        .min_by(|one, other| median(&one.delete).total_cmp(&median(&other.delete)));
    let mut told = Vec::new();
    for Row { name, delete, again, peak, .. } in ours {
        let delete = median(delete);
        if let Some(best) = best {
            let ratio = delete / median(&best.delete);
            told.push(format!("{name}: delete {delete:.2} s, {ratio:.2} x {} (aim 1)", best.name));
        }
        if objects == 10_000 {
            let [first, second] = peak.map(|peak| peak * 1024 / 1_000_000);
            let again = median(again);
            told.push(format!(
                "{name}: memory {first} MB first (aim 150), {second} MB again (aim 120)"
            ));
            told.push(format!("{name}: again {again:.2} s (aim 1.2); delete {delete:.2} s (aim 12 x that of 1,000)"));
        }
    }
    told
}
