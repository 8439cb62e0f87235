//! Looking on: on a terminal the answer is drawn over again and again; elsewhere what changed is a line
//! each.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Extent, nobody, told};
use crate::{
    ops::view::Operation,
    output::{
        format::Format,
        instances::tone,
        printer::Printer,
        progress::{Line, Screen, size},
        sanitize::one_line,
        stream::Tone,
        width::{columns, cut, folded},
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
            // A narrow table has given way to the window; what is not of a table has not.
            let long = match (printer.format(), self.extent) {
                (Format::Table, Extent::Several | Extent::Fitting | Extent::Runtime) => Long::Cut,
                _ => Long::Folded,
            };
            let width = size.columns.saturating_sub(1);
            let text = match all {
                [] => nobody(self.extent).to_owned(),
                all => told(&printer, all, self.extent, now),
            };
            let mut lines = long.lines(&text, width);
            if lines.len() > room(size.rows) {
                lines = long.lines(&told(&printer, worst_first(all), self.extent, now), width);
            }
            screen.draw(fit(lines, size.rows, width), size.columns);
            return Ok(true);
        }
        let facts: BTreeSet<String> = all.iter().flat_map(facts).collect();
        let before = self.facts.replace(facts.clone());
        let Some(before) = before else {
            if all.is_empty() {
                printer.talk(nobody(self.extent));
            }
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

/// What becomes of lines that are longer than the window.
#[derive(Debug, Clone, Copy)]
enum Long {
    Cut,
    Folded,
}

impl Long {
    /// Gives the lines of a text, none of them wider than `width`.
    fn lines(self, text: &str, width: usize) -> Vec<Line> {
        text.lines().flat_map(|line| self.line(line, width)).collect()
    }

    fn line(self, text: &str, width: usize) -> Vec<Line> {
        let plain = anstream::adapter::strip_str(text).to_string();
        let wide = columns(&plain);
        match self {
            _ if wide <= width => vec![Line { text: text.to_owned(), columns: wide }],
            // Cut in the middle of a colour it would paint what follows.
            Self::Cut => vec![shortened(&plain, width)],
            Self::Folded => {
                let parts = folded(text, width).into_iter();
                parts.map(|(text, columns)| Line { text, columns }).collect()
            }
        }
    }
}

fn shortened(text: &str, width: usize) -> Line {
    let text = cut(text, width);
    Line { columns: columns(&text), text }
}

/// Leaves out the lines at the end for which a window has no room, and says so.
fn fit(mut lines: Vec<Line>, rows: usize, width: usize) -> Vec<Line> {
    let rows = room(rows);
    if lines.len() > rows {
        let left = lines.split_off(rows - 1).len();
        lines.push(shortened(&format!("and {left} more lines"), width));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_fitted_to_a_window() {
        let text = "one\n\u{1b}[31mred\u{1b}[0m and more\nthree\nfour\n";
        let shown = |long: Long, rows, width| -> Vec<String> {
            fit(long.lines(text, width), rows, width).into_iter().map(|line| line.text).collect()
        };
        let red = "\u{1b}[31mred\u{1b}[0m and more";
        assert_eq!(shown(Long::Cut, 9, 40), ["one", red, "three", "four"]);
        assert_eq!(shown(Long::Cut, 9, 8), ["one", "red and…", "three", "four"]);
        assert_eq!(shown(Long::Cut, 4, 40), ["one", red, "and 2 more lines"]);
        let (red, and) = ("\u{1b}[31mred\u{1b}[0m and ", "more");
        assert_eq!(shown(Long::Folded, 9, 8), ["one", red, and, "three", "four"]);
        assert_eq!(shown(Long::Folded, 4, 8), ["one", red, "and 3 m…"]);
    }
}
