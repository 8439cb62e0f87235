//! Masking two bodies of one object so that a change of a hidden value stays visible.

use serde_json::{Map, Value};

use crate::workload::mask::{LAST_APPLIED, MASK};

/// Hides the values of a Secret, and kubectl's copies of whole objects, in both bodies. What is the
/// same in both is hidden alike; what differs reads as it does in `kubectl diff`.
pub(super) fn mask(old: &mut Value, new: &mut Value) {
    let is_secret = |body: &Value| body.get("kind").and_then(Value::as_str) == Some("Secret");
    if is_secret(old) || is_secret(new) {
        for field in ["data", "stringData"] {
            hide(fields(old, &[field]), fields(new, &[field]), |_| true);
        }
    }
    let annotations = ["metadata", "annotations"];
    hide(fields(old, &annotations), fields(new, &annotations), |key| key == LAST_APPLIED);
}

fn fields<'v>(mut value: &'v mut Value, path: &[&str]) -> Option<&'v mut Map<String, Value>> {
    for key in path {
        value = value.get_mut(key)?;
    }
    value.as_object_mut()
}

fn hide(
    old: Option<&mut Map<String, Value>>,
    new: Option<&mut Map<String, Value>>,
    is_hidden: impl Fn(&str) -> bool,
) {
    let (mut nothing, mut nothing_new) = (Map::new(), Map::new());
    let (old, new) = (old.unwrap_or(&mut nothing), new.unwrap_or(&mut nothing_new));
    for (key, value) in old.iter_mut().filter(|(key, _)| is_hidden(key)) {
        match new.get_mut(key) {
            Some(other) if other != value => {
                *value = format!("{MASK} (before)").into();
                *other = format!("{MASK} (after)").into();
            }
            Some(other) => {
                *value = MASK.into();
                *other = MASK.into();
            }
            None => *value = MASK.into(),
        }
    }
    let added = new.iter_mut().filter(|(key, _)| is_hidden(key) && !old.contains_key(*key));
    added.for_each(|(_, value)| *value = MASK.into());
}
