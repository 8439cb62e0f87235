//! A stream of JSON values with the place of each, read as strictly as kubectl reads it.

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

/// Reads values one after another until the text ends.
///
/// # Errors
/// The first thing that is not JSON, or that would be lost.
pub(super) fn parse(text: &str, take: &mut dyn FnMut(Tree)) -> Result<(), JsonStop> {
    let mut parser = JsonParser {
        bytes: text.as_bytes(),
        text,
        offset: 0,
        counted: 0,
        place: Position::new(1, 1),
        depth: 0,
    };
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
        take(tree);
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
}

impl<'t> JsonParser<'t> {
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
            let key = Shape::Json(Value::String(self.string()?));
            let key = tree.add(position, key);
            self.space();
            self.expect(b':', "`:`")?;
            self.space();
            pairs.push([key, self.value(tree)?]);
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

    fn string(&mut self) -> Result<String, Problem> {
        self.offset += 1;
        let mut string = String::new();
        loop {
            let start = self.offset;
            while self.peek().is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1F)) {
                self.offset += 1;
            }
            string.push_str(&self.text[start..self.offset]);
            match self.peek() {
                Some(b'"') => {
                    self.offset += 1;
                    return Ok(string);
                }
                Some(b'\\') => self.escape(&mut string)?,
                Some(_) => return Err(self.unexpected("the rest of a string")),
                None => return Err(self.problem("the text ends inside a string")),
            }
        }
    }

    fn escape(&mut self, string: &mut String) -> Result<(), Problem> {
        let escaped = match self.bytes.get(self.offset + 1) {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(*c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(string),
            _ => return Err(self.problem("an escape that JSON does not have")),
        };
        string.push(escaped);
        self.offset += 2;
        Ok(())
    }

    /// Reads `\uXXXX`, and the one behind it where the two are a pair. Half a pair becomes
    /// U+FFFD, as in Go.
    fn unicode(&mut self, string: &mut String) -> Result<(), Problem> {
        let Some(first) = self.hexadecimal(self.offset) else {
            return Err(self.problem("`\\u` needs four hexadecimal digits"));
        };
        let second = self.hexadecimal(self.offset + 6);
        let pair = [first, second.unwrap_or_default()];
        let pair = &pair[..if second.is_some() { 2 } else { 1 }];
        let c = char::decode_utf16(pair.iter().copied()).next().and_then(Result::ok);
        string.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
        self.offset += if c.is_some_and(|c| c.len_utf16() == 2) { 12 } else { 6 };
        Ok(())
    }

    fn hexadecimal(&self, offset: usize) -> Option<u16> {
        let digits = self.text.get(offset..offset + 6)?.strip_prefix("\\u")?;
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        all.then(|| u16::from_str_radix(digits, 16).ok())?
    }
}
