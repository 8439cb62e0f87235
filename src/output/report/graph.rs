//! The order in which objects have their turns, drawn from left to right.

use std::fmt::Write as _;

use super::html::escaped;
use crate::ops::view::{ReportObject, ReportView};

/// How many objects are drawn; more are listed.
const DRAWN: usize = 60;
/// How many characters of a name are shown.
const NAME: usize = 24;
const BOX: (usize, usize) = (190, 40);
const STEP: (usize, usize) = (250, 54);

/// Gives the section.
pub(super) fn section(report: &ReportView) -> String {
    let ReportView { objects, is_sent_here, .. } = report;
    let edges: Vec<(usize, usize)> = objects
        .iter()
        .enumerate()
        .flat_map(|(to, object)| object.needs.iter().map(move |need| (need.from, to)))
        .collect();
    let mut out = "<h2>Order</h2>\n".to_owned();
    if !is_sent_here {
        out += "<p>What waited for what is not known here.</p>\n";
        return out;
    }
    if edges.is_empty() {
        out += "<p>No object waits for another.</p>\n";
        return out;
    }
    if objects.len() <= DRAWN {
        out += &drawing(objects, &edges);
    }
    out += "<details><summary>why</summary><ul>\n";
    for object in objects {
        for need in &object.needs {
            writeln!(
                out,
                "<li><span class=\"id\">{}</span> after <span class=\"id\">{}</span> is {}: {}</li>",
                escaped(&object.id.to_string()),
                escaped(&objects[need.from].id.to_string()),
                need.until,
                escaped(&need.reason)
            )
            .expect("writing to a string cannot fail");
        }
    }
    out += "</ul></details>\n";
    out
}

fn drawing(objects: &[ReportObject], edges: &[(usize, usize)]) -> String {
    let places = places(objects.len(), edges);
    let columns = places.iter().map(|(column, _)| column + 1).max().unwrap_or_default();
    let rows = places.iter().map(|(_, row)| row + 1).max().unwrap_or_default();
    let (width, height) = ((columns - 1) * STEP.0 + BOX.0 + 2, (rows - 1) * STEP.1 + BOX.1 + 2);
    let mut out = format!(
        "<div class=\"graph\"><svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"order\">\n"
    );
    let corner = |node: usize| (places[node].0 * STEP.0 + 1, places[node].1 * STEP.1 + 1);
    for (from, to) in edges {
        let ((x1, y1), (x2, y2)) = (corner(*from), corner(*to));
        let (x1, y1, y2) = (x1 + BOX.0, y1 + BOX.1 / 2, y2 + BOX.1 / 2);
        let middle = usize::midpoint(x1, x2);
        writeln!(out, "<path d=\"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}\"/>")
            .expect("writing to a string cannot fail");
    }
    for (node, object) in objects.iter().enumerate() {
        let (x, y) = corner(node);
        let class = if object.unready.is_some() { "box bad" } else { "box" };
        let (width, height) = BOX;
        writeln!(
            out,
            "<g><title>{}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>\
             <text class=\"kind\" x=\"{}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{}\">{}</text></g>",
            escaped(&object.id.to_string()),
            x + 9,
            y + 16,
            escaped(&short(&object.id.kind)),
            x + 9,
            y + 32,
            escaped(&short(&object.id.name)),
        )
        .expect("writing to a string cannot fail");
    }
    out += "</svg></div>\n";
    out
}

/// Gives each object a column, behind all that comes before it, and a row in that.
fn places(objects: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut columns = vec![0; objects];
    // There are no circles: after as many rounds as there are objects nothing moves any more.
    for _ in 0..objects {
        for (from, to) in edges {
            columns[*to] = columns[*to].max(columns[*from] + 1);
        }
    }
    let mut filled = vec![0; objects + 1];
    let place = |column: usize| {
        filled[column] += 1;
        (column, filled[column] - 1)
    };
    columns.into_iter().map(place).collect()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
