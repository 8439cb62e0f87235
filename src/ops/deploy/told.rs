//! What a deploy tells on its way: a round that is repeated says nothing twice.

use super::{Deploy, prepare::Prepared};
use crate::ops::events::Event;

impl Deploy<'_> {
    /// Says which fields are left to others: an autoscaler is expected to hold them, anybody else
    /// is worth a warning.
    pub(super) fn report_yielded(&mut self, prepared: &Prepared) {
        for item in &prepared.draft.plan.items {
            for left in item.entry.iter().flat_map(|entry| &entry.yielded) {
                let told = format!("{}: {}", item.desired.id, left.told());
                match left.autoscaler {
                    Some(_) => self.note(told),
                    None if left.dropped => {
                        self.warn(format!("{told} (`--conflicts force` takes it away)"));
                    }
                    None => self.warn(format!("{told} (`--conflicts force` takes it)")),
                }
            }
        }
    }

    pub(super) fn note(&self, text: impl Into<String>) {
        let text = text.into();
        if self.told.borrow_mut().insert(text.clone()) {
            self.session.note(self.name, text);
        }
    }

    /// Tells what the user should heed, now and in the answer.
    pub(super) fn warn(&mut self, text: String) {
        self.report.warn(&text);
        if self.told.borrow_mut().insert(text.clone()) {
            self.session.report(self.name, Event::Warning(text));
        }
    }
}
