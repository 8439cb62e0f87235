//! The window as `indicatif` draws on it: a frame is gathered, to be written at once.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use indicatif::TermLike;

/// The window of a terminal; clones are the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Window(Arc<Mutex<Frame>>);

/// What is to be written next.
#[derive(Debug, Default)]
struct Frame {
    text: String,
    columns: usize,
    /// How many rows more than was drawn lie above, since the terminal broke lines anew.
    broken: usize,
    /// Whether the cursor is in the line below what was drawn; `indicatif` has it at the end of the
    /// last line, where what another writes would be read as part of it.
    below: bool,
    /// Whether a line was written, and its filling comes next.
    fills: bool,
    /// Whether what comes next begins a line.
    ends: bool,
}

impl Window {
    fn frame(&self) -> MutexGuard<'_, Frame> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells how wide the window is now, and how many rows its terminal made of lines that were drawn
    /// before.
    pub(super) fn resize(&self, columns: usize, broken: usize) {
        let mut frame = self.frame();
        (frame.columns, frame.broken) = (columns, broken);
    }

    /// Takes what was drawn.
    pub(super) fn take(&self) -> String {
        let mut frame = self.frame();
        frame.fills = false;
        if std::mem::take(&mut frame.ends) {
            frame.text.push('\n');
            frame.below = true;
        }
        let mut text = std::mem::take(&mut frame.text);
        if !text.is_empty() {
            // What is left of a longer block.
            text.push_str("\u{1b}[J");
        }
        text
    }
}

impl TermLike for Window {
    fn width(&self) -> u16 {
        // A wide character has room at least.
        self.frame().columns.clamp(2, usize::from(u16::MAX)).try_into().unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        // The lines are folded to the window before they are drawn.
        u16::MAX
    }

    fn move_cursor_up(&self, rows: usize) -> io::Result<()> {
        let mut frame = self.frame();
        let below = usize::from(std::mem::take(&mut frame.below));
        let rows = rows + below + std::mem::take(&mut frame.broken);
        if rows > 0 {
            frame.text.push_str(&format!("\u{1b}[{rows}A"));
        }
        Ok(())
    }

    fn move_cursor_down(&self, rows: usize) -> io::Result<()> {
        self.frame().text.push_str(&format!("\u{1b}[{rows}B"));
        Ok(())
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.frame().text.push_str(&format!("\u{1b}[{columns}C"));
        Ok(())
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.frame().text.push_str(&format!("\u{1b}[{columns}D"));
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.frame().text.push_str(&format!("{text}\n"));
        Ok(())
    }

    /// Takes a line and its filling by turns. Filled with blanks to the last column it would
    /// be broken by the terminal, and again when the window becomes narrower.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut frame = self.frame();
        if text == "\r" {
            frame.text.push('\r');
        } else if std::mem::take(&mut frame.fills) {
            if !text.is_empty() {
                // Only behind the text: a line that is erased first would flicker.
                frame.text.push_str("\u{1b}[K");
            }
            frame.ends = true;
        } else {
            if std::mem::take(&mut frame.ends) {
                frame.text.push('\n');
            }
            frame.text.push_str(text);
            frame.fills = true;
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.frame().text.push_str("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        // The frame is taken as a whole.
        Ok(())
    }
}
