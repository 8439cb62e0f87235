//! What comes from a cluster or a file never commands the terminal: control characters, ANSI
//! escapes and characters that reorder text are shown as what they are.

use std::borrow::Cow;

/// Tells whether a character may change more than its own place on a terminal.
///
/// These are the controls of C0 and C1, DEL, the bidirectional overrides and isolates, the line
/// and paragraph separators, and the tag characters.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        // Bidirectional overrides reorder what a person reads (CVE-2021-42574, Trojan Source).
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Tells whether a text is of printable ASCII alone, as most are: a look at its bytes is enough.
pub(super) fn is_plain(text: &str) -> bool {
    text.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn escape(c: char, out: &mut String) {
    out.extend(c.escape_unicode());
}

/// Shows dangerous characters as escapes such as `\u{1b}`; line ends and tabs stay.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    let dangerous = |c: char| is_dangerous(c) && c != '\n' && c != '\t';
    // Windows' line ends are no attack; a lone carriage return overwrites its line.
    let normal = if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    };
    if !normal.contains(dangerous) {
        return normal;
    }
    let mut out = String::with_capacity(normal.len() + 16);
    for c in normal.chars() {
        if dangerous(c) { escape(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Does the same and puts everything on one line: line ends and tabs, with the blanks around
/// them, become single blanks.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let parts = text.split(['\n', '\r', '\t']).map(str::trim).filter(|part| !part.is_empty());
    let mut out = String::with_capacity(text.len() + 16);
    for part in parts {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&sanitize(part));
    }
    Cow::Owned(out)
}

/// Makes a JSON text safe for a terminal without changing what it says: within it dangerous
/// characters stand only in strings, where `\uXXXX` is the same. (C0 controls are escaped by
/// every JSON writer already; the line ends between members stay.)
pub(crate) fn json(text: String) -> String {
    let dangerous = |c: char| is_dangerous(c) && c != '\n';
    if !text.contains(dangerous) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if dangerous(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_characters_are_shown() {
        for (text, shown) in [
            ("plain ünïcode 漢字 👍", "plain ünïcode 漢字 👍"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\u{9b}2Jb", "a\\u{9b}2Jb"),
            ("evil\u{202e}txt.exe", "evil\\u{202e}txt.exe"),
            ("\u{7f}\0\u{8}", "\\u{7f}\\u{0}\\u{8}"),
            ("one\r\ntwo\tthree", "one\ntwo\tthree"),
            ("over\rwrite", "over\\u{d}write"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
        ] {
            assert_eq!(sanitize(text), shown);
        }
    }

    #[test]
    fn one_line_has_no_line_ends() {
        assert_eq!(one_line("a\n  b\r\n\tc\n"), "a b c");
        assert_eq!(one_line("a\u{1b}b"), "a\\u{1b}b");
        assert_eq!(one_line("same"), "same");
    }

    #[test]
    fn json_says_the_same() {
        let value = serde_json::json!({"a": "\u{1b}[0m \u{9b} \u{202e} \u{e0041} \n é"});
        let text = json(serde_json::to_string_pretty(&value).unwrap());
        assert!(text.chars().all(|c| c == '\n' || !is_dangerous(c)), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
