//! Whole answers as text for inline snapshots: what was called, the exit code, stdout and stderr,
//! without what differs from run to run.

use std::fmt::Write as _;

/// What a snapshot shows in place of what differs from run to run; the first that fits counts.
const FILTERS: &[(&str, &str)] = &[
    // Homes of tests.
    (r"[^\s`'(:]*/\.tmp[A-Za-z0-9]{6}", "~"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UID"),
    (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z", "TIME"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"since [0-9-]+ [0-9:]+ UTC, expires in [0-9]+ s", "since TIME, expires in N s"),
    // What says that there is nothing, and how long an answer took.
    (r#"(?m)^ *"(create|update|unchanged|recreate|adopt|prune|delete|blocked)": 0,?\n"#, ""),
    (r#"(?m)^ *"counts": \{\n *\},?\n"#, ""),
    (r#"(?m)^ *"(objects|warnings)": \[\],?\n"#, ""),
    (r#"(?m)^ *"durationSeconds": [0-9.]+,?\n"#, ""),
    (r"\b[0-9]+(\.[0-9]+)? (ms|s|min) ago\b", "N s ago"),
    (r"\b(ready in|in|after|for) [0-9]+(\.[0-9]+)? (ms|s|min)( [0-9]+ s)?(\n|$)", "$1 N s$5"),
    // A column.
    (r"  [0-9]+ (s|min)(  |\n|$)", "  N s$2"),
    (r"\b(tester|ann|bob)@[A-Za-z0-9.-]+", "$1@HOST"),
    (r"\b(127\.0\.0\.1|localhost):[0-9]{2,}", "$1:PORT"),
    (r"\bnode-[0-9]\b", "node-N"),
    // A kind that a test names after its instance.
    (r"\bGadget[a-z0-9]+\b", "Gadget"),
    // What a namespace controller fails at in passing, while kinds of other tests come and go.
    (
        r"(Discovery failed for some groups|Failed to delete all resource types), .*?; Some ",
        "Some ",
    ),
    // Names that a controller gave.
    (r"\b([a-z]+)-[a-z0-9]{8,10}-[a-z0-9]{5}\b", "$1-POD"),
    (r"\b([a-z]+)-[bcdfghjklmnpqrstvwxz2456789]{8,10}\b", "$1-SET"),
    (r"\bPod/([a-z]+)-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "Pod/$1-POD"),
];

/// Gives the filters in the form that insta wants.
pub(crate) fn filters() -> Vec<(&'static str, &'static str)> {
    FILTERS.to_vec()
}

/// Shows the answer to a call; what is empty is left out.
pub(crate) fn shown(line: &str, code: i32, stdout: &str, stderr: &str) -> String {
    let mut text = String::new();
    if !line.is_empty() {
        writeln!(text, "$ workloadctl {line}").unwrap();
    }
    writeln!(text, "exit code {code}").unwrap();
    for (name, said) in [("stdout", stdout), ("stderr", stderr)] {
        if !said.is_empty() {
            write!(text, "--- {name}\n{said}").unwrap();
            if !said.ends_with('\n') {
                text.push_str(" (no line end)\n");
            }
        }
    }
    text
}

/// Compares an answer, as [`shown`] gives it, with an inline snapshot. Both backends compare with the
/// same one, in one process.
macro_rules! snapshot {
    ($shown:expr, @$expected:literal) => {
        insta::allow_duplicates! {
            insta::with_settings!({ filters => $crate::snapshot::filters(), omit_expression => true }, {
                insta::assert_snapshot!($shown, @$expected);
            })
        }
    };
}
