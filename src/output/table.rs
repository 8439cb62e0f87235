//! Tables: columns without lines, no blanks at line ends, a line a row. On a terminal the last column,
//! which is prose where there is any, is cut to the window, after those that may have given way to it;
//! elsewhere a row is whole.

use comfy_table::{ContentArrangement, Table, presets};

use super::{
    printer::Printer,
    sanitize::one_line,
    stream::{Stream, Tone},
    width::{columns, cut},
};

/// The blanks between two columns.
const GAP: u16 = 2;
/// The columns of a window that the last column of a table gets at least.
const LEAST: usize = 12;

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

    fn on_one_line(self) -> Self {
        Self { text: one_line(&self.text).into_owned(), ..self }
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
    giving_way: &'static [&'static str],
}

impl Rows {
    /// Makes a table with the titles of its columns.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new(), giving_way: &[] }
    }

    /// Adds a row, which has as many cells as there are titles.
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.header.len(), "a row has a cell per title");
        self.rows.push(row);
    }

    /// Leaves out those of some columns that say nothing of any row.
    pub(crate) fn drop_empty(&mut self, titles: &[&str]) {
        for column in (0..self.header.len()).rev() {
            let says_nothing = self.rows.iter().all(|row| matches!(&*row[column].text, "" | "-"));
            if says_nothing && titles.contains(&self.header[column]) {
                self.header.remove(column);
                for row in &mut self.rows {
                    row.remove(column);
                }
            }
        }
    }

    /// Names the columns that are left out where a window is too narrow for all, the first one first.
    pub(crate) fn giving_way(self, titles: &'static [&'static str]) -> Self {
        Self { giving_way: titles, ..self }
    }

    /// Tells which columns are shown in a window.
    fn shown(&self, rows: &[Vec<Cell>], window: Option<u16>) -> Vec<bool> {
        let mut shown = vec![true; self.header.len()];
        let (Some(window), Some(last)) = (window, self.header.len().checked_sub(1)) else {
            return shown;
        };
        let widest = |column: usize| rows.iter().map(|row| columns(&row[column].text)).max();
        let widths: Vec<usize> =
            (0..=last).map(|column| widest(column).unwrap_or(0) + usize::from(GAP)).collect();
        let wanted = (widths[last] - usize::from(GAP)).min(LEAST);
        let mut needed: usize = widths[..last].iter().sum::<usize>() + wanted;
        for title in self.giving_way {
            let there = self.header[..last].iter().position(|it| it == title);
            if let Some(column) = there.filter(|_| needed >= usize::from(window)) {
                shown[column] = false;
                needed -= widths[column];
            }
        }
        shown
    }

    /// Shows the table as it fits the printer's stdout, with a line end after the last row.
    pub(crate) fn show(&self, printer: &Printer) -> String {
        self.render(printer.stdout(), printer.width())
    }

    fn render(&self, stream: Stream, window: Option<u16>) -> String {
        let header = self.header.iter().map(|title| Cell::toned(*title, Tone::Dim)).collect();
        let rows: Vec<Vec<Cell>> = std::iter::once(header)
            .chain(self.rows.iter().cloned())
            .map(|row: Vec<Cell>| row.into_iter().map(Cell::on_one_line).collect())
            .collect();
        let shown = self.shown(&rows, window);
        let kept = |row: Vec<Cell>| {
            row.into_iter().zip(&shown).filter_map(|(cell, is_shown)| is_shown.then_some(cell))
        };
        let rows: Vec<Vec<Cell>> = rows.into_iter().map(|row| kept(row).collect()).collect();
        let others = laid_out(&rows);
        let widths: Vec<usize> = others
            .column_max_content_widths()
            .iter()
            .map(|width| usize::from(*width) + usize::from(GAP))
            .collect();
        // The last column of a window makes some terminals begin a line.
        let left = window.map(|window| {
            let taken: usize = widths.iter().sum();
            usize::from(window).saturating_sub(taken + 1).max(LEAST)
        });
        let mut text = String::new();
        for (row, line) in rows.iter().zip(others.lines().chain(std::iter::repeat(String::new()))) {
            let mut line = painted(stream, row, &widths, line);
            if let Some(last) = row.last() {
                let shown = left.map_or_else(|| last.text.clone(), |left| cut(&last.text, left));
                line.push_str(&stream.paint(last.tone, &shown));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Paints the cells of a line as it was laid out. A table that is given painted cells looks into each
/// for escapes to find its width, which takes half the time of a thousand rows.
fn painted(stream: Stream, row: &[Cell], widths: &[usize], line: String) -> String {
    if !stream.colour {
        return line;
    }
    let (mut out, mut rest) = (String::with_capacity(line.len() * 2), &*line);
    for (cell, width) in row.iter().zip(widths) {
        let Some(after) = rest.strip_prefix(&*cell.text) else { break };
        out.push_str(&stream.paint(cell.tone, &cell.text));
        let there = after.len() - after.trim_start_matches(' ').len();
        let blanks = width.saturating_sub(columns(&cell.text)).min(there);
        let (gap, next) = after.split_at(blanks);
        out.push_str(gap);
        rest = next;
    }
    out + rest
}

/// Lays out all columns but the last, each as wide as the widest of its cells. The last one has no
/// width: a table breaks what is longer than 65535 columns, and elsewhere than on a terminal it is whole.
fn laid_out(rows: &[Vec<Cell>]) -> Table {
    let mut table = Table::new();
    // The table looks at no terminal itself: the printer has decided about width and colour.
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    for row in rows {
        let others = &row[..row.len().saturating_sub(1)];
        table.add_row(others.iter().map(|cell| &*cell.text));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    table
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
    fn the_last_column_is_cut_to_a_window() {
        let terminal = Stream { terminal: true, colour: false };
        let mut rows = example();
        rows.push(vec!["漢字e\u{301}".into(), "x".into(), "漢字漢字漢字漢字漢字漢字漢字".into()]);
        let told: String = [140, 60, 49, 20]
            .map(|width| format!("{width}\n{}", rows.render(terminal, Some(width))))
            .concat();
        insta::assert_snapshot!(told, @r"
        140
        NAME           STATUS   REASON
        web            Healthy  everything is \u{1b}[31mready and works as it should
        a-longer-name  -        -
        漢字é          x        漢字漢字漢字漢字漢字漢字漢字
        60
        NAME           STATUS   REASON
        web            Healthy  everything is \u{1b}[31mready and…
        a-longer-name  -        -
        漢字é          x        漢字漢字漢字漢字漢字漢字漢字
        49
        NAME           STATUS   REASON
        web            Healthy  everything is \u{1b}[31…
        a-longer-name  -        -
        漢字é          x        漢字漢字漢字漢字漢字漢…
        20
        NAME           STATUS   REASON
        web            Healthy  everything…
        a-longer-name  -        -
        漢字é          x        漢字漢字漢…
        ");
        for line in rows.render(terminal, Some(60)).lines() {
            assert!(columns(line) < 60, "{line}");
        }
    }

    #[test]
    fn columns_give_way_to_a_narrow_window_in_their_order() {
        let terminal = Stream { terminal: true, colour: false };
        let mut rows = Rows::new(&["NAME", "DEFINITION", "AGE", "STATUS", "REASON"])
            .giving_way(&["DEFINITION", "AGE"]);
        let reason = "Deployment/web: none of its pods is ready";
        rows.push(["web", "frontend", "3 h", "Unhealthy", reason].map(Cell::from).to_vec());
        rows.push(["db", "database", "20 min", "Healthy", "-"].map(Cell::from).to_vec());
        let told: String = [80, 50, 40, 30]
            .map(|width| format!("{width}\n{}", rows.render(terminal, Some(width))))
            .concat();
        insta::assert_snapshot!(told, @"
        80
        NAME  DEFINITION  AGE     STATUS     REASON
        web   frontend    3 h     Unhealthy  Deployment/web: none of its pods is ready
        db    database    20 min  Healthy    -
        50
        NAME  DEFINITION  AGE     STATUS     REASON
        web   frontend    3 h     Unhealthy  Deployment/…
        db    database    20 min  Healthy    -
        40
        NAME  AGE     STATUS     REASON
        web   3 h     Unhealthy  Deployment/we…
        db    20 min  Healthy    -
        30
        NAME  STATUS     REASON
        web   Unhealthy  Deployment/…
        db    Healthy    -
        ");
        let whole = rows.render(Stream::PLAIN, None);
        assert!(whole.starts_with("NAME  DEFINITION  AGE     STATUS     REASON\n"), "{whole}");
        // The last column is what is left; it does not give way, however it is called.
        let mut short = Rows::new(&["NAME", "STATUS", "AGE"]).giving_way(&["AGE"]);
        short.push(["web", "Healthy", "3 h"].map(Cell::from).to_vec());
        assert_eq!(short.render(terminal, Some(10)), "NAME  STATUS   AGE\nweb   Healthy  3 h\n");
    }

    #[test]
    fn a_long_text_is_a_line_too() {
        let mut rows = Rows::new(&["NAME", "REASON"]);
        rows.push(vec!["web".into(), "long ".repeat(20_000).into()]);
        assert_eq!(rows.render(Stream::PLAIN, None).lines().count(), 2);
        assert_eq!(rows.render(Stream::PLAIN, Some(80)).lines().count(), 2);
    }

    #[test]
    fn colours_do_not_shift_columns() {
        let text = example().render(Stream { terminal: true, colour: true }, None);
        assert!(text.contains("\u{1b}[32mHealthy\u{1b}[0m  everything"), "{text:?}");
    }
}
