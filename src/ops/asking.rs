//! Questions that nobody holds a lock for: one that a person has to be asked is taken down first, and
//! asked when the lock was given back.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::events::Ask;

/// Answers with what was answered before, and takes down what was not.
pub(crate) struct Deferred<'a> {
    ask: &'a dyn Ask,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The questions that were answered with yes.
    agreed: HashSet<String>,
    /// The question that is to be asked.
    open: Option<String>,
}

impl<'a> Deferred<'a> {
    /// Defers what this one would ask.
    pub(crate) fn new(ask: &'a dyn Ask) -> Self {
        Self { ask, state: Mutex::default() }
    }

    /// Asks the question that was taken down; `None` where there is none, else whether the answer
    /// was yes.
    pub(crate) fn ask_open(&self) -> Option<bool> {
        let question = self.state().open.take()?;
        let agreed = self.ask.confirm(&question) == Some(true);
        if agreed {
            self.state().agreed.insert(question);
        }
        Some(agreed)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ask for Deferred<'_> {
    /// As if the answer was no, where a person has not been asked yet.
    fn confirm(&self, question: &str) -> Option<bool> {
        if !self.ask.is_asking() {
            return self.ask.confirm(question);
        }
        let mut state = self.state();
        let agreed = state.agreed.contains(question);
        if !agreed {
            state.open = Some(question.to_owned());
        }
        Some(agreed)
    }

    fn can_answer(&self) -> bool {
        self.ask.can_answer()
    }

    fn is_asking(&self) -> bool {
        self.ask.is_asking()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A person who agrees to everything, and counts the questions.
    #[derive(Default)]
    struct Person(Mutex<Cell<u32>>);

    impl Ask for Person {
        fn confirm(&self, _: &str) -> Option<bool> {
            let asked = self.0.lock().unwrap();
            asked.set(asked.get() + 1);
            Some(true)
        }

        fn can_answer(&self) -> bool {
            true
        }

        fn is_asking(&self) -> bool {
            true
        }
    }

    #[test]
    fn what_was_agreed_to_is_asked_once_and_anything_else_anew() {
        let person = Person::default();
        let deferred = Deferred::new(&person);
        let asked = || person.0.lock().unwrap().get();
        assert_eq!(deferred.ask_open(), None);
        assert_eq!((deferred.confirm("Delete 2?"), asked()), (Some(false), 0));
        assert_eq!((deferred.ask_open(), asked()), (Some(true), 1));
        assert_eq!((deferred.confirm("Delete 2?"), deferred.ask_open()), (Some(true), None));
        assert_eq!((deferred.confirm("Delete 3?"), asked()), (Some(false), 1));
    }
}
