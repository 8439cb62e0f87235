//! What few objects of a large set have: it takes room only where it says something.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What has a value that says nothing, shared by all that have no other.
pub(crate) trait Blank: Default + PartialEq + 'static {
    /// Gives the value that says nothing.
    fn blank() -> &'static Self;
}

/// Lets a type be rare.
macro_rules! blank {
    ($type:ty) => {
        impl $crate::workload::rare::Blank for $type {
            fn blank() -> &'static Self {
                static BLANK: std::sync::LazyLock<$type> =
                    std::sync::LazyLock::new(Default::default);
                &BLANK
            }
        }
    };
}
pub(crate) use blank;

/// A value that is blank most of the time.
#[derive(Debug, Clone)]
pub(crate) struct Rare<T>(Option<Box<T>>);

impl<T: Default> Rare<T> {
    /// Gives the value to whoever keeps it elsewhere.
    pub(crate) fn into_inner(self) -> T {
        self.0.map_or_else(T::default, |value| *value)
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Blank> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Self((value != *T::blank()).then(|| Box::new(value)))
    }
}

impl<T: Blank> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => T::blank(),
        }
    }
}

impl<T: Blank> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Blank> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Blank + Serialize> Serialize for Rare<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::serialize(self, serializer)
    }
}

impl<'de, T: Blank + Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Note {
        text: String,
    }
    blank!(Note);

    #[test]
    fn what_says_nothing_takes_no_room_and_reads_as_what_it_is() {
        let mut note = Rare::from(Note::default());
        assert!(note.0.is_none());
        assert_eq!(
            (&*note.text, serde_json::to_string(&note).unwrap()),
            ("", r#"{"text":""}"#.into())
        );
        "a".clone_into(&mut note.text);
        let again: Rare<Note> = serde_json::from_str(r#"{"text":"a"}"#).unwrap();
        assert_eq!(again, note);
        assert_eq!(again.into_inner().text, "a");
        let mut emptied = note;
        emptied.text.clear();
        assert_eq!(emptied, Rare::default());
    }
}
