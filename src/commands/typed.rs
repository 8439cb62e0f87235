//! Arguments as they can be typed again: quoted for the shell.

/// Joins flags with their values, each with a blank before it.
pub(super) fn flags<'a>(all: impl IntoIterator<Item = (&'a str, &'a String)>) -> String {
    all.into_iter().map(|(flag, value)| format!(" {flag} {}", quoted(value))).collect()
}

/// Quotes what the shell would read otherwise.
fn quoted(text: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "_@%+=:,./-".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
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
