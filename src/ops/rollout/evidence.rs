//! What tells why something is not ready, gathered when a rollout ends without it.

use std::time::Duration;

use futures::future::join_all;

use super::{Node, Rollout, RolloutEnd};
use crate::{
    ops::{log_tail, view::EvidenceView},
    workload::diagnosis::Diagnosis,
};

/// How long gathering may take in all: it only makes a message better.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of how many objects logs are read: more tell nothing new.
const READ: usize = 10;

impl Rollout<'_> {
    /// Gathers what tells why objects are not ready, side by side. What may not be read is said.
    pub(super) async fn gather_evidence(&mut self, end: &RolloutEnd) {
        // Where somebody wants to go, or nobody answers, nothing more is asked.
        let asks = match end {
            RolloutEnd::NotReady | RolloutEnd::Failed | RolloutEnd::TimedOut => {
                self.server_down.is_none()
            }
            RolloutEnd::Ready
            | RolloutEnd::Stopped(_)
            | RolloutEnd::Lost
            | RolloutEnd::LoggedOut => false,
        };
        if !asks {
            return;
        }
        let unready: Vec<usize> = (0..self.nodes.len())
            .filter(|index| self.nodes[*index].diagnosis.is_some())
            .take(READ)
            .collect();
        let gathered = unready.iter().map(|index| self.evidence_of(&self.nodes[*index]));
        let gathered = tokio::select! {
            gathered = join_all(gathered) => gathered,
            // Nobody waits for reasons any more.
            _ = self.scope.session.stop.wait() => return,
        };
        for (index, evidence) in unready.into_iter().zip(gathered) {
            self.nodes[index].evidence = evidence.map(Box::new);
        }
    }

    async fn evidence_of(&self, node: &Node<'_>) -> Option<EvidenceView> {
        let Diagnosis { reason: _, message: _, hint, pod, common, log, warnings } =
            node.diagnosis.as_deref()?;
        let namespace = node.item.desired.id.namespace.as_deref();
        let mut evidence = EvidenceView {
            common: common.clone(),
            events: warnings.clone(),
            hint: hint.clone(),
            unread: node
                .watch
                .around()
                .filter(|(group, kind, _)| group.is_empty() && ["Pod", "Event"].contains(kind))
                .filter_map(|(_, kind, _)| {
                    let why = self.observer.why_unseen(kind, namespace)?;
                    Some(format!("{}s may not be read: {why}", kind.to_lowercase()))
                })
                .collect(),
            ..EvidenceView::default()
        };
        if let Some(pod) = pod {
            evidence.pod = Some(pod.pod.clone());
            evidence.node = Some(pod.node.clone()).filter(|node| !node.is_empty());
            evidence.container.clone_from(&pod.container);
        }
        let lines = self.scope.watching.log_lines;
        if let Some(source) = log.as_ref().filter(|_| lines > 0) {
            match log_tail::read(&self.scope.target.api, source, lines, PATIENCE).await {
                Ok(tail) => {
                    evidence.previous = tail.previous && !tail.lines.is_empty();
                    evidence.logs = tail.lines;
                }
                Err(why) => evidence.unread.push(why),
            }
        }
        (evidence.pod.is_some() || evidence.tells_more()).then_some(evidence)
    }
}
