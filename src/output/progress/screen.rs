//! The lines at the bottom of a terminal that are drawn over again and again; everything else is
//! written above them. One write a frame, and none where nothing changed, so that nothing flickers.

use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::window::Window;
use crate::output::printer::{Printer, write_stderr};

/// A line that fits the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The text, painted.
    pub text: String,
    /// How many columns it takes.
    pub columns: usize,
}

/// How large the window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub rows: usize,
    pub columns: usize,
}

/// The lines that are drawn over; clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Screen(Arc<Mutex<Block>>);

/// What stands at the bottom: the cursor is in the line below it.
#[derive(Debug)]
struct Block {
    window: Window,
    display: MultiProgress,
    /// All lines: a change of several is one frame.
    bar: ProgressBar,
    /// Whether anything is drawn at all.
    visible: bool,
    /// Whether the terminal breaks lines anew when it becomes narrower.
    reflows: bool,
    lines: Vec<Line>,
    /// The width for which they were drawn.
    columns: usize,
    /// How many want the screen for themselves.
    suspended: usize,
    /// What was to be written above meanwhile.
    held_back: String,
}

impl Screen {
    /// Makes an empty screen on stderr.
    pub(super) fn new(printer: &Printer) -> Self {
        let visible = printer.stderr().terminal && !printer.is_quiet();
        Self(Arc::new(Mutex::new(Block::new(visible, printer.reflows()))))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Block) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Draws the lines in place of those that stand there.
    pub(crate) fn draw(&self, lines: Vec<Line>, columns: usize) {
        self.with(|block| {
            if block.visible && block.suspended == 0 {
                write(&block.redrawn(lines, columns));
            }
        });
    }

    /// Writes a text, which ends with a line end, above the lines.
    pub(super) fn above(&self, text: &str) {
        self.with(|block| match block.suspended {
            0 => write(&block.with_above(text)),
            // In the middle of a question it would be read as part of it.
            _ => block.held_back.push_str(text),
        });
    }

    /// Takes the lines away while something else holds the screen, such as a question.
    pub(crate) fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.with(|block| {
            write(&block.erased());
            block.suspended += 1;
        });
        let done = work();
        self.with(|block| {
            block.suspended -= 1;
            if block.suspended == 0 {
                write(&std::mem::take(&mut block.held_back));
            }
        });
        done
    }

    /// Tells whether something else holds the screen.
    pub(crate) fn is_suspended(&self) -> bool {
        self.with(|block| block.suspended > 0)
    }

    /// Takes the lines away.
    pub(crate) fn clear(&self) {
        self.with(|block| write(&block.erased()));
    }
}

fn write(text: &str) {
    if !text.is_empty() {
        write_stderr(text);
    }
}

impl Block {
    fn new(visible: bool, reflows: bool) -> Self {
        let window = Window::default();
        let target = ProgressDrawTarget::term_like(Box::new(window.clone()));
        let display = MultiProgress::with_draw_target(target);
        // Lines are drawn over where they stand: those that are erased first would flicker.
        display.set_move_cursor(true);
        let style = ProgressStyle::with_template("{msg}").expect("the template is well formed");
        let bar = display.add(ProgressBar::no_length().with_style(style));
        Self {
            window,
            display,
            bar,
            visible,
            reflows,
            lines: Vec::new(),
            columns: 0,
            suspended: 0,
            held_back: String::new(),
        }
    }

    fn redrawn(&mut self, lines: Vec<Line>, columns: usize) -> String {
        if lines == self.lines && columns == self.columns {
            return String::new();
        }
        let rows = |line: &Line| line.columns.div_ceil(columns.max(1)).max(1);
        // The display counts on the lines to stand as they were drawn.
        let broken = match self.reflows && columns < self.columns {
            true => self.lines.iter().map(|line| rows(line) - 1).sum(),
            false => 0,
        };
        self.window.resize(columns, broken);
        if lines.is_empty() {
            return self.erased();
        }
        (self.lines, self.columns) = (lines, columns);
        let texts: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        self.bar.set_message(texts.join("\n"));
        self.window.take()
    }

    fn with_above(&self, text: &str) -> String {
        if self.lines.is_empty() {
            return text.to_owned();
        }
        // A frame that is gathered in memory cannot fail.
        let _ = self.display.println(text);
        self.window.take()
    }

    fn erased(&mut self) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        self.lines.clear();
        let _ = self.display.clear();
        self.window.take()
    }
}

/// Reads how large the window is; a common size where that cannot be found out.
pub(crate) fn size() -> Size {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or(Size { rows: 24, columns: 80 }, |(width, height)| Size {
        rows: height.0.into(),
        columns: width.0.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line { text: text.to_owned(), columns: text.len() }
    }

    #[test]
    fn a_frame_is_drawn_over_the_one_before() {
        let mut block = Block::new(true, true);
        let shown = |text: String| text.replace('\u{1b}', "ESC");
        let mut told = vec![
            shown(block.redrawn(vec![line("one"), line("two")], 80)),
            shown(block.redrawn(vec![line("one"), line("two")], 80)),
            shown(block.with_above("note\n")),
            shown(block.redrawn(vec![line("three")], 80)),
            shown(block.erased()),
            shown(block.erased()),
        ];
        assert_eq!(
            told.split_off(0),
            [
                "\roneESC[K\ntwoESC[K\nESC[J",
                "",
                "ESC[2A\rnoteESC[K\noneESC[K\ntwoESC[K\nESC[J",
                "ESC[2A\rthreeESC[K\nESC[J",
                "ESC[1A\rESC[2KESC[J",
                "",
            ]
        );
    }

    #[test]
    fn lines_that_the_terminal_broke_are_gone_over_too() {
        for (reflows, columns, up) in [(true, 4, "5A"), (true, 12, "2A"), (false, 4, "2A")] {
            let mut block = Block::new(true, reflows);
            block.redrawn(vec![line("0123456789"), line("01234")], 11);
            let frame = block.redrawn(vec![line("0")], columns);
            let expected = format!("\u{1b}[{up}\r0\u{1b}[K\n\u{1b}[J");
            assert_eq!(frame, expected, "{reflows} {columns}");
        }
    }
}
