//! Tables: columns without lines, no blanks at line ends. On a terminal prose wraps; elsewhere a
//! row is a line, whatever its width.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::{
    printer::Printer,
    sanitize::one_line,
    stream::{Stream, Tone},
};

/// The columns of prose: they alone wrap, and not below this width.
const PROSE: [&str; 3] = ["REASON", "ERROR", "IMAGES"];
const PROSE_WIDTH: u16 = 24;

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

/// A table under construction.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Rows {
    /// Makes a table with the titles of its columns.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, which has as many cells as there are titles.
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.header.len(), "a row has a cell per title");
        self.rows.push(row);
    }

    /// Shows the table as it fits the printer's stdout, with a line end after the last row.
    pub(crate) fn show(&self, printer: &Printer) -> String {
        self.render(printer.stdout(), printer.width())
    }

    fn render(&self, stream: Stream, width: Option<u16>) -> String {
        let mut table = Table::new();
        // The table does not look at the terminal itself: the printer has decided about width and
        // colour.
        table.load_style(presets::NOTHING).force_no_tty();
        if stream.colour {
            table.enforce_styling();
        }
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.header.iter().map(|title| stream.paint(Tone::Dim, title)));
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| stream.paint(cell.tone, &one_line(&cell.text))));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        if let Some(width) = width {
            self.fit(&mut table, width);
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

impl Rows {
    /// Lets prose wrap, if there is room for it; else the terminal breaks lines as it can.
    fn fit(&self, table: &mut Table, width: u16) {
        let is_prose =
            |index: usize| self.header.get(index).is_some_and(|name| PROSE.contains(name));
        let needed: u16 = table
            .column_max_content_widths()
            .into_iter()
            .enumerate()
            .map(|(index, widest)| if is_prose(index) { widest.min(PROSE_WIDTH) } else { widest })
            .fold(0, |sum, widest| sum.saturating_add(widest).saturating_add(2));
        if needed > width.saturating_add(2) {
            return;
        }
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        for (index, column) in table.column_iter_mut().enumerate() {
            if !is_prose(index) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
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
mod tests {
    use super::*;

    fn example() -> Rows {
        let mut rows = Rows::new(&["NAME", "STATUS", "REASON"]);
        rows.push(vec![
            "web".into(),
            Cell::toned("Healthy", Tone::Good),
            "everything\nis \u{1b}[31mready and works as it should".into(),
        ]);
        rows.push(vec!["a-longer-name".into(), or_dash(None::<u64>), or_dash(Some(""))]);
        rows
    }

    #[test]
    fn a_row_is_a_line_where_nobody_looks() {
        assert_eq!(
            example().render(Stream::PLAIN, None),
            "NAME           STATUS   REASON\n\
             web            Healthy  everything is \\u{1b}[31mready and works as it should\n\
             a-longer-name  -        -\n"
        );
    }

    #[test]
    fn prose_wraps_on_a_terminal_and_nothing_else() {
        let terminal = Stream { terminal: true, colour: false };
        assert_eq!(
            example().render(terminal, Some(60)),
            "NAME           STATUS   REASON\n\
             web            Healthy  everything is \\u{1b}[31mready and\n\
             \u{20}                       works as it should\n\
             a-longer-name  -        -\n"
        );
        let narrow = example().render(terminal, Some(40));
        assert_eq!(narrow, example().render(Stream::PLAIN, None));
    }

    #[test]
    fn colours_do_not_shift_columns() {
        let text = example().render(Stream { terminal: true, colour: true }, None);
        assert!(text.contains("\u{1b}[32mHealthy\u{1b}[0m  everything"), "{text:?}");
    }
}
