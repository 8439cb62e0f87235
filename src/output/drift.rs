//! What others changed since a release: one sentence beside the status, and a table with values.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    format::Format,
    human,
    printer::Printer,
    sanitize::one_line,
    table::{Rows, or_dash},
};
use crate::{
    ops::view::Operation,
    workload::{
        drift::{Change, Drift},
        error::Result,
        object::ObjectId,
    },
};

/// How many objects are named in the sentence.
const NAMED: usize = 3;

/// Counts the objects that differ: `2 objects differ from release 7`; `None` where none does.
pub(crate) fn count(live: &Operation) -> Option<String> {
    let differ = match objects(live).len() {
        0 => return None,
        1 => "1 object differs".to_owned(),
        many => format!("{many} objects differ"),
    };
    Some(match live.instance.release {
        Some(release) => format!("{differ} from release {release}"),
        None => format!("{differ} from what was deployed"),
    })
}

/// Says in one line what differs, by whom and since when, and how much others added; `None` where
/// nothing is to be said.
pub(crate) fn sentence(live: &Operation, now: Timestamp) -> Option<String> {
    let added = match live.added.len() {
        0 => None,
        1 => Some("others added 1 field".to_owned()),
        many => Some(format!("others added {many} fields")),
    };
    let Some(count) = count(live) else { return added };
    let objects = objects(live);
    let mut told: Vec<String> =
        objects.iter().take(NAMED).map(|(id, drift)| of_object(id, drift, now)).collect();
    if objects.len() > NAMED {
        told.push(format!("and {} more", objects.len() - NAMED));
    }
    told.extend(added);
    Some(format!("{count}: {}", told.join("; ")))
}

/// Tells every difference with its values, below the status: documents have them already.
pub(crate) fn answer(printer: &Printer, all: &[Operation], now: Timestamp) -> Result<()> {
    if !matches!(printer.format(), Format::Table | Format::Wide) {
        return Ok(());
    }
    for live in all.iter().filter(|live| !live.drift.is_empty() || !live.added.is_empty()) {
        let title = one_line(&format!("{}: changed by others", live.instance.name)).into_owned();
        printer.answer(&format!("\n{title}\n{}", table(live, printer, now)))?;
    }
    Ok(())
}

/// Shows every difference with its values, and what others added.
fn table(live: &Operation, printer: &Printer, now: Timestamp) -> String {
    let mut rows = Rows::new(&["OBJECT", "FIELD", "BY", "AGE", "DEPLOYED", "LIVE"]);
    for drift in live.drift.iter().chain(&live.added) {
        let Drift { object, change, path: _, by, at, old, new } = drift;
        let now_is = match (change, new) {
            (_, Some(new)) => Some(value(new)),
            (Change::Changed | Change::Removed, None) if old.is_some() => Some("(gone)".to_owned()),
            (Change::Changed | Change::Removed, None) => None,
            (Change::Deleted, None) => Some("(deleted)".to_owned()),
            (Change::Replaced, None) => Some("(made anew)".to_owned()),
            (Change::Added, None) => Some("(added)".to_owned()),
        };
        rows.push(vec![
            object.to_string().into(),
            or_dash(Some(drift.path_as_typed())),
            or_dash(by.as_deref()),
            or_dash(at.map(|at| human::age(at, now))),
            or_dash(old.as_ref().map(value)),
            or_dash(now_is),
        ]);
    }
    rows.show(printer)
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Gathers the differences of each object, in the order of the release.
fn objects(live: &Operation) -> Vec<(&ObjectId, Vec<&Drift>)> {
    let mut all: Vec<(&ObjectId, Vec<&Drift>)> = Vec::new();
    for drift in &live.drift {
        match all.last_mut().filter(|(id, _)| *id == &drift.object) {
            Some((_, known)) => known.push(drift),
            None => all.push((&drift.object, vec![drift])),
        }
    }
    all
}

fn of_object(id: &ObjectId, drift: &[&Drift], now: Timestamp) -> String {
    let Some((first, more)) = drift.split_first() else { return id.to_string() };
    let by = first.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let ago = first.at.map(|at| format!("{} ago", human::age(at, now)));
    let who = match (by.is_empty(), ago) {
        (_, None) => by,
        (true, Some(ago)) => format!(" {ago}"),
        (false, Some(ago)) => format!("{by}, {ago}"),
    };
    let what = match first.change {
        Change::Changed => first.path_in_short(),
        Change::Removed => format!("{} taken away", first.path_in_short()),
        Change::Added => format!("{} added", first.path_in_short()),
        Change::Deleted => "was deleted".to_owned(),
        Change::Replaced => "was made anew".to_owned(),
    };
    let more = match more.len() {
        0 => String::new(),
        1 => " (and 1 more field)".to_owned(),
        many => format!(" (and {many} more fields)"),
    };
    format!("{id} {what}{who}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        output::instances::tests::{now, web},
        workload::ownership::fields::OwnedPathElement,
    };

    fn drift_of(name: &str, change: Change, path: &[&str], by: Option<&str>) -> Drift {
        let field = |name: &&str| OwnedPathElement::Field((*name).to_owned());
        Drift {
            object: ObjectId::new("apps", "Deployment", Some("web"), name),
            change,
            path: path.iter().map(field).collect(),
            by: by.map(str::to_owned),
            at: by.map(|_| now()),
            old: None,
            new: None,
        }
    }

    fn live(drift: Vec<Drift>, added: usize) -> Operation {
        let label = ["metadata", "labels", "team"];
        let one = || drift_of("web", Change::Added, &label, Some("kubectl-label"));
        let added = std::iter::repeat_with(one).take(added).collect();
        Operation { instance: web(), drift, added, ..Operation::default() }
    }

    #[test]
    fn one_sentence_names_who_and_when() {
        let set = drift_of("web", Change::Changed, &["spec", "replicas"], Some("kubectl-edit"));
        let image = ["spec", "template", "spec", "x", "y", "image"];
        let deep = drift_of("web", Change::Removed, &image, None);
        let gone = drift_of("db", Change::Deleted, &[], None);
        let anew = drift_of("c", Change::Replaced, &[], Some("kubectl-create"));
        for (drift, added, told) in [
            (vec![], 0, None),
            (vec![], 2, Some("others added 2 fields")),
            (
                vec![set.clone()],
                0,
                Some(
                    "1 object differs from release 7: Deployment/web spec.replicas by kubectl-edit, \
                     0 s ago",
                ),
            ),
            (
                vec![set.clone(), deep.clone(), gone.clone(), anew.clone()],
                1,
                Some(
                    "3 objects differ from release 7: Deployment/web spec.replicas by kubectl-edit, \
                     0 s ago (and 1 more field); Deployment/db was deleted; Deployment/c was made \
                     anew by kubectl-create, 0 s ago; others added 1 field",
                ),
            ),
            (
                vec![deep],
                0,
                Some(
                    "1 object differs from release 7: Deployment/web spec.template…image taken away",
                ),
            ),
            (
                vec![gone, drift_of("a", Change::Deleted, &[], None), anew, set],
                0,
                Some(
                    "4 objects differ from release 7: Deployment/db was deleted; Deployment/a was \
                     deleted; Deployment/c was made anew by kubectl-create, 0 s ago; and 1 more",
                ),
            ),
        ] {
            assert_eq!(sentence(&live(drift, added), now()).as_deref(), told);
        }
    }

    #[test]
    fn the_table_has_the_values() {
        let mut set = drift_of("web", Change::Changed, &["spec", "replicas"], Some("kubectl-edit"));
        (set.old, set.new) = (Some(2.into()), Some(5.into()));
        let gone = drift_of("db", Change::Deleted, &[], None);
        let printer = Printer::plain(Format::Table);
        assert_eq!(
            table(&live(vec![set, gone], 1), &printer, now()),
            "OBJECT          FIELD                 BY             AGE  DEPLOYED  LIVE\n\
             Deployment/web  spec.replicas         kubectl-edit   0 s  2         5\n\
             Deployment/db   -                     -              -    -         (deleted)\n\
             Deployment/web  metadata.labels.team  kubectl-label  0 s  -         (added)\n"
        );
    }
}
