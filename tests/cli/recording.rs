//! The recorded session of the README: the program on a terminal, drawn as docs/tour.svg.
//! `UPDATE_DOCS=1 cargo test --test cli recording::` records it anew; otherwise what is drawn there
//! has to be what is seen now, but for times and names.

use std::{fmt::Write as _, fs, path::Path};

use regex::Regex;

use crate::{program::Program, pty::Terminal};

/// What is typed.
const SESSION: &[&str] = &[
    "workloadctl deploy web -f examples/web --runtime sandbox",
    "workloadctl status web",
    "workloadctl deploy web --image web=nginxinc/nginx-unprivileged:1.29-alpine",
    "workloadctl plan web --replicas Deployment/web=5 --diff fields",
    "workloadctl rollback web",
    "workloadctl delete web --yes",
];

/// The terminal: as large as all of it, so that nothing scrolls away.
const SIZE: (u16, u16) = (80, 110);

/// The size of a cell and the margin, in pixels.
const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 16.0;

/// The sixteen colours of a terminal, dark ones first.
const COLORS: [&str; 16] = [
    "#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
    "#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff",
];

/// A command with the rows that it takes: that of the prompt, and those of the answer.
struct Scene {
    prompt: u16,
    end: u16,
}

/// Runs the session on a terminal.
fn record() -> (vt100::Parser, Vec<Scene>) {
    let program = Program::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    std::os::unix::fs::symlink(examples, program.home().join("examples")).unwrap();
    let host = Regex::new(r"\bann@[A-Za-z0-9.-]+").unwrap();
    let mut screen = vt100::Parser::new(SIZE.0.try_into().unwrap(), SIZE.1.try_into().unwrap(), 0);
    let mut scenes = Vec::new();
    for line in SESSION {
        let prompt = screen.screen().cursor_position().0;
        screen.process(format!("\x1b[32m$\x1b[0m {line}\r\n").as_bytes());
        let words: Vec<&str> = line.split(' ').skip(1).collect();
        let mut command = program.command(&words);
        command.env("USER", "ann").env("TERM", "xterm-256color");
        let mut terminal = Terminal::of(SIZE.0, SIZE.1);
        let mut child = terminal.start(command);
        let shown = terminal.rest().replace('\n', "\r\n");
        assert!(child.wait().unwrap().success(), "{line}: {shown}");
        screen.process(host.replace_all(&shown, "ann@laptop").as_bytes());
        scenes.push(Scene { prompt, end: screen.screen().cursor_position().0 });
    }
    (screen, scenes)
}

/// Gives the look of a cell as attributes of SVG.
fn look(cell: &vt100::Cell) -> String {
    let mut look = match cell.fgcolor() {
        vt100::Color::Idx(index @ 0..16) => format!(" fill=\"{}\"", COLORS[usize::from(index)]),
        vt100::Color::Rgb(r, g, b) => format!(" fill=\"#{r:02x}{g:02x}{b:02x}\""),
        vt100::Color::Idx(_) | vt100::Color::Default => String::new(),
    };
    if cell.bold() {
        look += " font-weight=\"bold\"";
    }
    if cell.dim() {
        look += " opacity=\".6\"";
    }
    look
}

/// Draws a row as one text a look, each at its place.
fn row(screen: &vt100::Screen, number: u16) -> String {
    let mut runs: Vec<(u16, String, String)> = Vec::new();
    for column in 0..SIZE.1 {
        let cell = screen.cell(number, column).unwrap();
        let (look, text) = (look(cell), cell.contents());
        let text = if text.is_empty() { " " } else { text };
        match runs.last_mut() {
            Some((_, known, run)) if *known == look => run.push_str(text),
            _ => runs.push((column, look, text.to_owned())),
        }
    }
    let y = MARGIN + CELL.1 * (f32::from(number) + 0.75);
    let pieces = Regex::new(r"\S+(?: \S+)*").unwrap();
    let cells = |text: &str| CELL.0 * f32::from(u16::try_from(text.chars().count()).unwrap());
    let mut drawn = String::new();
    for (column, look, text) in runs {
        // Wide gaps are none of a text's: who draws it may fold them. The width is said, for fonts
        // differ, and some have no lines to draw trees with.
        for piece in pieces.find_iter(&text) {
            let x = MARGIN + CELL.0 * f32::from(column) + cells(&text[..piece.start()]);
            let width = cells(piece.as_str());
            let shown = piece.as_str();
            let shown = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            write!(
                drawn,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{width:.1}\"{look}>{shown}</text>"
            )
            .unwrap();
        }
    }
    drawn
}

/// Draws the session: each command appears, and then its answer.
fn draw(screen: &vt100::Screen, scenes: &[Scene]) -> String {
    let rows = f32::from(scenes.last().unwrap().end);
    let (width, height) = (MARGIN * 2.0 + CELL.0 * f32::from(SIZE.1), MARGIN * 2.0 + CELL.1 * rows);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\">\n\
         <title>A session with workloadctl</title>\n\
         <desc>Recorded on the sandbox by UPDATE_DOCS=1 cargo test --test cli recording::</desc>\n\
         <style>\n\
         text {{ font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace }}\n\
         svg {{ fill: #e6edf3 }}\n\
         g {{ opacity: 0; animation: appear 0.2s forwards }}\n\
         @keyframes appear {{ to {{ opacity: 1 }} }}\n\
         @media (prefers-reduced-motion) {{ g {{ animation: none; opacity: 1 }} }}\n\
         </style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n"
    );
    let mut at = 0.5;
    for Scene { prompt, end } in scenes {
        for (rows, pause) in [(*prompt..prompt + 1, 1.0), (prompt + 1..*end, 2.5)] {
            writeln!(svg, "<g style=\"animation-delay: {at}s\">").unwrap();
            for number in rows {
                let drawn = row(screen, number);
                if !drawn.is_empty() {
                    writeln!(svg, "{drawn}").unwrap();
                }
            }
            svg += "</g>\n";
            at += pause;
        }
    }
    svg + "</svg>\n"
}

/// Gives the texts of a drawing, without what differs from run to run.
fn seen(svg: &str) -> String {
    let text = Regex::new(r"<text[^>]*>(.*?)</text>").unwrap();
    let rows = svg.lines().map(|line| {
        let texts = text.captures_iter(line).map(|found| found[1].to_owned());
        texts.collect::<Vec<_>>().join(" ")
    });
    let mut seen = rows.filter(|row| !row.is_empty()).collect::<Vec<_>>().join("\n");
    for (pattern, shown) in [
        (r"\b[0-9]+(\.[0-9]+)? (ms|s|min)\b", "N s"),
        (r"\bweb-[a-z0-9]{8,10}\b", "web-SET"),
        (r"\bweb-SET-[a-z0-9]{5}\b", "web-POD"),
        (r"\bnode-[0-9]\b", "node-N"),
        (" +", " "),
    ] {
        seen = Regex::new(pattern).unwrap().replace_all(&seen, shown).into_owned();
    }
    seen
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tester's environment, not the program's")]
fn the_drawing_shows_what_is_seen() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tour.svg");
    let (screen, scenes) = record();
    let drawn = draw(screen.screen(), &scenes);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, drawn).unwrap();
        return;
    }
    let kept = fs::read_to_string(path).unwrap();
    assert_eq!(seen(&kept), seen(&drawn), "UPDATE_DOCS=1 cargo test --test cli recording::");
}
