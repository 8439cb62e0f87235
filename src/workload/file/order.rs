//! Which instance comes after which: `dependsOn`, checked once and then followed.

use super::FileInstance;
use crate::workload::{
    error::{Code, Error},
    name::{InstanceName, nearest},
};

/// Tells of names that the file does not have, and of circles.
pub(super) fn check(instances: &[FileInstance]) -> Vec<Error> {
    let names: Vec<&str> = instances.iter().map(|instance| instance.name.as_str()).collect();
    let mut errors = Vec::new();
    for instance in instances {
        for (name, origin) in &instance.depends_on {
            if !names.contains(&name.as_str()) {
                let message = format!("{origin}: `{name}` is no instance of this file");
                let error = Error::usage(Code::UnknownDependsOn, message).at(origin);
                let open = open_to(instance, instances);
                errors.push(match nearest(name.as_str(), open.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None if open.is_empty() => error,
                    None => error.hint(format!("it may name: {}", open.join(", "))),
                });
            }
        }
    }
    if errors.is_empty() {
        errors.extend(circle(instances));
    }
    errors
}

/// Gives the names that an instance may depend on: not its own, and none that waits for it already.
fn open_to<'f>(instance: &FileInstance, instances: &'f [FileInstance]) -> Vec<&'f str> {
    let mut waiting = vec![&instance.name];
    let waits = |other: &&FileInstance, waiting: &[&InstanceName]| {
        !waiting.contains(&&other.name) && waiting.iter().any(|name| depends(other, name))
    };
    while let Some(next) = instances.iter().find(|other| waits(other, &waiting)) {
        waiting.push(&next.name);
    }
    let open = instances.iter().filter(|other| !waiting.contains(&&other.name));
    open.map(|other| other.name.as_str()).collect()
}

fn circle(instances: &[FileInstance]) -> Option<Error> {
    let (_, rest) = sorted(instances);
    // Whoever is left waits for another one that is left: following them comes round.
    let mut path: Vec<&FileInstance> = vec![rest.first()?];
    loop {
        let last = path[path.len() - 1];
        let next = rest.iter().find(|other| depends(last, &other.name)).copied()?;
        if let Some(start) = path.iter().position(|known| known.name == next.name) {
            let circle = &path[start..];
            let names = circle.iter().chain(circle.first()).map(|one| one.name.to_string());
            let origin = &circle[0].origin;
            let message = format!("{origin}: instances depend on each other in a circle");
            return Some(
                Error::usage(Code::DependencyCycle, message)
                    .cause(names.collect::<Vec<_>>().join(" waits for "))
                    .at(origin),
            );
        }
        path.push(next);
    }
}

fn depends(instance: &FileInstance, on: &InstanceName) -> bool {
    instance.depends_on.iter().any(|(name, _)| name == on)
}

/// Sorts what can be sorted; gives beside it what waits for itself.
fn sorted(instances: &[FileInstance]) -> (Vec<&FileInstance>, Vec<&FileInstance>) {
    let mut rest: Vec<&FileInstance> = instances.iter().collect();
    let mut sorted = Vec::with_capacity(rest.len());
    while let Some(free) =
        rest.iter().position(|instance| rest.iter().all(|other| !depends(instance, &other.name)))
    {
        sorted.push(rest.remove(free));
    }
    (sorted, rest)
}

/// Sorts instances that go in no circle.
pub(super) fn sort(instances: &mut Vec<FileInstance>) {
    *instances = sorted(instances).0.into_iter().cloned().collect();
}
