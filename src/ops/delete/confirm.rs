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
        events::confirm,
        namespace_users::{self, Leaver},
        runtime_choice::Choice,
        survey::{Lists, Live, Survey},
        target::Target,
        view::Operation,
    },
    workload::{
        error::Result,
        ownership::{manager, uid},
        record::{Entry, Record},
    },
};

/// What goes, and what along with it, as it is now.
pub(super) struct Outlook {
    claims: String,
    collateral: Collateral,
}

impl Delete<'_> {
    /// Looks at what would go.
    ///
    /// # Errors
    /// A look that failed.
    pub(super) async fn outlook(&self, record: &Record, target: &Target) -> Result<Outlook> {
        // What may not be looked at is for the deletion to fail at: the question counts what it sees.
        let (live, _) = Survey::of(target, self.name, &record.inventory)
            .look_at_visible(Lists::default())
            .await?;
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
        Ok(Outlook { claims, collateral: look.look().await? })
    }

    /// Tells whether somebody agreed that all of it is to go.
    ///
    /// # Errors
    /// Code 1 where the answer is no, or nobody was asked yet; code 2 where nobody can be asked.
    pub(super) fn confirm(
        &self,
        outlook: &Outlook,
        record: &Record,
        choice: &Choice,
    ) -> Result<()> {
        let Outlook { claims, collateral } = outlook;
        let objects = match record.inventory.len() {
            1 => "1 object".to_owned(),
            many => format!("{many} objects"),
        };
        let along = match &*collateral.told() {
            [] => String::new(),
            told => format!(", and along with that {}", told.join(" and ")),
        };
        let question = format!(
            "Delete {} from {} (namespace {}): {objects}{claims}{along}?",
            self.name, choice.runtime, record.namespace,
        );
        confirm(&self.questions, &question, "answered no; nothing was deleted", || {
            needs_yes(self.name)
        })
    }

    /// Tells what goes along, and what may.
    pub(super) fn tell(&self, outlook: &Outlook, operation: &mut Operation) {
        let collateral = &outlook.collateral;
        operation.alongside = collateral.objects().cloned().collect();
        operation.warnings.extend(collateral.unseen.iter().map(|it| format!("may go along: {it}")));
        // With `--yes` nobody has read the question.
        for told in collateral.told() {
            self.session.note(self.name, format!("goes along: {told}"));
        }
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
            namespace_users::why_it_stays(target, &target.api, leaver, &entry.id, &object).await?;
        if stay.is_none() {
            going.push(Entry { uid: uid(&object).map(str::to_owned), ..entry.clone() });
        }
    }
    Ok(going)
}
