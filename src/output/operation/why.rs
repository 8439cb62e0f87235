//! `plan --why`: why an object has its place in the order, as a tree of what comes before it.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
};

use crate::{
    output::sanitize::one_line,
    workload::{
        graph::{Explanation, Wait},
        object::ObjectId,
    },
};

/// Tells it; what something waits for is told once.
pub(super) fn text(explanation: &Explanation) -> String {
    let Explanation { object, source, after, before } = explanation;
    let place = source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    let mut out = String::from("\n");
    line(&mut out, 0, &format!("{object}{place}"));
    let mut waits: HashMap<&ObjectId, Vec<&Wait>> = HashMap::new();
    for wait in after.iter().rev() {
        waits.entry(&wait.object).or_default().push(wait);
    }
    let mut told = BTreeSet::from([object]);
    // No recursion: a chain may be as long as the set.
    let mut open: Vec<(usize, &Wait)> = of(&waits, object, 1);
    if open.is_empty() {
        line(&mut out, 1, "waits for nothing");
    }
    while let Some((depth, wait)) = open.pop() {
        let Wait { waits_for, until, .. } = wait;
        let which = if depth == 1 { "waits" } else { "which waits" };
        let more = waits.contains_key(waits_for) && !told.insert(waits_for);
        let more = if more { ", see above" } else { "" };
        let because = because(wait);
        line(&mut out, depth, &format!("{which} until {waits_for} is {until}: {because}{more}"));
        if more.is_empty() {
            told.insert(waits_for);
            open.extend(of(&waits, waits_for, depth + 1));
        }
    }
    if before.is_empty() {
        line(&mut out, 1, "nothing waits for it");
    }
    for wait in before {
        let Wait { object, until, .. } = wait;
        line(&mut out, 1, &format!("{object} waits until it is {until}: {}", because(wait)));
    }
    out.push('\n');
    out
}

/// Gives what an object waits for, the first one last.
fn of<'w>(
    waits: &HashMap<&ObjectId, Vec<&'w Wait>>,
    object: &ObjectId,
    depth: usize,
) -> Vec<(usize, &'w Wait)> {
    waits.get(object).into_iter().flatten().map(|wait| (depth, *wait)).collect()
}

fn because(wait: &Wait) -> String {
    let Wait { reason, field, source, .. } = wait;
    let source = source.as_ref().map(ToString::to_string);
    let place: Vec<&str> = [field.as_deref(), source.as_deref()].into_iter().flatten().collect();
    match place.is_empty() {
        true => reason.clone(),
        false => format!("{reason} ({})", place.join(", ")),
    }
}

fn line(out: &mut String, depth: usize, text: &str) {
    writeln!(out, "{}{}", "  ".repeat(depth), one_line(text)).expect("writing cannot fail");
}
