//! Which workloads run on with what was there before, although a release brought something else that
//! their pods read.

use serde_json::Value;

use super::prepare::{brings_content, pods_around};
use crate::{
    ops::{
        rollout::{Node, Rollout},
        target::Target,
    },
    workload::{
        configuration::{Reading, reading_of, remark, stale_reads},
        kinds::{Trait, builtin_kind},
        object::ObjectId,
        plan::Item,
        readiness::Related,
        release::Action,
        sent_content::ContentTimes,
    },
};

/// Names workloads that run on although something that their pods read has changed. `instance`: as a
/// deploy has to name it that keeps the revision.
pub(super) async fn stale_readers(
    target: &Target,
    rollout: &Rollout<'_>,
    instance: &str,
) -> Vec<String> {
    let found = readings(rollout);
    let doubtful = found.iter().filter(|reading| reading.only_pods_tell());
    let doubtful: Vec<&ObjectId> =
        doubtful.map(|reading| &reading.reader.item.desired.id).collect();
    // Of pods that may not be looked at the plan tells.
    let around = match doubtful.is_empty() {
        true => None,
        false => pods_around(target, doubtful.into_iter()).await.ok(),
    };
    let is_told = |reading: &NewReading<'_>| match &around {
        Some(around) if reading.only_pods_tell() => reading.is_old(around),
        _ => reading.reader.item.action == Action::Unchanged,
    };
    let told = |reading: NewReading<'_>| {
        remark(&reading.reader.item.desired.id, &reading.read.desired.id, reading.how, instance)
    };
    found.into_iter().filter(is_told).map(told).collect()
}

/// A workload that was there, and of what it reads something with a new content.
struct NewReading<'a> {
    reader: &'a Node<'a>,
    read: &'a Item,
    times: ContentTimes,
    how: Reading,
}

impl NewReading<'_> {
    /// Tells whether pods may be new although the plan left them alone, or old although it did not;
    /// or may have read this content when it was there before.
    fn only_pods_tell(&self) -> bool {
        let is_left_alone = self.reader.item.action == Action::Unchanged;
        self.how == Reading::AtStart && (!is_left_alone || self.times.is_there_again())
    }

    fn is_old(&self, around: &Related) -> bool {
        let desired = &self.reader.item.desired;
        let reads = [(&self.read.desired.id, self.times.clone())];
        let uid = self.reader.uid().unwrap_or_default();
        !stale_reads((&desired.id, &desired.body.look()), &reads, around, uid).is_empty()
    }
}

fn readings<'a>(rollout: &'a Rollout<'_>) -> Vec<NewReading<'a>> {
    let mut found = Vec::new();
    for (index, reader) in rollout.nodes.iter().enumerate() {
        let desired = &reader.item.desired;
        let body = desired.body.look();
        // What has no pods runs nothing; those of a Job run to their end with what they began with.
        let has_pods = builtin_kind(&desired.id).is(Trait::Restarted)
            && !desired.id.is("batch", "Job")
            && body.pointer("/spec/replicas").and_then(Value::as_i64) != Some(0);
        let is_there = match reader.item.action {
            Action::Unchanged => true,
            // While it rolls out, old pods are on their way.
            Action::Adopt | Action::Update => reader.is_ready(),
            _ => false,
        };
        if !is_there || !has_pods || reader.item.is_idle_hook() {
            continue;
        }
        let reasons = rollout.scope.graph.why(index).into_iter();
        let before = reasons.map(|why| &rollout.nodes[why.from]);
        for node in before.filter(|node| brings_content(node.item)) {
            let read = node.item;
            let written = node.written.as_ref().map_or(read.entry.as_ref(), |it| Some(&it.entry));
            let content = written.and_then(|entry| entry.content.as_ref());
            let how = reading_of(&desired.id, &body, &read.desired.id);
            found.extend(content.zip(how).map(|(content, how)| {
                let times = content.times();
                NewReading { reader, read, times, how }
            }));
        }
    }
    found
}
