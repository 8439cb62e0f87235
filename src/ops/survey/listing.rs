//! The LISTs of a survey. Each is read on a thread of its own as far as there are some, for what comes is
//! large, and may be begun before all is known that the survey is to look at.

use std::{collections::HashSet, panic::resume_unwind};

use serde_json::Value;
use tokio::task::JoinSet;

use super::{Live, Place, Survey, Wanted, name_kind, selector};
use crate::{
    cluster::{api::Api, failure::Failure},
    workload::{
        body::Body,
        object::{GroupKind, ObjectId},
    },
};

/// What one LIST asks for: equal ones have the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Listing {
    kind: GroupKind,
    namespace: Option<String>,
    version: String,
    path: String,
    query: String,
    /// Whether the metadata does not tell enough.
    whole: bool,
}

impl Listing {
    /// Finds out what a survey asks for; none where nobody serves the kind.
    pub(super) fn of(
        survey: &Survey<'_>,
        ((group, kind), namespace): Place<'_>,
        objects: &[Wanted<'_>],
    ) -> Option<Self> {
        let (target, kind) = (survey.target, GroupKind::new(group, kind));
        let version = target.version(objects[0].id, objects[0].version);
        Some(Self {
            path: target.kinds.collection_path(&kind, version, namespace)?,
            // The label only narrows the list down: whose an object is, its uid or our Apply entry
            // proves.
            query: selector(survey.instance, &kind, namespace.is_some()),
            kind,
            namespace: namespace.map(str::to_owned),
            version: version.to_owned(),
            whole: objects.iter().any(|object| object.whole),
        })
    }

    async fn ask(&self, api: &Api) -> Result<Live, Failure> {
        let Self { kind, namespace, version, path, query, whole } = self;
        let named = |mut object: Value| {
            let name = object.pointer("/metadata/name")?.as_str()?;
            let id = ObjectId::new(&kind.group, &kind.kind, namespace.as_deref(), name);
            name_kind(&mut object, &id, version);
            Some((id, Body::at_rest(object)))
        };
        let found = api.list_kept(path, query, *whole, named).await?;
        Ok(found.into_iter().collect())
    }
}

/// The lists that are under way. They end with this.
#[derive(Default)]
pub(crate) struct Lists {
    begun: HashSet<Listing>,
    answers: JoinSet<(Listing, Result<Live, Failure>)>,
}

impl Lists {
    /// Begins those of a survey.
    pub(crate) fn ahead(survey: &Survey<'_>) -> Self {
        let mut lists = Self::default();
        for (place, objects) in survey.grouped().0 {
            if let Some(listing) = Listing::of(survey, place, &objects) {
                lists.begin(&survey.target.api, listing);
            }
        }
        lists
    }

    /// Begins one, and gives the one that answers it: where more than its metadata was asked for already,
    /// that tells all the same.
    pub(super) fn begin(&mut self, api: &Api, listing: Listing) -> Listing {
        let whole = Listing { whole: true, ..listing.clone() };
        if self.begun.contains(&whole) {
            return whole;
        }
        if self.begun.insert(listing.clone()) {
            let (api, listing) = (api.clone(), listing.clone());
            self.answers.spawn(async move {
                let found = listing.ask(&api).await;
                (listing, found)
            });
        }
        listing
    }

    /// Waits for the next answer; none where all have come.
    pub(super) async fn next(&mut self) -> Option<(Listing, Result<Live, Failure>)> {
        match self.answers.join_next().await? {
            Ok(answer) => Some(answer),
            // Nobody ends one but us, with all of them.
            Err(failed) => resume_unwind(failed.into_panic()),
        }
    }
}
