//! Looking on: on a terminal the answer is drawn over again and again; elsewhere what changed is a line
//! each.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Extent, told};
use crate::{
    ops::view::Operation,
    output::{
        instances::tone,
        printer::Printer,
        progress::{Line, Screen, size},
        sanitize::one_line,
        stream::Tone,
        width::{columns, cut},
    },
    workload::error::Result,
};

/// What was shown so far.
#[derive(Debug)]
pub(crate) struct Watch {
    extent: Extent,
    /// Where a person looks at both streams.
    screen: Option<Screen>,
    /// What was seen last, a line a fact; none where nothing was seen yet.
    facts: Option<BTreeSet<String>>,
}

impl Watch {
    /// Begins to look on; what is drawn over is drawn on the screen of the progress, which a signal
    /// and a note step around.
    pub(crate) fn new(printer: &Printer, extent: Extent, screen: Option<Screen>) -> Self {
        Self { extent, screen: screen.filter(|_| printer.stdout().terminal), facts: None }
    }

    /// Shows what is seen now; tells whether anybody still reads.
    ///
    /// # Errors
    /// Code 1 when stdout cannot be written.
    pub(crate) fn show(
        &mut self,
        printer: &Printer,
        all: &[Operation],
        now: Timestamp,
    ) -> Result<bool> {
        if let Some(screen) = &self.screen {
            let size = size();
            let printer = printer.within(size.columns);
            let mut text = told(&printer, all, self.extent, now);
            if text.lines().count() > room(size.rows) {
                text = told(&printer, worst_first(all), self.extent, now);
            }
            screen.draw(fit(&text, size.rows, size.columns), size.columns);
            return Ok(true);
        }
        let facts: BTreeSet<String> = all.iter().flat_map(facts).collect();
        let before = self.facts.replace(facts.clone());
        let Some(before) = before else {
            return printer.more(&told(printer, all, self.extent, now));
        };
        let changed = facts.difference(&before);
        let lines: String = changed.map(|fact| format!("{now:.0} {}\n", one_line(fact))).collect();
        if lines.is_empty() { Ok(true) } else { printer.more(&lines) }
    }

    /// Ends looking on: what was seen last stays on the terminal.
    ///
    /// # Errors
    /// Code 1 when stdout cannot be written.
    pub(crate) fn end(self, printer: &Printer, all: &[Operation], now: Timestamp) -> Result<()> {
        match self.screen {
            Some(screen) => {
                screen.clear();
                printer.answer(&told(printer, all, self.extent, now))
            }
            None => Ok(()),
        }
    }
}

/// Says what may change of an instance, but for times.
fn facts(live: &Operation) -> Vec<String> {
    let Operation { instance, objects, remarks, .. } = live;
    let name = &instance.name;
    let status = instance.status.map(|status| status.to_string()).unwrap_or_default();
    let release = instance.release.map(|number| format!("release {number}, ")).unwrap_or_default();
    let reason = instance.reason.as_deref().unwrap_or_default();
    let mut facts = vec![format!("{name}: {release}{status}, {reason}")];
    for object in objects {
        let state = object.state.map(|state| state.word()).unwrap_or_default();
        let why = if object.message.is_empty() { &object.reason } else { &object.message };
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        facts.push(format!("{name}: {} {state}{why}", object.id));
        for pod in &object.details.pods {
            let why = if pod.message.is_empty() { &pod.reason } else { &pod.message };
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            facts.push(format!("{name}: Pod/{} {}{why}", pod.name, pod.state.word()));
        }
    }
    facts.extend(remarks.iter().map(|remark| format!("{name}: {remark}")));
    facts
}

/// Gives the instances that are not Healthy before the others.
fn worst_first(all: &[Operation]) -> Vec<&Operation> {
    let mut all: Vec<&Operation> = all.iter().collect();
    all.sort_by_key(|live| match live.instance.status.map(tone) {
        Some(Tone::Bad) => 0,
        Some(Tone::Good) => 2,
        _ => 1,
    });
    all
}

/// Gives the lines that a window has room for: its last one is the cursor's.
fn room(rows: usize) -> usize {
    rows.saturating_sub(1).max(1)
}

/// Cuts a text to a window.
fn fit(text: &str, rows: usize, width: usize) -> Vec<Line> {
    let rows = room(rows);
    let all: Vec<&str> = text.lines().collect();
    let shown = if all.len() <= rows { all.len() } else { rows - 1 };
    let line = |text: &&str| {
        let plain = anstream::adapter::strip_str(text).to_string();
        match columns(&plain) {
            wide if wide < width => Line { text: (*text).to_owned(), columns: wide },
            // Cut in the middle of a colour it would paint what follows.
            _ => {
                let text = cut(&plain, width.saturating_sub(1));
                Line { columns: columns(&text), text }
            }
        }
    };
    let mut lines: Vec<Line> = all[..shown].iter().map(line).collect();
    if shown < all.len() {
        let text = cut(&format!("and {} more lines", all.len() - shown), width.saturating_sub(1));
        lines.push(Line { columns: columns(&text), text });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_a_window() {
        let text = "one\n\u{1b}[31mred\u{1b}[0m and more\nthree\nfour\n";
        let shown = |rows, width| -> Vec<String> {
            fit(text, rows, width).into_iter().map(|line| line.text).collect()
        };
        assert_eq!(shown(9, 40), ["one", "\u{1b}[31mred\u{1b}[0m and more", "three", "four"]);
        assert_eq!(shown(9, 9), ["one", "red and…", "three", "four"]);
        assert_eq!(shown(4, 40), ["one", "\u{1b}[31mred\u{1b}[0m and more", "and 2 more lines"]);
    }
}
