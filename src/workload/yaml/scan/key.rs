//! Keys without `?`: only the `:` behind them tells that they are keys.

use super::{Problem, Scanner, cursor::Mark};

/// A key without `?` must end within this number of characters.
const SIMPLE_KEY_LIMIT: usize = 1024;

/// A place where a key without `?` may have begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct SimpleKey {
    pub(super) possible: bool,
    /// Whether nothing but a key can stand there.
    pub(super) required: bool,
    /// The number of its first token.
    pub(super) token: usize,
    pub(super) mark: Mark,
}

impl SimpleKey {
    /// Makes a candidate that is none.
    pub(super) fn none(mark: Mark) -> Self {
        Self { possible: false, required: false, token: 0, mark }
    }
}

impl Scanner<'_> {
    /// Tells whether the next token may turn out to begin a key.
    pub(super) fn may_begin_key(&mut self) -> Result<bool, Problem> {
        let taken = self.taken;
        let candidate = self.keys.iter().position(|key| key.possible && key.token == taken);
        candidate.map_or(Ok(false), |level| self.is_key_still_possible(level))
    }

    pub(super) fn is_key_still_possible(&mut self, level: usize) -> Result<bool, Problem> {
        let mark = self.cursor.mark();
        let key = &mut self.keys[level];
        // YAML 1.1: a key without `?` stands on one line, within 1024 characters.
        if key.possible
            && (key.mark.position.line < mark.position.line
                || key.mark.index + SIMPLE_KEY_LIMIT < mark.index)
        {
            if key.required {
                return Err(key.mark.problem("could not find expected ':'"));
            }
            key.possible = false;
        }
        Ok(key.possible)
    }

    pub(super) fn save_key(&mut self) -> Result<(), Problem> {
        if self.key_allowed {
            self.forget_key()?;
            let required = self.flow_level == 0 && self.indent == self.cursor.column();
            let token = self.taken + self.tokens.len();
            let mark = self.cursor.mark();
            *self.last_key() = SimpleKey { possible: true, required, token, mark };
        }
        Ok(())
    }

    pub(super) fn forget_key(&mut self) -> Result<(), Problem> {
        let key = self.last_key();
        if key.possible && key.required {
            return Err(key.mark.problem("could not find expected ':'"));
        }
        key.possible = false;
        Ok(())
    }

    pub(super) fn last_key(&mut self) -> &mut SimpleKey {
        self.keys.last_mut().expect("every level has a candidate")
    }
}
