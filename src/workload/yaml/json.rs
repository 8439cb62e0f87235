//! A stream of JSON values with the place of each, read as strictly as kubectl reads it.

mod text;

use crate::workload::error::Code;
use serde_json::{Number, Value};

use super::{
    DEPTH_LIMIT, Position, Problem,
    number::{loses_digits, lost_digits, number},
    shown, template,
    tree::{Shape, Tree, too_deep},
};

/// Where and why a stream of JSON values ends before its text does.
#[derive(Debug)]
pub(super) struct JsonStop {
    /// What is wrong with what stands there.
    pub(super) problem: Problem,
    /// How many values were read before.
    pub(super) count: usize,
    /// Where the last of them ends, as an offset; 0 without any.
    pub(super) end: usize,
}

/// The items of a list, by where they begin: they can be read again one by one.
#[derive(Debug, Default)]
pub(super) struct JsonItems(Vec<(usize, Position)>);

impl JsonItems {
    /// Tells whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the items away one by one; `text` is the one that they were read from.
    pub(super) fn read(&self, text: &str, take: &mut dyn FnMut(Tree)) {
        let mut parser = JsonParser::new(text);
        for &(offset, place) in &self.0 {
            (parser.offset, parser.counted, parser.place) = (offset, offset, place);
            // The mapping and the list.
            parser.depth = 2;
            let mut tree = Tree { nodes: Vec::new(), root: 0 };
            if let Ok(root) = parser.value(&mut tree) {
                tree.root = root;
                take(tree);
            }
        }
    }
}

/// Reads values one after another until the text ends. `apart`: the items of the lists `items` of the
/// outermost mappings are passed over, and told by where they begin.
///
/// # Errors
/// The first thing that is not JSON, or that would be lost.
pub(super) fn parse(
    text: &str,
    apart: bool,
    take: &mut dyn FnMut(Tree, JsonItems),
) -> Result<(), JsonStop> {
    let mut parser = JsonParser::new(text);
    parser.items = apart.then(Vec::new);
    let (mut count, mut end) = (0, 0);
    loop {
        parser.space();
        if parser.peek().is_none() {
            return Ok(());
        }
        let mut tree = Tree { nodes: Vec::new(), root: 0 };
        match parser.value(&mut tree) {
            Ok(root) => tree.root = root,
            Err(problem) => return Err(JsonStop { problem, count, end }),
        }
        let starts = parser.items.as_mut().map(std::mem::take).unwrap_or_default();
        take(tree, JsonItems(starts));
        (count, end) = (count + 1, parser.offset);
    }
}

struct JsonParser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    offset: usize,
    /// How far `place` has been counted, as an offset.
    counted: usize,
    /// The place of `counted`.
    place: Position,
    depth: usize,
    /// Where the items of the list begin that is passed over.
    items: Option<Vec<(usize, Position)>>,
}

impl<'t> JsonParser<'t> {
    fn new(text: &'t str) -> Self {
        let place = Position::new(1, 1);
        Self { bytes: text.as_bytes(), text, offset: 0, counted: 0, place, depth: 0, items: None }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.offset).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.offset += 1;
        }
    }

    fn position(&mut self) -> Position {
        for byte in &self.bytes[self.counted..self.offset] {
            match byte {
                b'\n' => self.place = Position::new(self.place.line + 1, 1),
                // These bytes continue a character.
                0x80..=0xBF => {}
                _ => self.place.column += 1,
            }
        }
        self.counted = self.offset;
        self.place
    }

    fn problem(&mut self, message: impl Into<String>) -> Problem {
        Problem::new(Code::InvalidJson, self.position(), message)
    }

    /// Says that something else stands where `wanted` should.
    fn unexpected(&mut self, wanted: &str) -> Problem {
        let rest = &self.text[self.offset..];
        if rest.starts_with('{') && self.text[..self.offset].ends_with('{') {
            let Position { line, column } = self.position();
            let line_text = self.text[self.offset - 1..].lines().next().unwrap_or_default();
            return template::unfilled(Position::new(line, column - 1), line_text);
        }
        match rest.chars().next() {
            None => self.problem(format!("the text ends where {wanted} should stand")),
            Some('-') if rest.starts_with("---") => self
                .problem("`---` stands in a stream of JSON values")
                .hint("separate all documents by a line `---`, the first two too"),
            Some(c) => self.problem(format!("{c:?} stands where {wanted} should")),
        }
    }

    fn value(&mut self, tree: &mut Tree) -> Result<usize, Problem> {
        let position = self.position();
        let shape = match self.peek() {
            Some(b'{') => self.nested(tree, Self::object)?,
            Some(b'[') => self.nested(tree, Self::array)?,
            Some(b'"') => Shape::Json(Value::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') if !self.text[self.offset..].starts_with("---") => {
                Shape::Json(Value::Number(self.number()?))
            }
            _ => Shape::Json(self.word()?),
        };
        Ok(tree.add(position, shape))
    }

    fn nested(
        &mut self,
        tree: &mut Tree,
        read: fn(&mut Self, &mut Tree) -> Result<Shape, Problem>,
    ) -> Result<Shape, Problem> {
        if self.depth == DEPTH_LIMIT {
            return Err(too_deep(self.position()));
        }
        self.depth += 1;
        self.offset += 1;
        let shape = read(self, tree)?;
        self.depth -= 1;
        Ok(shape)
    }

    fn object(&mut self, tree: &mut Tree) -> Result<Shape, Problem> {
        let mut pairs = Vec::new();
        while !self.ends(b'}', pairs.is_empty())? {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let position = self.position();
            let name = self.string()?;
            let is_list = self.depth == 1 && name == "items";
            let key = tree.add(position, Shape::Json(Value::String(name)));
            self.space();
            self.expect(b':', "`:`")?;
            self.space();
            let value = match self.items.take() {
                // Of a key that is there twice the second is refused.
                Some(items) if is_list && items.is_empty() && self.peek() == Some(b'[') => {
                    let place = self.position();
                    self.items = Some(items);
                    let list = self.nested(tree, Self::passed_over)?;
                    tree.add(place, list)
                }
                items => {
                    self.items = items;
                    self.value(tree)?
                }
            };
            pairs.push([key, value]);
        }
        Ok(Shape::Mapping(pairs))
    }

    fn array(&mut self, tree: &mut Tree) -> Result<Shape, Problem> {
        let mut items = Vec::new();
        while !self.ends(b']', items.is_empty())? {
            items.push(self.value(tree)?);
        }
        Ok(Shape::Sequence(items))
    }

    /// Reads a list and keeps of its items nothing but their places.
    fn passed_over(&mut self, tree: &mut Tree) -> Result<Shape, Problem> {
        let mut starts = self.items.take().unwrap_or_default();
        let known = tree.nodes.len();
        while !self.ends(b']', starts.is_empty())? {
            let place = self.position();
            starts.push((self.offset, place));
            self.value(tree)?;
            tree.nodes.truncate(known);
        }
        self.items = Some(starts);
        Ok(Shape::Sequence(Vec::new()))
    }

    /// Passes what stands between members, or the end of the collection.
    fn ends(&mut self, end: u8, first: bool) -> Result<bool, Problem> {
        self.space();
        if self.peek() == Some(end) {
            self.offset += 1;
            return Ok(true);
        }
        if !first {
            let wanted = if end == b'}' { "`,` or `}`" } else { "`,` or `]`" };
            self.expect(b',', wanted)?;
            self.space();
        }
        Ok(false)
    }

    fn expect(&mut self, byte: u8, wanted: &str) -> Result<(), Problem> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected(wanted));
        }
        self.offset += 1;
        Ok(())
    }

    fn word(&mut self) -> Result<Value, Problem> {
        let rest = &self.text[self.offset..];
        for (word, value) in
            [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))]
        {
            if rest.starts_with(word) {
                self.offset += word.len();
                return Ok(value);
            }
        }
        Err(self.unexpected("a value"))
    }

    fn number(&mut self) -> Result<Number, Problem> {
        let position = self.position();
        let start = self.offset;
        self.offset += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.offset += 1,
            _ => self.digits()?,
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.offset += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            whole = false;
            self.offset += 1;
            self.offset += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let written = &self.text[start..self.offset];
        if let Some(integer) = whole.then(|| written.parse::<i64>().ok()).flatten() {
            return Ok(integer.into());
        }
        let float: f64 = written.parse().expect("it has the form of a number");
        if loses_digits(written, float) && float.is_finite() {
            return Err(lost_digits(written, float, position));
        }
        number(float).ok_or_else(|| {
            let message = format!("the number `{}` is too large", shown(written));
            Problem::new(Code::InvalidNumber, position, message)
        })
    }

    fn digits(&mut self) -> Result<(), Problem> {
        let start = self.offset;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.offset += 1;
        }
        if start == self.offset { Err(self.unexpected("a digit")) } else { Ok(()) }
    }
}
