//! Block scalars: `|` and `>`.

use super::{Problem, Scanner};

/// What becomes of the line ends at the end of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// `-`: none stays.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

impl Scanner<'_> {
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<String, Problem> {
        self.cursor.skip();
        let (chomping, increment) = self.scan_block_header()?;
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let mut text = String::new();
        // The end of the line before, and those of empty lines behind it.
        let mut line_end = "";
        let mut empty_lines = String::new();
        self.scan_indentation(&mut indent, &mut empty_lines)?;
        let mut blank_before = false;
        while self.cursor.column() == indent && !self.cursor.is_end() {
            let blank = self.cursor.is_blank(0);
            // Lines that begin with a blank keep their line ends in a folded text too.
            let folds = !literal && !blank_before && !blank && line_end == "\n";
            match (folds, empty_lines.is_empty()) {
                (true, true) => text.push(' '),
                (true, false) => {}
                (false, _) => text.push_str(line_end),
            }
            text.push_str(&empty_lines);
            empty_lines.clear();
            blank_before = blank;
            let line = self.cursor.offset();
            self.cursor.skip_line();
            text.push_str(self.cursor.since(line));
            line_end = self.cursor.skip_break();
            self.scan_indentation(&mut indent, &mut empty_lines)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(line_end);
        }
        if chomping == Chomping::Keep {
            text.push_str(&empty_lines);
        }
        Ok(text)
    }

    /// Reads chomping and indentation indicators, in either order, to the end of the line.
    fn scan_block_header(&mut self) -> Result<(Chomping, i32), Problem> {
        let mut chomping = None;
        let mut increment = 0;
        for _ in 0..2 {
            match self.cursor.byte() {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                b'0' if increment == 0 => {
                    let message = "found an indentation indicator equal to 0";
                    return Err(self.cursor.mark().problem(message));
                }
                digit @ b'1'..=b'9' if increment == 0 => increment = i32::from(digit - b'0'),
                _ => break,
            }
            self.cursor.skip();
        }
        self.cursor.skip_blanks();
        if self.cursor.byte() == b'#' {
            self.cursor.skip_line();
        }
        if !self.cursor.is_break_or_end(0) {
            let message = "did not find expected comment or line break";
            return Err(self.cursor.mark().problem(message));
        }
        self.cursor.skip_break();
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    /// Passes indentation and empty lines; finds out the indentation where it is 0.
    fn scan_indentation(
        &mut self,
        indent: &mut i32,
        empty_lines: &mut String,
    ) -> Result<(), Problem> {
        let mut widest = 0;
        loop {
            let within = |column| *indent == 0 || column < *indent;
            while within(self.cursor.column()) && self.cursor.byte() == b' ' {
                self.cursor.skip();
            }
            widest = widest.max(self.cursor.column());
            if within(self.cursor.column()) && self.cursor.byte() == b'\t' {
                let message = "found a tab character where an indentation space is expected";
                return Err(self.cursor.mark().problem(message));
            }
            if !self.cursor.is_break(0) {
                break;
            }
            empty_lines.push_str(self.cursor.skip_break());
        }
        if *indent == 0 {
            // The first line that is not empty sets the indentation; a wider empty one before it
            // counts as well (libyaml).
            *indent = widest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
