//! Lines of logs: each with the pod and container that wrote it.

use anstyle::{AnsiColor, Style};

use super::{
    printer::Printer,
    sanitize::{one_line, sanitize},
};
use crate::{
    ops::view::{LogEvent, PodLine},
    workload::error::Result,
};

/// The colours that tell containers apart.
const COLOURS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Yellow,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
];

/// Tells logs: lines on stdout, all else on stderr.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogPrinter {
    /// Where to.
    pub printer: Printer,
    /// Whether each line begins with its time.
    pub timestamps: bool,
    /// Whether each line says who wrote it.
    pub prefix: bool,
}

impl LogPrinter {
    /// Tells one event; `false` where nobody reads any more.
    ///
    /// # Errors
    /// Code 1 where stdout cannot be written for another reason than that.
    pub(crate) fn tell(&self, event: &LogEvent) -> Result<bool> {
        match event {
            LogEvent::Line(line) => {
                let text = shown(line, self.prefix, self.timestamps, self.printer.stdout().colour);
                return self.printer.more(&text);
            }
            LogEvent::Said(text) => self.printer.talk(text),
            LogEvent::Unread(text) => self.printer.warn(text),
        }
        Ok(true)
    }
}

/// Shows a line as `web-7d9f/web | text`.
pub(super) fn shown(line: &PodLine, prefix: bool, timestamps: bool, colour: bool) -> String {
    let PodLine { pod, container, time, text } = line;
    let mut out = String::new();
    if prefix {
        let name = format!("{pod}/{container}");
        let place = name.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
        let style = Style::new().fg_color(Some(COLOURS[place % COLOURS.len()].into()));
        let name = one_line(&name);
        match colour {
            true => out.push_str(&format!("{style}{name} |{style:#} ")),
            false => out.push_str(&format!("{name} | ")),
        }
    }
    if let Some(time) = time.filter(|_| timestamps) {
        out.push_str(&format!("{time} "));
    }
    out.push_str(&sanitize(text));
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_wrote_it() {
        let line = PodLine {
            pod: "web-1".into(),
            container: "app".into(),
            time: Some("2026-01-01T12:00:00.5Z".parse().unwrap()),
            text: "\u{1b}[31mred\tx".into(),
        };
        assert_eq!(shown(&line, true, false, false), "web-1/app | \\u{1b}[31mred\tx\n");
        assert_eq!(shown(&line, false, true, false), "2026-01-01T12:00:00.5Z \\u{1b}[31mred\tx\n");
        let coloured = shown(&line, true, false, true);
        assert!(
            coloured.starts_with("\u{1b}[") && coloured.contains("web-1/app |"),
            "{coloured:?}"
        );
    }
}
