//! From the field path of an API server's message to the line and column of the source.

use crate::workload::yaml::{self, Field, Node, Position};

/// Finds the place of a field of the object that begins at a line of a text, as line and column,
/// by parsing the text again. Paths are written as API servers write them:
/// `spec.template.spec.containers[0].image`, `.spec.ports[port=80,protocol="TCP"].name`,
/// `metadata.labels[app.kubernetes.io/name]`. A field that is not there gives the place of the
/// nearest one around it; a Secret's `data.key` may stand under `stringData`. None where no
/// object begins at that line.
#[must_use]
pub(crate) fn locate(text: &str, first_line_of_object: u32, path: &str) -> Option<(u32, u32)> {
    let document = yaml::document_at(text, first_line_of_object)?;
    let root = document.root();
    let begins = |node: &Node<'_>| node.position().line == first_line_of_object;
    let mut items = root.field("items").map(|field| field.value.items()).unwrap_or_default();
    items.retain(begins);
    let place = match items.as_slice() {
        [] if begins(&root) => walk(root, path),
        [item] => walk(*item, path),
        [] => return None,
        // Which of the objects on this line is meant cannot be told.
        [..] => Position::new(first_line_of_object, 1),
    };
    Some((place.line, place.column))
}

/// Follows the path as far as it goes.
fn walk(root: Node<'_>, path: &str) -> Position {
    let mut node = root;
    let mut place = root.position();
    let mut rest = path.trim_start_matches('.');
    while !rest.is_empty() {
        let step = match bracket(rest) {
            Some((selector, behind)) => selected(node, selector).map(|found| (found, behind)),
            None => named(node, rest)
                .or_else(|| rest.strip_prefix("data").and_then(|rest| string_data(node, rest))),
        };
        let Some(((inner, position), behind)) = step else { break };
        (node, place) = (inner, position);
        rest = behind.trim_start_matches('.');
    }
    place
}

type Found<'t> = (Node<'t>, Position);

fn of_field(field: Field<'_>) -> Found<'_> {
    (field.value, field.position)
}

/// Splits `[selector]rest`. Quotes protect brackets.
fn bracket(path: &str) -> Option<(&str, &str)> {
    let inside = path.strip_prefix('[')?;
    let mut quoted = false;
    let mut escaped = false;
    for (index, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            ']' if !quoted => return Some((&inside[..index], &inside[index + 1..])),
            _ => {}
        }
    }
    None
}

/// Finds the longest key with which the path goes on: keys may have dots.
fn named<'t, 'p>(node: Node<'t>, path: &'p str) -> Option<(Found<'t>, &'p str)> {
    let fields = node.fields().into_iter().filter_map(|field| {
        let behind = path.strip_prefix(field.key).filter(|_| !field.key.is_empty())?;
        (behind.is_empty() || behind.starts_with(['.', '['])).then_some((of_field(field), behind))
    });
    // The first of equal keys: what a mapping says itself stands before what it merges.
    fields.reduce(|best, next| if next.1.len() < best.1.len() { next } else { best })
}

/// Looks for a Secret's data where people write it.
fn string_data<'t, 'p>(node: Node<'t>, behind: &'p str) -> Option<(Found<'t>, &'p str)> {
    let field = node.field("stringData")?;
    (behind.is_empty() || behind.starts_with(['.', '['])).then_some((of_field(field), behind))
}

/// Finds an item by number, by the values of its fields, or by its own value; or a field by its
/// name.
fn selected<'t>(node: Node<'t>, selector: &str) -> Option<Found<'t>> {
    let items = node.items();
    if items.is_empty() {
        return node.field(unquoted(selector)).map(of_field);
    }
    let item = match selector.parse::<usize>() {
        Ok(index) => items.get(index).copied(),
        Err(_) => items.iter().copied().find(|item| matches(*item, selector)),
    }?;
    Some((item, item.position()))
}

/// Tells whether an item has the values of `name="c"`, `port=80,protocol="TCP"` or `="value"`.
fn matches(item: Node<'_>, selector: &str) -> bool {
    conditions(selector).into_iter().all(|condition| match condition.split_once('=') {
        None => item.text() == Some(unquoted(condition)),
        Some(("", value)) => item.text() == Some(unquoted(value)),
        // A field that is absent has its default, which the text does not tell.
        Some((key, value)) => {
            item.field(key).is_none_or(|field| field.value.text() == Some(unquoted(value)))
        }
    })
}

fn conditions(selector: &str) -> Vec<&str> {
    let mut quoted = false;
    selector
        .split(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .collect()
}

fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text)
}
