//! What comes from the record alone: manifests or overrides that this database has neither been
//! given nor deployed. Whoever may write the record may have made them up, deployer included; so
//! they are shown, and asked about where somebody can be asked.

use super::{Deploy, intent::NOTHING_WRITTEN, prepare::Prepared};
use crate::{
    ops::events::Ask as _,
    workload::{
        error::{Code, Error, Result},
        record::Deployed,
        release::Release,
    },
};

impl Deploy<'_> {
    /// Shows what this deploy would take from the record alone, and asks about it.
    ///
    /// # Errors
    /// Code 1 where the answer is no; those of the database.
    pub(super) fn confirm_recorded(&self, prepared: &Prepared, newest: &Deployed) -> Result<()> {
        // What was given counts alone, overrides included; and what is live already is nothing new.
        if self.options.given.is_some() || !prepared.needs_release(self.options.may.prune) {
            return Ok(());
        }
        let Release { digest, overrides, definition, revision, deployer, number, .. } =
            &newest.release;
        let (is_known, begun) = {
            let store = self.session.store();
            (store.vouches_for(self.name, definition, digest)?, store.last_begun(self.name)?)
        };
        let mut taken = Vec::new();
        if prepared.draft.chosen.revision.digest == *digest && !is_known {
            taken.push(format!("revision {revision} of `{definition}`"));
        }
        if begun.is_none_or(|begun| begun.overrides != *overrides) && !overrides.is_empty() {
            taken.push("overrides".to_owned());
        }
        if taken.is_empty() {
            return Ok(());
        }
        let told = format!(
            "{}: {} from the record alone (release {number} by {deployer}, {})",
            self.name,
            taken.join(" and "),
            self.ago(&newest.release)
        );
        // Where nobody can be asked it goes on: a CI job knows nothing but the record.
        if self.questions.confirm(&format!("{told}. Deploy this?")) == Some(false) {
            return Err(Error::failed(Code::AnsweredNo, NOTHING_WRITTEN));
        }
        self.note(told);
        Ok(())
    }
}
