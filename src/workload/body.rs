//! The body of an object, shared by all that hold it: what is read, placed, planned, sent and
//! recorded is one and the same, and is copied only where somebody changes it.
//!
//! A tree takes ten times the room of its text. So what is only kept lies at rest, as its canonical
//! JSON, and is a tree for as long as somebody looks at it.

mod text;

use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;
use text::Text;

/// How deep a body may nest that can rest: serde_json reads no text that is deeper than 127.
const DEEPEST: usize = 120;

/// A body. Cheap to clone.
///
/// Whoever looks into one at rest makes its tree, which stays until this handle goes or rests again;
/// [`Body::look`] gives a handle of its own to look at many that go on resting.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    /// Its canonical JSON (sorted keys, no white space), where it was written and nobody changed it
    /// since. Without it there is a tree.
    text: Option<Arc<str>>,
    tree: OnceLock<Arc<Value>>,
}

impl Body {
    /// Makes a body that is to be kept.
    pub(crate) fn at_rest(body: Value) -> Self {
        let mut body = Self::from(body);
        body.rest();
        body
    }

    /// Lets it rest: from now on it is its text, until somebody looks into it. A body that nests too
    /// deep to be read again stays a tree.
    pub(crate) fn rest(&mut self) {
        self.write();
        if self.text.is_some() {
            self.tree.take();
        }
    }

    /// Writes its text, for who needs that and the tree, too. Of a body that could not rest there is
    /// none.
    pub(crate) fn write(&mut self) {
        if self.text.is_none() && !is_deeper(self, DEEPEST) {
            self.text = Some(canonical(self).into());
        }
    }

    /// Gives a handle to look into: what it makes goes with it, and this one goes on resting.
    pub(crate) fn look(&self) -> Self {
        match &self.text {
            Some(text) if self.tree.get().is_none() => {
                Self { text: Some(text.clone()), tree: OnceLock::new() }
            }
            _ => self.clone(),
        }
    }

    /// Gives its canonical JSON.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match &self.text {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(canonical(self)),
        }
    }

    /// Gives its canonical JSON where it is at rest and nobody has made its tree.
    pub(crate) fn resting_text(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| self.tree.get().is_none())
    }

    /// Tells whether a word may stand in it: of most bodies at rest that costs less than a look.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.text.as_deref().is_none_or(|text| text.contains(word))
    }

    /// Gives its tree to whoever needs no more of it.
    pub(crate) fn into_value(self) -> Value {
        self.tree();
        let tree = self.tree.into_inner().expect("it was just made");
        Arc::unwrap_or_clone(tree)
    }

    fn tree(&self) -> &Arc<Value> {
        let read = || {
            let text = self.text.as_deref().expect("a body is a text or a tree");
            Arc::new(serde_json::from_str(text).expect("the text was written by `rest`"))
        };
        self.tree.get_or_init(read)
    }
}

/// Writes a value's canonical JSON: what its `to_string` gives, without a formatter between.
pub(crate) fn canonical(value: &Value) -> String {
    serde_json::to_string(value).expect("a value has names for keys, and no number that JSON lacks")
}

/// Tells whether a value nests deeper than that.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let within = |value: &Value| levels == 0 || is_deeper(value, levels - 1);
    match value {
        Value::Array(items) => items.iter().any(within),
        Value::Object(fields) => fields.values().any(within),
        _ => false,
    }
}

impl Deref for Body {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.tree()
    }
}

/// Who changes a body that others hold too gets a copy of its own.
impl DerefMut for Body {
    fn deref_mut(&mut self) -> &mut Value {
        self.tree();
        self.text = None;
        Arc::make_mut(self.tree.get_mut().expect("it was just made"))
    }
}

impl From<Value> for Body {
    fn from(body: Value) -> Self {
        Self { text: None, tree: OnceLock::from(Arc::new(body)) }
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::serialize(&self.look(), serializer)
    }
}

/// What comes out of a file or a record is kept first.
impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Text::read(deserializer)?.canonical(DEEPEST) {
            Ok(text) => Ok(Self { text: Some(text.into()), tree: OnceLock::new() }),
            // Nobody of ours wrote it so.
            Err(text) => serde_json::from_str(&text).map(Self::at_rest).map_err(D::Error::custom),
        }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        if let (Some(one), Some(other)) = (&self.text, &other.text) {
            return one == other;
        }
        let (one, other) = (self.look(), other.look());
        Arc::ptr_eq(one.tree(), other.tree()) || *one == *other
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

    #[test]
    fn a_body_at_rest_is_a_text_while_nobody_looks_into_it() {
        let value = json!({"b": [1, 2.5, -0.0, null, "\u{e9}\n"], "a": {"": true}});
        let mut body = Body::at_rest(value.clone());
        let is_text = |body: &Body| body.tree.get().is_none();
        assert!(is_text(&body));
        assert_eq!(body.text(), r#"{"a":{"":true},"b":[1,2.5,-0.0,null,"é\n"]}"#);
        // Others look, and this one goes on resting.
        assert_eq!(*body.look(), value);
        assert_eq!(body.look(), body);
        assert_eq!(body.look(), Body::from(value.clone()));
        assert_eq!(serde_json::to_value(&body).unwrap(), value);
        assert!(is_text(&body));
        // Its own look stays, for its clones too, until it rests again.
        assert_eq!(*body, value);
        assert!(std::ptr::eq::<Value>(&*body, &*body.clone()));
        body.rest();
        assert!(is_text(&body));
        // A change leaves the others as they are, and no text of before.
        let before = body.clone();
        body["a"] = 1.into();
        assert_eq!(
            (body.text(), before.text()),
            (Cow::from(body.to_string()), Cow::from(value.to_string()))
        );
        body.rest();
        assert_eq!(body["a"], 1);
        assert_eq!(body.clone().into_value(), *body.look());
        assert!(is_text(&serde_json::from_value(value).unwrap()));
    }

    #[test]
    fn a_word_is_looked_for_without_a_look() {
        let mut body = Body::at_rest(json!({"kind": "Job"}));
        assert_eq!((body.mentions("Job"), body.mentions("Complete")), (true, false));
        assert!(body.resting_text().is_some());
        // Of a tree nothing is known without walking it.
        body["kind"] = "Pod".into();
        assert!(body.mentions("Job") && body.resting_text().is_none());
    }

    #[test]
    fn what_is_read_is_its_canonical_text() {
        for text in [
            r#"{"a":{"":true},"b":[1,-2,2.5,-0.0,1e30,null,"é\n\u0007",[],{}],"c":18446744073709551615}"#,
            r#"[ { "b" : 1, "a" : [ ] , "a" : { "c" : 1.0, "b" : 12345678901234567890123 } } , -0 ]"#,
            "null",
            "\"\\u00e9\\/\"",
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let body: Body = serde_json::from_str(text).unwrap();
            assert_eq!(body.text.as_deref(), Some(&*value.to_string()));
            assert!(body.tree.get().is_none());
            let body: Body = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(body.text.as_deref(), Some(&*value.to_string()));
        }
        let deep = format!("{}1{}", "[".repeat(DEEPEST + 1), "]".repeat(DEEPEST + 1));
        assert_eq!(serde_json::from_str::<Body>(&deep).unwrap().to_string(), deep);
        assert!(serde_json::from_str::<Body>(r#"{"a":[1,}"#).is_err());
    }

    #[test]
    fn what_nests_too_deep_to_be_read_again_does_not_rest() {
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        for (levels, rests) in [(DEEPEST, true), (DEEPEST + 1, false), (300, false)] {
            let body = Body::at_rest(nested(levels));
            assert_eq!(body.tree.get().is_none(), rests, "{levels}");
            assert_eq!(*body, nested(levels), "{levels}");
        }
    }
}
