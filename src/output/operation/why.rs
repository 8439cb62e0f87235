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
    let names = Names::of(explanation);
    let place = source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    let mut out = String::from("\n");
    line(&mut out, 0, &format!("{}{place}", names.told(object, false)));
    let mut waits: HashMap<Turn<'_>, Vec<&Wait>> = HashMap::new();
    for wait in after.iter().rev() {
        waits.entry((&wait.object, wait.second_turn)).or_default().push(wait);
    }
    let mut told = BTreeSet::from([(object, false), (object, true)]);
    // No recursion: a chain may be as long as the set.
    let mut open: Vec<(usize, &Wait)> = of(&waits, (object, true), 1);
    open.extend(of(&waits, (object, false), 1));
    if open.is_empty() {
        line(&mut out, 1, "waits for nothing");
    }
    while let Some((depth, wait)) = open.pop() {
        let Wait { waits_for, waits_for_second_turn, until, .. } = wait;
        let waited_for = (waits_for, *waits_for_second_turn);
        let which = match (depth, wait.second_turn) {
            (1, true) => "its second turn waits",
            (1, false) => "waits",
            _ => "which waits",
        };
        let more = waits.contains_key(&waited_for) && !told.insert(waited_for);
        let more = if more { ", see above" } else { "" };
        let (name, because) = (names.told(waits_for, *waits_for_second_turn), because(wait));
        line(&mut out, depth, &format!("{which} until {name} is {until}: {because}{more}"));
        if more.is_empty() {
            told.insert(waited_for);
            open.extend(of(&waits, waited_for, depth + 1));
        }
    }
    if before.is_empty() {
        line(&mut out, 1, "nothing waits for it");
    }
    for wait in before {
        let name = names.told(&wait.object, wait.second_turn);
        let it = if wait.waits_for_second_turn { "its second turn" } else { "it" };
        line(&mut out, 1, &format!("{name} waits until {it} is {}: {}", wait.until, because(wait)));
    }
    out.push('\n');
    out
}

/// An object, and whether its second turn is meant.
type Turn<'w> = (&'w ObjectId, bool);

/// Gives what an object waits for, the first one last.
fn of<'w>(
    waits: &HashMap<Turn<'w>, Vec<&'w Wait>>,
    turn: Turn<'w>,
    depth: usize,
) -> Vec<(usize, &'w Wait)> {
    waits.get(&turn).into_iter().flatten().map(|wait| (depth, *wait)).collect()
}

/// How objects are named: with their namespaces, where they lie in several.
struct Names {
    with_namespaces: bool,
}

impl Names {
    fn of(explanation: &Explanation) -> Self {
        let Explanation { object, after, before, .. } = explanation;
        let waits = after.iter().chain(before);
        let others = waits.flat_map(|wait| [&wait.object, &wait.waits_for]);
        let namespaces: BTreeSet<&str> =
            others.chain([object]).filter_map(|id| id.namespace.as_deref()).collect();
        Self { with_namespaces: namespaces.len() > 1 }
    }

    fn told(&self, id: &ObjectId, second_turn: bool) -> String {
        let turn = if second_turn { " (second turn)" } else { "" };
        match id.namespace.as_deref().filter(|_| self.with_namespaces) {
            Some(namespace) => format!("{namespace}/{}{turn}", id.short()),
            None => id.short() + turn,
        }
    }
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
