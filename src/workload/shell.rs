//! Words as a shell reads them: what is shown as a command is copied and pasted.

use std::borrow::Cow;

/// Quotes a word where the shell would read something else.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "_@%+=:,./-".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''")).into()
}

/// Joins flags with their values, each with a blank before it.
pub(crate) fn flags<'a>(all: impl IntoIterator<Item = (&'a str, &'a String)>) -> String {
    all.into_iter().map(|(flag, value)| format!(" {flag} {}", quoted(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_typed() {
        for (text, typed) in [
            ("k8s/web.yaml", "k8s/web.yaml"),
            ("web=localhost/web:dev", "web=localhost/web:dev"),
            ("my files/a.yaml", "'my files/a.yaml'"),
            ("it's", r"'it'\''s'"),
            ("Ingress/web:spec.rules[0].host=$x", "'Ingress/web:spec.rules[0].host=$x'"),
            ("~", "'~'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), typed);
        }
        let (file, image) = ("a b".to_owned(), "web=x".to_owned());
        assert_eq!(flags([("-f", &file), ("--image", &image)]), " -f 'a b' --image web=x");
    }
}
