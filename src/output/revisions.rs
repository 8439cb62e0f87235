//! The revisions of a definition as an answer.

use jiff::Timestamp;

use super::{
    document::Document,
    format::Format,
    human,
    printer::Printer,
    table::{Rows, or_dash},
};
use crate::{
    ops::view::{DefinitionHistoryView, RevisionUseView, RevisionView, UsedRevisionView},
    workload::error::Result,
};

/// How much of a digest people are shown.
const DIGEST_SHOWN: usize = 12;

/// Tells which revisions there were, and who brought each where.
///
/// # Errors
/// Code 1 when stdout cannot be written.
pub(crate) fn list(
    printer: &Printer,
    history: &DefinitionHistoryView,
    now: Timestamp,
) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("RevisionList", history)),
        Format::Name => {
            let numbers = history.revisions.iter().map(|it| format!("{}\n", it.revision.revision));
            printer.answer(&numbers.collect::<String>())
        }
        Format::Table | Format::Wide => printer.answer(&table(printer, &history.revisions, now)),
    }
}

fn table(printer: &Printer, revisions: &[UsedRevisionView], now: Timestamp) -> String {
    let header = ["REVISION", "AGE", "OBJECTS", "DIGEST", "SOURCE", "RUN BY", "RELEASES"];
    let mut rows = Rows::new(&header);
    for UsedRevisionView { revision, used_by } in revisions {
        let RevisionView { revision, digest, object_count, source, created_at } = revision;
        let current = used_by.iter().filter(|it| it.current).map(|it| &*it.instance);
        let releases = used_by.iter().map(|RevisionUseView { instance, releases, .. }| {
            format!("{instance} {}", ranges(releases))
        });
        rows.push(vec![
            revision.to_string().into(),
            human::age(*created_at, now).into(),
            object_count.to_string().into(),
            digest.chars().take(DIGEST_SHOWN).collect::<String>().into(),
            source.as_str().into(),
            or_dash(Some(current.collect::<Vec<_>>().join(", "))),
            or_dash(Some(releases.collect::<Vec<_>>().join(", "))),
        ]);
    }
    rows.show(printer)
}

/// Shows numbers that fall, in short: `9, 7-5`.
fn ranges(numbers: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers.iter().copied() {
        match ranges.last_mut() {
            Some((_, last)) if number + 1 == *last => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let ranges = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    ranges.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_short() {
        for (numbers, expected) in
            [(&[] as &[u64], ""), (&[3], "3"), (&[9, 7, 6, 5, 2], "9 7-5 2"), (&[2, 1], "2-1")]
        {
            assert_eq!(ranges(numbers), expected);
        }
    }
}
