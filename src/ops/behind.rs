//! Which instances a new revision of their definition leaves on earlier ones.

use crate::{
    store::{InstanceFilter, Standing, Store},
    workload::{
        error::Result,
        name::{DefinitionName, InstanceName},
    },
};

/// Finds the instances whose newest release runs other content than a deploy would bring, but for one.
pub(crate) fn find(
    store: &Store,
    definition: &DefinitionName,
    but: Option<&InstanceName>,
) -> Result<Vec<Standing>> {
    let filter = InstanceFilter { definition: Some(definition), runtime: None };
    let mut standings = store.standings(&filter)?;
    standings.retain(|Standing { instance, release, newest }| {
        let runs = release.as_ref().map(|release| &release.digest);
        let digests = runs.zip(newest.as_ref().map(|newest| &newest.digest));
        but != Some(&instance.name) && digests.is_some_and(|(runs, newest)| runs != newest)
    });
    Ok(standings)
}

/// Counts the instances that a new revision leaves behind, and says what brings them on.
pub(crate) fn told(definition: &DefinitionName, behind: &[Standing]) -> Option<String> {
    let revision = |standing: &Standing| standing.release.as_ref().map(|it| it.revision);
    let first = revision(behind.first()?)?;
    let (s, stay, them) =
        if behind.len() == 1 { ("", "stays", "it") } else { ("s", "stay", "them") };
    let on = match behind.iter().all(|other| revision(other) == Some(first)) {
        true => format!("on revision {first}"),
        false => "on earlier revisions".to_owned(),
    };
    let count = behind.len();
    Some(format!(
        "{count} other instance{s} {stay} {on}: `workloadctl deploy --all --definition {definition}` brings {them} on"
    ))
}
