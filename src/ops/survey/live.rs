//! What a survey found. The bodies rest: with all their managed fields, those of a large instance
//! are most of what a deploy keeps.

use std::collections::HashMap;

use crate::workload::{body::Body, object::ObjectId, ownership::is_terminating};

/// What is live: metadata, or the whole object as the depth says. What was asked for and is not here is
/// not there.
#[derive(Debug, Default)]
pub(crate) struct Live(HashMap<ObjectId, Body>);

impl Live {
    /// Gives an object, to look into for as long as what is given lives.
    pub(crate) fn get(&self, id: &ObjectId) -> Option<Body> {
        self.0.get(id).map(Body::look)
    }

    /// Tells whether an object is there.
    pub(crate) fn has(&self, id: &ObjectId) -> bool {
        self.0.contains_key(id)
    }

    /// Tells whether the text of an object has a word: of most it costs less than a look.
    pub(super) fn mentions(&self, id: &ObjectId, word: &str) -> bool {
        self.0.get(id).is_some_and(|body| body.mentions(word))
    }

    /// Lists what is there.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &ObjectId> {
        self.0.keys()
    }

    /// Lists the objects, each to look into in its turn.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ObjectId, Body)> {
        self.0.iter().map(|(id, body)| (id, body.look()))
    }

    /// Takes down of objects that they are being deleted, although they do not say so themselves.
    pub(crate) fn mark_going(&mut self, goes: impl Fn(&ObjectId) -> bool, since: &str) {
        for (id, body) in &mut self.0 {
            if goes(id) && !is_terminating(&body.look()) {
                let mut object = body.look().into_value();
                object["metadata"]["deletionTimestamp"] = since.into();
                *body = Body::at_rest(object);
            }
        }
    }

    /// Puts in an object.
    pub(super) fn put(&mut self, id: ObjectId, body: Body) {
        self.0.insert(id, body);
    }

    /// Takes in what was found elsewhere.
    pub(super) fn take(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl FromIterator<(ObjectId, Body)> for Live {
    fn from_iter<I: IntoIterator<Item = (ObjectId, Body)>>(objects: I) -> Self {
        Self(objects.into_iter().collect())
    }
}
