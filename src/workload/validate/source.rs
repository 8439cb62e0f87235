//! Where a fault stands in the sources. A text is read again only where something in it is wrong:
//! nothing but the line of an object is kept.

use std::collections::HashMap;

use super::{
    fault::{Fault, ShownBy},
    place::PathStep,
};
use crate::workload::{
    definition::SourceFile,
    error::Excerpt,
    object::{ObjectId, Origin},
    yaml::{self, Position, Reading, YamlNode},
};

/// The longest part of a line that is shown, in characters.
const WIDEST: usize = 120;
/// How much of a longer line is shown before the place.
const BEFORE: usize = 40;

/// Texts that were read again.
pub(super) struct Sources(HashMap<String, Text>);

struct Text {
    lines: Vec<String>,
    reading: Reading,
    /// By line, the objects that begin there: their document, and their number in a list.
    starts: HashMap<u32, Vec<(usize, Option<usize>)>>,
}

/// A place in a text.
pub(super) struct Spot {
    pub origin: Origin,
    pub excerpt: Excerpt,
}

impl Sources {
    /// Reads the files with these names.
    pub(super) fn read<'a>(files: &[SourceFile], wanted: impl Iterator<Item = &'a str>) -> Self {
        let mut texts = HashMap::new();
        for name in wanted {
            let file = files.iter().find(|file| file.name == name);
            if let (Some(file), false) = (file, texts.contains_key(name)) {
                let lines = file.text.lines().map(str::to_owned).collect();
                let reading = yaml::read(&file.text);
                let starts = starts(&reading);
                texts.insert(name.to_owned(), Text { lines, reading, starts });
            }
        }
        Self(texts)
    }

    /// Finds a fault of an object.
    pub(super) fn find(&self, fault: &Fault, id: &ObjectId, origin: &Origin) -> Option<Spot> {
        let Text { lines, reading, starts } = self.0.get(&*origin.file)?;
        let here = starts.get(&origin.line)?.iter();
        let mut nodes = here.filter_map(|(document, item)| {
            let root = reading.documents[*document].root();
            item.map_or(Some(root), |item| root.field("items")?.items().get(item).copied())
        });
        let root = nodes.find(|node| is_named(*node, id))?;
        let node = shown_node(root, fault);
        let Position { line, column } = node.position();
        let text = lines.get(line as usize - 1)?;
        let start = column as usize - 1;
        let origin = Origin { file: origin.file.clone(), line, column: Some(column) };
        Some(Spot { origin, excerpt: cut(text, start, width(text, start, node)) })
    }
}

fn starts(reading: &Reading) -> HashMap<u32, Vec<(usize, Option<usize>)>> {
    let mut starts: HashMap<u32, Vec<(usize, Option<usize>)>> = HashMap::new();
    for (number, document) in reading.documents.iter().enumerate() {
        let root = document.root();
        let items = root.field("items").map(YamlNode::items).unwrap_or_default();
        let items = items.iter().enumerate().map(|(item, node)| (*node, Some(item)));
        for (node, item) in items.chain([(root, None)]) {
            starts.entry(node.position().line).or_default().push((number, item));
        }
    }
    starts
}

/// Tells whether a node is the object: several may begin on one line.
fn is_named(node: YamlNode<'_>, id: &ObjectId) -> bool {
    let name = node.field("metadata").and_then(|metadata| metadata.field("name"));
    name.and_then(YamlNode::text) == Some(&id.name)
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
