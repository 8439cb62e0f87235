//! Webhook configurations and admission policies that have just gone: the server goes on asking them
//! for a moment.

use std::time::Instant;

use super::Removed;
use crate::{
    ops::own_judges::{LAG, PAUSE},
    workload::{
        error::{Code, Result},
        kinds::{DeletionWave, builtin_kind},
        object::ObjectId,
    },
};

/// What judged others until this removal took it away.
#[derive(Debug, Default)]
pub(super) struct GoneJudges {
    /// Until when the server may ask them all the same.
    until: Option<Instant>,
}

impl GoneJudges {
    /// Takes in what was removed so far.
    pub(super) fn take_in(&mut self, removed: &[(ObjectId, Removed)]) {
        let is_judge = |id: &ObjectId| builtin_kind(id).deletion == DeletionWave::Admission;
        let is_gone = |outcome: &Removed| matches!(outcome, Removed::Gone);
        if self.until.is_none()
            && removed.iter().any(|(id, outcome)| is_judge(id) && is_gone(outcome))
        {
            self.until = Some(Instant::now() + LAG);
        }
    }

    /// Sends a deletion, and again where a judge rejects it that may be one of those.
    pub(super) async fn outlast<T>(&self, send: impl AsyncFn() -> Result<T>) -> Result<T> {
        loop {
            match send().await {
                Err(error)
                    if error.code == Code::DeniedByAdmission
                        && self.until.is_some_and(|until| Instant::now() < until) =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                sent => return sent,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::workload::error::Error;

    fn judged() -> Result<()> {
        Err(Error::failed(Code::DeniedByAdmission, "denied"))
    }

    #[tokio::test]
    async fn only_a_judge_that_went_is_outlasted() {
        let tries = Cell::new(0);
        let third_time = async || {
            tries.set(tries.get() + 1);
            if tries.get() < 3 { judged() } else { Ok(()) }
        };
        let mut judges = GoneJudges::default();
        judges.take_in(&[(ObjectId::new("", "ConfigMap", Some("a"), "a"), Removed::Gone)]);
        assert!(judges.outlast(third_time).await.is_err());
        assert_eq!(tries.take(), 1);
        let policy =
            ObjectId::new("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", None, "a");
        judges.take_in(&[(policy, Removed::Gone)]);
        judges.outlast(third_time).await.unwrap();
        assert_eq!(tries.take(), 3);
        // Another failure is none of theirs.
        let other = async || {
            tries.set(tries.get() + 1);
            Err::<(), _>(Error::failed(Code::Forbidden, "no"))
        };
        assert!(judges.outlast(other).await.is_err());
        assert_eq!(tries.get(), 1);
    }
}
