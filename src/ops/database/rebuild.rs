//! Filling the database from the records of a runtime: what is deployed there, with the releases and
//! definitions that the records hold. What is newer here stays.

use futures::future::join_all;

use super::super::{
    locate,
    runtime_choice::choose,
    session::Session,
    target::Target,
    view::{RebuiltInstance, RebuiltOutcome, RebuiltView},
};
use crate::{
    cluster::record::{self, Place},
    workload::{
        error::{Error, Result},
        instance::Instance,
        record::Record,
        release::Release,
        runtime::RuntimeName,
    },
};

/// Takes in all records that the account may see; what befell single ones is beside the answer.
///
/// # Errors
/// Code 7 for a runtime that cannot be used, or is another cluster than before; `forbidden` (1)
/// where records may not be listed.
pub(crate) async fn rebuild(session: &Session<'_>) -> Result<(RebuiltView, Vec<Error>)> {
    let runtime = choose(session, None)?.runtime;
    let mut target = Target::connect(session, &runtime).await?;
    target.cluster_uid = target.identify().await?;
    target.refuse_other(session)?;
    let places = record::list(&target.api, session.namespace.as_deref()).await?;
    if let (Some(namespace), []) = (&session.namespace, &*places) {
        target.require_namespace(namespace).await?;
    }
    let known = |release: &Release| session.store().known_objects(release);
    let reads = places.iter().map(|Place { namespace, instance }| {
        record::read(&target.api, namespace, instance, &known)
    });
    let (mut instances, mut errors) = (Vec::new(), Vec::new());
    for (place, read) in places.iter().zip(join_all(reads).await) {
        match read {
            Ok(Some(found)) => instances.push(take_in(session, &target, &found.record)?),
            // Deleted since it was listed.
            Ok(None) => {}
            Err(error) => {
                let Place { namespace, instance } = place;
                instances.push(RebuiltInstance {
                    name: instance.to_string(),
                    namespace: namespace.clone(),
                    outcome: RebuiltOutcome::Left,
                    release: None,
                    reason: Some(error.in_short()),
                });
                errors.push(error);
            }
        }
    }
    target.remember(session)?;
    Ok((RebuiltView { runtime: runtime.to_string(), instances }, errors))
}

fn take_in(session: &Session<'_>, target: &Target, record: &Record) -> Result<RebuiltInstance> {
    let (here, releases) = {
        let store = session.store();
        (store.instance(&record.instance)?, store.releases(&record.instance)?)
    };
    let (outcome, reason) = match judge(here.as_ref(), &releases, &target.runtime, record) {
        Judged::Leave(why) => (RebuiltOutcome::Left, Some(why)),
        Judged::Take(outcome) => {
            locate::follow(session, target, record)?;
            (outcome, None)
        }
    };
    Ok(RebuiltInstance {
        name: record.instance.to_string(),
        namespace: record.namespace.clone(),
        outcome,
        release: record.newest.as_ref().map(|newest| newest.release.number),
        reason,
    })
}

/// What is to become of a record.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    Take(RebuiltOutcome),
    Leave(String),
}

/// Judges a record by the instance and its releases as the database has them.
fn judge(
    here: Option<&Instance>,
    releases: &[Release],
    runtime: &RuntimeName,
    record: &Record,
) -> Judged {
    let Some(newest) = &record.newest else {
        return Judged::Leave("its record holds no release".to_owned());
    };
    let Some(here) = here else { return Judged::Take(RebuiltOutcome::Added) };
    let elsewhere = here.runtime != runtime.to_string()
        || here.namespace.as_ref().is_some_and(|namespace| *namespace != record.namespace);
    if elsewhere {
        let name = &record.instance;
        return Judged::Leave(format!(
            "the database has another `{name}`: on runtime {}, in namespace {}",
            here.runtime,
            here.namespace.as_deref().unwrap_or(name.as_str())
        ));
    }
    let newest = &newest.release;
    if let Some(same) = releases.iter().find(|release| release.id == newest.id) {
        let known = same.outcome == newest.outcome;
        let outcome = if known { RebuiltOutcome::Unchanged } else { RebuiltOutcome::Updated };
        return Judged::Take(outcome);
    }
    match releases.iter().find(|release| release.started_at > newest.started_at) {
        // The record was restored from a backup, or the release never reached the cluster.
        Some(later) => Judged::Leave(format!(
            "release {} of the database is newer than the record's",
            later.number
        )),
        None => Judged::Take(RebuiltOutcome::Updated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{
        instance::NamespaceMode, overrides::Overrides, record::Deployed, release::Outcome,
    };

    fn release(id: &str, minute: i64, outcome: Outcome) -> Release {
        let at = jiff::Timestamp::from_second(60 * minute).unwrap();
        Release {
            started_at: at,
            ended_at: Some(at),
            digest: "0".into(),
            revision_created_at: at,
            ..Release::sample(id, u64::try_from(minute).unwrap(), outcome)
        }
    }

    #[test]
    fn what_the_database_knows_better_stays() {
        use Outcome::{InFlight, Ready};
        let runtime = RuntimeName::Context("kind-dev".into());
        let mut record = Record::new("web", &"web".parse().unwrap(), NamespaceMode::Managed);
        let newest = release("theirs", 5, Ready);
        record.newest = Some(Deployed { release: newest, objects: Default::default() });
        let here = |runtime: &str, namespace: Option<&str>| Instance {
            name: "web".parse().unwrap(),
            definition: "web".parse().unwrap(),
            runtime: runtime.into(),
            namespace: namespace.map(str::to_owned),
            namespace_mode: None,
            cluster_uid: None,
            overrides: Overrides::default(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            observed: None,
        };
        let at_home = here("kind-dev", Some("web"));
        for (here, releases, expected) in [
            (None, vec![], Ok(RebuiltOutcome::Added)),
            (Some(&here("kind-dev", None)), vec![], Ok(RebuiltOutcome::Updated)),
            (Some(&at_home), vec![release("theirs", 5, Ready)], Ok(RebuiltOutcome::Unchanged)),
            (Some(&at_home), vec![release("theirs", 5, InFlight)], Ok(RebuiltOutcome::Updated)),
            (Some(&at_home), vec![release("ours", 4, Ready)], Ok(RebuiltOutcome::Updated)),
            (
                Some(&at_home),
                vec![release("ours", 6, Ready), release("older", 1, Ready)],
                Err("release 6 of the database is newer than the record's"),
            ),
            (
                Some(&here("prod", None)),
                vec![],
                Err("the database has another `web`: on runtime prod, in namespace web"),
            ),
            (
                Some(&here("kind-dev", Some("other"))),
                vec![],
                Err("the database has another `web`: on runtime kind-dev, in namespace other"),
            ),
        ] {
            let expected = match expected {
                Ok(outcome) => Judged::Take(outcome),
                Err(why) => Judged::Leave(why.to_owned()),
            };
            assert_eq!(judge(here, &releases, &runtime, &record), expected);
        }
    }
}
