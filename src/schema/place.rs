//! Where a walk over a value and its schema stands.

use std::fmt;

/// How a place is reached from the one above it.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Root,
    Field(&'a str),
    /// A key of a map.
    Entry(&'a str),
    Item(usize),
}

/// Where the walk stands. Its text is made only where there is something to tell.
pub(super) struct Place<'a> {
    pub(super) above: Option<&'a Place<'a>>,
    pub(super) step: Step<'a>,
    /// The innermost struct.
    pub(super) owner: &'a str,
}

impl<'a> Place<'a> {
    /// Begins at the outermost value, whose type is called so.
    pub(super) fn root(owner: &'a str) -> Self {
        Self { above: None, step: Step::Root, owner }
    }

    /// Writes the place with list indices and keys.
    pub(super) fn path(&self) -> String {
        let mut text = self.above.map(Place::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Item(index) => text.push_str(&format!("[{index}]")),
            Step::Field(name) | Step::Entry(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
        }
        text
    }

    /// Writes it without them, as Go names it: a map by its field, without the key.
    pub(super) fn plain(&self) -> String {
        let mut text = self.above.map(Place::plain).unwrap_or_default();
        if let Step::Field(name) = self.step {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(name);
        }
        text
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}
