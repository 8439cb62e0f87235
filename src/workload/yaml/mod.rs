//! YAML as kubectl reads it, and YAML that kubectl reads back unchanged.
//!
//! A text becomes documents: each a JSON value, with the place of every node kept beside it.
//! Where kubectl would lose data without a word (duplicate keys, text behind `...`, keys and
//! numbers that change), the reading reports a problem instead.

mod budget;
mod emit;
mod json;
mod number;
mod parse;
mod scalar;
mod scan;
mod secret;
mod stream;
mod template;
mod timestamp;
mod tree;
mod value;

use std::{fmt, sync::Arc};

use serde_json::Value;

pub(crate) use emit::{emit, emit_into};
use json::JsonItems;
pub(in crate::workload) use secret::HIDDEN;
use tree::Tree;
pub(crate) use tree::YamlNode;

use super::{
    error::{Code, Error},
    object::Origin,
};

/// The largest text that is read, in bytes.
pub(crate) const TEXT_LIMIT: usize = 64 << 20;
/// How deep sequences and mappings may be nested, aliases followed. kubectl stops at 10,000;
/// nothing that an API server takes comes near either.
pub(crate) const DEPTH_LIMIT: usize = 512;
/// How many problems of one text are told.
pub(crate) const PROBLEM_LIMIT: usize = 100;

/// Keeps of what is wrong with a text what is told, and lets the last say that more may be wrong.
pub(crate) fn limit(errors: &mut Vec<Error>) {
    errors.truncate(PROBLEM_LIMIT);
    if errors.len() == PROBLEM_LIMIT
        && let Some(last) = errors.last_mut()
    {
        let more = format!("; more may be wrong: no more than {PROBLEM_LIMIT} mistakes are told");
        last.message.push_str(&more);
    }
}

/// A place in a text. Lines and columns (characters) count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl Position {
    /// Makes a place.
    pub(crate) fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Something in a text that is wrong, or that would be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// A stable word.
    pub code: Code,
    /// Where.
    pub position: Position,
    /// What, in lower case and without a full stop.
    pub message: String,
    /// The step that helps.
    pub hint: Option<String>,
}

impl Problem {
    /// Makes a problem without a hint.
    pub(crate) fn new(code: Code, position: Position, message: impl Into<String>) -> Self {
        Self { code, position, message: message.into(), hint: None }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Makes it an error (code 2) of the file, which its message names with line and column.
    #[must_use]
    pub(crate) fn into_error(self, file: &Arc<str>) -> Error {
        let Self { code, position: Position { line, column }, message, hint } = self;
        let origin = Origin { file: Arc::clone(file), line, column: Some(column) };
        let error = Error::usage(code, format!("{origin}: {message}")).at(&origin);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Shortens a text for a message.
fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// One document of a text that is not null.
#[derive(Debug)]
pub(crate) struct YamlDocument {
    /// The value, as kubectl would send it.
    pub value: Value,
    tree: Tree,
    items: Items,
    /// Whether it may be a Secret: what is wrong with it is told without its text.
    is_secret: bool,
}

/// The items of a list whose value is without them.
#[derive(Debug)]
enum Items {
    None,
    /// They are in the tree, in the sequence of that number.
    Tree(usize),
    /// They are read from the text of the document again.
    Text(JsonItems, Box<str>),
}

impl YamlDocument {
    /// Gives away the items of a list whose value is without them, one by one and each with its node.
    /// Returns the problems, in order.
    pub(crate) fn items(&self, take: &mut dyn FnMut(Value, YamlNode<'_>)) -> Vec<Problem> {
        let mut problems = Vec::new();
        match &self.items {
            Items::None => {}
            Items::Tree(list) => {
                let mut take = |number, value| take(value, self.tree.node(number));
                problems = value::items(&self.tree, *list, &mut take);
            }
            Items::Text(items, text) => items.read(text, &mut |tree| {
                let (value, of_item) = value::of_item(&tree);
                if let Some(value) = value {
                    take(value, tree.root());
                }
                problems.extend(of_item);
                problems.truncate(PROBLEM_LIMIT);
            }),
        }
        if self.is_secret {
            problems.iter_mut().for_each(secret::hide);
        }
        problems
    }

    /// Gives the outermost node, from which every place can be reached.
    pub(crate) fn root(&self) -> YamlNode<'_> {
        self.tree.root()
    }
}

/// What was read from a text.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The documents, in order. Where there are problems, some may be missing or incomplete.
    pub documents: Vec<YamlDocument>,
    /// The problems, in order.
    pub problems: Vec<Problem>,
}

/// Reads all documents of a text. What begins with `{` is a stream of JSON values, unless it turns
/// out to be none; all else is YAML documents between lines that begin with `---`.
pub(crate) fn read(text: &str) -> Reading {
    let mut documents = Vec::new();
    let problems = read_each(text, &mut |document| documents.push(document));
    Reading { documents, problems }
}

/// Reads as [`read`] does, and gives each document away before the next one is read: a tree takes
/// many times the memory of its text. Returns the problems, in order.
pub(crate) fn read_each(text: &str, take: &mut dyn FnMut(YamlDocument)) -> Vec<Problem> {
    read_into(text, false, take)
}

/// Reads as [`read_each`] does, but for the sequence `items` of a document: its value is empty, and
/// [`YamlDocument::items`] gives the items, since all of them together take many times the memory of
/// their text.
pub(crate) fn read_apart(text: &str, take: &mut dyn FnMut(YamlDocument)) -> Vec<Problem> {
    read_into(text, true, take)
}

fn read_into(text: &str, apart: bool, take: &mut dyn FnMut(YamlDocument)) -> Vec<Problem> {
    let mut reader = TextReader { take, problems: Vec::new(), apart, is_secret: false };
    if text.len() > TEXT_LIMIT {
        let message = format!("the text is larger than {} MB", TEXT_LIMIT >> 20);
        return vec![Problem::new(Code::TooLarge, Position::new(1, 1), message)];
    }
    let text = stream::without_bom(text);
    if stream::is_json(text) {
        reader.json(text);
    } else {
        reader.yaml(text, 1);
    }
    reader.problems.truncate(PROBLEM_LIMIT);
    reader.problems
}

struct TextReader<'t> {
    take: &'t mut dyn FnMut(YamlDocument),
    problems: Vec<Problem>,
    /// Whether lists are given without their items.
    apart: bool,
    /// Whether what is being read may be a Secret.
    is_secret: bool,
}

impl TextReader<'_> {
    fn json(&mut self, text: &str) {
        let known = self.problems.len();
        self.is_secret = secret::is_secret(text);
        self.json_shown(text);
        if self.is_secret {
            self.problems[known..].iter_mut().for_each(secret::hide);
        }
    }

    fn json_shown(&mut self, text: &str) {
        let apart = self.apart;
        let read = json::parse(text, apart, &mut |tree, items| match items.is_empty() {
            true => self.add(tree),
            false => {
                let (value, problems) = value::of(&tree);
                self.problems.extend(problems);
                self.give(value, tree, Items::Text(items, text.into()));
            }
        });
        let Err(stop) = read else { return };
        let rest = match stop.problem.code {
            Code::InvalidJson | Code::UnfilledTemplate => {
                stream::behind_json(text, stop.count, stop.end)
            }
            // It is JSON, but something of it would be lost.
            _ => None,
        };
        let Some(rest) = rest else { return self.problems.push(stop.problem) };
        let known = self.problems.len();
        let before = &text[..text.len() - rest.len()];
        let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX);
        self.yaml(rest, line);
        // Where it goes on in the middle of a line, columns were counted from there.
        let passed = before.rsplit('\n').next().unwrap_or_default().chars().count();
        for problem in &mut self.problems[known..] {
            if problem.position.line == line {
                problem.position.column += u32::try_from(passed).unwrap_or_default();
            }
        }
        // What is neither was meant to be what has more right lines.
        if let Some(problem) = self.problems.get(known)
            && matches!(problem.code, Code::InvalidYaml | Code::UnfilledTemplate)
            && problem.position.line <= stop.problem.position.line
        {
            self.problems.truncate(known);
            self.problems.push(stop.problem);
        }
    }

    /// Reads YAML documents; `line` is the number of the first line.
    fn yaml(&mut self, text: &str, line: u32) {
        let text = stream::with_line_feeds(text);
        for chunk in stream::chunks(&text, line) {
            if self.problems.len() >= PROBLEM_LIMIT {
                break;
            }
            let known = self.problems.len();
            let is_secret = chunk.as_ref().is_ok_and(|chunk| secret::is_secret(chunk.text));
            self.is_secret = is_secret;
            match chunk.and_then(|chunk| parse::parse(&chunk)) {
                Ok(Some(tree)) => self.add(tree),
                Ok(None) => {}
                Err(problem) => self.problems.push(problem),
            }
            if is_secret {
                self.problems[known..].iter_mut().for_each(secret::hide);
            }
        }
    }

    fn add(&mut self, tree: Tree) {
        let list = tree.list().filter(|_| self.apart);
        let (value, problems) = match list {
            Some(list) => value::without_items(&tree, list),
            None => value::of(&tree),
        };
        self.problems.extend(problems);
        self.give(value, tree, list.map_or(Items::None, Items::Tree));
    }

    fn give(&mut self, value: Option<Value>, tree: Tree, items: Items) {
        match value {
            Some(Value::Null) | None => {}
            Some(value) => {
                let is_secret = self.is_secret;
                (self.take)(YamlDocument { value, tree, items, is_secret });
            }
        }
    }
}

#[cfg(test)]
mod tests;
