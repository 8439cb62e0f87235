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
}
