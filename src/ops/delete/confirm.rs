//! The question of `delete`: what goes, counted live, with what goes along although nobody deployed
//! it.

use super::{
    Delete,
    execute::{Sorted, sort},
    needs_yes,
};
use crate::{
    ops::{
        collateral::{Collateral, Going},
        namespace_users::{self, Leaver},
        runtime_choice::Choice,
        survey::{Live, Survey},
        target::Target,
        view::Operation,
    },
    workload::{
        error::Result,
        ownership::{manager, uid},
        record::{Entry, Record},
    },
};

impl Delete<'_> {
    /// Asks whether all of it is to go.
    ///
    /// # Errors
    /// Code 1 where the answer is no; code 2 where nobody can be asked; a look that failed.
    pub(super) async fn confirm(
        &self,
        record: &Record,
        choice: &Choice,
        target: &Target,
        operation: &mut Operation,
    ) -> Result<()> {
        // What may not be looked at is for the deletion to fail at: the question counts what it sees.
        let (live, _) = Survey::of(target, self.name, &record.inventory).look_at_visible().await?;
        let manager = manager(&record.namespace, self.name.as_str());
        let Sorted { mut going, kept, foreign: _ } = sort(record, &live, &manager);
        let claims = claims_among(&going);
        let leaver =
            Leaver { instance: self.name, manager: &manager, mode: record.mode, staying: &kept };
        let namespaces = going_namespaces(target, leaver, record, &live).await?;
        going.extend(namespaces);
        let look = Going {
            target,
            manager: &manager,
            entries: &going,
            inventory: &record.inventory,
            delete_crds: self.options.delete_crds,
        };
        let collateral = look.look().await?;
        let told = collateral.told();
        operation.alongside = collateral.objects().cloned().collect();
        let objects = match record.inventory.len() {
            1 => "1 object".to_owned(),
            many => format!("{many} objects"),
        };
        let along = match &*told {
            [] => String::new(),
            told => format!(", and along with that {}", told.join(" and ")),
        };
        let question = format!(
            "Delete {} from {} (namespace {}): {objects}{claims}{along}?",
            self.name, choice.runtime, record.namespace,
        );
        let Collateral { claims: _, custom_resources: _, unseen } = collateral;
        operation.warnings.extend(unseen.iter().map(|unseen| format!("may go along: {unseen}")));
        self.session
            .confirm(&question, "answered no; nothing was deleted", || needs_yes(self.name, ""))?;
        // With `--yes` nobody has read the question.
        for told in told {
            self.session.note(self.name, format!("goes along: {told}"));
        }
        Ok(())
    }
}

/// Says how many claims are among the objects of an instance.
fn claims_among(going: &[Entry]) -> String {
    match going.iter().filter(|entry| entry.id.is("", "PersistentVolumeClaim")).count() {
        0 => String::new(),
        1 => ", among them 1 PersistentVolumeClaim with its data".to_owned(),
        many => format!(", among them {many} PersistentVolumeClaims with their data"),
    }
}

/// Lists the namespaces that go with the instance.
async fn going_namespaces(
    target: &Target,
    leaver: Leaver<'_>,
    record: &Record,
    live: &Live,
) -> Result<Vec<Entry>> {
    let mut going = Vec::new();
    for entry in record.inventory.iter().filter(|entry| entry.id.is("", "Namespace")) {
        let Some(object) = live.get(&entry.id) else { continue };
        let stay =
            namespace_users::why_it_stays(target, &target.api, leaver, &entry.id, object).await?;
        if stay.is_none() {
            going.push(Entry { uid: uid(object).map(str::to_owned), ..entry.clone() });
        }
    }
    Ok(going)
}
