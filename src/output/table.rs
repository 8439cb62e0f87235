//! Tables: columns without lines, no blanks at line ends, a line a row. On a terminal the last column,
//! which is prose where there is any, is cut to the window, after those that may have given way to it;
//! elsewhere a row is whole.

use comfy_table::{ContentArrangement, Table, presets};

use super::{
    printer::Printer,
    sanitize::{is_plain, one_line},
    stream::{Stream, Tone},
    width::{columns, cut},
};

/// The blanks between two columns.
const GAP: u16 = 2;
/// The columns of a window that the last column of a table gets at least.
const LEAST: usize = 12;
/// How many rows are laid out as a table of the library, which makes several texts of each cell: ten
/// thousand rows take it ten times as long as writing them at the same widths.
const LAID_OUT: usize = 1000;

/// The text of a cell and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Makes a cell with a meaning.
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// Makes a cell of what may be absent: `-` then.
pub(crate) fn or_dash<T: ToString>(value: Option<T>) -> Cell {
    match value.map(|value| value.to_string()) {
        Some(text) if !text.is_empty() => text.into(),
        _ => "-".into(),
    }
}

/// A cell as it lies among the others.
#[derive(Debug, Clone, Copy)]
struct Placed<'t> {
    text: &'t str,
    width: usize,
    tone: Tone,
}

/// A table under construction.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    header: Vec<&'static str>,
    /// The texts of the cells, row by row, one after the other: that of the titles first.
    text: String,
    /// Where the text of each ends, how wide it is, and what it means.
    cells: Vec<(usize, usize, Tone)>,
    left_out: Vec<bool>,
    giving_way: &'static [&'static str],
}

impl Rows {
    /// Makes a table with the titles of its columns, of which there is at least one.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        let mut rows = Self {
            header: header.to_vec(),
            text: String::new(),
            cells: Vec::new(),
            left_out: vec![false; header.len()],
            giving_way: &[],
        };
        header.iter().for_each(|title| rows.put(title, Tone::Dim));
        rows
    }

    /// Adds a row, which has as many cells as there are titles.
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.header.len(), "a row has a cell per title");
        row.iter().for_each(|cell| self.put(&cell.text, cell.tone));
    }

    /// Adds the next cell of a row.
    pub(crate) fn put(&mut self, text: &str, tone: Tone) {
        let width = if is_plain(text) {
            self.text.push_str(text);
            text.len()
        } else {
            let text = one_line(text);
            self.text.push_str(&text);
            columns(&text)
        };
        self.cells.push((self.text.len(), width, tone));
    }

    /// Adds the next cell, of what may be absent: `-` then.
    pub(crate) fn put_or_dash(&mut self, text: Option<&str>) {
        self.put(text.filter(|text| !text.is_empty()).unwrap_or("-"), Tone::Plain);
    }

    /// Gives the cells of each row, that of the titles first.
    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = Placed<'_>>> {
        let mut begin = 0;
        self.cells.chunks(self.header.len()).map(move |row| {
            let mut from = begin;
            begin = row.last().map_or(begin, |(end, ..)| *end);
            row.iter().map(move |&(end, width, tone)| {
                let text = &self.text[from..end];
                from = end;
                Placed { text, width, tone }
            })
        })
    }

    /// Leaves out those of some columns that say nothing of any row.
    pub(crate) fn drop_empty(&mut self, titles: &[&str]) {
        let mut says_nothing = vec![true; self.header.len()];
        for row in self.rows().skip(1) {
            for (nothing, cell) in says_nothing.iter_mut().zip(row) {
                *nothing &= matches!(cell.text, "" | "-");
            }
        }
        for (column, title) in self.header.iter().enumerate() {
            self.left_out[column] |= says_nothing[column] && titles.contains(title);
        }
    }

    /// Names the columns that are left out where a window is too narrow for all, the first one first.
    pub(crate) fn giving_way(self, titles: &'static [&'static str]) -> Self {
        Self { giving_way: titles, ..self }
    }

    /// Gives how wide the widest cell of each column is; none of what is not shown in a window.
    fn widths(&self, window: Option<u16>) -> Vec<Option<usize>> {
        let there = |left_out: &bool| (!left_out).then_some(0);
        let mut widths: Vec<Option<usize>> = self.left_out.iter().map(there).collect();
        for row in self.cells.chunks(widths.len()) {
            for (widest, (_, width, _)) in widths.iter_mut().zip(row) {
                *widest = widest.map(|widest| widest.max(*width));
            }
        }
        let last = widths.iter().rposition(Option::is_some);
        let (Some(window), Some(last)) = (window, last) else { return widths };
        let wanted = widths[last].unwrap_or_default().min(LEAST);
        let mut needed = widths[..last].iter().flatten().map(with_gap).sum::<usize>() + wanted;
        for title in self.giving_way {
            let there = self.header[..last].iter().position(|it| it == title);
            if let Some(column) = there.filter(|_| needed >= usize::from(window)) {
                needed -= widths[column].take().as_ref().map_or(0, with_gap);
            }
        }
        widths
    }

    /// Shows the table as it fits the printer's stdout, with a line end after the last row.
    pub(crate) fn show(&self, printer: &Printer) -> String {
        self.render(printer.stdout(), printer.width())
    }

    fn render(&self, stream: Stream, window: Option<u16>) -> String {
        let is_long = self.cells.len() > LAID_OUT * self.header.len();
        self.render_as(is_long, stream, window)
    }

    fn render_as(&self, is_long: bool, stream: Stream, window: Option<u16>) -> String {
        let widths = self.widths(window);
        let last = widths.iter().rposition(Option::is_some).unwrap_or_default();
        // The last column of a window makes some terminals begin a line.
        let left = window.map(|window| {
            let taken: usize = widths[..last].iter().flatten().map(with_gap).sum();
            usize::from(window).saturating_sub(taken + 1).max(LEAST)
        });
        let table = (!is_long).then(|| self.laid_out(&widths[..last]));
        let mut lines = table.iter().flat_map(Table::lines);
        let mut text = String::with_capacity(2 * self.text.len());
        for row in self.rows() {
            let line = lines.next();
            let mut rest = line.as_deref();
            for (column, (cell, width)) in row.zip(&widths).enumerate() {
                match (width, &mut rest, left) {
                    (None, ..) => {}
                    (Some(_), _, Some(left)) if column == last => {
                        text.push_str(rest.unwrap_or_default());
                        stream.paint_into(cell.tone, &cut(cell.text, left), &mut text);
                    }
                    (Some(_), _, None) if column == last => {
                        text.push_str(rest.unwrap_or_default());
                        stream.paint_into(cell.tone, cell.text, &mut text);
                    }
                    (Some(width), Some(rest), _) if stream.colour => {
                        paint(stream, cell, *width, rest, &mut text);
                    }
                    (Some(_), Some(_), _) => {}
                    (Some(width), None, _) => write(stream, cell, *width, &mut text),
                }
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }

    /// Lays out the first columns, as far as they are shown.
    fn laid_out(&self, widths: &[Option<usize>]) -> Table {
        let mut table = Table::new();
        // The table looks at no terminal itself: the printer has decided about width and colour.
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        for row in self.rows() {
            let shown = row.zip(widths).filter(|(_, width)| width.is_some());
            table.add_row(shown.map(|(cell, _)| cell.text));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        table
    }
}

fn with_gap(width: &usize) -> usize {
    width + usize::from(GAP)
}

/// Paints the next cell of a line as it was laid out. A table that is given painted cells looks into each
/// for escapes to find its width, which takes half the time of a thousand rows.
fn paint(stream: Stream, cell: Placed<'_>, width: usize, rest: &mut &str, text: &mut String) {
    let Some(after) = rest.strip_prefix(cell.text) else { return };
    stream.paint_into(cell.tone, cell.text, text);
    let there = after.len() - after.trim_start_matches(' ').len();
    let (gap, next) = after.split_at((with_gap(&width) - cell.width).min(there));
    text.push_str(gap);
    *rest = next;
}

/// Writes the next cell of a row.
fn write(stream: Stream, cell: Placed<'_>, width: usize, text: &mut String) {
    const BLANKS: &str = "                                                                ";
    stream.paint_into(cell.tone, cell.text, text);
    let mut left = with_gap(&width) - cell.width;
    while left > 0 {
        let blanks = &BLANKS[..left.min(BLANKS.len())];
        text.push_str(blanks);
        left -= blanks.len();
    }
}

/// Shows the facts about one thing, a line each; what is absent is left out.
pub(crate) fn sheet(facts: &[(&str, Option<String>)], printer: &Printer) -> String {
    let width = facts.iter().map(|(title, _)| title.len()).max().unwrap_or_default();
    let mut out = String::new();
    for (title, value) in facts {
        let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else { continue };
        out.push_str(&printer.stdout().paint(Tone::Dim, title));
        out.push_str(&" ".repeat(width - title.len() + 2));
        out.push_str(&one_line(value));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
