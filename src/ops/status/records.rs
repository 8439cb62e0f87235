//! Whatever runs on a runtime: every instance whose record the account may see there, known here or
//! not. Nothing of a stranger's is taken into the database: its name may be another instance's here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{DriftDetail, Silence, Wanted, answered, judge_all, look_at_all, one};
use crate::{
    cluster::request::encode_query,
    ops::{
        events::Event,
        locate::{Search, locate},
        runtime_choice::choose,
        session::Session,
        target::{Target, is_list_forbidden},
        view::Operation,
    },
    store::InstanceFilter,
    workload::{
        error::{Code, Error, Result},
        instance::Instance,
        name::InstanceName,
        object::GroupKind,
        record::{RECORD_LABEL, head_name},
        runtime::RuntimeName,
    },
};

/// Where a record lies: its namespace and its instance.
type Place = (String, InstanceName);

/// Judges the instances on the runtime that `--runtime` names (in `--namespace`, if that is given):
/// those whose records can be listed there, and those that the database knows. In the order of their
/// names.
///
/// # Errors
/// Where the runtime cannot be used at all and the database knows nothing on it.
pub(crate) async fn on_runtime(
    session: &Session<'_>,
    detail: DriftDetail,
    width: usize,
) -> Result<Vec<Operation>> {
    let runtime = choose(session, None)?.runtime;
    let known: Vec<Instance> = session.store().instances(&InstanceFilter::default())?;
    let known: Vec<Instance> = known
        .into_iter()
        .filter(|instance| instance.runtime == runtime.to_string())
        .filter(|instance| session.namespace.is_none() || instance.namespace == session.namespace)
        .collect();
    let places = match records(session, &runtime).await {
        Ok(places) => places,
        // Each row tells it.
        Err(error) if !known.is_empty() => {
            if error.code == Code::Forbidden {
                session.reporter.report("", Event::Warning(error.to_string()));
            }
            BTreeSet::new()
        }
        Err(error) => return Err(error),
    };
    let is_known = |(namespace, name): &Place| {
        known.iter().any(|here| here.name == *name && here.namespace.as_ref() == Some(namespace))
    };
    let strangers: Vec<Place> = places.into_iter().filter(|place| !is_known(place)).collect();
    let known = known.iter().map(|instance| (None, &instance.name));
    let strangers = strangers.iter().map(|(namespace, name)| (Some(namespace), name));
    let mut all: Vec<(Option<&String>, &InstanceName)> = known.chain(strangers).collect();
    all.sort_by_key(|(namespace, name)| (*name, *namespace));
    let runtime = &runtime;
    let look = async |(namespace, name): &(Option<&String>, &InstanceName), silence: &Silence| {
        match namespace {
            Some(namespace) => stranger(session, runtime, (namespace, name), detail, silence).await,
            None => {
                one(&Wanted { session, name: (*name).clone(), named: false }, detail, silence).await
            }
        }
    };
    Ok(look_at_all(&all, width, |_| None, look).await)
}

/// Lists where records lie on a runtime.
async fn records(session: &Session<'_>, runtime: &RuntimeName) -> Result<BTreeSet<Place>> {
    let target = Target::connect_within(session, runtime, super::PATIENCE).await?;
    let collection = match &session.namespace {
        Some(namespace) => format!("/api/v1/namespaces/{namespace}/secrets"),
        None => "/api/v1/secrets".to_owned(),
    };
    let query = format!("&labelSelector={}", encode_query(RECORD_LABEL));
    let list = target.api.list_metadata(&collection, &query).await.map_err(|failure| {
        let is_forbidden = is_list_forbidden(&failure);
        let place = session.namespace.as_deref();
        let doing = format!("cannot look for other instances on runtime {runtime}");
        let error = failure.explain_list(doing, &GroupKind::new("", "Secret"), place);
        match is_forbidden && place.is_none() {
            true => error.hint("an account of one namespace needs `--namespace NAMESPACE`"),
            false => error,
        }
    })?;
    Ok(list.items.iter().filter_map(place_of).collect())
}

/// Tells where a record lies by its head; none for a part, and for what only carries the label.
fn place_of(secret: &Value) -> Option<Place> {
    let metadata = &secret["metadata"];
    let instance: InstanceName = metadata["labels"][RECORD_LABEL].as_str()?.parse().ok()?;
    let is_head = metadata["name"].as_str() == Some(&*head_name(&instance));
    Some((metadata["namespace"].as_str()?.to_owned(), instance)).filter(|_| is_head)
}

async fn stranger(
    session: &Session<'_>,
    runtime: &RuntimeName,
    (namespace, name): (&str, &InstanceName),
    detail: DriftDetail,
    silence: &Silence,
) -> Operation {
    let look = async |operation: &mut Operation| {
        operation.instance.runtime = Some(runtime.to_string());
        operation.instance.namespace = Some(namespace.to_owned());
        let there = session.at(Some(runtime.to_string()), Some(namespace.to_owned()));
        let mut target = Target::connect_within(&there, runtime, super::PATIENCE).await?;
        let places = [namespace.to_owned()];
        let located = locate(&there, &mut target, Search::of(name, None, &places)).await?;
        let Some(record) = located.record() else {
            let gone = format!("the record of `{name}` in namespace {namespace} went meanwhile");
            return Err(Error::failed(Code::NoSuchInstance, gone));
        };
        operation.instance.cluster_uid.clone_from(&target.cluster_uid);
        target.know_kinds_of(&record.inventory).await?;
        judge_all(&there, &target, &located, detail, operation).await
    };
    answered(session, (name, false), silence, look).await
}
