//! The refusal of a deploy before its first write: all that stands in the way, in one list.

use super::prepare::Prepared;
use crate::{
    ops::{conflict::FIELD_CONFLICT_HINT, several::named},
    workload::{
        error::{Code, Error, ErrorKind, Result},
        plan::{Block, Item},
        shell::quoted,
    },
};

/// Refuses everything that must not be touched, in one list.
///
/// # Errors
/// That list: code 1 where the server rejects any of it, else 5.
pub(super) fn refuse_blocked(prepared: &Prepared) -> Result<()> {
    let blocked: Vec<_> = prepared.draft.plan.blocked().collect();
    let Some(first) = blocked.first() else { return Ok(()) };
    let told = |item: &&Item| format!("{}: {}", named(&item.desired), item.reason);
    let count = |block| blocked.iter().filter(|item| item.block == Some(block)).count();
    let message = match blocked.len() {
        1 => "1 object stands in the way; nothing was written".to_owned(),
        many => format!("{many} objects stand in the way; nothing was written"),
    };
    let all = blocked.len();
    let (forbidden, immutable) = (count(Block::Forbidden), count(Block::Immutable));
    // A rejection is the server's, with the code that the write would have ended with.
    let rejected = count(Block::Rejected) + forbidden;
    let kind = if rejected > 0 { ErrorKind::Failed } else { ErrorKind::Refused };
    let code = match all {
        _ if all == count(Block::Fields) => Code::FieldConflict,
        _ if all == forbidden => Code::Forbidden,
        _ if all == rejected => Code::Rejected,
        _ if all == immutable => Code::Immutable,
        _ => Code::Blocked,
    };
    let mut error =
        Error::new(kind, code, message).causes(blocked.iter().map(told)).object(&first.desired.id);
    let hints = hints(&blocked);
    if !hints.is_empty() {
        error = error.hint(hints.join("; "));
    }
    error.origin.clone_from(&first.desired.origin);
    Err(error)
}

/// Says what helps against each kind of what stands in the way.
fn hints(blocked: &[&Item]) -> Vec<String> {
    let of = |block| blocked.iter().filter(move |item| item.block == Some(block));
    let mut hints = Vec::new();
    let immutable: Vec<String> = of(Block::Immutable)
        .map(|item| format!("--replace {}", quoted(&item.desired.id.to_string())))
        .collect();
    match &*immutable {
        [] => {}
        [one] => hints.push(format!("`{one}` deletes it and creates it again")),
        many => hints.push(format!("`{}` deletes them and creates them again", many.join(" "))),
    }
    if of(Block::NotOurs).next().is_some() {
        hints.push("`--adopt` takes over objects that exist".to_owned());
    }
    if of(Block::Fields).next().is_some() {
        let of_fields = if hints.is_empty() { "" } else { "of fields, " };
        hints.push(format!("{of_fields}{FIELD_CONFLICT_HINT}"));
    }
    hints
}
