//! Where a line of YAML stands, read off its indentation as our emitter writes it: lists at the
//! column of their key.

/// What opens something on a line, with its column.
enum Opening<'a> {
    /// `- `
    Item,
    /// `key:`
    Key(&'a str),
}

/// Gives the path to what a line stands in; `.` at the top.
pub(super) fn place(lines: &[&str], index: usize) -> String {
    let Some(line) = lines.get(index) else { return ".".to_owned() };
    let inside = inside_texts(lines);
    let (mut column, mut in_list) = match openings(line).first() {
        // Whatever the line of a text looks like: the text's key is what it stands in.
        _ if inside[index] => (usize::MAX, false),
        Some((column, Opening::Item)) => (*column, true),
        Some((column, Opening::Key(_))) => (*column, false),
        None => return ".".to_owned(),
    };
    let mut steps: Vec<String> = Vec::new();
    for (at, line) in lines[..index].iter().enumerate().rev().filter(|(at, _)| !inside[*at]) {
        for (start, opening) in openings(line).iter().rev() {
            match opening {
                Opening::Key(key) if *start < column || (in_list && *start == column) => {
                    steps.push((*key).to_owned());
                    (column, in_list) = (*start, false);
                }
                Opening::Item if *start < column => {
                    steps.push(item(&lines[at..], *start));
                    (column, in_list) = (*start, true);
                }
                Opening::Key(_) | Opening::Item => {}
            }
        }
    }
    let mut path = String::new();
    for step in steps.iter().rev() {
        if !path.is_empty() && !step.starts_with('[') {
            path.push('.');
        }
        path.push_str(step);
    }
    if path.is_empty() { ".".to_owned() } else { path }
}

/// Names the item of a list that begins at a column of the first line.
fn item(lines: &[&str], column: usize) -> String {
    let content = column + 2;
    let rest = lines[1..].iter().take_while(|line| line.is_empty() || indent_of(line) >= content);
    let name = lines
        .iter()
        .take(1)
        .chain(rest)
        .find_map(|line| line.get(content..)?.strip_prefix("name: "));
    name.map_or_else(|| "[]".to_owned(), |name| format!("[name={name}]"))
}

/// Lists what opens on a line: `- - key: value` opens two items and a key.
fn openings(line: &str) -> Vec<(usize, Opening<'_>)> {
    let mut column = indent_of(line);
    let mut openings = Vec::new();
    while let Some(content) = line.get(column..).and_then(|rest| rest.strip_prefix("- ")) {
        openings.push((column, Opening::Item));
        column = line.len() - content.len();
    }
    let rest = line.get(column..).unwrap_or_default();
    let key = rest.strip_suffix(':').or_else(|| Some(rest.split_once(": ")?.0));
    openings.extend(key.map(|key| (column, Opening::Key(key))));
    openings
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Tells of each line whether it belongs to a text of several lines, which a `|` opens.
fn inside_texts(lines: &[&str]) -> Vec<bool> {
    let mut text: Option<usize> = None;
    lines
        .iter()
        .map(|line| {
            if let Some(column) = text {
                if line.is_empty() || indent_of(line) > column {
                    return true;
                }
                text = None;
            }
            let begins = [": |", ": |-", ": |+", "- |", "- |-", "- |+"];
            if begins.iter().any(|begin| line.ends_with(begin)) {
                text = openings(line).last().map(|(column, _)| *column);
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::yaml;

    #[test]
    fn a_line_knows_what_it_stands_in() {
        let text = yaml::emit(&json!({"apiVersion": "v1", "spec": {
            "containers": [{"args": ["x", "y\nz: 1\n"], "name": "web", "tty": true}, {"image": "i"}],
            "nested": [[{"a": 1, "b": 2}]], "text": "k: v\nlist:\n- item\n"}}));
        let lines: Vec<&str> = text.lines().collect();
        for (line, expected) in [
            ("apiVersion: v1", "."),
            ("  containers:", "spec"),
            ("  - args:", "spec.containers"),
            ("    - x", "spec.containers[name=web].args"),
            ("      z: 1", "spec.containers[name=web].args[]"),
            ("    tty: true", "spec.containers[name=web]"),
            ("  - image: i", "spec.containers"),
            ("      b: 2", "spec.nested[][]"),
            ("    - item", "spec.text"),
        ] {
            let index = lines.iter().position(|other| *other == line).expect(line);
            assert_eq!(place(&lines, index), expected, "{line}");
        }
    }
}
