//! A stream and the tones in which it can be painted: a hint for the eye, never the meaning itself.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// What a piece of text means; only a hint for the eye, never the meaning itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// A heading, or the name of the thing that is talked about.
    Strong,
    /// Beside the point.
    Dim,
    /// As it should be.
    Good,
    /// To be heeded.
    Warn,
    /// Wrong.
    Bad,
}

impl Tone {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => colour(AnsiColor::Green),
            Self::Warn => colour(AnsiColor::Yellow),
            Self::Bad => colour(AnsiColor::Red).bold(),
        }
    }
}

/// What one stream can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Whether a person looks at it.
    pub terminal: bool,
    /// Whether it takes colours.
    pub colour: bool,
}

impl Stream {
    /// A stream that goes to a file or to another program.
    pub(crate) const PLAIN: Self = Self { terminal: false, colour: false };

    /// Paints a text, if this stream takes colours.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let mut painted = String::new();
        self.paint_into(tone, text, &mut painted);
        painted
    }

    /// Adds it to another one.
    pub(super) fn paint_into(self, tone: Tone, text: &str, out: &mut String) {
        if !self.colour || tone == Tone::Plain || text.is_empty() {
            return out.push_str(text);
        }
        let style = tone.style();
        write!(out, "{style}{text}{style:#}").expect("writing to a string cannot fail");
    }
}
