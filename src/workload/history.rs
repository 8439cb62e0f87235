//! What is known of earlier releases: what each did, which images it ran, what changed since the
//! one before.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    body::Body,
    kinds::pod_template::pod_spec,
    object::ObjectId,
    release::{Action, Deed, Outcome, Release},
};

/// How many objects met which fate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Deeds(BTreeMap<Action, usize>);

impl Deeds {
    /// Counts what was done.
    pub(crate) fn of(deeds: &[Deed]) -> Self {
        let mut counts = BTreeMap::new();
        for deed in deeds {
            *counts.entry(deed.action).or_default() += 1;
        }
        Self(counts)
    }

    /// Gives each fate that some object met, and how many did.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Action, usize)> {
        self.0.iter().map(|(action, count)| (*action, *count))
    }
}

/// How many releases tell how long one usually takes.
const USUAL: usize = 5;

/// Gives how long a release usually takes: the median of the newest that became ready.
pub(crate) fn usual_duration(releases: &[Release]) -> Option<Duration> {
    let ready = releases.iter().filter(|release| release.outcome == Outcome::Ready);
    let took = ready.filter_map(|it| it.ended_at?.duration_since(it.started_at).try_into().ok());
    let mut took: Vec<Duration> = took.take(USUAL).collect();
    took.sort();
    took.get(took.len() / 2).copied()
}

/// The image of one container as a release sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContainerImage {
    /// The object, as `Kind/name`.
    pub object: String,
    /// The container's name.
    pub container: String,
    pub image: String,
}

/// Lists the images of objects, init containers first.
pub(crate) fn images_of_set(objects: &[Body]) -> Vec<ContainerImage> {
    let mut images = Vec::new();
    for body in objects {
        let body = body.look();
        let id = ObjectId::of(&body);
        let Some(spec) = pod_spec(&id, &body) else { continue };
        let lists = ["initContainers", "containers"].into_iter();
        for container in lists.filter_map(|list| spec.get(list)?.as_array()).flatten() {
            let text = |key: &str| container.get(key).and_then(Value::as_str).map(str::to_owned);
            if let (Some(name), Some(image)) = (text("name"), text("image")) {
                images.push(ContainerImage { object: id.to_string(), container: name, image });
            }
        }
    }
    images
}

/// A release as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub release: Release,
    /// What was done; none while it is in flight, or where only its record was taken in.
    pub counts: Option<Deeds>,
    /// Which images were not those of the release before; none where that is not known.
    pub images_changed: Option<Vec<ImageChange>>,
}

/// A container whose image is not that of the release before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImageChange {
    /// The object, as `Kind/name`.
    pub object: String,
    /// The container's name.
    pub container: String,
    /// The image before; none for a container that is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The image since; none for a container that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Tells which images changed from one release to the next.
pub(crate) fn image_changes(
    before: &[ContainerImage],
    after: &[ContainerImage],
) -> Vec<ImageChange> {
    let place = |it: &'_ ContainerImage| (it.object.clone(), it.container.clone());
    let index = |all: &[ContainerImage]| -> HashMap<(String, String), String> {
        // The first of a name counts.
        all.iter().rev().map(|it| (place(it), it.image.clone())).collect()
    };
    let (old, new) = (index(before), index(after));
    let changed = after.iter().map(|it| (it, old.get(&place(it)), Some(&it.image)));
    let gone = before.iter().filter(|it| !new.contains_key(&place(it)));
    let gone = gone.map(|it| (it, Some(&it.image), None));
    let all = changed.chain(gone).filter(|(_, from, to)| from != to);
    all.map(|(it, from, to)| ImageChange {
        object: it.object.clone(),
        container: it.container.clone(),
        from: from.cloned(),
        to: to.cloned(),
    })
    .collect()
}

/// Finds the release that was the newest at a time.
pub(crate) fn newest_at(kept: &[Kept], at: Timestamp) -> Option<&Kept> {
    // The newest comes first.
    kept.iter().find(|kept| kept.release.started_at <= at)
}

/// Finds the release that a rollback returns to: the one with this number, or without a number the
/// newest before the last one that went well and brought something else than that one. A rollback
/// that did not come to its end is gone on with, and found itself: the same command again must not
/// turn round. One that was applied, ready or not, has come to it.
pub(crate) fn to_return_to<'a>(
    releases: &'a [Release],
    newest: Option<&Release>,
    number: Option<u64>,
) -> Option<&'a Release> {
    if let Some(number) = number {
        return releases.iter().find(|release| release.number == number);
    }
    let is_on_its_way = |release: &&Release| match release.outcome {
        Outcome::InFlight | Outcome::Interrupted | Outcome::TimedOut | Outcome::Failed => {
            release.returns_to.is_some()
        }
        Outcome::Ready | Outcome::Applied | Outcome::NotReady => false,
    };
    if let Some(begun) = newest.filter(is_on_its_way) {
        return releases.iter().find(|release| release.id == begun.id);
    }
    let went_well = |release: &&Release| release.outcome.is_good();
    let differs = |release: &&Release| {
        newest.is_none_or(|newest| {
            release.id != newest.id
                && release.number < newest.number
                && (&release.digest, &release.overrides) != (&newest.digest, &newest.overrides)
        })
    };
    releases.iter().filter(went_well).find(differs)
}

#[cfg(test)]
mod tests;
