//! Dropping overrides: `--image web-`. What is not there cannot be dropped.

use super::{
    OverrideEdit, Overrides,
    edit::{merge, qualified, removal, spelt},
};
use crate::workload::{
    error::{Code, Error, Result},
    kinds::Kinds,
    name::nearest,
};

/// Refuses edits that drop what none of the overrides has, and no edit before them sets.
///
/// # Errors
/// `no-such-override` (2): all of them, with what there is.
pub(crate) fn check_drops(edits: &[OverrideEdit], known: &[&Overrides]) -> Result<()> {
    let (none, kinds) = (Overrides::default(), Kinds::builtin());
    let mut flags: Vec<String> = Vec::new();
    for flag in known.iter().flat_map(|it| it.missing_from(&none)) {
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }
    let mut wrong = Vec::new();
    for edit in edits {
        match edit.dropped() {
            Some(flag) if has(&flags, &flag, &kinds) => {}
            Some(flag) => wrong.push(flag),
            None => flags.extend(merge(&none, std::slice::from_ref(edit)).missing_from(&none)),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(no_such(&wrong, &flags, &kinds)) }
}

impl OverrideEdit {
    /// Tells whether it drops an override.
    pub(crate) fn is_drop(&self) -> bool {
        self.dropped().is_some()
    }

    /// Gives the flag of the override that it drops, without the `-`.
    fn dropped(&self) -> Option<String> {
        match self {
            Self::Image { name, image: None, .. } => Some(format!("--image {name}")),
            Self::Replicas { object, count: None, .. } => Some(format!("--replicas {object}")),
            Self::Set { place, value: None, .. } => Some(format!("--set {place}")),
            Self::NoPatch(object) => Some(format!("--patch {object}")),
            Self::Image { .. } | Self::Replicas { .. } | Self::Set { .. } | Self::Patches(_) => {
                None
            }
        }
    }
}

fn has(flags: &[String], flag: &str, kinds: &Kinds) -> bool {
    let wanted = in_one_spelling(flag, kinds);
    flags.iter().any(|flag| in_one_spelling(flag, kinds) == wanted)
}

/// Writes `--FLAG KEY` as [`merge`] compares keys.
fn in_one_spelling<'f>(flag: &'f str, kinds: &Kinds) -> (&'f str, String) {
    let (flag, key) = flag.split_once(' ').unwrap_or((flag, ""));
    let key = match flag {
        "--image" => key.to_owned(),
        "--patch" => qualified(key, kinds),
        _ => spelt(key, kinds),
    };
    (flag, key)
}

fn no_such(wanted: &[String], flags: &[String], kinds: &Kinds) -> Error {
    let told: Vec<String> = wanted.iter().map(|flag| format!("{flag}-")).collect();
    let what = if wanted.len() == 1 { "is no such override" } else { "are no such overrides" };
    let message = format!("{}: there {what}", told.join(", "));
    let error = Error::usage(Code::NoSuchOverride, message).cause(match flags {
        [] => "nothing is overridden".to_owned(),
        flags => format!("overridden: {}", flags.join(", ")),
    });
    let near = |wanted: &String| {
        let (flag, key) = in_one_spelling(wanted, kinds);
        let all = flags.iter().map(|there| (in_one_spelling(there, kinds), there));
        let alike: Vec<_> = all.filter(|((other, _), _)| *other == flag).collect();
        let near = nearest(&key, alike.iter().map(|((_, key), _)| key.as_str()))?;
        let (_, shown) = alike.iter().find(|((_, key), _)| key == near)?;
        Some(format!("the nearest is `{}`", removal(shown)))
    };
    match wanted.iter().find_map(near) {
        Some(near) => error.hint(near),
        None => error,
    }
}
