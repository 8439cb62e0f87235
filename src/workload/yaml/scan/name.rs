//! Anchors, aliases and tags.

use super::{Problem, Scanner, TokenKind, cursor::Cursor};

/// What `!!` stands for.
const CORE: &str = "tag:yaml.org,2002:";

impl Scanner<'_> {
    pub(super) fn scan_alias(&mut self) -> Result<TokenKind, Problem> {
        self.scan_anchor_name().map(TokenKind::Alias)
    }

    pub(super) fn scan_anchor(&mut self) -> Result<TokenKind, Problem> {
        self.scan_anchor_name().map(TokenKind::Anchor)
    }

    fn scan_anchor_name(&mut self) -> Result<String, Problem> {
        let cursor = &mut self.cursor;
        cursor.skip();
        let name = word(cursor);
        let ends = cursor.is_blank_or_end(0)
            || matches!(cursor.byte(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            let message = "did not find expected alphabetic or numeric character";
            return Err(cursor.mark().problem(message));
        }
        Ok(name.to_owned())
    }

    /// Reads `!<tag>`, `!suffix`, `!!suffix` or `!`. Other handles would need a directive.
    pub(super) fn scan_tag(&mut self) -> Result<TokenKind, Problem> {
        let cursor = &mut self.cursor;
        let start = cursor.mark();
        cursor.skip();
        let tag = if cursor.byte() == b'<' {
            cursor.skip();
            let tag = uri(cursor)?;
            if tag.is_empty() {
                return Err(cursor.mark().problem("did not find expected tag URI"));
            }
            if cursor.byte() != b'>' {
                return Err(cursor.mark().problem("did not find the expected '>'"));
            }
            cursor.skip();
            tag
        } else {
            let handle = word(cursor);
            if cursor.byte() == b'!' {
                cursor.skip();
                let suffix = uri(cursor)?;
                if suffix.is_empty() {
                    return Err(cursor.mark().problem("did not find expected tag URI"));
                }
                // `!handle!` would need a %TAG directive, which kubectl never hands to the parser.
                if !handle.is_empty() {
                    return Err(start.problem("found undefined tag handle"));
                }
                format!("{CORE}{suffix}")
            } else {
                format!("!{handle}{}", uri(cursor)?)
            }
        };
        if !cursor.is_blank_or_end(0) {
            let message = "did not find expected whitespace or line break";
            return Err(cursor.mark().problem(message));
        }
        Ok(TokenKind::Tag(tag))
    }
}

/// Reads letters, digits, `_` and `-`.
fn word<'t>(cursor: &mut Cursor<'t>) -> &'t str {
    let start = cursor.offset();
    while is_word(cursor.byte()) {
        cursor.skip();
    }
    cursor.since(start)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Reads the characters of a URI, `%XX` decoded.
fn uri(cursor: &mut Cursor<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    loop {
        match cursor.byte() {
            b'%' => escaped_character(cursor, &mut bytes)?,
            byte if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                bytes.push(byte);
                cursor.skip();
            }
            _ => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
}

/// Reads one character as `%XX` for each of its bytes.
fn escaped_character(cursor: &mut Cursor<'_>, bytes: &mut Vec<u8>) -> Result<(), Problem> {
    let first = escaped_byte(cursor)?;
    let width = match first {
        0x00..=0x7F => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => return Err(cursor.mark().problem("found an incorrect leading UTF-8 octet")),
    };
    bytes.push(first);
    for _ in 1..width {
        let next = escaped_byte(cursor)?;
        if next & 0xC0 != 0x80 {
            return Err(cursor.mark().problem("found an incorrect trailing UTF-8 octet"));
        }
        bytes.push(next);
    }
    Ok(())
}

fn escaped_byte(cursor: &mut Cursor<'_>) -> Result<u8, Problem> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    match (cursor.byte(), digit(cursor.at(1)), digit(cursor.at(2))) {
        (b'%', Some(high), Some(low)) => {
            (0..3).for_each(|_| cursor.skip());
            Ok(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"))
        }
        _ => Err(cursor.mark().problem("did not find URI escaped octet")),
    }
}
