//! Strings of JSON, with their escapes.

use super::{JsonParser, Problem};

impl JsonParser<'_> {
    /// Reads a string, at its first quote.
    pub(super) fn string(&mut self) -> Result<String, Problem> {
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
