//! How many columns a text takes on a terminal: wide characters two, combining ones none.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Counts the columns of a text without control characters.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Cuts a text at its end to some columns, and says so with `…`.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if columns(text) <= limit {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        // The last column is the ellipsis's; what combines with the character before it takes none.
        if wide > 0 && taken + wide + 1 > limit {
            break;
        }
        taken += wide;
        out.push(c);
    }
    if limit > 0 {
        out.truncate(out.trim_end().len());
        out.push('…');
    }
    out
}

/// Folds a line at some columns, as a terminal does: each part with its columns. What is painted
/// on both sides of a fold is painted in both parts.
pub(crate) fn folded(text: &str, limit: usize) -> Vec<(String, usize)> {
    const RESET: &str = "\u{1b}[0m";
    let (mut parts, mut part, mut taken) = (Vec::new(), String::new(), 0);
    let (mut colour, mut rest) = ("", text);
    while let Some(c) = rest.chars().next() {
        if c == '\u{1b}' {
            let (escape, after) = rest.split_at(rest.find('m').map_or(rest.len(), |end| end + 1));
            part.push_str(escape);
            (colour, rest) = (if escape == RESET { "" } else { escape }, after);
            continue;
        }
        let wide = c.width().unwrap_or(0);
        // A wide character has room at least.
        if taken > 0 && taken + wide > limit {
            part.push_str(if colour.is_empty() { "" } else { RESET });
            parts.push((std::mem::replace(&mut part, colour.to_owned()), taken));
            taken = 0;
        }
        part.push(c);
        taken += wide;
        rest = &rest[c.len_utf8()..];
    }
    parts.push((part, taken));
    parts
}

/// Fills a text up with blanks to some columns.
pub(crate) fn pad(text: &str, limit: usize) -> String {
    format!("{text}{}", " ".repeat(limit.saturating_sub(columns(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_combining_characters_are_measured() {
        for (text, limit, shown) in [
            ("plain", 5, "plain"),
            ("plain", 4, "pla…"),
            ("a b c", 4, "a b…"),
            ("a  bc", 4, "a…"),
            ("漢字漢字", 8, "漢字漢字"),
            ("漢字漢字", 7, "漢字漢…"),
            ("漢字漢字", 6, "漢字…"),
            ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, limit), shown, "{text} {limit}");
            assert!(columns(&cut(text, limit)) <= limit, "{text} {limit}");
        }
        assert_eq!(pad("漢", 4), "漢  ");
    }

    #[test]
    fn a_line_is_folded_with_its_colours() {
        let (red, end) = ("\u{1b}[31m", "\u{1b}[0m");
        for (text, limit, expected) in [
            ("", 5, vec![("", 0)]),
            ("plain", 5, vec![("plain", 5)]),
            ("plainly", 5, vec![("plain", 5), ("ly", 2)]),
            ("漢字e\u{301}", 3, vec![("漢", 2), ("字e\u{301}", 3)]),
            ("漢字", 1, vec![("漢", 2), ("字", 2)]),
            (
                &*format!("a{red}bcd{end}e"),
                2,
                vec![(&*format!("a{red}b{end}"), 2), (&*format!("{red}cd{end}"), 2), ("e", 1)],
            ),
        ] {
            let parts = folded(text, limit);
            let parts: Vec<_> = parts.iter().map(|(part, columns)| (&**part, *columns)).collect();
            assert_eq!(parts, expected, "{text:?} {limit}");
        }
    }
}
