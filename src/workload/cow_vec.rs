//! A list that all who hold it share, copied only where somebody changes it: of a large set the
//! inventory and the objects are in many hands at once.

use std::{
    ops::{Deref, DerefMut},
    slice,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// A list. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent, bound = "T: Clone + Serialize + serde::de::DeserializeOwned")]
pub(crate) struct CowVec<T>(Arc<Vec<T>>);

impl<T> Default for CowVec<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> From<Vec<T>> for CowVec<T> {
    fn from(mut items: Vec<T>) -> Self {
        items.shrink_to_fit();
        Self(items.into())
    }
}

impl<T> FromIterator<T> for CowVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T> Deref for CowVec<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

/// Who changes a list that others hold too gets a copy of its own.
impl<T: Clone> DerefMut for CowVec<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        Arc::make_mut(&mut self.0)
    }
}

impl<'a, T> IntoIterator for &'a CowVec<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_copied_where_it_is_changed_and_nowhere_else() {
        let one: CowVec<u8> = vec![1, 2].into();
        let mut other = one.clone();
        assert_eq!(one.as_ptr(), other.as_ptr());
        other.push(3);
        assert_eq!((&**one, &**other), (&[1, 2][..], &[1, 2, 3][..]));
        let alone = other.as_ptr();
        other.iter_mut().for_each(|item| *item += 1);
        assert_eq!(other.as_ptr(), alone);
        assert_eq!(serde_json::to_string(&other).unwrap(), "[2,3,4]");
        assert_eq!(serde_json::from_str::<CowVec<u8>>("[2,3,4]").unwrap(), other);
    }
}
