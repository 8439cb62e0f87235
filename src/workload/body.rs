//! The body of an object, shared by all that hold it: what is read, placed, planned, sent and
//! recorded is one and the same, and is copied only where somebody changes it.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A body. Cheap to clone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Body(Arc<Value>);

impl Deref for Body {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

/// Who changes a body that others hold too gets a copy of its own.
impl DerefMut for Body {
    fn deref_mut(&mut self) -> &mut Value {
        Arc::make_mut(&mut self.0)
    }
}

impl From<Value> for Body {
    fn from(body: Value) -> Self {
        Self(Arc::new(body))
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_copied_where_it_is_changed_and_nowhere_else() {
        let one = Body::from(json!({"a": 1}));
        let mut other = one.clone();
        assert!(std::ptr::eq::<Value>(&*one, &*other));
        other["a"] = 2.into();
        assert_eq!((&one["a"], &other["a"]), (&json!(1), &json!(2)));
        assert_eq!(serde_json::to_value(&one).unwrap(), *one);
    }
}
