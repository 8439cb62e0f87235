//! Scalars in single and double quotes.

use super::{Problem, Scanner, TokenKind, cursor::Cursor, plain::Gap};

impl Scanner<'_> {
    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<TokenKind, Problem> {
        let cursor = &mut self.cursor;
        let quote = if single { b'\'' } else { b'"' };
        let start = cursor.mark();
        cursor.skip();
        let mut text = String::new();
        loop {
            // kubectl has cut the text at such lines before, quotes or not.
            if cursor.is_document_indicator() {
                return Err(start.problem("found unexpected document indicator"));
            }
            if cursor.is_end() {
                return Err(start.problem("found unexpected end of stream"));
            }
            let mut gap = scan_words(cursor, single, &mut text)?;
            if cursor.byte() == quote {
                cursor.skip();
                return Ok(TokenKind::Scalar { text, plain: false });
            }
            gap.read(cursor, |_| Ok(()))?;
            gap.fold_into(&mut text);
        }
    }
}

/// Reads to the closing quote or to white space, and begins the gap that follows.
fn scan_words(cursor: &mut Cursor<'_>, single: bool, text: &mut String) -> Result<Gap, Problem> {
    let mut run = cursor.offset();
    loop {
        cursor.skip_usual();
        if cursor.is_blank_or_end(0) {
            break;
        }
        match (cursor.byte(), cursor.at(1)) {
            (b'\'', b'\'') if single => {
                text.push_str(cursor.since(run));
                cursor.skip();
                run = cursor.offset();
                cursor.skip();
            }
            (b'\'', _) if single => break,
            (b'"', _) if !single => break,
            (b'\\', _) if !single => {
                text.push_str(cursor.since(run));
                if cursor.is_break(1) {
                    cursor.skip();
                    cursor.skip_break();
                    return Ok(Gap::at_escaped_line_end());
                }
                text.push(scan_escape(cursor)?);
                run = cursor.offset();
            }
            _ => cursor.skip(),
        }
    }
    text.push_str(cursor.since(run));
    Ok(Gap::default())
}

fn scan_escape(cursor: &mut Cursor<'_>) -> Result<char, Problem> {
    let start = cursor.mark();
    let code = cursor.at(1);
    let plain = match code {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        // A tab behind the backslash is itself (libyaml).
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' | b'"' | b'\'' | b'\\' => char::from(code),
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        b'x' | b'u' | b'U' => return scan_code(cursor),
        _ => return Err(start.problem("found unknown escape character")),
    };
    cursor.skip();
    cursor.skip();
    Ok(plain)
}

fn scan_code(cursor: &mut Cursor<'_>) -> Result<char, Problem> {
    let start = cursor.mark();
    let digits = match cursor.at(1) {
        b'x' => 2,
        b'u' => 4,
        _ => 8,
    };
    cursor.skip();
    cursor.skip();
    let mut code = 0u32;
    for _ in 0..digits {
        let Some(digit) = char::from(cursor.byte()).to_digit(16) else {
            return Err(start.problem("did not find expected hexadecimal number"));
        };
        code = code.checked_mul(16).map_or(u32::MAX, |code| code + digit);
        cursor.skip();
    }
    // Half of a surrogate pair is none: unlike JSON, YAML escapes whole characters.
    char::from_u32(code).ok_or_else(|| start.problem("found invalid Unicode character escape code"))
}
