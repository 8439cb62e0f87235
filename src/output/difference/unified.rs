//! A difference as YAML: the lines that differ with a few around them, each piece under the field
//! that it is in.

use std::fmt::Write as _;

use similar::{ChangeTag, DiffOp, TextDiff};

use super::place::place;
use crate::{
    output::{
        sanitize::one_line,
        stream::{Stream, Tone},
    },
    workload::{difference::Difference, yaml},
};

/// How many lines are shown around those that differ.
const CONTEXT: usize = 3;

/// Shows a difference under its object's name.
pub(super) fn show(title: &str, difference: &Difference, stream: Stream) -> String {
    let mut out = format!("{}\n", stream.paint(Tone::Strong, &one_line(title)));
    let (old, new) = (yaml::emit(&difference.old), yaml::emit(&difference.new));
    let differing = TextDiff::from_lines(&old, &new);
    let new_lines: Vec<&str> = new.lines().collect();
    for hunk in differing.grouped_ops(CONTEXT) {
        let first = hunk.first().map_or(0, |operation| operation.new_range().start);
        let place = format!("@@ {} @@", one_line(&place(&new_lines, first)));
        push(&mut out, stream, Tone::Dim, &place);
        for change in hunk.iter().flat_map(|operation: &DiffOp| differing.iter_changes(operation)) {
            let (mark, tone) = match change.tag() {
                ChangeTag::Equal => (' ', Tone::Plain),
                ChangeTag::Delete => ('-', Tone::Bad),
                ChangeTag::Insert => ('+', Tone::Good),
            };
            let line = change.value().trim_end_matches('\n');
            push(&mut out, stream, tone, &one_line(&format!("{mark} {line}")));
        }
    }
    out
}

fn push(out: &mut String, stream: Stream, tone: Tone, line: &str) {
    let line = line.trim_end();
    writeln!(out, "  {}", stream.paint(tone, line)).expect("writing to a string cannot fail");
}
