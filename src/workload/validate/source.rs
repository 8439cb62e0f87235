//! Where faults stand in the sources. A text is read again only where something in it is wrong, one
//! document at a time: nothing but the line of an object is kept.

use std::collections::HashMap;

use super::{
    Judged,
    fault::{Fault, ShownBy},
    place::PathStep,
};
use crate::workload::{
    definition::SourceFile,
    error::{Excerpt, MISTAKES_SHOWN, Mistake},
    object::{ObjectId, Origin},
    overrides::Flag,
    yaml::{self, Position, YamlNode},
};

/// The longest part of a line that is shown, in characters.
const WIDEST: usize = 120;
/// How much of a longer line is shown before the place.
const BEFORE: usize = 40;

/// A place in a text.
struct Spot {
    origin: Origin,
    excerpt: Excerpt,
}

/// Turns faults into mistakes with their places, in the order of the objects and of their lines.
pub(super) fn located(mut judged: Vec<Judged>, files: &[SourceFile]) -> Vec<Mistake> {
    judged.sort_by_key(|object| object.number);
    let mut found = Found { mistakes: Vec::new(), before: Vec::with_capacity(judged.len()) };
    let mut count = 0;
    for object in &judged {
        found.before.push(count);
        count += object.faults.len();
    }
    let mut wanted: HashMap<&str, Wanted> = HashMap::new();
    let ids: Vec<(ObjectId, Option<Origin>)> =
        judged.iter().map(|object| (object.id.clone(), object.origin.clone())).collect();
    for (index, (id, origin)) in ids.iter().enumerate() {
        if let Some(origin) = origin {
            let of_file = wanted.entry(&origin.file).or_default();
            of_file.entry((origin.line, &id.name)).or_default().push(index);
        }
    }
    for file in files {
        if let Some(wanted) = wanted.get(&*file.name) {
            look_into(file, wanted, &mut judged, &mut found);
        }
    }
    for (index, object) in judged.iter_mut().enumerate() {
        for (fault, flag) in std::mem::take(&mut object.faults) {
            found.add(index, object, (fault, flag), None);
        }
    }
    let Found { mut mistakes, .. } = found;
    let place = |mistake: &Mistake| mistake.source.as_ref().map(|at| (at.line, at.column));
    mistakes.sort_by_key(|(index, mistake)| (*index, place(mistake)));
    mistakes.into_iter().map(|(_, mistake)| mistake).collect()
}

/// The objects of a file in which something is wrong, by their first line and their name.
type Wanted<'a> = HashMap<(u32, &'a str), Vec<usize>>;

/// What was found, each with the number of its object.
struct Found {
    mistakes: Vec<(usize, Mistake)>,
    /// How many faults the objects before one have.
    before: Vec<usize>,
}

impl Found {
    fn add(
        &mut self,
        index: usize,
        object: &Judged,
        (fault, flag): (Fault, Option<Flag>),
        spot: Option<Spot>,
    ) {
        let spot = spot.or_else(|| in_file(flag.as_ref()?, &fault));
        let (source, excerpt) = match (spot, &flag) {
            (Some(Spot { origin, excerpt }), _) => (Some(origin), Some(excerpt)),
            (None, flag) => {
                (object.origin.clone(), flag.as_ref().map(|flag| of_flag(flag, &fault)))
            }
        };
        let (key, flag) = match flag {
            Some(flag) if flag.file.is_some() => (Some(flag.text), None),
            flag => (None, flag),
        };
        // Of thousands the first ones are shown with their lines.
        let is_shown = self.before[index] < MISTAKES_SHOWN;
        let mistake = Mistake {
            object: object.id.to_string(),
            path: fault.at.to_string(),
            source,
            key,
            flag: flag.map(|flag| flag.text),
            message: fault.message,
            expected: fault.expected,
            suggestion: fault.suggestion,
            // The line of a Secret may hold what nobody should read in a log.
            excerpt: excerpt.filter(|_| is_shown && !object.id.is("", "Secret")),
            outdates: fault.outdates,
        };
        self.mistakes.push((index, mistake));
    }
}

/// Finds in a file what is wrong with its objects.
fn look_into(file: &SourceFile, wanted: &Wanted<'_>, judged: &mut [Judged], found: &mut Found) {
    let lines: Vec<&str> = file.text.lines().collect();
    yaml::read_apart(&file.text, &mut |document| {
        let root = document.root();
        let items = root.field("items").map(YamlNode::items).unwrap_or_default();
        if items.is_empty() {
            document.items(&mut |_, node| look_at(node, wanted, &lines, judged, found));
        }
        for node in items.into_iter().chain([root]) {
            look_at(node, wanted, &lines, judged, found);
        }
    });
}

fn look_at(
    node: YamlNode<'_>,
    wanted: &Wanted<'_>,
    lines: &[&str],
    judged: &mut [Judged],
    found: &mut Found,
) {
    let Some(name) = text_at(node, &["metadata", "name"]) else { return };
    for &index in wanted.get(&(node.position().line, name)).into_iter().flatten() {
        let object = &mut judged[index];
        // Several may begin on one line.
        if text_at(node, &["kind"]).is_some_and(|kind| kind != object.id.kind) {
            continue;
        }
        let (of_text, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut object.faults).into_iter().partition(|(_, flag)| flag.is_none());
        for (fault, flag) in of_text {
            let spot = find(&fault, node, lines, object);
            found.add(index, object, (fault, flag), spot);
        }
        object.faults = others;
    }
}

/// Gives the text of a field.
fn text_at<'t>(node: YamlNode<'t>, path: &[&str]) -> Option<&'t str> {
    path.iter().try_fold(node, |node, key| node.field(key))?.text()
}

/// Finds a fault of an object.
fn find(fault: &Fault, root: YamlNode<'_>, lines: &[&str], object: &Judged) -> Option<Spot> {
    let node = shown_node(root, fault);
    let Position { line, column } = node.position();
    let text = lines.get(line as usize - 1)?;
    let start = column as usize - 1;
    let file = object.origin.as_ref()?.file.clone();
    let origin = Origin { file, line, column: Some(column) };
    Some(Spot { origin, excerpt: cut(text, start, width(text, start, node)) })
}

/// Finds the node that shows a fault.
fn shown_node<'t>(root: YamlNode<'t>, fault: &Fault) -> YamlNode<'t> {
    let (mut node, mut key) = (root, None);
    for step in &fault.at.steps {
        let next = match step {
            PathStep::Key(name) => node.pair(name).map(|(key, value)| (Some(key), value)),
            PathStep::Index(index) => node.items().get(*index).map(|item| (None, *item)),
        };
        match next {
            Some((next_key, value)) => (key, node) = (next_key, value),
            None => return key.unwrap_or_else(|| begin(node)),
        }
    }
    match (&fault.shown_by, fault.at.rest.is_some()) {
        (ShownBy::Entry(text), false) if node.is_collection() => {
            let entry = node.pair(text).map(|(key, _)| key).or_else(|| {
                let mut values = node.values().into_iter().chain(node.items());
                values.find(|value| value.text() == Some(text))
            });
            entry.or(key).unwrap_or_else(|| begin(node))
        }
        (ShownBy::Value | ShownBy::Entry(_), false) if !node.is_collection() => node,
        _ => key.unwrap_or_else(|| begin(node)),
    }
}

/// A collection without a key of its own is shown by its first key.
fn begin(node: YamlNode<'_>) -> YamlNode<'_> {
    node.first_key().unwrap_or(node)
}

/// Measures what stands in a line at a place, in characters.
fn width(line: &str, start: usize, node: YamlNode<'_>) -> usize {
    let rest: Vec<char> = line.chars().skip(start).collect();
    let quoted = rest.first().filter(|first| matches!(first, '"' | '\''));
    let length = match (quoted, node.text()) {
        (Some(quote), _) => rest.iter().skip(1).position(|c| c == quote).map(|end| end + 2),
        (None, Some(text)) if line.chars().skip(start).zip(text.chars()).all(|(a, b)| a == b) => {
            Some(text.chars().count())
        }
        _ => rest.iter().position(|c| matches!(c, ',' | ']' | '}' | ' ' | '\t')),
    };
    length.unwrap_or(rest.len()).clamp(1, rest.len().max(1))
}

/// Cuts a line that is too long to be shown.
fn cut(line: &str, start: usize, width: usize) -> Excerpt {
    let count = line.chars().count();
    if count <= WIDEST {
        return Excerpt { text: line.trim_end().to_owned(), start, width };
    }
    let from = start.saturating_sub(BEFORE);
    let width = width.min(WIDEST - BEFORE);
    let mut text: String = line.chars().skip(from).take(WIDEST).collect();
    if from > 0 {
        text.insert(0, '…');
    }
    if from + WIDEST < count {
        text.push('…');
    }
    Excerpt { text, start: start - from + usize::from(from > 0), width }
}

/// Finds what a workload file overrides.
fn in_file(flag: &Flag, fault: &Fault) -> Option<Spot> {
    let place = flag.file.as_ref()?;
    place.look(|key, value| {
        let node = match (&fault.shown_by, key) {
            (ShownBy::Key, Some(key)) => key,
            _ if value.is_collection() || place.is_embedded => key.unwrap_or_else(|| begin(value)),
            _ => value,
        };
        let Position { line, column } = node.position();
        let text = place.source.text.lines().nth(line as usize - 1)?;
        let start = column as usize - 1;
        let file = place.source.name.as_str().into();
        let origin = Origin { file, line, column: Some(column) };
        Some(Spot { origin, excerpt: cut(text, start, width(text, start, node)) })
    })?
}

/// Shows the part of a flag that is wrong.
fn of_flag(flag: &Flag, fault: &Fault) -> Excerpt {
    let Flag { text, value, .. } = flag;
    let (start, width) = match (&fault.shown_by, fault.at.steps.last()) {
        (ShownBy::Key, Some(PathStep::Key(name))) => {
            let width = name.chars().count();
            ((value.start - 1).saturating_sub(width), width)
        }
        _ => (value.start, value.len()),
    };
    Excerpt { text: text.clone(), start, width: width.max(1) }
}
