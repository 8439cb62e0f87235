//! What a deploy tells on its way: a round that is repeated says nothing twice.

use super::Deploy;
use crate::ops::events::Event;

impl Deploy<'_> {
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
