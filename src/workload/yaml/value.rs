//! From nodes to JSON: anchors, merge keys, keys and numbers as kubectl turns them into JSON, and
//! a problem wherever it would lose something on the way.

use crate::{schema::validate::BASE64, workload::error::Code};
use std::collections::BTreeSet;

use base64::Engine as _;
use serde_json::{Map, Value};

use super::{
    DEPTH_LIMIT, PROBLEM_LIMIT, Position, Problem,
    budget::Budget,
    number::{float_key, loses_digits, lost_digits, number},
    scalar::{self, ScalarValue},
    shown,
    tree::{Shape, Tree, YamlScalar, too_deep},
};

/// The mapping of a list and the sequence in it.
const DEPTH_OF_ITEMS: usize = 2;

/// The document cannot be read any further; the problem has been noted.
struct Unreadable;

/// Turns a tree into its value, and tells what is wrong with it. Without a value, reading stopped.
pub(super) fn of(tree: &Tree) -> (Option<Value>, Vec<Problem>) {
    let mut reader = Reader::of(tree, None);
    let value = reader.value(tree.root).ok();
    (value, reader.problems)
}

/// Turns a tree into its value as [`of`] does, but for the items of a sequence: that becomes empty.
pub(super) fn without_items(tree: &Tree, sequence: usize) -> (Option<Value>, Vec<Problem>) {
    let mut reader = Reader::of(tree, Some(sequence));
    let value = reader.value(tree.root).ok();
    (value, reader.problems)
}

/// Turns the tree of an item of a list into its value as [`of`] does.
pub(super) fn of_item(tree: &Tree) -> (Option<Value>, Vec<Problem>) {
    let mut reader = Reader::of(tree, None);
    reader.depth = DEPTH_OF_ITEMS;
    let value = reader.value(tree.root).ok();
    (value, reader.problems)
}

/// Gives away the values of a sequence of the outermost mapping one by one, each with its node, and
/// tells what is wrong with them. The tree has no aliases.
pub(super) fn items(
    tree: &Tree,
    sequence: usize,
    take: &mut dyn FnMut(usize, Value),
) -> Vec<Problem> {
    let Shape::Sequence(items) = &tree.nodes[sequence].shape else { return Vec::new() };
    let mut reader = Reader::of(tree, None);
    reader.depth = DEPTH_OF_ITEMS;
    for &item in items {
        match reader.value(item) {
            Ok(value) => take(item, value),
            Err(Unreadable) => break,
        }
    }
    reader.problems
}

struct Reader<'t> {
    tree: &'t Tree,
    problems: Vec<Problem>,
    /// For every node whether its value is being read: an alias to it would contain itself.
    active: Vec<bool>,
    depth: usize,
    budget: Budget,
    /// The sequence whose items are left out.
    left_out: Option<usize>,
}

impl<'t> Reader<'t> {
    fn of(tree: &'t Tree, left_out: Option<usize>) -> Self {
        let active = vec![false; tree.nodes.len()];
        Self { tree, problems: Vec::new(), active, depth: 0, budget: Budget::new(), left_out }
    }

    fn value(&mut self, number: usize) -> Result<Value, Unreadable> {
        let entry = &self.tree.nodes[number];
        if !self.budget.spend() {
            return self.bomb(entry.position);
        }
        match &entry.shape {
            Shape::Scalar(scalar) => self.scalar(scalar, entry.position),
            Shape::Json(value) => Ok(value.clone()),
            Shape::Alias(target) => self.alias(*target, entry.position),
            Shape::Sequence(_) if self.left_out == Some(number) => Ok(Value::Array(Vec::new())),
            Shape::Sequence(items) => self.nested(number, |reader| {
                let values: Result<_, Unreadable> =
                    items.iter().map(|&item| reader.value(item)).collect();
                values.map(Value::Array)
            }),
            Shape::Mapping(pairs) => {
                self.nested(number, |reader| reader.mapping(pairs).map(Value::Object))
            }
        }
    }

    fn nested<T>(
        &mut self,
        number: usize,
        read: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        if self.depth == DEPTH_LIMIT {
            return self.stop(too_deep(self.tree.nodes[number].position));
        }
        self.depth += 1;
        self.active[number] = true;
        let result = read(self);
        self.active[number] = false;
        self.depth -= 1;
        result
    }

    fn alias(&mut self, target: usize, position: Position) -> Result<Value, Unreadable> {
        if self.active[target] {
            let message = "the value of the anchor contains itself";
            return self.stop(Problem::new(Code::InvalidYaml, position, message));
        }
        self.budget.enter_alias();
        let value = self.value(target);
        self.budget.leave_alias();
        value
    }

    fn mapping(&mut self, pairs: &'t [[usize; 2]]) -> Result<Map<String, Value>, Unreadable> {
        let mut map = Map::new();
        let mut merged = BTreeSet::new();
        for &[key, value] in pairs {
            let position = self.tree.nodes[key].position;
            if matches!(&self.tree.nodes[key].shape, Shape::Scalar(scalar) if scalar.is_merge()) {
                self.merge(position, value, &mut map, &mut merged)?;
                continue;
            }
            let name = self.key(key)?;
            let value = self.value(value)?;
            // A key of its own replaces what `<<` brought: that is what merging is for.
            let repeated = map.contains_key(&name) && !merged.remove(&name);
            if repeated {
                let message = format!("the key `{}` appears twice in this mapping", shown(&name));
                self.note(Problem::new(Code::DuplicateKey, position, message));
            }
            map.insert(name, value);
        }
        Ok(map)
    }

    /// Reads a key. Only text can be a key in JSON; kubectl rewrites some others.
    fn key(&mut self, number: usize) -> Result<String, Unreadable> {
        let entry = &self.tree.nodes[number];
        if !self.budget.spend() {
            return self.bomb(entry.position);
        }
        let target = match entry.shape {
            Shape::Alias(target) => &self.tree.nodes[target].shape,
            ref shape => shape,
        };
        let scalar = match target {
            Shape::Scalar(scalar) => scalar,
            Shape::Json(Value::String(text)) => return Ok(text.clone()),
            _ => {
                let message = "a mapping or a list cannot be a key";
                self.note(Problem::new(Code::InvalidKey, entry.position, message));
                return Ok(format!("\u{0}{number}"));
            }
        };
        let resolved = self.resolve(scalar, entry.position);
        let sent = match resolved {
            ScalarValue::Text => return Ok(scalar.text.clone()),
            ScalarValue::Binary => return Ok(self.binary(&scalar.text, entry.position)),
            // sigs.k8s.io/yaml turns booleans and numbers into text, in Go's spelling, and refuses
            // the others.
            ScalarValue::Null => None,
            ScalarValue::Bool(value) => Some(value.to_string()),
            ScalarValue::Int(value) => Some(value.to_string()),
            ScalarValue::Unsigned(_) => None,
            ScalarValue::Float(value) => float_key(value),
        };
        if sent.as_ref() != Some(&scalar.text) {
            self.note(changed_key(scalar, sent.as_deref(), entry.position));
        }
        Ok(scalar.text.clone())
    }

    /// Brings in what `<<` names: in place, so that it replaces what stands before it.
    fn merge(
        &mut self,
        position: Position,
        number: usize,
        map: &mut Map<String, Value>,
        merged: &mut BTreeSet<String>,
    ) -> Result<(), Unreadable> {
        let sources = match &self.tree.nodes[number].shape {
            Shape::Sequence(items) => items.clone(),
            _ => vec![number],
        };
        let mut incoming = Map::new();
        // Of several, the first wins.
        for &source in sources.iter().rev() {
            if !self.mergeable(source) {
                let message = "`<<` takes a mapping or a list of mappings";
                self.note(Problem::new(Code::InvalidYaml, position, message));
            } else if let Value::Object(fields) = self.value(source)? {
                incoming.extend(fields);
            }
        }
        for (key, value) in incoming {
            if let Some(earlier) = map.get(&key)
                && *earlier != value
            {
                let message =
                    format!("`<<` replaces the key `{}` that stands before it", shown(&key));
                self.note(
                    Problem::new(Code::MergeOrder, position, message)
                        .hint("put `<<` first in its mapping"),
                );
            }
            if !map.contains_key(&key) {
                merged.insert(key.clone());
            }
            map.insert(key, value);
        }
        Ok(())
    }

    fn mergeable(&self, number: usize) -> bool {
        match self.tree.nodes[number].shape {
            Shape::Mapping(_) => true,
            Shape::Alias(target) => matches!(self.tree.nodes[target].shape, Shape::Mapping(_)),
            Shape::Scalar(_) | Shape::Json(_) | Shape::Sequence(_) => false,
        }
    }

    fn scalar(&mut self, scalar: &YamlScalar, position: Position) -> Result<Value, Unreadable> {
        if !self.budget.spend_text(scalar.text.len()) {
            return self.bomb(position);
        }
        Ok(match self.resolve(scalar, position) {
            ScalarValue::Null => Value::Null,
            ScalarValue::Bool(value) => Value::Bool(value),
            ScalarValue::Int(value) => Value::Number(value.into()),
            // Go's decoder of JSON reads what does not fit 64 signed bits as a float.
            ScalarValue::Unsigned(value) => self.float(value as f64, &value.to_string(), position),
            ScalarValue::Float(value) => self.float(value, &scalar.text, position),
            ScalarValue::Text => Value::String(scalar.text.clone()),
            ScalarValue::Binary => Value::String(self.binary(&scalar.text, position)),
        })
    }

    fn float(&mut self, value: f64, written: &str, position: Position) -> Value {
        let Some(number) = number(value) else {
            let message = format!("`{}` is no number that JSON has", shown(written));
            self.note(Problem::new(Code::InvalidNumber, position, message));
            return Value::Null;
        };
        if loses_digits(written, value) {
            self.note(lost_digits(written, value, position));
        }
        Value::Number(number)
    }

    fn resolve(&mut self, scalar: &YamlScalar, position: Position) -> ScalarValue {
        if scalar.tag.is_none() && !scalar.plain {
            return ScalarValue::Text;
        }
        scalar::resolve(scalar.tag.as_deref(), &scalar.text).unwrap_or_else(|tag| {
            let message = format!("`{}` is no `{tag}`", shown(&scalar.text));
            self.note(Problem::new(Code::InvalidYaml, position, message));
            ScalarValue::Text
        })
    }

    fn binary(&mut self, text: &str, position: Position) -> String {
        let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        let decoded = BASE64.decode(packed).ok().map(String::from_utf8);
        let (code, message) = match decoded {
            Some(Ok(text)) => return text,
            Some(Err(_)) => (Code::LostBytes, "`!!binary` holds bytes that are not UTF-8 text"),
            None => (Code::InvalidYaml, "`!!binary` holds text that is not base64"),
        };
        self.note(Problem::new(code, position, message));
        String::new()
    }

    fn note(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEM_LIMIT {
            self.problems.push(problem);
        }
    }

    fn stop<T>(&mut self, problem: Problem) -> Result<T, Unreadable> {
        self.problems.push(problem);
        Err(Unreadable)
    }

    fn bomb<T>(&mut self, position: Position) -> Result<T, Unreadable> {
        let message = "aliases repeat too much: the document would grow out of all proportion";
        self.stop(Problem::new(Code::ExpansionBomb, position, message))
    }
}

fn changed_key(scalar: &YamlScalar, sent: Option<&str>, position: Position) -> Problem {
    let text = shown(&scalar.text);
    let message = match sent {
        Some(sent) => format!("the key `{text}` is not text and would be sent as `{sent}`"),
        None => format!("the key `{text}` is not text"),
    };
    Problem::new(Code::InvalidKey, position, message).hint(format!("quote it: \"{text}\""))
}
