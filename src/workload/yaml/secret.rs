//! Problems of a document that may be a Secret: what is quoted of it in their messages is hidden.
//!
//! A text that is no YAML has no kind yet. What reads like one counts.

use super::Problem;

/// What is shown in place of a value.
pub(in crate::workload) const HIDDEN: &str = "***";

/// Tells whether a text may hold a Secret.
pub(super) fn is_secret(text: &str) -> bool {
    let kinds = text.match_indices("kind").map(|(at, word)| &text[at + word.len()..]);
    let mut values = kinds.map(|rest| rest.trim_start_matches(['"', '\'', ' ', '\t', ':', '\n']));
    values.any(|value| value.starts_with("Secret"))
}

/// Hides what a message quotes, but for keys and what YAML calls things.
pub(super) fn hide(problem: &mut Problem) {
    let message = &problem.message;
    let names = ["the key `", "`<<` ", "`!!binary` "];
    if names.iter().any(|name| message.starts_with(name)) {
        return;
    }
    let (Some(start), Some(end)) = (message.find('`'), message.rfind('`')) else { return };
    if start < end {
        problem.message = format!("{}`{HIDDEN}`{}", &message[..start], &message[end + 1..]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;

    #[test]
    fn no_message_shows_a_value_of_a_secret() {
        let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n";
        let json = r#"{"apiVersion": "v1", "kind": "Secret", "stringData": {"pin": 12345678901234567890123456}}"#;
        for text in [
            format!("{head}  pw: TOPVALUE: x\n"),
            format!("{head}  pw: \"TOPVALUE\n"),
            format!("{head}  pw: !!int TOPVALUE\n"),
            format!("{head}  pw: .inf\n  pin: 12345678901234567890123456\n"),
            format!("{head}  pw: [TOPVALUE\n").replace("kind: Secret", "\"kind\" : \"Secret\""),
            json.to_owned(),
            json.replace("12345678901234567890123456", "\"TOPVALUE\" x"),
        ] {
            let problems = read(&text).problems;
            assert!(!problems.is_empty(), "{text}");
            for problem in problems {
                let told = format!("{} {:?}", problem.message, problem.hint);
                assert!(!told.contains("TOPVALUE") && !told.contains("1234567890"), "{told}");
            }
        }
        // Others are told with what is wrong.
        let open = read(&format!("{head}  pw: VALUE: x\n").replace("Secret", "ConfigMap"));
        assert!(open.problems[0].message.ends_with("`pw: VALUE: x`"), "{:?}", open.problems);
    }
}
