//! All that the database knows of one release: its objects with their times and their order, what was
//! not ready and why, and what changed since the release before.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    diff::{self, Side},
    history,
    view::{DiffView, ReleaseView, ReportNeed, ReportObject, ReportView},
};
use crate::{
    store::Store,
    workload::{
        body::Body,
        error::{Code, Error, Result},
        evidence::Unready,
        graph::{Graph, Why},
        hooks::Occasion,
        kinds::Kinds,
        name::InstanceName,
        object::{Object, ObjectId, Origin, tell_apart},
        placement::Placed,
        release::Deed,
    },
};

/// Gathers what is known of a release; without a number, of the newest.
///
/// # Errors
/// `no-such-instance` and `no-such-release` (1).
pub(crate) fn of(store: &Store, name: &InstanceName, number: Option<u64>) -> Result<ReportView> {
    let mut releases = history::list(store, name, None)?.releases.into_iter();
    let Some(release) = releases.find(|it| number.is_none_or(|number| it.release == number)) else {
        return Err(match number {
            Some(number) => history::no_such_release(name, number),
            None => Error::failed(Code::NoSuchRelease, format!("`{name}` was never deployed"))
                .hint(format!("workloadctl deploy {name}")),
        });
    };
    // The list begins with the newest.
    let before = releases.next();
    let instance = store.instance(name)?.ok_or_else(|| store.no_such_instance(name.as_str()))?;
    let sent = store.rendered(name, &release.id)?;
    Ok(ReportView {
        name: name.to_string(),
        is_sent_here: sent.is_some(),
        runtime: instance.runtime,
        namespace: instance.namespace,
        objects: objects(store, name, &release, &sent.unwrap_or_default())?,
        diff: since(store, name, before.as_ref(), &release),
        release,
    })
}

fn since(
    store: &Store,
    name: &InstanceName,
    before: Option<&ReleaseView>,
    release: &ReleaseView,
) -> Result<DiffView, String> {
    let Some(before) = before else {
        // The first one of all has the number 1.
        return Err(match release.release {
            1 => "no release came before".to_owned(),
            _ => "the release before is not known here".to_owned(),
        });
    };
    let side = |release: &ReleaseView| Side::Release {
        instance: name.clone(),
        number: Some(release.release),
    };
    diff::sides(store, side(before), side(release)).map_err(|error| error.in_short())
}

fn objects(
    store: &Store,
    name: &InstanceName,
    release: &ReleaseView,
    sent: &[Value],
) -> Result<Vec<ReportObject>> {
    let mut deeds: HashMap<ObjectId, Deed> = HashMap::new();
    let mut order = Vec::new();
    for deed in store.deeds(name, &release.id)? {
        order.push(deed.id.clone());
        deeds.insert(deed.id.clone(), deed);
    }
    let unready = store.unready(name, &release.id)?.into_iter();
    let mut unready: HashMap<ObjectId, Unready> = unready.map(|it| (it.id.clone(), it)).collect();
    let needs = needs(sent);
    let ids: Vec<ObjectId> = sent.iter().map(ObjectId::of).collect();
    let gone = order.into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>();
    let needs = needs.into_iter().chain(std::iter::repeat_with(Vec::new));
    let all = ids.into_iter().chain(gone).zip(needs);
    let objects = all.map(|(id, needs): (ObjectId, Vec<ReportNeed>)| {
        let deed = deeds.remove(&id);
        ReportObject {
            action: deed.as_ref().map(|deed| deed.action),
            applied_at: deed.as_ref().and_then(|deed| deed.applied_at),
            ready_at: deed.as_ref().and_then(|deed| deed.ready_at),
            unready: unready.remove(&id),
            needs,
            id,
        }
    });
    let mut objects: Vec<ReportObject> = objects.collect();
    tell_apart(objects.iter_mut().map(|object| &mut object.id), []);
    for ReportObject { id, unready, .. } in &mut objects {
        if let Some(unready) = unready {
            unready.id.clone_from(id);
        }
    }
    Ok(objects)
}

/// Finds out again in which order the objects were sent.
fn needs(sent: &[Value]) -> Vec<Vec<ReportNeed>> {
    let none = || vec![Vec::new(); sent.len()];
    let objects: Vec<Object> = sent
        .iter()
        .map(|body| Object { body: Body::from(body.clone()), origin: Origin::line("", 0) })
        .collect();
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&objects);
    let placed: Vec<Placed> = objects
        .into_iter()
        .map(|Object { body, origin: _ }| Placed {
            id: ObjectId::of(&body),
            declared: None,
            body,
            origin: None,
        })
        .collect();
    // What this program would send in no order was sent by another version of it.
    let Ok(graph) = Graph::build(&placed, &kinds, Occasion::Upgrade) else { return none() };
    let need = |Why { from, until, reason }| ReportNeed { from, until, reason };
    (0..placed.len()).map(|node| graph.why(node).into_iter().map(need).collect()).collect()
}
