//! The JSON paths of printer columns: fields, items, all items, and items with a field's value.

use serde_json::Value;

/// Finds the values at a path such as `.status.conditions[?(@.type=="Ready")].status`.
pub(super) fn find<'a>(object: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![object];
    let mut rest = path;
    while !rest.is_empty() && !found.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some(end) = closing(inner) else { return Vec::new() };
            found = found.into_iter().flat_map(|value| items(value, &inner[..end])).collect();
            rest = &inner[end + 1..];
            continue;
        }
        let (name, after) = field(rest.strip_prefix('.').unwrap_or(rest));
        found = found.into_iter().filter_map(|value| value.get(&name)).collect();
        rest = after;
    }
    found
}

/// The name that a path begins with; a dot in it is escaped.
fn field(path: &str) -> (String, &str) {
    let mut name = String::new();
    let mut letters = path.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
            '.' | '[' => return (name, &path[at..]),
            letter => name.push(letter),
        }
    }
    (name, "")
}

/// Where the bracket before a text is closed; not inside of quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, ']') => return Some(at),
            (None, _) => {}
        }
    }
    None
}

/// What brackets choose of a value.
fn items<'a>(value: &'a Value, choice: &str) -> Vec<&'a Value> {
    let all = || value.as_array().into_iter().flatten();
    if choice == "*" {
        return all().collect();
    }
    if let Some(name) = choice.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return value.get(name).into_iter().collect();
    }
    let condition = choice.strip_prefix("?(@").and_then(|rest| rest.strip_suffix(')'));
    if let Some((path, wanted)) = condition.and_then(|condition| condition.split_once("==")) {
        let wanted = wanted.trim().trim_matches(['\'', '"']);
        return all()
            .filter(|item| {
                find(item, path.trim()).iter().any(|found| super::row::plain(found) == wanted)
            })
            .collect();
    }
    let at = choice.parse::<usize>().ok();
    at.and_then(|at| value.get(at)).into_iter().collect()
}
