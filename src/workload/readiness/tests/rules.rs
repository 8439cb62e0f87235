//! Every rule of readiness, a case a row: what it is about, the object, what is around it, and what is
//! said of it. A deploy began ten seconds ago where no other time is given, on a cloud's runtime.

use serde_json::Value;

use super::{Related, Verdict, after, on_kind, yaml};
use crate::workload::readiness::judge;

/// The rows, as YAML: `what`, `object`, `around` (one or several), `seconds`, `kind` (a kind cluster), `said`.
const ROWS: &str = include_str!("rules.yaml");

fn said(row: &Value, mut around: Related) -> String {
    match row.get("around") {
        Some(Value::Array(objects)) => objects.iter().for_each(|it| around.upsert(it.clone())),
        Some(object) => around.upsert(object.clone()),
        None => {}
    }
    let seconds = row["seconds"].as_i64().unwrap_or(10);
    let window = if row["kind"] == true { on_kind(seconds) } else { after(seconds) };
    let Verdict { state, reason, message } = judge(Some(&row["object"]), &around, &window);
    let reason = if reason.is_empty() { reason } else { format!(" {reason}") };
    let message = if message.is_empty() { message } else { format!(": {message}") };
    format!("{state:?}{reason}{message}")
}

#[test]
fn each_rule_says_what_it_should() {
    let rows = yaml(ROWS);
    // With neighbours as they are sent, and of which nothing but what counts is kept.
    for around in [Related::default, Related::resting] {
        let wrong: Vec<String> = rows
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["said"] != *said(row, around()))
            .map(|row| format!("{}\n  {}", row["what"], said(row, around())))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
